import { describe, expect, it } from "vitest";
import { readReport } from "../src/tree/data/report.js";
import type { Pair } from "../src/tree/rows/aligning.js";
import {
  changeOf,
  differenceOf,
  Pairs,
  sideOf,
  significanceOf,
  verdictOf,
  type PairRow,
} from "../src/tree/rows/pairs.js";
import { search } from "../src/tree/rows/search.js";
import { bert, distilBert, leaf, node, report } from "./reports.js";

type NodeJson = ReturnType<typeof node>;

const pairsOf = (a: unknown, b: unknown) => new Pairs(readReport(a).root, readReport(b).root);
const ofChildren = (before: NodeJson[], after: NodeJson[]) =>
  pairsOf(report(node("", "M", 100, before)), report(node("", "M", 100, after)));
const names = (pairs: Pairs) =>
  pairs.root.children.map(({ before, after }) => `${before?.path ?? "–"} ${after?.path ?? "–"}`);
const one = (pair: Pair | null) => ({ members: [pair as Pair] });

function labels(source: Pick<Pairs, "top" | "childrenOf">): string[] {
  const visit = (row: PairRow): string[] => [
    row.label,
    ...(row.expanded ? source.childrenOf(row).flatMap(visit) : []),
  ];
  return source.top.flatMap(visit);
}

describe("aligned trees", () => {
  it("pair by name and type, then class, then primitive, then as similar modules", () => {
    const before = [
      node("same", "A", 1),
      node("q", "Linear", 1),
      node("k", "Linear", 1),
      node("gone", "Norm", 1),
      node("act", "Gelu", 1, [], { primitive: "gelu" }),
      node("block", "Block", 1, [leaf("block.x", "Linear", 1)]),
    ];
    const after = [
      node("k_lin", "Linear", 1),
      node("ffn", "FFN", 1, [leaf("ffn.x", "Linear", 1)]),
      node("same", "B", 1),
      node("v_lin", "Linear", 1),
      node("activation", "FastGelu", 1, [], { primitive: "gelu" }),
    ];
    expect(names(ofChildren(before, after))).toEqual([
      "same same",
      "q k_lin",
      "k v_lin",
      "gone –",
      "act activation",
      "block ffn",
    ]);
  });

  it("never pair an operation with one of another kind", () => {
    const eager = ["matmul_0", "softmax_0", "matmul_1"].map((path) =>
      node(path, path.slice(0, -2), 1),
    );
    const fused = [node("sdpa_0", "scaled_dot_product_attention", 2)];
    expect(names(ofChildren(eager, fused))).toEqual([
      "– sdpa_0",
      "matmul_0 –",
      "softmax_0 –",
      "matmul_1 –",
    ]);
  });

  it("pair layers by their names below parents of other names", () => {
    const layers = (stem: string, count: number) =>
      node(stem, stem, count, Array.from({ length: count }, (_, at) =>
        node(`${stem}.layer.${at}`, stem, 1, [leaf(`${stem}.layer.${at}.x`, "Linear", 1)]),
      ));
    const pairs = ofChildren([layers("encoder", 3)], [layers("transformer", 2)]);
    expect(pairs.find("transformer.layer.1")?.before?.path).toBe("encoder.layer.1");
    expect(pairs.find("encoder.layer.2")?.after).toBeNull();
  });

  it("do not pair modules of very different sizes", () => {
    const many = Array.from({ length: 9 }, (_, at) => leaf(`big.${at}`, "Linear", 1));
    const pairs = ofChildren(
      [node("small", "Small", 1, [leaf("small.x", "Linear", 1)])],
      [node("big", "Big", 9, many)],
    );
    expect(names(pairs)).toEqual(["– big", "small –"]);
  });

  it("put what is new behind what it follows", () => {
    const before = [node("a", "A", 1), node("c", "C", 1)];
    const after = [node("a", "A", 1), node("b", "B", 1, [node("b.x", "X", 1)]), node("c", "C", 1)];
    expect(names(ofChildren(before, after))).toEqual(["a a", "– b", "c c"]);
  });

  it("pair a model alone with itself among the several of a cell", () => {
    const inCell = { ...(bert().root as NodeJson), path: "bert" };
    const cell = report(node("", "Cell", 30, [inCell, node("gpt2", "GPT2Model", 20)]));
    const pairs = pairsOf(bert(), cell);
    expect(pairs.root.children.map((pair) => [pair.before?.className, pair.after?.className])).toEqual(
      [["BertModel", "BertModel"], [undefined, "GPT2Model"]],
    );
    expect(pairs.find("")).toBe(pairs.root);
  });

  it("align BERT with DistilBERT", () => {
    const pairs = pairsOf(bert(), distilBert());
    expect(pairs.top[0]?.label).toBe("BertModel → DistilBertModel");
    const encoder = pairs.find("transformer")!;
    expect(encoder.before?.path).toBe("encoder");
    expect(encoder.children.map(verdictOf)).toEqual(["significant", "only before", "only before"]);
    expect(pairs.find("transformer.layer.0.lin")?.before?.path).toBe("encoder.layer.0.output");
  });
});

