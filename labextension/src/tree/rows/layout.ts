// The icicle's boxes: each as wide as its energy, its children below it (d3-hierarchy). What shares
// a row in the tree shares a box.

import { hierarchy, partition } from "d3-hierarchy";
import type { TreeNode } from "../data/report.js";
import { relativeName } from "./folding.js";

export interface Box {
  /** The first of `members`. */
  readonly node: TreeNode;
  /** Siblings that fold; below them, what stands at the same place in each. */
  readonly members: readonly TreeNode[];
  readonly label: string;
  /** Of all members; null where one is unknown. */
  readonly joules: number | null;
  readonly parent: Box | null;
  /** Levels below the drawing's top. */
  readonly level: number;
  /** Left and right edge as fractions of the drawing's width. */
  readonly left: number;
  readonly right: number;
}

type Place = Pick<Box, "node" | "members" | "label">;

/**
 * All boxes from `top` down, parents first; none narrower than `narrowest` of the width. `fold`
 * gives a node's children, those together that share a box.
 */
export function layOut(
  top: TreeNode,
  narrowest: number,
  fold: (node: TreeNode) => readonly (readonly TreeNode[])[],
): Box[] {
  const own = ({ members }: Place): number =>
    members.reduce((sum, node) => {
      const below = node.children.reduce((all, child) => all + (child.energy?.joules ?? 0), 0);
      return sum + Math.max(0, (node.energy?.joules ?? 0) - below);
    }, 0);
  const below = ({ node, members }: Place): Place[] => {
    let from = 0;
    return fold(node).map((run) => {
      // Alike nodes have alike children, at the same places.
      const [first, to] = [from, from + run.length];
      from = to;
      const found = members.flatMap((each) => each.children.slice(first, to));
      return placeOf(found, run.length, node.path);
    });
  };
  const whole = placeOf([top], 1, null);
  const tree = partition<Place>()(hierarchy(whole, below).sum(own));
  const boxes: Box[] = [];
  const visit = (place: typeof tree, parent: Box | null): void => {
    const [left, right] = (tree.value ?? 0) > 0 ? [place.x0, place.x1] : [0, parent ? 0 : 1];
    if (right - left < narrowest) return;
    const { members } = place.data;
    const known = members.flatMap(({ energy }) => (energy ? [energy.joules] : []));
    const isKnown = known.length === members.length;
    const joules = isKnown ? known.reduce((sum, each) => sum + each, 0) : null;
    const box = { ...place.data, joules, parent, level: place.depth, left, right };
    boxes.push(box);
    for (const child of place.children ?? []) visit(child, box);
  };
  visit(tree, null);
  return boxes;
}

function placeOf(members: readonly TreeNode[], siblings: number, above: string | null): Place {
  const node = members[0] as TreeNode;
  const times = members.length > 1 ? ` ×${members.length}` : "";
  const name = siblings > 1 ? node.className : relativeName(node, above);
  return { node, members, label: name + times };
}

export const depthOf = (boxes: readonly Box[]): number =>
  boxes.reduce((most, box) => Math.max(most, box.level + 1), 0);
