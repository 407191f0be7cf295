import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";
import type { Choices } from "../src/kinds.js";
import { Trouble } from "../src/trouble.js";
import { Wire, type Message } from "../src/wire.js";

/** The other end of a socket, in the test's hands. */
class Socket {
  static all: Socket[] = [];
  readonly sent: (Message | ArrayBuffer)[] = [];
  bufferedAmount = 0;
  binaryType = "";
  onopen = (): void => {};
  onmessage = (_: { data: unknown }): void => {};
  onclose = (_: { code: number }): void => {};

  constructor(readonly url: string) {
    Socket.all.push(this);
  }

  send(data: string | ArrayBuffer): void {
    this.sent.push(typeof data === "string" ? (JSON.parse(data) as Message) : data);
  }

  close(): void {
    this.onclose({ code: 1000 });
  }

  says(message: Message): void {
    this.onmessage({ data: JSON.stringify(message) });
  }
}

const CHOICES = { api: "https://voice.example", key: "pk_1", token: "" } as Choices;
const START = { type: "start", visitor: "v" };
const STARTED = { type: "started", session: "s", resume: "r" };

interface Open {
  wire: Wire;
  told: unknown[];
  over: Promise<Trouble | null>;
}

function open(choices: Choices = CHOICES): Open {
  const told: unknown[] = [];
  let end: (trouble: Trouble | null) => void;
  const over = new Promise<Trouble | null>((resolve) => (end = resolve));
  const wire = new Wire(choices, START, {
    message: (message) => told.push(message.type),
    sound: (data) => told.push(["sound", data.getInt16(0, true)]),
    film: (data) => told.push(["film", data.type, data.size]),
    lost: (gone) => told.push(gone ? "lost" : "back"),
    over: (trouble) => end(trouble),
  });
  return { wire, told, over };
}

function last(): Socket {
  return Socket.all.at(-1) as Socket;
}

beforeEach(() => {
  Socket.all = [];
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout", "Date"] });
  Object.assign(globalThis, { WebSocket: Socket });
});

test("it begins with start; what comes too early is sent after, except sound", () => {
  const { wire, told } = open();
  assert.equal(last().url, "wss://voice.example/ws/assistant?key=pk_1");
  wire.send({ type: "text", text: "hi" });
  wire.sound(new ArrayBuffer(2));
  last().onopen();
  last().says(STARTED);
  wire.sound(new ArrayBuffer(4));
  assert.deepEqual(last().sent.map((one) => (one instanceof ArrayBuffer ? one.byteLength : one.type)), ["start", "text", 4]);
  assert.deepEqual(told, ["back", "started"]);
});

test("binary messages are sound or a film by their first byte, others are left alone", () => {
  const { told } = open();
  last().says({ type: "film", mark: "1", mime: "video/mp4", bytes: 2 });
  for (const bytes of [[1, 5, 0], [2, 7, 7], [9, 9]]) last().onmessage({ data: Uint8Array.from(bytes).buffer });
  assert.deepEqual(told, ["film", ["sound", 5], ["film", "video/mp4", 2]]);
});

test("sound that cannot leave in time is dropped", () => {
  const { wire } = open();
  last().says(STARTED);
  last().bufferedAmount = 200_000;
  wire.sound(new ArrayBuffer(2));
  assert.equal(last().sent.length, 0);
});

test("a lost socket is sought again, ever more slowly, and the session goes on", () => {
  const { wire, told } = open();
  last().says(STARTED);
  last().says({ type: "state", state: "speaking", seq: 7 });
  last().onclose({ code: 1006 });
  wire.reached("1");
  wire.send({ type: "text", text: "hi" });
  assert.equal(Socket.all.length, 1);
  mock.timers.tick(700);
  last().onclose({ code: 1006 });
  mock.timers.tick(700);
  assert.equal(Socket.all.length, 2);
  mock.timers.tick(700);
  assert.equal(Socket.all.length, 3);
  last().onopen();
  last().says({ ...STARTED, resumed: true });
  assert.deepEqual(last().sent, [{ type: "start", session: "s", resume: "r", last: 7, played: "1" }, { type: "text", text: "hi" }]);
  assert.deepEqual(told, ["back", "started", "state", "lost", "lost", "back", "started"]);
});

test("after thirty seconds it is lost for good", async () => {
  const { over } = open();
  last().says(STARTED);
  const began = Date.now();
  for (let known = 0; known < Socket.all.length; mock.timers.tick(8_000)) {
    known = Socket.all.length;
    last().onclose({ code: 1006 });
  }
  assert.deepEqual(await over, new Trouble("lost"));
  assert.ok(Date.now() - began < 60_000);
});

for (const [there, choices, trouble] of [
  [false, CHOICES, "unreachable"],
  [true, CHOICES, "not-allowed"],
  [true, { ...CHOICES, key: "", token: "t" }, "expired"],
] as const) {
  test(`refused while the server ${there ? "answers" : "is silent"}: ${trouble}`, async () => {
    globalThis.fetch = () => (there ? Promise.resolve(new Response()) : Promise.reject(new TypeError()));
    const { over } = open(choices);
    last().onclose({ code: 1006 });
    assert.deepEqual(await over, new Trouble(trouble));
    assert.equal(Socket.all.length, 1);
  });
}

test("a server that says why it does not begin is believed", async () => {
  const { over, told } = open();
  last().says({ type: "error", code: "sessions-full", text: "…" });
  last().onclose({ code: 1013 });
  assert.deepEqual(await over, new Trouble("rate-limited"));
  assert.deepEqual(told, []);
});

test("a session that is over on the other side is not sought any longer", async () => {
  const { over } = open();
  last().says(STARTED);
  last().onclose({ code: 1008 });
  assert.deepEqual(await over, new Trouble("lost"));
});

test("the end is the end, from either side", async () => {
  const one = open();
  last().says(STARTED);
  last().says({ type: "ended", reason: "goodbye" });
  assert.equal(await one.over, null);
  const other = open();
  last().says(STARTED);
  other.wire.close();
  assert.deepEqual(last().sent, [{ type: "end" }]);
  mock.timers.tick(60_000);
  assert.equal(Socket.all.length, 2);
});
