// The buttons and menus over the rows. They only tell what the reader wants.

import { UNITS, type Unit } from "../data/format.js";
import { make, shorten } from "../grid/dom.js";

export const VIEWS = ["tree", "icicle"] as const;
export type ViewName = (typeof VIEWS)[number];

export interface ToolbarHooks {
  follow(): void;
  search(query: string): void;
  /** Enter or the down arrow in the search field. */
  toMatches(): void;
  /** To the next match, or the one before. */
  step(by: 1 | -1): void;
  depth(levels: number): void;
  sort(isByWeight: boolean): void;
  unit(unit: Unit): void;
  /** Another phase, null for all of them; without it there are none. */
  phase?(phase: string | null): void;
  /** Without it there is one view only. */
  view?(view: ViewName): void;
}

/** The phases of a report, which of them is shown (null: all), and what all are called. */
export interface Phases {
  readonly names: readonly string[];
  readonly shown: string | null;
  readonly whole: string;
}

export interface ToolbarWords {
  readonly follow: string;
  readonly followTitle: string;
  /** What the rows may be sorted by; the first is the order of running. */
  readonly sorts: readonly string[];
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

export class Toolbar {
  readonly element = make("div", "toolbar", { role: "group", "aria-label": "View" });
  readonly search: HTMLInputElement;
  /** What was just found or done, also for screen readers. */
  readonly status = make("p", "status", { role: "status" });
  readonly #levels = make("div", "segments", { role: "group", "aria-label": "Open levels" });
  readonly #ofRows: HTMLElement;
  readonly #steps: HTMLElement;
  readonly #phases = make("div", "segments", { role: "group", "aria-label": "Phase", hidden: "" });
  readonly #units: HTMLSelectElement;
  readonly #sorts: HTMLSelectElement;
  readonly #views = new Map<ViewName, HTMLButtonElement>();
  readonly #hooks: ToolbarHooks;

  constructor(words: ToolbarWords, hooks: ToolbarHooks) {
    this.#hooks = hooks;
    const follow = button(words.follow, words.followTitle, () => hooks.follow());
    follow.classList.add("irene-primary");
    this.search = this.#searchField();
    this.#steps = make("div", "segments", { role: "group", "aria-label": "Matches", hidden: "" });
    for (const [by, sign, title] of [
      [-1, "‹", "Previous match (Shift+F3)"],
      [1, "›", "Next match (F3)"],
    ] as const) {
      const element = button(sign, title, () => hooks.step(by));
      element.ariaLabel = by > 0 ? "Next match" : "Previous match";
      this.#steps.append(element);
    }
    const sorts = menu("Sort", words.sorts, (sort) => hooks.sort(sort !== words.sorts[0]));
    const units = menu("Unit", UNITS, (unit) => hooks.unit(unit));
    this.#sorts = sorts.select;
    this.#units = units.select;
    const label = make("span", "toolbar-label", { "aria-hidden": "true" }, "Levels");
    this.#ofRows = make("div", "tools", {}, label, this.#levels);
    const menus = make("div", "tools", {}, sorts.element, units.element);
    if (hooks.view) menus.append(this.#viewButtons((view) => hooks.view?.(view)));
    const found = make("div", "tools", {}, this.search, this.#steps);
    this.element.append(this.#phases, follow, found, this.#ofRows, make("span", "spring"), menus);
  }

  /** Shows what is chosen, and buttons for the levels that there are. */
  show(state: { unit: Unit; height: number; view?: ViewName; phases?: Phases }): void {
    const view = state.view ?? "tree";
    this.#units.value = state.unit;
    // An icicle shows all levels, side by side as they run.
    this.#ofRows.hidden = view === "icicle";
    this.#sorts.disabled = view === "icicle";
    for (const [name, element] of this.#views) {
      element.setAttribute("aria-pressed", String(name === view));
    }
    this.#showLevels(state.height);
    this.#showPhases(state.phases);
  }

  /** Ways from one match to another, where there are several. */
  showSteps(matches: number): void {
    this.#steps.hidden = matches < 2;
  }

  tell(text: string): void {
    // The same words again would be read aloud again.
    if (this.status.textContent !== text) this.status.textContent = text;
  }

  /** Buttons that open so many levels; nothing changes if they are there. */
  #showLevels(height: number): void {
    if (this.#levels.dataset.height === String(height)) return;
    this.#levels.dataset.height = String(height);
    const level = (label: string, title: string, levels: number): HTMLElement =>
      button(label, title, () => this.#hooks.depth(levels));
    this.#levels.replaceChildren(
      level("None", "Close every row", 0),
      ...DEPTH_BUTTONS.filter((count) => count < height - 1).map((count) =>
        level(String(count), `Open ${count} level${count === 1 ? "" : "s"}`, count),
      ),
      level("All", "Open every row", height),
    );
  }

  /** A button for all phases together, and one for each. */
  #showPhases(phases: Phases | undefined): void {
    const names = phases?.names ?? [];
    this.#phases.hidden = names.length < 2;
    const choices: [string | null, string][] = [
      [null, phases?.whole ?? ""],
      ...names.map((name): [string, string] => [name, shorten(name)]),
    ];
    const told = JSON.stringify(choices);
    if (this.#phases.dataset.phases !== told) {
      this.#phases.dataset.phases = told;
      this.#phases.replaceChildren(
        ...choices.map(([phase, label]) =>
          button(
            label.charAt(0).toUpperCase() + label.slice(1),
            phase === null ? "All phases together, each in a column" : `The tree of ${label} alone`,
            () => this.#hooks.phase?.(phase),
          ),
        ),
      );
    }
    [...this.#phases.children].forEach((element, place) => {
      element.setAttribute("aria-pressed", String(choices[place]?.[0] === (phases?.shown ?? null)));
    });
  }

  #viewButtons(choose: (view: ViewName) => void): HTMLElement {
    const views = make("div", "segments", { role: "group", "aria-label": "Drawn as" });
    for (const view of VIEWS) {
      const element = button(
        view === "tree" ? "Tree" : "Icicle",
        view === "tree" ? "A table of rows that open" : "Boxes as wide as their energy",
        () => choose(view),
      );
      this.#views.set(view, element);
      views.append(element);
    }
    return views;
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
      } else if (event.key === "F3" && field.value) {
        event.preventDefault();
        this.#hooks.step(event.shiftKey ? -1 : 1);
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
