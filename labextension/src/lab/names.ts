// The extension's commands and the words that several of its parts use.

import type { Entry } from "./history.js";

export const CATEGORY = "Energy";

export const COMMANDS = {
  measure: "irene-jupyter:measure-cell",
  history: "irene-jupyter:show-history",
  cancel: "irene-jupyter:cancel-calibration",
  example: "irene-jupyter:copy-example",
} as const;

/** "[3]", or "[ ]" for a cell that was not run since the notebook was opened. */
export const promptOf = (entry: Entry): string => `[${entry.prompt ?? " "}]`;
