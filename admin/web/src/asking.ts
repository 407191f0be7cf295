// Asks again before what can't be undone: a form or button with data-ask, by script's or htmx's hand.
import { word } from "./said.js";

function button(text: string, kind: string, value: string): HTMLButtonElement {
  const made = document.createElement("button");
  made.className = `button ${kind}`;
  made.value = value;
  made.textContent = text;
  return made;
}

/** Resolves to whether the visitor said yes. */
export function asked(question: string, yes = word("yes")): Promise<boolean> {
  const dialog = document.createElement("dialog");
  const form = document.createElement("form");
  const text = document.createElement("p");
  const row = document.createElement("div");
  form.method = "dialog";
  text.id = "asked";
  text.textContent = question || word("sure");
  dialog.setAttribute("aria-labelledby", "asked");
  row.className = "row";
  row.append(button(word("no"), "", "no"), button(yes, "danger", "yes"));
  form.append(text, row);
  dialog.append(form);
  document.body.append(dialog);
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      resolve(dialog.returnValue === "yes");
      dialog.remove();
    });
    dialog.showModal();
  });
}

const cleared = new WeakSet<HTMLFormElement>();

function questionOf(form: HTMLFormElement, by: HTMLElement | null): string | undefined {
  return by?.dataset["ask"] ?? form.dataset["ask"];
}

async function submitted(event: SubmitEvent): Promise<void> {
  const form = event.target as HTMLFormElement;
  const question = questionOf(form, event.submitter);
  if (question === undefined || cleared.has(form)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  if (!(await asked(question, event.submitter?.textContent?.trim() || word("yes")))) return;
  cleared.add(form);
  form.requestSubmit(event.submitter);
  // Where the browser found a field wrong, nothing was submitted.
  cleared.delete(form);
}

/** Begins to ask; on the way down, before anything else hears of the submission. */
export function serveQuestions(): void {
  document.addEventListener("submit", (event) => void submitted(event), true);
  document.addEventListener("htmx:confirm", (event) => {
    const { issueRequest, dropRequest, ctx } = event.detail;
    event.preventDefault();
    void asked((ctx as { confirm?: string }).confirm ?? "").then((yes) => (yes ? issueRequest() : dropRequest()));
  });
}
