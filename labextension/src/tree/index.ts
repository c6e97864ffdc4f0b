// The view's public names, for the widgets, the MIME renderer and the plugins.

export { renderComparison, type ComparisonOptions, type ComparisonView } from "./comparison.js";
export { renderTree, type TreeOptions, type TreeView, type Unit, type ViewName } from "./view.js";
export { UNITS } from "./data/format.js";
export { VIEWS } from "./draw/toolbar.js";
