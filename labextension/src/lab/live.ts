// In a notebook: the live widget while the kernel has its model, else the same tree from JSON.
//
// A report's output carries both. ipywidgets takes outputs at rank −10 and shows an error where
// the model is gone, so this renderer comes before it and hands over only what lives.

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from "@jupyterlab/application";
import { INotebookTracker, type NotebookPanel } from "@jupyterlab/notebook";
import type { IRenderMimeRegistry } from "@jupyterlab/rendermime";
import type { IRenderMime } from "@jupyterlab/rendermime-interfaces";
import { Panel } from "@lumino/widgets";

import { LiveModels } from "./live_models.js";
import { ENERGY_MIME, StaticTree } from "./static_tree.js";

const WIDGET_MIME = "application/vnd.jupyter.widget-view+json";
const RANK = -20;
/** How long a model that is known to live may take to be drawn before the JSON is shown. */
const PATIENCE_MILLISECONDS = 2000;

class OutputRenderer extends Panel implements IRenderMime.IRenderer {
  readonly #rendermime: IRenderMimeRegistry;
  readonly #models: LiveModels;
  #model: IRenderMime.IMimeModel | null = null;
  #static: StaticTree | null = null;
  #live: IRenderMime.IRenderer | null = null;
  #observer: MutationObserver | null = null;
  #timer = 0;

  constructor(rendermime: IRenderMimeRegistry, models: LiveModels) {
    super();
    this.#rendermime = rendermime;
    this.#models = models;
    models.changed.connect(this.#update, this);
  }

  async renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    this.#clear();
    this.#model = model;
    const id = this.#modelId();
    if (id !== null && !this.#models.has(id)) void this.#models.ask();
    this.#update();
  }

  override dispose(): void {
    if (this.isDisposed) return;
    this.#models.changed.disconnect(this.#update, this);
    this.#clear();
    this.#model = null;
    super.dispose();
  }

  /** The widget model that the output names; null where it has none that may be shown. */
  #modelId(): string | null {
    const view = this.#model?.data[WIDGET_MIME] as { model_id?: unknown } | undefined;
    const known = this.#model?.trusted && this.#rendermime.mimeTypes.includes(WIDGET_MIME);
    return known && typeof view?.model_id === "string" ? view.model_id : null;
  }

  #update(): void {
    if (!this.#model) return;
    const id = this.#modelId();
    const lives = id !== null && this.#models.has(id);
    if (lives && !this.#live) this.#goLive(id);
    if (!lives && this.#live) this.#clear();
    if (!this.#live) this.#drawStatic();
  }

  /** Renders the widget unseen, and shows it once the tree is there: never an error box. */
  #goLive(id: string): void {
    const live = this.#rendermime.createRenderer(WIDGET_MIME);
    this.#live = live;
    live.hide();
    this.addWidget(live);
    this.#observer = new MutationObserver(() => {
      if (live.node.querySelector(".irene-tree")) this.#showLive(live);
    });
    this.#observer.observe(live.node, { childList: true, subtree: true });
    this.#timer = window.setTimeout(() => this.#drawStatic(), PATIENCE_MILLISECONDS);
    // A model of its own: ipywidgets empties the id when the view goes, which must not be saved.
    void live.renderModel({
      trusted: true,
      data: { [WIDGET_MIME]: { version_major: 2, version_minor: 0, model_id: id } },
      metadata: {},
      setData: () => undefined,
    });
  }

  #showLive(live: IRenderMime.IRenderer): void {
    this.#observer?.disconnect();
    window.clearTimeout(this.#timer);
    this.#static?.dispose();
    this.#static = null;
    live.node.dataset["irene"] = "live";
    live.show();
  }

  #drawStatic(): void {
    if (this.#static || !this.#model) return;
    this.#static = new StaticTree();
    this.#static.draw(this.#model);
    this.insertWidget(0, this.#static);
  }

  #clear(): void {
    this.#observer?.disconnect();
    this.#observer = null;
    window.clearTimeout(this.#timer);
    this.#live?.dispose();
    this.#live = null;
    this.#static?.dispose();
    this.#static = null;
  }
}

function watch(panel: NotebookPanel): void {
  const { rendermime } = panel.content;
  const models = new LiveModels(panel.sessionContext);
  rendermime.addFactory(
    {
      safe: true,
      mimeTypes: [ENERGY_MIME],
      createRenderer: () => new OutputRenderer(rendermime, models),
    },
    RANK,
  );
}

export const livePlugin: JupyterFrontEndPlugin<void> = {
  id: "irene-jupyter:live",
  description: "Live energy trees while their kernel lives, the same trees without it.",
  autoStart: true,
  optional: [INotebookTracker],
  activate: (_: JupyterFrontEnd, notebooks: INotebookTracker | null): void => {
    notebooks?.forEach(watch);
    notebooks?.widgetAdded.connect((_, panel) => watch(panel));
  },
};
