// Numbers for people: three significant digits, the unit always written.

export const UNITS = ["J", "mJ", "Wh", "%"] as const;
export type Unit = (typeof UNITS)[number];

const JOULES_PER_WH = 3600;
export const NO_VALUE = "–";

/** `value` with three significant digits and no exponent: 1,240, 12.4, 0.0124. */
export function digits(value: number): string {
  if (value === 0) return "0";
  if (Math.abs(value) < 0.0005) return "<0.001";
  const rounded = Number(value.toPrecision(3));
  if (Math.abs(rounded) >= 1000) return Math.round(value).toLocaleString("en");
  const size = Math.floor(Math.log10(Math.abs(rounded)));
  return rounded.toFixed(Math.min(4, Math.max(0, 2 - size)));
}

type Prefixes = [number, string][];

function prefixFor(value: number, prefixes: Prefixes): [number, string] {
  if (value === 0) return [1, ""];
  // Rounding first, so that 999.6 m becomes 1.00, not "1000 m".
  const rounded = Number(value.toPrecision(3));
  const last = prefixes[prefixes.length - 1] as [number, string];
  return prefixes.find(([size]) => rounded >= size) ?? last;
}

function prefixed(value: number, unit: string, prefixes: Prefixes): string {
  const [scale, prefix] = prefixFor(value, prefixes);
  return `${digits(value / scale)} ${prefix}${unit}`;
}

const SMALL_AND_KILO: Prefixes = [
  [1e3, "k"],
  [1, ""],
  [1e-3, "m"],
  [1e-6, "µ"],
];
/** A Linear takes billionths of a watt-hour: no number below 1 is as wide as its column. */
const WATT_HOURS: Prefixes = [...SMALL_AND_KILO, [1e-9, "n"]];
const COUNTS: Prefixes = [
  [1e12, "T"],
  [1e9, "G"],
  [1e6, "M"],
  [1e3, "k"],
  [1, ""],
];
const BINARY: Prefixes = [
  [2 ** 40, "Ti"],
  [2 ** 30, "Gi"],
  [2 ** 20, "Mi"],
  [2 ** 10, "Ki"],
  [1, ""],
];

/** `fraction` of a whole: "100 %", "31.2 %", "0.04 %"; a dash where there is none. */
export function formatShare(fraction: number | null): string {
  if (fraction === null) return NO_VALUE;
  const percent = 100 * fraction;
  if (percent === 0) return "0 %";
  if (percent < 0.01) return "<0.01 %";
  return `${percent.toFixed(percent < 0.995 ? 2 : percent < 99.95 ? 1 : 0)} %`;
}

/** Joules in `unit` ("J" and "Wh" with prefixes); "%" is the share of `whole` joules. */
export function formatEnergy(joules: number | null, unit: Unit, whole: number): string {
  if (joules === null) return NO_VALUE;
  switch (unit) {
    case "%":
      return formatShare(whole > 0 ? joules / whole : null);
    case "mJ":
      return `${digits(joules * 1e3)} mJ`;
    case "Wh":
      return prefixed(joules / JOULES_PER_WH, "Wh", WATT_HOURS);
    case "J":
      return prefixed(joules, "J", SMALL_AND_KILO);
  }
}

/** An interval around `joules`, in the unit and prefix that `joules` has: "12.4–16.8 J". */
export function formatInterval(
  low: number,
  high: number,
  joules: number,
  unit: Unit,
  whole: number,
): string {
  if (unit === "%") {
    return whole > 0 ? `${digits((100 * low) / whole)}–${digits((100 * high) / whole)} %` : NO_VALUE;
  }
  if (unit === "mJ") return `${digits(low * 1e3)}–${digits(high * 1e3)} mJ`;
  const factor = unit === "Wh" ? 1 / JOULES_PER_WH : 1;
  const symbol = unit === "Wh" ? "Wh" : "J";
  const [scale, prefix] = prefixFor(joules * factor, unit === "Wh" ? WATT_HOURS : SMALL_AND_KILO);
  const [from, to] = [low, high].map((value) => digits((value * factor) / scale));
  return `${from}–${to} ${prefix}${symbol}`;
}

export const formatFlops = (flops: number): string => prefixed(flops, "FLOP", COUNTS);
export const formatBytes = (bytes: number): string => prefixed(bytes, "B", BINARY);
export const formatSeconds = (seconds: number): string => prefixed(seconds, "s", SMALL_AND_KILO);
/** A count with three digits: "109 M". */
export const formatLarge = (count: number): string => prefixed(count, "", COUNTS).trim();
export const formatCount = (count: number): string => count.toLocaleString("en");

const signed = (value: number, text: string): string =>
  value === 0 ? text : `${value > 0 ? "+" : "−"}${text}`;

/** A difference of energies with its sign: "+1.24 J", "−310 mJ". */
export function formatDifference(joules: number | null, unit: Unit, whole: number): string {
  if (joules === null) return NO_VALUE;
  return signed(joules, formatEnergy(Math.abs(joules), unit, whole));
}

/** A change as a signed percentage: "+12.5 %", "−50.7 %". */
export function formatChange(fraction: number | null): string {
  if (fraction === null) return NO_VALUE;
  const size = Math.abs(fraction);
  const text = size < 10 ? formatShare(size) : `${formatCount(Math.round(100 * size))} %`;
  return signed(fraction, text);
}
