// The pane beside the tree: everything that is known about the selected node.

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
} from "../data/format.js";
import type { Report, TreeNode } from "../data/report.js";
import { make, nameOf, unbroken } from "../grid/dom.js";
import { intervalOf, ownJoulesOf, shareOf, shareOfParent, type Item } from "../rows/items.js";
import type { Rows } from "../rows/rows.js";

type Facts = [string, string][];

/** "12, together 3.74 J (23.1 %)": nodes elsewhere in the tree that do the same. */
function alikeText(node: TreeNode, item: Item, rows: Rows, unit: Unit): string | null {
  const alike = rows.alike(node);
  if (alike.length < 2) return null;
  const joules = alike.reduce((sum, other) => sum + (other.energy?.joules ?? 0), 0);
  const share = item.whole > 0 ? ` (${formatShare(joules / item.whole)})` : "";
  return `${alike.length}, together ${formatEnergy(joules, unit, item.whole)}${share}`;
}

function energyFacts(
  node: TreeNode,
  item: Item,
  rows: Rows,
  unit: Unit,
  { said: { interval }, shownPhase: phase }: Report,
): Facts {
  const facts: Facts = [];
  const { energy } = node;
  if (!energy) return [["Energy", phase ? `none in ${phase}` : "unknown"]];
  const joules = (value: number): string => formatEnergy(value, unit, item.whole);
  facts.push(["Energy", joules(energy.joules)]);
  const ends = intervalOf(item);
  if (ends) facts.push([interval, formatInterval(...ends, energy.joules, unit, item.whole)]);
  const share = shareOf(item);
  if (share !== null) {
    const whole = item.outside ? "its model" : (phase ?? "total");
    facts.push([`Share of ${whole}`, formatShare(share)]);
  }
  const ofParent = shareOfParent(item);
  if (ofParent !== null) facts.push(["Share of parent", formatShare(ofParent)]);
  const own = ownJoulesOf(item);
  if (node.children.length && own !== null) facts.push(["Own energy", joules(own)]);
  const alike = alikeText(node, item, rows, unit);
  if (alike) facts.push(["Alike nodes", alike]);
  facts.push(["Source", energy.source]);
  return facts;
}

function workFacts(node: TreeNode): Facts {
  const { features } = node;
  const facts: Facts = [["Calls", formatCount(features.calls)]];
  const add = (label: string, value: string | null): void => {
    if (value) facts.push([label, value]);
  };
  const { latencySeconds: latency, predictedSeconds: predicted, waitingSeconds: waited } = features;
  const seconds = latency ?? predicted;
  if (latency !== null) add("Latency", formatSeconds(latency));
  else if (predicted !== null) add("Predicted time", formatSeconds(predicted));
  if (seconds && waited !== null) {
    add("Waited for its host", `${formatSeconds(waited)} (${formatShare(waited / seconds)})`);
  }
  if (features.flops) add("Compute", formatFlops(features.flops));
  if (features.bytes) add("Memory traffic", formatBytes(features.bytes));
  if (features.flops && features.bytes) {
    add("Arithmetic intensity", `${digits(features.flops / features.bytes)} FLOP/B`);
  }
  if (features.numParameters) add("Parameters", formatCount(features.numParameters));
  add("Inputs", features.inputShapes.join(", "));
  add("Outputs", features.outputShapes.join(", "));
  add("Data type", features.dtype);
  add("Ran on", features.device);
  for (const [name, value] of features.resources) add(name.replaceAll("_", " "), digits(value));
  return facts;
}

/** What each phase took of it. */
function phaseFacts(node: TreeNode, item: Item, report: Report, unit: Unit): Facts {
  if (item.outside) return [];
  return report.phases.flatMap((phase): Facts => {
    const joules = phase.joulesAt.get(node.path);
    if (joules === undefined) return [];
    const all = (node.whole ?? node).energy?.joules ?? 0;
    const share = all > 0 ? ` (${formatShare(Math.min(1, joules / all))})` : "";
    return [[`In ${phase.phase}`, formatEnergy(joules, unit, item.whole) + share]];
  });
}

/** The pane's content for `item`, a row with a node. */
export function renderDetail(item: Item, report: Report, rows: Rows, unit: Unit): DocumentFragment {
  const fragment = document.createDocumentFragment();
  const node = item.node;
  if (!node) return fragment;
  fragment.append(make("h3", "detail-title", {}, nameOf(node.className, "detail-class")));
  if (node.path) fragment.append(make("p", "detail-path", {}, nameOf(node.path, "path")));
  if (item.outside) fragment.append(make("p", "detail-outside", {}, "Not in the total"));
  if (node.flags.length) {
    const flags = make("ul", "flags", { "aria-label": "Flags" });
    for (const flag of node.flags) flags.append(make("li", "note", {}, nameOf(flag, "")));
    fragment.append(flags);
  }
  const own: Unit = unit === "%" ? "J" : unit;
  const kind: Facts = [["Type", node.type]];
  if (node.primitive) kind.push(["Primitive", node.primitive]);
  if (node.features.operation) kind.push(["Operation", node.features.operation]);
  const list = make("dl", "facts");
  for (const [label, value] of [
    ...energyFacts(node, item, rows, own, report),
    ...phaseFacts(node, item, report, own),
    ...workFacts(node),
    ...kind,
  ]) {
    list.append(make("dt", "", {}, label), make("dd", "", {}, nameOf(unbroken(value), "")));
  }
  fragment.append(list);
  return fragment;
}
