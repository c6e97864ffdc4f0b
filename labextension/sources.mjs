// A hash of all that the bundles are built from, which they carry: tests/test_bundle.py computes
// it as well, and so sees without Node whether they are up to date.
import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

export const here = dirname(fileURLToPath(import.meta.url));

const FOLDERS = ["src", "schema"];
const FILES = [
  "build.mjs",
  "build_lab.mjs",
  "sources.mjs",
  "rspack.extra.cjs",
  "package.json",
  "package-lock.json",
  "tsconfig.json",
];

export function sourceHash() {
  const found = FOLDERS.flatMap((folder) =>
    readdirSync(join(here, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => relative(here, join(entry.parentPath ?? entry.path, entry.name))),
  );
  const files = [...found, ...FILES].map((file) => file.split(sep).join("/")).sort();
  const hash = createHash("sha256");
  for (const file of files) {
    const text = readFileSync(join(here, file), "utf8").replaceAll("\r\n", "\n");
    hash.update(`${file}\0${text}\0`);
  }
  return hash.digest("hex").slice(0, 16);
}
