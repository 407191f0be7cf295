// Voices: sentences are heard where one stands, recordings are sent with a progress bar.
import { hearing } from "./hearing.js";
import { serveLasting, serveSending } from "./readings.js";
import { say } from "./said.js";

function inPlayer(form: HTMLFormElement, sound: Blob): void {
  const box = form.querySelector<HTMLElement>("[data-sound]");
  const audio = box?.querySelector("audio");
  if (!box || !audio) return;
  if (audio.src) URL.revokeObjectURL(audio.src);
  audio.src = URL.createObjectURL(sound);
  box.hidden = false;
  void audio.play();
}

const alone = new Audio();

function outLoud(sound: Blob): void {
  if (alone.src) URL.revokeObjectURL(alone.src);
  alone.src = URL.createObjectURL(sound);
  void alone.play();
}

async function tried(event: SubmitEvent): Promise<void> {
  const form = event.target as HTMLFormElement;
  if (!form.matches("[data-heard]")) return;
  event.preventDefault();
  say(form, form.querySelector<HTMLElement>("[data-working]")?.dataset["working"] ?? "");
  const answer = await hearing(form.action, new FormData(form));
  say(form, answer.error ?? "", answer.error !== undefined);
  if (answer.sound) inPlayer(form, answer.sound);
}

async function compared(event: Event): Promise<void> {
  const button = (event.target as Element).closest?.<HTMLButtonElement>("[data-hear]");
  const form = button?.form;
  if (!button || !form) return;
  const data = new FormData(form);
  data.set("how", button.dataset["hear"] ?? "");
  button.disabled = true;
  const answer = await hearing(`${form.action}/hear`, data);
  button.disabled = false;
  const told = document.querySelector(".sound-said");
  if (told) told.textContent = answer.error ?? "";
  if (answer.sound) outLoud(answer.sound);
}

document.addEventListener("submit", (event) => void tried(event));
document.addEventListener("click", (event) => void compared(event));
serveSending();
serveLasting();
