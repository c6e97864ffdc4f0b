// The JupyterLab extension: small plugins, each of which can be disabled on its own.

import { calibrationPlugin } from "./calibration.js";
import { launcherPlugin } from "./launcher.js";
import { livePlugin } from "./live.js";
import { sidebarPlugin } from "./sidebar.js";
import { statusPlugin } from "./status.js";
import { toolbarPlugin } from "./toolbar.js";

export default [
  livePlugin,
  toolbarPlugin,
  sidebarPlugin,
  statusPlugin,
  calibrationPlugin,
  launcherPlugin,
];
