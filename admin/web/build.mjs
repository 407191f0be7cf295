// Builds dist/: one script and one sheet for every page, more scripts for pages that need them, icons and a font.
import { copyFile, mkdir, readdir } from "node:fs/promises";
import { build } from "esbuild";

const FONT = "node_modules/@fontsource/ibm-plex-sans-arabic/files";
const WEIGHTS = ["400", "600"];
const common = { bundle: true, minify: true, charset: "utf8", legalComments: "none", logLevel: "warning", target: "es2022" };

await mkdir("dist", { recursive: true });
const scripts = (await readdir("src")).filter((name) => /^page-.*\.ts$/.test(name)).map((name) => `src/${name}`);
await build({ ...common, format: "iife", entryPoints: ["src/panel.ts", ...scripts], outdir: "dist" });
await build({ ...common, entryPoints: ["src/panel.css"], outdir: "dist", external: ["*.woff2"] });
for (const weight of WEIGHTS) {
  const name = `ibm-plex-sans-arabic-arabic-${weight}-normal.woff2`;
  await copyFile(`${FONT}/${name}`, `dist/arabic-${weight}.woff2`);
}
for (const name of ["icons.svg", "icon.svg"]) await copyFile(`src/${name}`, `dist/${name}`);
