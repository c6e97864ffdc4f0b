import { describe, expect, it } from "vitest";
import { fullReport } from "../src/tree/data/full.js";
import { DataError, readReport } from "../src/tree/data/report.js";
import { bert, node, report } from "./reports.js";

describe("readReport", () => {
  it.each([null, [], "x", { kind: "other" }, { kind: "irene.energy", schema_version: 2 }])(
    "refuses %j",
    (value) => expect(() => readReport(value)).toThrow(DataError),
  );

  it("refuses trees deeper than Python writes", () => {
    let root = node("leaf", "Leaf", 1);
    for (let level = 0; level < 300; level++) root = node("x", "X", 1, [root]);
    expect(() => readReport(report(root))).toThrow("deeper than 256");
  });

  it("takes wrong types for absent ones", () => {
    const odd = { path: 3, energy: { joules: "much" }, features: [], flags: "x", children: {} };
    const read = readReport(
      report(null, { root: odd, parts: 3, observer: [], resources: "no", phases: {}, notes: [1] }),
    );
    expect(read.root).toMatchObject({ path: "", flags: [], children: [] });
    expect(read.root?.energy?.joules).toBe(0);
    expect(read).toMatchObject({ parts: [], measured: null, phases: [] });
    expect(read.notes).toEqual([]);
  });

  it("takes own energy that is only rounding for none", () => {
    const root = node("", "Model", 1, [node("leaf", "Leaf", 1)], { own_joules: 1e-15 });
    expect(readReport(report(root)).root?.ownJoules).toBe(0);
  });

  it("keeps a node without energy as unknown", () => {
    const root = node("", "Model", 1, [], { energy: null, own_joules: null });
    expect(readReport(report(root)).root?.energy).toBeNull();
  });

  it("reads what a node leaves out from the sibling that it is like", () => {
    const full = { num_parameters: 7, flops: 3, calls: 2, dtype: "float32", input_shapes: [[8, 1]] };
    type More = Parameters<typeof node>[4];
    const layer = (index: number, inner: More, more: More) =>
      node(`${index}`, "Layer", 1, [node(`${index}.query`, "Linear", 1, [], inner)], more);
    const first = layer(0, { primitive: "Linear", features: full }, { features: { bytes: 5 } });
    const second = layer(
      1,
      { primitive: undefined, features: { latency_seconds: 0.5, flops: 4 } },
      { like: "0", features: {} },
    );
    const other = layer(2, { features: {} }, { features: {} });
    const read = readReport(report(node("", "Model", 3, [first, second, other]))).root?.children;
    expect(read?.[1]?.features).toMatchObject({ bytes: 5, latencySeconds: null });
    expect(read?.[1]?.children[0]).toMatchObject({ path: "1.query", primitive: "Linear" });
    expect(read?.[1]?.children[0]?.features).toEqual({
      ...read?.[0]?.children[0]?.features,
      flops: 4,
      latencySeconds: 0.5,
    });
    expect(read?.[1]?.children[0]?.features.inputShapes).toEqual(["8 × 1"]);
    expect(read?.[2]?.children[0]).toMatchObject({ primitive: null, features: { flops: 0 } });
  });

  it("reads a tree that is a text, as notebooks hold it", () => {
    const energy = (joules: number) => ({ joules, low: joules, high: joules, source: "predicted" });
    const brief = {
      path: "",
      type: "model",
      class_name: "Model",
      energy: energy(5),
      children: [
        {
          path: "0",
          type: "module",
          class_name: "Layer",
          energy: energy(2),
          flags: ["estimated: here and there"],
          children: [
            {
              path: "0.query",
              type: "ml",
              class_name: "Linear",
              primitive: "Linear",
              energy: energy(1.5),
              features: { flops: 3, input_shapes: [[8, 1]] },
            },
          ],
        },
        { path: "1", like: "0", energy: energy(3), children: [{ path: "1.query", flags: [] }] },
      ],
    };
    const data = report(null, {
      root: JSON.stringify(brief),
      resources: JSON.stringify({ duration_seconds: 2 }),
      phases: [{ phase: "decode", model: "M", joules: 5, root: JSON.stringify(brief) }],
    });
    const read = readReport(data);
    const [first, second] = read.root?.children ?? [];
    expect(read.root).toMatchObject({ ownJoules: 0, flags: [], primitive: null });
    expect(first).toMatchObject({ ownJoules: 0.5, flags: ["estimated: here and there"] });
    expect(second).toMatchObject({ className: "Layer", type: "module", ownJoules: 3 });
    expect(second?.flags).toEqual(first?.flags);
    expect(second?.children[0]).toMatchObject({ className: "Linear", energy: null, ownJoules: null });
    expect(second?.children[0]?.features).toMatchObject({ flops: 3, inputShapes: ["8 × 1"] });
    expect(read.hasMore).toBe(true);
    expect(read.phases[0]?.joulesAt.get("0.query")).toBe(1.5);

    // Saved as a file it is whole.
    const whole = fullReport(data);
    expect(readReport(whole)).toEqual(read);
    expect(whole.resources).toEqual({ duration_seconds: 2 });
    const layer = (whole.root as { children: Record<string, unknown>[] }).children[1];
    expect(layer).toEqual({
      path: "1",
      type: "module",
      class_name: "Layer",
      primitive: null,
      energy: energy(3),
      own_joules: 3,
      flags: ["estimated: here and there"],
      features: {},
      children: [
        {
          path: "1.query",
          type: "ml",
          class_name: "Linear",
          primitive: "Linear",
          energy: null,
          own_joules: null,
          flags: [],
          features: { flops: 3, input_shapes: [[8, 1]] },
          children: [],
        },
      ],
    });
    expect(fullReport(whole)).toEqual(whole);
  });

  it.each(["", "x", "[]", "3", '"{}"', "{", "[".repeat(100_000)])("refuses the text %#", (root) => {
    expect(() => readReport(report(null, { root }))).toThrow(DataError);
    expect(() => readReport(report(null, { not_run: [root] }))).toThrow(DataError);
  });

  it("refuses a text that is deeper than Python writes", () => {
    const root = '{"children":['.repeat(300) + "{}" + "]}".repeat(300);
    expect(() => readReport(report(null, { root }))).toThrow("deeper than 256");
  });

  it("knows what each phase takes of each node", () => {
    const root = (bert().root as ReturnType<typeof node>) ?? null;
    const phase = { phase: "decode", model: "Bert", calls: 3, tokens: 6, joules: 4, root };
    const [read] = readReport(bert(1, { phases: [phase] })).phases;
    expect(read).toMatchObject({ phase: "decode", tokens: 6, joules: 4, seconds: null });
    expect(read?.joulesAt.get("pooler")).toBe(0.25);
  });

  it("writes in full the runs that a notebook holds as a text", () => {
    const runs = JSON.stringify({ model: ["M", "N"], seconds: [null, 0.5], shape: [[8, 1], []] });
    const full = fullReport(bert(1, { runs }));
    expect(full.runs).toEqual([
      { model: "M", seconds: null, shape: [8, 1] },
      { model: "N", seconds: 0.5, shape: [] },
    ]);
    expect(fullReport(bert(1, { runs: "[3" })).runs).toEqual([]);
    expect(fullReport(full).runs).toEqual(full.runs);
  });
});
