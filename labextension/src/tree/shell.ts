// Holds the parts of one view together: what is selected, in which unit, drawn how.

import type { Report } from "./data.js";
import { renderDetail } from "./detail.js";
import { make } from "./dom.js";
import { copy, rowText } from "./files.js";
import { renderFooter } from "./footer.js";
import { formatCount, formatEnergy, formatShare, type Unit } from "./format.js";
import { TreeGrid } from "./grid.js";
import { renderHeader } from "./header.js";
import { Icicle } from "./icicle.js";
import { joulesOf, shareOf, type Item } from "./items.js";
import { renderHeading, treeCells } from "./row.js";
import { Rows, type Sort } from "./rows.js";
import { renderSaving } from "./saving.js";
import { MOST_MATCHES, search, type Found } from "./search.js";
import { button, Toolbar, type ViewName } from "./toolbar.js";

export interface TreeOptions {
  /** Path of the node that is selected at first; "" is the root. */
  selected?: string;
  /** How many levels are open at first. */
  expandedDepth?: number;
  unit?: Unit;
  view?: ViewName;
  /** The reader selected another node. */
  onSelect?: (path: string) => void;
  /** The reader pressed a button that opens or closes whole levels. */
  onDepth?: (depth: number) => void;
  onUnit?: (unit: Unit) => void;
  onView?: (view: ViewName) => void;
}

export class Shell {
  readonly #options: TreeOptions;
  readonly #head = make("div", "head-slot");
  readonly #foot = make("div", "foot-slot");
  readonly #detail = make("div", "detail", { role: "group", "aria-label": "Selected node" });
  readonly #panes = make("div", "panes");
  readonly #toolbar: Toolbar;
  readonly #grid: TreeGrid<Item>;
  readonly #icicle: Icicle;
  #report: Report;
  #data: unknown;
  #rows: Rows;
  #height: number;
  #selected: Item | null = null;
  /** What a search left; null without one. */
  #found: Found | null = null;
  #query = "";
  #sort: Sort = "order";
  #unit: Unit;
  #view: ViewName;

