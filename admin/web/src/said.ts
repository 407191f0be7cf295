// The few words that scripts say, and how they are told; the page brings them in the visitor's language.

/** The page's words by their names; a name that is not there stands for itself. */
export function reader(told: string | undefined): (name: string) => string {
  const known: Record<string, string> = JSON.parse(told ?? "{}");
  return (name) => known[name] ?? name;
}

/** A word of the page, by its name. */
export function word(name: string): string {
  return reader(document.body.dataset["words"])(name);
}

/** Tells news at the foot of the page for a while, to those who listen, too. */
export function toast(text: string, tone: "good" | "bad" | "warn" = "good"): void {
  let place = document.querySelector(".toasts");
  if (place === null) {
    place = document.createElement("div");
    place.className = "toasts";
    place.setAttribute("role", "status");
    document.body.append(place);
  }
  const told = document.createElement("p");
  told.className = `alert ${tone}`;
  told.textContent = text;
  place.append(told);
  setTimeout(() => told.remove(), 6000);
}

/** Tells something in the place that a part of the page keeps for it. */
export function say(box: Element, text: string, bad = false): void {
  const place = box.querySelector("[data-said]");
  if (place === null) return;
  place.textContent = text;
  place.toggleAttribute("data-bad", bad);
}
