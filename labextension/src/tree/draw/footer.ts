// Below the tree: phases, parts of the cell, and what was read and spent meanwhile.

import type { Report } from "../data/report.js";
import type { Table } from "../data/said.js";
import { make, nameOf } from "../grid/dom.js";

function table(label: string, { columns, rows, legend }: Table): HTMLElement[] {
  const head = make("tr", "");
  for (const column of columns) head.append(make("th", "", { scope: "col" }, column));
  const body = make("tbody", "");
  for (const row of rows) {
    const line = make("tr", "");
    row.forEach((text, column) =>
      line.append(
        column
          ? make("td", "", {}, text)
          : make("th", "", { scope: "row" }, nameOf(text, "table-name")),
      ),
    );
    body.append(line);
  }
  const element = make("table", "table", { "aria-label": label }, make("thead", "", {}, head), body);
  // Narrow outputs scroll a wide table, also by keyboard.
  const slot = { role: "group", "aria-label": label, tabindex: "0" };
  return [
    make("div", "table-slot", slot, element),
    ...(legend ? [make("p", "line", {}, nameOf(legend, ""))] : []),
  ];
}

export function renderFooter({ said }: Report): HTMLElement | null {
  const { phases, parts, lines } = said;
  if (!phases && !parts && !lines.length) return null;
  const footer = make("div", "foot");
  if (phases) footer.append(...table("Phases", phases));
  if (parts) footer.append(...table("Parts of the cell", parts));
  for (const line of lines) footer.append(make("p", "line", {}, nameOf(line, "")));
  return footer;
}
