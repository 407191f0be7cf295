/** What the component is doing, for the eye and the ear. */
export type State = "idle" | "asking-permission" | "connecting" | "listening" | "hearing" | "thinking" | "speaking" | "error";

/** How it talks to the server: recordings by REST, a WebSocket, or WebRTC. */
export type Mode = "push" | "live" | "rtc";

/** What was heard; it may still change until `final`. `turn` counts what the visitor said, from 1; 0 was written. */
export interface Transcript {
  text: string;
  turn: number;
  final: boolean;
  language: string;
}

/** What is answered: all of it in mode "push", a sentence at a time in the others. Turn 0 was not asked for. */
export interface Answer {
  text: string;
  turn: number;
  language: string;
  audioUrl?: string;
  videoUrl?: string;
}

/** What went wrong; `message` says what to do, in the language of the component. */
export interface Failure {
  code: string;
  message: string;
}

/** Everything that the page's author chose. `api` has no slash at its end; `language` "" leaves it to the server. */
export interface Choices {
  api: string;
  key: string;
  token: string;
  language: "" | "ar" | "en";
  avatar: boolean;
  voice: string;
  name: string;
  visitor: string;
}

/** What a way of talking tells the component, as it happens. */
export interface Ears {
  state(state: State): void;
  transcript(what: Transcript): void;
  answer(what: Answer): void;
  /** `what` happens to the conversation: "transfer", "silence" or "end", or in words. */
  notice(what: string): void;
  /** Something went wrong; `over`: nothing goes on. */
  failed(trouble: unknown, over: boolean): void;
  /** Measure the loudness of this microphone from now on, or no longer. */
  meter(stream: MediaStream | null): void;
  /** A new conversation begins: turns are counted anew. */
  fresh(): void;
}

/** Where sound and pictures come out. */
export interface Stage {
  readonly audio: HTMLAudioElement;
  readonly video: HTMLVideoElement;
  /** The place of the next film while one is still in sight. */
  readonly spare: HTMLVideoElement;
  /** Show this one of them, or none. */
  show(video: HTMLVideoElement | null): void;
}

/** A way of talking to the server. */
export interface Line {
  /** Whether one press opens a conversation that goes on by itself. */
  readonly continuous: boolean;
  /** Whether the microphone is open, or about to be. */
  readonly active: boolean;
  /** Open the microphone; failures are told to the ears. */
  begin(): Promise<void>;
  /** Send what was recorded, or end the conversation. */
  finish(): void;
  /** Ask in writing. */
  say(text: string): Promise<void>;
  /** Stop at once whatever is going on: first what is spoken, else what is recorded. */
  stop(): void;
  /** Let go of everything. */
  close(): void;
}
