// The report's JSON (schema version 1), read defensively: it may come from any notebook.

import {
  isObject,
  list,
  number,
  numberOrNull,
  object,
  text,
  textOrNull,
  texts,
  unwrapped,
  type Json,
} from "./json.js";
import { readSaid, type Said } from "./said.js";
import { readPhase, readSurroundings, type Phase, type Surroundings } from "./surroundings.js";
import { unsaid } from "./unsaid.js";

export interface Energy {
  joules: number;
  low: number;
  high: number;
  source: string;
}

export interface Features {
  numParameters: number;
  flops: number;
  bytes: number;
  calls: number;
  inputShapes: string[];
  outputShapes: string[];
  dtype: string | null;
  device: string | null;
  latencySeconds: number | null;
  /** By the profile of a board; null where it ran. */
  predictedSeconds: number | null;
  /** Of these, in which a GPU waited for its host. */
  waitingSeconds: number | null;
  operation: string | null;
  resources: [string, number][];
}

export interface TreeNode {
  path: string;
  type: string;
  className: string;
  primitive: string | null;
  energy: Energy | null;
  ownJoules: number | null;
  features: Features;
  flags: string[];
  children: TreeNode[];
  /** In the tree of a phase: the same node in all phases, by which it folds. */
  whole?: TreeNode;
}

/** A row of the table of runs, as `irene_jupyter/report/runs.py` makes them. */
export interface RunRow {
  label: string;
  /** 1 for a part of the row above. */
  level: number;
  calls: number;
  /** The least and the greatest. */
  batchSize: [number, number] | null;
  seqLen: [number, number] | null;
  /** Different inputs. */
  sizes: number;
  /** Of the first input, where batch size and length do not tell a size from others. */
  shape: string | null;
  tokens: number;
  seconds: number | null;
  joules: number | null;
}

export interface Report extends Surroundings {
  mode: string;
  /** When it was made, ISO 8601. */
  created: string;
  root: TreeNode | null;
  notRun: TreeNode[];
  runRows: RunRow[];
  phases: Phase[];
  device: { label: string; kind: string };
  notes: string[];
  said: Said;
  /** Where its tree is that of one phase. */
  shownPhase?: string;
}

/** What is wrong with the data, in words for the reader of the notebook. */
export class DataError extends Error {}

/** The same bound as `irene_jupyter.tree.MAX_DEPTH`. */
const MAX_DEPTH = 256;
const ROUNDING = 1e-9;
const MOST_OLD_RUNS = 6;

function readShapes(value: unknown): string[] {
  return list(value).map((shape) => {
    const sizes = list(shape).map((size) => number(size));
    return sizes.length ? sizes.join(" × ") : "scalar";
  });
}

/**
 * What no child explains, null where the energy is unknown. It may be left out, and it is a
 * difference: what is left of it by rounding is nothing.
 */
function readOwn(value: Json, energy: Energy | null, children: TreeNode[]): number | null {
  if (!energy) return null;
  const below = children.reduce((sum, child) => sum + (child.energy?.joules ?? 0), 0);
  const own = number(value.own_joules, energy.joules - below);
  return own < energy.joules * ROUNDING ? 0 : own;
}

export const NO_FEATURES: Features = {
  numParameters: 0,
  flops: 0,
  bytes: 0,
  calls: 1,
  inputShapes: [],
  outputShapes: [],
  dtype: null,
  device: null,
  latencySeconds: null,
  predictedSeconds: null,
  waitingSeconds: null,
  operation: null,
  resources: [],
};

/** What `value` leaves out is as in `like`. */
function readFeatures(value: unknown, like: Features): Features {
  const features = object(value);
  const shapes = (key: string, otherwise: string[]): string[] =>
    key in features ? readShapes(features[key]) : otherwise;
  return {
    numParameters: number(features.num_parameters, like.numParameters),
    flops: number(features.flops, like.flops),
    bytes: number(features.bytes, like.bytes),
    calls: number(features.calls, like.calls),
    inputShapes: shapes("input_shapes", like.inputShapes),
    outputShapes: shapes("output_shapes", like.outputShapes),
    dtype: textOrNull(features.dtype) ?? like.dtype,
    device: textOrNull(features.device) ?? like.device,
    latencySeconds: numberOrNull(features.latency_seconds) ?? like.latencySeconds,
    predictedSeconds: numberOrNull(features.predicted_seconds) ?? like.predictedSeconds,
    waitingSeconds: numberOrNull(features.waiting_seconds) ?? like.waitingSeconds,
    operation: textOrNull(features.operation) ?? like.operation,
    resources: isObject(features.resources)
      ? Object.entries(features.resources).map(([key, item]) => [key, number(item)])
      : like.resources,
  };
}

