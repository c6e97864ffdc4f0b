// A treegrid over an outline, with all that people do in it: choose, open, search, walk through
// matches, follow the energy, sort, copy. What a row shows and says, its two users know: one
// report (`shell.ts`), or two (`comparison.ts`).

import { formatCount, type Unit } from "../data/format.js";
import { TreeGrid } from "../grid/grid.js";
import type { Branch, Outline, Row } from "../rows/outline.js";
import { MOST_MATCHES, search, type Found } from "../rows/search.js";
import { copy } from "./files.js";
import { Toolbar, type Phases, type ToolbarWords, type ViewName } from "./toolbar.js";

export interface OutlineHooks<T> {
  readonly label: string;
  readonly heading: HTMLElement;
  readonly words: ToolbarWords;
  /** The cells of a row; may set data attributes and styles on it. */
  cells(row: Row<T>, element: HTMLElement): HTMLElement[];
  /** A row for the clipboard. */
  rowText(row: Row<T>): string;
  /** What to tell where following has arrived, or that it leads nowhere. */
  arrived(row: Row<T> | null, repeated: readonly T[]): string;
  /** Another row is selected. */
  marked(): void;
  /** It was the reader who selected it. */
  chosen(path: string): void;
  depth(levels: number): void;
  unit(unit: Unit): void;
  phase?(phase: string | null): void;
  view?(view: ViewName): void;
  /** A search begins: its rows must be in sight. */
  searching?(): void;
  /** The way to `node` is being opened. */
  revealed?(node: T): void;
}

export class OutlineView<T extends Branch<T>> {
  readonly grid: TreeGrid<Row<T>>;
  readonly toolbar: Toolbar;
  readonly #hooks: OutlineHooks<T>;
  #outline: Outline<T>;
  #height: number;
  #isByWeight = false;
  #selected: Row<T> | null;
  #query = "";
  /** What a search left; null without one. */
  #found: Found<T> | null = null;

