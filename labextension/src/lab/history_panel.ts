// The sidebar's content: one row for each report, to jump to and to compare.

import type { Message } from "@lumino/messaging";
import { Widget } from "@lumino/widgets";

import type { Entry, NotebookHistory } from "./history.js";
import { promptOf } from "./names.js";
import { formatEnergy, make, nameOf, shorten } from "./view.js";

export interface Actions {
  jump(entry: Entry): void;
  compare(before: Entry, after: Entry): void;
}

const joulesOf = (joules: number): string => formatEnergy(joules, "J", joules);

export class HistoryPanel extends Widget {
  readonly #actions: Actions;
  readonly #title = make("h2", "history-title");
  readonly #list = make("ul", "history-list", { "aria-label": "Energy by cell" });
  readonly #hint = make("p", "history-hint", { role: "status" });
  readonly #compare: HTMLButtonElement;
  #history: NotebookHistory | null = null;
  /** Keys of the entries to compare, the one that was picked first in front. */
  #picked: string[] = [];

  constructor(actions: Actions) {
    super();
    this.#actions = actions;
    this.addClass("irene-history");
    this.node.setAttribute("role", "region");
    this.node.setAttribute("aria-label", "Energy of this notebook");
    this.#compare = make("button", "history-compare", { type: "button" }, "Compare");
    this.#compare.addEventListener("click", () => this.#showComparison());
    const foot = make("div", "history-foot", {}, this.#hint, this.#compare);
    this.node.append(this.#title, this.#list, foot);
    this.#draw();
  }

  /** Shows `history`, of the notebook called `name`; null where none is open. */
  follow(history: NotebookHistory | null, name: string): void {
    if (history !== this.#history) this.#picked = [];
    this.#history?.changed.disconnect(this.#draw, this);
    this.#history = history;
    this.#history?.changed.connect(this.#draw, this);
    this.#title.replaceChildren("Energy", ...(name ? [" · ", nameOf(name, "history-name")] : []));
    this.#draw();
  }

  protected override onActivateRequest(message: Message): void {
    super.onActivateRequest(message);
    this.node.querySelector("button")?.focus();
  }

  #draw(): void {
    const entries = this.#history?.entries ?? [];
    const focused = this.#focusedControl();
    this.#picked = this.#picked.filter((key) => entries.some((entry) => entry.key === key));
    const most = Math.max(...entries.map((entry) => entry.energy.joules));
    this.#list.replaceChildren(...entries.map((entry) => this.#row(entry, most)));
    this.#list.hidden = entries.length === 0;
    this.#drawFoot();
    if (focused) this.#list.querySelector<HTMLElement>(focused)?.focus();
  }

  #row(entry: Entry, most: number): HTMLElement {
    const { joules, source } = entry.energy;
    const box = make("input", "history-pick", {
      type: "checkbox",
      "aria-label": `Compare cell ${promptOf(entry)}, ${joulesOf(joules)}`,
      "data-key": `pick ${entry.key}`,
    });
    box.checked = this.#picked.includes(entry.key);
    box.addEventListener("change", () => this.#pick(entry.key, box.checked));
    const bar = make("span", "history-bar", { "aria-hidden": "true" });
    bar.style.setProperty("--share", String(most > 0 ? joules / most : 0));
    const jump = make(
      "button",
      "history-jump",
      {
        type: "button",
        title: [entry.line, `${entry.title}.`, `${entry.provenance}.`].map(shorten).join("\n"),
        "data-key": `jump ${entry.key}`,
      },
      make("span", "history-prompt", {}, promptOf(entry)),
      make("strong", "history-joules", {}, joulesOf(joules)),
      make("span", "badge", { "data-source": source }, source),
      nameOf(entry.model, "history-line"),
      bar,
    );
    jump.addEventListener("click", () => this.#actions.jump(entry));
    return make("li", "history-row", {}, box, jump);
  }

  #drawFoot(): void {
    const count = this.#history?.entries.length ?? 0;
    const missing = 2 - this.#picked.length;
    this.#compare.hidden = count < 2;
    this.#compare.disabled = missing > 0;
    this.#hint.textContent = !this.#history
      ? "Open a notebook to see the energy of its cells."
      : count === 0
        ? "No cell of this notebook was measured yet. Press “Measure energy” in a cell's toolbar, and run the cell."
        : count === 1
          ? ""
          : missing > 0
            ? `Pick ${missing === 2 ? "two" : "one more"} to compare.`
            : "";
  }

  /** At most two are picked: a third takes the place of the first. */
  #pick(key: string, isPicked: boolean): void {
    this.#picked = this.#picked.filter((other) => other !== key);
    if (isPicked) this.#picked = [...this.#picked, key].slice(-2);
    this.#draw();
  }

  #showComparison(): void {
    const picked = (this.#history?.entries ?? []).filter((entry) =>
      this.#picked.includes(entry.key),
    );
    const [before, after] = picked;
    if (before && after) this.#actions.compare(before, after);
  }

  /** A selector of the control that has the focus, which drawing again must not lose. */
  #focusedControl(): string | null {
    const active = document.activeElement;
    if (!(active instanceof HTMLElement) || !this.#list.contains(active)) return null;
    const key = active.dataset["key"];
    return key ? `[data-key="${CSS.escape(key)}"]` : null;
  }
}
