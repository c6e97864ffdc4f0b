// Below everything: buttons that save the report as files.

import { fullReport } from "../data/full.js";
import type { Report } from "../data/report.js";
import { make } from "../grid/dom.js";
import { csvText, download, fileName, reportName } from "./files.js";
import { icicleSvg } from "./svg.js";
import { button } from "./toolbar.js";

/** A button that saves a file of this name; `text` makes it when the button is pressed. */
export const saveButton = (
  label: string,
  title: string,
  mediaType: string,
  name: () => string,
  text: () => string,
  ending = label.toLowerCase(),
): HTMLButtonElement =>
  button(label, title, () => download(fileName(name(), ending), text(), mediaType));

export const savingBar = (...buttons: HTMLButtonElement[]): HTMLElement =>
  make("div", "saving", { role: "group", "aria-label": "Save the report" }, "Save as ", ...buttons);

/** The buttons of one report; `shown` gives what is on the screen when one is pressed. */
export function renderSaving(shown: () => { report: Report; data: unknown }): HTMLElement {
  const save = (
    label: string,
    title: string,
    mediaType: string,
    text: () => string,
    ending?: string,
  ) => saveButton(label, title, mediaType, () => reportName(shown().report), text, ending);
  return savingBar(
    save(
      "JSON",
      "The whole report",
      "application/json",
      () => JSON.stringify(fullReport(shown().data)),
      "energy.json", // which JupyterLab opens as a tree
    ),
    save("CSV", "One line for each node", "text/csv", () => csvText(shown().report)),
    save("SVG", "The icicle as a picture", "image/svg+xml", () => icicleSvg(shown().report)),
  );
}
