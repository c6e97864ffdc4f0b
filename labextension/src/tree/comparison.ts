// Two reports side by side: one tree of aligned nodes, what each spends, and what differs.

import type { Report, TreeNode } from "./data.js";
import { make, nameOf, shorten } from "./dom.js";
import {
  formatChange,
  formatDifference,
  formatEnergy,
  formatInterval,
  UNITS,
  type Unit,
} from "./format.js";
import { TreeGrid } from "./grid.js";
import { renderWarnings } from "./header.js";
import {
  changeOf,
  differenceOf,
  PAIR_SORTS,
  Pairs,
  verdictOf,
  type Pair,
  type PairSort,
  type Verdict,
} from "./pairs.js";
import { cell, flagMarks, renderHeading } from "./row.js";
import { renderSides } from "./sides.js";
import { button, levelButtons, levelGroup, levelLabel, menu } from "./toolbar.js";
import { frame, readable } from "./view.js";
import { provenance, WARNING_SIGN, warnings, type Warning } from "./words.js";

export interface ComparisonOptions {
  /** What the two reports are called; "before" and "after" unless told. */
  labels?: readonly [string, string];
  selected?: string;
  expandedDepth?: number;
  unit?: Unit;
  /** The reader selected another row: its path in the second report, or else in the first. */
  onSelect?: (path: string) => void;
  onUnit?: (unit: Unit) => void;
}

export interface ComparisonView {
  dispose(): void;
  /** Shows other reports in place; open rows, selection and unit stay. */
  update(before: unknown, after: unknown): void;
  select(path: string): boolean;
  expandTo(path: string): boolean;
  setDepth(depth: number): void;
  setUnit(unit: Unit): void;
}

/** Draws the reports `before` and `after` (their JSON) against each other into `element`. */
export function renderComparison(
  element: Element,
  before: unknown,
  after: unknown,
  options: ComparisonOptions = {},
): ComparisonView {
  const outer = frame(element, "Energy comparison");
  const asked: ComparisonOptions = { ...options };
  let shown: Comparison | null = null;
  const update = (first: unknown, second: unknown): void => {
    const [one, other] = [readable(first), readable(second)];
    if (Array.isArray(one) || Array.isArray(other)) {
      shown = null;
      outer.replaceChildren(...[one, other].flatMap((part) => (Array.isArray(part) ? part : [])));
    } else if (shown) {
      shown.update(one, other);
    } else {
      shown = new Comparison(outer, one, other, asked);
    }
  };
  update(before, after);
  return {
    dispose: () => outer.remove(),
    update,
    select: (path) => shown?.select(path) ?? false,
    expandTo: (path) => Boolean(shown?.reveal(path)),
    setDepth: (depth) => {
      asked.expandedDepth = depth;
      shown?.setDepth(depth);
    },
    setUnit: (unit) => {
      asked.unit = unit;
      shown?.setUnit(unit);
    },
  };
}

const VERDICTS: Record<Verdict, string> = {
  significant: "The intervals do not overlap",
  "within intervals": "The intervals overlap: it may be chance",
  "only before": "Not in the second report",
  "only after": "Not in the first report",
  unknown: "One of the energies is unknown",
};
const SHORT_LABEL = 24;

class Comparison {
  readonly #options: ComparisonOptions;
  readonly #labels: readonly [string, string];
  readonly #head = make("div", "head-slot");
  readonly #detail = make("div", "detail", { role: "group", "aria-label": "Selected node" });
  readonly #levels = levelGroup();
  readonly #units: HTMLSelectElement;
  readonly #status = make("p", "status", { role: "status" });
  readonly #grid: TreeGrid<Pair>;
  #reports: [Report, Report];
  #pairs: Pairs;
  #selected: Pair;
  #sort: PairSort = "order";
  #unit: Unit;

