// Below the tree: phases of generate(), parts of the cell, and what was read and spent meanwhile.

import type { Report } from "../data/report.js";
import {
  counterLine,
  observerLine,
  PART_COLUMNS,
  partRows,
  PHASE_COLUMNS,
  phaseRows,
  resourceLine,
} from "../data/words.js";
import { make, nameOf } from "../grid/dom.js";

function table(label: string, columns: readonly string[], rows: readonly string[][]): HTMLElement {
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
  return make("div", "table-slot", { role: "group", "aria-label": label, tabindex: "0" }, element);
}

export function renderFooter(report: Report): HTMLElement | null {
  const phases = phaseRows(report);
  const parts = partRows(report);
  const lines = [counterLine(report), resourceLine(report), observerLine(report)].filter(Boolean);
  if (!phases.length && !parts.length && !lines.length) return null;
  const footer = make("div", "foot");
  if (phases.length) footer.append(table("Phases of generation", PHASE_COLUMNS, phases));
  if (parts.length) footer.append(table("Parts of the cell", PART_COLUMNS, parts));
  for (const line of lines) footer.append(make("p", "line", {}, nameOf(line, "")));
  return footer;
}
