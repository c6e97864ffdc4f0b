// The head of a comparison: the difference of the totals, both sides, and what to bear in mind.

import {
  formatChange,
  formatCount,
  formatDifference,
  formatEnergy,
  formatInterval,
  type Unit,
} from "../data/format.js";
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
  for (const [name, told] of rates(reports, unit)) side(name, told);
  header.append(sides);
  const list = renderWarnings(warningsOfBoth(reports, labels));
  if (list) header.append(list);
  return header;
}

const isOfOneSize = (reports: Reports): boolean => {
  const [first, second] = reports.map(({ said: { work } }) => work);
  return first?.queries === second?.queries && first?.tokens === second?.tokens;
};

/** What a query and a token took, where the two did not do the same amount of work. */
function rates(reports: Reports, unit: Unit): [string, string][] {
  if (isOfOneSize(reports)) return [];
  return (["queries", "tokens"] as const).flatMap((name): [string, string][] => {
    const [before, after] = reports.map(({ root, said: { work } }) => {
      const amount = work?.[name];
      return root?.energy && amount ? root.energy.joules / amount : null;
    });
    if (before == null || after == null) return [];
    const told = [before, after].map((joules) => formatEnergy(joules, unit, 0)).join(" → ");
    const change = before > 0 ? ` (${formatChange((after - before) / before)})` : "";
    return [[name === "queries" ? "a query" : "a token", told + change]];
  });
}

function workText({ said: { work } }: Report): string {
  if (!work?.queries) return "an unknown number of queries";
  const queries = `${formatCount(work.queries)} ${work.queries === 1 ? "query" : "queries"}`;
  return work.tokens ? `${queries} (${formatCount(work.tokens)} tokens)` : queries;
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
  if (!isOfOneSize(reports)) differ("Two sizes of work", workText);
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
