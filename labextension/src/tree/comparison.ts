// Two reports side by side: one tree of aligned nodes, what each spends, and what differs.

import { formatChange, formatDifference, type Unit } from "./data/format.js";
import { INTERVAL } from "./data/said.js";
import { renderComparisonHead, type Reports } from "./draw/comparison_head.js";
import { modelOf } from "./draw/files.js";
import { OutlineView } from "./draw/outline_view.js";
import {
  pairCells,
  pairHeading,
  pairsCsv,
  pairText,
  verdictBadge,
  VERDICTS,
  type Labels,
} from "./draw/pair_row.js";
import { saveButton, savingBar } from "./draw/saving.js";
import { renderSides } from "./draw/sides.js";
import { button } from "./draw/toolbar.js";
import { make, nameOf, shorten } from "./grid/dom.js";
import type { Pair } from "./rows/aligning.js";
import { changeOf, differenceOf, PAIR_SORTS, Pairs, verdictOf, type PairRow } from "./rows/pairs.js";
import { frame, readable } from "./view.js";

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
      shown.update([one, other]);
    } else {
      shown = new Comparison(outer, [one, other], asked);
    }
  };
  update(before, after);
  return {
    dispose: () => outer.remove(),
    update,
    select: (path) => shown?.select(path) ?? false,
    expandTo: (path) => shown?.expandTo(path) ?? false,
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

class Comparison {
  readonly #labels: Labels;
  readonly #head = make("div", "head-slot");
  readonly #detail = make("div", "detail", { role: "group", "aria-label": "Selected node" });
  readonly #outline: OutlineView<Pair>;
  #reports: Reports;
  #pairs: Pairs;
  #unit: Unit;

  constructor(outer: HTMLElement, reports: Reports, options: ComparisonOptions) {
    const [first, second] = options.labels ?? ["before", "after"];
    this.#labels = [shorten(first), shorten(second)];
    this.#unit = options.unit ?? "J";
    this.#reports = reports;
    this.#pairs = pairsOf(reports, false);
    this.#outline = new OutlineView<Pair>(
      this.#pairs,
      {
        label: "Energy by module, compared",
        heading: pairHeading(this.#labels),
        words: {
          follow: "Follow the difference",
          followTitle: "Open the path to what differs most",
          sorts: PAIR_SORTS,
        },
        cells: (row, element) =>
          pairCells(row, element, this.#unit, this.#labels, this.#pairs.extremes),
        rowText: (row) => pairText(row, this.#labels),
        arrived: (row, repeated) => this.#arrivedText(row, repeated),
        marked: () => this.#drawDetail(),
        chosen: (path) => options.onSelect?.(path),
        depth: () => undefined,
        unit: (unit) => {
          this.setUnit(unit);
          options.onUnit?.(unit);
        },
      },
      options,
    );
    const { toolbar, grid } = this.#outline;
    const panes = make("div", "panes", {}, grid.element, this.#detail);
    panes.dataset.comparison = "";
    const saving = savingBar(
      saveButton(
        "CSV",
        "One line for each pair",
        "text/csv",
        () => this.#reports.map(modelOf).join("_against_"),
        () => pairsCsv(this.#pairs.root),
      ),
    );
    const legend = make("p", "legend", {}, `* significant: the ${INTERVAL}s do not overlap; no verdict where one side is estimated or extrapolated`);
    outer.replaceChildren(this.#head, toolbar.element, toolbar.status, panes, legend, saving);
    this.#draw();
    if (this.#outline.selected) grid.moveTo(this.#outline.selected);
  }

  update(reports: Reports): void {
    this.#reports = reports;
    this.#pairs = pairsOf(reports, this.#outline.isByWeight);
    this.#outline.take(this.#pairs);
    this.#draw();
  }

  select(path: string): boolean {
    return this.#outline.select(path);
  }

  expandTo(path: string): boolean {
    return this.#outline.reveal(path) !== null;
  }

  setDepth(depth: number): void {
    this.#outline.setDepth(depth);
  }

  setUnit(unit: Unit): void {
    this.#unit = unit;
    this.#draw();
  }

  #draw(): void {
    this.#head.replaceChildren(
      renderComparisonHead(this.#pairs, this.#reports, this.#labels, this.#unit),
    );
    this.#outline.showTools({ unit: this.#unit });
    this.#outline.draw();
    this.#drawDetail();
  }

  #drawDetail(): void {
    const row = this.#outline.selected;
    if (!row?.node) return;
    const copying = button("Copy row", "Copy this row to the clipboard (Ctrl+C in the tree)", () =>
      this.#outline.copy(row),
    );
    this.#detail.replaceChildren(
      make("h3", "detail-title", {}, nameOf(row.label, "")),
      make(
        "p",
        "detail-difference",
        {},
        make("strong", "", {}, formatDifference(differenceOf(row), this.#unit, row.whole)),
        ` ${formatChange(changeOf(row))} `,
        verdictBadge(verdictOf(row.node), this.#labels),
      ),
      make("p", "hint", {}, VERDICTS[verdictOf(row.node)]),
      renderSides(row.node, this.#reports, this.#labels, this.#unit),
      make("p", "actions", {}, copying),
    );
  }

  /** "… encoder.layer.0.attention: −12 mJ; in all 12 repetitions −144 mJ". */
  #arrivedText(row: PairRow | null, repeated: readonly Pair[]): string {
    if (!row?.node) return "The two do not differ";
    const unit: Unit = this.#unit === "%" ? "J" : this.#unit;
    const text = (pairs: readonly Pair[]): string =>
      formatDifference(
        pairs.reduce((sum, pair) => sum + this.#pairs.ownOf(pair), 0),
        unit,
        row.whole,
      );
    const all =
      repeated.length > 1 ? `; in all ${repeated.length} repetitions ${text(repeated)}` : "";
    const { before, after, children } = row.node;
    const name = shorten(this.#pairs.pathOf(row.node)) || row.label;
    const what = before && after && children.length ? `${name} itself` : name;
    return `Most differs in ${what}: ${text([row.node])}${all}`;
  }
}

const pairsOf = ([before, after]: Reports, isByWeight: boolean): Pairs =>
  new Pairs(before.root, after.root, isByWeight);
