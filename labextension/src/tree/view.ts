// The energy tree as a W3C ARIA treegrid in plain DOM. It knows neither Jupyter nor kernels:
// the ipywidgets adapter and the MIME renderer both call `renderTree`.

import { DataError, readReport, type Report } from "./data.js";
import { renderDetail } from "./detail.js";
import { make } from "./dom.js";
import { UNITS, type Unit } from "./format.js";
import { renderHeader } from "./header.js";
import { hasChildren, Rows, type Item } from "./items.js";
import { renderHeading, renderRow } from "./row.js";

export interface TreeOptions {
  /** Path of the node that is selected at first; "" is the root. */
  selected?: string;
  /** How many levels are open at first. */
  expandedDepth?: number;
  unit?: Unit;
  /** The reader selected another node. */
  onSelect?: (path: string) => void;
  /** The reader pressed a button that opens or closes whole levels. */
  onDepth?: (depth: number) => void;
  onUnit?: (unit: Unit) => void;
}

export interface TreeView {
  /** Removes everything that was drawn. */
  dispose(): void;
  /** Selects the node at `path` and brings it into view; false if there is none. */
  select(path: string): boolean;
  /** Opens the way to the node at `path`, without selecting it; false if there is none. */
  expandTo(path: string): boolean;
  setDepth(depth: number): void;
  setUnit(unit: Unit): void;
}

/** Characters typed within this time belong to one search. */
const TYPE_AHEAD_MILLISECONDS = 600;
const DEPTH_BUTTONS = [1, 2, 3, 4];
const NOTHING: TreeView = {
  dispose: () => undefined,
  select: () => false,
  expandTo: () => false,
  setDepth: () => undefined,
  setUnit: () => undefined,
};

/** A key that a notebook would take for a shortcut of its own: a, b, dd … insert, delete cells. */
const isPlain = (event: KeyboardEvent): boolean =>
  !event.ctrlKey &&
  !event.metaKey &&
  !event.altKey &&
  event.key !== "Escape" &&
  !(event.shiftKey && event.key === "Enter");

/** Draws the report `data` (its JSON) into `element`, in place of what is there. */
export function renderTree(element: Element, data: unknown, options: TreeOptions = {}): TreeView {
  const outer = make("section", "tree", { "aria-label": "Energy report" });
  outer.addEventListener("keydown", (event) => {
    if (isPlain(event)) event.stopPropagation();
  });
  element.replaceChildren(outer);
  const dispose = (): void => outer.remove();
  let report: Report;
  try {
    report = readReport(data);
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    outer.append(make("p", "empty", {}, `Not shown: ${error.message}.`));
    return { ...NOTHING, dispose };
  }
  if (!report.root && !report.notRun.length) {
    outer.append(
      make("p", "empty", {}, "No model was built or run here, so there is no energy to show."),
      ...report.notes.map((note) => make("p", "note", {}, note)),
    );
    return { ...NOTHING, dispose };
  }
  const grid = new Grid(outer, report, options);
  return {
    dispose,
    select: (path) => grid.select(path),
    expandTo: (path) => grid.reveal(path) !== null,
    setDepth: (depth) => grid.setDepth(depth),
    setUnit: (unit) => grid.setUnit(unit),
  };
}

class Grid {
  readonly #options: TreeOptions;
  readonly #report: Report;
  readonly #rows: Rows;
  readonly #items = new WeakMap<Element, Item>();
  readonly #elements = new Map<Item, HTMLElement>();
  readonly #head: HTMLElement = make("div", "head-slot");
  readonly #body: HTMLElement;
  readonly #detail: HTMLElement;
  readonly #units: HTMLSelectElement;
  #unit: Unit;
  #selected: Item | null = null;
  #current: Item | null = null;
  #typed = "";
  #typedAt = 0;

  constructor(outer: HTMLElement, report: Report, options: TreeOptions) {
    this.#options = options;
    this.#report = report;
    this.#rows = new Rows(report);
    this.#unit = options.unit ?? "J";
    this.#body = make("div", "body", { role: "rowgroup" });
    this.#detail = make("aside", "detail", { "aria-label": "Selected node" });
    this.#units = this.#unitMenu();
    const grid = make("div", "grid", { role: "treegrid", "aria-label": "Energy by module" });
    grid.append(make("div", "", { role: "rowgroup" }, renderHeading()), this.#body);
    outer.append(
      this.#head,
      this.#toolbar(),
      make("div", "panes", {}, make("div", "scroll", {}, grid), this.#detail),
    );
    this.#body.addEventListener("click", (event) => this.#onClick(event));
    this.#body.addEventListener("dblclick", (event) => this.#onDoubleClick(event));
    this.#body.addEventListener("keydown", (event) => this.#onKey(event));
    this.#body.addEventListener("focusin", (event) => {
      const item = this.#itemAt(event);
      if (item) this.#setCurrent(item);
    });
    this.#rows.expandTo(options.expandedDepth ?? 2);
    const node = this.#rows.find(options.selected ?? "");
    const chain = node ? this.#rows.chain(node) : [];
    for (const item of chain.slice(0, -1)) item.expanded = true;
    this.#selected = chain.at(-1) ?? null;
    this.#draw();
  }

