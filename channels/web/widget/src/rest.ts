import type { Choices } from "./kinds.js";
import { Trouble, troubleNamed, troubleOf, unheard } from "./trouble.js";
import { namesVisitor } from "./visitor.js";

/** How far an answer is, as the API tells; `progress` goes to 100. */
export interface Job {
  job_id: string;
  state: "queued" | "running" | "done" | "failed";
  progress?: number;
  transcript?: string | null;
  response_text?: string | null;
  language?: string | null;
  audio_url?: string | null;
  video_url?: string | null;
  error?: { code: string } | null;
}

/** A recording, or a question in writing. */
export type Question = { audio: Blob } | { text: string };

const POLL_SECONDS = 2;
const POLLS = 60;

/** Talks to the public API for one visitor; every failure is a `Trouble`, or an AbortError when `signal` says so. */
export class Rest {
  constructor(
    private readonly choices: Choices,
    private readonly wait: (seconds: number, signal: AbortSignal) => Promise<void> = pause,
  ) {}

  /** Ask for sound, which mostly comes at once, or for a film; yields ever newer news of it, at last with state "done". */
  async *ask(question: Question, film: boolean, signal: AbortSignal): AsyncGenerator<Job> {
    let job = (await this.call(film ? "complete-flow" : "voice/query", { ...this.question(question, film), signal })) as Job;
    for (let tried = 0; ; tried++) {
      if (job.state === "failed") throw troubleNamed(job.error?.code ?? "");
      yield job;
      if (job.state === "done") return;
      if (tried === POLLS) throw new Trouble("slow");
      await this.wait(POLL_SECONDS, signal);
      job = (await this.call(`jobs/${encodeURIComponent(job.job_id)}`, { signal })) as Job;
    }
  }

  /** Send our side of a WebRTC connection and get the other. */
  async offer(sdp: string): Promise<{ sdp: string; session: string }> {
    const { avatar, voice, name } = this.choices;
    const order = { ...this.who(), sdp, avatar, ...(voice && { voice }), ...(name && { name }) };
    return (await this.call("rtc", json(order))) as { sdp: string; session: string };
  }

  /** Servers that help two ends to find each other. */
  async iceServers(): Promise<RTCIceServer[]> {
    return ((await this.call("rtc/ice", {})) as { ice_servers: RTCIceServer[] }).ice_servers;
  }

  /** The full address of something the API named; "" for nothing, or for what is no web address. */
  address(named: string | null | undefined): string {
    if (!named) return "";
    const url = new URL(named, `${this.choices.api}/`);
    return /^https?:$/.test(url.protocol) ? url.href : "";
  }

  private async call(path: string, request: RequestInit): Promise<unknown> {
    const { api, key, token } = this.choices;
    const headers = new Headers(request.headers);
    if (token) headers.set("Authorization", `Bearer ${token}`);
    else headers.set("X-Sawtak-Key", key);
    const response = await reach(`${api}/api/v1/${path}`, { ...request, headers });
    if (!response) throw await unheard(api, token ? "unreachable" : "not-allowed");
    if (!response.ok) throw await troubleOf(response);
    return response.json().catch(() => Promise.reject(new Trouble("server")));
  }

  /** A token that names its visitor would contradict any other name. */
  private who(): Record<string, string> {
    const { visitor, language, token } = this.choices;
    return { ...(namesVisitor(token) ? {} : { visitor }), ...(language && { language }) };
  }

  private question(question: Question, film: boolean): RequestInit {
    const fields = { ...this.who(), ...(film && { form: "video" }) };
    if (film && "text" in question) return json({ ...fields, ...question });
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) form.append(name, value);
    if ("text" in question) form.append("text", question.text);
    else form.append("audio", question.audio, `question.${extension(question.audio.type)}`);
    return { method: "POST", body: form };
  }
}

async function reach(url: string, request: RequestInit): Promise<Response | null> {
  try {
    return await fetch(url, { ...request, credentials: "omit", referrerPolicy: "strict-origin-when-cross-origin" });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    return null;
  }
}

function json(body: object): RequestInit {
  return { method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json" } };
}

function extension(mime: string): string {
  return mime.startsWith("audio/mp4") ? "m4a" : mime.startsWith("audio/ogg") ? "ogg" : "webm";
}

function pause(seconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, seconds * 1000);
    const stopped = (): void => {
      clearTimeout(timer);
      reject(new DOMException("stopped", "AbortError"));
    };
    signal.addEventListener("abort", stopped, { once: true });
  });
}
