// What a row of the energy tree stands for: a node, or a heading over several.

import type { TreeNode } from "./data.js";
import type { GridItem } from "./grid.js";

/** A row: a node of the tree, or a heading over several ("12 × BertLayer"). */
export interface Item extends GridItem<Item> {
  /** Null for a heading. */
  readonly node: TreeNode | null;
  /** The nodes below a heading; for a node, the node itself. */
  readonly members: readonly TreeNode[];
  /** Place among its siblings in the order of running. */
  readonly order: number;
  readonly detail: string;
  /** Joules of the model tree that shares refer to; 0 if unknown. */
  readonly whole: number;
  /** True below "Built but not run": not in the total. */
  readonly outside: boolean;
  children: Item[] | null;
}

const sum = (values: readonly (number | null)[]): number | null =>
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

export const hasChildren = (item: Item): boolean =>
  item.node ? item.node.children.length > 0 : item.members.length > 0;

/** The heading "Built but not run" itself. */
export const isSection = (item: Item): boolean => item.node === null && item.parent === null;

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
