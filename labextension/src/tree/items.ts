// The rows behind the screen: nodes, folded groups of identical siblings, and the section of
// models that were not run. Children are made when a row is first opened.

import type { Report, TreeNode } from "./data.js";

/** Siblings whose energies differ by more are worth showing; as in `report/folding.py`. */
const FOLD_TOLERANCE = 0.05;
const INDEXED = /^(.*[._])?(\d{1,9})$/;

/** A row: a node of the tree, or a heading over several ("12 × BertLayer"). */
export interface Item {
  /** Null for a heading. */
  readonly node: TreeNode | null;
  /** The nodes below a heading; for a node, the node itself. */
  readonly members: readonly TreeNode[];
  readonly parent: Item | null;
  readonly level: number;
  readonly position: number;
  readonly setSize: number;
  readonly label: string;
  readonly detail: string;
  /** Joules of the model tree that shares refer to; 0 if unknown. */
  readonly whole: number;
  /** True below "Built but not run": not in the total. */
  readonly outside: boolean;
  expanded: boolean;
  children: Item[] | null;
}

interface Entry {
  node: TreeNode | null;
  members: readonly TreeNode[];
  label: string;
  detail: string;
  whole: number;
}


/** The name beside a parent: its path without the parent's, or the class at a root. */
function relativeName(node: TreeNode, parentPath: string | null): string {
  if (!node.path) return node.className;
  const prefix = `${parentPath}.`;
  return parentPath && node.path.startsWith(prefix) ? node.path.slice(prefix.length) : node.path;
}

export const sum = (values: readonly (number | null)[]): number | null =>
  values.every((value) => value === null)
    ? null
    : values.reduce<number>((total, value) => total + (value ?? 0), 0);
export const joulesOf = (item: Item): number | null =>
  sum(item.members.map((node) => node.energy?.joules ?? null));
export const ownJoulesOf = (item: Item): number | null =>
  sum(item.members.map((node) => node.ownJoules));
export const hasChildren = (item: Item): boolean =>
  item.node ? item.node.children.length > 0 : item.members.length > 0;

/** Whether `next` may follow `last` in a fold: "layer.0", "layer.1"; never "query", "key". */
function follows(last: TreeNode, next: TreeNode, parentPath: string): boolean {
  const before = INDEXED.exec(relativeName(last, parentPath));
  const after = INDEXED.exec(relativeName(next, parentPath));
  if (!before || !after) return false;
  return before[1] === after[1] && Number(before[2]) < Number(after[2]);
}

function closeInEnergy(first: TreeNode, next: TreeNode): boolean {
  if (!first.energy || !next.energy) return first.energy === next.energy;
  const { joules, source } = first.energy;
  const larger = Math.max(joules, next.energy.joules);
  return (
    source === next.energy.source &&
    Math.abs(joules - next.energy.joules) <= FOLD_TOLERANCE * larger
  );
}

/** The rows of one report. */
export class Rows {
  readonly top: Item[];
  readonly #report: Report;
  readonly #parents = new Map<TreeNode, TreeNode | null>();
  readonly #byPath = new Map<string, TreeNode>();
  readonly #shapes = new Map<string, number>();
  readonly #shapeOf = new Map<TreeNode, number>();

