// Builds dist/ (what is served), or with "test" test-out/ (the unit tests, for node's own runner).
import { createHash } from "node:crypto";
import { readFile, readdir } from "node:fs/promises";
import { build, transform } from "esbuild";

const common = { bundle: true, format: "esm", target: "es2022", minify: true, charset: "utf8", legalComments: "none", logLevel: "warning" };

/** Gives a style sheet to the script as one short string. */
const sheets = {
  name: "sheets",
  setup(plugin) {
    plugin.onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const { code } = await transform(await readFile(path, "utf8"), { loader: "css", minify: true });
      return { contents: code, loader: "text" };
    });
  },
};

async function buildWidget() {
  const worklet = "dist/voice-mic-worklet.js";
  await build({ ...common, entryPoints: ["src/worklet.ts"], outfile: worklet });
  // The address of the worklet carries its content, so that browsers may keep it for good.
  const mark = createHash("sha256").update(await readFile(worklet)).digest("hex").slice(0, 16);
  const define = { WORKLET: JSON.stringify(`voice-mic-worklet.js?v=${mark}`) };
  await build({ ...common, entryPoints: ["src/voice-mic.ts"], outfile: "dist/voice-mic.js", plugins: [sheets], define });
  const external = ["react", "react/jsx-runtime", "./voice-mic.js"];
  await build({ ...common, entryPoints: ["src/react.tsx"], outfile: "dist/react.js", external });
}

async function buildTests() {
  const tests = (await readdir("test")).filter((name) => /\.test\.tsx?$/.test(name)).map((name) => `test/${name}`);
  const external = ["react", "react-dom", "./voice-mic.js"];
  const more = { outdir: "test-out", platform: "node", minify: false, plugins: [sheets], external };
  await build({ ...common, ...more, entryPoints: tests, sourcemap: "inline" });
}

await (process.argv[2] === "test" ? buildTests() : buildWidget());
