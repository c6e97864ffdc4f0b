// A W3C ARIA treegrid in plain DOM: rows that open and close, one of them in the tab order. What
// its keys do is in `grid_keys.ts`. It knows nothing of energy.

import { make } from "./dom.js";
import { GridKeys, isPlain } from "./grid_keys.js";
import { RowsInSight } from "./rows_in_sight.js";

/** What the grid needs to know of a row. */
export interface GridItem<T> {
  /** Unique in the tree; the same in another report for what is the same there. */
  readonly key: string;
  readonly parent: T | null;
  readonly level: number;
  readonly label: string;
  expanded: boolean;
}

export interface GridSource<T> {
  readonly top: readonly T[];
  childrenOf(item: T): readonly T[];
  hasChildren(item: T): boolean;
}

export interface GridHooks<T> {
  /** The cells of a row; may set data attributes and styles on it. */
  cells(item: T, row: HTMLElement): HTMLElement[];
  /** Null for a row that cannot be selected. */
  isSelected(item: T): boolean | null;
  /** The reader chose a row that can be selected. */
  choose(item: T): void;
  /** A key that the grid has no use for; true where it was taken. */
  key?(item: T, event: KeyboardEvent): boolean;
}

export class TreeGrid<T extends GridItem<T>> {
  /** Scrolls; holds the treegrid. */
  readonly element: HTMLElement;
  readonly #hooks: GridHooks<T>;
  readonly #heading: HTMLElement;
  readonly #grid: HTMLElement;
  readonly #rows: RowsInSight<T>;
  readonly #keys = new GridKeys<T>(this);
  #source: GridSource<T>;
  #current: T | null = null;

