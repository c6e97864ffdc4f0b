import { describe, expect, it } from "vitest";
import { readReport } from "../src/tree/data/report.js";
import { joulesOf, shareOf, shareOfParent, type Item } from "../src/tree/rows/items.js";
import { Rows } from "../src/tree/rows/rows.js";
import { MOST_MATCHES, search } from "../src/tree/rows/search.js";
import { bert, node, report } from "./reports.js";

const rowsOf = (data: unknown): Rows => new Rows(readReport(data));

function labels(source: Pick<Rows, "top" | "childrenOf">): string[] {
  const visit = (item: Item): string[] => [
    item.label,
    ...(item.expanded ? source.childrenOf(item).flatMap(visit) : []),
  ];
  return source.top.flatMap(visit);
}

describe("Rows", () => {
  it("folds alike numbered siblings and unfolds them", () => {
    const rows = rowsOf(bert());
    rows.expandTo(2);
    expect(labels(rows)).toEqual(["BertModel", "embeddings", "encoder", "3 × BertLayer", "pooler"]);
    const group = rows.chain(rows.find("encoder.layer.1")!)[2]!;
    expect(joulesOf(group)).toBeCloseTo(9);
    expect(shareOf(group)).toBeCloseTo(0.9);
    expect(shareOfParent(group)).toBeCloseTo(9 / 9.25);
    rows.expandTo(3);
    expect(labels(rows)).toContain("layer.1");
  });

  describe("foremost, where the energy is followed to", () => {
    const where = (children: ReturnType<typeof node>[], joules: number) => {
      const found = rowsOf(report(node("", "Model", joules, children))).foremost();
      return [found?.node.path, found?.repeated.length];
    };
    const layers = (count: number, joules: (at: number) => number) =>
      Array.from({ length: count }, (_, at) =>
        node(`layer.${at}`, "Layer", joules(at), [
          node(`layer.${at}.up`, "Linear", 0.7 * joules(at)),
          node(`layer.${at}.down`, "Linear", 0.3 * joules(at)),
        ]),
      );

    it("goes into a folded group, down to where most is spent", () => {
      const found = rowsOf(bert()).foremost()!;
      expect(found.node.path).toBe("encoder.layer.0.attention");
      expect(found.repeated).toHaveLength(3);
    });

    it("takes what all layers repeat for one: against a head that is there once", () => {
      const head = node("head", "Linear", 5);
      // 12 × 0.7 J stand against 5 J …
      expect(where([...layers(12, () => 1), head], 17)).toEqual(["layer.0.up", 12]);
      // … and 6 × 0.7 J do not, though the layers together have more than the head.
      expect(where([...layers(6, () => 1), head], 11)).toEqual(["head", 1]);
    });

    it("shows the dearest of them, also where they differ too much to be folded", () => {
      const uneven = layers(12, (at) => (at === 7 ? 1.5 : 1));
      expect(where([...uneven, node("head", "Linear", 5)], 17.5)).toEqual(["layer.7.up", 12]);
    });

    it("counts layers within layers", () => {
      const stage = (at: number) =>
        node(`stage.${at}`, "Stage", 4, [0, 1, 2, 3].map((block) =>
          node(`stage.${at}.${block}`, "Block", 1, []),
        ));
      expect(where([stage(0), stage(1), node("head", "Linear", 7)], 15)).toEqual(["stage.0.0", 8]);
    });

    it("takes a module that itself spends more than any part for a whole", () => {
      // As attention with its products beside a larger Linear: 4 J of which 1.6 J are its own.
      const attention = (at: number) =>
        node(`layer.${at}.attention`, "Attention", 4, ["q", "k", "v"].map((name) =>
          node(`layer.${at}.attention.${name}`, "Linear", 0.8),
        ));
      const layer = (at: number) =>
        node(`layer.${at}`, "Layer", 7, [attention(at), node(`layer.${at}.dense`, "Linear", 3)]);
      expect(where([layer(0), layer(1)], 14)).toEqual(["layer.0.attention", 2]);
    });

    it("stops where a module itself spends more than any part", () => {
      expect(where([node("small", "Small", 1), node("smaller", "S", 0.5)], 10)).toEqual(["", 1]);
    });

    it("takes a model that was not run where nothing else is, and nothing from nothing", () => {
      const rows = rowsOf(report(null, { not_run: [bert().root, node("gpt2", "GPT2Model", 20)] }));
      expect(rows.foremost()?.node.path).toBe("gpt2");
      expect(rowsOf(report(node("", "Model", 0, [], { energy: null }))).foremost()).toBeNull();
    });
  });

  it("sorts by energy and back", () => {
    const rows = rowsOf(bert());
    rows.expandTo(1);
    rows.sort(true);
    expect(labels(rows)).toEqual(["BertModel", "encoder", "embeddings", "pooler"]);
    rows.sort(false);
    expect(labels(rows)).toEqual(["BertModel", "embeddings", "encoder", "pooler"]);
  });

  it("opens in another report what is open here", () => {
    const rows = rowsOf(bert());
    rows.expandTo(1);
    for (const item of rows.chain(rows.find("encoder.layer.2.output")!).slice(0, -1)) {
      item.expanded = true;
    }
    const other = rowsOf(bert(3));
    other.expandAs(rows);
    expect(labels(other)).toEqual(labels(rows));
    expect(labels(other)).toContain("layer.2");
  });

  it("gives every row a key of its own, even where paths are twice", () => {
    const twice = () => node("twin", "Twin", 1);
    const rows = rowsOf(report(node("", "M", 3, [twice(), twice()]), { not_run: [twice()] }));
    const keys = [...rows.nodes()].map((each) => rows.keyOf(each));
    expect(new Set(keys).size).toBe(4);
  });

  it("finds what does the same, in the same tree only", () => {
    const rows = rowsOf(bert(1, { not_run: [bert().root] }));
    expect(rows.alike(rows.find("encoder.layer.1.output")!).map((each) => each.path)).toEqual(
      [0, 1, 2].map((index) => `encoder.layer.${index}.output`),
    );
  });

  it("counts a model that was not run by itself", () => {
    const rows = rowsOf(bert(1, { not_run: [node("gpt2", "GPT2Model", 20)] }));
    rows.expandTo(1);
    const other = rows.childrenOf(rows.top[1]!)[0]!;
    expect(other.outside).toBe(true);
    expect(shareOf(other)).toBe(1);
  });
});

