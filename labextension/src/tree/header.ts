// The report's head: the total, where the number comes from, the runs, the warnings.

import type { Report, Run } from "./data.js";
import { make, nameOf } from "./dom.js";
import { formatCount, formatEnergy, formatInterval, formatSeconds, type Unit } from "./format.js";

const MOST_RUNS = 6;

/** Where the total comes from; a reference device is never called this machine. */
export function provenance(report: Report): string {
  const label = report.device.label || "an unnamed device";
  if (report.measuredScope !== null) {
    const whole = report.root?.energy?.source === "measured";
    const what = whole ? "Measured on this machine" : "Part of what was measured on this machine";
    return `${what} (${report.measuredScope}), divided as predicted for ${label}`;
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

export function renderHeader(
  report: Report,
  flags: Map<string, number>,
  unit: Unit,
): HTMLElement {
  const energy = report.root?.energy ?? null;
  const total = energy?.joules ?? 0;
  // The total itself in percent would only say 100.
  const own: Unit = unit === "%" ? "J" : unit;
  const header = make("header", "head");
  header.append(
    make(
      "p",
      "total",
      {},
      make("strong", "total-value", {}, formatEnergy(energy?.joules ?? null, own, total)),
      energy && energy.high > energy.low
        ? make(
            "span",
            "interval",
            {},
            `90 % interval ${formatInterval(energy.low, energy.high, total, own)}`,
          )
        : null,
    ),
    make("p", "provenance", {}, provenance(report)),
  );
  if (report.runs.length) {
    const runs = make("ul", "runs", { "aria-label": "Runs" });
    for (const run of report.runs.slice(0, MOST_RUNS)) runs.append(runLine(run, own, total));
    const more = report.runs.length - MOST_RUNS;
    if (more > 0) runs.append(make("li", "run", {}, `and ${more} more`));
    header.append(runs);
  }
  if (report.notes.length || flags.size) {
    const notes = make("ul", "notes", { "aria-label": "Warnings" });
    for (const note of report.notes) notes.append(make("li", "note", {}, note));
    if (flags.size) {
      const counts = [...flags].map(
        ([code, count]) =>
          `${formatCount(count)} node${count === 1 ? "" : "s"} ${code.replaceAll("_", " ")}`,
      );
      notes.append(make("li", "note", {}, `Flags in this tree: ${counts.join(", ")}`));
    }
    header.append(notes);
  }
  return header;
}
