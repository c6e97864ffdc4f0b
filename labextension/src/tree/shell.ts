// Holds the parts of one report's view together: what is selected, in which unit, drawn how.

import { formatEnergy, formatShare, type Unit } from "./data/format.js";
import { inPhase, joulesIn, phaseNames, wholeName } from "./data/phases.js";
import type { Report, TreeNode } from "./data/report.js";
import { AdvicePane } from "./draw/advice.js";
import { renderDetail } from "./draw/detail.js";
import { Devices, type Device } from "./draw/devices.js";
import { rowText } from "./draw/files.js";
import { renderFooter } from "./draw/footer.js";
import { renderHeader } from "./draw/header.js";
import { Icicle } from "./draw/icicle.js";
import { OutlineView } from "./draw/outline_view.js";
import { phasedColumns, renderHeading, treeCells, treeColumns, type InPhase } from "./draw/row.js";
import { renderSaving } from "./draw/saving.js";
import { button, type ViewName } from "./draw/toolbar.js";
import { make } from "./grid/dom.js";
import type { Item } from "./rows/items.js";
import { ownJoules, Rows, SORTS } from "./rows/rows.js";

export interface TreeOptions {
  /** Path of the node that is selected at first; "" is the root. */
  selected?: string;
  /** How many levels are open at first. */
  expandedDepth?: number;
  unit?: Unit;
  view?: ViewName;
  /** What the runs can be told for, and the one that is shown; without a kernel there is none. */
  devices?: readonly Device[];
  device?: string;
  onDevice?: (name: string) => void;
  /** The phase whose tree is shown at first; "" is all of them. */
  phase?: string;
  /** The reader selected another node. */
  onSelect?: (path: string) => void;
  /** The reader pressed a button that opens or closes whole levels. */
  onDepth?: (depth: number) => void;
  onUnit?: (unit: Unit) => void;
  onView?: (view: ViewName) => void;
  /** The reader asks what would help; without it there is nobody to ask. */
  onAdvice?: () => void;
  onPhase?: (phase: string) => void;
}

export class Shell {
  readonly #options: TreeOptions;
  readonly #head = make("div", "head-slot");
  readonly #foot = make("div", "foot-slot");
  readonly #detail = make("div", "detail", { role: "group", "aria-label": "Selected node" });
  readonly #panes = make("div", "panes");
  readonly #outline: OutlineView<TreeNode>;
  readonly #icicle: Icicle;
  readonly #devices: Devices;
  readonly #advice: AdvicePane | null;
  readonly #heading = make("div", "heading", { role: "row" });
  #report: Report;
  /** The report, or what is in one phase of it. */
  #shown: Report;
  #data: unknown;
  #rows: Rows;
  #inPhases: InPhase[] = [];
  #unit: Unit;
  #view: ViewName;
  #phase: string;

