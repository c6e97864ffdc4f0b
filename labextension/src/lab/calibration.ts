// "Cancel the calibration": a busy kernel hears no widget, so it has to be interrupted.

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from "@jupyterlab/application";
import { ICommandPalette } from "@jupyterlab/apputils";
import { INotebookTracker } from "@jupyterlab/notebook";

import { CATEGORY, COMMANDS } from "./names.js";

export const calibrationPlugin: JupyterFrontEndPlugin<void> = {
  id: "irene-jupyter:calibration",
  description: "A command that cancels a running calibration.",
  autoStart: true,
  optional: [INotebookTracker, ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    notebooks: INotebookTracker | null,
    palette: ICommandPalette | null,
  ): void => {
    if (!notebooks) return;
    const kernel = () => notebooks.currentWidget?.sessionContext.session?.kernel ?? null;
    app.commands.addCommand(COMMANDS.cancel, {
      label: "Cancel the Calibration (Interrupt the Kernel)",
      caption: "The runs that are finished are kept; the calibration goes on where it stopped",
      isEnabled: () => kernel() !== null,
      execute: () => kernel()?.interrupt(),
    });
    palette?.addItem({ command: COMMANDS.cancel, category: CATEGORY });
  },
};
