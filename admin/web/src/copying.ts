// Copies what stands in data-copy, or in the element that data-copy-of names by id.
import { toast, word } from "./said.js";

/** Begins to serve every button that copies. */
export function serveCopies(): void {
  document.addEventListener("click", (event) => {
    const button = (event.target as Element).closest?.<HTMLElement>("[data-copy], [data-copy-of]");
    if (!button) return;
    const source = document.getElementById(button.dataset["copyOf"] ?? "");
    const text = button.dataset["copy"] ?? (source instanceof HTMLInputElement ? source.value : source?.textContent) ?? "";
    navigator.clipboard.writeText(text.trim()).then(
      () => toast(word("copied")),
      () => toast(word("uncopied"), "bad"),
    );
  });
}
