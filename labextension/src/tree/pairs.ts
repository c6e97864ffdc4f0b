// Two trees aligned: which node of one report answers to which of the other, and what changed.
// The rules are those of `report.compare` in Python.

import type { TreeNode } from "./data.js";
import { relativeName } from "./folding.js";
import type { GridItem, GridSource } from "./grid.js";

/** A node of either report, or of both. */
export interface Pair extends GridItem<Pair> {
  readonly before: TreeNode | null;
  readonly after: TreeNode | null;
  readonly order: number;
  children: Pair[];
}

export type Verdict = "significant" | "within intervals" | "only before" | "only after" | "unknown";

type Match = [before: TreeNode | null, after: TreeNode | null];

/**
 * The children of two aligned nodes: those of one path and type together; of the others, in
 * order, those of one class and type, then those of one type.
 */
export function alignChildren(before: readonly TreeNode[], after: readonly TreeNode[]): Match[] {
  const partner = new Map<TreeNode, TreeNode>();
  const taken = new Set<TreeNode>();
  const alike: ((a: TreeNode, b: TreeNode) => boolean)[] = [
    (a, b) => a.path === b.path && a.type === b.type,
    (a, b) => a.className === b.className && a.type === b.type,
    (a, b) => a.type === b.type,
  ];
  for (const isAlike of alike) {
    for (const a of before) {
      if (partner.has(a)) continue;
      const b = after.find((candidate) => !taken.has(candidate) && isAlike(a, candidate));
      if (!b) continue;
      partner.set(a, b);
      taken.add(b);
    }
  }
  const matches: Match[] = before.map((a) => [a, partner.get(a) ?? null]);
  // What only the second has stands behind what it follows there.
  after.forEach((b, index) => {
    if (taken.has(b)) return;
    const previous = after[index - 1];
    const place = previous ? matches.findIndex(([, other]) => other === previous) : -1;
    matches.splice(place + 1, 0, [null, b]);
  });
  return matches;
}

function nameOfPair(before: TreeNode | null, after: TreeNode | null, parent: Pair | null): string {
  const first = before && relativeName(before, parent?.before?.path ?? null);
  const second = after && relativeName(after, parent?.after?.path ?? null);
  if (first === null || second === null || first === second) return first ?? second ?? "";
  return `${first} → ${second}`;
}

export function pairUp(
  before: TreeNode | null,
  after: TreeNode | null,
  parent: Pair | null = null,
  order = 0,
): Pair {
  const pair: Pair = {
    // By place: both reports may have the same paths for different things.
    key: parent ? `${parent.key}.${order}` : "0",
    before,
    after,
    parent,
    order,
    level: (parent?.level ?? 0) + 1,
    label: nameOfPair(before, after, parent),
    expanded: false,
    children: [],
  };
  pair.children = alignChildren(before?.children ?? [], after?.children ?? []).map(
    ([a, b], place) => pairUp(a, b, pair, place),
  );
  return pair;
}

/** What the second report spends more; null where one of them is unknown. */
export function differenceOf(pair: Pair): number | null {
  const joules = (node: TreeNode | null): number | null =>
    node ? (node.energy?.joules ?? null) : 0;
  const [before, after] = [joules(pair.before), joules(pair.after)];
  return before === null || after === null ? null : after - before;
}

/** The difference as a fraction of the first report's joules; null where there are none. */
export function changeOf(pair: Pair): number | null {
  const difference = differenceOf(pair);
  const before = pair.before?.energy?.joules ?? 0;
  return difference !== null && before > 0 ? difference / before : null;
}

/** Significant: the two intervals do not overlap. */
export function verdictOf({ before, after }: Pair): Verdict {
  if (!before) return "only after";
  if (!after) return "only before";
  if (!before.energy || !after.energy) return "unknown";
  const apart = before.energy.high < after.energy.low || after.energy.high < before.energy.low;
  return apart ? "significant" : "within intervals";
}

export const PAIR_SORTS = ["order", "difference"] as const;
export type PairSort = (typeof PAIR_SORTS)[number];

const size = (pair: Pair): number => Math.abs(differenceOf(pair) ?? 0);

/** The rows of a comparison. */
export class Pairs implements GridSource<Pair> {
  readonly root: Pair;
  readonly top: readonly Pair[];
  /** The largest difference below the root, and of it. */
  readonly largest: number;
  readonly #byPath = new Map<string, Pair>();

  constructor(before: TreeNode | null, after: TreeNode | null, sort: PairSort) {
    this.root = pairUp(before, after);
    this.top = [this.root];
    let largest = 0;
    this.#visit((pair) => {
      largest = Math.max(largest, size(pair));
      for (const node of [pair.before, pair.after]) if (node) this.#byPath.set(node.path, pair);
    });
    this.largest = largest;
    this.sort(sort);
  }

  childrenOf(pair: Pair): readonly Pair[] {
    return pair.children;
  }

  hasChildren(pair: Pair): boolean {
    return pair.children.length > 0;
  }

  /** The pair of the node at `path`, of the second report first. */
  find(path: string): Pair | null {
    return path ? (this.#byPath.get(path) ?? null) : this.root;
  }

  expandTo(depth: number): void {
    this.#visit((pair) => {
      pair.expanded = pair.level <= depth && pair.children.length > 0;
    });
  }

  expandAs(others: Pairs): void {
    const open = new Set<string>();
    others.#visit((pair) => {
      if (pair.expanded) open.add(pair.key);
    });
    this.#visit((pair) => {
      pair.expanded = open.has(pair.key) && pair.children.length > 0;
    });
  }

  sort(sort: PairSort): void {
    this.#visit((pair) => {
      pair.children.sort(
        (a, b) => (sort === "difference" ? size(b) - size(a) : 0) || a.order - b.order,
      );
    });
  }

  height(): number {
    let most = 0;
    this.#visit((pair) => {
      most = Math.max(most, pair.level);
    });
    return most;
  }

  /** From the root to where the difference lies: always the child that differs most. */
  furthest(): Pair {
    let at = this.root;
    for (;;) {
      const next = at.children.reduce<Pair | null>(
        (best, child) => (best === null || size(child) > size(best) ? child : best),
        null,
      );
      if (!next || size(next) === 0) return at;
      at = next;
    }
  }

  #visit(action: (pair: Pair) => void): void {
    const visit = (pair: Pair): void => {
      action(pair);
      pair.children.forEach(visit);
    };
    visit(this.root);
  }
}
