// The rows of a tree that people open and close: its nodes, and headings over alike siblings.
// What a node is, and what it weighs, the heirs say: joules (`rows.ts`), differences (`pairs.ts`).

import type { GridItem, GridSource } from "../grid/grid.js";
import { grouped } from "./folding.js";

export interface Branch<T> {
  readonly children: readonly T[];
}

/** A row: a node of the tree, or a heading over several ("12 × BertLayer"). */
export interface Row<T> extends GridItem<Row<T>> {
  /** Null for a heading. */
  readonly node: T | null;
  /** The nodes below a heading; for a node, the node itself. */
  readonly members: readonly T[];
  /** Place among its siblings in the order of running. */
  readonly order: number;
  readonly detail: string;
  /** Joules that percentages refer to; 0 if unknown. */
  readonly whole: number;
  /** True below "Built but not run": not in the total. */
  readonly outside: boolean;
  children: Row<T>[] | null;
}

export type Entry<T> = Pick<Row<T>, "key" | "node" | "members" | "label" | "detail" | "whole">;
type Words = Pick<Row<unknown>, "label" | "detail">;

/** A heading that stands over models of their own, and folds nothing. */
export const isSection = (row: Row<unknown>): boolean => row.node === null && row.parent === null;

export abstract class Outline<T extends Branch<T>> implements GridSource<Row<T>> {
  abstract readonly top: readonly Row<T>[];
  readonly #parents = new Map<T, T | null>();
  readonly #keys = new Map<T, string>();
  readonly #taken = new Set<string>();
  #isByWeight: boolean;

  constructor(isByWeight: boolean) {
    this.#isByWeight = isByWeight;
  }

  /** Whether `next` repeats `last`, its sibling below `parent`: same name but for a number. */
  protected abstract repeats(last: T, next: T, parent: T): boolean;
  /** Whether a reader loses nothing where two repetitions share a row. */
  protected abstract isClose(first: T, next: T): boolean;
  protected abstract words(members: readonly T[], parent: T | null): Words;
  /** What rows are sorted by, the greatest first; null, where it is unknown, is last. */
  abstract weightOf(row: Row<T>): number | null;
  /** What `node` has by itself, without its children. */
  abstract ownOf(node: T): number;
  /** The text that is searched. */
  abstract textOf(node: T): string;
  abstract find(path: string): T | null;
  abstract pathOf(node: T): string;

  /** All nodes, parents first. */
  nodes(): Iterable<T> {
    return this.#keys.keys();
  }

  keyOf(node: T): string {
    return this.#keys.get(node) ?? "";
  }

  parentOf(node: T): T | null {
    return this.#parents.get(node) ?? null;
  }

  hasChildren(row: Row<T>): boolean {
    return row.node ? row.node.children.length > 0 : row.members.length > 0;
  }

  childrenOf(row: Row<T>): readonly Row<T>[] {
    if (!row.children) {
      const { node } = row;
      const entries = node
        ? this.folded(node).map((members) => this.entry(members, node, row.whole))
        : row.members.map((member) => this.entry([member], this.parentOf(member), row.whole));
      row.children = this.sorted(this.rows(entries, row));
    }
    return row.children;
  }

  /** The children of `node`, those together that share a row. */
  folded(node: T): T[][] {
    return grouped(
      node.children,
      (first, last, next) => this.repeats(last, next, node) && this.isClose(first, next),
    );
  }

  /** The rows from the top down to the one of `node`, headings included. */
  chain(node: T): Row<T>[] {
    const nodes: T[] = [];
    for (let at: T | null = node; at; at = this.parentOf(at)) nodes.unshift(at);
    const chain: Row<T>[] = [];
    let level = this.top;
    for (const wanted of nodes) {
      let row = level.find((candidate) => candidate.members.includes(wanted));
      if (row && !row.node) {
        chain.push(row);
        row = this.childrenOf(row).find((candidate) => candidate.node === wanted);
      }
      if (!row) return [];
      chain.push(row);
      level = this.childrenOf(row);
    }
    return chain;
  }

