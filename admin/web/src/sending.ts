// Sends files with a progress bar: htmx sends by fetch, which does not tell how far an upload is.
import { say, word } from "./said.js";

export interface Answer {
  go?: string;
  error?: string;
  said?: string;
}

/** What became of it, of an answer's status and body: where to go, or what to tell. */
export function outcome(status: number, body: unknown): Answer {
  const answer: Answer = typeof body === "object" && body !== null ? (body as Answer) : {};
  if (status >= 200 && status < 300) return answer;
  return { error: answer.error ?? word(status === 413 ? "large" : "failed") };
}

/** An address that leads nowhere but within this site, or nothing. */
export function within(go: string | undefined): string | null {
  return go !== undefined && /^\/(?![/\\])/.test(go) ? go : null;
}

/** Sends a form's data; tells how far it is in `box` and resolves to what became of it. */
export function send(box: Element, address: string, data: FormData): Promise<Answer> {
  const bar = box.querySelector("progress");
  const request = new XMLHttpRequest();
  request.open("POST", address);
  request.responseType = "json";
  request.setRequestHeader("X-CSRF-Token", document.body.dataset["csrf"] ?? "");
  request.setRequestHeader("Accept", "application/json");
  return new Promise((resolve) => {
    const done = (answer: Answer): void => {
      if (bar) bar.hidden = true;
      resolve(answer);
    };
    request.upload.onprogress = (event) => {
      if (!event.lengthComputable) return;
      if (bar) [bar.hidden, bar.value] = [false, event.loaded / event.total];
      say(box, `${Math.round((100 * event.loaded) / event.total)}%`);
    };
    request.onload = () => done(outcome(request.status, request.response));
    request.onerror = () => done({ error: word("failed") });
    request.send(data);
  });
}

/** Sends, then goes where the answer says or tells what it tells; an event "sawtak:sent" on `box` has the answer. */
export async function sendAndFollow(box: Element, address: string, data: FormData): Promise<void> {
  box.toggleAttribute("data-busy", true);
  const answer = await send(box, address, data);
  box.toggleAttribute("data-busy", false);
  say(box, answer.error ?? answer.said ?? word("sent"), answer.error !== undefined);
  box.dispatchEvent(new CustomEvent("sawtak:sent", { bubbles: true, detail: answer }));
  const go = within(answer.go);
  if (go !== null) location.assign(go);
}
