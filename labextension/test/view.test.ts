// @vitest-environment happy-dom
import { beforeEach, describe, expect, it, vi } from "vitest";
import { renderComparison, renderTree } from "../src/tree/index.js";
import widget from "../src/widget.js";
import { bert, distilBert, node, report } from "./reports.js";

let place: HTMLElement;
beforeEach(() => {
  place = document.createElement("div");
  document.body.replaceChildren(place);
});

const texts = (selector: string): string[] =>
  [...place.querySelectorAll(selector)].map((element) => element.textContent ?? "");
const labels = (): string[] => texts(".irene-row .irene-label");
const chosen = (): string[] => texts('.irene-row[aria-selected="true"] .irene-label');
const row = (label: string): HTMLElement =>
  [...place.querySelectorAll<HTMLElement>(".irene-row")].find(
    (each) => each.querySelector(".irene-label")?.textContent === label,
  )!;
const press = (key: string): void => {
  document.activeElement!.dispatchEvent(
    new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }),
  );
};
const focused = (): string | undefined =>
  document.activeElement?.querySelector(".irene-label")?.textContent ?? undefined;

describe("renderTree", () => {
  it("shows another report in place: same rows, same elements, focus and selection", () => {
    const onSelect = vi.fn();
    const view = renderTree(place, bert(), { expandedDepth: 1, onSelect });
    view.select("encoder.layer.1.output");
    const before = row("layer.1");
    row("output").focus();
    const shown = labels();
    view.setUnit("mJ");
    view.update(bert(2, { notes: ["another"] }));
    expect(labels()).toEqual(shown);
    expect(row("layer.1")).toBe(before);
    expect(focused()).toBe("output");
    expect(chosen()).toEqual(["output"]);
    expect(row("pooler").querySelector(".irene-energy")?.textContent).toBe("500 mJ");
    expect(texts(".irene-note")).toContain("⚠ another");
    expect(texts(".irene-detail-path")).toEqual(["encoder.layer.1.output"]);
    expect(onSelect).not.toHaveBeenCalled();
  });

  it("tells beside a node how much of its time the board waited for its host", () => {
    const features = { calls: 2, latency_seconds: 2, waiting_seconds: 1.7 };
    const flags = ["launch-bound: the board waited about 85 % of the time for its host"];
    const parts = [node("lm_head", "Linear", 1, [], { features, flags }), node("act", "GELU", 1)];
    const view = renderTree(place, report(node("", "Model", 2, parts)));
    view.select("lm_head");
    const facts = texts(".irene-detail dd").map((fact) => fact.replaceAll("\u00a0", " "));
    expect(facts).toContain("1.70 s (85.0 %)");
    expect(texts(".irene-detail .irene-note")).toEqual(flags);
    expect(row("lm_head").querySelector(".irene-mark")?.textContent).toBe("launch-bound");
    view.select("act");
    expect(place.textContent).not.toContain("Waited for its host");
  });

  it("tells a predicted time, and what of it the board would wait for its host", () => {
    const features = { calls: 1, predicted_seconds: 2, waiting_seconds: 1.7 };
    const parts = [node("lm_head", "Linear", 1, [], { features })];
    const view = renderTree(place, report(node("", "Model", 2, parts)));
    view.select("lm_head");
    const terms = texts(".irene-detail dt");
    const facts = texts(".irene-detail dd").map((fact) => fact.replaceAll("\u00a0", " "));
    expect(facts[terms.indexOf("Predicted time")]).toBe("2.00 s");
    expect(facts[terms.indexOf("Waited for its host")]).toBe("1.70 s (85.0 %)");
    expect(terms).not.toContain("Latency");
  });

  it("lists the rows of the table of runs that Python made", () => {
    const row = (label: string, more: Record<string, unknown> = {}) => ({
      label,
      level: 0,
      calls: 1,
      batch_size: [8, 8],
      seq_len: [1, 1],
      sizes: 1,
      shape: null,
      tokens: 0,
      seconds: null,
      joules: 10,
      ...more,
    });
    const many = { calls: 1000, batch_size: [1, 8], seq_len: [12, 512], sizes: 340, seconds: 5 };
    const rows = [
      row("bert, training", many),
      row("costliest", { level: 1, calls: 2, shape: [8, 3, 224, 224], seconds: 0.5 }),
      row("gpt (prefill), incomplete", { tokens: 1200, seconds: 0.1, joules: null }),
      row("idle, not run"),
    ];
    renderTree(place, bert(1, { run_rows: rows, runs: "not needed" }));
    expect(texts(".irene-run")).toEqual([
      "bert, training1,000 callsbatch 1–8length 12–512340 sizes5.00 s10.0 J10.0 mJ per call",
      "costliest2 callsinput 8 × 3 × 224 × 224500 ms10.0 J5.00 J per call",
      "gpt (prefill), incomplete1 call1,200 tokensbatch 8100 ms",
      "idle, not runbatch 810.0 J",
    ]);
    expect(texts(".irene-run-part")).toHaveLength(1);
  });

  it("lists the first runs of a report that has no such rows yet", () => {
    const run = { model: "M", phase: "decode", status: "incomplete", calls: 3, seq_len: 9 };
    renderTree(place, bert(1, { runs: Array(50).fill({ ...run, batch_size: 2, seconds: 1 }) }));
    expect(texts(".irene-run")).toEqual(
      Array(6).fill("M, decode, incomplete3 callsbatch 2length 91.00 s"),
    );
  });

  it("draws no more rows of a damaged file than Python makes", () => {
    renderTree(place, bert(1, { run_rows: Array(5000).fill({ label: 3, batch_size: "x" }) }));
    expect(texts(".irene-run")).toHaveLength(32);
  });

  it("selects the root where another report lacks the selected path", () => {
    const view = renderTree(place, bert(), { selected: "pooler" });
    view.update(distilBert());
    expect(chosen()).toEqual(["DistilBertModel"]);
  });

  it("keeps what was typed into the search, and searches the other report", () => {
    const view = renderTree(place, bert());
    const field = place.querySelector<HTMLInputElement>(".irene-search")!;
    field.value = "pooler";
    field.dispatchEvent(new Event("input"));
    expect(labels()).toEqual(["BertModel", "pooler"]);
    view.update(bert(2));
    expect(labels()).toEqual(["BertModel", "pooler"]);
    expect(field.value).toBe("pooler");
    field.value = "";
    field.dispatchEvent(new Event("input"));
    expect(labels()).toContain("3 × BertLayer");
  });

  it("shows what is wrong, and a later report in the way that was asked for", () => {
    const view = renderTree(place, null, { expandedDepth: 0 });
    expect(place.textContent).toBe("Not shown: this is not an energy report.");
    expect(view.select("")).toBe(false);
    view.setUnit("Wh");
    view.update(bert());
    expect(labels()).toEqual(["BertModel"]);
    expect(row("BertModel").querySelector(".irene-energy")?.textContent).toBe("2.78 mWh");
    view.update(report(null));
    expect(place.textContent).toContain("No PyTorch model was built or run in this cell.");
  });

  it("draws an icicle that can be walked, chosen from and zoomed", () => {
    const [onSelect, onView] = [vi.fn(), vi.fn()];
    const view = renderTree(place, bert(), { view: "icicle", onSelect, onView });
    const box = (): string => document.activeElement?.getAttribute("aria-label") ?? "";
    expect(place.querySelectorAll('[role="treeitem"]')).toHaveLength(13);
    expect(place.querySelectorAll('[role="treeitem"][tabindex="0"]')).toHaveLength(1);
    place.querySelector<HTMLElement>('[role="treeitem"][tabindex="0"]')!.focus();
    expect(box()).toBe("BertModel, BertModel, 100 %, 10.0 J");
    press("ArrowDown");
    expect(box()).toContain("embeddings, Embedding, 2.5 %, 250 mJ; estimated");
    press("ArrowRight");
    press("ArrowDown");
    press("ArrowRight");
    expect(box()).toContain("encoder.layer.1, BertLayer");
    press("Enter");
    expect(onSelect).toHaveBeenCalledExactlyOnceWith("encoder.layer.1");
    press("Enter"); // zooms in
    expect(place.querySelectorAll('[role="treeitem"]')).toHaveLength(3);
    view.update(bert(2));
    expect(place.querySelectorAll('[role="treeitem"]')).toHaveLength(3);
    press("Home");
    expect(place.querySelectorAll('[role="treeitem"]')).toHaveLength(13);
    expect(onView).not.toHaveBeenCalled();
    view.setView("tree");
    expect(chosen()).toEqual(["layer.1"]);
  });

  it("tells of the view that the reader chose", () => {
    const onView = vi.fn();
    renderTree(place, bert(), { onView });
    const button = [...place.querySelectorAll("button")].find((b) => b.textContent === "Icicle")!;
    button.click();
    button.click();
    expect(onView).toHaveBeenCalledExactlyOnceWith("icicle");
    expect(button.getAttribute("aria-pressed")).toBe("true");
  });

  it("sorts without losing the open rows", () => {
    renderTree(place, bert(), { expandedDepth: 2 });
    const menu = place.querySelector<HTMLSelectElement>('[data-menu="sort"]')!;
    menu.value = "energy";
    menu.dispatchEvent(new Event("change"));
    expect(labels()).toEqual(["BertModel", "encoder", "3 × BertLayer", "embeddings", "pooler"]);
  });

  it("says where most is spent, and what all alike take", () => {
    renderTree(place, bert(), { expandedDepth: 0 });
    [...place.querySelectorAll("button")].find((b) => b.textContent === "Follow the energy")!.click();
    expect(texts(".irene-status")).toEqual([
      "Most is spent in encoder.layer.0.attention (BertAttention): 2.00 J, 20.0 %; " +
        "in all 3 repetitions 60.0 %",
    ]);
    expect(focused()).toBe("attention");
  });

  it("shows phases of a node, and the tables below the tree", () => {
    const phases = ["prefill", "decode"].map((phase, index) => ({
      phase,
      model: "BertModel",
      calls: 1,
      tokens: 4,
      joules: index ? 4 : 6,
      root: node("", "BertModel", index ? 4 : 6),
    }));
    renderTree(place, bert(1, { phases }));
    const facts = texts(".irene-facts > *");
    expect(facts[facts.indexOf("In decode") + 1]).toBe("4.00\u00a0J (40.0\u00a0%)");
    expect(texts(".irene-table tbody th")).toEqual(["BertModel prefill", "BertModel decode"]);
  });
});

