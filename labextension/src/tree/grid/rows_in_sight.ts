// Of a long list, only the rows in sight and some beside them are in the page. Rows are all of one
// height (`grid.css`) and stand at their places, so that any of them can be missing.

import { make } from "./dom.js";

/** Of a row, in pixels; as in `grid.css`. */
const ROW_HEIGHT = 26;
/** Up to so many rows are all drawn: they can be found by the browser, printed and copied. */
const DRAWN_ALL = 300;
/** Rows drawn above and below those in sight. */
const BESIDE = 30;
/** The least height that is taken for visible: what is hidden now may be shown later. */
const LEAST_HEIGHT = 600;

export class RowsInSight<T extends { readonly key: string }> {
  readonly body = make("div", "body", { role: "rowgroup" });
  readonly #scroll: HTMLElement;
  readonly #fill: (row: HTMLElement, item: T) => void;
  readonly #items = new WeakMap<Element, T>();
  #shown: readonly T[] = [];
  #places = new Map<string, number>();
  #rows = new Map<string, HTMLElement>();
  /** What is drawn wherever it stands: it has the focus, or is the next to get it. */
  #kept: T | null = null;

  /** `fill` makes the cells of a row, `scroll` is the element in which they scroll. */
  constructor(scroll: HTMLElement, fill: (row: HTMLElement, item: T) => void) {
    this.#scroll = scroll;
    this.#fill = fill;
    scroll.addEventListener("scroll", () => this.#draw(), { passive: true });
  }

  /** All rows, from the top down, drawn or not. */
  get shown(): readonly T[] {
    return this.#shown;
  }

  /** How many rows are in sight at once. */
  get page(): number {
    return Math.max(1, Math.floor(this.#scroll.clientHeight / ROW_HEIGHT) - 2);
  }

  /** The place of `item` among those shown; -1 where it is not. */
  placeOf(item: T | null): number {
    return (item && this.#places.get(item.key)) ?? -1;
  }

  /** The element of `item`, where it is drawn. */
  rowOf(item: T | null): HTMLElement | null {
    return (item && this.#rows.get(item.key)) ?? null;
  }

  itemAt(element: Element | null): T | null {
    const row = element?.closest(".irene-row");
    return (row && this.#items.get(row)) ?? null;
  }

  /** Shows these rows, in which those of the same keys are the same. */
  place(items: readonly T[]): void {
    this.#shown = items;
    this.#places = new Map(items.map((item, place) => [item.key, place]));
    this.body.style.setProperty("--rows", String(items.length));
    this.#draw();
  }

  /** Shows these rows, and fills again what is drawn. */
  show(items: readonly T[]): void {
    const drawn = new Set(this.#rows.values());
    this.place(items);
    for (const [key, row] of this.#rows) {
      const item = this.#shown[this.#places.get(key) ?? -1];
      if (item && drawn.has(row)) this.#refill(row, item);
    }
  }

  /** Keeps `item` drawn, and it alone of those out of sight. */
  keep(item: T): void {
    this.#kept = item;
    if (!this.rowOf(item)) this.#draw();
  }

  /** Scrolls the rows, and nothing around them, until `item` is in sight. */
  scrollTo(item: T, headingHeight: number): void {
    const place = this.placeOf(item);
    if (place < 0) return;
    const top = place * ROW_HEIGHT;
    const { scrollTop, clientHeight } = this.#scroll;
    const bottom = top + ROW_HEIGHT + headingHeight;
    if (top < scrollTop) this.#scroll.scrollTop = top;
    else if (bottom > scrollTop + clientHeight) this.#scroll.scrollTop = bottom - clientHeight;
    this.#draw();
  }

  #refill(row: HTMLElement, item: T): void {
    this.#fill(row, item);
    this.#items.set(row, item);
  }

  #range(): [number, number] {
    const count = this.#shown.length;
    if (count <= DRAWN_ALL) return [0, count];
    const { scrollTop, clientHeight } = this.#scroll;
    const height = Math.max(LEAST_HEIGHT, clientHeight);
    const first = Math.floor(scrollTop / ROW_HEIGHT) - BESIDE;
    const last = Math.ceil((scrollTop + height) / ROW_HEIGHT) + BESIDE;
    return [Math.max(0, Math.min(first, count - 1)), Math.min(count, last)];
  }

  #draw(): void {
    const [first, last] = this.#range();
    const wanted = this.#shown.slice(first, last);
    const kept = this.placeOf(this.#kept);
    const keptItem = this.#shown[kept];
    if (keptItem && kept < first) wanted.unshift(keptItem);
    else if (keptItem && kept >= last) wanted.push(keptItem);
    const old = this.#rows;
    this.#rows = new Map();
    for (const item of wanted) {
      const row = old.get(item.key) ?? make("div", "row", { role: "row", tabindex: "-1" });
      if (!old.delete(item.key)) this.#refill(row, item);
      this.#rows.set(item.key, row);
      const place = this.placeOf(item);
      row.style.setProperty("--place", String(place));
      row.setAttribute("aria-rowindex", String(place + 2)); // the heading is the first
    }
    for (const row of old.values()) row.remove();
    let next = this.body.firstElementChild;
    for (const row of this.#rows.values()) {
      if (row === next) next = row.nextElementSibling;
      else this.body.insertBefore(row, next);
    }
  }
}