  constructor(outer: HTMLElement, report: Report, data: unknown, options: TreeOptions) {
    this.#options = options;
    this.#report = report;
    this.#data = data;
    this.#unit = options.unit ?? "J";
    this.#view = options.view ?? "tree";
    this.#phase = options.phase ?? "";
    this.#shown = this.#ofPhase();
    this.#rows = new Rows(this.#shown);
    this.#outline = new OutlineView<TreeNode>(this.#rows, {
      label: "Energy by module",
      heading: this.#heading,
      words: {
        follow: "Follow the energy",
        followTitle: "Open the path to the node that spends the most",
        sorts: SORTS,
      },
      cells: (item, row) => treeCells(item, row, this.#unit, this.#inPhases),
      rowText,
      arrived: (item, repeated) => this.#arrivedText(item, repeated),
      marked: () => {
        if (this.#view === "icicle") this.#drawRows();
        this.#drawDetail();
      },
      chosen: (path) => options.onSelect?.(path),
      depth: (levels) => options.onDepth?.(levels),
      unit: (unit) => {
        if (unit === this.#unit) return;
        this.setUnit(unit);
        options.onUnit?.(unit);
      },
      phase: (phase) => {
        if ((phase ?? "") === this.#phase) return;
        this.setPhase(phase ?? "");
        options.onPhase?.(this.#phase);
      },
      view: (view) => this.#changeView(view),
      searching: () => this.#changeView("tree"),
      revealed: (node) => this.#icicle.reveal(node),
    }, options);
    this.#icicle = new Icicle((node) => {
      const item = this.#outline.rowOf(node);
      if (item) this.#outline.choose(item);
    });
    this.#devices = new Devices((name) => options.onDevice?.(name));
    this.#devices.show(options.devices ?? [], options.device ?? "");
    this.#outline.toolbar.element.append(this.#devices.element);
    const { onAdvice } = options;
    this.#advice = onAdvice ? new AdvicePane(onAdvice) : null;
    outer.replaceChildren(
      this.#head,
      this.#outline.toolbar.element,
      this.#outline.toolbar.status,
      this.#panes,
      this.#foot,
      ...(this.#advice ? [this.#advice.element] : []),
      renderSaving(() => ({ report: this.#report, data: this.#data })),
    );
    this.#draw();
    if (this.#outline.selected) this.#outline.grid.moveTo(this.#outline.selected);
  }

  /** Another report in place of this one. */
  update(report: Report, data: unknown): void {
    this.#report = report;
    this.#data = data;
    this.#take();
  }

  /** The tree of one phase, "" for all; open rows and the selection stay. */
  setPhase(phase: string): void {
    if (phase === this.#phase) return;
    this.#phase = phase;
    this.#take();
  }

  setDevices(devices: readonly Device[], chosen: string): void {
    this.#devices.show(devices, chosen);
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
    if (unit === this.#unit) return;
    this.#unit = unit;
    this.#draw();
  }

  showAdvice(advice: unknown): void {
    this.#advice?.show(advice);
  }

  setView(view: ViewName): void {
    if (view === this.#view) return;
    this.#view = view;
    this.#draw();
    if (view === "tree") this.#outline.revealSelected();
  }

  /** The report in the phase that was chosen, where there is such a one. */
  #ofPhase(): Report {
    const names = phaseNames(this.#report);
    return names.includes(this.#phase) ? inPhase(this.#report, this.#phase) : this.#report;
  }

  #take(): void {
    this.#shown = this.#ofPhase();
    this.#rows = new Rows(this.#shown, this.#outline.isByWeight);
    this.#outline.take(this.#rows);
    this.#draw();
  }

  /** Columns for the phases, where the whole is shown. */
  #showColumns(names: readonly string[]): void {
    const report = this.#shown;
    const phases = report.shownPhase === undefined && names.length > 1 ? names : [];
    this.#inPhases = phases.map((name) => joulesIn(name, report));
    const columns = phases.length ? phasedColumns(phases) : treeColumns(report.said.interval);
    this.#heading.replaceChildren(...renderHeading(columns).childNodes);
    this.#panes.toggleAttribute("data-phased", phases.length > 0);
    this.#panes.style.setProperty("--phases", String(phases.length));
  }

  // --- Drawing ---

  #draw(): void {
    const foot = renderFooter(this.#report);
    this.#head.replaceChildren(renderHeader(this.#report, this.#unit));
    this.#foot.replaceChildren(...(foot ? [foot] : []));
    const names = phaseNames(this.#report);
    this.#showColumns(names);
    this.#outline.showTools({
      unit: this.#unit,
      view: this.#view,
      phases: { names, shown: this.#shown.shownPhase ?? null, whole: wholeName(this.#report) },
    });
    const shown = this.#view === "tree" ? this.#outline.grid.element : this.#icicle.element;
    if (this.#panes.firstElementChild !== shown) this.#panes.replaceChildren(shown, this.#detail);
    this.#drawRows();
    this.#drawDetail();
  }

  #drawRows(): void {
    if (this.#view === "tree") {
      this.#outline.draw();
      return;
    }
    const selected = this.#outline.selected?.node ?? null;
    // A model that was not run has a drawing of its own.
    const report = this.#shown;
    const outside = selected && report.notRun.find((node) => contains(node, selected));
    const root = outside ?? report.root ?? report.notRun[0];
    if (root) this.#icicle.draw({ root, selected, unit: this.#unit });
  }

  #drawDetail(): void {
    const item = this.#outline.selected;
    if (!item) {
      this.#detail.replaceChildren(make("p", "hint", {}, "Select a row to see its details."));
      return;
    }
    const copying = button("Copy row", "Copy this row to the clipboard (Ctrl+C in the tree)", () =>
      this.#outline.copy(item),
    );
    this.#detail.replaceChildren(
      renderDetail(item, this.#shown, this.#rows, this.#unit),
      make("p", "actions", {}, copying),
    );
  }

  #changeView(view: ViewName): void {
    if (view === this.#view) return;
    this.setView(view);
    this.#options.onView?.(view);
  }

  /** "… h.0.mlp.c_fc (Conv1D): 314 mJ, 1.9 %; in all 12 repetitions 23.3 %". */
  #arrivedText(item: Item | null, repeated: readonly TreeNode[]): string {
    const node = item?.node;
    if (!item || !node) return "Nothing in this tree spends energy";
    const unit: Unit = this.#unit === "%" ? "J" : this.#unit;
    // The whole model is no answer: what it spends beyond its parts is.
    const spent = (each: TreeNode): number =>
      node.path ? (each.energy?.joules ?? 0) : ownJoules(each);
    const share = (joules: number): string =>
      formatShare(item.whole > 0 ? joules / item.whole : null);
    const together = repeated.reduce((sum, other) => sum + spent(other), 0);
    const all =
      repeated.length > 1 ? `; in all ${repeated.length} repetitions ${share(together)}` : "";
    const isWhole = !node.path && node.children.length > 0;
    const what = node.path
      ? `${node.path} (${node.className})`
      : node.className + (isWhole ? " itself, beyond its parts" : "");
    const joules = spent(node);
    return `Most is spent in ${what}: ${formatEnergy(joules, unit, item.whole)}, ${share(joules)}${all}`;
  }
}

const contains = (root: Report["notRun"][number], node: typeof root): boolean =>
  root === node || root.children.some((child) => contains(child, node));
