// The rows of a comparison: pairs of nodes, those of alike layers folded, and what differs.

import type { Energy, TreeNode } from "../data/report.js";
import { isUntested } from "../data/said.js";
import { alignTrees, type Pair } from "./aligning.js";
import { closeInEnergy, groupName, relativeName, Shapes } from "./folding.js";
import { Outline, type Row } from "./outline.js";
import { ownJoules, searchedText } from "./rows.js";

export type PairRow = Row<Pair>;
export type Verdict =
  | "significant"
  | "within intervals"
  | "no difference"
  | "no verdict"
  | "only before"
  | "only after"
  | "unknown";

export const PAIR_SORTS = ["order", "difference"] as const;

/** What is not there needs nothing. */
export const NOTHING: Energy = { joules: 0, low: 0, high: 0, source: "" };

/** A smaller part of the energy is no difference. */
const ROUNDING = 1e-9;

/** Joules of the nodes on one side of a row: what is not there needs none; null if unknown. */
export function sideOf(row: Pick<PairRow, "members">, side: "before" | "after"): number | null {
  let sum = 0;
  for (const { [side]: node } of row.members) {
    if (node && !node.energy) return null;
    sum += node?.energy?.joules ?? 0;
  }
  return sum;
}

/** What the second report spends more; null where one of them is unknown. */
export function differenceOf(row: Pick<PairRow, "members">): number | null {
  const [before, after] = [sideOf(row, "before"), sideOf(row, "after")];
  return before === null || after === null ? null : after - before;
}

/** The difference as a fraction of the first report's joules; null where there are none. */
export function changeOf(row: Pick<PairRow, "members">): number | null {
  const difference = differenceOf(row);
  const before = sideOf(row, "before") ?? 0;
  return difference !== null && before > 0 ? difference / before : null;
}

/** As `is_significant` in Python; null where an energy is unknown, or its interval not tested. */
export function significanceOf({ before, after }: Pair): boolean | null {
  const [first, second] = [before, after].map((node) => (node ? node.energy : NOTHING));
  if (!first || !second || [before, after].some((node) => node && isUntested(node))) return null;
  return first.high < second.low || second.high < first.low;
}

/** Significant: the two intervals do not overlap. Pairs that share a row agree in it. */
export function verdictOf(pair: Pair): Verdict {
  const { before, after } = pair;
  if (!before) return "only after";
  if (!after) return "only before";
  if (!before.energy || !after.energy) return "unknown";
  const [first, second] = [before.energy.joules, after.energy.joules];
  if (Math.abs(second - first) <= ROUNDING * Math.max(first, second)) return "no difference";
  const isApart = significanceOf(pair);
  if (isApart === null) return "no verdict";
  return isApart ? "significant" : "within intervals";
}

const pairDifference = (pair: Pair): number | null => differenceOf({ members: [pair] });

/** Whether all that is said of two pairs of the same structure is the same, down to the leaves. */
function agree(a: Pair, b: Pair): boolean {
  const verdict = verdictOf(a);
  if (verdict !== verdictOf(b)) return false;
  const isMore = (pair: Pair): boolean => (pairDifference(pair) ?? 0) > 0;
  if (verdict === "significant" && isMore(a) !== isMore(b)) return false;
  return a.children.every((child, place) => agree(child, b.children[place] as Pair));
}

const sides = ({ before, after }: Pair): TreeNode[] => [before, after].filter((node) => node !== null);

export class Pairs extends Outline<Pair> {
  readonly top: readonly PairRow[];
  readonly root: Pair;
  /** The largest decrease of a row, at most 0, and the largest increase. */
  readonly extremes: readonly [number, number];
  readonly #shapes = new Shapes();
  readonly #before = new Map<string, Pair>();
  readonly #after = new Map<string, Pair>();

  constructor(before: TreeNode | null, after: TreeNode | null, isByWeight = false) {
    super(isByWeight);
    this.root = alignTrees(before, after);
    this.index(this.root, null, (pair) => JSON.stringify([pair.before?.path, pair.after?.path]));
    const visit = (pair: Pair): void => {
      if (pair.before) this.#before.set(pair.before.path, pair);
      if (pair.after) this.#after.set(pair.after.path, pair);
      pair.children.forEach(visit);
      for (const node of sides(pair)) this.#shapes.add(node);
    };
    visit(this.root);
    // Percent are of the first report's total on both sides, so that they can be compared.
    const whole = before?.energy?.joules ?? 0;
    this.top = this.rows([this.entry([this.root], null, whole)], null);
    const differences: number[] = [0];
    const collect = (row: PairRow): void => {
      differences.push(differenceOf(row) ?? 0);
      this.childrenOf(row).forEach(collect);
    };
    this.top.forEach(collect);
    this.extremes = [
      differences.reduce((least, each) => Math.min(least, each)),
      differences.reduce((most, each) => Math.max(most, each)),
    ];
  }

  /** The pair of the node at `path`, of the second report first. */
  find(path: string): Pair | null {
    return path ? (this.#after.get(path) ?? this.#before.get(path) ?? null) : this.root;
  }

  pathOf({ before, after }: Pair): string {
    return (after ?? before)?.path ?? "";
  }

  weightOf(row: PairRow): number | null {
    const difference = differenceOf(row);
    return difference === null ? null : Math.abs(difference);
  }

  textOf(pair: Pair): string {
    return sides(pair).map(searchedText).join("\n");
  }

  protected repeats(last: Pair, next: Pair, parent: Pair): boolean {
    return (["before", "after"] as const).every((side) => {
      const [a, b] = [last[side], next[side]];
      return a && b ? this.#shapes.repeats(a, b, parent[side]?.path ?? "") : a === b;
    });
  }

  protected isClose(first: Pair, next: Pair): boolean {
    const close = (a: TreeNode | null, b: TreeNode | null): boolean =>
      a && b ? closeInEnergy(a, b) : a === b;
    return close(first.before, next.before) && close(first.after, next.after) && agree(first, next);
  }

  ownOf(pair: Pair): number {
    const { before, after } = pair;
    if (!before || !after) return pairDifference(pair) ?? 0;
    if (!before.energy || !after.energy) return 0;
    const own = ownJoules(after) - ownJoules(before);
    const size = Math.max(before.energy.joules, after.energy.joules);
    return Math.abs(own) > ROUNDING * size ? own : 0;
  }

  /** What only one report has differs as a whole. */
  protected override partsOf(pair: Pair): Pair[][] {
    return pair.before && pair.after ? super.partsOf(pair) : [];
  }

  protected words(
    members: readonly Pair[],
    parent: Pair | null,
  ): Pick<PairRow, "label" | "detail"> {
    const first = members[0] as Pair;
    const names = (pair: Pair): string[] =>
      (["before", "after"] as const).flatMap((side) => {
        const node = pair[side];
        return node ? [relativeName(node, parent?.[side]?.path ?? null)] : [];
      });
    const classes = told(sides(first).map((node) => node.className));
    if (members.length > 1) {
      const detail = groupName(members.map((pair) => names(pair)[0] ?? ""));
      return { label: `${members.length} × ${classes}`, detail };
    }
    const label = told(names(first));
    return { label, detail: classes === label ? "" : classes };
  }
}

/** "encoder → transformer"; once where both are the same, or one is missing. */
const told = (names: readonly string[]): string => [...new Set(names)].join(" → ");
