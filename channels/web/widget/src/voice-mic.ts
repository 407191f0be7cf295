import type { Answer, Choices, Ears, Failure, Line, Mode, State, Transcript } from "./kinds.js";
import { Live } from "./live.js";
import { Meter } from "./meter.js";
import { Press } from "./press.js";
import { Push } from "./push.js";
import { Rtc } from "./rtc.js";
import { View } from "./view.js";
import { visitorId } from "./visitor.js";
import { noticeWords, tongueOf, troubleWords, WORDS, type Tongue } from "./words.js";

export type { Answer, Failure, Mode, State, Transcript } from "./kinds.js";

/** What each event of the component carries. */
export interface VoiceMicEvents {
  transcript: CustomEvent<Transcript>;
  response: CustomEvent<Answer>;
  error: CustomEvent<Failure>;
  state: CustomEvent<{ state: State }>;
}

const HEARD_LEVEL = 0.35;
const LOOKS = ["language", "placeholder"];
const LINES = ["api-url", "key", "public-key", "token", "mode", "avatar", "voice", "name"];

/** `<voice-mic>`: talk to a business's assistant; see README.md for attributes, events and theming. */
export class VoiceMic extends HTMLElement {
  static readonly observedAttributes = [...LOOKS, ...LINES];
  private readonly view: View;
  private readonly level: Meter;
  private line: Line | null = null;
  private stale = false;
  private now: State = "idle";
  private readonly ears: Ears = {
    state: (state) => this.turn(state),
    transcript: (what) => {
      if (what.text) this.view.transcript(what);
      this.emit("transcript", what);
    },
    answer: (what) => {
      if (what.text) this.view.answer(what);
      this.emit("response", what);
    },
    notice: (what) => this.view.notice(noticeWords(this.tongue, what)),
    failed: (trouble, over) => this.failed(trouble, over),
    meter: (stream) => this.level.watch(stream),
    fresh: () => this.view.fresh(),
  };

  constructor() {
    super();
    this.view = new View(this.attachShadow({ mode: "open" }), {
      send: (text) => void this.send(text),
      stop: () => this.stop(),
      replay: (answer) => this.replay(answer),
    });
    this.level = new Meter((level) => this.measured(level));
    this.hear();
  }

  connectedCallback(): void {
    addEventListener("pagehide", this.leave);
    this.view.speak(this.tongue, this.getAttribute("placeholder"));
    this.draw();
  }

  disconnectedCallback(): void {
    removeEventListener("pagehide", this.leave);
    this.hangUp();
  }

  attributeChangedCallback(name: string): void {
    if (!this.isConnected) return;
    // A fresh token is for the next conversation: it must not end the one that goes on.
    if (name === "token") this.stale = true;
    else if (name !== "placeholder") this.hangUp();
    this.connectedCallback();
  }

  /** Open the microphone; needs a press or another act of the visitor. */
  async start(): Promise<void> {
    await this.talk().begin();
  }

  /** Ask in writing. */
  async send(text: string): Promise<void> {
    this.view.notice("");
    await this.talk().say(text);
  }

  /** Stop what is spoken, else what is recorded. */
  stop(): void {
    this.line?.stop();
  }

  private get mode(): Mode {
    const mode = this.getAttribute("mode");
    return mode === "live" || mode === "rtc" ? mode : "push";
  }

  private get tongue(): Tongue {
    const page = this.closest("[lang]")?.getAttribute("lang") ?? "";
    return tongueOf(this.getAttribute("language"), page, navigator.language);
  }

  private choices(): Choices {
    const given = (name: string): string => this.getAttribute(name) ?? "";
    const here = new URL("..", import.meta.url).href;
    const language = given("language");
    return {
      api: new URL(given("api-url") || here, document.baseURI).href.replace(/\/+$/, ""),
      key: given("key") || given("public-key"),
      token: given("token"),
      language: language === "ar" || language === "en" ? language : "",
      avatar: given("avatar") === "on",
      voice: given("voice"),
      name: given("name"),
      visitor: visitorId(),
    };
  }

  private talk(): Line {
    if (this.stale && !this.line?.active) this.hangUp();
    return (this.line ??= this.open());
  }

  private open(): Line {
    const choices = this.choices();
    this.view.fresh();
    if (this.mode === "rtc") return new Rtc(choices, this.ears, this.view, (gone) => this.cut(gone));
    if (this.mode === "live") return new Live(choices, this.ears, this.view, (gone) => this.cut(gone));
    return new Push(choices, this.ears, this.view, (share) => this.view.share(share));
  }

  // Who closes the page says good-bye: the server need not wait whether they come back.
  private readonly leave = (): void => this.hangUp();

  private hangUp(): void {
    this.line?.close();
    this.line = null;
    this.stale = false;
    this.view.show(null);
    this.view.notice("");
    this.turn("idle");
  }

  private cut(gone: boolean): void {
    this.view.notice(gone ? WORDS[this.tongue].back : "");
  }

  private replay(answer: Answer): void {
    const film = Boolean(answer.videoUrl);
    this.line?.stop();
    const where = film ? this.view.video : this.view.audio;
    this.view.show(film ? this.view.video : null);
    where.src = answer.videoUrl ?? answer.audioUrl ?? "";
    this.turn("speaking");
    where.play().catch(() => this.turn("idle"));
  }

  private turn(state: State): void {
    const fresh = state !== this.now;
    this.now = state;
    this.draw();
    if (fresh) this.emit("state", { state });
  }

  private failed(trouble: unknown, over: boolean): void {
    const failure = troubleWords(this.tongue, trouble);
    if (over) {
      this.turn("error");
      this.draw(failure.message);
    } else this.view.notice(failure.message);
    this.emit("error", failure);
  }

  private draw(message = ""): void {
    this.view.state(this.now, this.mode, this.line?.active ?? false, message);
  }

  private measured(level: number): void {
    this.view.level(level);
    // Only recordings need this: a live server tells by itself that it hears somebody.
    if (level > HEARD_LEVEL && this.mode === "push" && this.now === "listening") this.turn("hearing");
  }

  private hear(): void {
    const { mic } = this.view;
    const press = new Press(() => this.line?.active ?? false, () => this.begin(), () => this.line?.finish());
    const held = (): boolean => this.mode === "push";
    mic.onpointerdown = (event) => {
      if (!held() || event.button) return;
      mic.setPointerCapture(event.pointerId);
      press.down();
    };
    mic.onpointerup = mic.onpointercancel = () => held() && press.up();
    mic.onkeydown = (event) => held() && isPress(event) && !event.repeat && press.down();
    mic.onkeyup = (event) => held() && isPress(event) && press.up();
    // Where pressing has a length, a click without a pointer comes from assistive technology.
    mic.onclick = (event) => (!held() || event.detail === 0) && press.tap();
    mic.oncontextmenu = (event) => event.preventDefault();
    this.addEventListener("keydown", (event) => event.key === "Escape" && this.stop());
  }

  private begin(): void {
    this.view.notice("");
    void this.start();
  }

  private emit<Name extends keyof VoiceMicEvents>(name: Name, detail: VoiceMicEvents[Name]["detail"]): void {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
  }
}

function isPress(event: KeyboardEvent): boolean {
  const is = event.key === " " || event.key === "Enter";
  if (is) event.preventDefault();
  return is;
}

declare global {
  interface HTMLElementTagNameMap {
    "voice-mic": VoiceMic;
  }
}

if (!customElements.get("voice-mic")) customElements.define("voice-mic", VoiceMic);
