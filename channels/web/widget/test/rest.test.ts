import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import type { Choices } from "../src/kinds.js";
import { Rest, type Job } from "../src/rest.js";
import { Trouble } from "../src/trouble.js";

const CHOICES: Choices = {
  api: "https://voice.example",
  key: "pk_1",
  token: "",
  language: "ar",
  avatar: true,
  voice: "",
  name: "",
  visitor: "v1",
};
const real = globalThis.fetch;
const signal = new AbortController().signal;

afterEach(() => {
  globalThis.fetch = real;
});

/** Answer requests in turn with these, and give what was requested. */
function answering(...answers: (object | number | Error)[]): { url: string; request: RequestInit }[] {
  const asked: { url: string; request: RequestInit }[] = [];
  globalThis.fetch = async (url, request = {}) => {
    asked.push({ url: String(url), request });
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    if (answer instanceof Error) throw answer;
    if (typeof answer === "number") return new Response("", { status: answer, headers: { "Retry-After": "7" } });
    return Response.json(answer);
  };
  return asked;
}

async function films(rest: Rest): Promise<Job[]> {
  const all: Job[] = [];
  for await (const job of rest.order({ text: "?" }, "video", signal)) all.push(job);
  return all;
}

test("a recording goes out as a form with who asks, by key", async () => {
  const asked = answering({ transcript: "t" });
  await new Rest(CHOICES).ask(new Blob(["x"], { type: "audio/mp4" }), signal);
  const form = asked[0]?.request.body as FormData;
  assert.equal(asked[0]?.url, "https://voice.example/api/v1/voice/query");
  assert.deepEqual([form.get("visitor"), form.get("language"), (form.get("audio") as File).name], ["v1", "ar", "question.m4a"]);
  assert.equal(new Headers(asked[0]?.request.headers).get("X-Sawtak-Key"), "pk_1");
});

test("a token takes the place of the key", async () => {
  const asked = answering({});
  await new Rest({ ...CHOICES, token: "t" }).ask(new Blob(), signal);
  const headers = new Headers(asked[0]?.request.headers);
  assert.deepEqual([headers.get("Authorization"), headers.get("X-Sawtak-Key")], ["Bearer t", null]);
});

test("a film is asked for every two seconds until it is done", async () => {
  const waits: number[] = [];
  answering({ job_id: "a/b" }, { state: "queued" }, { state: "running", progress: 0.5 }, { state: "done", video_url: "/v" });
  const jobs = await films(new Rest(CHOICES, async (seconds) => void waits.push(seconds)));
  assert.deepEqual(jobs.map((job) => job.state), ["queued", "running", "done"]);
  assert.deepEqual(waits, [2, 2, 2]);
});

test("an answer in sound is looked for sooner at first", async () => {
  const waits: number[] = [];
  const asked = answering({ job_id: "1" }, ...Array.from({ length: 6 }, () => ({ state: "running" })), { state: "done" });
  for await (const _ of new Rest(CHOICES, async (seconds) => void waits.push(seconds)).order({ text: "?" }, "voice", signal));
  assert.deepEqual(waits, [0.5, 0.5, 0.5, 0.5, 2, 2, 2]);
  assert.deepEqual(JSON.parse(String(asked[0]?.request.body)), { visitor: "v1", language: "ar", text: "?", form: "voice" });
});

test("a token that names its visitor is not contradicted", async () => {
  const asked = answering({});
  const token = `h.${btoa(JSON.stringify({ visitor: "somebody" }))}.s`;
  await new Rest({ ...CHOICES, token }).ask(new Blob(), signal);
  assert.equal((asked[0]?.request.body as FormData).get("visitor"), null);
});

test("a film that fails, or never comes, is given up after two minutes", async () => {
  answering({ job_id: "1" }, { state: "failed", error: { code: "not-heard" } });
  await assert.rejects(films(new Rest(CHOICES, async () => {})), new Trouble("not-heard"));
  const asked = answering({ job_id: "1" }, { state: "running" });
  await assert.rejects(films(new Rest(CHOICES, async () => {})), new Trouble("slow"));
  assert.equal(asked.length, 61);
});

for (const [status, code] of [[401, "not-allowed"], [403, "not-allowed"], [413, "too-long"], [422, "server"], [429, "rate-limited"], [502, "server"]] as const) {
  test(`an answer of ${status} is told as ${code}`, async () => {
    answering(status);
    await assert.rejects(new Rest(CHOICES).ask(new Blob(), signal), { code });
  });
}

for (const [body, code] of [
  [{ code: "token-expired" }, "expired"],
  [{ error: { code: "origin-unknown", detail: "" } }, "not-allowed"],
  [{ code: "media-silent" }, "not-heard"],
  [{ code: "invalid" }, "server"],
] as const) {
  test(`a problem named ${JSON.stringify(body)} is told as ${code}`, async () => {
    globalThis.fetch = async () => Response.json(body, { status: 422 });
    await assert.rejects(new Rest(CHOICES).ask(new Blob(), signal), { code });
  });
}

test("a server out of reach has words of its own", async () => {
  answering(new TypeError("Failed to fetch"));
  await assert.rejects(new Rest(CHOICES).ask(new Blob(), signal), { code: "unreachable" });
});

test("only web addresses are played", () => {
  const rest = new Rest(CHOICES);
  assert.equal(rest.address("/media/1"), "https://voice.example/media/1");
  assert.equal(rest.address("https://cdn.example/1"), "https://cdn.example/1");
  assert.deepEqual(["", null, undefined, "javascript:alert(1)", "data:audio/wav,"].map((one) => rest.address(one)), ["", "", "", "", ""]);
});
