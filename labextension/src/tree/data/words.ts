// The sentences and tables around the tree, as `irene_jupyter/report/words.py` has them.

import { formatCount, formatEnergy, formatSeconds, formatShare, NO_VALUE } from "./format.js";
import type { Report, TreeNode } from "./report.js";

/** Explanations of one flag that are shown; further ones are counted. */
const MOST_EXPLANATIONS = 3;
const MOST_GPUS = 8;

/** What a flag's code says where its node brings no explanation, in the order of weight. */
const FLAGS = new Map([
  ["incomplete", "the run failed half-way; only what ran is counted"],
  ["not_run", "built but never run; predicted for one forward pass on inputs of our own"],
  ["estimated", "no regressor fits; a declared fallback with a wide interval"],
  ["extrapolated", "larger or smaller than anything that the profile was fitted on"],
  ["fused", "several primitives ran as one operation"],
  ["merged", "several runs with different shapes are added up here"],
  ["shared", "the same module runs at several places"],
]);

export const joulesText = (joules: number | null): string =>
  joules === null ? NO_VALUE : formatEnergy(joules, "J", 0);
export const secondsText = (seconds: number | null): string =>
  seconds === null ? NO_VALUE : formatSeconds(seconds);

/** The code of a flag "code: explanation". */
export const flagCode = (flag: string): string => flag.split(":", 1)[0]?.trim() ?? "";

/** Where the total comes from; a reference device is never called this machine. */
export function provenance(report: Report): string {
  const label = report.device.label || "an unnamed device";
  if (report.measured !== null && report.measured.joules !== null) {
    const whole = report.root?.energy?.source === "measured";
    const what = whole ? "Measured on this machine" : "Part of what was measured on this machine";
    return `${what} (${report.measured.scope}), divided as predicted for ${label}`;
  }
  switch (report.root?.energy?.source) {
    case "measured":
      return `Measured on ${label}`;
    case "replayed":
      return `Measured on repeated runs on ${label}`;
    case "simulated":
      return "Simulated: a meter that is not hardware had a part in it";
    case "estimated":
      return report.device.kind === "reference"
        ? `Estimated from ${label} (reference device) — not this machine`
        : `Estimated for ${label}: no profile fits, the interval is wide`;
    default:
      return report.device.kind === "reference"
        ? `Predicted for ${label} (reference device) — not this machine`
        : `Predicted for ${label} (calibrated)`;
  }
}

/** A line that warns, and the sign before it. */
export interface Warning {
  sign: string;
  text: string;
}

/** Signs for the codes that may stand on most rows of a tree. */
const SIGNS = new Map([
  ["estimated", "≈"],
  ["extrapolated", "↗"],
]);
export const WARNING_SIGN = "⚠";

/** One line for each flag code, the gravest first: on how many nodes it is, and what it says. */
export function flagLines(report: Report): Warning[] {
  const found = new Map<string, { nodes: number; reasons: Set<string> }>();
  const visit = (node: TreeNode): void => {
    const codes = new Set<string>();
    for (const flag of node.flags) {
      const code = flagCode(flag);
      const entry = found.get(code) ?? { nodes: 0, reasons: new Set() };
      found.set(code, entry);
      if (!codes.has(code)) entry.nodes++;
      codes.add(code);
      const said = flag.slice(flag.indexOf(":") + 1).trim();
      const reason = flag.includes(":") && said ? said : (FLAGS.get(code) ?? "");
      for (const part of reason.split("; ")) if (part) entry.reasons.add(part);
    }
    node.children.forEach(visit);
  };
  if (report.root) visit(report.root);
  report.notRun.forEach(visit);
  const weights = [...FLAGS.keys()];
  const weight = (code: string): number => (weights.indexOf(code) + 1 || weights.length + 1) - 1;
  return [...found]
    .sort(([a], [b]) => weight(a) - weight(b) || (a < b ? -1 : 1))
    .map(([code, { nodes, reasons }]) => {
      const count = `${formatCount(nodes)} node${nodes === 1 ? "" : "s"}`;
      const shown = [...reasons].slice(0, MOST_EXPLANATIONS).join("; ");
      const more = reasons.size - MOST_EXPLANATIONS;
      const text =
        `${code.replaceAll("_", " ")} (${count})${shown && `: ${shown}`}` +
        (more > 0 ? `; and ${more} more` : "");
      return { sign: SIGNS.get(code) ?? WARNING_SIGN, text };
    });
}

