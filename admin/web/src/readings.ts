// Recordings and pictures in forms with data-sent: sent with a progress bar, then told what came of it.
import { sendAndFollow } from "./sending.js";

async function sent(event: SubmitEvent): Promise<void> {
  const form = event.target as HTMLFormElement;
  if (!form.matches("[data-sent]") || event.defaultPrevented) return;
  event.preventDefault();
  // Recorders in the form tell of themselves; this is told in a place of its own.
  const box = form.querySelector("[data-telling]") ?? form;
  const button = event.submitter as HTMLButtonElement | null;
  if (button) button.disabled = true;
  await sendAndFollow(box, form.action, new FormData(form));
  if (button) button.disabled = false;
}

/** Begins to send forms that carry recordings or pictures. */
export function serveSending(): void {
  document.addEventListener("submit", (event) => void sent(event));
}

/** Begins to watch how long a sentence is good for: the page is asked anew when that is over. */
export function serveLasting(): void {
  const seconds = Number(document.querySelector<HTMLElement>("[data-lasting]")?.dataset["lasting"]);
  if (seconds > 0) setTimeout(() => location.reload(), (seconds + 1) * 1000);
}
