// What a reader takes away: a row on the clipboard; the report as JSON, CSV, SVG.

import { formatShare } from "../data/format.js";
import { joulesIn, phaseNames } from "../data/phases.js";
import type { Report, TreeNode } from "../data/report.js";
import { joulesOf, shareOf, shareOfParent, sourceOf, type Item } from "../rows/items.js";

/** As in `report.to_dataframe()`. */
const COLUMNS = [
  "path",
  "depth",
  "type",
  "class_name",
  "primitive",
  "calls",
  "joules",
  "low",
  "high",
  "source",
  "share_of_root",
  "share_of_parent",
  "own_joules",
  "flops",
  "bytes",
  "num_parameters",
  "latency_seconds",
  "predicted_seconds",
  "waiting_seconds",
  "flags",
];

type Value = string | number | boolean | null;

/** A value of a CSV file (RFC 4180). A spreadsheet must not take a name for a formula. */
function field(value: Value): string {
  if (value === null) return "";
  if (typeof value !== "string") return String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** The text of a CSV file. */
export const csv = (lines: readonly (readonly Value[])[]): string =>
  lines.map((line) => `${line.map(field).join(",")}\r\n`).join("");

/** Cells of a row for the clipboard, between tabs. */
export const tabbed = (cells: readonly string[]): string =>
  cells.map((text) => text.replace(/[\t\r\n]+/g, " ")).join("\t");

/** One line for each node in the total, parents first. */
export function csvText(report: Report): string {
  const phases = phaseNames(report);
  const inPhases = phases.map((name) => joulesIn(name, report));
  const lines: Value[][] = [[...COLUMNS, ...phases.map((name) => `joules_${name}`)]];
  const whole = report.root?.energy?.joules ?? null;
  const part = (joules: number | null, of: number | null): number | null =>
    joules !== null && of ? joules / of : null;
  const visit = (node: TreeNode, depth: number, above: number | null): void => {
    const { energy, features } = node;
    const joules = energy?.joules ?? null;
    lines.push([
      node.path,
      depth,
      node.type,
      node.className,
      node.primitive,
      features.calls,
      joules,
      energy?.low ?? null,
      energy?.high ?? null,
      energy?.source ?? null,
      part(joules, whole),
      part(joules, above),
      node.ownJoules,
      features.flops,
      features.bytes,
      features.numParameters,
      features.latencySeconds,
      features.predictedSeconds,
      features.waitingSeconds,
      node.flags.join("; "),
      ...inPhases.map((joules) => joules(node)),
    ]);
    for (const child of node.children) visit(child, depth + 1, joules);
  };
  if (report.root) visit(report.root, 0, null);
  return csv(lines);
}

/** A row for the clipboard. */
export function rowText(item: Item): string {
  const name = item.node ? item.node.path || item.label : item.label;
  const joules = joulesOf(item);
  return tabbed([
    name,
    item.node ? item.node.className : item.detail,
    formatShare(shareOf(item)),
    joules === null ? "unknown" : `${joules} J`,
    `${formatShare(shareOfParent(item))} of parent`,
    sourceOf(item) ?? "",
  ]);
}

/** The class of a report's model. */
export const modelOf = (report: Report): string =>
  report.root?.className ?? report.notRun[0]?.className ?? "";

/** Model and time, so that a second report does not take the place of the first. */
export const reportName = (report: Report): string =>
  [modelOf(report), report.created.replace(/:|\+.*$/g, "")].filter(Boolean).join("_");

/** A name for a file, of letters that every system takes. */
export const fileName = (name: string, ending: string): string =>
  `${name.replace(/[^A-Za-z0-9_-]+/g, "_").slice(0, 60) || "report"}.${ending}`;

/** Has the browser save `text` as a file. */
export function download(name: string, text: string, mediaType: string): void {
  const address = URL.createObjectURL(new Blob([text], { type: mediaType }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  // The browser has begun to read it once the click is handled.
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/** Puts `text` on the clipboard; false where the browser does not allow it. */
export async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Not a secure context, or not allowed: the older way.
    const field = document.createElement("textarea");
    field.value = text;
    const before = document.activeElement;
    document.body.append(field);
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    if (before instanceof HTMLElement) before.focus({ preventScroll: true });
    return done;
  }
}
