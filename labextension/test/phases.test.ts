// @vitest-environment happy-dom
// A training step in the view: phases as columns, and as trees of their own.
import { beforeEach, describe, expect, it, vi } from "vitest";
import { readReport } from "../src/tree/data/report.js";
import { csvText } from "../src/tree/draw/files.js";
import { renderTree } from "../src/tree/index.js";
import { bert, node, report } from "./reports.js";

let place: HTMLElement;
beforeEach(() => {
  place = document.createElement("div");
  document.body.replaceChildren(place);
});

type Json = ReturnType<typeof node>;
/** Two alike layers and a frozen one before them, in each phase: [frozen, layer.0, layer.1]. */
const JOULES = { forward: [2, 1, 1], backward: [1, 2, 2.16], optimiser: [0, 0.5, 0.5] };
const tree = ([frozen = 0, first = 0, last = 0]: number[], path = ""): Json => {
  const at = (name: string): string => (path ? `${path}.${name}` : name);
  const leaves = [
    node(at("frozen"), "Embedding", frozen, [], { flags: frozen > 2 ? ["frozen: no gradient"] : [] }),
    node(at("layer.0"), "Linear", first),
    node(at("layer.1"), "Linear", last),
  ];
  const there = leaves.filter(({ energy }) => energy.joules);
  return node(path, "Net", frozen + first + last + 1, there, { type: "model" });
};
const phases = (model = "net", path = "") =>
  Object.entries(JOULES).map(([phase, joules]) => ({
    phase, model, calls: 4, tokens: 0, samples: 32, steps: 4, seconds: 1,
    joules: tree(joules).energy.joules, root: JSON.stringify(tree(joules, path)),
  }));
const whole = [3, 3.5, 3.66];
const trained = (more: Record<string, unknown> = {}) => {
  const root = tree(whole);
  root.energy.joules += 2; // what the net itself takes in each phase
  return report(root, { phases: phases(), ...more });
};

const texts = (selector: string): string[] =>
  [...place.querySelectorAll(selector)].map((each) => (each.textContent ?? "").replaceAll("\u00a0", " "));
const buttons = (): HTMLElement[] => [
  ...place.querySelectorAll<HTMLElement>('[aria-label="Phase"] button'),
];
const press = (label: string): void =>
  buttons().find((each) => each.textContent === label)!.click();
const cells = (label: string): string[] =>
  [...place.querySelectorAll(".irene-row")]
    .filter((row) => row.querySelector(".irene-label")?.textContent === label)
    .flatMap((row) => [...row.children].slice(2).map((cell) => cell.textContent ?? ""));

describe("a training step", () => {
  it("has its phases as columns, and alike layers of them together", () => {
    renderTree(place, trained());
    expect(texts(".irene-heading > *")).toEqual([
      "Name", "Share", "Energy", "forward", "backward", "optimiser",
    ]);
    expect(cells("Net")).toEqual(["13.2 J", "5.00 J", "6.16 J", "2.00 J"]);
    expect(cells("2 × Linear")).toEqual(["7.16 J", "2.00 J", "4.16 J", "1.00 J"]);
    expect(cells("frozen")).toEqual(["3.00 J", "2.00 J", "1.00 J", "–"]);
  });

  it("shows a phase alone: rows fold as in the whole, what is open and selected stays", () => {
    const onPhase = vi.fn();
    const view = renderTree(place, trained(), { onPhase });
    view.select("layer.1");
    expect(buttons().map((each) => each.textContent)).toEqual([
      "Whole step", "Forward", "Backward", "Optimiser",
    ]);
    const rows = texts(".irene-row .irene-label");
    press("Backward");
    expect(onPhase).toHaveBeenCalledExactlyOnceWith("backward");
    expect(texts(".irene-row .irene-label")).toEqual(rows);
    expect(texts('.irene-row[aria-selected="true"] .irene-label')).toEqual(["layer.1"]);
    expect(buttons().map((each) => each.getAttribute("aria-pressed"))).toEqual([
      "false", "false", "true", "false",
    ]);
    expect(texts(".irene-heading > *")).toContain("Of parent");
    expect(cells("Net")[0]).toBe("6.16 J");
    // 7 % apart in this phase, and in one row all the same: in the whole they are 4 %.
    expect(cells("layer.1")[0]).toBe("2.16 J");
    const facts = texts(".irene-facts > *");
    expect(facts[facts.indexOf("Share of backward") + 1]).toBe("35.1 %");
    expect(facts[facts.indexOf("In forward") + 1]).toBe("1.00 J (27.3 %)");
    // The head keeps to the whole.
    expect(texts(".irene-total-value")).toEqual(["13.2 J"]);
    press("Optimiser");
    expect(cells("frozen")[0]).toBe("–");
    view.select("frozen");
    expect(texts(".irene-facts dd")[0]).toBe("none in optimiser");
    view.setPhase("");
    expect(cells("frozen")[0]).toBe("3.00 J");
    expect(onPhase).toHaveBeenCalledTimes(2);
  });

  it("stays in its phase with another report, where that has one", () => {
    const view = renderTree(place, trained(), { phase: "forward" });
    expect(cells("Net")[0]).toBe("5.00 J");
    view.update(bert());
    expect(place.querySelector<HTMLElement>('[aria-label="Phase"]')!.hidden).toBe(true);
    expect(texts(".irene-total-value")).toEqual(["10.0 J"]);
    view.update(trained());
    expect(cells("Net")[0]).toBe("5.00 J");
  });

  it("draws the icicle of a phase", () => {
    renderTree(place, trained(), { view: "icicle", phase: "optimiser" });
    const boxes = texts('[role="treeitem"]').length;
    press("Forward");
    expect(boxes).toBe(3);
    expect(texts('[role="treeitem"]')).toHaveLength(4);
  });

  it("adds up the phases of several models, and takes a damaged tree for none", () => {
    const both = ["a", "b"].map((name) => tree(whole, name));
    const root = node("", "Cell", 24.32, both, { type: "model" });
    const each = [...phases("a", "a"), ...phases("b", "b")];
    renderTree(place, report(root, { phases: each }), { expandedDepth: 1 });
    expect(cells("Cell")).toEqual(["24.3 J", "10.0 J", "12.3 J", "4.00 J"]);
    press("Backward");
    expect(cells("Cell")[0]).toBe("12.3 J");
    const damaged = phases().map((phase) => ({ ...phase, root: "{" }));
    renderTree(place, trained({ phases: damaged }), { phase: "backward" });
    expect(cells("Net")[0]).toBe("–");
  });

  it("says what a step takes", () => {
    const first = trained();
    const energy = (first.root as Json).energy;
    const said = {
      joules: energy.joules, source: energy.source, title: "Net: 13.2 J", interval: "90 % interval",
      provenance: "Predicted for GTX 1080 Ti PC", flags: [], phases: null, parts: null, lines: [],
    };
    const training = "4 training steps, 3.30 J each";
    renderTree(place, { ...first, said: { ...said, training, training_short: "3.30 J a step" } });
    expect(texts(".irene-training")).toEqual([training]);
    expect(readReport({ ...first, said: { ...said, training: 3 } }).said.training).toBeUndefined();
    renderTree(place, { ...first, said }); // a file of before
    expect(texts(".irene-training")).toEqual([]);
  });

  it("has a column for each phase in its CSV", () => {
    const [head, ...lines] = csvText(readReport(trained())).trim().split("\r\n");
    expect(head!.endsWith("joules_forward,joules_backward,joules_optimiser")).toBe(true);
    expect(lines[1]!.endsWith(",2,1,")).toBe(true);
  });
});
