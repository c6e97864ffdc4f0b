// The pane beside the tree: everything that is known about the selected node.

import type { TreeNode } from "./data.js";
import { make, nameOf } from "./dom.js";
import {
  digits,
  formatBytes,
  formatCount,
  formatEnergy,
  formatFlops,
  formatInterval,
  formatSeconds,
  formatShare,
  type Unit,
} from "./format.js";
import { joulesOf, ownJoulesOf, type Item } from "./items.js";

function facts(node: TreeNode, item: Item, unit: Unit): [string, string][] {
  const own: Unit = unit === "%" ? "J" : unit;
  const { energy, features } = node;
  const joules = (value: number): string => formatEnergy(value, own, item.whole);
  const rows: [string, string][] = [["Type", node.type]];
  const add = (label: string, value: string | null): void => {
    if (value) rows.push([label, value]);
  };
  add("Primitive", node.primitive);
  add("Operation", features.operation);
  if (energy) {
    add("Energy", joules(energy.joules));
    if (energy.high > energy.low) {
      add("90 % interval", formatInterval(energy.low, energy.high, energy.joules, own));
    }
    if (item.whole > 0) {
      const label = item.outside ? "Share of its model" : "Share of total";
      add(label, formatShare(energy.joules / item.whole));
    }
    const parent = item.parent?.node ? item.parent : item.parent?.parent;
    const above = parent ? joulesOf(parent) : null;
    if (above) add("Share of parent", formatShare(energy.joules / above));
    const beyond = ownJoulesOf(item);
    if (node.children.length && beyond !== null) add("Own energy", joules(beyond));
    add("Source", energy.source);
  } else {
    add("Energy", "unknown");
  }
  add("Calls", formatCount(features.calls));
  if (features.latencySeconds !== null) add("Latency", formatSeconds(features.latencySeconds));
  if (features.flops) add("Compute", formatFlops(features.flops));
  if (features.bytes) add("Memory traffic", formatBytes(features.bytes));
  if (features.flops && features.bytes) {
    add("Intensity", `${digits(features.flops / features.bytes)} FLOP/B`);
  }
  if (features.numParameters) add("Parameters", formatCount(features.numParameters));
  add("Inputs", features.inputShapes.join(", "));
  add("Outputs", features.outputShapes.join(", "));
  add("Data type", features.dtype);
  add("Ran on", features.device);
  for (const [name, value] of features.resources) add(name.replaceAll("_", " "), digits(value));
  return rows;
}

/** The pane's content for `item`, a row with a node. */
export function renderDetail(item: Item, unit: Unit): DocumentFragment {
  const fragment = document.createDocumentFragment();
  const node = item.node;
  if (!node) return fragment;
  fragment.append(make("h3", "detail-title", {}, nameOf(node.className, "detail-class")));
  if (node.path) fragment.append(make("p", "detail-path", {}, nameOf(node.path, "path")));
  if (item.outside) fragment.append(make("p", "detail-outside", {}, "Not in the total"));
  if (node.flags.length) {
    const flags = make("ul", "flags", { "aria-label": "Flags" });
    for (const flag of node.flags) flags.append(make("li", "note", {}, flag));
    fragment.append(flags);
  }
  const list = make("dl", "facts");
  for (const [label, value] of facts(node, item, unit)) {
    list.append(make("dt", "", {}, label), make("dd", "", {}, value));
  }
  fragment.append(list);
  return fragment;
}
