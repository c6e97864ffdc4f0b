// The figures of a row of the energy tree: of its node, or summed over those of a heading.

import type { TreeNode } from "../data/report.js";
import type { Row } from "./outline.js";

export type Item = Row<TreeNode>;

/** Null where all are. */
export const sum = (values: readonly (number | null)[]): number | null =>
  values.every((value) => value === null)
    ? null
    : values.reduce<number>((total, value) => total + (value ?? 0), 0);

export const joulesOf = (item: Item): number | null =>
  sum(item.members.map((node) => node.energy?.joules ?? null));
export const ownJoulesOf = (item: Item): number | null =>
  sum(item.members.map((node) => node.ownJoules));

/** The ends of the interval; of a group, the sums of its members'. */
export function intervalOf(item: Item): [number, number] | null {
  const low = sum(item.members.map((node) => node.energy?.low ?? null));
  const high = sum(item.members.map((node) => node.energy?.high ?? null));
  return low === null || high === null || high <= low ? null : [low, high];
}

/** The row of the module that `item` is a part of; a folded group is no module. */
export function moduleAbove(item: Item): Item | null {
  let above = item.parent;
  while (above && !above.node) above = above.parent;
  return above;
}

const fraction = (part: number | null, whole: number | null): number | null =>
  part !== null && whole !== null && whole > 0 ? part / whole : null;

/** As a fraction of the model's total; null where it is unknown. */
export const shareOf = (item: Item): number | null => fraction(joulesOf(item), item.whole);

/** As a fraction of the module above; null at a root. */
export function shareOfParent(item: Item): number | null {
  const above = moduleAbove(item);
  return above && fraction(joulesOf(item), joulesOf(above));
}

/** Where the row's number comes from; the members of a group agree. */
export const sourceOf = (item: Item): string | null => item.members[0]?.energy?.source ?? null;
