// Reading JSON that may come from anywhere: what has the wrong type is as good as absent.

import { inflated } from "./deflated.js";

export type Json = Record<string, unknown>;

export const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);
export const object = (value: unknown): Json => (isObject(value) ? value : {});
export const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
export const text = (value: unknown): string => (typeof value === "string" ? value : "");
export const textOrNull = (value: unknown): string | null => text(value) || null;
export const texts = (value: unknown): string[] => list(value).map(text).filter(Boolean);
export const numberOrNull = (value: unknown): number | null =>
  typeof value === "number" && Number.isFinite(value) ? value : null;
export const number = (value: unknown, otherwise = 0): number => numberOrNull(value) ?? otherwise;

/** The JSON in `value`, which is a text of it in notebooks; null where the text is none. */
export function unwrapped(value: unknown): unknown {
  if (typeof value !== "string") return value;
  try {
    return JSON.parse(inflated(value));
  } catch {
    return null;
  }
}
