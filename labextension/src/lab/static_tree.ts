// The view as a Lumino widget, drawn from a report's JSON alone.

import type { IRenderMime } from "@jupyterlab/rendermime-interfaces";
import { Widget } from "@lumino/widgets";

import { renderTree, type TreeView } from "./view.js";
import "./lab.css";

export const ENERGY_MIME = "application/vnd.irene.energy+json";

export class StaticTree extends Widget {
  #view: TreeView | null = null;

  constructor() {
    super();
    this.addClass("irene-lab-output");
    this.node.dataset["irene"] = "static";
  }

  /** Draws an output's report, or that of a file, whose text is its data. */
  draw(model: IRenderMime.IMimeModel): void {
    const data: unknown = model.data[ENERGY_MIME];
    const hints = model.metadata[ENERGY_MIME] as { expanded_depth?: unknown } | undefined;
    const depth = hints?.expanded_depth;
    this.#view?.dispose();
    this.#view = renderTree(
      this.node,
      typeof data === "string" ? parse(data) : data,
      typeof depth === "number" ? { expandedDepth: depth } : {},
    );
  }

  override dispose(): void {
    this.#view?.dispose();
    this.#view = null;
    super.dispose();
  }
}

/** What `text` holds; null, which the view calls no report, where it is not JSON. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
