// Faces that move: a picture with one button until it is wanted, then the browser's own controls.
import { toast, word } from "./said.js";

const BOX = ".moving";

function parts(box: Element): { film: HTMLVideoElement; button: HTMLButtonElement } | null {
  const film = box.querySelector("video");
  const button = box.querySelector<HTMLButtonElement>("[data-show]");
  return film && button ? { film, button } : null;
}

/** Puts every film of the page behind its picture; one that runs or stopped in the middle stays. */
function veil(): void {
  for (const box of document.querySelectorAll(BOX)) {
    const found = parts(box);
    if (found === null || found.film.currentTime > 0) continue;
    found.film.controls = false;
    found.button.hidden = false;
  }
}

function shown(event: Event): void {
  const box = (event.target as Element).closest?.("[data-show]")?.closest(BOX);
  const found = box ? parts(box) : null;
  if (found === null) return;
  found.film.controls = true;
  found.button.hidden = true;
  found.film.focus();
  found.film.play().catch((error: unknown) => {
    if (error instanceof DOMException && error.name === "AbortError") return;
    toast(word("silent"), "bad");
    veil();
  });
}

/** Begins to serve every film of the page, those to come too. */
export function serveFilms(): void {
  veil();
  document.addEventListener("click", shown);
  document.addEventListener("htmx:after:swap", veil);
}