  select(path: string): boolean {
    // The echo of the reader's own choice: two nodes outside the total may share a path.
    if (this.#selected?.node?.path === path) return true;
    const item = this.reveal(path);
    if (!item) return false;
    this.#mark(item);
    this.#setCurrent(item);
    this.#scrollTo(item);
    return true;
  }

  /** Opens the way to `path`; its row, or null. */
  reveal(path: string): Item | null {
    const node = this.#rows.find(path);
    const chain = node ? this.#rows.chain(node) : [];
    for (const item of chain.slice(0, -1)) this.#expand(item);
    return chain.at(-1) ?? null;
  }

  setDepth(depth: number): void {
    this.#rows.expandTo(depth);
    this.#draw();
  }

  setUnit(unit: Unit): void {
    if (unit === this.#unit) return;
    this.#unit = unit;
    this.#draw();
  }

  // --- Drawing ---

  #draw(): void {
    const hadFocus = this.#body.contains(document.activeElement);
    this.#units.value = this.#unit;
    this.#head.replaceChildren(renderHeader(this.#report, this.#rows.flagCounts(), this.#unit));
    this.#elements.clear();
    const fragment = document.createDocumentFragment();
    for (const item of this.#rows.top) this.#addRows(item, fragment);
    this.#body.replaceChildren(fragment);
    const visible = (item: Item | null): Item | null => {
      let at = item;
      while (at && !this.#elements.has(at)) at = at.parent;
      return at;
    };
    this.#current = visible(this.#current ?? this.#selected) ?? this.#rows.top[0] ?? null;
    const row = this.#current && this.#elements.get(this.#current);
    if (row) {
      row.tabIndex = 0;
      if (hadFocus) row.focus();
    }
    this.#drawDetail();
  }

  /** The row of `item` and, where it is open, of all below it. */
  #addRows(item: Item, into: DocumentFragment): void {
    const row = renderRow(item, this.#unit);
    if (item.node) row.setAttribute("aria-selected", String(item === this.#selected));
    this.#items.set(row, item);
    this.#elements.set(item, row);
    into.append(row);
    if (item.expanded) for (const child of this.#rows.childrenOf(item)) this.#addRows(child, into);
  }

  #drawDetail(): void {
    this.#detail.replaceChildren(
      this.#selected
        ? renderDetail(this.#selected, this.#unit)
        : make("p", "hint", {}, "Select a row to see its details."),
    );
  }

  #expand(item: Item): void {
    if (item.expanded || !hasChildren(item)) return;
    item.expanded = true;
    const row = this.#elements.get(item);
    if (!row) return;
    row.setAttribute("aria-expanded", "true");
    const fragment = document.createDocumentFragment();
    for (const child of this.#rows.childrenOf(item)) this.#addRows(child, fragment);
    row.after(fragment);
  }

  #collapse(item: Item): void {
    if (!item.expanded) return;
    item.expanded = false;
    const row = this.#elements.get(item);
    if (!row) return;
    row.setAttribute("aria-expanded", "false");
    for (let next = row.nextElementSibling; next; next = row.nextElementSibling) {
      const below = this.#items.get(next);
      if (!below || below.level <= item.level) break;
      if (below === this.#current) this.#setCurrent(item);
      this.#elements.delete(below);
      next.remove();
    }
  }

  #toggle(item: Item): void {
    if (item.expanded) this.#collapse(item);
    else this.#expand(item);
  }

  /** Shows `item` as selected; only a node can be. */
  #mark(item: Item): void {
    if (this.#selected) this.#elements.get(this.#selected)?.setAttribute("aria-selected", "false");
    this.#selected = item;
    this.#elements.get(item)?.setAttribute("aria-selected", "true");
    this.#drawDetail();
  }

  /** The reader chose `item`: a node is selected, a heading opens or closes. */
  #choose(item: Item): void {
    if (!item.node) {
      this.#toggle(item);
    } else if (item !== this.#selected) {
      this.#mark(item);
      this.#options.onSelect?.(item.node.path);
    }
  }

  #setCurrent(item: Item): void {
    if (this.#current) {
      const before = this.#elements.get(this.#current);
      if (before) before.tabIndex = -1;
    }
    this.#current = item;
    const row = this.#elements.get(item);
    if (row) row.tabIndex = 0;
  }

  #focus(item: Item | null | undefined): void {
    if (!item) return;
    this.#setCurrent(item);
    this.#elements.get(item)?.focus({ preventScroll: true });
    this.#scrollTo(item);
  }

  #scrollTo(item: Item): void {
    this.#elements.get(item)?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  // --- Toolbar ---

  #toolbar(): HTMLElement {
    const bar = make("div", "toolbar", { role: "group", "aria-label": "View" });
    const button = (label: string, title: string, action: () => void): void => {
      const element = make("button", "button", { type: "button", title }, label);
      element.addEventListener("click", action);
      bar.append(element);
    };
    button("Follow the energy", "Open the path to the node that spends the most", () => {
      this.#followEnergy();
    });
    bar.append(make("span", "toolbar-label", {}, "Levels"));
    const height = this.#rows.height();
    const depth = (label: string, title: string, levels: number): void =>
      button(label, title, () => {
        this.setDepth(levels);
        this.#options.onDepth?.(levels);
      });
    depth("None", "Close every row", 0);
    for (const levels of DEPTH_BUTTONS.filter((count) => count < height - 1)) {
      depth(String(levels), `Open ${levels} level${levels === 1 ? "" : "s"}`, levels);
    }
    depth("All", "Open every row", height);
    const label = make("label", "units", {}, "Unit ", this.#units);
    bar.append(label);
    return bar;
  }

  #unitMenu(): HTMLSelectElement {
    const menu = make("select", "select");
    for (const unit of UNITS) menu.append(make("option", "", { value: unit }, unit));
    menu.addEventListener("change", () => {
      const unit = UNITS.find((candidate) => candidate === menu.value);
      if (!unit || unit === this.#unit) return;
      this.setUnit(unit);
      this.#options.onUnit?.(unit);
    });
    return menu;
  }

  #followEnergy(): void {
    const item = this.#rows.hottest();
    if (!item) return;
    const chain: Item[] = [];
    for (let at = item.parent; at; at = at.parent) chain.unshift(at);
    chain.forEach((ancestor) => this.#expand(ancestor));
    this.#focus(item);
    if (item.node) this.#choose(item);
  }

  // --- Mouse and keyboard ---

  #itemAt(event: Event): Item | null {
    const row = (event.target as Element | null)?.closest(".irene-row");
    return (row && this.#items.get(row)) ?? null;
  }

  #onClick(event: MouseEvent): void {
    const item = this.#itemAt(event);
    if (!item) return;
    this.#focus(item);
    if ((event.target as Element).closest(".irene-twisty")) this.#toggle(item);
    else this.#choose(item);
  }

