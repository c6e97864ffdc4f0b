// The left sidebar's plugin: the energy history of the current notebook.

import {
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin,
} from "@jupyterlab/application";
import { ICommandPalette, MainAreaWidget } from "@jupyterlab/apputils";
import { INotebookTracker } from "@jupyterlab/notebook";

import { Comparison } from "./comparison.js";
import { historyOf, jumpTo, type Entry } from "./history.js";
import { HistoryPanel } from "./history_panel.js";
import { energyIcon } from "./icon.js";
import { CATEGORY, COMMANDS, promptOf } from "./names.js";

const PANEL_ID = "irene-jupyter-history";
/** Below the table of contents. */
const RANK = 450;

export const sidebarPlugin: JupyterFrontEndPlugin<void> = {
  id: "irene-jupyter:history",
  description: "The energy history of a notebook, in the left sidebar.",
  autoStart: true,
  optional: [INotebookTracker, ICommandPalette, ILayoutRestorer],
  activate: (
    app: JupyterFrontEnd,
    notebooks: INotebookTracker | null,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null,
  ): void => {
    if (!notebooks) return;
    const panel = new HistoryPanel({
      jump: (entry) => {
        const notebook = notebooks.currentWidget;
        if (!notebook) return;
        app.shell.activateById(notebook.id);
        void jumpTo(notebook, entry);
      },
      compare: (before, after) => showComparison(app, before, after),
    });
    panel.id = PANEL_ID;
    panel.title.icon = energyIcon;
    panel.title.caption = "Energy of this notebook";
    app.shell.add(panel, "left", { rank: RANK });
    restorer?.add(panel, PANEL_ID);

    const follow = (): void => {
      const notebook = notebooks.currentWidget;
      panel.follow(notebook ? historyOf(notebook) : null, notebook?.title.label ?? "");
    };
    notebooks.currentChanged.connect(follow);
    follow();

    app.commands.addCommand(COMMANDS.history, {
      label: "Show the Energy of This Notebook",
      icon: energyIcon,
      execute: () => app.shell.activateById(PANEL_ID),
    });
    palette?.addItem({ command: COMMANDS.history, category: CATEGORY });
  },
};

function showComparison(app: JupyterFrontEnd, before: Entry, after: Entry): void {
  const content = new Comparison(before, after);
  const tab = new MainAreaWidget({ content });
  tab.title.label = `Energy ${promptOf(before)} → ${promptOf(after)}`;
  tab.title.icon = energyIcon;
  app.shell.add(tab, "main", { mode: "tab-after" });
  app.shell.activateById(tab.id);
}
