import { LabIcon } from "@jupyterlab/ui-components";

import { ICON_SVG } from "./icon_svg.js";

/** A bolt, in the colour of Jupyter's other icons. */
export const energyIcon = new LabIcon({ name: "irene-jupyter:energy", svgstr: ICON_SVG });

const LESSON_SVG = `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
  <rect x="2" y="2" width="20" height="20" rx="2" fill="#c2410c"/>
  <path fill="#fff" d="M13 5 6.8 13.2h4.3L10.4 19l6.8-8.7h-4.6z"/>
</svg>`;

/** For the launcher, whose icons are coloured. */
export const lessonIcon = new LabIcon({ name: "irene-jupyter:lesson", svgstr: LESSON_SVG });
