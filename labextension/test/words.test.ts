import { describe, expect, it } from "vitest";
import { readReport } from "../src/tree/data/report.js";
import {
  counterLine,
  flagLines,
  observerLine,
  partRows,
  phaseRows,
  provenance,
  resourceLine,
  warnings,
} from "../src/tree/data/words.js";
import { bert, node, report } from "./reports.js";

const read = (more: Record<string, unknown>) => readReport(bert(1, more));
const part = (name: string, kind: string, seconds: number, joules: number | null) => ({
  name,
  kind,
  seconds,
  joules,
});
const measured = { joules: 30, scope: "CPU package", counters: [], reason: null };

describe("words around the tree", () => {
  it("counts flags, the gravest first, and says what they mean", () => {
    const children = [
      node("a", "A", 1, [], { flags: ["extrapolated: wide", "estimated"] }),
      node("b", "B", 1, [], { flags: ["extrapolated: wide; long", "odd_code: strange"] }),
      node("c", "C", 1, [], { flags: ["incomplete"] }),
    ];
    expect(flagLines(readReport(report(node("", "M", 3, children))))).toEqual([
      { sign: "⚠", text: "incomplete (1 node): the run failed half-way; only what ran is counted" },
      {
        sign: "≈",
        text: "estimated (1 node): no regressor fits; a declared fallback with a wide interval",
      },
      { sign: "↗", text: "extrapolated (2 nodes): wide; long" },
      { sign: "⚠", text: "odd code (1 node): strange" },
    ]);
  });

  it("says each note once, after the flags", () => {
    expect(warnings(read({ notes: ["hot", "hot"] })).map((line) => line.text)).toEqual([
      "estimated (1 node): no profile fits Embedding",
      "hot",
    ]);
  });

  it("lists parts only where they tell more than the tree", () => {
    const parts = [part("Bert", "model", 1, 10), part("rest", "rest", 2, null)];
    expect(partRows(read({ parts }))).toEqual([]);
    const training = [...parts, part("backward passes", "backward", 3, null)];
    expect(partRows(read({ parts: training }))).toEqual([
      ["Bert (forward)", "1.00 s", "10.0 J"],
      ["rest", "2.00 s", "not measured"],
      ["backward passes", "3.00 s", "not measured"],
      ["The whole cell", "6.00 s", "–"],
    ]);
    const known = [part("Bert", "model", 1, 10), part("rest", "rest", 2, 20)];
    expect(partRows(read({ parts: known, measured })).at(-1)).toEqual([
      "The whole cell",
      "3.00 s",
      "30.0 J",
    ]);
  });

  it("has a row for each phase", () => {
    const phase = { phase: "decode", model: "M", calls: 3, tokens: 6, seconds: 0.6, joules: 12 };
    expect(phaseRows(read({ phases: [phase] }))).toEqual([
      ["M decode", "3", "6", "600 ms", "12.0 J", "2.00 J", "100 ms"],
    ]);
  });

  it("tells what counters, machine and watching were", () => {
    const counters = [
      { name: "package-0", joules: 30, used: true },
      { name: "dram", used: false, reason: "inside the package" },
    ];
    const found = read({
      measured: { ...measured, counters },
      resources: {
        duration_seconds: 2,
        cpu_percent: 41.6,
        memory_percent_mean: 12,
        memory_percent_max: 20,
        gpus: [{ name: "H100", utilisation_percent: 88, watts: 412.4 }],
        overhead_seconds: 0.001,
        notes: ["no NVML"],
      },
      observer: { stages: { recording: 0.05, replay: null }, during_seconds: 0.05, percent: 2.5 },
    });
    expect(counterLine(found)).toBe(
      "Energy counters here: package-0 30.0 J; dram not counted: inside the package",
    );
    expect(resourceLine(found)).toBe(
      "This machine meanwhile: 2.00 s, CPU 42 %, memory 12 % (most 20 %), H100 88 % 412 W, " +
        "sampling took 1.00 ms, no NVML",
    );
    expect(observerLine(found)).toBe(
      "Watching added 50.0 ms (2.5 %) to the cell; in all: recording 50.0 ms",
    );
    expect(provenance(found)).toBe(
      "Part of what was measured on this machine (CPU package), divided as predicted for " +
        "GTX 1080 Ti PC",
    );
  });

  it("says why nothing was measured, without the advice behind the semicolon", () => {
    const counters = [{ name: "RAPL", used: false, reason: "not readable; try sudo" }];
    const found = read({ measured: { joules: null, scope: "", counters } });
    expect(counterLine(found)).toContain("No energy was measured here (not readable);");
    expect(counterLine(read({}))).toBe("");
  });
});