/**
 * What the children in `value` are read as, each with its counterpart: the earlier sibling whose
 * path is its `like`, or else the child at the same place of the parent's own counterpart `like`.
 */
export function readLike<T extends object>(
  value: unknown,
  like: readonly T[] | undefined,
  read: (child: Json, like: T | null) => T,
): T[] {
  const earlier = new Map<string, T>();
  return list(value).map((child, index) => {
    if (!isObject(child)) throw new DataError("a node is not an object");
    const named = typeof child.like === "string" ? earlier.get(child.like) : like?.[index];
    const node = read(child, named ?? null);
    const path = text(child.path);
    if (!earlier.has(path)) earlier.set(path, node);
    return node;
  });
}

/** What `value` leaves out is as in `like`, or nothing. */
function readNode(value: Json, depth: number, like: TreeNode | null): TreeNode {
  if (depth > MAX_DEPTH) throw new DataError(`the tree is deeper than ${MAX_DEPTH} levels`);
  const given = isObject(value.energy) ? value.energy : null;
  const joules = number(given?.joules);
  const energy = given && {
    joules,
    low: number(given.low, joules),
    high: number(given.high, joules),
    source: text(given.source),
  };
  const children = readLike(value.children, like?.children, (child, other) =>
    readNode(child, depth + 1, other),
  );
  return {
    path: text(value.path),
    type: text(value.type) || (like?.type ?? ""),
    className: text(value.class_name) || (like?.className ?? ""),
    primitive: textOrNull(value.primitive) ?? like?.primitive ?? null,
    energy,
    ownJoules: readOwn(value, energy, children),
    features: readFeatures(value.features, like?.features ?? NO_FEATURES),
    flags: "flags" in value ? texts(value.flags) : (like?.flags ?? []),
    children,
  };
}

export function readTree(value: unknown): TreeNode {
  const root = unwrapped(value);
  if (!isObject(root)) throw new DataError("a tree is neither an object nor JSON of one");
  return readNode(root, 0, null);
}

function readRange(value: unknown): [number, number] | null {
  const [least, most] = list(value).map(numberOrNull);
  return least == null || most == null ? null : [least, most];
}

function readRunRow(value: unknown): RunRow {
  const row = object(value);
  return {
    label: text(row.label),
    level: number(row.level),
    calls: number(row.calls, 1),
    batchSize: readRange(row.batch_size),
    seqLen: readRange(row.seq_len),
    sizes: number(row.sizes, 1),
    shape: Array.isArray(row.shape) ? (readShapes([row.shape])[0] ?? null) : null,
    tokens: number(row.tokens),
    seconds: numberOrNull(row.seconds),
    joules: numberOrNull(row.joules),
  };
}

/** The rows of a report from before they were in it: of its first runs, each on its own. */
function readOldRuns(value: unknown): RunRow[] {
  return list(value).slice(0, MOST_OLD_RUNS).map((entry) => {
    const run = object(entry);
    const status = run.status === "run" ? "" : text(run.status).replaceAll("_", " ");
    return readRunRow({
      ...run,
      label: [text(run.model), text(run.phase), status].filter(Boolean).join(", "),
      batch_size: [run.batch_size, run.batch_size],
      seq_len: [run.seq_len, run.seq_len],
    });
  });
}

/** The report in `value`. Throws `DataError` where it is none, or of another schema version. */
export function readReport(value: unknown): Report {
  if (!isObject(value) || value.kind !== "irene.energy") {
    throw new DataError("this is not an energy report");
  }
  if (value.schema_version !== 1) {
    throw new DataError(
      `the report has schema version ${String(value.schema_version)}, this view reads version 1; ` +
        "update irene-jupyter",
    );
  }
  const device = object(value.device);
  const report = {
    mode: text(value.mode),
    created: text(value.created),
    root: value.root == null ? null : readTree(value.root),
    notRun: list(value.not_run).map(readTree),
    runRows: "run_rows" in value
      ? list(value.run_rows).map(readRunRow)
      : readOldRuns(value.runs),
    phases: list(value.phases).map(readPhase),
    device: { label: text(device.label) || text(device.name) || "an unnamed device", kind: text(device.kind) },
    ...readSurroundings(value),
    notes: texts(value.notes),
  };
  const said = readSaid(value.said, report.root?.energy ?? null, device.label);
  return { ...report, said: said ?? unsaid(report) };
}
