import type { Choices } from "./kinds.js";
import { Trouble, troubleOf } from "./trouble.js";

/** What `/api/v1/voice/query` answers with. */
export interface Reply {
  transcript: string;
  response_text: string;
  audio_url: string | null;
  language: string;
}

/** How far a film is, as `/api/v1/jobs/{id}` tells. */
export interface Job extends Partial<Reply> {
  state: "queued" | "running" | "done" | "failed";
  progress?: number;
  video_url?: string | null;
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

  /** Ask and get the answer with its sound. */
  async ask(question: Question, signal: AbortSignal): Promise<Reply> {
    return (await this.call("voice/query", { method: "POST", body: this.form(question), signal })) as Reply;
  }

  /** Ask for a film; yields each time it is a little further, at last with state "done". */
  async *film(question: Question, signal: AbortSignal): AsyncGenerator<Job> {
    const begun = (await this.call("complete-flow", { ...this.order(question), signal })) as { job_id: string };
    for (let tried = 0; tried < POLLS; tried++) {
      await this.wait(POLL_SECONDS, signal);
      const job = (await this.call(`jobs/${encodeURIComponent(begun.job_id)}`, { signal })) as Job;
      if (job.state === "failed") throw new Trouble("server");
      yield job;
      if (job.state === "done") return;
    }
    throw new Trouble("slow");
  }

  /** Send our side of a WebRTC connection and get the other. */
  async offer(sdp: string): Promise<{ sdp: string; session: string }> {
    const { visitor, language, avatar } = this.choices;
    return (await this.call("rtc", json({ sdp, visitor, language, avatar }))) as { sdp: string; session: string };
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
    if (!response.ok) throw troubleOf(response, Boolean(token));
    return response.json().catch(() => Promise.reject(new Trouble("server")));
  }

  private form(question: Question): FormData {
    const form = new FormData();
    if ("audio" in question) form.append("audio", question.audio, `question.${extension(question.audio.type)}`);
    else form.append("text", question.text);
    form.append("visitor", this.choices.visitor);
    if (this.choices.language) form.append("language", this.choices.language);
    return form;
  }

  private order(question: Question): RequestInit {
    if ("audio" in question) return { method: "POST", body: this.form(question) };
    const { visitor, language } = this.choices;
    return json({ text: question.text, visitor, ...(language && { language }) });
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
