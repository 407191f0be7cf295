// Builds dist/ (what is served): one script and one sheet for every page, more scripts for pages that need them, icons
// and a font; or with "test" test-out/: the unit tests, for node's own runner.
import { copyFile, mkdir, readFile, readdir } from "node:fs/promises";
import { build } from "esbuild";

const FONT = "node_modules/@fontsource/ibm-plex-sans-arabic/files";
const LETTERS = ["arabic", "latin"];
const WEIGHTS = ["400", "600"];
const common = { bundle: true, minify: true, charset: "utf8", legalComments: "none", logLevel: "warning", target: "es2022" };

async function buildPanel() {
  await mkdir("dist", { recursive: true });
  const scripts = (await readdir("src")).filter((name) => /^page-.*\.ts$/.test(name)).map((name) => `src/${name}`);
  await build({ ...common, format: "iife", entryPoints: ["src/panel.ts", ...scripts], outdir: "dist" });
  // Subjects' sheets are found by being there, and come after those that panel.css names.
  const named = await readFile("src/panel.css", "utf8");
  const found = (await readdir("src")).filter((name) => name.endsWith(".css") && name !== "panel.css" && !named.includes(`"./${name}"`));
  const contents = named + found.map((name) => `@import "./${name}";\n`).join("");
  const stdin = { contents, loader: "css", resolveDir: "src", sourcefile: "panel.css" };
  await build({ ...common, target: "chrome123", stdin, outfile: "dist/panel.css", external: ["*.woff2"] });
  for (const letters of LETTERS) {
    for (const weight of WEIGHTS) {
      await copyFile(`${FONT}/ibm-plex-sans-arabic-${letters}-${weight}-normal.woff2`, `dist/${letters}-${weight}.woff2`);
    }
  }
  for (const name of ["icons.svg", "icon.svg"]) await copyFile(`src/${name}`, `dist/${name}`);
}

async function buildTests() {
  const tests = (await readdir("test")).filter((name) => name.endsWith(".test.ts")).map((name) => `test/${name}`);
  const more = { outdir: "test-out", platform: "node", format: "esm", minify: false, sourcemap: "inline" };
  await build({ ...common, ...more, entryPoints: tests });
}

await (process.argv[2] === "test" ? buildTests() : buildPanel());
