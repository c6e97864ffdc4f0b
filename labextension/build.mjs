// Bundles the widget: src/widget.ts and src/tree/tree.css -> OUT/widget.js and OUT/widget.css.
// OUT is ../irene_jupyter/static, or the folder given as the only argument.
// Each bundle begins with a hash of the sources, which tests/test_bundle.py checks without Node.
import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const out = resolve(process.argv[2] ?? join(here, "../irene_jupyter/static"));

function sourceHash() {
  const sources = readdirSync(join(here, "src"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(here, join(entry.parentPath ?? entry.path, entry.name)));
  const files = [...sources, "build.mjs", "package.json", "package-lock.json", "tsconfig.json"]
    .map((file) => file.split(sep).join("/"))
    .sort();
  const hash = createHash("sha256");
  for (const file of files) {
    const text = readFileSync(join(here, file), "utf8").replaceAll("\r\n", "\n");
    hash.update(`${file}\0${text}\0`);
  }
  return hash.digest("hex").slice(0, 16);
}

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
