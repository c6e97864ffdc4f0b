import { describe, expect, it } from "vitest";
import { readReport } from "../src/tree/data.js";
import { alignChildren, changeOf, differenceOf, Pairs, verdictOf } from "../src/tree/pairs.js";
import { bert, distilBert, node, report } from "./reports.js";

const nodes = (...children: ReturnType<typeof node>[]) =>
  readReport(report(node("", "M", 100, children))).root!.children;
const names = (pairs: ReturnType<typeof alignChildren>) =>
  pairs.map(([a, b]) => `${a?.path ?? "–"} ${b?.path ?? "–"}`);

describe("alignChildren", () => {
  it("takes path and type first, then class and type, then type, each in order", () => {
    const before = nodes(
      node("same", "A", 1),
      node("q", "Linear", 1),
      node("k", "Linear", 1),
      node("gone", "Norm", 1),
      node("block", "Block", 1, [node("block.x", "X", 1)]),
    );
    const after = nodes(
      node("k_lin", "Linear", 1),
      node("ffn", "FFN", 1, [node("ffn.x", "X", 1)]),
      node("same", "B", 1),
      node("v_lin", "Linear", 1),
    );
    expect(names(alignChildren(before, after))).toEqual([
      "same same",
      "q k_lin",
      "k v_lin",
      "gone –",
      "block ffn",
    ]);
  });

  it("puts what is new behind what it follows", () => {
    const before = nodes(node("a", "A", 1), node("c", "C", 1));
    const after = nodes(node("a", "A", 1), node("b", "B", 1, [node("b.x", "X", 1)]), node("c", "C", 1));
    expect(names(alignChildren(before, after))).toEqual(["a a", "– b", "c c"]);
  });
});

describe("Pairs", () => {
  const pairsOf = (a: unknown, b: unknown) =>
    new Pairs(readReport(a).root, readReport(b).root, "order");

  it("aligns BERT with DistilBERT", () => {
    const pairs = pairsOf(bert(), distilBert());
    expect(pairs.root.label).toBe("BertModel → DistilBertModel");
    const encoder = pairs.find("transformer")!;
    expect(encoder.before?.path).toBe("encoder");
    expect(encoder.label).toBe("encoder → transformer");
    expect(encoder.children.map(verdictOf)).toEqual([
      "significant",
      "only before",
      "only before",
    ]);
    expect(pairs.find("transformer.layer.0.lin")?.before?.path).toBe("encoder.layer.0.output");
  });

  it("knows difference, change and significance", () => {
    const pairs = pairsOf(bert(), bert(2));
    expect(differenceOf(pairs.root)).toBeCloseTo(10);
    expect(changeOf(pairs.root)).toBeCloseTo(1);
    expect(verdictOf(pairs.root)).toBe("significant");
    expect(verdictOf(pairsOf(bert(), bert(1.2)).root)).toBe("within intervals");
    // Intervals that touch overlap: 0.9 × 4/3 = 1.2.
    expect(verdictOf(pairsOf(bert(), bert(1.3)).root)).toBe("within intervals");
    expect(verdictOf(pairsOf(bert(), bert(1.4)).root)).toBe("significant");
  });

  it("counts what only one has in full, without a percentage", () => {
    const pairs = pairsOf(distilBert(), bert());
    const pooler = pairs.find("pooler")!;
    expect(verdictOf(pooler)).toBe("only after");
    expect(differenceOf(pooler)).toBeCloseTo(0.25);
    expect(changeOf(pooler)).toBeNull();
  });

  it("does not take unknown energy for none", () => {
    const unknown = report(node("", "BertModel", 1, [], { energy: null }));
    const pairs = pairsOf(bert(), unknown);
    expect(differenceOf(pairs.root)).toBeNull();
    expect(verdictOf(pairs.root)).toBe("unknown");
  });

  it("sorts by difference, and follows it", () => {
    const pairs = pairsOf(bert(), distilBert());
    expect(pairs.root.children.map((pair) => pair.label)).toEqual([
      "embeddings",
      "encoder → transformer",
      "pooler",
    ]);
    pairs.sort("difference");
    expect(pairs.root.children[0]?.label).toBe("encoder → transformer");
    expect(pairs.furthest().before?.path).toBe("encoder.layer.1.attention");
  });

  it("stands for reports in which nothing ran", () => {
    const pairs = pairsOf(report(null), bert());
    expect(verdictOf(pairs.root)).toBe("only after");
    expect(pairs.height()).toBe(4);
  });
});
