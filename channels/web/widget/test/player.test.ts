import assert from "node:assert/strict";
import { test } from "node:test";
import { Player, type Output, type Screen, type Source } from "../src/player.js";

interface Played extends Source {
  at: number;
  seconds: number;
  stopped: boolean;
}

/** Speakers with a clock that the test moves, and a screen whose film ends when the test says so. */
class Room implements Output, Screen {
  currentTime = 10;
  readonly played: Played[] = [];
  readonly reached: string[] = [];
  ended: (() => void) | null = null;
  films = 0;
  readonly player = new Player(this, this, (mark) => this.reached.push(mark));

  source(samples: Float32Array, rate: number): Source {
    const source: Played = {
      at: 0,
      seconds: samples.length / rate,
      stopped: false,
      onended: null,
      start: (at) => (source.at = at),
      stop: () => (source.stopped = true),
    };
    this.played.push(source);
    return source;
  }

  play(_: Blob, ended: () => void): void {
    this.films++;
    this.ended = ended;
  }

  stop(): void {
    this.ended = null;
  }

  sound(seconds: number): void {
    this.player.sound(new DataView(new ArrayBuffer(seconds * 32_000)), 16_000);
  }
}

test("sounds follow one another without a gap, a little after now", () => {
  const room = new Room();
  room.sound(1);
  room.sound(0.5);
  assert.ok((room.played[0]?.at ?? 0) > 10);
  assert.equal(room.played[1]?.at, (room.played[0]?.at ?? 0) + 1);
});

test("a sound that comes too late begins soon, not in the past", () => {
  const room = new Room();
  room.sound(1);
  room.played[0]?.onended?.();
  room.currentTime = 20;
  room.sound(1);
  assert.ok((room.played[1]?.at ?? 0) > 20);
});

test("a mark is passed when all before it was played, and at once where nothing is", () => {
  const room = new Room();
  room.player.mark("first");
  assert.deepEqual(room.reached, ["first"]);
  room.sound(1);
  room.sound(1);
  room.player.mark("second");
  room.played[0]?.onended?.();
  assert.deepEqual(room.reached, ["first"]);
  room.played[1]?.onended?.();
  assert.deepEqual(room.reached, ["first", "second"]);
});

test("a film waits for the sound before it, and sound for the film", () => {
  const room = new Room();
  room.sound(1);
  room.player.film(new Blob(), "film");
  room.sound(1);
  room.player.mark("last");
  assert.equal(room.films, 0);
  room.played[0]?.onended?.();
  assert.deepEqual([room.films, room.played.length, room.reached], [1, 1, []]);
  room.ended?.();
  assert.deepEqual([room.played.length, room.reached], [2, ["film"]]);
  room.played[1]?.onended?.();
  assert.deepEqual(room.reached, ["film", "last"]);
});

test("clearing silences everything and passes each mark once, in order", () => {
  const room = new Room();
  room.sound(1);
  room.player.mark("a");
  room.player.film(new Blob(), "b");
  room.player.mark("c");
  room.player.clear();
  assert.deepEqual([room.reached, room.played[0]?.stopped], [["a", "b", "c"], true]);
  room.player.clear();
  assert.equal(room.reached.length, 3);
  room.sound(1);
  assert.ok((room.played[1]?.at ?? 0) < 11);
});

test("clearing ends a running film, whose late end is no news", () => {
  const room = new Room();
  room.player.film(new Blob(), "film");
  const late = room.ended;
  room.player.clear();
  assert.deepEqual([room.reached, room.ended], [["film"], null]);
  late?.();
  assert.deepEqual(room.reached, ["film"]);
});

test("half a sample and nothing at all are no sound", () => {
  const room = new Room();
  room.player.sound(new DataView(new ArrayBuffer(1)), 16_000);
  assert.equal(room.played.length, 0);
});
