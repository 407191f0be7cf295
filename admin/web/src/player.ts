// Players: one sounds at a time, and no update of the page touches one that is in use.
import { word } from "./said.js";
import { clock } from "./times.js";

/** How many of so many bars lie before this place of the whole. */
export function passed(bars: number, at: number, seconds: number): number {
  return seconds > 0 ? Math.round((bars * Math.min(at, seconds)) / seconds) : 0;
}

/** Whether somebody listens, or stopped in the middle. */
export function inUse(sound: { paused: boolean; ended: boolean; currentTime: number }): boolean {
  return !sound.paused || (sound.currentTime > 0 && !sound.ended);
}

const BOX = "[data-player]";
const HAVE_FUTURE_DATA = 3;

function parts(box: Element): { button: HTMLButtonElement; range: HTMLInputElement; output: HTMLOutputElement; sound: HTMLAudioElement } | null {
  const button = box.querySelector<HTMLButtonElement>("[data-play]");
  const range = box.querySelector<HTMLInputElement>("input[type=range]");
  const output = box.querySelector("output");
  const sound = box.querySelector("audio");
  return button && range && output && sound ? { button, range, output, sound } : null;
}

function show(box: Element): void {
  const found = parts(box);
  if (found === null) return;
  const { button, range, output, sound } = found;
  const name = sound.paused ? "play" : "pause";
  // A sample may be spoken only now: until it comes, one sees that something happens.
  box.toggleAttribute("data-busy", !sound.paused && sound.readyState < HAVE_FUTURE_DATA);
  button.setAttribute("aria-label", word(name));
  const use = button.querySelector("use");
  use?.setAttribute("href", (use.getAttribute("href") ?? "").replace(/#.*$/, `#${name}`));
  if (!Number.isFinite(sound.duration)) return;
  range.max = String(sound.duration);
  if (!range.matches(":active")) range.value = String(sound.currentTime);
  output.textContent = clock(inUse(sound) ? sound.currentTime : sound.duration);
  range.setAttribute("aria-valuetext", clock(sound.currentTime));
  const bars = box.querySelectorAll(".wave rect");
  const on = passed(bars.length, sound.currentTime, sound.duration);
  bars.forEach((bar, index) => bar.classList.toggle("on", index < on));
}

function hush(except: EventTarget | null): void {
  for (const other of document.querySelectorAll<HTMLMediaElement>("audio, video")) if (other !== except) other.pause();
}

function failed(box: Element): void {
  const output = box.querySelector("output");
  if (output !== null) output.textContent = word("silent");
  box.toggleAttribute("data-broken", true);
}

function pressed(event: Event): void {
  const box = (event.target as Element).closest?.("[data-play]")?.closest(BOX);
  const sound = box?.querySelector("audio");
  if (!box || !sound) return;
  if (!sound.paused) sound.pause();
  else sound.play().catch((error: unknown) => {
    if (!(error instanceof DOMException && error.name === "AbortError")) failed(box);
  });
}

/** Begins to serve every player of the page, those to come too. */
export function servePlayers(): void {
  document.addEventListener("click", pressed);
  document.addEventListener("play", (event) => hush(event.target), true);
  for (const name of ["play", "playing", "pause", "ended", "timeupdate", "loadedmetadata", "emptied", "waiting"]) {
    document.addEventListener(name, (event) => {
      const box = (event.target as Element).closest?.(BOX);
      if (box) show(box);
    }, true);
  }
  document.addEventListener("input", (event) => {
    const range = event.target as HTMLInputElement;
    const sound = range.type === "range" ? range.closest(BOX)?.querySelector("audio") : null;
    if (sound && Number.isFinite(sound.duration)) sound.currentTime = Number(range.value);
  });
  // A morph copies the server's attributes over ours, so each in use is marked before every swap.
  document.addEventListener("htmx:before:swap", () => {
    for (const media of document.querySelectorAll<HTMLMediaElement>("audio, video")) {
      (media.closest(BOX) ?? media).toggleAttribute("hx-morph-skip", inUse(media));
    }
  });
}
