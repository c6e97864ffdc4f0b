// The cells of one row of the energy tree, and the heading over them.

import type { TreeNode } from "../data/report.js";
import { formatEnergy, formatInterval, formatShare, NO_VALUE, type Unit } from "../data/format.js";
import { flagCode } from "../data/said.js";
import { make, nameOf, shorten } from "../grid/dom.js";
import {
  intervalOf,
  joulesOf,
  ownJoulesOf,
  shareOf,
  shareOfParent,
  sourceOf,
  sum,
  type Item,
} from "../rows/items.js";
import { isSection } from "../rows/outline.js";

type Column = [name: string, label: string, title: string];
/** The columns of the energy tree; `interval` is what an interval is called. */
export const treeColumns = (interval: string): Column[] => [
  ["name", "Name", "Module or primitive, and its class"],
  ["share", "Share", "Share of the total; the solid part of the bar is the node's own energy"],
  ["energy", "Energy", "Energy of the node and all below it"],
  ["of-parent", "Of parent", "Share of the module that it is a part of"],
  ["own", "Own", "Energy that no child explains"],
  ["range", interval, "Bounds of the energy"],
  ["source", "Source", "Where the number comes from"],
];
/** Where phases have columns of their own, in place of what the details tell. */
export const phasedColumns = (phases: readonly string[]): Column[] => [
  ...treeColumns("").slice(0, 3),
  ...phases.map((name): Column => ["phase", shorten(name), `Energy in ${shorten(name)}`]),
];
const MOST_FLAGS = 2;

/** Joules of a node in a phase. */
export type InPhase = (node: TreeNode) => number | null;

export function renderHeading(columns: readonly Column[]): HTMLElement {
  const row = make("div", "heading", { role: "row" });
  for (const [name, label, title] of columns) {
    row.append(make("div", name, { role: "columnheader", title }, label));
  }
  return row;
}

export const cell = (name: string, ...content: (Node | string | null)[]): HTMLElement =>
  make("div", name, { role: "gridcell" }, ...content);

/** The flags of nodes as visible words, each once. */
export function flagMarks(flags: readonly string[]): HTMLElement[] {
  const codes = [...new Set(flags.map(flagCode))];
  const marks = codes.slice(0, MOST_FLAGS).map((code) => {
    const label = shorten(code.replaceAll("_", " "));
    return make("span", "mark", { "data-code": shorten(code) }, label);
  });
  if (codes.length > MOST_FLAGS) {
    marks.push(make("span", "mark", {}, `+${codes.length - MOST_FLAGS}`));
  }
  return marks;
}

/** For a folded group: what one of them has. "1.19 J each", or from the least to the most. */
export function spread(values: readonly number[], format: (value: number) => string): string {
  if (!values.length) return "";
  const least = format(Math.min(...values));
  const most = format(Math.max(...values));
  return least === most ? `${least} each` : `${least} to ${most} each`;
}

/** The first cell: the name, what it is, and its flags. */
export function nameCell(
  label: string,
  detail: string,
  flags: readonly string[],
  title: string,
): HTMLElement {
  const name = cell("name", make("span", "twisty", { "aria-hidden": "true" }));
  name.append(nameOf(label, "label"));
  if (detail) name.append(nameOf(detail, "class"));
  name.append(...flagMarks(flags));
  name.title = shorten(title);
  return name;
}

function itemName(item: Item, unit: Unit): HTMLElement {
  const joules = item.members.flatMap((node) => (node.energy ? [node.energy.joules] : []));
  const detail =
    item.node || isSection(item)
      ? item.detail
      : `${spread(joules, (each) => formatEnergy(each, unit, item.whole))} · ${item.detail}`;
  const flags = item.members.flatMap((node) => node.flags);
  const title = item.node ? `${item.node.path || item.label} (${item.detail})` : detail;
  return nameCell(item.label, detail, flags, title);
}

function shareCell(share: number | null, ownJoules: number, joules: number): HTMLElement {
  const text = make("span", "percent", {}, formatShare(share));
  if (share === null) return cell("share", text);
  const bar = make("span", "bar", { "aria-hidden": "true" }, make("span", "fill"));
  const length = Math.min(1, share);
  bar.style.setProperty("--share", String(length));
  // By the root, as in figure 5: else all but a few rows would look alike.
  bar.style.setProperty("--heat-at", `${(100 * Math.sqrt(length)).toFixed(1)}%`);
  bar.style.setProperty("--own", String(joules > 0 ? Math.min(1, ownJoules / joules) : 0));
  return cell("share", bar, text);
}

/** The source as a badge. */
export const badge = (source: string): HTMLElement =>
  make("span", "badge", { "data-source": source }, shorten(source));

function rangeText(item: Item, joules: number | null, unit: Unit): string {
  const interval = intervalOf(item);
  if (!interval || joules === null) return NO_VALUE;
  return formatInterval(...interval, joules, unit, item.whole);
}

/** Fills a row of the tree. */
export function treeCells(
  item: Item,
  row: HTMLElement,
  unit: Unit,
  phases: readonly InPhase[] = [],
): HTMLElement[] {
  row.dataset.kind = isSection(item) ? "section" : (item.node?.type ?? "group");
  row.toggleAttribute("data-outside", item.outside);
  if (isSection(item)) return [itemName(item, unit)];
  const source = sourceOf(item);
  row.dataset.source = source ?? "";
  const joules = joulesOf(item);
  const own = ownJoulesOf(item);
  const first = [
    itemName(item, unit),
    shareCell(shareOf(item), own ?? 0, joules ?? 0),
    cell("energy", formatEnergy(joules, unit, item.whole)),
  ];
  if (phases.length && !item.outside) {
    const each = phases.map((inPhase) => sum(item.members.map(inPhase)));
    return [...first, ...each.map((it) => cell("phase", formatEnergy(it, unit, item.whole)))];
  }
  return [
    ...first,
    cell("of-parent", formatShare(shareOfParent(item))),
    cell("own", !item.node || item.node.children.length ? formatEnergy(own, unit, item.whole) : ""),
    cell("range", rangeText(item, joules, unit)),
    cell("source", source ? badge(source) : null),
  ];
}
