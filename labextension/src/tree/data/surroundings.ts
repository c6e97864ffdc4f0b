// What a report tells beside its tree: phases of generate(), parts of the cell, counters, the
// machine meanwhile, and what watching cost. Everything may be absent.

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
} from "./json.js";

/** Prefill or decode of one model that ran generate(). */
export interface Phase {
  phase: string;
  model: string;
  calls: number;
  tokens: number;
  seconds: number | null;
  joules: number;
  /** Joules of this phase alone, by path. */
  joulesAt: ReadonlyMap<string, number>;
}

/** A part of the cell: a model's forward passes, backward, optimiser, rest. */
export interface Part {
  name: string;
  kind: string;
  seconds: number | null;
  joules: number | null;
}

export interface Counter {
  name: string;
  joules: number | null;
  used: boolean;
  reason: string | null;
}

/** This machine's energy counters around the cell; `joules` is null where they say too little. */
export interface Measured {
  joules: number | null;
  scope: string;
  reason: string | null;
  counters: Counter[];
}

export interface Observer {
  stages: [string, number][];
  duringSeconds: number;
  percent: number | null;
}

export interface Resources {
  seconds: number | null;
  cpuPercent: number | null;
  memoryPercent: number | null;
  memoryPercentMost: number | null;
  gpus: { name: string; percent: number | null; watts: number | null }[];
  overheadSeconds: number | null;
  notes: string[];
}

export interface Surroundings {
  parts: Part[];
  measured: Measured | null;
  observer: Observer | null;
  resources: Resources | null;
}

export function readPhase(value: unknown): Phase {
  const phase = object(value);
  const joulesAt = new Map<string, number>();
  const waiting: unknown[] = [unwrapped(phase.root)];
  while (waiting.length) {
    const node = waiting.pop();
    if (!isObject(node)) continue;
    const joules = numberOrNull(object(node.energy).joules);
    if (joules !== null) joulesAt.set(text(node.path), joules);
    waiting.push(...list(node.children));
  }
  return {
    phase: text(phase.phase),
    model: text(phase.model),
    calls: number(phase.calls, 1),
    tokens: number(phase.tokens),
    seconds: numberOrNull(phase.seconds),
    joules: number(phase.joules),
    joulesAt,
  };
}

function readPart(value: unknown): Part {
  const part = object(value);
  return {
    name: text(part.name),
    kind: text(part.kind),
    seconds: numberOrNull(part.seconds),
    joules: numberOrNull(part.joules),
  };
}

function readCounter(value: unknown): Counter {
  const counter = object(value);
  return {
    name: text(counter.name),
    joules: numberOrNull(counter.joules),
    used: counter.used === true,
    reason: textOrNull(counter.reason),
  };
}

function readObserver(value: unknown): Observer | null {
  if (!isObject(value)) return null;
  return {
    stages: Object.entries(object(value.stages)).map(([name, seconds]) => [name, number(seconds)]),
    duringSeconds: number(value.during_seconds),
    percent: numberOrNull(value.percent),
  };
}

function readResources(value: unknown): Resources | null {
  if (!isObject(value)) return null;
  return {
    seconds: numberOrNull(value.duration_seconds),
    cpuPercent: numberOrNull(value.cpu_percent),
    memoryPercent: numberOrNull(value.memory_percent_mean),
    memoryPercentMost: numberOrNull(value.memory_percent_max),
    gpus: list(value.gpus).map((entry) => {
      const gpu = object(entry);
      return {
        name: text(gpu.name) || "GPU",
        percent: numberOrNull(gpu.utilisation_percent),
        watts: numberOrNull(gpu.watts),
      };
    }),
    overheadSeconds: numberOrNull(value.overhead_seconds),
    notes: texts(value.notes),
  };
}

export function readSurroundings(report: Record<string, unknown>): Surroundings {
  const measured = isObject(report.measured) ? report.measured : null;
  return {
    parts: list(report.parts).map(readPart),
    measured: measured && {
      joules: numberOrNull(measured.joules),
      scope: text(measured.scope),
      reason: textOrNull(measured.reason),
      counters: list(measured.counters).map(readCounter),
    },
    observer: readObserver(report.observer),
    resources: readResources(unwrapped(report.resources)),
  };
}
