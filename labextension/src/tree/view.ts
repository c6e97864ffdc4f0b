// The energy report as a tree or an icicle, with its head, toolbar, details and tables. It knows
// neither Jupyter nor kernels: the ipywidgets adapter and the MIME renderer call `renderTree`.

import type { Unit } from "./data/format.js";
import { DataError, readReport, type Report } from "./data/report.js";
import type { Device } from "./draw/devices.js";
import type { ViewName } from "./draw/toolbar.js";
import { make, nameOf } from "./grid/dom.js";
import { isPlain } from "./grid/grid_keys.js";
import { Shell, type TreeOptions } from "./shell.js";

export type { TreeOptions, Unit, ViewName };

export interface TreeView {
  /** Removes everything that was drawn. */
  dispose(): void;
  /**
   * Shows another report in place. Open rows, selection, scroll, search and unit stay, where the
   * other report has the same paths; no callback is called.
   */
  update(data: unknown): void;
  /** Selects the node at `path` and brings it into view; false if there is none. */
  select(path: string): boolean;
  /** Opens the way to the node at `path`, without selecting it; false if there is none. */
  expandTo(path: string): boolean;
  setDepth(depth: number): void;
  setUnit(unit: Unit): void;
  setView(view: ViewName): void;
  /** What the runs can be told for, and the one that is shown. */
  setDevices(devices: readonly Device[], chosen: string): void;
  /** The answer to `onAdvice`, as its JSON; an empty one takes an older away. */
  showAdvice(advice: unknown): void;
  /** The tree of one phase, "" for all of them. */
  setPhase(phase: string): void;
}

/** The element that everything is drawn into; keys in it are no shortcuts of the notebook. */
export function frame(element: Element, label: string): HTMLElement {
  const outer = make("div", "tree", { role: "group", "aria-label": label });
  outer.addEventListener("keydown", (event) => {
    if (isPlain(event)) event.stopPropagation();
  });
  element.replaceChildren(outer);
  return outer;
}

/** The report in `data`, or what to show in its place. */
export function readable(data: unknown): Report | HTMLElement[] {
  try {
    const report = readReport(data);
    if (report.root || report.notRun.length) return report;
    return [
      make("p", "empty", {}, nameOf(report.said.title, "")),
      ...report.notes.map((note) => make("p", "note", {}, nameOf(note, ""))),
    ];
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    return [make("p", "empty", {}, `Not shown: ${error.message}.`)];
  }
}

/** Draws the report `data` (its JSON) into `element`, in place of what is there. */
export function renderTree(element: Element, data: unknown, options: TreeOptions = {}): TreeView {
  const outer = frame(element, "Energy report");
  // What was asked for holds also for a later report, if this one shows nothing.
  const asked: TreeOptions = { ...options };
  let shell: Shell | null = null;
  const update = (next: unknown): void => {
    const report = readable(next);
    if (Array.isArray(report)) {
      shell = null;
      outer.replaceChildren(...report);
    } else if (shell) {
      shell.update(report, next);
    } else {
      shell = new Shell(outer, report, next, asked);
    }
  };
  update(data);
  return {
    dispose: () => outer.remove(),
    update,
    select: (path) => shell?.select(path) ?? false,
    expandTo: (path) => shell?.expandTo(path) ?? false,
    setDepth: (depth) => {
      asked.expandedDepth = depth;
      shell?.setDepth(depth);
    },
    setUnit: (unit) => {
      asked.unit = unit;
      shell?.setUnit(unit);
    },
    setView: (view) => {
      asked.view = view;
      shell?.setView(view);
    },
    setDevices: (devices, chosen) => {
      Object.assign(asked, { devices, device: chosen });
      shell?.setDevices(devices, chosen);
    },
    showAdvice: (advice) => shell?.showAdvice(advice),
    setPhase: (phase) => {
      asked.phase = phase;
      shell?.setPhase(phase);
    },
  };
}
