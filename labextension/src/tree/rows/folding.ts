// Which siblings are repetitions of one another, by the rules of `irene_jupyter/report/folding.py`.

import type { TreeNode } from "../data/report.js";
import { flagCode } from "../data/said.js";

/** Siblings whose energies differ by more are worth showing. */
const FOLD_TOLERANCE = 0.05;
/** Of estimates, which are divided by the times of a few calls. */
const ESTIMATE_TOLERANCE = 0.25;
/** The one flag that follows from times, of which two repetitions never have the same. */
const LAUNCH_BOUND = "launch-bound";
const INDEXED = /^(.*[._])?(\d{1,9})$/;

/** The name beside a parent: its path without the parent's, or the class at a root. */
export function relativeName(node: TreeNode, parentPath: string | null): string {
  if (!node.path) return node.className;
  const prefix = `${parentPath}.`;
  return parentPath && node.path.startsWith(prefix) ? node.path.slice(prefix.length) : node.path;
}

/** One name for several that follow each other: "layer.0–11", "layer.0, 2". */
export function groupName(names: readonly string[]): string {
  const stem = INDEXED.exec(names[0] ?? "")?.[1] ?? "";
  const numbers = names.map((name) => Number(INDEXED.exec(name)?.[2]));
  const [first = 0, second] = numbers;
  const last = numbers.at(-1) ?? 0;
  if (last - first === numbers.length - 1) return `${stem}${first}–${last}`;
  return stem + (numbers.length > 5 ? `${first}, ${second} … ${last}` : numbers.join(", "));
}

/** `nodes` in order, those together of which each follows the one before it. */
export function grouped<T>(
  nodes: readonly T[],
  belongs: (first: T, last: T, next: T) => boolean,
): T[][] {
  const groups: T[][] = [];
  for (const node of nodes) {
    const group = groups.at(-1);
    if (group && belongs(group[0] as T, group.at(-1) as T, node)) group.push(node);
    else groups.push([node]);
  }
  return groups;
}

/** Whether `next` may follow `last` in a fold: "layer.0", "layer.1"; never "query", "key". */
function follows(last: TreeNode, next: TreeNode, parentPath: string): boolean {
  const before = INDEXED.exec(relativeName(last, parentPath));
  const after = INDEXED.exec(relativeName(next, parentPath));
  if (!before || !after) return false;
  return before[1] === after[1] && Number(before[2]) < Number(after[2]);
}

/** Whether two repetitions take so nearly the same that one row is enough for them. */
export function closeInEnergy(one: TreeNode, other: TreeNode): boolean {
  const [first, next] = [one.whole ?? one, other.whole ?? other];
  if (!first.energy || !next.energy) return first.energy === next.energy;
  const { joules, source } = first.energy;
  const larger = Math.max(joules, next.energy.joules);
  const tolerance = source === "estimated" ? ESTIMATE_TOLERANCE : FOLD_TOLERANCE;
  return (
    source === next.energy.source && Math.abs(joules - next.energy.joules) <= tolerance * larger
  );
}

/** Numbers for what nodes do: two nodes of one number have the same structure and work. */
export class Shapes {
  readonly #numbers = new Map<string, number>();
  readonly #numberOf = new Map<TreeNode, number>();
  readonly #nodes = new Map<number, TreeNode[]>();

  /** Adds a node whose children have been added. */
  add(node: TreeNode): void {
    const whole = node.whole ?? node;
    const {
      latencySeconds: _latency,
      predictedSeconds: _predicted,
      waitingSeconds: _waiting,
      resources: _resources,
      ...work
    } = whole.features;
    const shape = JSON.stringify([
      node.className,
      node.primitive,
      node.type,
      whole.energy === null,
      whole.flags.map(flagCode).filter((code) => code !== LAUNCH_BOUND),
      work,
      node.children.map((child) => [relativeName(child, node.path), this.#numberOf.get(child)]),
    ]);
    const number = this.#numbers.get(shape) ?? this.#numbers.size;
    this.#numbers.set(shape, number);
    this.#numberOf.set(node, number);
    const alike = this.#nodes.get(number);
    if (alike) alike.push(node);
    else this.#nodes.set(number, [node]);
  }

  /** All nodes that do the same as `node`, itself included. */
  alike(node: TreeNode): readonly TreeNode[] {
    return this.#nodes.get(this.#numberOf.get(node) ?? -1) ?? [node];
  }

  /** Whether `next` repeats `last`, its sibling: the next number of the name, the same work. */
  repeats(last: TreeNode, next: TreeNode, parentPath: string): boolean {
    return (
      follows(last, next, parentPath) && this.#numberOf.get(last) === this.#numberOf.get(next)
    );
  }
}
