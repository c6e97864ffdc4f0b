// The details of one row of a comparison: both nodes, feature by feature.

import {
  formatBytes,
  formatCount,
  formatEnergy,
  formatFlops,
  formatInterval,
  formatLarge,
  formatShare,
  NO_VALUE,
  type Unit,
} from "../data/format.js";
import type { Report, TreeNode } from "../data/report.js";
import { INTERVAL, isUntested } from "../data/said.js";
import { make, nameOf, unbroken } from "../grid/dom.js";
import type { Pair } from "../rows/aligning.js";

export function renderSides(
  { before, after }: Pair,
  reports: readonly [Report, Report],
  labels: readonly [string, string],
  shown: Unit,
): HTMLElement {
  const unit: Unit = shown === "%" ? "J" : shown;
  const head = make("tr", "", {}, make("td", ""));
  for (const label of labels) head.append(make("th", "", { scope: "col" }, nameOf(label, "")));
  const table = make("table", "table", { "aria-label": "Both sides" }, head);
  const line = (name: string, text: (node: TreeNode, report: Report) => string): void => {
    const values = [
      before ? text(before, reports[0]) : "",
      after ? text(after, reports[1]) : "",
    ];
    if (values.every((value) => !value)) return;
    const cells = values.map((value) => {
      return make("td", "", {}, nameOf(unbroken(value) || NO_VALUE, ""));
    });
    table.append(make("tr", "", {}, make("th", "", { scope: "row" }, name), ...cells));
  };
  line("Class", (node) => node.className);
  line("Path", (node) => node.path);
  line("Energy", (node) => formatEnergy(node.energy?.joules ?? null, unit, 0));
  const isRange = [before, after].some((node) => node && isUntested(node));
  line(isRange ? "Range" : INTERVAL, ({ energy }) =>
    energy ? formatInterval(energy.low, energy.high, energy.joules, unit, 0) : "",
  );
  line("Own energy", (node) =>
    node.children.length && node.ownJoules !== null ? formatEnergy(node.ownJoules, unit, 0) : "",
  );
  line("Share of total", (node, report) => {
    const whole = report.root?.energy?.joules ?? 0;
    return node.energy && whole > 0 ? formatShare(node.energy.joules / whole) : "";
  });
  line("Source", (node) => node.energy?.source ?? "");
  line("Calls", (node) => formatCount(node.features.calls));
  line("Compute", ({ features }) => (features.flops ? formatFlops(features.flops) : ""));
  line("Memory traffic", ({ features }) => (features.bytes ? formatBytes(features.bytes) : ""));
  line("Parameters", ({ features }) =>
    features.numParameters ? formatLarge(features.numParameters) : "",
  );
  line("Flags", (node) => node.flags.join("; "));
  return table;
}
