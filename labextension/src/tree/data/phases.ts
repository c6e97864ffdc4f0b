// A report as one of its phases has it: the same tree, with what the phase took of each node.

import { DataError, NO_FEATURES, readTree, type Energy, type Report, type TreeNode } from "./report.js";
import { rootOf, type Phase } from "./surroundings.js";

/** In the order of a training step, or of a generation; those of several models are one. */
export const phaseNames = (report: Report): string[] => [
  ...new Set(report.phases.map(({ phase }) => phase)),
];

const STEP: readonly string[] = ["forward", "backward", "optimiser"];

/** What all phases together are called. */
export const wholeName = (report: Report): string =>
  phaseNames(report).every((name) => STEP.includes(name)) ? "Whole step" : "All phases";

/** Joules of `phase` at each node of the report's tree; null where it is in none. */
export function joulesIn(phase: string, report: Report): (node: TreeNode) => number | null {
  const found = report.phases.filter((each) => each.phase === phase);
  return ({ path, children }) => {
    for (const { joulesAt } of found) {
      const joules = joulesAt.get(path);
      if (joules !== undefined) return joules;
    }
    // The cell above several models.
    return !path && children.length && found.length
      ? found.reduce((sum, { joules }) => sum + joules, 0)
      : null;
  };
}

function nodesOf(phases: readonly Phase[]): Map<string, TreeNode> {
  const nodes = new Map<string, TreeNode>();
  const visit = (node: TreeNode): void => {
    nodes.set(node.path, node);
    node.children.forEach(visit);
  };
  for (const phase of phases) {
    try {
      visit(readTree(rootOf(phase)));
    } catch (error) {
      if (!(error instanceof DataError)) throw error; // a damaged file: nothing is known of it
    }
  }
  return nodes;
}

function summed(energies: readonly (Energy | null)[]): Energy | null {
  const known = energies.flatMap((energy) => energy ?? []);
  return known.reduce<Energy | null>(
    (sum, { joules, low, high, source }) => ({
      joules: (sum?.joules ?? 0) + joules,
      low: (sum?.low ?? 0) + low,
      high: (sum?.high ?? 0) + high,
      source: sum?.source ?? source,
    }),
    null,
  );
}

/** The report with the tree of one phase: rows fold, and are found, as in the whole. */
export function inPhase(report: Report, phase: string): Report {
  const nodes = nodesOf(report.phases.filter((each) => each.phase === phase));
  const visit = (whole: TreeNode): TreeNode => {
    const children = whole.children.map(visit);
    const found = nodes.get(whole.path);
    const energy = found ? found.energy : whole.path ? null : summed(children.map((n) => n.energy));
    return {
      ...whole,
      energy,
      ownJoules: found ? found.ownJoules : energy && 0,
      features: found?.features ?? { ...NO_FEATURES, calls: 0 },
      flags: found?.flags ?? [],
      children,
      whole,
    };
  };
  return { ...report, root: report.root && visit(report.root), notRun: [], shownPhase: phase };
}
