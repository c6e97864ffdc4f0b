// The icicle's boxes: each as wide as its energy, its children below it (d3-hierarchy).

import { hierarchy, partition } from "d3-hierarchy";
import type { TreeNode } from "../data/report.js";

export interface Box {
  readonly node: TreeNode;
  readonly parent: Box | null;
  /** Levels below the drawing's top. */
  readonly level: number;
  /** Left and right edge as fractions of the drawing's width. */
  readonly left: number;
  readonly right: number;
}

/** All boxes from `top` down, parents first; none narrower than `narrowest` of the width. */
export function layOut(top: TreeNode, narrowest: number): Box[] {
  const own = (node: TreeNode): number => {
    const below = node.children.reduce((sum, child) => sum + (child.energy?.joules ?? 0), 0);
    return Math.max(0, (node.energy?.joules ?? 0) - below);
  };
  const tree = partition<TreeNode>()(hierarchy(top, (node) => node.children).sum(own));
  const boxes: Box[] = [];
  const visit = (place: typeof tree, parent: Box | null): void => {
    const whole = (tree.value ?? 0) > 0;
    const [left, right] = whole ? [place.x0, place.x1] : [0, parent ? 0 : 1];
    if (right - left < narrowest) return;
    const box = { node: place.data, parent, level: place.depth, left, right };
    boxes.push(box);
    for (const child of place.children ?? []) visit(child, box);
  };
  visit(tree, null);
  return boxes;
}

export const depthOf = (boxes: readonly Box[]): number =>
  boxes.reduce((most, box) => Math.max(most, box.level + 1), 0);
