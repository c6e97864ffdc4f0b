// A report's JSON in full, as `report.save` writes it: a notebook holds large ones in brief.

import { isObject, list, number, object, unwrapped, type Json } from "./json.js";
import { readLike } from "./report.js";

const joulesOf = (node: Json): number => number(object(node.energy).joules);

function fullNode(value: Json, like: Json | null): Json {
  const below = list(like?.children).map(object);
  const children = readLike(value.children, below, fullNode);
  const { like: _, ...own } = value;
  const explained = children.reduce((sum, child) => sum + joulesOf(child), 0);
  return {
    path: "",
    type: like?.type,
    class_name: like?.class_name,
    primitive: like?.primitive ?? null,
    energy: null,
    own_joules: isObject(value.energy) ? Math.max(0, joulesOf(value) - explained) : null,
    flags: like?.flags ?? [],
    ...own,
    features: { ...object(like?.features), ...object(value.features) },
    children,
  };
}

const fullTree = (root: unknown): unknown =>
  root == null ? null : fullNode(object(unwrapped(root)), null);

/** A text of many runs has a list for each key. */
function fullRuns(runs: unknown): unknown {
  if (typeof runs !== "string") return runs;
  const columns = Object.entries(object(unwrapped(runs)));
  return list(columns[0]?.[1]).map((_, row) =>
    Object.fromEntries(columns.map(([key, values]) => [key, list(values)[row]])),
  );
}

/** `data`, which `readReport` has read, with nothing left out. */
export function fullReport(data: unknown): Json {
  const report = object(data);
  return {
    ...report,
    root: fullTree(report.root),
    not_run: list(report.not_run).map(fullTree),
    runs: fullRuns(report.runs),
    ...("phases" in report && {
      phases: list(report.phases).map((phase) => ({
        ...object(phase),
        root: fullTree(object(phase).root),
      })),
    }),
    ...("configuration" in report && { configuration: unwrapped(report.configuration) }),
    ...("said" in report && { said: unwrapped(report.said) }),
    ...("trend" in report && { trend: unwrapped(report.trend) }),
    resources: unwrapped(report.resources) ?? null,
  };
}
