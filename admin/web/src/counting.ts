/** Says how many letters of how many a text has, and whether few are left. */
export function count(letters: number, most: number): { text: string; over: boolean } {
  return { text: `${letters} / ${most}`, over: letters >= most };
}

function show(area: HTMLTextAreaElement | HTMLInputElement): void {
  let place = area.parentElement?.querySelector(":scope > .count") ?? null;
  if (place === null) {
    place = document.createElement("output");
    place.className = "count";
    place.setAttribute("dir", "ltr");
    place.setAttribute("aria-live", "off");
    area.after(place);
  }
  const { text, over } = count(area.value.length, area.maxLength);
  place.textContent = text;
  place.toggleAttribute("data-over", over);
}

/** Begins to count what is written into every field with data-counted. */
export function serveCounts(): void {
  const all = (): void => {
    for (const area of document.querySelectorAll<HTMLTextAreaElement>("[data-counted][maxlength]")) show(area);
  };
  all();
  document.addEventListener("htmx:after:swap", all);
  document.addEventListener("input", (event) => {
    const area = event.target as HTMLTextAreaElement;
    if (area.matches("[data-counted][maxlength]")) show(area);
  });
}
