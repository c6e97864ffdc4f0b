// The MIME renderer: the report's JSON drawn as a tree, without a kernel, trusted or not; and the
// viewer for *.energy.json in the file browser.

import type { IRenderMime } from "@jupyterlab/rendermime-interfaces";

import { ENERGY_MIME, StaticTree } from "./static_tree.js";
import { ICON_SVG } from "./icon_svg.js";

const FILE_TYPE = "irene-energy";
// Before text/html (50). In notebooks src/lab/live.ts takes its place, before live widgets.
const RANK = 0;

class TreeRenderer extends StaticTree implements IRenderMime.IRenderer {
  async renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    this.draw(model);
  }
}

const extension: IRenderMime.IExtension = {
  id: "irene-jupyter:tree",
  description: "Energy reports as a tree, in outputs and from *.energy.json files.",
  rendererFactory: {
    safe: true,
    mimeTypes: [ENERGY_MIME],
    createRenderer: () => new TreeRenderer(),
  },
  rank: RANK,
  // As text: a file that is not JSON is then told in the viewer, and not by a dialog.
  dataType: "string",
  fileTypes: [
    {
      name: FILE_TYPE,
      displayName: "Energy report",
      extensions: [".energy.json"],
      mimeTypes: [ENERGY_MIME],
      fileFormat: "text",
      icon: { name: "irene-jupyter:energy", svgstr: ICON_SVG },
    },
  ],
  documentWidgetFactoryOptions: {
    name: "Energy tree",
    primaryFileType: FILE_TYPE,
    fileTypes: [FILE_TYPE],
    defaultFor: [FILE_TYPE],
  },
};

export default extension;