  constructor(
    outline: Outline<T>,
    hooks: OutlineHooks<T>,
    start: { selected?: string | undefined; expandedDepth?: number | undefined },
  ) {
    this.#hooks = hooks;
    this.#outline = outline;
    this.#height = outline.height();
    outline.expandTo(start.expandedDepth ?? 2);
    const chain = this.#chain(start.selected ?? "");
    for (const row of chain.slice(0, -1)) row.expanded = true;
    this.#selected = chain.at(-1) ?? null;
    this.grid = new TreeGrid<Row<T>>(hooks.label, hooks.heading, outline, {
      cells: (row, element) => {
        element.toggleAttribute("data-match", this.#found?.isHit(row) ?? false);
        return hooks.cells(row, element);
      },
      isSelected: (row) => (row.node ? row.key === this.#selected?.key : null),
      choose: (row) => this.choose(row),
      key: (row, event) => this.#onKey(row, event),
    });
    this.toolbar = new Toolbar(hooks.words, {
      follow: () => this.#follow(),
      search: (query) => this.#search(query),
      toMatches: () => this.#toMatches(),
      step: (by) => this.#step(by),
      depth: (levels) => {
        this.setDepth(levels);
        hooks.depth(levels);
      },
      sort: (isByWeight) => {
        this.#isByWeight = isByWeight;
        this.#outline.sort(isByWeight);
        this.draw();
      },
      unit: (unit) => hooks.unit(unit),
      ...(hooks.phase && { phase: (phase: string | null) => hooks.phase?.(phase) }),
      ...(hooks.view && { view: (view: ViewName) => hooks.view?.(view) }),
    });
  }

  get selected(): Row<T> | null {
    return this.#selected;
  }

  /** Whether the rows are sorted by their weight: a new outline should be so from the start. */
  get isByWeight(): boolean {
    return this.#isByWeight;
  }

  /** Takes the rows of another report; what is open and selected stays. Nothing is drawn. */
  take(outline: Outline<T>): void {
    const selected = this.#selected?.node;
    const path = selected ? this.#outline.pathOf(selected) : "";
    outline.expandAs(this.#outline);
    this.#outline = outline;
    this.#height = outline.height();
    this.#selected = this.#chain(path).at(-1) ?? this.#chain("").at(-1) ?? null;
  }

  showTools(state: { unit: Unit; view?: ViewName; phases?: Phases }): void {
    this.toolbar.show({ ...state, height: this.#height });
  }

  draw(): void {
    const found = this.#query ? search(this.#outline, this.#query) : null;
    this.#found = found;
    this.grid.show(found ?? this.#outline);
    this.toolbar.showSteps(found?.hits.length ?? 0);
    if (!found) return;
    const { matches } = found;
    const count = formatCount(matches);
    this.toolbar.tell(
      matches > MOST_MATCHES
        ? `${count} nodes match; the first ${MOST_MATCHES} are shown`
        : `${count} node${matches === 1 ? "" : "s"} match${matches === 1 ? "es" : ""}`,
    );
  }

  /** Selects the node at `path` and brings it into view. */
  select(path: string): boolean {
    // The echo of the reader's own choice: two nodes outside the total may share a path.
    const selected = this.#selected?.node;
    if (selected && this.#outline.pathOf(selected) === path) return true;
    if (this.#query) this.#endSearch();
    const row = this.reveal(path);
    if (!row) return false;
    this.#mark(row);
    this.grid.moveTo(row);
    return true;
  }

  /** Opens the way to the node at `path`; its row, or null. */
  reveal(path: string): Row<T> | null {
    const node = this.#outline.find(path);
    return node && this.#open(node);
  }

  /** Opens the way to the selected row, and brings it into view. */
  revealSelected(): void {
    const node = this.#selected?.node;
    if (!node) return;
    this.#selected = this.#open(node);
    if (this.#selected) this.grid.moveTo(this.#selected);
  }

  setDepth(depth: number): void {
    if (this.#query) this.#endSearch();
    this.#outline.expandTo(depth);
    this.grid.draw();
  }

  /** The reader's choice; only a node can be chosen. */
  choose(row: Row<T>): void {
    if (!row.node || row.key === this.#selected?.key) return;
    this.#mark(row);
    this.#hooks.chosen(this.#outline.pathOf(row.node));
  }

  /** The row of `node`, whether it is in sight or not. */
  rowOf(node: T): Row<T> | null {
    return this.#outline.chain(node).at(-1) ?? null;
  }

  copy(row: Row<T>): void {
    void copy(this.#hooks.rowText(row)).then((done) =>
      this.toolbar.tell(done ? "The row is on the clipboard" : "The browser does not let us copy"),
    );
  }

  #chain(path: string): Row<T>[] {
    const node = this.#outline.find(path);
    return node ? this.#outline.chain(node) : [];
  }

  #open(node: T): Row<T> | null {
    const chain = this.#outline.chain(node);
    for (const row of chain.slice(0, -1)) this.grid.expand(row);
    this.#hooks.revealed?.(node);
    return chain.at(-1) ?? null;
  }

  #mark(row: Row<T>): void {
    const before = this.#selected;
    this.#selected = row;
    this.grid.mark(before);
    this.grid.mark(row);
    this.#hooks.marked();
  }

  #follow(): void {
    const found = this.#outline.foremost();
    if (this.#query) this.#endSearch();
    const row = found && this.#open(found.node);
    if (row) {
      this.choose(row);
      this.grid.focus(row);
    }
    this.toolbar.tell(this.#hooks.arrived(row, found?.repeated ?? []));
  }

  // --- Search ---

  #search(query: string): void {
    if (query) this.#hooks.searching?.();
    this.#query = query.trim();
    if (!this.#query) this.toolbar.tell("");
    this.draw();
    if (!this.#query) this.revealSelected();
  }

  #endSearch(): void {
    this.toolbar.search.value = "";
    this.#search("");
  }

  /** From the search field to the first row that matches. */
  #toMatches(): void {
    if (!this.#found) {
      this.grid.focus(this.grid.current);
      return;
    }
    const [first] = this.#found.hits;
    if (!first) return;
    this.grid.focus(first);
    this.choose(first);
  }

  /** Selects the next match; the focus goes there only from another row. */
  #step(by: 1 | -1): void {
    const hits = this.#found?.hits ?? [];
    const at = hits.findIndex((row) => row.key === this.#selected?.key);
    const next = at < 0 && by < 0 ? hits.length - 1 : (at + by + hits.length) % hits.length;
    const row = hits[next];
    if (!row) return;
    for (let above = row.parent; above; above = above.parent) this.grid.expand(above);
    this.choose(row);
    if (this.grid.element.contains(document.activeElement)) this.grid.focus(row);
    else this.grid.moveTo(row);
    this.toolbar.tell(`Match ${next + 1} of ${hits.length}`);
  }

  /** Keys that the grid has no use for. */
  #onKey(row: Row<T>, event: KeyboardEvent): boolean {
    if (event.key === "F3" && this.#found) {
      this.#step(event.shiftKey ? -1 : 1);
      return true;
    }
    if (event.key === "/" && !event.ctrlKey && !event.metaKey && !event.altKey) {
      this.toolbar.search.focus();
      return true;
    }
    const copies = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "c";
    if (!copies || String(getSelection() ?? "")) return false;
    event.stopPropagation(); // the notebook would copy the cell
    this.copy(row);
    return true;
  }
}