/** All that the reader must know before believing the numbers: flags, then notes. */
export const warnings = (report: Report): Warning[] => [
  ...flagLines(report),
  ...[...new Set(report.notes)].map((text) => ({ sign: WARNING_SIGN, text })),
];

export const PART_COLUMNS = ["Part of the cell", "Time here", "Energy"];

/** The cell's parts and their sum; empty where the tree holds all that there is to tell. */
export function partRows(report: Report): string[][] {
  const { parts } = report;
  const isMeasured = report.measured !== null && report.measured.joules !== null;
  const isPlain = parts.every((part) => part.kind === "model" || part.kind === "rest");
  if (!report.root || !parts.length || (!isMeasured && isPlain)) return [];
  const total = (values: (number | null)[]): number =>
    values.reduce<number>((sum, value) => sum + (value ?? 0), 0);
  return [
    ...parts.map((part) => [
      part.name + (part.kind === "model" ? " (forward)" : ""),
      secondsText(part.seconds),
      part.joules === null ? "not measured" : joulesText(part.joules),
    ]),
    [
      "The whole cell",
      secondsText(total(parts.map((part) => part.seconds))),
      isMeasured ? joulesText(total(parts.map((part) => part.joules))) : NO_VALUE,
    ],
  ];
}

export const PHASE_COLUMNS = [
  "Phase",
  "Calls",
  "Tokens",
  "Time here",
  "Energy",
  "Per token",
  "Time/token",
];

export const phaseRows = (report: Report): string[][] =>
  report.phases.map((phase) => [
    `${phase.model} ${phase.phase}`,
    formatCount(phase.calls),
    formatCount(phase.tokens),
    secondsText(phase.seconds),
    joulesText(phase.joules),
    joulesText(phase.tokens ? phase.joules / phase.tokens : null),
    secondsText(phase.tokens && phase.seconds !== null ? phase.seconds / phase.tokens : null),
  ]);

/** What the energy counters of this machine said, in one line. */
export function counterLine(report: Report): string {
  const { measured } = report;
  if (!measured || !report.root) return "";
  if (measured.joules === null) {
    // What would help stands behind the semicolon, and in doctor.
    const reasons = measured.counters.map((counter) => counter.reason?.split(";")[0] ?? "");
    const reason = reasons.filter(Boolean).join("; ") || measured.reason || "";
    const why = reason && ` (${reason})`;
    return `No energy was measured here${why}; \`irene-jupyter doctor\` tells more`;
  }
  const told = measured.counters.map((counter) =>
    counter.used
      ? `${counter.name} ${joulesText(counter.joules)}`
      : `${counter.name} not counted: ${counter.reason ?? ""}`,
  );
  return `Energy counters here: ${told.join("; ")}`;
}

/** What the sampler saw of this machine, in one line; what is unknown is left out. */
export function resourceLine(report: Report): string {
  const found = report.resources;
  if (!found || !report.root) return "";
  const percent = (value: number): string => `${Math.round(value)} %`;
  const told: string[] = [];
  if (found.seconds !== null) told.push(formatSeconds(found.seconds));
  if (found.cpuPercent !== null) told.push(`CPU ${percent(found.cpuPercent)}`);
  if (found.memoryPercent !== null) {
    const most = found.memoryPercentMost;
    const peak = most === null ? "" : ` (most ${percent(most)})`;
    told.push(`memory ${percent(found.memoryPercent)}${peak}`);
  }
  for (const gpu of found.gpus.slice(0, MOST_GPUS)) {
    const load = gpu.percent === null ? "" : ` ${percent(gpu.percent)}`;
    told.push(`${gpu.name}${load}${gpu.watts === null ? "" : ` ${Math.round(gpu.watts)} W`}`);
  }
  if (found.overheadSeconds !== null) {
    told.push(`sampling took ${formatSeconds(found.overheadSeconds)}`);
  }
  told.push(...found.notes);
  return told.length ? `This machine meanwhile: ${told.join(", ")}` : "";
}

/** What watching the cell cost, in one line. */
export function observerLine(report: Report): string {
  const found = report.observer;
  if (!found || !report.root) return "";
  const stages = found.stages.filter(([, seconds]) => seconds > 0);
  const told = stages.map(([name, seconds]) => `${name} ${formatSeconds(seconds)}`).join(", ");
  const share = found.percent === null ? "" : ` (${formatShare(found.percent / 100)})`;
  const during = formatSeconds(found.duringSeconds);
  return `Watching added ${during}${share} to the cell` + (told && `; in all: ${told}`);
}
