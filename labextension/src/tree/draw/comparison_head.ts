// The head of a comparison: the difference of the totals, both sides, and what to bear in mind.

import { formatChange, formatDifference, formatEnergy, formatInterval, type Unit } from "../data/format.js";
import type { Report } from "../data/report.js";
import { provenance, WARNING_SIGN, warnings, type Warning } from "../data/words.js";
import { make, nameOf } from "../grid/dom.js";
import { changeOf, differenceOf, verdictOf, type Pairs } from "../rows/pairs.js";
import { renderWarnings } from "./header.js";
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
  const whose = reports.map(provenance);
  const isOfBoth = whose[0] === whose[1];
  const sides = make("dl", "sides");
  const side = (label: string, ...told: (Node | string)[]): void =>
    sides.append(make("dt", "side-label", {}, nameOf(label, "")), make("dd", "side", {}, ...told));
  reports.forEach((report, index) => {
    const energy = report.root?.energy ?? null;
    const told = energy
      ? ` ${formatEnergy(energy.joules, unit, 0)}, 90 % interval ` +
        formatInterval(energy.low, energy.high, energy.joules, unit, 0)
      : " nothing ran";
    const from = isOfBoth ? [] : [" · ", nameOf(whose[index] ?? "", "")];
    side(labels[index] ?? "", nameOf(report.root?.className ?? "", "run-model"), told, ...from);
  });
  if (isOfBoth) side("both", nameOf(whose[0] ?? "", ""));
  header.append(sides);
  const list = renderWarnings(warningsOf(reports, labels));
  if (list) header.append(list);
  return header;
}

function warningsOf(reports: Reports, labels: Labels): Warning[] {
  const [before, after] = reports;
  const lines: Warning[] = [];
  const warn = (text: string): number => lines.push({ sign: WARNING_SIGN, text });
  if (before.device.label !== after.device.label) {
    warn(`The reports are of different devices: ${before.device.label} and ${after.device.label}`);
  }
  const sources = reports.map((report) => report.root?.energy?.source ?? "nothing");
  if (sources[0] !== sources[1]) warn(`${sources[0]} is compared with ${sources[1]} energy`);
  const [first, second] = reports.map((report) => warnings(report));
  const isSame = (a: Warning, b: Warning): boolean => a.text === b.text;
  for (const each of first ?? []) {
    const both = second?.some((other) => isSame(each, other));
    lines.push({ sign: each.sign, text: both ? each.text : `${labels[0]}: ${each.text}` });
  }
  for (const each of second ?? []) {
    if (first?.some((other) => isSame(each, other))) continue;
    lines.push({ sign: each.sign, text: `${labels[1]}: ${each.text}` });
  }
  return lines;
}
