// The launcher's teaching notebooks: each is copied into the current folder, and opened.
//
// They lie beside this extension's own files, so no server extension is needed: index.json lists
// them. Where they are not there (a development link), the launcher simply has no entries.

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from "@jupyterlab/application";
import { showErrorMessage } from "@jupyterlab/apputils";
import { ILauncher } from "@jupyterlab/launcher";
import type { Contents } from "@jupyterlab/services";

import { lessonIcon } from "./icon.js";
import { CATEGORY, COMMANDS } from "./names.js";

declare const __webpack_public_path__: string;

/** Between "Console" (20) and "Other" (100), from JupyterLab 4.6 on; at the end before. */
const categoryRank = 50;

interface Example {
  file: string;
  title: string;
  description: string;
}

const address = (file: string): URL => {
  const files = new URL(__webpack_public_path__, window.location.href);
  return new URL(`../example_notebooks/${encodeURIComponent(file)}`, files);
};

async function load(file: string): Promise<unknown> {
  const reply = await fetch(address(file));
  if (!reply.ok) throw new Error(`${file}: ${reply.status} ${reply.statusText}`);
  return reply.json();
}

/** `name` in `folder`, or with a number where that is taken. */
async function freePath(contents: Contents.IManager, folder: string, name: string): Promise<string> {
  const listing = await contents.get(folder, { content: true });
  const taken = new Set((listing.content as Contents.IModel[]).map((item) => item.name));
  const dot = name.lastIndexOf(".");
  let free = name;
  for (let copy = 2; taken.has(free); copy++) {
    free = `${name.slice(0, dot)}-${copy}${name.slice(dot)}`;
  }
  return folder ? `${folder.replace(/\/$/, "")}/${free}` : free;
}

async function copyExample(app: JupyterFrontEnd, file: string, folder: string): Promise<unknown> {
  const { contents } = app.serviceManager;
  const content = await load(file);
  const path = await freePath(contents, folder, file);
  await contents.save(path, { type: "notebook", format: "json", content });
  return app.commands.execute("docmanager:open", { path, factory: "Notebook" });
}

export const launcherPlugin: JupyterFrontEndPlugin<void> = {
  id: "irene-jupyter:launcher",
  description: "Teaching notebooks in the launcher.",
  autoStart: true,
  optional: [ILauncher],
  activate: async (app: JupyterFrontEnd, launcher: ILauncher | null): Promise<void> => {
    if (!launcher) return;
    app.commands.addCommand(COMMANDS.example, {
      label: (args) => String(args["title"] ?? "Copy an Energy Notebook"),
      caption: (args) => String(args["description"] ?? ""),
      icon: lessonIcon,
      execute: async (args) => {
        try {
          return await copyExample(app, String(args["file"]), String(args["cwd"] ?? ""));
        } catch (error) {
          await showErrorMessage("The notebook could not be copied", error as Error);
          return undefined;
        }
      },
    });
    let examples: Example[];
    try {
      examples = (await load("index.json")) as Example[];
    } catch {
      return;
    }
    examples.forEach((example, rank) => {
      const args = { ...example, title: `${rank + 1}. ${example.title}` };
      launcher.add({ command: COMMANDS.example, args, category: CATEGORY, categoryRank, rank });
    });
  },
};
