// The toggle "Measure energy" in a cell's toolbar: adds or removes the line `%%energy`.

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from "@jupyterlab/application";
import { ICommandPalette, Notification } from "@jupyterlab/apputils";
import { INotebookTracker, NotebookActions, type NotebookPanel } from "@jupyterlab/notebook";

import { energyIcon } from "./icon.js";
import { CATEGORY, COMMANDS } from "./names.js";

const MAGIC = /^(?:[^\S\n]*\n)*%%energy\b.*(?:\n|$)/;
const LOADED = /^\s*%(?:load_ext|reload_ext)\s+irene_jupyter\b/m;
const LOAD = "%load_ext irene_jupyter";

/** What the toggle needs of a cell's text. */
interface SharedText {
  getSource(): string;
  updateSource(start: number, end: number, value?: string): void;
  readonly undoManager?: { stopCapturing(): void } | null;
}

/** Adds or removes `%%energy`, as one step of undo; true where it was added. */
export function toggleMagic(text: SharedText): boolean {
  const found = MAGIC.exec(text.getSource());
  text.undoManager?.stopCapturing(); // else it would be one step with what was just typed
  if (found) {
    const blank = found[0].search(/%%energy/);
    text.updateSource(blank, found[0].length, "");
  } else {
    text.updateSource(0, 0, "%%energy\n");
  }
  text.undoManager?.stopCapturing();
  return !found;
}

/** The active cell's text, where it is one that can be measured. */
function activeText(panel: NotebookPanel | null): SharedText | null {
  const model = panel?.content.activeCell?.model;
  if (model?.type !== "code" || !model.sharedModel.getSource().trim()) return null;
  return model.sharedModel as unknown as SharedText;
}

/** Says once in a notebook that the magic has to be loaded, and offers to do so. */
function offerToLoad(panel: NotebookPanel, told: WeakSet<NotebookPanel>): void {
  const cells = [...(panel.content.model?.cells ?? [])];
  const loaded = cells.some((cell) => LOADED.test(cell.sharedModel.getSource()));
  if (loaded || told.has(panel)) return;
  told.add(panel);
  const load = async (): Promise<void> => {
    const notebook = panel.content;
    const at = notebook.widgets.findIndex((cell) => cell.model.type === "code");
    notebook.model?.sharedModel.insertCell(Math.max(at, 0), { cell_type: "code", source: LOAD });
    const cell = notebook.widgets[Math.max(at, 0)];
    if (cell) await NotebookActions.runCells(notebook, [cell], panel.sessionContext);
  };
  Notification.info(`%%energy needs ${LOAD} once in this notebook.`, {
    autoClose: 15_000,
    actions: [{ label: "Add and run it", callback: () => void load() }],
  });
}

export const toolbarPlugin: JupyterFrontEndPlugin<void> = {
  id: "irene-jupyter:toolbar",
  description: "The toggle “Measure energy” in the toolbar of a cell.",
  autoStart: true,
  optional: [INotebookTracker, ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    notebooks: INotebookTracker | null,
    palette: ICommandPalette | null,
  ): void => {
    if (!notebooks) return;
    const told = new WeakSet<NotebookPanel>();
    const current = (): SharedText | null => activeText(notebooks.currentWidget);
    const isMeasured = (): boolean => MAGIC.test(current()?.getSource() ?? "");
    app.commands.addCommand(COMMANDS.measure, {
      label: "Measure energy",
      caption: () => `Measure energy: ${isMeasured() ? "remove %%energy from" : "add %%energy to"} this cell`,
      icon: energyIcon,
      isToggleable: true,
      isToggled: isMeasured,
      isEnabled: () => current() !== null,
      execute: () => {
        const text = current();
        const panel = notebooks.currentWidget;
        if (text && panel && toggleMagic(text)) offerToLoad(panel, told);
      },
    });
    palette?.addItem({ command: COMMANDS.measure, category: CATEGORY });
    const notify = (): void => app.commands.notifyCommandChanged(COMMANDS.measure);
    notebooks.activeCellChanged.connect((_, cell) => {
      notify();
      // One connection for each cell, however often it becomes the active one.
      cell?.model.contentChanged.disconnect(notify);
      cell?.model.contentChanged.connect(notify);
    });
  },
};
