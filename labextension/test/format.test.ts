import { describe, expect, it } from "vitest";
import {
  digits,
  formatBytes,
  formatChange,
  formatDifference,
  formatEnergy,
  formatInterval,
  formatLarge,
  formatShare,
} from "../src/tree/data/format.js";
import { shade } from "../src/tree/draw/palette.js";

describe("numbers", () => {
  it.each([
    [0, "0"],
    [0.0001, "<0.001"],
    [0.0124, "0.0124"],
    [1.2345, "1.23"],
    [999.6, "1,000"],
    [1240.4, "1,240"],
  ])("%d has three digits", (value, expected) => expect(digits(value)).toBe(expected));

  it.each([
    [0.9996, "J", "1.00 J"],
    [0.25, "J", "250 mJ"],
    [0.25, "mJ", "250 mJ"],
    [3600, "Wh", "1.00 Wh"],
    [5, "%", "50.0 %"],
    [2500, "J", "2.50 kJ"],
  ] as const)("%d J in %s", (joules, unit, expected) =>
    expect(formatEnergy(joules, unit, 10)).toBe(expected),
  );

  it("does not make up what is unknown", () => {
    expect(formatEnergy(null, "J", 10)).toBe("–");
    expect(formatShare(null)).toBe("–");
    expect(formatEnergy(1, "%", 0)).toBe("–");
    expect(formatDifference(null, "J", 1)).toBe("–");
    expect(formatChange(null)).toBe("–");
  });

  it("writes an interval in one unit", () => {
    expect(formatInterval(0.9, 1.2, 1, "J", 10)).toBe("0.900–1.20 J");
    expect(formatInterval(0.9, 1.2, 1, "%", 10)).toBe("9.00–12.0 %");
  });

  it("signs differences", () => {
    expect(formatDifference(-0.31, "J", 1)).toBe("−310 mJ");
    expect(formatDifference(1.5, "J", 1)).toBe("+1.50 J");
    expect(formatDifference(0, "J", 1)).toBe("0 J");
    expect(formatChange(0.125)).toBe("+12.5 %");
    expect(formatChange(12)).toBe("+1,200 %");
  });

  it("writes shares, sizes and counts", () => {
    expect(["0.00001", "0.0004", "0.312", "1"].map((share) => formatShare(Number(share)))).toEqual([
      "<0.01 %",
      "0.04 %",
      "31.2 %",
      "100 %",
    ]);
    expect(formatBytes(4096)).toBe("4.00 KiB");
    expect(formatLarge(109_482_240)).toBe("109 M");
  });
});

describe("shade", () => {
  it("is figure 5's palette, by the root of the share", () => {
    expect(shade(0).fill).toBe("rgb(255, 245, 235)");
    expect(shade(1).fill).toBe("rgb(127, 39, 4)");
    expect(shade(0.25).fill).toBe("rgb(253, 141, 60)");
    expect(shade(null)).toEqual(shade(0));
  });

  it("can always be read (WCAG AA)", () => {
    const luminance = (rgb: number[]): number =>
      rgb
        .map((value) => value / 255)
        .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))
        .reduce((sum, value, at) => sum + value * ([0.2126, 0.7152, 0.0722][at] as number), 0);
    for (let share = 0; share <= 1; share += 0.01) {
      const { fill, ink } = shade(share);
      const paper = luminance(fill.match(/\d+/g)!.map(Number)) + 0.05;
      const text = (ink === "#ffffff" ? 1 : 0) + 0.05;
      expect(Math.max(paper, text) / Math.min(paper, text)).toBeGreaterThanOrEqual(4.5);
    }
  });
});