describe("renderComparison", () => {
  it("shows both sides, the difference, and whether it is significant", () => {
    renderComparison(place, bert(), distilBert(), { labels: ["BERT", "Distil"], expandedDepth: 1 });
    expect(labels()).toEqual([
      "BertModel → DistilBertModel",
      "embeddings",
      "encoder → transformer",
      "pooler",
    ]);
    const cells = (label: string): string[] =>
      [...row(label).children].slice(1).map((cell) => cell.textContent ?? "");
    expect(cells("BertModel → DistilBertModel")).toEqual([
      "10.0 J",
      "5.00 J",
      "−5.00 J",
      "−50.0 %",
      "significant",
    ]);
    expect(cells("pooler")).toEqual(["250 mJ", "", "−250 mJ", "−100 %", "only BERT"]);
    expect(texts(".irene-notes li")[0]).toContain("BERT: estimated (1 node)");
  });

  it("warns of different devices and sources", () => {
    const other = bert(1, { device: { label: "Other PC", kind: "calibrated" } });
    (other.root as { energy: { source: string } }).energy.source = "measured";
    renderComparison(place, bert(), other);
    expect(texts(".irene-notes li").slice(0, 2)).toEqual([
      "⚠ Two devices: GTX 1080 Ti PC before, Other PC after.",
      "⚠ Two kinds of numbers: predicted before, measured after.",
    ]);
  });

  it("updates in place, selects, and says what is no report", () => {
    const onSelect = vi.fn();
    const view = renderComparison(place, bert(), bert(2), { onSelect });
    expect(view.select("encoder.layer.2.output")).toBe(true);
    const shown = labels();
    view.update(bert(), bert(4));
    expect(labels()).toEqual(shown);
    expect(chosen()).toEqual(["output"]);
    row("pooler").click();
    expect(onSelect).toHaveBeenCalledExactlyOnceWith("pooler");
    view.update(bert(), 7);
    expect(place.textContent).toBe("Not shown: this is not an energy report.");
    view.dispose();
    expect(place.childNodes).toHaveLength(0);
  });
});

