import type { Choices } from "./kinds.js";
import { Trouble, troubleTold, unheard } from "./trouble.js";

const GIVE_UP_SECONDS = 30; // for so long the server keeps a session that lost its socket
const REFUSED = 1008;
const FIRST_SECONDS = 0.5;
const SLOWEST_SECONDS = 5;
const CROWDED = 96_000; // bytes that wait to be sent: three seconds of sound, too late to be of use

/** A message of `docs/api/assistant.md`. */
export type Message = { type: string } & Record<string, unknown>;

/** What a wire tells of. */
export interface Heard {
  message(message: Message): void;
  sound(data: DataView): void;
  film(data: Blob): void;
  /** The connection is gone, and being sought again; or it is back. */
  lost(gone: boolean): void;
  /** It is over, with a `Trouble` or without. */
  over(trouble: Trouble | null): void;
}

/** A socket to the assistant that survives being cut: it comes back within 30 seconds to the same session. */
export class Wire {
  private socket: WebSocket | null = null;
  private session: { session: string; resume: string } | null = null;
  private ready = false;
  private ended = false;
  private lostAt = 0;
  private tries = 0;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private film = "";
  private held: Message[] = [];
  private last = 0;
  private played = "";
  private refusal: Trouble | null = null;

  constructor(
    private readonly choices: Choices,
    private readonly start: Message,
    private readonly heard: Heard,
  ) {
    this.connect();
  }

  /** Send a message; what comes before the session has begun, or while it is cut, is sent after. */
  send(message: Message): void {
    if (this.open) this.socket?.send(JSON.stringify(message));
    else this.held.push(message);
  }

  /** Tell that everything before this mark was played; a new socket learns it from its first message. */
  reached(mark: string): void {
    this.played = mark;
    if (this.ready) this.send({ type: "mark", name: mark });
  }

  /** Send sound; what cannot be sent now is dropped, because late sound is worse than none. */
  sound(pcm: ArrayBuffer): void {
    if (this.open && this.socket && this.socket.bufferedAmount < CROWDED) this.socket.send(pcm);
  }

  /** Say good-bye. */
  close(): void {
    if (this.ended) return;
    if (this.ready) this.send({ type: "end" });
    this.finish();
  }

  /** Whether something can be sent now: a socket that is about to close says so before it is closed. */
  private get open(): boolean {
    return this.ready && (this.socket?.readyState ?? 0) <= 1;
  }

  private connect(): void {
    const { api, key, token } = this.choices;
    const proof = new URLSearchParams(token ? { token } : { key });
    const socket = new WebSocket(`${api.replace(/^http/, "ws")}/ws/assistant?${proof}`);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => socket.send(JSON.stringify(this.hello()));
    socket.onmessage = ({ data }) => this.read(data as string | ArrayBuffer);
    socket.onclose = ({ code }) => this.closed(code);
    this.socket = socket;
  }

  private hello(): Message {
    const { session, last, played } = this;
    return session ? { type: "start", ...session, last, played } : this.start;
  }

  private read(data: string | ArrayBuffer): void {
    if (typeof data !== "string") return this.binary(data);
    const message = JSON.parse(data) as Message;
    this.last = Number(message["seq"] ?? this.last);
    if (message.type === "error" && !this.ready) {
      this.refusal = troubleTold(String(message["code"]), String(message["text"]));
      return;
    }
    if (message.type === "started") this.started(message);
    if (message.type === "film") this.film = String(message["mime"]);
    this.heard.message(message);
    if (message.type === "ended") {
      this.finish();
      this.heard.over(null);
    }
  }

  private binary(data: ArrayBuffer): void {
    const kind = new DataView(data).getUint8(0);
    if (kind === 1) this.heard.sound(new DataView(data, 1));
    else if (kind === 2) this.heard.film(new Blob([data.slice(1)], { type: this.film }));
  }

  private started(message: Message): void {
    this.session = { session: String(message["session"]), resume: String(message["resume"]) };
    this.ready = true;
    this.tries = this.lostAt = 0;
    for (const one of this.held.splice(0)) this.send(one);
    this.heard.lost(false);
  }

  private closed(code: number): void {
    this.ready = false;
    if (this.ended) return;
    this.lostAt ||= Date.now();
    const wait = Math.min(FIRST_SECONDS * 2 ** this.tries++, SLOWEST_SECONDS);
    if (!this.session) return void this.fail();
    if (code === REFUSED) return this.giveUp(new Trouble("lost"));
    if (Date.now() + wait * 1000 - this.lostAt > GIVE_UP_SECONDS * 1000) return this.giveUp(new Trouble("lost"));
    this.heard.lost(true);
    this.retry = setTimeout(() => this.connect(), wait * 1000 * (0.75 + Math.random() / 2));
  }

  /** A browser does not tell why a socket was refused: a server that answers otherwise does not want us. */
  private async fail(): Promise<void> {
    if (this.refusal) return this.giveUp(this.refusal);
    const { api, token } = this.choices;
    this.giveUp(await unheard(api, token ? "expired" : "not-allowed"));
  }

  private giveUp(trouble: Trouble): void {
    if (this.ended) return;
    this.finish();
    this.heard.over(trouble);
  }

  private finish(): void {
    this.ended = true;
    this.ready = false;
    clearTimeout(this.retry);
    this.socket?.close();
  }
}
