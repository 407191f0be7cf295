import { icon, type Icon } from "./icons.js";
import type { Answer, Mode, Stage, State, Transcript } from "./kinds.js";
import css from "./voice-mic.css";
import { stateWords, WORDS, type Tongue } from "./words.js";

const BARS = 7;
const BAR_MILLISECONDS = 70;
const ICONS: Record<State, Icon> = {
  idle: "microphone",
  "asking-permission": "lock",
  connecting: "dots",
  listening: "microphone",
  hearing: "wave",
  thinking: "dots",
  speaking: "speaker",
  error: "alert",
};

/** What a visitor can do with it. */
export interface Wishes {
  send(text: string): void;
  stop(): void;
  replay(answer: Answer): void;
}

/** The part that is seen: built once in a shadow root, and told what to show. */
export class View implements Stage {
  readonly audio = make("audio", "sound", { hidden: true });
  readonly video = make("video", "video", { playsInline: true, hidden: true });
  readonly spare = make("video", "video", { playsInline: true, hidden: true });
  readonly mic = make("button", "mic", { type: "button" });
  private readonly card = make("section", "card");
  private readonly log = make("div", "log", { role: "log", tabIndex: 0, hidden: true });
  private readonly status = make("p", "state", { role: "status" });
  private readonly news = make("p", "notice", { role: "status" });
  private readonly progress = make("progress", "progress", { max: 1, hidden: true });
  private readonly stopper = make("button", "stop", { type: "button", hidden: true });
  private readonly form = make("form", "form");
  private readonly field = make("input", "field", { dir: "auto", maxLength: 1000, enterKeyHint: "send", autocomplete: "off" });
  private readonly sender = make("button", "send", { type: "submit" });
  private readonly bars = [0, 1].map(() => Array.from({ length: BARS }, () => make("i", "bar")));
  private readonly told = new Map<string, HTMLElement>();
  private tongue: Tongue = "ar";
  private levels: number[] = [];
  private moved = 0;

  constructor(root: ShadowRoot, private readonly wishes: Wishes) {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    root.adoptedStyleSheets = [sheet];
    const [before, after] = this.bars.map((bars) => make("span", "meter", { ariaHidden: "true" }, bars));
    const centre = make("div", "centre", {}, [before as Node, this.mic, after as Node]);
    this.form.append(this.field, this.sender);
    this.sender.append(icon("send"));
    const row = make("div", "row", {}, [this.status, this.stopper]);
    this.card.append(this.video, this.spare, this.log, centre, row, this.progress, this.news, this.form, this.audio);
    root.append(this.card);
    this.listen();
  }

  /** Speak this language, with this hint in the text field. */
  speak(tongue: Tongue, placeholder: string | null): void {
    const words = WORDS[tongue];
    this.tongue = tongue;
    Object.assign(this.card, { lang: tongue, dir: tongue === "ar" ? "rtl" : "ltr", ariaLabel: words.label });
    this.log.ariaLabel = words.log;
    this.video.ariaLabel = this.spare.ariaLabel = words.video;
    this.progress.ariaLabel = words.working;
    this.field.placeholder = placeholder ?? words.field;
    this.field.ariaLabel = this.field.placeholder;
    this.sender.ariaLabel = this.sender.title = words.send;
    this.stopper.replaceChildren(icon("stop"), words.stop);
  }

  /** Show what is going on; `open`: the microphone is. */
  state(state: State, mode: Mode, open: boolean, message = ""): void {
    const words = WORDS[this.tongue];
    this.card.dataset["state"] = state;
    this.status.replaceChildren(icon(ICONS[state]), message || stateWords(this.tongue, state, mode));
    this.mic.ariaPressed = String(open);
    this.mic.ariaLabel = !open ? words.start : mode === "push" ? words.finish : words.end;
    this.mic.replaceChildren(icon(open ? (mode === "push" ? "send" : "stop") : "microphone"));
    const stoppable = state === "speaking" || state === "thinking";
    // Focus must not fall to the page's beginning when its button disappears.
    if (!stoppable && this.stopper.matches(":focus")) this.mic.focus();
    this.stopper.hidden = !stoppable;
  }

  /** Show what was heard; an unfinished version is replaced by the next. */
  transcript(what: Transcript): void {
    const name = `heard ${what.turn}`;
    if (what.turn) this.told.get(name)?.remove();
    const said = this.bubble("question", WORDS[this.tongue].you, what.text, what.language);
    said.toggleAttribute("data-open", !what.final);
    // Readers are given what stays, not every guess on the way.
    if (!what.final) said.ariaHidden = "true";
    this.told.set(name, said);
    const answer = this.told.get(`told ${what.turn}`);
    if (what.turn && answer) answer.before(said);
    else this.add(said);
  }

  /** Show an answer, or its next sentence. */
  answer(what: Answer): void {
    const name = `told ${what.turn}`;
    const known = this.told.get(name);
    if (known && known === this.log.lastElementChild) {
      known.lastElementChild?.append(` ${what.text}`);
      return this.down();
    }
    const said = this.bubble("answer", WORDS[this.tongue].we, what.text, what.language);
    if (what.audioUrl || what.videoUrl) said.append(this.replay(what));
    this.told.set(name, said);
    this.add(said);
  }

  /** Take turns from now on for those of a new conversation; what was said before stays to be read. */
  fresh(): void {
    this.told.clear();
  }

  /** Show what happens to the conversation. */
  notice(text: string): void {
    this.news.textContent = text;
  }

  /** How much of a film is made; null for none. */
  share(share: number | null): void {
    this.progress.hidden = share === null;
    this.progress.value = share ?? 0;
  }

  /** Show how loud the microphone is, from 0 to 1; the bars show how loud it was, too, further and further out. */
  level(level: number): void {
    this.card.style.setProperty("--_level", level.toFixed(2));
    const now = performance.now();
    if (level && now - this.moved < BAR_MILLISECONDS) return;
    this.moved = now;
    this.levels = level ? [level, ...this.levels].slice(0, BARS) : [];
    for (const bars of this.bars) {
      bars.forEach((bar, place) => bar.style.setProperty("--_bar", (this.levels[place] ?? 0).toFixed(2)));
    }
  }

  show(video: HTMLVideoElement | null): void {
    for (const one of [this.video, this.spare]) one.hidden = one !== video;
  }

  private listen(): void {
    this.stopper.onclick = () => this.wishes.stop();
    this.form.onsubmit = (event) => {
      event.preventDefault();
      const text = this.field.value.trim();
      this.field.value = "";
      if (text) this.wishes.send(text);
    };
  }

  private bubble(kind: string, who: string, text: string, language: string): HTMLElement {
    const words = make("p", "text", { dir: "auto", lang: language || this.tongue, textContent: text });
    return make("div", kind, {}, [make("span", "who", { textContent: who }), words]);
  }

  private replay(answer: Answer): HTMLElement {
    const button = make("button", "replay", { type: "button", onclick: () => this.wishes.replay(answer) });
    button.append(icon("replay"), WORDS[this.tongue].replay);
    return button;
  }

  private add(said: HTMLElement): void {
    this.log.hidden = false;
    this.log.append(said);
    this.down();
  }

  private down(): void {
    this.log.scrollTop = this.log.scrollHeight;
  }
}

function make<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  part: string,
  fields: Partial<HTMLElementTagNameMap[Tag]> = {},
  children: Node[] = [],
): HTMLElementTagNameMap[Tag] {
  const element = Object.assign(document.createElement(tag), fields);
  element.part.add(part);
  element.append(...children);
  return element;
}
