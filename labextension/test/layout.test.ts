// @vitest-environment happy-dom
import { describe, expect, it } from "vitest";
import { readReport } from "../src/tree/data/report.js";
import { csvText, fileName, modelOf, rowText } from "../src/tree/draw/files.js";
import { icicleSvg } from "../src/tree/draw/svg.js";
import { depthOf, layOut } from "../src/tree/rows/layout.js";
import { Rows } from "../src/tree/rows/rows.js";
import { bert, node, report } from "./reports.js";

function boxesOf(data: unknown, narrowest: number) {
  const read = readReport(data);
  const rows = new Rows(read);
  return layOut(read.root!, narrowest, (each) => rows.folded(each));
}

describe("layOut", () => {
  it("makes boxes as wide as their energy, own energy left free", () => {
    const boxes = boxesOf(bert(), 0);
    const width = (path: string): number => {
      const box = boxes.find((each) => each.node.path === path)!;
      return box.right - box.left;
    };
    expect(width("")).toBeCloseTo(1);
    expect(width("encoder")).toBeCloseTo(0.925);
    expect(width("encoder.layer.0.attention")).toBeCloseTo(0.6); // of all three layers
    expect(depthOf(boxes)).toBe(4);
    for (const box of boxes) {
      if (!box.parent) continue;
      expect(box.left).toBeGreaterThanOrEqual(box.parent.left - 1e-9);
      expect(box.right).toBeLessThanOrEqual(box.parent.right + 1e-9);
    }
  });

  it("leaves out what is too narrow to see", () => {
    expect(boxesOf(bert(), 0.1).map((box) => box.node.path)).not.toContain("pooler");
  });

  it("draws the root of a tree without energy", () => {
    const root = node("", "Model", 0, [node("leaf", "Leaf", 0)]);
    expect(boxesOf(report(root), 0.001)).toHaveLength(1);
  });
});

describe("files", () => {
  const hostile = report(
    node("", "Model", 4, [
      node("=cmd()", 'say "hi", twice', 1, [], { flags: ["a", "b"] }),
      node("<img onerror=alert(1)>", "\u202eX\u0000", 3),
    ]),
  );

  it("writes CSV that no spreadsheet runs", () => {
    const lines = csvText(readReport(hostile)).split("\r\n");
    expect(lines[0]?.split(",").slice(0, 4)).toEqual(["path", "depth", "type", "class_name"]);
    expect(lines[2]).toMatch(/^'=cmd\(\),1,ml,"say ""hi"", twice",,2,1,/);
    expect(lines[2]).toMatch(/a; b$/);
    expect(lines).toHaveLength(5); // heading, three nodes, and what is behind the last end
    expect(lines[1]).toContain(",1,,0,"); // share of root; none of a parent; own
  });

  it("draws an SVG that is well-formed whatever the names are", () => {
    const svg = icicleSvg(readReport(hostile));
    expect(svg).not.toContain("<img");
    expect(svg).not.toContain("\u0000");
    const parsed = new DOMParser().parseFromString(svg, "image/svg+xml");
    expect(parsed.querySelector("parsererror")).toBeNull();
    expect(parsed.querySelectorAll("g")).toHaveLength(3);
    expect(icicleSvg(readReport(report(null)))).toBe("");
  });

  it("copies a row with its cells between tabs", () => {
    const rows = new Rows(readReport(bert()));
    const item = rows.chain(rows.find("pooler")!).at(-1)!;
    expect(rowText(item)).toBe("pooler\tLinear\t2.5 %\t0.25 J\t2.5 % of parent\tpredicted");
  });

  it("names files after the model, safely", () => {
    expect(fileName(modelOf(readReport(bert())), "csv")).toBe("BertModel.csv");
    expect(fileName("../a b", "csv")).toBe("_a_b.csv");
    expect(fileName("", "csv")).toBe("report.csv");
  });
});
