// Forms: the first wrong field gets the focus, unsaved work is not lost, drafts are kept until they are sent.

const WRONG = '[aria-invalid="true"]';

/** Moves the focus to the first field that is wrong, if one is. */
export function focusWrong(root: ParentNode = document): void {
  root.querySelector<HTMLElement>(WRONG)?.focus();
}

/** What a form holds, as text that may be compared; files by their names and never a secret. */
export function state(fields: Iterable<[string, FormDataEntryValue]>): string {
  return JSON.stringify([...fields].map(([name, value]) => [name, typeof value === "string" ? value : value.name]));
}

const asLoaded = new WeakMap<HTMLFormElement, string>();
let leaving = false;

function remember(): void {
  for (const form of document.querySelectorAll<HTMLFormElement>("form[data-guarded]")) {
    if (!asLoaded.has(form)) asLoaded.set(form, state(new FormData(form)));
  }
}

function unsaved(): boolean {
  const forms = [...document.querySelectorAll<HTMLFormElement>("form[data-guarded]")];
  // What the server has refused is shown, not kept: such a form is unsaved from the beginning.
  return forms.some((form) => form.querySelector(WRONG) !== null || asLoaded.get(form) !== state(new FormData(form)));
}

/** Begins to warn who leaves a page with unsaved work in a form with data-guarded. */
export function serveGuards(): void {
  remember();
  document.addEventListener("htmx:after:swap", remember);
  document.addEventListener("submit", (event) => {
    const form = event.target as HTMLFormElement;
    if (!form.matches("[data-guarded]")) return;
    asLoaded.delete(form);
    leaving = !event.defaultPrevented;
    setTimeout(remember);
  });
  addEventListener("beforeunload", (event) => {
    if (!leaving && unsaved()) event.preventDefault();
    leaving = false;
  });
}

function keyOf(field: HTMLElement): string {
  return `draft:${field.dataset["draft"]}`;
}

type Written = HTMLTextAreaElement | HTMLInputElement;

function restore(): void {
  for (const field of document.querySelectorAll<Written>("[data-draft]")) {
    const kept = sessionStorage.getItem(keyOf(field));
    if (kept === null || field.value !== "") continue;
    field.value = kept;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
}

/** Begins to keep what is written into fields with data-draft, in this tab, until their form is sent. */
export function serveDrafts(): void {
  restore();
  document.addEventListener("htmx:after:swap", restore);
  document.addEventListener("input", (event) => {
    const field = event.target as Written;
    if (field.matches("[data-draft]")) {
      if (field.value) sessionStorage.setItem(keyOf(field), field.value);
      else sessionStorage.removeItem(keyOf(field));
    }
  });
  document.addEventListener("submit", (event) => {
    if (event.defaultPrevented) return;
    for (const field of (event.target as Element).querySelectorAll<Written>("[data-draft]")) sessionStorage.removeItem(keyOf(field));
  });
}

/** Begins to move the focus to what is wrong, on arrival and after every update; and says what no update could. */
export function serveFocus(): void {
  focusWrong();
  document.addEventListener("htmx:after:swap", (event) => focusWrong(event.target as Element));
}

