import assert from "node:assert/strict";
import { test } from "node:test";
import { count } from "../src/counting.js";
import { state } from "../src/forms.js";
import { inUse, passed } from "../src/player.js";
import { fileName, kindOf, longest, loudness } from "../src/recorder.js";
import { reader } from "../src/said.js";
import { outcome, within } from "../src/sending.js";
import { clock } from "../src/times.js";

/** A page that has brought these words. */
function page(words: Record<string, string>): void {
  Object.assign(globalThis, { document: { body: { dataset: { words: JSON.stringify(words) } } } });
}

test("a player's clock counts minutes and seconds, and knows nothing of what is not known", () => {
  assert.deepEqual([0, 5, 65.9, 600, NaN, Infinity, -1].map(clock), ["0:00", "0:05", "1:05", "10:00", "0:00", "0:00", "0:00"]);
});

test("as many bars are coloured as were heard", () => {
  assert.deepEqual([passed(40, 0, 10), passed(40, 5, 10), passed(40, 12, 10), passed(40, 1, 0)], [0, 20, 40, 0]);
});

test("a sound is in use while it plays and while it stands in the middle", () => {
  assert.ok(inUse({ paused: false, ended: false, currentTime: 0 }));
  assert.ok(inUse({ paused: true, ended: false, currentTime: 3 }));
  assert.ok(!inUse({ paused: true, ended: false, currentTime: 0 }));
  assert.ok(!inUse({ paused: true, ended: true, currentTime: 9 }));
});

test("the first kind of sound that a browser can record is taken, and the file is named after it", () => {
  const kind = kindOf((one) => one.startsWith("audio/mp4"));
  assert.equal(fileName("note", kind), "note.m4a");
  assert.equal(kindOf(() => false), "");
  assert.deepEqual(["audio/webm;codecs=opus", "audio/ogg", ""].map((one) => fileName("a", one)), ["a.webm", "a.ogg", "a.webm"]);
});

test("loudness is 0 for silence, 1 at most, and lets quiet speech be seen", () => {
  assert.equal(loudness(new Uint8Array(64).fill(128)), 0);
  assert.equal(loudness(new Uint8Array()), 0);
  const quiet = loudness(Uint8Array.from({ length: 64 }, (_, at) => 128 + (at % 2 ? 4 : -4)));
  assert.ok(quiet > 0.15 && quiet < 0.3);
  assert.equal(loudness(new Uint8Array(64).fill(0)), 1);
});

test("a recording is as long as the page says, ten minutes at most, two where it says nothing", () => {
  assert.deepEqual(["30", "9999", undefined, "x", "-1"].map(longest), [30, 600, 120, 120, 120]);
});

test("what became of an upload is the answer's own words, else ours", () => {
  page({ failed: "try again", large: "too large" });
  assert.deepEqual(outcome(200, { go: "/admin/a" }), { go: "/admin/a" });
  assert.deepEqual(outcome(422, { error: "no sound in it" }), { error: "no sound in it" });
  assert.deepEqual(outcome(413, null), { error: "too large" });
  assert.deepEqual(outcome(500, "oops"), { error: "try again" });
});

test("an answer sends nobody to another site", () => {
  const tried = ["/admin/t/demo", "//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)", undefined];
  assert.deepEqual(tried.map(within), ["/admin/t/demo", null, null, null, null, null]);
});

test("letters are counted against the most, and the last one is marked", () => {
  assert.deepEqual(count(3, 5), { text: "3 / 5", over: false });
  assert.ok(count(5, 5).over);
});

test("a form is as it was while its fields are, in order", () => {
  const fields: [string, FormDataEntryValue][] = [["a", "1"], ["file", new File(["x"], "x.pdf")]];
  assert.equal(state(fields), state([...fields]));
  assert.notEqual(state(fields), state([["a", "2"], fields[1]!]));
  assert.ok(state(fields).includes("x.pdf"));
});

test("a word that the page did not bring stands for itself", () => {
  const word = reader('{"play": "تشغيل"}');
  assert.deepEqual([word("play"), word("stop"), reader(undefined)("stop")], ["تشغيل", "stop", "stop"]);
});
