// Builds the JupyterLab extension: src/lab and schema -> ../irene_jupyter/labextension, where
// package.json then also holds the hash of the sources. Without jlpm: only Node is needed.
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { here, sourceHash } from "./sources.mjs";

const modules = join(here, "node_modules");
const done = spawnSync(
  process.execPath,
  [
    join(modules, "@jupyter/builder/lib/build-labextension.js"),
    "--core-package-file",
    join(modules, "@jupyterlab/core-meta/core.package.json"),
    here,
  ],
  { cwd: here, encoding: "utf8" },
);
if (done.status !== 0) {
  process.stderr.write(done.stdout + done.stderr);
  process.exit(1);
}
const file = join(here, "../irene_jupyter/labextension/package.json");
const metadata = JSON.parse(readFileSync(file, "utf8"));
writeFileSync(file, `${JSON.stringify({ ...metadata, sources: sourceHash() }, null, 2)}\n`);
