import { deflateSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { inflated } from "../src/tree/data/deflated.js";
import { unwrapped } from "../src/tree/data/json.js";

const VALUE = { path: "é–", twice: [1, 1, 1, 1, 1, 1, 1, 1] };
const packed = (text: string, bytes = new TextEncoder().encode(text).length): string =>
  `zlib:${bytes}:${deflateSync(text).toString("base64")}`;

describe("inflated", () => {
  it("reads what Python deflated", () => {
    // As written by report/deflated.py.
    const python = "zlib:42:eNqrVipILMlQslI6vPJRw2QlHaWS8szkVCWraEMdFBhbCwA7Uw0D";
    expect(unwrapped(python)).toEqual(VALUE);
  });

  it("leaves other texts alone", () => {
    for (const text of ["", "{}", "zlib", "zlib:x:", "[1]"]) expect(inflated(text)).toBe(text);
  });

  it("takes what is damaged for absent", () => {
    const whole = packed(JSON.stringify(VALUE).repeat(50));
    for (const text of ["zlib:3:", "zlib:3:%", "zlib:3:AAAA", whole.slice(0, 40)]) {
      expect(unwrapped(text)).toBeNull();
    }
  });

  it("makes no more than it was told, and refuses too much", () => {
    const bomb = "[".repeat(1e6);
    expect(inflated(packed(bomb, 10))).toHaveLength(10);
    expect(() => inflated(packed(bomb, 999_999_999))).toThrow("too long");
  });
});
