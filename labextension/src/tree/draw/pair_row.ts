// The cells of one row of a comparison, and how they are said in a file or on the clipboard.

import { formatChange, formatDifference, formatEnergy, type Unit } from "../data/format.js";
import type { Energy, TreeNode } from "../data/report.js";
import { make, nameOf, shorten } from "../grid/dom.js";
import type { Pair } from "../rows/aligning.js";
import {
  changeOf,
  differenceOf,
  NOTHING,
  sideOf,
  significanceOf,
  verdictOf,
  type PairRow,
  type Pairs,
  type Verdict,
} from "../rows/pairs.js";
import { ownJoules } from "../rows/rows.js";
import { csv, tabbed } from "./files.js";
import { cell, nameCell, renderHeading, spread } from "./row.js";

export type Labels = readonly [string, string];

export const VERDICTS: Record<Verdict, string> = {
  significant: "The intervals do not overlap",
  "within intervals": "The intervals overlap: it may be chance",
  "no difference": "Both take the same",
  "no verdict": "One of them is estimated or extrapolated: its interval was not tested",
  "only before": "Not in the second report",
  "only after": "Not in the first report",
  unknown: "One of the energies is unknown",
};
const SHORT_LABEL = 24;

export const pairHeading = ([first, second]: Labels): HTMLElement =>
  renderHeading([
    ["name", "Name", "Module or primitive, and its class"],
    ["before", first, "Energy in the first report"],
    ["after", second, "Energy in the second report"],
    ["difference", "Difference", "The second report's energy less the first one's"],
    ["change", "Change", "The difference in percent of the first report's energy"],
    ["verdict", "Significance", "Significant: the two intervals do not overlap"],
  ]);

function verdictText(verdict: Verdict, labels: Labels): string {
  const [first, second] = labels.map((label) => label.slice(0, SHORT_LABEL));
  if (verdict === "only before") return `only ${first}`;
  return verdict === "only after" ? `only ${second}` : verdict;
}

export function verdictBadge(verdict: Verdict, labels: Labels): HTMLElement {
  const attributes = { "data-verdict": verdict, title: VERDICTS[verdict] };
  return make("span", "verdict-badge", attributes, nameOf(verdictText(verdict, labels), ""));
}

const first = (row: PairRow): Pair => row.members[0] as Pair;

/** Joules of one side of a row; nothing where that side has no such node. */
function sideText(row: PairRow, side: "before" | "after", unit: Unit): string {
  return first(row)[side] ? formatEnergy(sideOf(row, side), unit, row.whole) : "";
}

/** Fills a row of the comparison; bars reach from one of the extremes to the other. */
export function pairCells(
  row: PairRow,
  element: HTMLElement,
  unit: Unit,
  labels: Labels,
  [least, most]: Pairs["extremes"],
): HTMLElement[] {
  const verdict = verdictOf(first(row));
  const difference = differenceOf(row);
  const { before, after } = first(row);
  const { dataset } = element;
  dataset.kind = row.node ? ((after ?? before)?.type ?? "") : "group";
  dataset.verdict = verdict;
  dataset.sign = !difference ? "" : difference > 0 ? "more" : "less";
  const bar = make("span", "delta", { "aria-hidden": "true" }, make("span", "delta-fill"));
  const width = most - least || 1;
  bar.style.setProperty("--axis", String(-least / width));
  bar.style.setProperty("--length", String(Math.abs(difference ?? 0) / width));
  return [
    pairName(row, unit),
    cell("energy", sideText(row, "before", unit)),
    cell("energy", sideText(row, "after", unit)),
    cell(
      "difference",
      bar,
      make("span", "delta-text", {}, formatDifference(difference, unit, row.whole)),
    ),
    cell("change", formatChange(changeOf(row))),
    cell("verdict", verdictBadge(verdict, labels)),
  ];
}

function pairName(row: PairRow, unit: Unit): HTMLElement {
  const differences = row.members.flatMap((pair) => differenceOf({ members: [pair] }) || []);
  const each = spread(differences, (joules) => formatDifference(joules, unit, row.whole));
  const detail = row.node ? row.detail : [each, row.detail].filter(Boolean).join(" · ");
  const flags = row.members.flatMap(({ before, after }) => [
    ...(before?.flags ?? []),
    ...(after?.flags ?? []),
  ]);
  const { before, after } = first(row);
  const title = row.node
    ? `${(after ?? before)?.path || row.label} (${row.detail})`
    : `${row.label} · ${detail}`;
  return nameCell(row.label, detail, flags, title);
}

export function pairText(row: PairRow, labels: Labels): string {
  const { before, after } = first(row);
  const joules = (side: "before" | "after"): string => {
    const value = sideOf(row, side);
    return first(row)[side] ? (value === null ? "unknown" : `${value} J`) : "";
  };
  const difference = differenceOf(row);
  return tabbed([
    row.node ? (after ?? before)?.path || row.label : row.label,
    row.detail,
    joules("before"),
    joules("after"),
    difference === null ? "unknown" : `${difference} J`,
    formatChange(changeOf(row)),
    shorten(verdictText(verdictOf(first(row)), labels)),
  ]);
}

/** As in `comparison.to_dataframe()`. */
const COLUMNS = [
  "path",
  "path_after",
  "depth",
  "type",
  "class_name",
  "class_name_after",
  ...["before", "after"].flatMap((side) =>
    ["joules", "low", "high", "source"].map((name) => `${name}_${side}`),
  ),
  "difference_joules",
  "difference_percent",
  "is_significant",
  "own_difference_joules",
];

/** One line for each pair, parents first. */
export function pairsCsv(root: Pair): string {
  const energyOf = (node: TreeNode | null): Energy | null => (node ? node.energy : NOTHING);
  const lines: (string | number | boolean | null)[][] = [COLUMNS];
  const visit = (pair: Pair, depth: number): void => {
    const { before, after } = pair;
    const [a, b] = [energyOf(before), energyOf(after)];
    const change = changeOf({ members: [pair] });
    lines.push([
      before ? before.path : null,
      after ? after.path : null,
      depth,
      (before ?? after)?.type ?? "",
      before ? before.className : null,
      after ? after.className : null,
      ...[a, b].flatMap((energy) =>
        energy ? [energy.joules, energy.low, energy.high, energy.source] : [null, null, null, null],
      ),
      differenceOf({ members: [pair] }),
      change === null ? null : 100 * change,
      significanceOf(pair),
      a && b ? (after ? ownJoules(after) : 0) - (before ? ownJoules(before) : 0) : null,
    ]);
    for (const child of pair.children) visit(child, depth + 1);
  };
  visit(root, 0);
  return csv(lines);
}