  /**
   * Where the search for the most has arrived: the greatest node with none below it that has more
   * than it has by itself. What repeats it in alike siblings above counts with it, so that twelve
   * layers stand against a head that is there once; but never for less than one of them, where
   * they differ in sign. Null where nobody has anything.
   */
  foremost(): { node: T; repeated: readonly T[] } | null {
    let most = 0;
    let best: readonly T[] = [];
    // `alike` stand at the same place below repeated siblings, so their children are alike, too.
    const visit = (alike: readonly T[]): { sum: number; size: number } => {
      const [first] = alike;
      if (!first) return { sum: 0, size: 0 };
      const owns = alike.map((node) => this.ownOf(node));
      const single = Math.max(...owns.map(Math.abs));
      let sum = owns.reduce((total, own) => total + own, 0);
      const own = Math.max(Math.abs(sum), single);
      let below = 0;
      let place = 0;
      for (const run of this.partsOf(first)) {
        const from = place;
        place += run.length;
        const part = visit(alike.flatMap((node) => node.children.slice(from, from + run.length)));
        sum += part.sum;
        below = Math.max(below, part.size);
      }
      const size = Math.max(Math.abs(sum), single);
      if (own > below && size > most) [most, best] = [size, alike];
      return { sum, size };
    };
    const [root] = this.top;
    if (root?.node) visit([root.node]);
    else for (const member of root?.members ?? []) visit([member]);
    const size = (node: T): number => Math.abs(this.ownOf(node));
    const node = best.reduce<T | null>(
      (dearest, other) => (dearest && size(dearest) >= size(other) ? dearest : other),
      null,
    );
    return node && { node, repeated: best };
  }

  sort(isByWeight: boolean): void {
    this.#isByWeight = isByWeight;
    const visit = (row: Row<T>): void => {
      if (!row.children) return;
      this.sorted(row.children);
      row.children.forEach(visit);
    };
    this.top.forEach(visit);
  }

  /** `rows`, siblings, sorted in place as the reader chose. */
  sorted(rows: Row<T>[]): Row<T>[] {
    const weight = (row: Row<T>): number => (this.#isByWeight ? (this.weightOf(row) ?? -1) : 0);
    return rows.sort((a, b) => weight(b) - weight(a) || a.order - b.order);
  }

  /** Opens the first `depth` levels and closes the others. */
  expandTo(depth: number): void {
    const visit = (row: Row<T>): void => {
      row.expanded = this.hasChildren(row) && row.level <= depth;
      const children = row.expanded ? this.childrenOf(row) : row.children;
      children?.forEach(visit);
    };
    this.top.forEach(visit);
  }

  /** Opens the rows that are open in `others`, rows of another report. */
  expandAs(others: Outline<T>): void {
    const open = new Set<string>();
    const collect = (row: Row<T>): void => {
      if (row.expanded) open.add(row.key);
      row.children?.forEach(collect);
    };
    others.top.forEach(collect);
    const visit = (row: Row<T>): void => {
      if (!open.has(row.key) || !this.hasChildren(row)) return;
      row.expanded = true;
      this.childrenOf(row).forEach(visit);
    };
    this.top.forEach(visit);
  }

  /** How many levels there are. */
  height(): number {
    const visit = (row: Row<T>): number => Math.max(row.level, ...this.childrenOf(row).map(visit));
    return Math.max(0, ...this.top.map(visit));
  }

  // --- For the heirs ---

  /** Enters `node` and all below; `key` is unique to the node, or made so in a damaged file. */
  protected index(node: T, parent: T | null, key: (node: T) => string): void {
    let name = key(node);
    while (this.#taken.has(name)) name += "'";
    this.#taken.add(name);
    this.#keys.set(node, name);
    this.#parents.set(node, parent);
    for (const child of node.children) this.index(child, node, key);
  }

  /** The children of `node` that may have more than it has, repetitions together. */
  protected partsOf(node: T): T[][] {
    return grouped(node.children, (_, last, next) => this.repeats(last, next, node));
  }

  protected entry(members: readonly T[], parent: T | null, whole: number): Entry<T> {
    const first = members[0] as T;
    const key = this.keyOf(first);
    const words = this.words(members, parent);
    return members.length === 1
      ? { key, node: first, members, whole, ...words }
      : { key: `${key} and alike`, node: null, members, whole, ...words };
  }

  protected rows(entries: Entry<T>[], parent: Row<T> | null): Row<T>[] {
    return entries.map((entry, order) => ({
      ...entry,
      parent,
      order,
      level: (parent?.level ?? 0) + 1,
      outside: parent ? parent.outside || isSection(parent) : false,
      expanded: false,
      children: null,
    }));
  }
}
