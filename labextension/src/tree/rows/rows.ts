// The rows of one report: nodes, folded groups of identical siblings, and the section of models
// that were not run.

import type { Report, TreeNode } from "../data/report.js";
import { closeInEnergy, groupName, relativeName, Shapes } from "./folding.js";
import { joulesOf, type Item } from "./items.js";
import { Outline, type Entry } from "./outline.js";

export const SORTS = ["order", "energy"] as const;

/** What a node takes by itself; all of it where it has no parts. */
export const ownJoules = (node: TreeNode): number =>
  (node.children.length ? node.ownJoules : node.energy?.joules) ?? 0;

/** A node's text for the search, made once for each. */
const texts = new WeakMap<TreeNode, string>();

export function searchedText(node: TreeNode): string {
  let text = texts.get(node);
  if (text === undefined) {
    text = `${node.path}\n${node.className}\n${node.primitive ?? ""}`.toLowerCase();
    texts.set(node, text);
  }
  return text;
}

export class Rows extends Outline<TreeNode> {
  readonly top: readonly Item[];
  readonly #byPath = new Map<string, TreeNode>();
  readonly #trees = new Map<TreeNode, number>();
  readonly #shapes = new Shapes();

  constructor(report: Report, isByWeight = false) {
    super(isByWeight);
    const entries: Entry<TreeNode>[] = [];
    if (report.root) {
      this.#enter(report.root, 0);
      entries.push(this.entry([report.root], null, report.root.energy?.joules ?? 0));
    }
    report.notRun.forEach((node, place) => this.#enter(node, place + 1));
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
    this.top = this.rows(entries, null);
  }

  /** The node at `path`: in the total's tree first, then among the models that were not run. */
  find(path: string): TreeNode | null {
    return this.#byPath.get(path) ?? null;
  }

  /** All nodes of the same tree that do the same as `node`, itself included. */
  alike(node: TreeNode): readonly TreeNode[] {
    const tree = this.#trees.get(node);
    return this.#shapes.alike(node).filter((other) => this.#trees.get(other) === tree);
  }

  pathOf(node: TreeNode): string {
    return node.path;
  }

  weightOf(row: Item): number | null {
    return joulesOf(row);
  }

  textOf(node: TreeNode): string {
    return searchedText(node);
  }

  protected repeats(last: TreeNode, next: TreeNode, parent: TreeNode): boolean {
    return this.#shapes.repeats(last, next, parent.path);
  }

  protected isClose(first: TreeNode, next: TreeNode): boolean {
    return closeInEnergy(first, next);
  }

  ownOf(node: TreeNode): number {
    return ownJoules(node);
  }

  protected words(members: readonly TreeNode[], parent: TreeNode | null): Pick<Item, "label" | "detail"> {
    const first = members[0] as TreeNode;
    if (members.length > 1) {
      return {
        label: `${members.length} × ${first.className}`,
        detail: groupName(members.map((node) => relativeName(node, parent?.path ?? null))),
      };
    }
    const label = relativeName(first, parent?.path ?? null);
    const detail =
      label !== first.className ? first.className : first.type === "ml" ? "" : first.type;
    return { label, detail };
  }

  protected override entry(
    members: readonly TreeNode[],
    parent: TreeNode | null,
    whole: number,
  ): Entry<TreeNode> {
    // A model that was not run is a whole of its own.
    const own = parent || this.#trees.get(members[0] as TreeNode) === 0;
    return super.entry(members, parent, own ? whole : (members[0]?.energy?.joules ?? 0));
  }

  #enter(root: TreeNode, tree: number): void {
    // Paths are unique within a tree.
    this.index(root, null, (node) => `${tree} ${node.path}`);
    const visit = (node: TreeNode): void => {
      this.#trees.set(node, tree);
      if (!this.#byPath.has(node.path)) this.#byPath.set(node.path, node);
      node.children.forEach(visit);
      this.#shapes.add(node);
    };
    visit(root);
  }
}
