// What a report holds beside its tree: phases of generate(), parts of the cell, what was measured.
// Everything may be absent; the words for it come with the report (`said.ts`).

import {
  isObject,
  list,
  number,
  numberOrNull,
  object,
  text,
  unwrapped,
  type Json,
} from "./json.js";

/** Of one model: prefill or decode of its generations, or a part of its training steps. */
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

const roots = new WeakMap<Phase, unknown>();
/** The JSON of a phase's tree: it is read when it is shown (`phases.ts`). */
export const rootOf = (phase: Phase): unknown => roots.get(phase);

/** A part of the cell: a model's forward passes, backward, optimiser, rest. */
export interface Part {
  name: string;
  kind: string;
  seconds: number | null;
  joules: number | null;
  basis: string;
}

/** This machine's energy counters around the cell; `joules` is null where they say too little. */
export interface Measured {
  joules: number | null;
  scope: string;
}

export interface Surroundings {
  parts: Part[];
  measured: Measured | null;
  /** Whether there is what only Python tells of: counters, samples, what watching cost. */
  hasMore: boolean;
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
  const read = {
    phase: text(phase.phase),
    model: text(phase.model),
    calls: number(phase.calls, 1),
    tokens: number(phase.tokens),
    seconds: numberOrNull(phase.seconds),
    joules: number(phase.joules),
    joulesAt,
  };
  roots.set(read, phase.root);
  return read;
}

function readPart(value: unknown): Part {
  const part = object(value);
  return {
    name: text(part.name),
    kind: text(part.kind),
    seconds: numberOrNull(part.seconds),
    joules: numberOrNull(part.joules),
    basis: text(part.basis),
  };
}

export function readSurroundings(report: Json): Surroundings {
  const measured = isObject(report.measured) ? report.measured : null;
  return {
    parts: list(report.parts).map(readPart),
    measured: measured && { joules: numberOrNull(measured.joules), scope: text(measured.scope) },
    hasMore: [measured, report.observer, report.resources].some((each) => each != null),
  };
}
