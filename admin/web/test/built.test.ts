import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { gzipSync } from "node:zlib";

const MOST = 80_000;
const built = readdirSync("dist").filter((name) => /\.(js|css|svg)$/.test(name));
const sheets = readdirSync("src").filter((name) => name.endsWith(".css"));

function packed(name: string): number {
  return gzipSync(readFileSync(`dist/${name}`), { level: 9 }).length;
}

test("scripts and sheets weigh little, even on a page that had them all", () => {
  const weights = built.filter((name) => !name.endsWith(".svg")).map((name) => [name, packed(name)] as const);
  const all = weights.reduce((sum, [, weight]) => sum + weight, 0);
  assert.ok(all <= MOST, `${all} bytes: ${weights.map((one) => one.join(" ")).join(", ")}`);
  assert.ok(packed("panel.js") + packed("panel.css") <= MOST / 2);
});

test("what follows live news is a bundle of its own", () => {
  assert.ok(readFileSync("dist/page-live.js", "utf8").includes("hx-sse:connect"));
  assert.ok(!readFileSync("dist/panel.js", "utf8").includes("hx-sse:connect"));
});

test("nothing built reaches another site", () => {
  for (const name of built) {
    const found = readFileSync(`dist/${name}`, "utf8").match(/(?:https?:)?\/\/[a-z0-9-]+\.[a-z][a-z0-9.-]*/gi) ?? [];
    assert.deepEqual(found.filter((one) => one !== "http://www.w3.org"), [], name);
  }
});

test("sheets name sides by the direction of reading", () => {
  const physical = /(?<![-\w])(?:(?:margin|padding|border|inset|scroll-margin|scroll-padding)-(?:left|right|top|bottom)|left|right|top|bottom|width|height|(?:min|max)-(?:width|height))\s*:/;
  for (const name of sheets) {
    const plain = readFileSync(`src/${name}`, "utf8").replace(/\/\*[^]*?\*\//g, "").replace(/@(?:media|container)[^{]*/g, "");
    assert.equal(physical.exec(plain)?.[0], undefined, name);
    assert.ok(!/(?:text-align|float)\s*:\s*(?:left|right)/.test(plain), name);
  }
});

test("every drawing has a name, a frame of 24 and colours of the text", () => {
  const drawings = readFileSync("dist/icons.svg", "utf8").match(/<symbol[^>]*>/g) ?? [];
  assert.ok(drawings.length >= 42);
  assert.equal(new Set(drawings).size, drawings.length);
  for (const one of drawings) assert.match(one, /^<symbol id="[a-z]+" viewBox="0 0 24 24">$/);
});

test("every colour and measure that sheets use is there", () => {
  const all = sheets.map((name) => readFileSync(`src/${name}`, "utf8")).join("");
  const there = new Set([...all.matchAll(/(--[a-z-]+)\s*:/g)].map((one) => one[1]));
  const used = new Set([...all.matchAll(/var\((--[a-z-]+)/g)].map((one) => one[1]));
  assert.deepEqual([...used].filter((one) => !there.has(one)), []);
});
