import type { Choices } from "./kinds.js";
import { Trouble, troubleNamed, troubleOf } from "./trouble.js";
import { namesVisitor } from "./visitor.js";

/** What `/api/v1/voice/query` answers with. */
export interface Reply {
  transcript: string;
  response_text: string;
  audio_url: string | null;
  language: string;
}

/** How far an answer is, as `/api/v1/jobs/{id}` tells; `progress` goes to 100. */
export interface Job extends Partial<Reply> {
  state: "queued" | "running" | "done" | "failed";
  progress?: number;
  video_url?: string | null;
  error?: { code: string } | null;
}

/** A recording, or a question in writing. */
export type Question = { audio: Blob } | { text: string };

const POLL_SECONDS = 2;
const POLLS = 60;
const SOON_SECONDS = 0.5; // an answer without a film is often there at once
const SOON_POLLS = 4;

/** Talks to the public API for one visitor; every failure is a `Trouble`, or an AbortError when `signal` says so. */
export class Rest {
  constructor(
    private readonly choices: Choices,
    private readonly wait: (seconds: number, signal: AbortSignal) => Promise<void> = pause,
  ) {}

  /** Ask aloud and get the answer with its sound. */
  async ask(audio: Blob, signal: AbortSignal): Promise<Reply> {
    return (await this.call("voice/query", { ...this.recording(audio), signal })) as Reply;
  }

  /** Ask for an answer in this form; yields each time it is a little further, at last with state "done". */
  async *order(question: Question, form: "video" | "voice", signal: AbortSignal): AsyncGenerator<Job> {
    const order = "audio" in question ? this.recording(question.audio, { form }) : json({ ...this.who(), ...question, form });
    const begun = (await this.call("complete-flow", { ...order, signal })) as { job_id: string };
    for (let tried = 0; tried < POLLS; tried++) {
      await this.wait(form === "voice" && tried < SOON_POLLS ? SOON_SECONDS : POLL_SECONDS, signal);
      const job = (await this.call(`jobs/${encodeURIComponent(begun.job_id)}`, { signal })) as Job;
      if (job.state === "failed") throw troubleNamed(job.error?.code ?? "");
      yield job;
      if (job.state === "done") return;
    }
    throw new Trouble("slow");
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
    if (!response.ok) throw await troubleOf(response);
    return response.json().catch(() => Promise.reject(new Trouble("server")));
  }

  /** A token that names its visitor would contradict any other name. */
  private who(): Record<string, string> {
    const { visitor, language, token } = this.choices;
    return { ...(namesVisitor(token) ? {} : { visitor }), ...(language && { language }) };
  }

  private recording(audio: Blob, more: Record<string, string> = {}): RequestInit {
    const form = new FormData();
    form.append("audio", audio, `question.${extension(audio.type)}`);
    for (const [name, value] of Object.entries({ ...this.who(), ...more })) form.append(name, value);
    return { method: "POST", body: form };
  }
}

async function reach(url: string, request: RequestInit): Promise<Response> {
  try {
    return await fetch(url, { ...request, credentials: "omit", referrerPolicy: "strict-origin-when-cross-origin" });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Trouble("unreachable");
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