  constructor(outer: HTMLElement, before: Report, after: Report, options: ComparisonOptions) {
    this.#options = options;
    const [first, second] = options.labels ?? ["before", "after"];
    this.#labels = [shorten(first), shorten(second)];
    this.#unit = options.unit ?? "J";
    this.#reports = [before, after];
    this.#pairs = new Pairs(before.root, after.root, this.#sort);
    this.#pairs.expandTo(options.expandedDepth ?? 2);
    this.#selected = this.#pairs.find(options.selected ?? "") ?? this.#pairs.root;
    for (let at = this.#selected.parent; at; at = at.parent) at.expanded = true;
    const units = menu("Unit", UNITS, (unit) => {
      this.setUnit(unit);
      options.onUnit?.(unit);
    });
    this.#units = units.select;
    this.#grid = new TreeGrid<Pair>("Energy by module, compared", this.#heading(), this.#pairs, {
      cells: (pair, row) => this.#cells(pair, row),
      isSelected: (pair) => pair.key === this.#selected.key,
      choose: (pair) => this.#choose(pair),
    });
    const sorts = menu("Sort", PAIR_SORTS, (sort) => {
      this.#sort = sort;
      this.#pairs.sort(sort);
      this.#grid.draw();
    });
    const follow = button("Follow the difference", "Open the path to what differs most", () =>
      this.#followDifference(),
    );
    follow.classList.add("irene-primary");
    const toolbar = make("div", "toolbar", { role: "group", "aria-label": "View" }, follow);
    toolbar.append(
      make("div", "tools", {}, levelLabel(), this.#levels),
      make("span", "spring"),
      make("div", "tools", {}, sorts.element, units.element),
    );
    const panes = make("div", "panes", {}, this.#grid.element, this.#detail);
    panes.dataset.comparison = "";
    outer.replaceChildren(this.#head, toolbar, this.#status, panes);
    this.#draw();
  }

  update(before: Report, after: Report): void {
    const path = pathOf(this.#selected);
    const old = this.#pairs;
    this.#reports = [before, after];
    this.#pairs = new Pairs(before.root, after.root, this.#sort);
    this.#pairs.expandAs(old);
    this.#selected = this.#pairs.find(path) ?? this.#pairs.root;
    this.#draw();
  }

  select(path: string): boolean {
    const pair = this.reveal(path);
    if (!pair) return false;
    this.#mark(pair);
    this.#grid.moveTo(pair);
    return true;
  }

  reveal(path: string): Pair | null {
    const pair = this.#pairs.find(path);
    const above: Pair[] = [];
    for (let at = pair?.parent; at; at = at.parent) above.unshift(at);
    for (const ancestor of above) this.#grid.expand(ancestor);
    return pair;
  }

  setDepth(depth: number): void {
    this.#pairs.expandTo(depth);
    this.#grid.draw();
  }

  setUnit(unit: Unit): void {
    this.#unit = unit;
    this.#draw();
  }

  // --- Drawing ---

  #draw(): void {
    this.#units.value = this.#unit;
    this.#head.replaceChildren(this.#header());
    levelButtons(this.#levels, this.#pairs.height(), (levels) => this.setDepth(levels));
    this.#grid.show(this.#pairs);
    this.#drawDetail();
  }

  /** Percent are of the first report's total on both sides, so that they can be compared. */
  get #whole(): number {
    return this.#reports[0].root?.energy?.joules ?? 0;
  }

  #heading(): HTMLElement {
    const [first, second] = this.#labels;
    return renderHeading([
      ["name", "Name", "Module or primitive, and its class"],
      ["before", first, "Energy in the first report"],
      ["after", second, "Energy in the second report"],
      ["difference", "Difference", "The second report's energy less the first one's"],
      ["change", "%", "The difference in percent of the first report's energy"],
      ["verdict", "Significance", "Significant: the two intervals do not overlap"],
    ]);
  }

  #header(): HTMLElement {
    const root = this.#pairs.root;
    const difference = differenceOf(root);
    const verdict = verdictOf(root);
    const unit: Unit = this.#unit === "%" ? "J" : this.#unit;
    const change = changeOf(root);
    const header = make("div", "head");
    header.append(
      make(
        "p",
        "total",
        {},
        make("strong", "total-value", {}, formatDifference(difference, unit, this.#whole)),
        make("span", "total-change", {}, change === null ? "" : formatChange(change)),
        this.#badge(verdict),
        make("span", "interval", {}, VERDICTS[verdict]),
      ),
    );
    this.#reports.forEach((report, index) => {
      const side = index ? "after" : "before";
      const energy = report.root?.energy ?? null;
      const line = make("p", "side", {}, nameOf(this.#labels[index] ?? "", "side-label"));
      const told = energy
        ? `${formatEnergy(energy.joules, unit, this.#whole)}, 90 % interval ` +
          formatInterval(energy.low, energy.high, energy.joules, unit, this.#whole)
        : "nothing ran";
      line.dataset.side = side;
      line.append(nameOf(report.root?.className ?? "", "run-model"), ` ${told} · `);
      line.append(nameOf(provenance(report), "side-provenance"));
      header.append(line);
    });
    const list = renderWarnings(this.#warnings());
    if (list) header.append(list);
    return header;
  }

  #warnings(): Warning[] {
    const [before, after] = this.#reports;
    const lines: Warning[] = [];
    const warn = (text: string): number => lines.push({ sign: WARNING_SIGN, text });
    if (before.device.label !== after.device.label) {
      warn(`The reports are of different devices: ${before.device.label} and ${after.device.label}`);
    }
    const sources = [before, after].map((report) => report.root?.energy?.source ?? "nothing");
    if (sources[0] !== sources[1]) warn(`${sources[0]} is compared with ${sources[1]} energy`);
    this.#reports.forEach((report, index) => {
      for (const { sign, text } of warnings(report)) {
        lines.push({ sign, text: `${this.#labels[index]}: ${text}` });
      }
    });
    return lines;
  }

  #cells(pair: Pair, row: HTMLElement): HTMLElement[] {
    const verdict = verdictOf(pair);
    const difference = differenceOf(pair);
    row.dataset.kind = (pair.after ?? pair.before)?.type ?? "";
    row.dataset.verdict = verdict;
    row.dataset.sign = difference === null || difference === 0 ? "" : difference > 0 ? "more" : "less";
    const energy = (node: TreeNode | null): HTMLElement =>
      cell("energy", node ? this.#energyText(node) : "");
    const bar = make("span", "delta", { "aria-hidden": "true" }, make("span", "delta-fill"));
    const length = this.#pairs.largest > 0 ? Math.abs(difference ?? 0) / this.#pairs.largest : 0;
    bar.style.setProperty("--length", String(length));
    const text = formatDifference(difference, this.#unit, this.#whole);
    return [
      this.#nameCell(pair),
      energy(pair.before),
      energy(pair.after),
      cell("difference", bar, make("span", "delta-text", {}, text)),
      cell("change", formatChange(changeOf(pair))),
      cell("verdict", this.#badge(verdict)),
    ];
  }

  #badge(verdict: Verdict): HTMLElement {
    const [first, second] = this.#labels.map((label) => label.slice(0, SHORT_LABEL));
    const text =
      verdict === "only before"
        ? `only ${first}`
        : verdict === "only after"
          ? `only ${second}`
          : verdict;
    const attributes = { "data-verdict": verdict, title: VERDICTS[verdict] };
    return make("span", "verdict-badge", attributes, nameOf(text, ""));
  }

  #energyText(node: TreeNode): string {
    return formatEnergy(node.energy?.joules ?? null, this.#unit, this.#whole);
  }

  #nameCell(pair: Pair): HTMLElement {
    const name = cell("name", make("span", "twisty", { "aria-hidden": "true" }));
    name.append(nameOf(pair.label, "label"));
    const classes = [pair.before, pair.after].flatMap((node) => (node ? [node.className] : []));
    const told = [...new Set(classes)].map(shorten).join(" → ");
    if (told !== pair.label) name.append(nameOf(told, "class"));
    name.append(...flagMarks([...(pair.before?.flags ?? []), ...(pair.after?.flags ?? [])]));
    name.title = `${shorten(pathOf(pair)) || pair.label} (${told})`;
    return name;
  }

  #drawDetail(): void {
    this.#detail.replaceChildren(
      make("h3", "detail-title", {}, nameOf(this.#selected.label, "")),
      make("p", "hint", {}, VERDICTS[verdictOf(this.#selected)]),
      renderSides(this.#selected, this.#reports, this.#labels, this.#unit),
    );
  }

  // --- Choosing ---

  #mark(pair: Pair): void {
    const before = this.#selected;
    this.#selected = pair;
    this.#grid.mark(before);
    this.#grid.mark(pair);
    this.#drawDetail();
  }

  #choose(pair: Pair): void {
    if (pair === this.#selected) return;
    this.#mark(pair);
    this.#options.onSelect?.(pathOf(pair));
  }

  #followDifference(): void {
    const pair = this.#pairs.furthest();
    const above: Pair[] = [];
    for (let at = pair.parent; at; at = at.parent) above.unshift(at);
    for (const ancestor of above) this.#grid.expand(ancestor);
    this.#choose(pair);
    this.#grid.focus(pair);
    const unit: Unit = this.#unit === "%" ? "J" : this.#unit;
    const difference = formatDifference(differenceOf(pair), unit, this.#whole);
    this.#status.textContent = `Most differs in ${shorten(pathOf(pair)) || pair.label}: ${difference}`;
  }
}

const pathOf = (pair: Pair): string => (pair.after ?? pair.before)?.path ?? "";