describe("search", () => {
  it("leaves matches and what they are in, and counts them", () => {
    const rows = rowsOf(bert());
    const found = search(rows, "ATTENTION layer.1");
    expect(found.matches).toBe(1);
    expect(labels(found)).toEqual([
      "BertModel",
      "encoder",
      "3 × BertLayer",
      "layer.1",
      "attention",
    ]);
    expect(found.hits.map((hit) => hit.node?.path)).toEqual(["encoder.layer.1.attention"]);
    expect(labels(rows)).toEqual(["BertModel"]); // the tree itself stays as it is
  });

  it("finds by class, and nothing where nothing is", () => {
    const rows = rowsOf(bert());
    expect(search(rows, "BertEncoder").matches).toBe(1);
    expect(search(rows, "encoder").matches).toBe(10); // everything below has it in its path
    expect(search(rows, "nowhere")).toMatchObject({ matches: 0, top: [], hits: [] });
  });

  it("shows no more rows than anybody reads", () => {
    const children = Array.from({ length: 1000 }, (_, at) => node(`leaf${at}x`, "Leaf", 1));
    const rows = rowsOf(report(node("", "Model", 1000, children)));
    const found = search(rows, "leaf");
    expect(found.matches).toBe(1000);
    expect(labels(found)).toHaveLength(1 + MOST_MATCHES);
  });

  it("keeps the order that the reader chose", () => {
    const rows = rowsOf(bert());
    rows.sort(true);
    const found = search(rows, "e");
    expect(labels(found).slice(0, 2)).toEqual(["BertModel", "encoder"]);
    expect(found.hits.map((hit) => hit.label)).toEqual(
      labels(found).filter((label) => label !== "3 × BertLayer"),
    );
  });
});
