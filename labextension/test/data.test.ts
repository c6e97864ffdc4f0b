import { describe, expect, it } from "vitest";
import { DataError, readReport } from "../src/tree/data.js";
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
    expect(read).toMatchObject({ parts: [], observer: null, resources: null, phases: [] });
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

  it("knows what each phase takes of each node", () => {
    const root = (bert().root as ReturnType<typeof node>) ?? null;
    const phase = { phase: "decode", model: "Bert", calls: 3, tokens: 6, joules: 4, root };
    const [read] = readReport(bert(1, { phases: [phase] })).phases;
    expect(read).toMatchObject({ phase: "decode", tokens: 6, joules: 4, seconds: null });
    expect(read?.joulesAt.get("pooler")).toBe(0.25);
  });
});
