// The icicle as a file: SVG that needs no style sheet, no script and no network.

import { formatEnergy, formatShare } from "../data/format.js";
import type { Report } from "../data/report.js";
import { shorten } from "../grid/dom.js";
import { depthOf, layOut } from "../rows/layout.js";
import { Rows } from "../rows/rows.js";
import { shade } from "./palette.js";

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 1200;
const ROW = 26;
const MARGIN = 16;
const TOP = 58;
const NARROWEST = 0.5 / WIDTH;
const FONT = "system-ui, sans-serif";
/** Mean width of a letter of the labels, in pixels. */
const LETTER = 6.4;

function draw(tag: string, attributes: Record<string, string | number>, text?: string): SVGElement {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  if (text !== undefined) element.textContent = text;
  return element;
}

/** `text` within `pixels`; empty where not even a few letters fit. */
function fitted(text: string, pixels: number): string {
  const letters = Math.floor((pixels - 10) / LETTER);
  if (text.length <= letters) return text;
  return letters >= 4 ? `${text.slice(0, letters - 1)}…` : "";
}

/** XML cannot hold control characters; a name may. */
const clean = (text: string): string => shorten(text).replace(/[\u0000-\u001f\u007f\ufffe\uffff]/g, " ");

/** The report's tree as the text of an SVG file; empty where it has none. */
export function icicleSvg(report: Report): string {
  const { root } = report;
  if (!root) return "";
  const whole = root.energy?.joules ?? 0;
  const rows = new Rows(report);
  const boxes = layOut(root, NARROWEST, (node) => rows.folded(node));
  const height = TOP + depthOf(boxes) * ROW + MARGIN;
  const title = clean(report.said.title);
  const svg = draw("svg", {
    xmlns: SVG,
    viewBox: `0 0 ${WIDTH} ${height}`,
    width: WIDTH,
    height,
    role: "img",
    "font-family": FONT,
    "font-size": 12,
  });
  const bold = { "font-size": 18, "font-weight": 600, fill: "#222222" };
  svg.append(
    draw("title", {}, title),
    draw("rect", { width: WIDTH, height, fill: "#ffffff" }),
    draw("text", { x: MARGIN, y: 26, ...bold }, title),
    draw("text", { x: MARGIN, y: 45, fill: "#555555" }, clean(report.said.provenance)),
  );
  for (const { node, label: told, joules, level, left, right } of boxes) {
    const share = joules !== null && whole > 0 ? joules / whole : null;
    const { fill, ink } = shade(share);
    const x = MARGIN + left * (WIDTH - 2 * MARGIN);
    const width = (right - left) * (WIDTH - 2 * MARGIN);
    const y = TOP + level * ROW;
    const name = clean(told);
    const box = draw("g", {});
    box.append(
      draw(
        "title",
        {},
        `${clean(node.path || node.className)} (${name}): ` +
          `${formatEnergy(joules, "J", whole)}, ${formatShare(share)}`,
      ),
      draw("rect", { x, y, width, height: ROW, fill, stroke: "#ffffff", "stroke-width": 1 }),
    );
    const label = fitted(`${name}  ${formatShare(share)}`, width) || fitted(name, width);
    if (label) box.append(draw("text", { x: x + 5, y: y + 17, fill: ink }, label));
    svg.append(box);
  }
  return new XMLSerializer().serializeToString(svg);
}