describe("Pairs", () => {
  it("knows difference, change and significance", () => {
    const pairs = pairsOf(bert(), bert(2));
    expect(differenceOf(pairs.top[0]!)).toBeCloseTo(10);
    expect(changeOf(pairs.top[0]!)).toBeCloseTo(1);
    expect(verdictOf(pairs.root)).toBe("significant");
    expect(verdictOf(pairsOf(bert(), bert(1.2)).root)).toBe("within intervals");
    // Intervals that touch overlap: 0.9 × 4/3 = 1.2.
    expect(verdictOf(pairsOf(bert(), bert(1.3)).root)).toBe("within intervals");
    expect(verdictOf(pairsOf(bert(), bert(1.4)).root)).toBe("significant");
  });

  it("gives no verdict where a side is estimated or extrapolated", () => {
    const flagged = [leaf("a", "Linear", 1, { flags: ["extrapolated: larger"] }), leaf("b", "Linear", 1)];
    const pairs = ofChildren(flagged, [leaf("a", "Linear", 9), leaf("b", "Linear", 9)]);
    expect(pairs.root.children.map(verdictOf)).toEqual(["no verdict", "significant"]);
    expect(pairs.root.children.map(significanceOf)).toEqual([null, true]);
  });

  it("counts what only one has in full, without a percentage", () => {
    const pooler = pairsOf(distilBert(), bert()).find("pooler");
    expect(verdictOf(pooler!)).toBe("only after");
    expect(differenceOf(one(pooler))).toBeCloseTo(0.25);
    expect(changeOf(one(pooler))).toBeNull();
  });

  it("does not take unknown energy for none", () => {
    const pairs = pairsOf(bert(), report(node("", "BertModel", 1, [], { energy: null })));
    expect(differenceOf(pairs.top[0]!)).toBeNull();
    expect(verdictOf(pairs.root)).toBe("unknown");
  });

  it("folds alike layers, with the sums of both sides", () => {
    const pairs = pairsOf(bert(), bert(2));
    pairs.expandTo(2);
    expect(labels(pairs)).toEqual(["BertModel", "embeddings", "encoder", "3 × BertLayer", "pooler"]);
    const group = pairs.childrenOf(pairs.chain(pairs.find("encoder")!).at(-1)!)[0]!;
    expect([sideOf(group, "before"), sideOf(group, "after")]).toEqual([
      expect.closeTo(9),
      expect.closeTo(18),
    ]);
    expect(differenceOf(group)).toBeCloseTo(9);
    expect(changeOf(group)).toBeCloseTo(1);
    expect(group.detail).toBe("layer.0–2");
    pairs.expandTo(3);
    expect(labels(pairs)).toContain("layer.1");
    expect(pairs.extremes).toEqual([0, expect.closeTo(10)]);
    expect(pairsOf(bert(2), bert()).extremes).toEqual([expect.closeTo(-10), 0]);
  });

  it("folds apart what has a partner and what has none", () => {
    const pairs = pairsOf(bert(), distilBert());
    pairs.expandTo(2);
    expect(labels(pairs).slice(2, 5)).toEqual(["encoder → transformer", "layer.0", "2 × BertLayer"]);
  });

  it("does not fold layers of which one differs significantly, or the other way", () => {
    const layers = (joules: number[], width = 0.01) =>
      report(
        node("", "M", 10, joules.map((each, at) =>
          node(`layer.${at}`, "Layer", each, [], {
            energy: {
              joules: each, low: each - width, high: each + width, source: "measured",
            },
          }),
        )),
      );
    const shown = (a: unknown, b: unknown) => {
      const pairs = pairsOf(a, b);
      pairs.expandTo(1);
      return labels(pairs).slice(1);
    };
    expect(shown(layers([1, 1, 1]), layers([1.03, 1.03, 1.03]))).toEqual(["3 × Layer"]);
    expect(shown(layers([1, 1, 1]), layers([1.03, 1.03, 1.0]))).toEqual(["2 × Layer", "layer.2"]);
    expect(shown(layers([1, 1.04]), layers([1.03, 1.01]))).toEqual(["layer.0", "layer.1"]);
  });

  it("sorts by difference and back", () => {
    const pairs = pairsOf(bert(), distilBert());
    pairs.expandTo(1);
    const inOrder = ["embeddings", "encoder → transformer", "pooler"];
    expect(labels(pairs).slice(1)).toEqual(inOrder);
    pairs.sort(true);
    expect(labels(pairs).slice(1)).toEqual(["encoder → transformer", "pooler", "embeddings"]);
    pairs.sort(false);
    expect(labels(pairs).slice(1)).toEqual(inOrder);
  });

  it("follows the difference: what only one has is a whole, layers count together", () => {
    const found = pairsOf(bert(), distilBert()).foremost()!;
    expect(found.node.before?.path).toBe("encoder.layer.1");
    expect(found.repeated).toHaveLength(2);
    const grown = pairsOf(bert(), bert(2)).foremost()!;
    expect(grown.node.after?.path).toBe("encoder.layer.0.attention");
    expect(grown.repeated).toHaveLength(3);
    expect(pairsOf(bert(), bert()).foremost()).toBeNull();
    expect(pairsOf(bert(), bert(1 + 1e-12)).foremost()).toBeNull(); // rounding
  });

  it("finds where parts differ though the whole does not", () => {
    const of = (a: number, b: number) =>
      report(node("", "M", 10, [node("a", "A", a), node("b", "B", b)]));
    expect(pairsOf(of(4, 6), of(6, 4)).foremost()?.node.before?.path).toBe("a");
  });

  it("searches names of either side", () => {
    const pairs = pairsOf(bert(), distilBert());
    const found = search(pairs, "transformerblock");
    expect(found.hits.map((hit) => hit.label)).toEqual(["layer.0"]);
    expect(found.hits[0]?.node?.before?.className).toBe("BertLayer");
    expect(labels(found)).toEqual([
      "BertModel → DistilBertModel",
      "encoder → transformer",
      "layer.0",
    ]);
    expect(search(pairs, "bertlayer").matches).toBe(3);
  });

  it("keeps rows open in another comparison, also where a node is new above them", () => {
    const pairs = pairsOf(bert(), bert(2));
    pairs.expandTo(2);
    const longer = bert(3);
    (longer.root as { children: NodeJson[] }).children.unshift(node("new", "New", 1));
    const other = pairsOf(bert(), longer);
    other.expandAs(pairs);
    expect(labels(other)).toEqual([
      "BertModel", "new", "embeddings", "encoder", "3 × BertLayer", "pooler",
    ]);
  });

  it("stands for reports in which nothing ran", () => {
    const pairs = pairsOf(report(null), bert());
    expect(verdictOf(pairs.root)).toBe("only after");
    expect(pairs.height()).toBe(5); // with a heading over the layers
  });
});
