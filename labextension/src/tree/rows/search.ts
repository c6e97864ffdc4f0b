// The rows that a search leaves: the nodes whose text holds every word, and those above them.

import type { GridSource } from "../grid/grid.js";
import { isSection, type Branch, type Outline, type Row } from "./outline.js";

/** More rows than anybody reads; every further one would cost time at each keystroke. */
export const MOST_MATCHES = 200;

export interface Found<T> extends GridSource<Row<T>> {
  /** Nodes that match, shown or not. */
  readonly matches: number;
  /** The rows that match, from the top down. */
  readonly hits: readonly Row<T>[];
  isHit(row: Row<T>): boolean;
}

/** Rows of their own, opened down to the matches, so that the tree keeps its state. */
export function search<T extends Branch<T>>(outline: Outline<T>, query: string): Found<T> {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  let matches = 0;
  const chains: Row<T>[][] = [];
  for (const node of outline.nodes()) {
    const text = outline.textOf(node);
    if (!words.every((word) => text.includes(word))) continue;
    if (++matches <= MOST_MATCHES) chains.push(outline.chain(node));
  }
  const copies = new Map<Row<T>, Row<T>>();
  const top: Row<T>[] = [];
  for (const chain of chains) {
    let parent: Row<T> | null = null;
    for (const row of chain) {
      let copy = copies.get(row);
      if (!copy) {
        // Rows below a match are made when it is opened, as everywhere.
        copy = { ...row, parent, expanded: false, children: null };
        copies.set(row, copy);
        if (!parent) top.push(copy);
        else (parent.children ??= []).push(copy);
        if (parent) parent.expanded = true;
      }
      parent = copy;
    }
  }
  for (const copy of copies.values()) if (copy.children) outline.sorted(copy.children);
  const found = new Set(chains.map((chain) => copies.get(chain.at(-1) as Row<T>)));
  const hits: Row<T>[] = [];
  const visit = (row: Row<T>): void => {
    if (found.has(row)) hits.push(row);
    if (row.expanded) row.children?.forEach(visit);
  };
  top.forEach(visit);
  return {
    matches,
    hits,
    isHit: (row) => found.has(row),
    top,
    childrenOf: (row) => outline.childrenOf(row),
    hasChildren: (row) => isSection(row) || outline.hasChildren(row),
  };
}
