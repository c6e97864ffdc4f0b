// The head of a comparison: the difference of the totals, both sides, and what to bear in mind.

import { formatChange, formatDifference, formatEnergy, formatInterval, type Unit } from "../data/format.js";
import type { Report } from "../data/report.js";
import { WARNING_SIGN, type Warning } from "../data/said.js";
import { make, nameOf } from "../grid/dom.js";
import { changeOf, differenceOf, verdictOf, type Pairs } from "../rows/pairs.js";
import { renderWarnings, warningsOf } from "./header.js";
import { verdictBadge, VERDICTS, type Labels } from "./pair_row.js";

export type Reports = readonly [Report, Report];

export function renderComparisonHead(
  pairs: Pairs,
  reports: Reports,
  labels: Labels,
  shown: Unit,
): HTMLElement {
  const unit: Unit = shown === "%" ? "J" : shown;
  const root = { members: [pairs.root] };
  const verdict = verdictOf(pairs.root);
  const change = changeOf(root);
  const header = make("div", "head");
  header.append(
    make(
      "p",
      "total",
      {},
      make("strong", "total-value", {}, formatDifference(differenceOf(root), unit, 0)),
      make("span", "total-change", {}, change === null ? "" : formatChange(change)),
      verdictBadge(verdict, labels),
      make("span", "interval", {}, VERDICTS[verdict]),
    ),
  );
  const whose = reports.map((report) => report.said.provenance);
  const isOfBoth = whose[0] === whose[1];
  const sides = make("dl", "sides");
  const side = (label: string, ...told: (Node | string)[]): void =>
    sides.append(make("dt", "side-label", {}, nameOf(label, "")), make("dd", "side", {}, ...told));
  reports.forEach((report, index) => {
    const energy = report.root?.energy ?? null;
    const told = energy
      ? ` ${formatEnergy(energy.joules, unit, 0)}, ${report.said.interval} ` +
        formatInterval(energy.low, energy.high, energy.joules, unit, 0)
      : " nothing ran";
    const from = isOfBoth ? [] : [" · ", nameOf(whose[index] ?? "", "")];
    side(labels[index] ?? "", nameOf(report.root?.className ?? "", "run-model"), told, ...from);
  });
  if (isOfBoth) side("both", nameOf(whose[0] ?? "", ""));
  header.append(sides);
  const list = renderWarnings(warningsOfBoth(reports, labels));
  if (list) header.append(list);
  return header;
}

/** What to bear in mind, as `Comparison.notes` in Python says it, and what either report warns of. */
function warningsOfBoth(reports: Reports, labels: Labels): Warning[] {
  const warnings: Warning[] = [];
  const differ = (what: string, of: (report: Report) => string): void => {
    const [first, second] = reports.map(of);
    if (first === second) return;
    warnings.push([WARNING_SIGN, `${what}: ${first} ${labels[0]}, ${second} ${labels[1]}.`]);
  };
  differ("Two devices", (report) => report.device.label);
  differ("Two kinds of numbers", (report) => report.root?.energy?.source ?? "nothing");
  const [first, second] = reports.map(warningsOf) as [Warning[], Warning[]];
  const has = (lines: readonly Warning[], text: string): boolean =>
    lines.some(([, other]) => other === text);
  for (const [sign, text] of first) {
    warnings.push([sign, has(second, text) ? text : `${labels[0]}: ${text}`]);
  }
  for (const [sign, text] of second) {
    if (!has(first, text)) warnings.push([sign, `${labels[1]}: ${text}`]);
  }
  return warnings;
}
