// Bundles the widget: src/widget.ts and src/tree/tree.css -> OUT/widget.js and OUT/widget.css.
// OUT is ../irene_jupyter/static, or the folder given as the only argument.
// Each bundle begins with the hash of the sources.
import { join, resolve } from "node:path";
import { build } from "esbuild";
import { here, sourceHash } from "./sources.mjs";

const out = resolve(process.argv[2] ?? join(here, "../irene_jupyter/static"));
const banner = `/* irene-jupyter, built from labextension/, sources ${sourceHash()} */`;
await build({
  absWorkingDir: here,
  entryPoints: [
    { in: "src/widget.ts", out: "widget" },
    { in: "src/tree/tree.css", out: "widget" },
  ],
  outdir: out,
  bundle: true,
  format: "esm",
  target: "es2022",
  charset: "utf8",
  minify: true,
  legalComments: "none",
  banner: { js: banner, css: banner },
  logLevel: "warning",
});
