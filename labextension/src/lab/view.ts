// All that the extension uses of the view, in one place.

import "../tree/tree.css";
import "../tree/draw/comparison.css";

export { renderComparison } from "../tree/comparison.js";
export { DataError, readReport, type Energy, type Report } from "../tree/data/report.js";
export { make, nameOf, shorten } from "../tree/grid/dom.js";
export { formatEnergy } from "../tree/data/format.js";
export { renderTree, type TreeView } from "../tree/view.js";
