// @ts-expect-error: vitest runs in Node, whose types are not installed
import { constants, deflateSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { inflated } from "../src/tree/data/deflated.js";
import { unwrapped } from "../src/tree/data/json.js";

const VALUE = { path: "é–", twice: [1, 1, 1, 1, 1, 1, 1, 1] };
const bytesOf = (text: string): number => new TextEncoder().encode(text).length;
const packed = (text: string, how: object = {}, bytes = bytesOf(text)): string =>
  `zlib:${bytes}:${deflateSync(text, how).toString("base64")}`;

/** The same numbers at each run. */
function* random(seed: number): Generator<number> {
  for (;;) yield (seed = (seed * 16807) % 2147483647) / 2147483647;
}

function texts(): string[] {
  const next = random(7);
  const number = (): number => next.next().value as number;
  const rows = (count: number): string =>
    JSON.stringify(Array.from({ length: count }, (_, index) => [`layer.${index}.é`, number()]));
  return ["", "a", "ab".repeat(400), rows(10), rows(5000), "x".repeat(300_000), `${rows(2000)}–😀`];
}

describe("inflated", () => {
  it("reads what Python deflated", () => {
    // As written by report/deflated.py.
    const python = "zlib:42:eNqrVipILMlQslI6vPJRw2QlHaWS8szkVCWraEMdFBhbCwA7Uw0D";
    expect(unwrapped(python)).toEqual(VALUE);
  });

  it.each([
    ["best", { level: 9 }],
    ["stored", { level: 0 }],
    ["fixed codes", { strategy: constants.Z_FIXED }],
    ["no copies", { strategy: constants.Z_HUFFMAN_ONLY }],
    ["many blocks", { memLevel: 1 }],
  ])("reads every kind of block: %s", (_, how) => {
    for (const text of texts()) expect(inflated(packed(text, how)) === text).toBe(true);
  });

  it("leaves other texts alone", () => {
    for (const text of ["", "{}", "zlib", "zlib:x:", "[1]"]) expect(inflated(text)).toBe(text);
  });

  it("takes what is damaged for absent", () => {
    const whole = packed(JSON.stringify(VALUE).repeat(50));
    for (const text of ["zlib:3:", "zlib:3:%", "zlib:3:AAAA", whole.slice(0, 40)]) {
      expect(unwrapped(text)).toBeNull();
    }
    const next = random(3);
    const long = packed(texts()[4]!);
    for (let index = 0; index < 60; index++) {
      const place = 20 + Math.floor((next.next().value as number) * (long.length - 30));
      const damaged = `${long.slice(0, place)}AAAA${long.slice(place + 4)}`;
      expect(() => unwrapped(damaged)).not.toThrow();
    }
  });

  it("makes no more than it was told, and refuses too much", () => {
    const bomb = "[".repeat(1e6);
    expect(() => inflated(packed(bomb, {}, 10))).toThrow("damaged");
    expect(() => inflated(packed(bomb, {}, 2e6))).toThrow("damaged");
    expect(() => inflated(packed(bomb, {}, 999_999_999))).toThrow("too long");
  });
});
