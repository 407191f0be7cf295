import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import type { Choices } from "../src/kinds.js";
import { Rest, type Job, type Question } from "../src/rest.js";
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
  const calls: { url: string; request: RequestInit }[] = [];
  globalThis.fetch = async (url, request = {}) => {
    calls.push({ url: String(url), request });
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    if (answer instanceof Error) throw answer;
    if (typeof answer === "number") return new Response("", { status: answer, headers: { "Retry-After": "7" } });
    return Response.json(answer);
  };
  return calls;
}

async function asked(rest: Rest, film = false, question: Question = { text: "?" }): Promise<Job[]> {
  const all: Job[] = [];
  for await (const job of rest.ask(question, film, signal)) all.push(job);
  return all;
}

const RECORDING = { audio: new Blob(["x"], { type: "audio/mp4" }) };

test("a recording goes out as a form with who asks, by key, and is answered at once", async () => {
  const calls = answering({ job_id: "1", state: "done", transcript: "t" });
  assert.deepEqual((await asked(new Rest(CHOICES), false, RECORDING)).map((job) => job.transcript), ["t"]);
  const form = calls[0]?.request.body as FormData;
  assert.equal(calls[0]?.url, "https://voice.example/api/v1/voice/query");
  assert.deepEqual([form.get("visitor"), form.get("language"), (form.get("audio") as File).name], ["v1", "ar", "question.m4a"]);
  assert.equal(new Headers(calls[0]?.request.headers).get("X-Sawtak-Key"), "pk_1");
});

test("a question in writing goes out the same way, for a film as JSON", async () => {
  const calls = answering({ job_id: "1", state: "done" });
  await asked(new Rest(CHOICES));
  await asked(new Rest(CHOICES), true);
  assert.equal((calls[0]?.request.body as FormData).get("text"), "?");
  assert.equal(calls[1]?.url, "https://voice.example/api/v1/complete-flow");
  assert.deepEqual(JSON.parse(String(calls[1]?.request.body)), { visitor: "v1", language: "ar", form: "video", text: "?" });
});

test("a token takes the place of the key", async () => {
  const calls = answering({ state: "done" });
  await asked(new Rest({ ...CHOICES, token: "t" }));
  const headers = new Headers(calls[0]?.request.headers);
  assert.deepEqual([headers.get("Authorization"), headers.get("X-Sawtak-Key")], ["Bearer t", null]);
});

test("a token that names its visitor is not contradicted", async () => {
  const calls = answering({ state: "done" });
  await asked(new Rest({ ...CHOICES, token: `h.${btoa(JSON.stringify({ visitor: "somebody" }))}.s` }));
  assert.equal((calls[0]?.request.body as FormData).get("visitor"), null);
});

test("what takes longer is asked for every two seconds until it is done", async () => {
  const waits: number[] = [];
  const calls = answering({ job_id: "a/b", state: "queued" }, { job_id: "a/b", state: "running", progress: 50 }, { state: "done" });
  const jobs = await asked(new Rest(CHOICES, async (seconds) => void waits.push(seconds)), true);
  assert.deepEqual(jobs.map((job) => job.state), ["queued", "running", "done"]);
  assert.deepEqual(waits, [2, 2]);
  assert.equal(calls[1]?.url, "https://voice.example/api/v1/jobs/a%2Fb");
});

test("an answer that fails, or never comes, is given up after two minutes", async () => {
  answering({ job_id: "1", state: "failed", error: { code: "not-heard" } });
  await assert.rejects(asked(new Rest(CHOICES)), new Trouble("not-heard"));
  const calls = answering({ job_id: "1", state: "running" });
  await assert.rejects(asked(new Rest(CHOICES, async () => {}), true), new Trouble("slow"));
  assert.equal(calls.length, 61);
});

for (const [status, code] of [[401, "not-allowed"], [403, "not-allowed"], [413, "too-long"], [422, "server"], [429, "rate-limited"], [502, "server"]] as const) {
  test(`an answer of ${status} is told as ${code}`, async () => {
    answering(status);
    await assert.rejects(asked(new Rest(CHOICES)), { code });
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
    await assert.rejects(asked(new Rest(CHOICES)), { code });
  });
}

test("a server out of reach has words of its own", async () => {
  answering(new TypeError("Failed to fetch"));
  await assert.rejects(asked(new Rest(CHOICES)), { code: "unreachable" });
});

test("only web addresses are played", () => {
  const rest = new Rest(CHOICES);
  assert.equal(rest.address("/media/1"), "https://voice.example/media/1");
  assert.equal(rest.address("https://cdn.example/1"), "https://cdn.example/1");
  assert.deepEqual(["", null, undefined, "javascript:alert(1)", "data:audio/wav,"].map((one) => rest.address(one)), ["", "", "", "", ""]);
});
