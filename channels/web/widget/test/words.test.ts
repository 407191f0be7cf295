import assert from "node:assert/strict";
import { test } from "node:test";
import { levelOf } from "../src/meter.js";
import { microphoneTrouble, Trouble } from "../src/trouble.js";
import { namesVisitor, visitorId } from "../src/visitor.js";
import { heardState } from "../src/telling.js";
import { noticeWords, stateWords, tongueOf, troubleWords, WORDS } from "../src/words.js";

function paths(words: object, before = ""): string[] {
  return Object.entries(words).flatMap(([name, said]) =>
    typeof said === "string" ? [before + name] : paths(said as object, `${before}${name}.`),
  );
}

test("both languages say the same things, each in its own letters", () => {
  assert.deepEqual(paths(WORDS.ar), paths(WORDS.en));
  assert.equal(/[A-Za-z]/.test(JSON.stringify(Object.values(WORDS.ar.states))), false);
  assert.equal(/[\u0600-\u06ff]/.test(JSON.stringify(WORDS.en)), false);
});

test("the language is the chosen one, else the page's, else the browser's, else Arabic", () => {
  assert.equal(tongueOf("en", "ar", "ar-EG"), "en");
  assert.equal(tongueOf("auto", "ar-EG", "en"), "ar");
  assert.equal(tongueOf(null, "fr", "en-GB"), "en");
  assert.equal(tongueOf(null, "", "fr"), "ar");
});

test("a recording says how to send it, a conversation does not", () => {
  assert.equal(stateWords("en", "listening", "push"), WORDS.en.recording);
  assert.equal(stateWords("en", "listening", "live"), WORDS.en.states.listening);
});

test("where we have no words the server's count, and what nobody foresaw has words, too", () => {
  assert.equal(troubleWords("en", new Trouble("lost", "developers' words")).message, WORDS.en.troubles.lost);
  assert.deepEqual(troubleWords("en", new Trouble("full", "All lines are busy.")), { code: "full", message: "All lines are busy." });
  assert.deepEqual(troubleWords("ar", new TypeError("x is not a function")), { code: "server", message: WORDS.ar.troubles.server });
});

test("what happens to a conversation has words, and an open microphone alone listens", () => {
  assert.deepEqual(["end", "silence", "Back soon."].map((what) => noticeWords("en", what)), [WORDS.en.notices["end"], "", "Back soon."]);
  assert.deepEqual((["listening", "hearing", "speaking"] as const).map((one) => heardState(one, null)), ["idle", "idle", "speaking"]);
  assert.equal(heardState("listening", {} as MediaStream), "listening");
});

for (const [name, code] of [["NotAllowedError", "refused"], ["NotFoundError", "no-microphone"], ["NotReadableError", "microphone-busy"], ["Odd", "unsupported"]] as const) {
  test(`a microphone's ${name} is told as ${code}`, () => {
    assert.equal(microphoneTrouble(new DOMException("", name)).code, code);
  });
}

test("a visitor keeps one name, also where nothing can be kept", () => {
  const kept = new Map<string, string>();
  const storage = { getItem: (name: string) => kept.get(name) ?? null, setItem: (name: string, value: string) => void kept.set(name, value) };
  const closed = (): never => {
    throw new DOMException("", "SecurityError");
  };
  const name = visitorId(() => storage);
  assert.match(name, /^[0-9a-f]{32}$/);
  assert.deepEqual([visitorId(() => storage), visitorId(closed), kept.get("sawtak-visitor")], [name, name, name]);
  kept.set("sawtak-visitor", "<script>");
  assert.equal(visitorId(() => storage), name);
});

test("a token says whose it is, or nothing does", () => {
  const token = (claims: object): string => `h.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.s`;
  assert.deepEqual([token({ visitor: "ÿ>?" }), token({ visitor: "" }), "", "x.y"].map(namesVisitor), [true, false, false, false]);
});

test("the meter is low in silence and high for a near voice", () => {
  const loud = Float32Array.from({ length: 1024 }, (_, i) => 0.4 * Math.sin(i / 5));
  assert.ok(levelOf(loud) > 0.8);
  assert.ok(levelOf(loud.map((one) => one / 200)) < 0.05);
  assert.ok(levelOf(new Float32Array(1024)) >= 0);
});
