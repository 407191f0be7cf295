// A file is sent as soon as it is chosen or dropped, with the other fields that stand in the same box.
import { sendAndFollow } from "./sending.js";

const BOX = "[data-upload]";

function fields(box: Element, file: File, name: string): FormData {
  const data = new FormData();
  for (const field of box.querySelectorAll<HTMLInputElement | HTMLSelectElement>("input[name], select[name]")) {
    const ticked = !(field instanceof HTMLInputElement && /^(checkbox|radio)$/.test(field.type)) || field.checked;
    if (field.type !== "file" && ticked) data.append(field.name, field.value);
  }
  data.append(name, file);
  return data;
}

function begin(box: HTMLElement): void {
  const input = box.querySelector<HTMLInputElement>("input[type=file]");
  const file = input?.files?.[0];
  const address = box.dataset["upload"];
  if (input && file && address) void sendAndFollow(box, address, fields(box, file, input.name || "file")).then(() => (input.value = ""));
}

function boxOf(event: Event): HTMLElement | null {
  return (event.target as Element).closest?.<HTMLElement>(BOX) ?? null;
}

/** Begins to serve every upload of the page. */
export function serveUploads(): void {
  document.addEventListener("change", (event) => {
    const box = boxOf(event);
    if (box && (event.target as HTMLInputElement).type === "file") begin(box);
  });
  document.addEventListener("dragover", (event) => {
    const box = boxOf(event);
    if (!box) return;
    event.preventDefault();
    box.toggleAttribute("data-over", true);
  });
  document.addEventListener("dragleave", (event) => boxOf(event)?.toggleAttribute("data-over", false));
  document.addEventListener("drop", (event) => {
    const box = boxOf(event);
    const input = box?.querySelector<HTMLInputElement>("input[type=file]");
    if (!box || !input || !event.dataTransfer) return;
    event.preventDefault();
    box.toggleAttribute("data-over", false);
    input.files = event.dataTransfer.files;
    begin(box);
  });
}
