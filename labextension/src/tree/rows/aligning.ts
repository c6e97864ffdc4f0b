// Which node of one report answers to which of the other, by the rules of
// `irene_jupyter/report/compare.py`.

import type { TreeNode } from "../data/report.js";
import { CELL } from "../data/said.js";
import { relativeName } from "./folding.js";

/** A node of the first report and its counterpart; one of them may be missing. */
export interface Pair {
  readonly before: TreeNode | null;
  readonly after: TreeNode | null;
  readonly children: readonly Pair[];
}

/** Modules of other names and classes are paired where they hold at most so many times the nodes. */
const SIZES_APART = 4;

/** The two trees as one; a model alone is put under a root where the other side has several. */
export function alignTrees(before: TreeNode | null, after: TreeNode | null): Pair {
  if (before && after && (before.className === CELL) !== (after.className === CELL)) {
    return pairUp(inCell(before), inCell(after));
  }
  return pairUp(before, after);
}

const inCell = (root: TreeNode): TreeNode =>
  root.className === CELL ? root : { ...root, className: CELL, ownJoules: 0, children: [root] };

const pairUp = (before: TreeNode | null, after: TreeNode | null): Pair => ({
  before,
  after,
  children:
    before && after
      ? alignChildren(before, after)
      : ((before ?? after)?.children.map((node) =>
          before ? pairUp(node, null) : pairUp(null, node),
        ) ?? []),
});

/**
 * The children of two nodes: paired by name and type; what is left over by class and type, in
 * order; then by primitive; modules that are still left with the next that does similar work.
 * What is new stands behind what it follows there.
 */
function alignChildren(above: TreeNode, aboveAfter: TreeNode): Pair[] {
  const before = above.children;
  const partners = new Map<TreeNode, TreeNode>();
  let others: TreeNode[] = [...aboveAfter.children];
  const take = (node: TreeNode, other: TreeNode | undefined): void => {
    if (other) partners.set(node, other);
  };
  const keys: ((node: TreeNode, parent: TreeNode) => string | null)[] = [
    (node, parent) => relativeName(node, parent.path),
    (node) => node.className,
    (node) => node.primitive,
  ];
  for (const key of keys) {
    const waiting = new Map<string, TreeNode[]>();
    const nameOf = (node: TreeNode, parent: TreeNode): string =>
      JSON.stringify([key(node, parent), node.type]);
    for (const other of others) {
      if (key(other, aboveAfter) === null) continue;
      const name = nameOf(other, aboveAfter);
      const queue = waiting.get(name);
      if (queue) queue.push(other);
      else waiting.set(name, [other]);
    }
    for (const node of before) {
      if (!partners.has(node)) take(node, waiting.get(nameOf(node, above))?.shift());
    }
    const taken = new Set(partners.values());
    others = others.filter((other) => !taken.has(other));
  }
  for (const node of before) {
    if (partners.has(node)) continue;
    const other = others.find((candidate) => isKindred(node, candidate));
    take(node, other); // DistilBERT's encoder is called transformer
    others = others.filter((candidate) => candidate !== other);
  }
  return inOrder(above, aboveAfter, partners, new Set(others));
}

/** Whether two modules of other names do similar work: they share a primitive, and sizes. */
function isKindred(a: TreeNode, b: TreeNode): boolean {
  if (a.type !== b.type || a.type === "ml") return false;
  const [first, second] = [flat(a), flat(b)];
  const sizes = [first.length, second.length];
  const primitives = new Set(first.flatMap((node) => node.primitive ?? []));
  return (
    Math.max(...sizes) <= SIZES_APART * Math.min(...sizes) &&
    second.some((node) => node.primitive !== null && primitives.has(node.primitive))
  );
}

const flat = (node: TreeNode): TreeNode[] => [node, ...node.children.flatMap(flat)];

function inOrder(
  { children: before }: TreeNode,
  { children: after }: TreeNode,
  partners: ReadonlyMap<TreeNode, TreeNode>,
  fresh: ReadonlySet<TreeNode>,
): Pair[] {
  const following = new Map<TreeNode | null, TreeNode[]>();
  let last: TreeNode | null = null;
  for (const node of after) {
    if (!fresh.has(node)) last = node;
    else following.set(last, [...(following.get(last) ?? []), node]);
  }
  const newBehind = (node: TreeNode | null): Pair[] =>
    (following.get(node) ?? []).map((other) => pairUp(null, other));
  return [
    ...newBehind(null),
    ...before.flatMap((node) => {
      const partner = partners.get(node) ?? null;
      return [pairUp(node, partner), ...(partner ? newBehind(partner) : [])];
    }),
  ];
}
