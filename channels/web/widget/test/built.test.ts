import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { gzipSync } from "node:zlib";

const MOST_BYTES = 15 * 1024;

for (const name of ["voice-mic.js", "voice-mic-worklet.js", "react.js"]) {
  const code = readFileSync(`dist/${name}`, "utf8");

  test(`${name} is small`, () => {
    const size = gzipSync(code, { level: 9 }).length;
    assert.ok(size <= MOST_BYTES, `${size} bytes`);
  });

  test(`${name} needs nothing that a strict page forbids, and nobody else's server`, () => {
    assert.doesNotMatch(code, /\beval\(|new Function|innerHTML|insertAdjacentHTML|document\.write|setAttribute\("style"|cssText/);
    const named = [...code.matchAll(/https?:\/\/[^"'`\s]*/g)].map(([url]) => url);
    assert.deepEqual(named.filter((url) => url !== "http://www.w3.org/2000/svg"), []);
  });
}

test("the worklet's address carries its content", () => {
  assert.match(readFileSync("dist/voice-mic.js", "utf8"), /voice-mic-worklet\.js\?v=[0-9a-f]{16}/);
});

test("the lock names no server", () => {
  assert.doesNotMatch(readFileSync("package-lock.json", "utf8"), /https?:|"resolved"/);
});
