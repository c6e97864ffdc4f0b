// The status bar: the energy of the cell that was measured last.

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from "@jupyterlab/application";
import { INotebookTracker } from "@jupyterlab/notebook";
import { IStatusBar } from "@jupyterlab/statusbar";
import { Signal } from "@lumino/signaling";
import { Widget } from "@lumino/widgets";

import { historyOf, jumpTo, type Entry, type NotebookHistory } from "./history.js";
import { energyIcon } from "./icon.js";
import { promptOf } from "./names.js";
import { formatEnergy, make, shorten } from "./view.js";

class EnergyStatus extends Widget {
  readonly activity = new Signal<this, void>(this);
  readonly #text = make("span", "lab-status-text");
  readonly #button: HTMLButtonElement;
  #history: NotebookHistory | null = null;

  constructor(jump: (entry: Entry) => void) {
    super();
    this.addClass("irene-lab-status");
    this.#button = make("button", "lab-status-button", { type: "button" }, this.#text);
    const icon = make("span", "lab-status-icon", { "aria-hidden": "true" });
    energyIcon.render(icon);
    this.#button.prepend(icon);
    this.#button.addEventListener("click", () => {
      const entry = this.#history?.latest;
      if (entry) jump(entry);
    });
    this.node.append(this.#button);
  }

  get isActive(): boolean {
    return Boolean(this.#history?.latest);
  }

  follow(history: NotebookHistory | null): void {
    this.#history?.changed.disconnect(this.#draw, this);
    this.#history = history;
    this.#history?.changed.connect(this.#draw, this);
    this.#draw();
  }

  #draw(): void {
    const entry = this.#history?.latest;
    if (entry) {
      const joules = formatEnergy(entry.energy.joules, "J", entry.energy.joules);
      const training = entry.training && ` · ${shorten(entry.training)}`;
      this.#text.textContent = `${joules} ${entry.energy.source}${training}`;
      const what = `Cell ${promptOf(entry)}, ${shorten(entry.model)}: ${joules}${training}`;
      this.#button.title = `${what}. ${entry.provenance}. Click to see it.`;
    }
    this.activity.emit();
  }
}

export const statusPlugin: JupyterFrontEndPlugin<void> = {
  id: "irene-jupyter:status",
  description: "The energy of the cell that was measured last, in the status bar.",
  autoStart: true,
  optional: [INotebookTracker, IStatusBar],
  activate: (
    app: JupyterFrontEnd,
    notebooks: INotebookTracker | null,
    bar: IStatusBar | null,
  ): void => {
    if (!notebooks || !bar) return;
    const item = new EnergyStatus((entry) => {
      const panel = notebooks.currentWidget;
      if (!panel) return;
      app.shell.activateById(panel.id);
      void jumpTo(panel, entry);
    });
    const follow = (): void => {
      const panel = notebooks.currentWidget;
      item.follow(panel ? historyOf(panel) : null);
    };
    notebooks.currentChanged.connect(follow);
    follow();
    bar.registerStatusItem(statusPlugin.id, {
      item,
      align: "left",
      rank: 10,
      isActive: () => item.isActive,
      activeStateChanged: item.activity,
    });
  },
};