  constructor(label: string, heading: HTMLElement, source: GridSource<T>, hooks: GridHooks<T>) {
    this.#source = source;
    this.#hooks = hooks;
    this.#heading = heading;
    heading.setAttribute("aria-rowindex", "1");
    this.element = make("div", "scroll");
    this.#rows = new RowsInSight(this.element, (row, item) => this.#fill(row, item));
    const { body } = this.#rows;
    this.#grid = make(
      "div",
      "grid",
      { role: "treegrid", "aria-label": label },
      make("div", "", { role: "rowgroup" }, heading),
      body,
    );
    this.element.append(this.#grid);
    body.addEventListener("click", (event) => this.#onClick(event));
    body.addEventListener("dblclick", (event) => this.#onDoubleClick(event));
    body.addEventListener("keydown", (event) => this.#onKey(event));
    body.addEventListener("focusin", (event) => {
      const item = this.#itemAt(event);
      if (item) this.#setCurrent(item);
    });
  }

  /** The row that the tab key reaches. */
  get current(): T | null {
    return this.#current;
  }

  /** All rows, from the top down, in sight or not. */
  get shown(): readonly T[] {
    return this.#rows.shown;
  }

  /** How many rows are in sight at once. */
  get page(): number {
    return this.#rows.page;
  }

  /** The place of `item` among those shown; -1 where it is not. */
  placeOf(item: T): number {
    return this.#rows.placeOf(item);
  }

  /** The rows beside `item`, under the same parent. */
  siblingsOf(item: T): readonly T[] {
    return item.parent ? this.#source.childrenOf(item.parent) : this.#source.top;
  }

  firstChildOf(item: T): T | undefined {
    return this.#source.childrenOf(item)[0];
  }

  /** The row below `item`, or above. */
  beside(item: T, step: 1 | -1): T | null {
    return this.shown[this.placeOf(item) + step] ?? null;
  }

  isSelected(item: T): boolean | null {
    return this.#hooks.isSelected(item);
  }

  /** A row that can be selected is chosen; a heading opens or closes. */
  choose(item: T): void {
    if (this.isSelected(item) === null) this.toggle(item);
    else this.#hooks.choose(item);
  }

  /** Shows other rows; those of the same keys keep focus and place. */
  show(source: GridSource<T>): void {
    this.#source = source;
    this.draw();
  }

  /** Draws all rows again: in place where they are the same rows, so that nothing jumps. */
  draw(): void {
    this.#withFocus(() => this.#rows.show(this.#below(this.#source.top)));
  }

  /** Draws one row's selection again. */
  mark(item: T | null): void {
    const row = this.#rows.rowOf(item);
    if (item && row) this.#setSelected(row, item);
  }

  expand(item: T): void {
    if (item.expanded || !this.#source.hasChildren(item)) return;
    item.expanded = true;
    this.#opened(item, 0, this.#below(this.#source.childrenOf(item)));
  }

  collapse(item: T): void {
    if (!item.expanded) return;
    item.expanded = false;
    const { shown } = this;
    const first = this.placeOf(item) + 1;
    let last = first;
    while ((shown[last]?.level ?? 0) > item.level) last++;
    this.#opened(item, last - first, []);
  }

  toggle(item: T): void {
    if (item.expanded) this.collapse(item);
    else this.expand(item);
  }

  focus(item: T | null | undefined): void {
    if (!item) return;
    this.moveTo(item);
    const row = this.#rows.rowOf(item);
    row?.focus({ preventScroll: true });
    row?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  /**
   * Makes `item` the row that the tab key reaches, and scrolls the grid to it; but not the page:
   * a notebook must not jump because a cell's output was drawn.
   */
  moveTo(item: T): void {
    this.#setCurrent(item);
    this.#rows.scrollTo(item, this.#heading.offsetHeight);
  }

  // --- Rows ---

  /** All rows that stand for `items` and for what is open in them, from the top down. */
  #below(items: readonly T[]): T[] {
    const found: T[] = [];
    const visit = (each: readonly T[]): void => {
      for (const item of each) {
        found.push(item);
        if (item.expanded) visit(this.#source.childrenOf(item));
      }
    };
    visit(items);
    return found;
  }

  /** After `item` was opened or closed: `gone` rows below it make way for `rows`. */
  #opened(item: T, gone: number, rows: readonly T[]): void {
    const place = this.placeOf(item);
    if (place < 0) return;
    this.#rows.rowOf(item)?.setAttribute("aria-expanded", String(item.expanded));
    const { shown } = this;
    this.#withFocus(() =>
      this.#rows.place([...shown.slice(0, place + 1), ...rows, ...shown.slice(place + 1 + gone)]),
    );
  }

  /** Changes the rows; the row with the focus keeps it, or what it is now hidden in gets it. */
  #withFocus(change: () => void): void {
    const { body } = this.#rows;
    const hadFocus = body.contains(document.activeElement);
    change();
    this.#grid.setAttribute("aria-rowcount", String(this.shown.length + 1));
    let at = this.#current;
    while (at && this.placeOf(at) < 0) at = at.parent;
    const place = at ? this.placeOf(at) : 0;
    const current = this.shown[place]; // of this source
    if (current) this.#setCurrent(current);
    if (hadFocus && !body.contains(document.activeElement)) {
      this.#rows.rowOf(this.#current)?.focus({ preventScroll: true });
    }
  }

  #fill(row: HTMLElement, item: T): void {
    const siblings = this.siblingsOf(item);
    row.tabIndex = item.key === this.#current?.key ? 0 : -1;
    row.setAttribute("aria-level", String(item.level));
    row.setAttribute("aria-posinset", String(siblings.indexOf(item) + 1));
    row.setAttribute("aria-setsize", String(siblings.length));
    row.style.setProperty("--level", String(item.level - 1));
    if (this.#source.hasChildren(item)) row.setAttribute("aria-expanded", String(item.expanded));
    else row.removeAttribute("aria-expanded");
    this.#setSelected(row, item);
    row.replaceChildren(...this.#hooks.cells(item, row));
  }

  #setSelected(row: HTMLElement, item: T): void {
    const selected = this.#hooks.isSelected(item);
    if (selected === null) row.removeAttribute("aria-selected");
    else row.setAttribute("aria-selected", String(selected));
  }

  #setCurrent(item: T): void {
    const before = this.#rows.rowOf(this.#current);
    if (before) before.tabIndex = -1;
    this.#current = item;
    this.#rows.keep(item);
    const row = this.#rows.rowOf(item);
    if (row) row.tabIndex = 0;
  }

  // --- Mouse and keyboard ---

  #itemAt(event: Event): T | null {
    return this.#rows.itemAt(event.target as Element | null);
  }

  #onClick(event: MouseEvent): void {
    const item = this.#itemAt(event);
    if (!item) return;
    this.focus(item);
    if ((event.target as Element).closest(".irene-twisty")) this.toggle(item);
    else this.choose(item);
  }

  #onDoubleClick(event: MouseEvent): void {
    const item = this.#itemAt(event);
    // On a heading or a twisty the two clicks have each toggled already.
    if (!item || this.isSelected(item) === null) return;
    if (!(event.target as Element).closest(".irene-twisty")) this.toggle(item);
  }

  #onKey(event: KeyboardEvent): void {
    const item = this.#itemAt(event);
    if (!item) return;
    const edge = (event.ctrlKey || event.metaKey) && /^(Home|End)$/.test(event.key);
    const done =
      this.#hooks.key?.(item, event) ||
      ((isPlain(event) || edge) && this.#keys.act(item, event.key));
    if (done) event.preventDefault();
  }
}
