// The report's head: the total, where the number comes from, the runs, the warnings.

import { formatCount, formatEnergy, formatInterval, formatSeconds, type Unit } from "../data/format.js";
import type { Report, RunRow } from "../data/report.js";
import { WARNING_SIGN, type Warning } from "../data/said.js";
import { make, nameOf } from "../grid/dom.js";

/** More than `runs.py` makes: a file may hold anything. */
const MOST_ROWS = 32;

const rangeText = ([least, most]: [number, number]): string =>
  least === most ? formatCount(least) : `${formatCount(least)}–${formatCount(most)}`;

function runLine(row: RunRow, unit: Unit, total: number): HTMLElement {
  const { batchSize, seqLen, calls, joules } = row;
  const facts = [
    calls > 1 ? `${formatCount(calls)} calls` : row.seconds === null ? null : "1 call",
    row.tokens ? `${formatCount(row.tokens)} tokens` : null,
    row.shape && `input ${row.shape}`,
    row.shape || !batchSize ? null : `batch ${rangeText(batchSize)}`,
    row.shape || !seqLen || seqLen[1] === 1 ? null : `length ${rangeText(seqLen)}`,
    row.sizes > 1 ? `${formatCount(row.sizes)} sizes` : null,
    row.seconds === null ? null : formatSeconds(row.seconds),
    joules === null ? null : formatEnergy(joules, unit, total),
    joules === null || calls < 2 ? null : `${formatEnergy(joules / calls, unit, total)} per call`,
  ];
  const kind = row.level ? "run irene-run-part" : "run";
  const line = make("li", kind, {}, nameOf(row.label, "run-model"));
  for (const fact of facts) if (fact) line.append(make("span", "fact", {}, fact));
  return line;
}

/** All that the reader must know before believing the numbers: flags, then notes. */
export const warningsOf = (report: Report): Warning[] => [
  ...report.said.flags,
  ...[...new Set(report.notes)].map((note): Warning => [WARNING_SIGN, note]),
];

/** A list of warnings, all in sight. */
export function renderWarnings(lines: readonly Warning[]): HTMLElement | null {
  if (!lines.length) return null;
  const list = make("ul", "notes", { "aria-label": "Warnings" });
  for (const [sign, text] of lines) {
    const mark = make("span", "sign", { "aria-hidden": "true" }, `${sign} `);
    list.append(make("li", "note", {}, mark, nameOf(text, "")));
  }
  return list;
}

/** The total with its interval. */
export function renderTotal(report: Report, unit: Unit): HTMLElement {
  const energy = report.root?.energy ?? null;
  const total = energy?.joules ?? 0;
  // The total itself in percent would only say 100.
  const own: Unit = unit === "%" ? "J" : unit;
  const value = energy ? formatEnergy(total, own, total) : report.said.title;
  return make(
    "p",
    "total",
    {},
    make("strong", "total-value", {}, value),
    energy && energy.high > energy.low
      ? make(
          "span",
          "interval",
          {},
          `${report.said.interval} ${formatInterval(energy.low, energy.high, total, own, total)}`,
        )
      : null,
  );
}

export function renderHeader(report: Report, unit: Unit): HTMLElement {
  const header = make("div", "head");
  header.append(
    renderTotal(report, unit),
    make("p", "provenance", {}, nameOf(report.said.provenance, "")),
  );
  const { elsewhere } = report.said;
  if (elsewhere) header.append(make("p", "provenance irene-elsewhere", {}, nameOf(elsewhere, "")));
  if (report.said.training) {
    header.append(make("p", "training", {}, nameOf(report.said.training, "")));
  }
  if (report.runRows.length) {
    const total = report.root?.energy?.joules ?? 0;
    const own: Unit = unit === "%" ? "J" : unit;
    const lines = report.runRows.slice(0, MOST_ROWS).map((row) => runLine(row, own, total));
    header.append(make("ul", "runs", { "aria-label": "Runs" }, ...lines));
  }
  const list = renderWarnings(warningsOf(report));
  if (list) header.append(list);
  return header;
}
