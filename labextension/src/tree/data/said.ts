// What a report says of itself: made once, by `irene_jupyter/report/said.py`, and drawn as it is.

import { isObject, text, unwrapped } from "./json.js";
import type { Energy } from "./report.js";

export interface Table {
  columns: string[];
  rows: string[][];
  legend: string;
}

/** A line that warns, behind its sign. */
export type Warning = [sign: string, text: string];

export interface Said {
  title: string;
  /** Whose energy it is, and how it is known. */
  provenance: string;
  /** Beside an estimate for this machine: what another device would need. */
  elsewhere?: string;
  /** How much a training step takes, and where it goes; empty or missing without training. */
  training?: string;
  /** The same in a few words: "1.78 J a step". */
  training_short?: string;
  /** What an interval is called. */
  interval: string;
  flags: Warning[];
  phases: Table | null;
  parts: Table | null;
  /** Counters, the machine meanwhile, what watching cost. */
  lines: string[];
  /** What the models were given, where that is one number; null or missing where it is not. */
  work?: { queries: number | null; tokens: number | null };
}

/** Codes of flags whose node has a declared range in place of a tested interval. */
export const UNTESTED: readonly string[] = ["estimated", "extrapolated"];

export const WARNING_SIGN = "⚠";

/** The code of a flag "code: explanation". */
export const flagCode = (flag: string): string => flag.split(":", 1)[0]?.trim() ?? "";

/** More than Python says: a file may hold anything. */
const MOST = 2000;

const isTexts = (value: unknown, length?: number): value is string[] =>
  Array.isArray(value) &&
  value.length <= (length ?? MOST) &&
  value.length >= (length ?? 0) &&
  value.every((each) => typeof each === "string");

const isRows = (value: unknown, length: number): boolean =>
  Array.isArray(value) && value.length <= MOST && value.every((row) => isTexts(row, length));

const isAmount = (value: unknown): boolean =>
  value === null || (Number.isSafeInteger(value) && (value as number) >= 0);

const isWork = (value: unknown): boolean =>
  value === undefined || (isObject(value) && isAmount(value.queries) && isAmount(value.tokens));

const isTable = (value: unknown): boolean =>
  value === null ||
  (isObject(value) &&
    isTexts(value.columns) &&
    isRows(value.rows, value.columns.length) &&
    typeof value.legend === "string");

/** What `value` says; null where it is damaged, or was said of another root or device. */
export function readSaid(value: unknown, energy: Energy | null, device: unknown): Said | null {
  const said = unwrapped(value);
  const isSound =
    isObject(said) &&
    said.joules === (energy?.joules ?? null) &&
    said.source === (energy?.source ?? null) &&
    isTexts([said.title, said.provenance, said.interval, said.elsewhere ?? ""]) &&
    isTexts([said.training ?? "", said.training_short ?? ""]) &&
    text(said.provenance).includes(text(device)) &&
    isRows(said.flags, 2) &&
    isTable(said.phases) &&
    isTable(said.parts) &&
    isTexts(said.lines) &&
    isWork(said.work);
  return isSound ? (said as unknown as Said) : null;
}
