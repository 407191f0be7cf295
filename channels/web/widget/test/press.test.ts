import assert from "node:assert/strict";
import { test } from "node:test";
import { Press } from "../src/press.js";

function button(): { press: Press; log: string[]; wait: (seconds: number) => void } {
  const log: string[] = [];
  let [active, now] = [false, 0];
  const turn = (on: boolean, word: string) => () => {
    active = on;
    log.push(word);
  };
  const press = new Press(() => active, turn(true, "begin"), turn(false, "finish"), () => now);
  return { press, log, wait: (seconds) => void (now += seconds) };
}

test("held: it is on as long as it is held", () => {
  const { press, log, wait } = button();
  press.down();
  wait(1);
  press.up();
  assert.deepEqual(log, ["begin", "finish"]);
});

test("tapped: it stays on until the next tap", () => {
  const { press, log, wait } = button();
  press.down();
  wait(0.1);
  press.up();
  assert.deepEqual(log, ["begin"]);
  wait(3);
  press.down();
  wait(1);
  press.up();
  assert.deepEqual(log, ["begin", "finish"]);
});

test("a key that repeats is one press, and a stray release none", () => {
  const { press, log, wait } = button();
  press.up();
  press.down();
  wait(0.5);
  press.down();
  wait(0.5);
  press.up();
  assert.deepEqual(log, ["begin", "finish"]);
});

test("a press without a length toggles", () => {
  const { press, log } = button();
  press.tap();
  press.tap();
  assert.deepEqual(log, ["begin", "finish"]);
});
