// The report's head: the total, where the number comes from, the runs, the warnings.

import type { Report, Run } from "./data.js";
import { make, nameOf } from "./dom.js";
import { formatCount, formatEnergy, formatInterval, formatSeconds, type Unit } from "./format.js";
import { provenance, shownRuns, warnings, type Warning } from "./words.js";

const MOST_RUNS = 6;

function runLine(run: Run, unit: Unit, total: number): HTMLElement {
  const facts = [
    run.phase,
    run.status === "run" ? `${formatCount(run.calls)} call${run.calls === 1 ? "" : "s"}` : null,
    run.status === "not_run" ? "not run" : null,
    run.status === "incomplete" ? "incomplete" : null,
    run.batchSize === null ? null : `batch ${run.batchSize}`,
    run.seqLen === null || run.seqLen === 1 ? null : `length ${run.seqLen}`,
    run.seconds === null ? null : formatSeconds(run.seconds),
    run.joules === null ? null : formatEnergy(run.joules, unit, total),
    run.joules === null || run.calls < 2
      ? null
      : `${formatEnergy(run.joules / run.calls, unit, total)} per call`,
  ];
  const line = make("li", "run", {}, nameOf(run.model, "run-model"));
  for (const fact of facts) if (fact) line.append(make("span", "fact", {}, fact));
  return line;
}

/** A list of warnings, all in sight. */
export function renderWarnings(lines: readonly Warning[]): HTMLElement | null {
  if (!lines.length) return null;
  const list = make("ul", "notes", { "aria-label": "Warnings" });
  for (const { sign, text } of lines) {
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
  const value = energy ? formatEnergy(total, own, total) : "Nothing ran";
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
          `90 % interval ${formatInterval(energy.low, energy.high, total, own, total)}`,
        )
      : null,
  );
}

export function renderHeader(report: Report, unit: Unit): HTMLElement {
  const header = make("div", "head");
  header.append(
    renderTotal(report, unit),
    make("p", "provenance", {}, nameOf(provenance(report), "")),
  );
  const shown = shownRuns(report);
  if (shown.length) {
    const total = report.root?.energy?.joules ?? 0;
    const runs = make("ul", "runs", { "aria-label": "Runs" });
    const own: Unit = unit === "%" ? "J" : unit;
    for (const run of shown.slice(0, MOST_RUNS)) runs.append(runLine(run, own, total));
    const more = shown.length - MOST_RUNS;
    if (more > 0) runs.append(make("li", "run", {}, `and ${more} more`));
    header.append(runs);
  }
  const list = renderWarnings(warnings(report));
  if (list) header.append(list);
  return header;
}