describe("the widget", () => {
  /** What anywidget hands over, in a few lines. */
  class Model {
    saved: string[] = [];
    #listeners = new Map<string, Set<() => void>>();
    #changed: string[] = [];
    constructor(readonly traits: Record<string, unknown>) {}
    get(name: string): unknown {
      return this.traits[name];
    }
    set(name: string, value: unknown): void {
      this.traits[name] = value;
      this.#changed.push(name);
      this.#listeners.get(`change:${name}`)?.forEach((listener) => listener());
    }
    save_changes(): void {
      this.saved.push(...this.#changed.splice(0));
    }
    sent: unknown[] = [];
    send(content: unknown): void {
      this.sent.push(content);
    }
    on(event: string, listener: () => void): void {
      this.#listeners.set(event, (this.#listeners.get(event) ?? new Set()).add(listener));
    }
    off(event: string, listener: () => void): void {
      this.#listeners.get(event)?.delete(listener);
    }
    get listening(): number {
      return [...this.#listeners.values()].reduce((sum, each) => sum + each.size, 0);
    }
  }

  it("keeps traits and view in step, and lets go of everything", () => {
    const model = new Model({ data: bert(), selected: "", expanded_depth: 1, unit: "J", view: "tree" });
    const stop = widget.render({ model, el: place });
    row("pooler").click();
    expect(model.traits.selected).toBe("pooler");
    expect(model.saved).toEqual(["selected"]);
    model.set("data", bert(2));
    model.set("unit", "mJ");
    expect(chosen()).toEqual(["pooler"]);
    expect(row("pooler").querySelector(".irene-energy")?.textContent).toBe("500 mJ");
    model.set("view", "icicle");
    expect(place.querySelectorAll('[role="treeitem"]')).toHaveLength(13);
    model.set("view", "tree");
    model.set("selected", "encoder");
    model.set("expanded_depth", 0);
    expect(labels()).toEqual(["BertModel"]);
    stop();
    expect(place.childNodes).toHaveLength(0);
    expect(model.listening).toBe(0);
  });
});
