// Below everything: buttons that save the report as files.

import type { Report } from "./data.js";
import { make } from "./dom.js";
import { csvText, download, fileName } from "./files.js";
import { icicleSvg } from "./svg.js";
import { button } from "./toolbar.js";

/** The buttons; `shown` gives what is on the screen when one is pressed. */
export function renderSaving(shown: () => { report: Report; data: unknown }): HTMLElement {
  const bar = make("div", "saving", { role: "group", "aria-label": "Save the report" }, "Save as ");
  const save = (
    label: string,
    title: string,
    type: string,
    text: (report: Report, data: unknown) => string,
  ): void =>
    bar.append(
      button(label, title, () => {
        const { report, data } = shown();
        download(fileName(report, label.toLowerCase()), text(report, data), type);
      }),
    );
  save("JSON", "The whole report", "application/json", (_, data) => JSON.stringify(data));
  save("CSV", "One line for each node", "text/csv", csvText);
  save("SVG", "The icicle as a picture", "image/svg+xml", icicleSvg);
  return bar;
}
