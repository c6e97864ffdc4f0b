// The rows of one report: nodes, folded groups of identical siblings, and the section of models
// that were not run. Children are made when a row is first opened.

import type { Report, TreeNode } from "./data.js";
import { indexOf, relativeName, Shapes } from "./folding.js";
import type { GridSource } from "./grid.js";
import { hasChildren, isSection, joulesOf, ownJoulesOf, type Item } from "./items.js";

export const SORTS = ["order", "energy"] as const;
export type Sort = (typeof SORTS)[number];

type Entry = Pick<Item, "key" | "node" | "members" | "label" | "detail" | "whole">;

export class Rows implements GridSource<Item> {
  readonly top: readonly Item[];
  readonly #parents = new Map<TreeNode, TreeNode | null>();
  readonly #byPath = new Map<string, TreeNode>();
  readonly #keys = new Map<TreeNode, string>();
  readonly #trees = new Map<TreeNode, number>();
  readonly #taken = new Set<string>();
  readonly #shapes = new Shapes();
  #sort: Sort;

  constructor(report: Report, sort: Sort = "order") {
    this.#sort = sort;
    const entries: Entry[] = [];
    if (report.root) {
      this.#index(report.root, null, 0);
      entries.push(this.#nodeEntry(report.root, null, report.root.energy?.joules ?? 0));
    }
    report.notRun.forEach((node, place) => this.#index(node, null, place + 1));
    if (report.notRun.length) {
      entries.push({
        key: "not run",
        node: null,
        members: report.notRun,
        label: "Built but not run",
        detail: "not in the total",
        whole: 0,
      });
    }
    this.top = this.#items(entries, null);
  }

  /** The node at `path`: in the total's tree first, then among the models that were not run. */
  find(path: string): TreeNode | null {
    return this.#byPath.get(path) ?? null;
  }

  /** All nodes, parents first. */
  nodes(): Iterable<TreeNode> {
    return this.#keys.keys();
  }

  keyOf(node: TreeNode): string {
    return this.#keys.get(node) ?? "";
  }

  /** All nodes of the same tree that do the same as `node`, itself included. */
  alike(node: TreeNode): readonly TreeNode[] {
    const tree = this.#trees.get(node);
    return this.#shapes.alike(node).filter((other) => this.#trees.get(other) === tree);
  }

  hasChildren(item: Item): boolean {
    return hasChildren(item);
  }

  childrenOf(item: Item): readonly Item[] {
    if (!item.children) {
      const { node } = item;
      const entries = node
        ? this.#shapes.fold(node).map((members) => this.#entry(members, node, item.whole))
        : item.members.map((member) => this.#memberEntry(member, item));
      item.children = this.sorted(this.#items(entries, item));
    }
    return item.children;
  }

  /** The rows from the top down to the one of `node`, groups included. */
  chain(node: TreeNode): Item[] {
    const nodes: TreeNode[] = [];
    for (let at: TreeNode | null = node; at; at = this.#parents.get(at) ?? null) nodes.unshift(at);
    const chain: Item[] = [];
    let level = this.top;
    for (const wanted of nodes) {
      let item = level.find((candidate) => candidate.members.includes(wanted));
      if (item && !item.node) {
        chain.push(item);
        item = this.childrenOf(item).find((candidate) => candidate.node === wanted);
      }
      if (!item) return [];
      chain.push(item);
      level = this.childrenOf(item);
    }
    return chain;
  }

  /** From the top of the total's tree to where most energy is spent: always the dearest child. */
  hottest(): Item | null {
    let at = this.top[0] ?? null;
    while (at) {
      const children = this.childrenOf(at);
      const dearest = children.reduce<Item | null>(
        (best, child) =>
          best === null || (joulesOf(child) ?? 0) > (joulesOf(best) ?? 0) ? child : best,
        null,
      );
      // Where a module itself spends more than any child, the search has arrived.
      if (!dearest || (at.node && (ownJoulesOf(at) ?? 0) > (joulesOf(dearest) ?? 0))) return at;
      at = dearest;
    }
    return null;
  }

  sort(sort: Sort): void {
    this.#sort = sort;
    const visit = (item: Item): void => {
      if (!item.children) return;
      this.sorted(item.children);
      item.children.forEach(visit);
    };
    this.top.forEach(visit);
  }

  /** `items`, siblings, sorted in place as the reader chose. */
  sorted(items: Item[]): Item[] {
    const joules = (item: Item): number => joulesOf(item) ?? -1;
    return items.sort((a, b) =>
      this.#sort === "energy" ? joules(b) - joules(a) || a.order - b.order : a.order - b.order,
    );
  }

  /** Opens the first `depth` levels and closes the others. */
  expandTo(depth: number): void {
    const visit = (item: Item): void => {
      item.expanded = hasChildren(item) && item.level <= depth;
      const children = item.expanded ? this.childrenOf(item) : item.children;
      children?.forEach(visit);
    };
    this.top.forEach(visit);
  }

  /** Opens the rows that are open in `others`, rows of another report. */
  expandAs(others: Rows): void {
    const open = new Set<string>();
    const collect = (item: Item): void => {
      if (item.expanded) open.add(item.key);
      item.children?.forEach(collect);
    };
    others.top.forEach(collect);
    const visit = (item: Item): void => {
      if (!open.has(item.key) || !hasChildren(item)) return;
      item.expanded = true;
      this.childrenOf(item).forEach(visit);
    };
    this.top.forEach(visit);
  }

  /** How many levels there are. */
  height(): number {
    const visit = (item: Item): number =>
      Math.max(item.level, ...this.childrenOf(item).map(visit));
    return Math.max(0, ...this.top.map(visit));
  }

  #index(node: TreeNode, parent: TreeNode | null, tree: number): void {
    // Paths are unique within a tree; a damaged file must not confuse the rows all the same.
    let key = `${tree} ${node.path}`;
    while (this.#taken.has(key)) key += "'";
    this.#taken.add(key);
    this.#keys.set(node, key);
    this.#trees.set(node, tree);
    this.#parents.set(node, parent);
    if (!this.#byPath.has(node.path)) this.#byPath.set(node.path, node);
    for (const child of node.children) this.#index(child, node, tree);
    this.#shapes.add(node);
  }

  #nodeEntry(node: TreeNode, parentPath: string | null, whole: number): Entry {
    const label = relativeName(node, parentPath);
    const detail = label !== node.className ? node.className : node.type === "ml" ? "" : node.type;
    return { key: this.keyOf(node), node, members: [node], label, detail, whole };
  }

  #memberEntry(node: TreeNode, heading: Item): Entry {
    const owner = this.#parents.get(node) ?? null;
    const whole = owner ? heading.whole : (node.energy?.joules ?? 0);
    return this.#nodeEntry(node, owner?.path ?? null, whole);
  }

  #entry(members: TreeNode[], parent: TreeNode, whole: number): Entry {
    const first = members[0] as TreeNode;
    if (members.length === 1) return this.#nodeEntry(first, parent.path, whole);
    const last = members[members.length - 1] as TreeNode;
    return {
      key: `${this.keyOf(first)} and alike`,
      node: null,
      members,
      label: `${members.length} × ${first.className}`,
      detail: `${relativeName(first, parent.path)} … ${indexOf(last.path)}`,
      whole,
    };
  }

  #items(entries: Entry[], parent: Item | null): Item[] {
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