  constructor(report: Report) {
    this.#report = report;
    const entries: Entry[] = [];
    if (report.root) {
      this.#index(report.root, null);
      entries.push(this.#nodeEntry(report.root, null, report.root.energy?.joules ?? 0));
    }
    for (const node of report.notRun) this.#index(node, null);
    if (report.notRun.length) {
      entries.push({
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

  childrenOf(item: Item): Item[] {
    item.children ??= this.#items(
      item.node === null
        ? item.members.map((node) => this.#memberEntry(node, item))
        : this.#folded(item.node, item.whole),
      item,
    );
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

  /** Opens the first `depth` levels and closes the others. */
  expandTo(depth: number): void {
    const visit = (item: Item): void => {
      item.expanded = hasChildren(item) && item.level <= depth;
      const children = item.expanded ? this.childrenOf(item) : item.children;
      children?.forEach(visit);
    };
    this.top.forEach(visit);
  }

  /** How many levels there are. */
  height(): number {
    const visit = (item: Item): number =>
      Math.max(item.level, ...this.childrenOf(item).map(visit));
    return Math.max(0, ...this.top.map(visit));
  }

  /** Flag codes of the total's tree, with the number of nodes that carry each. */
  flagCounts(): Map<string, number> {
    const counts = new Map<string, number>();
    const visit = (node: TreeNode): void => {
      for (const code of new Set(node.flags.map(flagCode))) {
        counts.set(code, (counts.get(code) ?? 0) + 1);
      }
      node.children.forEach(visit);
    };
    if (this.#report.root) visit(this.#report.root);
    return counts;
  }

  #index(node: TreeNode, parent: TreeNode | null): void {
    this.#parents.set(node, parent);
    if (!this.#byPath.has(node.path)) this.#byPath.set(node.path, node);
    for (const child of node.children) this.#index(child, node);
    // Two nodes of one shape are repetitions: same structure and work, all the way down.
    const { latencySeconds: _latency, resources: _resources, ...work } = node.features;
    const shape = JSON.stringify([
      node.className,
      node.primitive,
      node.type,
      node.energy === null,
      node.flags.map(flagCode),
      work,
      node.children.map((child) => [relativeName(child, node.path), this.#shapeOf.get(child)]),
    ]);
    const id = this.#shapes.get(shape) ?? this.#shapes.size;
    this.#shapes.set(shape, id);
    this.#shapeOf.set(node, id);
  }

  #nodeEntry(node: TreeNode, parentPath: string | null, whole: number): Entry {
    const label = relativeName(node, parentPath);
    const detail = label !== node.className ? node.className : node.type === "ml" ? "" : node.type;
    return { node, members: [node], label, detail, whole };
  }

  #memberEntry(node: TreeNode, heading: Item): Entry {
    const owner = this.#parents.get(node) ?? null;
    const whole = owner ? heading.whole : (node.energy?.joules ?? 0);
    return this.#nodeEntry(node, owner?.path ?? null, whole);
  }

  /** The children of `parent`, runs of alike numbered siblings folded into one heading each. */
  #folded(parent: TreeNode, whole: number): Entry[] {
    const entries: Entry[] = [];
    const children = parent.children;
    for (let start = 0, end = 0; start < children.length; start = end) {
      const first = children[start] as TreeNode;
      const shape = this.#shapeOf.get(first);
      for (end = start + 1; end < children.length; end++) {
        const next = children[end] as TreeNode;
        if (!follows(children[end - 1] as TreeNode, next, parent.path)) break;
        if (this.#shapeOf.get(next) !== shape || !closeInEnergy(first, next)) break;
      }
      const members = children.slice(start, end);
      if (members.length === 1) {
        entries.push(this.#nodeEntry(first, parent.path, whole));
        continue;
      }
      const last = members[members.length - 1] as TreeNode;
      entries.push({
        node: null,
        members,
        label: `${members.length} × ${first.className}`,
        detail: `${relativeName(first, parent.path)} … ${INDEXED.exec(last.path)?.[2] ?? ""}`,
        whole,
      });
    }
    return entries;
  }

  #items(entries: Entry[], parent: Item | null): Item[] {
    return entries.map((entry, index) => ({
      ...entry,
      parent,
      level: (parent?.level ?? 0) + 1,
      position: index + 1,
      setSize: entries.length,
      outside: parent ? parent.outside || isSection(parent) : false,
      expanded: false,
      children: null,
    }));
  }
}

/** The heading "Built but not run" itself. */
export const isSection = (item: Item): boolean => item.node === null && item.parent === null;

/** The code of a flag "code: explanation". */
export const flagCode = (flag: string): string => flag.split(":", 1)[0]?.trim() ?? "";
