// One row of the grid, and the grid's heading.

import { make, nameOf, shorten } from "./dom.js";
import { formatCount, formatEnergy, formatShare, type Unit } from "./format.js";
import { flagCode, hasChildren, isSection, joulesOf, ownJoulesOf, type Item } from "./items.js";

const COLUMNS: [string, string, string][] = [
  ["name", "Name", "Module or primitive, and its class"],
  ["share", "Share", "Share of the total; dark: the node's own energy"],
  ["energy", "Energy", "Energy of the node and all below it"],
  ["own", "Own", "Energy that no child explains"],
  ["source", "Source", "Where the number comes from"],
  ["calls", "Calls", "How often it ran"],
];
const MOST_FLAGS = 2;

export function renderHeading(): HTMLElement {
  const row = make("div", "heading", { role: "row" });
  for (const [name, label, title] of COLUMNS) {
    const legend = name === "share" ? make("span", "legend", {}, " (dark: own)") : null;
    row.append(make("div", name, { role: "columnheader", title }, label, legend));
  }
  return row;
}

const cell = (name: string, ...content: (Node | string | null)[]): HTMLElement =>
  make("div", name, { role: "gridcell" }, ...content);

function flagMarks(item: Item): HTMLElement[] {
  const codes = [...new Set(item.members.flatMap((node) => node.flags.map(flagCode)))];
  const marks = codes.slice(0, MOST_FLAGS).map((code) => {
    const label = shorten(code.replaceAll("_", " "));
    return make("span", "mark", { "data-code": shorten(code) }, label);
  });
  if (codes.length > MOST_FLAGS) {
    marks.push(make("span", "mark", {}, `+${codes.length - MOST_FLAGS}`));
  }
  return marks;
}

/** For a folded group: what one of them takes. "1.19 J each", or from the least to the most. */
function spread(item: Item, unit: Unit): string {
  const joules = item.members.flatMap((node) => (node.energy ? [node.energy.joules] : []));
  if (!joules.length) return "";
  const least = formatEnergy(Math.min(...joules), unit, item.whole);
  const most = formatEnergy(Math.max(...joules), unit, item.whole);
  return least === most ? `${least} each` : `${least} to ${most} each`;
}

function nameCell(item: Item, unit: Unit): HTMLElement {
  const twisty = make("span", "twisty", { "aria-hidden": "true" });
  const name = cell("name", twisty, nameOf(item.label, "label"));
  const detail =
    item.node || isSection(item) ? item.detail : `${spread(item, unit)} · ${item.detail}`;
  if (detail) name.append(nameOf(detail, "class"));
  name.append(...flagMarks(item));
  name.title = shorten(item.node ? `${item.node.path || item.label} (${item.detail})` : detail);
  return name;
}

function shareCell(share: number | null, ownShare: number): HTMLElement {
  const text = make("span", "percent", {}, formatShare(share));
  if (share === null) return cell("share", text);
  const bar = make("span", "bar", { "aria-hidden": "true" }, make("span", "fill"));
  bar.style.setProperty("--share", String(Math.min(1, share)));
  bar.style.setProperty("--own", String(share > 0 ? Math.min(1, ownShare / share) : 0));
  return cell("share", bar, text);
}

/** Where the row's number comes from; the members of a group agree. */
const sourceOf = (item: Item): string | null => item.members[0]?.energy?.source ?? null;

function badge(item: Item): HTMLElement | null {
  const source = sourceOf(item);
  if (!source) return null;
  return make("span", "badge", { "data-source": source }, shorten(source));
}


/** The row of `item`, without the state that the grid keeps (selection, tabindex). */
export function renderRow(item: Item, unit: Unit): HTMLElement {
  const row = make("div", "row", {
    role: "row",
    "aria-level": String(item.level),
    "aria-posinset": String(item.position),
    "aria-setsize": String(item.setSize),
    tabindex: "-1",
  });
  row.style.setProperty("--level", String(item.level - 1));
  row.dataset.kind = isSection(item) ? "section" : (item.node?.type ?? "group");
  if (item.outside) row.dataset.outside = "";
  if (hasChildren(item)) row.setAttribute("aria-expanded", String(item.expanded));
  if (isSection(item)) {
    row.append(nameCell(item, unit));
    return row;
  }
  const source = sourceOf(item);
  if (source) row.dataset.source = source;
  const joules = joulesOf(item);
  const own = ownJoulesOf(item);
  const share = joules !== null && item.whole > 0 ? joules / item.whole : null;
  const ownShare = item.whole > 0 ? (own ?? 0) / item.whole : 0;
  row.append(
    nameCell(item, unit),
    shareCell(share, ownShare),
    cell("energy", formatEnergy(joules, unit, item.whole)),
    cell("own", hasChildren(item) ? formatEnergy(own, unit, item.whole) : ""),
    cell("source", badge(item)),
    cell("calls", formatCount(item.members[0]?.features.calls ?? 1)),
  );
  return row;
}
