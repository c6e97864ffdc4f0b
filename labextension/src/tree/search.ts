// The rows that a search leaves: the nodes whose path or class holds every word, and those above.

import type { TreeNode } from "./data.js";
import type { GridSource } from "./grid.js";
import { isSection, type Item } from "./items.js";
import type { Rows } from "./rows.js";

/** More rows than anybody reads; every further one would cost time at each keystroke. */
export const MOST_MATCHES = 200;

export interface Found extends GridSource<Item> {
  /** Nodes that match, shown or not. */
  readonly matches: number;
  /** The first row that matches. */
  readonly first: Item | null;
}

/** The text that is searched, made once for each node. */
const texts = new WeakMap<TreeNode, string>();

function searched(node: TreeNode): string {
  let text = texts.get(node);
  if (text === undefined) {
    text = `${node.path}\n${node.className}\n${node.primitive ?? ""}`.toLowerCase();
    texts.set(node, text);
  }
  return text;
}

/** Rows of their own, opened down to the matches, so that the tree keeps its state. */
export function search(rows: Rows, query: string): Found {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  let matches = 0;
  const chains: Item[][] = [];
  for (const node of rows.nodes()) {
    if (!words.every((word) => searched(node).includes(word))) continue;
    if (++matches <= MOST_MATCHES) chains.push(rows.chain(node));
  }
  const copies = new Map<Item, Item>();
  const top: Item[] = [];
  const found = chains[0]?.at(-1);
  for (const chain of chains) {
    let parent: Item | null = null;
    for (const item of chain) {
      let copy = copies.get(item);
      if (!copy) {
        // Rows below a match are made when it is opened, as everywhere.
        copy = { ...item, parent, expanded: false, children: null };
        copies.set(item, copy);
        if (!parent) top.push(copy);
        else (parent.children ??= []).push(copy);
        if (parent) parent.expanded = true;
      }
      parent = copy;
    }
  }
  for (const copy of copies.values()) if (copy.children) rows.sorted(copy.children);
  return {
    matches,
    first: (found && copies.get(found)) ?? null,
    top,
    childrenOf: (item) => rows.childrenOf(item),
    hasChildren: (item) => isSection(item) || rows.hasChildren(item),
  };
}