  #onDoubleClick(event: MouseEvent): void {
    const item = this.#itemAt(event);
    // On a heading or a twisty the two clicks have each toggled already.
    if (item?.node && !(event.target as Element).closest(".irene-twisty")) this.#toggle(item);
  }

  #onKey(event: KeyboardEvent): void {
    const item = this.#itemAt(event);
    if (item && isPlain(event) && this.#act(item, event.key)) event.preventDefault();
  }

  /** True where `key` means something here. */
  #act(item: Item, key: string): boolean {
    const row = this.#elements.get(item);
    const beside = (element: Element | null | undefined): Item | null =>
      (element && this.#items.get(element)) ?? null;
    switch (key) {
      case "ArrowDown":
        this.#focus(beside(row?.nextElementSibling));
        return true;
      case "ArrowUp":
        this.#focus(beside(row?.previousElementSibling));
        return true;
      case "ArrowRight":
        if (item.expanded) this.#focus(this.#rows.childrenOf(item)[0]);
        else this.#expand(item);
        return true;
      case "ArrowLeft":
        if (item.expanded) this.#collapse(item);
        else this.#focus(item.parent);
        return true;
      case "Home":
        this.#focus(beside(this.#body.firstElementChild));
        return true;
      case "End":
        this.#focus(beside(this.#body.lastElementChild));
        return true;
      case "Enter":
        // A second Enter opens or closes what the first one selected.
        if (item.node && item === this.#selected) this.#toggle(item);
        else this.#choose(item);
        return true;
      case " ":
        this.#choose(item);
        return true;
      case "*":
        for (const sibling of item.parent ? this.#rows.childrenOf(item.parent) : this.#rows.top) {
          this.#expand(sibling);
        }
        return true;
      default:
        return key.length === 1 && this.#typeAhead(item, key.toLowerCase());
    }
  }

  /** Focus on the next visible row whose name (or last part of it) begins with what was typed. */
  #typeAhead(from: Item, letter: string): boolean {
    const now = Date.now();
    const fresh = now - this.#typedAt > TYPE_AHEAD_MILLISECONDS;
    this.#typedAt = now;
    // The same letter again looks for the next match, as in any list.
    this.#typed = fresh || this.#typed === letter ? letter : this.#typed + letter;
    const rows = [...this.#body.children];
    const start = rows.findIndex((row) => this.#items.get(row) === from);
    const offset = this.#typed.length === 1 ? 1 : 0;
    for (let step = 0; step < rows.length; step++) {
      const row = rows[(start + offset + step) % rows.length] as Element;
      const label = this.#items.get(row)?.label.toLowerCase() ?? "";
      const last = label.slice(label.lastIndexOf(".") + 1);
      if (label.startsWith(this.#typed) || last.startsWith(this.#typed)) {
        this.#focus(this.#items.get(row));
        break;
      }
    }
    return true;
  }
}
