// Documents are sent one by one, each with a bar of its own; without script the form sends them all at once.
import { send } from "./sending.js";

const FORM = "form[data-files]";

function line(list: Element, name: string): HTMLLIElement {
  const made = document.createElement("li");
  const title = document.createElement("bdi");
  const bar = document.createElement("progress");
  const said = document.createElement("span");
  title.textContent = name;
  [bar.max, bar.value] = [1, 0];
  bar.setAttribute("aria-label", name);
  said.dataset["said"] = "";
  made.append(title, bar, said);
  list.append(made);
  return made;
}

async function sendAll(form: HTMLFormElement, files: readonly File[]): Promise<void> {
  const list = form.querySelector(".sending");
  const address = form.dataset["files"];
  if (!list || !address) return;
  const lines = files.map((file) => line(list, file.name));
  for (const [at, file] of files.entries()) {
    const box = lines[at] as HTMLLIElement;
    const data = new FormData();
    data.append("file", file);
    const answer = await send(box, address, data);
    const said = box.querySelector("[data-said]");
    if (said) said.textContent = answer.error ?? answer.said ?? "";
    box.className = answer.error === undefined ? "good" : "error";
    document.getElementById("documents")?.dispatchEvent(new Event("refresh"));
  }
}

function formOf(event: Event): HTMLFormElement | null {
  return (event.target as Element).closest?.<HTMLFormElement>(FORM) ?? null;
}

function begin(form: HTMLFormElement, files: FileList | null | undefined): void {
  const chosen = [...(files ?? [])];
  const input = form.querySelector<HTMLInputElement>("input[type=file]");
  if (chosen.length > 0) void sendAll(form, chosen);
  if (input) input.value = "";
}

document.addEventListener("submit", (event) => {
  const form = formOf(event);
  if (!form) return;
  event.preventDefault();
  begin(form, form.querySelector<HTMLInputElement>("input[type=file]")?.files);
});
document.addEventListener("dragover", (event) => {
  const form = formOf(event);
  if (!form) return;
  event.preventDefault();
  form.toggleAttribute("data-over", true);
});
document.addEventListener("dragleave", (event) => formOf(event)?.toggleAttribute("data-over", false));
document.addEventListener("drop", (event) => {
  const form = formOf(event);
  if (!form) return;
  event.preventDefault();
  form.toggleAttribute("data-over", false);
  begin(form, event.dataTransfer?.files);
});
