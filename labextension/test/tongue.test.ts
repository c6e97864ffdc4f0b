// @vitest-environment happy-dom
// The same cases as in tests/report/test_said.py: both languages fold alike and say the same.
import { describe, expect, it } from "vitest";
import tongue from "../../tests/report/tongue.json";
import { readReport } from "../src/tree/data/report.js";
import { shade } from "../src/tree/draw/palette.js";
import { renderTree } from "../src/tree/index.js";
import { groupName, relativeName } from "../src/tree/rows/folding.js";
import { Rows } from "../src/tree/rows/rows.js";
import { bert, node, report } from "./reports.js";

describe("one tongue", () => {
  it.each(tongue.folding)("folds as Python does: $why", ({ parent, nodes, rows }) => {
    const root = { path: parent, type: "module", class_name: "M", energy: {}, children: nodes };
    const drawn = new Rows(readReport(report(root as unknown as ReturnType<typeof node>)));
    const names = drawn.childrenOf(drawn.top[0]!).map(({ members }) => {
      const each = members.map((member) => relativeName(member, parent));
      return each.length > 1 ? groupName(each) : each[0];
    });
    expect(names).toEqual(rows);
  });

  it.each(tongue.shades as [number, string, string][])("shades %d as Python", (share, fill, ink) => {
    const channels = fill.slice(1).match(/../g)!.map((channel) => parseInt(channel, 16));
    expect(shade(share)).toEqual({ fill: `rgb(${channels.join(", ")})`, ink });
  });

  it.each(tongue.intervals)("$source, $flags: $says", ({ source, flags, says }) => {
    const old = bert(1, {});
    const root = old.root as ReturnType<typeof node>;
    root.energy.source = source;
    root.flags = flags;
    expect(readReport(old).said.interval).toBe(says);
    const cell = report(node("", "Cell", 10, [root]));
    expect(readReport(cell).said.interval).toBe(says);
  });

  it.each(tongue.provenance)("$source, $kind, $scope: $says", ({ source, kind, scope, says }) => {
    const old = bert(1, {
      device: { label: "PC", kind },
      measured: scope && { joules: 3, scope },
    });
    (old.root as ReturnType<typeof node>).energy.source = source;
    expect(readReport(old).said.provenance).toBe(says);
  });

  it.each(tongue.said)("draws the words that come with a report: $case", ({ report, said }) => {
    expect(readReport({ ...report, said }).said).toEqual(said);
    expect(readReport({ ...report, said: JSON.stringify(said) }).said).toEqual(said);
    const place = document.createElement("div");
    renderTree(place, { ...report, said });
    const shown = place.textContent ?? "";
    const tables = [said.phases, said.parts].flatMap((table) =>
      table ? [...table.columns, ...table.rows.flat(), table.legend] : [],
    );
    const head = report.root ? said.provenance : said.title;
    const told = [...said.notes, ...said.lines, ...said.folds.flat()];
    for (const words of [head, ...said.flags.flat(), ...tables, ...told]) {
      expect(shown).toContain(words);
    }
  });

  const [{ report: whole, said }] = tongue.said as [(typeof tongue.said)[0]];
  it.each([
    null,
    "{",
    3,
    { ...said, joules: 5 },
    { ...said, source: "measured" },
    { ...said, provenance: "Measured on another machine" },
    { ...said, title: undefined },
    { ...said, flags: [["⚠"]] },
    { ...said, lines: [{}] },
    { ...said, lines: Array(3000).fill("x") },
    { ...said, parts: { ...said.parts, rows: [["one cell"]] } },
    { ...said, phases: { ...said.phases, columns: "x" } },
  ])("does not believe words that are damaged, or of another report: %#", (damaged) => {
    const read = readReport({ ...whole, said: damaged });
    expect(read.said).toMatchObject({ provenance: said.provenance, title: "GPT: 4.00 J" });
    expect(read.said.parts?.rows).toEqual([
      ["GPT", "600 ms", "4.00 J predicted"],
      ["Python, data handling, idle", "2.30 s", "not measured"],
    ]);
    expect(read.said.phases?.rows).toEqual([["GPT decode", "6", "12", "600 ms", "4.00 J"]]);
    expect(read.said.lines).toHaveLength(1);
  });

  it("counts the flags of an old report, and says what they bring along", () => {
    const children = [
      node("a", "A", 1, [], { flags: ["extrapolated: wide", "estimated"] }),
      node("b", "B", 1, [], { flags: ["extrapolated: wide", "extrapolated: long"] }),
    ];
    expect(readReport(report(node("", "M", 3, children))).said.flags).toEqual([
      ["⚠", "extrapolated (2 nodes): wide; long"],
      ["⚠", "estimated (1 node)"],
    ]);
  });

  it("escapes what is said", () => {
    const place = document.createElement("div");
    const evil = "<img src=x onerror=window.harmed=1>";
    const lines = [evil];
    renderTree(place, { ...whole, said: { ...said, lines, flags: [[evil, evil]] } });
    expect(place.querySelector("img")).toBeNull();
    expect(place.textContent).toContain(evil);
  });
});
