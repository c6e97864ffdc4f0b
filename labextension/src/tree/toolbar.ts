// The buttons and menus over the tree. They only tell what the reader wants.

import { make } from "./dom.js";
import { UNITS, type Unit } from "./format.js";
import { SORTS, type Sort } from "./rows.js";

export const VIEWS = ["tree", "icicle"] as const;
export type ViewName = (typeof VIEWS)[number];

export interface ToolbarHooks {
  followEnergy(): void;
  search(query: string): void;
  /** Enter or the down arrow in the search field. */
  toMatches(): void;
  depth(levels: number): void;
  sort(sort: Sort): void;
  unit(unit: Unit): void;
  view(view: ViewName): void;
}

const DEPTH_BUTTONS = [1, 2, 3, 4];

export function button(label: string, title: string, action: () => void): HTMLButtonElement {
  const element = make("button", "button", { type: "button", title }, label);
  element.addEventListener("click", action);
  return element;
}

/** A labelled menu of `choices`; `choose` is called with the chosen one. */
export function menu<T extends string>(
  label: string,
  choices: readonly T[],
  choose: (choice: T) => void,
): { element: HTMLElement; select: HTMLSelectElement } {
  const select = make("select", "select", { "data-menu": label.toLowerCase() });
  for (const choice of choices) select.append(make("option", "", { value: choice }, choice));
  select.addEventListener("change", () => {
    const choice = choices.find((candidate) => candidate === select.value);
    if (choice) choose(choice);
  });
  return { element: make("label", "menu", {}, `${label} `, select), select };
}

export const levelGroup = (): HTMLElement =>
  make("div", "segments", { role: "group", "aria-label": "Open levels" });
export const levelLabel = (): HTMLElement =>
  make("span", "toolbar-label", { "aria-hidden": "true" }, "Levels");

/** Fills `group` with buttons that open so many levels; nothing changes if they are there. */
export function levelButtons(
  group: HTMLElement,
  height: number,
  open: (levels: number) => void,
): void {
  if (group.dataset.height === String(height)) return;
  group.dataset.height = String(height);
  const level = (label: string, title: string, levels: number): HTMLElement =>
    button(label, title, () => open(levels));
  group.replaceChildren(
    level("None", "Close every row", 0),
    ...DEPTH_BUTTONS.filter((count) => count < height - 1).map((count) =>
      level(String(count), `Open ${count} level${count === 1 ? "" : "s"}`, count),
    ),
    level("All", "Open every row", height),
  );
}

export class Toolbar {
  readonly element = make("div", "toolbar", { role: "group", "aria-label": "View" });
  readonly search: HTMLInputElement;
  /** What was just found or done, also for screen readers. */
  readonly status = make("p", "status", { role: "status" });
  readonly #levels = levelGroup();
  readonly #ofTree = make("div", "tools", {}, levelLabel(), this.#levels);
  readonly #units: HTMLSelectElement;
  readonly #sorts: HTMLSelectElement;
  readonly #views = new Map<ViewName, HTMLButtonElement>();
  readonly #hooks: ToolbarHooks;

  constructor(hooks: ToolbarHooks) {
    this.#hooks = hooks;
    const follow = button(
      "Follow the energy",
      "Open the path to the node that spends the most",
      () => hooks.followEnergy(),
    );
    follow.classList.add("irene-primary");
    this.search = this.#searchField();
    const sorts = menu("Sort", SORTS, (sort) => hooks.sort(sort));
    const units = menu("Unit", UNITS, (unit) => hooks.unit(unit));
    this.#sorts = sorts.select;
    this.#units = units.select;
    const views = make("div", "segments", { role: "group", "aria-label": "Drawn as" });
    for (const view of VIEWS) {
      const element = button(
        view === "tree" ? "Tree" : "Icicle",
        view === "tree" ? "A table of rows that open" : "Boxes as wide as their energy",
        () => hooks.view(view),
      );
      this.#views.set(view, element);
      views.append(element);
    }
    this.element.append(
      follow,
      this.search,
      this.#ofTree,
      make("span", "spring"),
      make("div", "tools", {}, sorts.element, units.element, views),
    );
  }

  /** Shows what is chosen, and buttons for the levels that there are. */
  show(state: { unit: Unit; sort: Sort; view: ViewName; height: number }): void {
    this.#units.value = state.unit;
    this.#sorts.value = state.sort;
    // An icicle shows all levels, side by side as they run.
    this.#ofTree.hidden = state.view === "icicle";
    this.#sorts.disabled = state.view === "icicle";
    for (const [view, element] of this.#views) {
      element.setAttribute("aria-pressed", String(view === state.view));
    }
    levelButtons(this.#levels, state.height, (levels) => this.#hooks.depth(levels));
  }

  tell(text: string): void {
    // The same words again would be read aloud again.
    if (this.status.textContent !== text) this.status.textContent = text;
  }

  #searchField(): HTMLInputElement {
    const field = make("input", "search", {
      type: "search",
      placeholder: "Search",
      "aria-label": "Search modules by path or class",
      maxlength: "200",
      spellcheck: "false",
      autocomplete: "off",
    });
    field.addEventListener("input", () => this.#hooks.search(field.value));
    field.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === "ArrowDown") {
        event.preventDefault();
        this.#hooks.toMatches();
      } else if (event.key === "Escape" && field.value) {
        // The notebook must not leave its cell because a search was ended.
        event.preventDefault();
        event.stopPropagation();
        field.value = "";
        this.#hooks.search("");
      }
    });
    return field;
  }
}