  constructor(outer: HTMLElement, report: Report, data: unknown, options: TreeOptions) {
    this.#options = options;
    this.#report = report;
    this.#data = data;
    this.#unit = options.unit ?? "J";
    this.#view = options.view ?? "tree";
    this.#rows = new Rows(report);
    this.#height = this.#rows.height();
    this.#rows.expandTo(options.expandedDepth ?? 2);
    this.#selected = this.#open(options.selected ?? "");
    this.#toolbar = new Toolbar({
      followEnergy: () => this.#followEnergy(),
      search: (query) => this.#search(query),
      toMatches: () => this.#toMatches(),
      depth: (levels) => {
        this.setDepth(levels);
        options.onDepth?.(levels);
      },
      sort: (sort) => {
        this.#sort = sort;
        this.#rows.sort(sort);
        this.#showRows();
      },
      unit: (unit) => {
        if (unit === this.#unit) return;
        this.setUnit(unit);
        options.onUnit?.(unit);
      },
      view: (view) => this.#changeView(view),
    });
    this.#grid = new TreeGrid<Item>("Energy by module", renderHeading(), this.#rows, {
      cells: (item, row) => treeCells(item, row, this.#unit),
      isSelected: (item) => (item.node ? item.key === this.#selected?.key : null),
      choose: (item) => this.#choose(item),
      key: (item, event) => this.#onKey(item, event),
    });
    this.#icicle = new Icicle((node) => {
      const item = this.#rows.chain(node).at(-1);
      if (item) this.#choose(item);
    });
    outer.replaceChildren(
      this.#head,
      this.#toolbar.element,
      this.#toolbar.status,
      this.#panes,
      this.#foot,
      renderSaving(() => ({ report: this.#report, data: this.#data })),
    );
    this.#draw();
    if (this.#selected) this.#grid.moveTo(this.#selected);
  }

  /** Another report in place of this one. */
  update(report: Report, data: unknown): void {
    const before = this.#rows;
    const path = this.#selected?.node?.path ?? "";
    this.#report = report;
    this.#data = data;
    this.#rows = new Rows(report, this.#sort);
    this.#rows.expandAs(before);
    this.#height = this.#rows.height();
    this.#selected = this.#itemOf(path) ?? this.#itemOf("");
    this.#draw();
  }

  select(path: string): boolean {
    // The echo of the reader's own choice: two nodes outside the total may share a path.
    if (this.#selected?.node?.path === path) return true;
    if (this.#query) this.#endSearch();
    const item = this.#reveal(path);
    if (!item) return false;
    this.#mark(item);
    if (this.#view === "tree") this.#grid.moveTo(item);
    return true;
  }

  expandTo(path: string): boolean {
    return this.#reveal(path) !== null;
  }

  setDepth(depth: number): void {
    if (this.#query) this.#endSearch();
    this.#rows.expandTo(depth);
    this.#grid.draw();
  }

  setUnit(unit: Unit): void {
    if (unit === this.#unit) return;
    this.#unit = unit;
    this.#draw();
  }

  setView(view: ViewName): void {
    if (view === this.#view) return;
    this.#view = view;
    if (this.#selected?.node) this.#open(this.#selected.node.path);
    this.#draw();
    if (view === "tree" && this.#selected) this.#grid.moveTo(this.#selected);
  }

  // --- Drawing ---

  #draw(): void {
    const foot = renderFooter(this.#report);
    this.#head.replaceChildren(renderHeader(this.#report, this.#unit));
    this.#foot.replaceChildren(...(foot ? [foot] : []));
    this.#toolbar.show({
      unit: this.#unit,
      sort: this.#sort,
      view: this.#view,
      height: this.#height,
    });
    const shown = this.#view === "tree" ? this.#grid.element : this.#icicle.element;
    if (this.#panes.firstElementChild !== shown) this.#panes.replaceChildren(shown, this.#detail);
    this.#drawRows();
    this.#drawDetail();
  }

  #drawRows(): void {
    if (this.#view === "tree") {
      this.#showRows();
      return;
    }
    const selected = this.#selected?.node ?? null;
    // A model that was not run has a drawing of its own.
    const outside = selected && this.#report.notRun.find((node) => contains(node, selected));
    const root = outside ?? this.#report.root ?? this.#report.notRun[0];
    if (root) this.#icicle.draw({ root, selected, unit: this.#unit });
  }

  #showRows(): void {
    this.#found = this.#query ? search(this.#rows, this.#query) : null;
    const found = this.#found;
    this.#grid.show(found ?? this.#rows);
    if (!found) return;
    const count = formatCount(found.matches);
    this.#toolbar.tell(
      found.matches > MOST_MATCHES
        ? `${count} nodes match; the first ${MOST_MATCHES} are shown`
        : `${count} node${found.matches === 1 ? "" : "s"} match${found.matches === 1 ? "es" : ""}`,
    );
  }

  #drawDetail(): void {
    const item = this.#selected;
    if (!item) {
      this.#detail.replaceChildren(make("p", "hint", {}, "Select a row to see its details."));
      return;
    }
    const copying = button("Copy row", "Copy this row to the clipboard (Ctrl+C in the tree)", () =>
      this.#copy(item),
    );
    this.#detail.replaceChildren(
      renderDetail(item, this.#report, this.#rows, this.#unit),
      make("p", "actions", {}, copying),
    );
  }

  // --- Choosing ---

  #itemOf(path: string): Item | null {
    const node = this.#rows.find(path);
    return (node && this.#rows.chain(node).at(-1)) ?? null;
  }

  /** Opens the way to `path` before anything is drawn; its row, or null. */
  #open(path: string): Item | null {
    const node = this.#rows.find(path);
    const chain = node ? this.#rows.chain(node) : [];
    for (const item of chain.slice(0, -1)) item.expanded = true;
    return chain.at(-1) ?? null;
  }

  #reveal(path: string): Item | null {
    const node = this.#rows.find(path);
    const chain = node ? this.#rows.chain(node) : [];
    for (const item of chain.slice(0, -1)) this.#grid.expand(item);
    if (node) this.#icicle.reveal(node);
    return chain.at(-1) ?? null;
  }

  /** Shows `item` as selected; only a node can be. */
  #mark(item: Item): void {
    const before = this.#selected;
    this.#selected = item;
    if (this.#view === "tree") {
      this.#grid.mark(before);
      this.#grid.mark(item);
    } else {
      this.#drawRows();
    }
    this.#drawDetail();
  }

  #choose(item: Item): void {
    if (!item.node || item.key === this.#selected?.key) return;
    this.#mark(item);
    this.#options.onSelect?.(item.node.path);
  }

  #followEnergy(): void {
    const item = this.#rows.hottest();
    if (!item?.node) return;
    if (this.#query) this.#endSearch();
    this.#reveal(item.node.path);
    this.#choose(item);
    if (this.#view === "tree") this.#grid.focus(item);
    this.#toolbar.tell(this.#hottestText(item));
  }

  /** "h.0.mlp.c_fc (Conv1D) spends the most: 314 mJ, 1.9 %; 12 alike take 23.3 %". */
  #hottestText(item: Item): string {
    const node = item.node;
    if (!node) return "";
    const unit: Unit = this.#unit === "%" ? "J" : this.#unit;
    const energy = formatEnergy(joulesOf(item), unit, item.whole);
    const alike = this.#rows.alike(node);
    const together = alike.reduce((sum, other) => sum + (other.energy?.joules ?? 0), 0);
    const all =
      alike.length > 1 && item.whole > 0
        ? `; the ${alike.length} alike take ${formatShare(together / item.whole)}`
        : "";
    const name = node.path ? `${item.node?.path} (${node.className})` : node.className;
    return `Most is spent in ${name}: ${energy}, ${formatShare(shareOf(item))}${all}`;
  }

  #changeView(view: ViewName): void {
    if (view === this.#view) return;
    this.setView(view);
    this.#options.onView?.(view);
  }

  // --- Search ---

  #search(query: string): void {
    if (query && this.#view !== "tree") this.#changeView("tree");
    this.#query = query.trim();
    if (!this.#query) this.#toolbar.tell("");
    this.#showRows();
    if (!this.#query && this.#selected?.node) {
      this.#reveal(this.#selected.node.path);
      this.#grid.moveTo(this.#selected);
    }
  }

  #endSearch(): void {
    this.#toolbar.search.value = "";
    this.#search("");
  }

  /** From the search field to the first row that matches. */
  #toMatches(): void {
    if (!this.#found) {
      this.#grid.focus(this.#grid.current);
    } else if (this.#found.first) {
      this.#grid.focus(this.#found.first);
      this.#choose(this.#found.first);
    }
  }

  // --- Keys and files ---

  #onKey(item: Item, event: KeyboardEvent): boolean {
    if (event.key === "/" && !event.ctrlKey && !event.metaKey && !event.altKey) {
      this.#toolbar.search.focus();
      return true;
    }
    const copies = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "c";
    if (!copies || String(getSelection() ?? "")) return false;
    event.stopPropagation(); // the notebook would copy the cell
    this.#copy(item);
    return true;
  }

  #copy(item: Item): void {
    void copy(rowText(item)).then((done) =>
      this.#toolbar.tell(done ? "The row is on the clipboard" : "The browser does not let us copy"),
    );
  }
}

const contains = (root: Report["notRun"][number], node: typeof root): boolean =>
  root === node || root.children.some((child) => contains(child, node));
