// A W3C ARIA treegrid in plain DOM: rows that open and close, one of them in the tab order. What
// its keys do is in `grid_keys.ts`. It knows nothing of energy.

import { make } from "./dom.js";
import { GridKeys, isPlain } from "./grid_keys.js";

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
  readonly #body = make("div", "body", { role: "rowgroup" });
  readonly #items = new WeakMap<Element, T>();
  readonly #keys = new GridKeys<T>(this);
  #source: GridSource<T>;
  #rows = new Map<string, HTMLElement>();
  #current: T | null = null;

  constructor(label: string, heading: HTMLElement, source: GridSource<T>, hooks: GridHooks<T>) {
    this.#source = source;
    this.#hooks = hooks;
    this.#heading = heading;
    this.element = make(
      "div",
      "scroll",
      {},
      make(
        "div",
        "grid",
        { role: "treegrid", "aria-label": label },
        make("div", "", { role: "rowgroup" }, heading),
        this.#body,
      ),
    );
    this.#body.addEventListener("click", (event) => this.#onClick(event));
    this.#body.addEventListener("dblclick", (event) => this.#onDoubleClick(event));
    this.#body.addEventListener("keydown", (event) => this.#onKey(event));
    this.#body.addEventListener("focusin", (event) => {
      const item = this.#itemAt(event);
      if (item) this.#setCurrent(item);
    });
  }

  /** The row that the tab key reaches. */
  get current(): T | null {
    return this.#current;
  }

  /** All rows that are drawn, from the top down. */
  get shown(): T[] {
    return [...this.#body.children].flatMap((row) => this.#items.get(row) ?? []);
  }

  /** How many rows are in sight at once. */
  get page(): number {
    const height = this.#rowOf(this.#current)?.offsetHeight || 1;
    return Math.max(1, Math.floor(this.element.clientHeight / height) - 2);
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
    const row = this.#rowOf(item);
    const next = step > 0 ? row?.nextElementSibling : row?.previousElementSibling;
    return (next && this.#items.get(next)) ?? null;
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
    const hadFocus = this.#body.contains(document.activeElement);
    const old = this.#rows;
    const elements: HTMLElement[] = [];
    this.#rows = new Map();
    const visit = (items: readonly T[]): void =>
      items.forEach((item, index) => {
        const row = this.#fill(old.get(item.key) ?? this.#newRow(), item, index, items.length);
        elements.push(row);
        if (item.expanded) visit(this.#source.childrenOf(item));
      });
    visit(this.#source.top);
    const { children } = this.#body;
    const same =
      children.length === elements.length && elements.every((row, at) => children[at] === row);
    if (!same) {
      const { scrollTop } = this.element;
      const fragment = document.createDocumentFragment();
      fragment.append(...elements);
      this.#body.replaceChildren(fragment);
      this.element.scrollTop = scrollTop;
    }
    this.#keepCurrent();
    if (hadFocus && !this.#body.contains(document.activeElement)) {
      this.#rowOf(this.#current)?.focus({ preventScroll: true });
    }
  }

  /** Draws one row's selection again. */
  mark(item: T | null): void {
    const row = this.#rowOf(item);
    if (item && row) this.#setSelected(row, item);
  }

  expand(item: T): void {
    if (item.expanded || !this.#source.hasChildren(item)) return;
    item.expanded = true;
    const row = this.#rowOf(item);
    if (!row) return;
    row.setAttribute("aria-expanded", "true");
    const fragment = document.createDocumentFragment();
    const visit = (items: readonly T[]): void =>
      items.forEach((child, index) => {
        fragment.append(this.#fill(this.#newRow(), child, index, items.length));
        if (child.expanded) visit(this.#source.childrenOf(child));
      });
    visit(this.#source.childrenOf(item));
    row.after(fragment);
  }

  collapse(item: T): void {
    if (!item.expanded) return;
    item.expanded = false;
    const row = this.#rowOf(item);
    if (!row) return;
    row.setAttribute("aria-expanded", "false");
    for (let next = row.nextElementSibling; next; next = row.nextElementSibling) {
      const below = this.#items.get(next);
      if (!below || below.level <= item.level) break;
      if (below.key === this.#current?.key) this.#setCurrent(item);
      this.#rows.delete(below.key);
      next.remove();
    }
  }

  toggle(item: T): void {
    if (item.expanded) this.collapse(item);
    else this.expand(item);
  }

  focus(item: T | null | undefined): void {
    if (!item) return;
    this.#setCurrent(item);
    this.#rowOf(item)?.focus({ preventScroll: true });
    this.scrollTo(item);
  }

  /**
   * Makes `item` the row that the tab key reaches, and scrolls the grid to it; but not the page:
   * a notebook must not jump because a cell's output was drawn.
   */
  moveTo(item: T): void {
    this.#setCurrent(item);
    const row = this.#rowOf(item)?.getBoundingClientRect();
    if (!row) return;
    const frame = this.element.getBoundingClientRect();
    const top = frame.top + this.#heading.offsetHeight;
    if (row.top < top) this.element.scrollTop -= top - row.top;
    else if (row.bottom > frame.bottom) this.element.scrollTop += row.bottom - frame.bottom;
  }

  scrollTo(item: T): void {
    this.#rowOf(item)?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  // --- Rows ---

  #newRow(): HTMLElement {
    return make("div", "row", { role: "row", tabindex: "-1" });
  }

  #fill(row: HTMLElement, item: T, index: number, count: number): HTMLElement {
    row.setAttribute("aria-level", String(item.level));
    row.setAttribute("aria-posinset", String(index + 1));
    row.setAttribute("aria-setsize", String(count));
    row.style.setProperty("--level", String(item.level - 1));
    if (this.#source.hasChildren(item)) row.setAttribute("aria-expanded", String(item.expanded));
    else row.removeAttribute("aria-expanded");
    this.#setSelected(row, item);
    row.replaceChildren(...this.#hooks.cells(item, row));
    this.#items.set(row, item);
    this.#rows.set(item.key, row);
    return row;
  }

  #setSelected(row: HTMLElement, item: T): void {
    const selected = this.#hooks.isSelected(item);
    if (selected === null) row.removeAttribute("aria-selected");
    else row.setAttribute("aria-selected", String(selected));
  }

  #rowOf(item: T | null): HTMLElement | null {
    return (item && this.#rows.get(item.key)) ?? null;
  }

  /** The current row is one that is shown: itself, or what it is now hidden in. */
  #keepCurrent(): void {
    let at = this.#current;
    while (at && !this.#rows.has(at.key)) at = at.parent;
    const row = this.#rowOf(at) ?? this.#body.firstElementChild;
    const item = row && this.#items.get(row);
    this.#current = null;
    for (const other of this.#body.querySelectorAll('[tabindex="0"]')) {
      if (other !== row) other.setAttribute("tabindex", "-1");
    }
    if (item) this.#setCurrent(item);
  }

  #setCurrent(item: T): void {
    const before = this.#rowOf(this.#current);
    if (before) before.tabIndex = -1;
    this.#current = item;
    const row = this.#rowOf(item);
    if (row) row.tabIndex = 0;
  }

  // --- Mouse and keyboard ---

  #itemAt(event: Event): T | null {
    const row = (event.target as Element | null)?.closest(".irene-row");
    return (row && this.#items.get(row)) ?? null;
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
