// What is said of a report from before reports said it themselves, or whose words are damaged.

import { formatCount, formatEnergy, formatSeconds, NO_VALUE } from "./format.js";
import type { Report, TreeNode } from "./report.js";
import { flagCode, WARNING_SIGN, type Said, type Table, type Warning } from "./said.js";

/** As `irene_jupyter/report/words.py` has it; a reference device is never called this machine. */
function provenance({ device: { label, kind }, measured, root }: Omit<Report, "said">): string {
  const source = root?.energy?.source;
  if (measured?.joules != null && root) {
    const whole = source === "measured" ? "Measured" : "Part of what was measured";
    return `${whole} on this machine (${measured.scope}), divided as predicted for ${label}`;
  }
  if (kind === "estimated") return `Estimated for ${label}, by its load and the times measured here`;
  if (source === "measured") return `Measured on ${label}`;
  if (source === "replayed") return `Measured on repeated runs on ${label}`;
  if (source === "simulated") {
    return `Simulated for ${label}: a meter that is not hardware had a part in it`;
  }
  const isEstimated = source === "estimated";
  const verb = isEstimated ? "Estimated" : "Predicted";
  if (kind !== "calibrated") return `${verb} for ${label} (reference device), not this machine`;
  const why = isEstimated ? ": no profile fits, the interval is wide" : "";
  return `${verb} for ${label} (calibrated device)${why}`;
}

function flags(trees: readonly TreeNode[]): Warning[] {
  const found = new Map<string, { nodes: Set<TreeNode>; reasons: Set<string> }>();
  const visit = (node: TreeNode): void => {
    for (const flag of node.flags) {
      const code = flagCode(flag);
      const entry = found.get(code) ?? { nodes: new Set(), reasons: new Set() };
      found.set(code, entry);
      entry.nodes.add(node);
      entry.reasons.add(flag.slice(code.length + 1).trim());
    }
    node.children.forEach(visit);
  };
  trees.forEach(visit);
  return [...found].map(([code, { nodes, reasons }]) => {
    const why = [...reasons].filter(Boolean).slice(0, 3).join("; ");
    const count = `${formatCount(nodes.size)} node${nodes.size === 1 ? "" : "s"}`;
    return [WARNING_SIGN, `${code} (${count})${why && `: ${why}`}`];
  });
}

const joulesText = (joules: number | null): string =>
  joules === null ? NO_VALUE : formatEnergy(joules, "J", 0);
const secondsText = (seconds: number | null): string =>
  seconds === null ? NO_VALUE : formatSeconds(seconds);
const table = (columns: string[], rows: string[][]): Table | null =>
  rows.length ? { columns, rows, legend: "" } : null;

export function unsaid(report: Omit<Report, "said">): Said {
  const { root, notRun, phases, parts } = report;
  return {
    title: root
      ? `${root.className}: ${joulesText(root.energy?.joules ?? null)}`
      : "No PyTorch model was built or run in this cell.",
    provenance: provenance(report),
    interval: "90 % interval",
    flags: flags(root ? [root, ...notRun] : notRun),
    phases: table(
      ["phase", "calls", "tokens", "time here", "energy"],
      phases.map(({ model, phase, calls, tokens, seconds, joules }) => [
        `${model} ${phase}`,
        formatCount(calls),
        formatCount(tokens),
        secondsText(seconds),
        joulesText(joules),
      ]),
    ),
    parts: table(
      ["part of the cell", "time here", "energy"],
      parts.map(({ name, seconds, joules, basis }) => [
        name,
        secondsText(seconds),
        joules === null
          ? "not measured"
          : joulesText(joules) + (["predicted", "timed"].includes(basis) ? " predicted" : ""),
      ]),
    ),
    lines: report.hasMore
      ? ["What counters and samplers found is not shown here: irene.load_report() tells it."]
      : [],
  };
}
