// The report's JSON (schema version 1), read defensively: it may come from any notebook.

import { isObject, list, number, numberOrNull, object, text, textOrNull, texts } from "./json.js";
import { readPhase, readSurroundings, type Phase, type Surroundings } from "./surroundings.js";

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
}

export interface Run {
  model: string;
  phase: string | null;
  status: string;
  calls: number;
  seconds: number | null;
  batchSize: number | null;
  seqLen: number | null;
  joules: number | null;
}

export interface Report extends Surroundings {
  mode: string;
  root: TreeNode | null;
  notRun: TreeNode[];
  runs: Run[];
  phases: Phase[];
  device: { label: string; kind: string };
  notes: string[];
}

/** What is wrong with the data, in words for the reader of the notebook. */
export class DataError extends Error {}

/** The same bound as `irene_jupyter.tree.MAX_DEPTH`. */
const MAX_DEPTH = 256;
const ROUNDING = 1e-9;

function readShapes(value: unknown): string[] {
  return list(value).map((shape) => {
    const sizes = list(shape).map((size) => number(size));
    return sizes.length ? sizes.join(" × ") : "scalar";
  });
}

/** Own energy is a difference: what is left of it by rounding is nothing. */
function readOwn(value: unknown, joules: number): number | null {
  const own = numberOrNull(value);
  return own !== null && own < joules * ROUNDING ? 0 : own;
}

const NO_FEATURES: Features = {
  numParameters: 0,
  flops: 0,
  bytes: 0,
  calls: 1,
  inputShapes: [],
  outputShapes: [],
  dtype: null,
  device: null,
  latencySeconds: null,
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
    operation: textOrNull(features.operation) ?? like.operation,
    resources: isObject(features.resources)
      ? Object.entries(features.resources).map(([key, item]) => [key, number(item)])
      : like.resources,
  };
}

/**
 * Nodes at `depth`, each with its counterpart: the earlier sibling whose path is its `like`, or
 * else the child at the same place of the parent's own counterpart.
 */
function readChildren(value: unknown, depth: number, like: TreeNode | null): TreeNode[] {
  const earlier = new Map<string, TreeNode>();
  return list(value).map((child, index) => {
    const named = isObject(child) && typeof child.like === "string" ? child.like : null;
    const other = named === null ? like?.children[index] : earlier.get(named);
    const node = readNode(child, depth, other ?? null);
    if (!earlier.has(node.path)) earlier.set(node.path, node);
    return node;
  });
}

function readNode(value: unknown, depth: number, like: TreeNode | null = null): TreeNode {
  if (!isObject(value)) throw new DataError("a node is not an object");
  if (depth > MAX_DEPTH) throw new DataError(`the tree is deeper than ${MAX_DEPTH} levels`);
  const energy = isObject(value.energy) ? value.energy : null;
  const joules = number(energy?.joules);
  return {
    path: text(value.path),
    type: text(value.type),
    className: text(value.class_name),
    primitive: textOrNull(value.primitive) ?? like?.primitive ?? null,
    energy: energy && {
      joules,
      low: number(energy.low, joules),
      high: number(energy.high, joules),
      source: text(energy.source),
    },
    ownJoules: readOwn(value.own_joules, joules),
    features: readFeatures(value.features, like?.features ?? NO_FEATURES),
    flags: texts(value.flags),
    children: readChildren(value.children, depth + 1, like),
  };
}

function readRun(value: unknown): Run {
  const run = object(value);
  return {
    model: text(run.model),
    phase: textOrNull(run.phase),
    status: text(run.status),
    calls: number(run.calls, 1),
    seconds: numberOrNull(run.seconds),
    batchSize: numberOrNull(run.batch_size),
    seqLen: numberOrNull(run.seq_len),
    joules: numberOrNull(run.joules),
  };
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
  return {
    mode: text(value.mode),
    root: value.root == null ? null : readNode(value.root, 0),
    notRun: list(value.not_run).map((node) => readNode(node, 0)),
    runs: list(value.runs).map(readRun),
    phases: list(value.phases).map(readPhase),
    device: { label: text(device.label) || text(device.name), kind: text(device.kind) },
    ...readSurroundings(value),
    notes: texts(value.notes),
  };
}
