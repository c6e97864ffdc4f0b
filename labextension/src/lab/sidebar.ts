// The left sidebar's plugin: the energy history of the current notebook.

import {
  ILabShell,
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin,
} from "@jupyterlab/application";
import { Dialog, ICommandPalette, MainAreaWidget, showDialog } from "@jupyterlab/apputils";
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
  optional: [INotebookTracker, ICommandPalette, ILayoutRestorer, ILabShell],
  activate: (
    app: JupyterFrontEnd,
    notebooks: INotebookTracker | null,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null,
    labShell: ILabShell | null,
  ): void => {
    if (!notebooks) return;
    const panel = new HistoryPanel({
      jump: (entry) => {
        const notebook = notebooks.currentWidget;
        if (!notebook) return;
        app.shell.activateById(notebook.id);
        void jumpTo(notebook, entry);
      },
      compare: (before, after) => showComparison(labShell, before, after),
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

/** In a tab of its own; in a dialog where there are no tabs (Notebook 7). */
function showComparison(shell: ILabShell | null, before: Entry, after: Entry): void {
  const content = new Comparison(before, after);
  const title = `Energy ${promptOf(before)} → ${promptOf(after)}`;
  if (!shell) {
    void showDialog({ title, body: content, buttons: [Dialog.okButton({ label: "Close" })] });
    return;
  }
  const tab = new MainAreaWidget({ content });
  tab.title.label = title;
  tab.title.icon = energyIcon;
  shell.add(tab, "main", { mode: "tab-after" });
  shell.activateById(tab.id);
}
