// Trying the bot: examples fill the question, the answer is heard and seen without being stored anywhere. And its hours.

/** The bytes of a text in base64. */
export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  const plain = atob(text);
  const bytes = new Uint8Array(plain.length);
  for (let at = 0; at < plain.length; at += 1) bytes[at] = plain.charCodeAt(at);
  return bytes;
}

function sounds(): void {
  for (const box of document.querySelectorAll<HTMLElement>("[data-sound]")) {
    const audio = box.querySelector("audio");
    const text = box.dataset["sound"];
    if (!audio || !text) continue;
    delete box.dataset["sound"];
    audio.src = URL.createObjectURL(new Blob([bytesOf(text)], { type: "audio/ogg" }));
  }
}

function filled(event: Event): void {
  const example = (event.target as Element).closest?.<HTMLElement>("[data-ask-this]");
  const field = document.querySelector<HTMLTextAreaElement>("#f-question");
  if (!example || !field) return;
  field.value = example.dataset["askThis"] ?? "";
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.focus();
}

/** A typed question is meant: what was recorded before it is not sent along. */
function typed(event: Event): void {
  if ((event.target as Element).id !== "f-question" || (event.target as HTMLTextAreaElement).value === "") return;
  for (const input of document.querySelectorAll<HTMLInputElement>("[data-try] input[type=file]")) input.remove();
}

function waiting(on: boolean): void {
  const words = document.querySelector<HTMLElement>("[data-waiting]");
  if (words) words.hidden = !on;
}

async function filmed(event: Event): Promise<void> {
  const form = event.target as HTMLFormElement;
  if (!form.matches("[data-film]")) return;
  event.preventDefault();
  const said = form.querySelector<HTMLElement>("[data-said-here]");
  const button = form.querySelector("button");
  if (button) button.disabled = true;
  if (said) said.textContent = "…";
  try {
    // What is being tried on this page may not be saved yet: it goes along.
    const page = document.querySelector<HTMLFormElement>("[data-try]");
    const data = new FormData(form);
    for (const [name, value] of page ? new FormData(page) : []) if (typeof value === "string" && !data.has(name)) data.append(name, value);
    const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams([...data] as [string, string][]), headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(((await answer.json()) as { error?: string }).error ?? "");
    const video = Object.assign(document.createElement("video"), { controls: true, src: URL.createObjectURL(await answer.blob()) });
    video.setAttribute("aria-label", button?.textContent?.trim() ?? "");
    form.querySelector("video")?.remove();
    form.append(video);
    if (said) said.textContent = "";
  } catch (error) {
    const words = (JSON.parse(document.body.dataset["words"] ?? "{}") as Record<string, string>)["failed"] ?? "";
    if (said) said.textContent = (error as Error).message || words;
  } finally {
    if (button) button.disabled = false;
  }
}

/** Writes the first hours of a week into every day that has none. */
function sameDays(event: Event): void {
  const button = (event.target as Element).closest?.<HTMLElement>("[data-same-days]");
  const name = button?.dataset["sameDays"];
  if (!button || !name) return;
  const days = [...(button.closest("form")?.querySelectorAll<HTMLInputElement>(`input[name^="${CSS.escape(name)}"]`) ?? [])];
  const first = days.find((day) => day.value.trim() !== "");
  if (!first) {
    days[0]?.focus();
    return;
  }
  for (const day of days) if (day.value.trim() === "") day.value = first.value;
}

for (const button of document.querySelectorAll<HTMLElement>("[data-same-days]")) button.hidden = false;
document.addEventListener("click", sameDays);
document.addEventListener("click", filled);
document.addEventListener("input", typed);
document.addEventListener("submit", (event) => void filmed(event));
document.addEventListener("htmx:before:request", () => waiting(true));
document.addEventListener("htmx:after:swap", () => {
  waiting(false);
  sounds();
});
document.addEventListener("htmx:error", () => waiting(false));
sounds();
