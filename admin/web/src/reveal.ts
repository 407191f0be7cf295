// Passwords that may be looked at while they are typed: on a telephone one types the wrong letter often.

function pressed(event: Event): void {
  const button = (event.target as Element).closest?.<HTMLButtonElement>("[data-reveal]");
  const input = button?.parentElement?.querySelector("input");
  if (!button || !input) return;
  const open = input.type === "password";
  input.type = open ? "text" : "password";
  button.setAttribute("aria-pressed", String(open));
}

/** Begins to serve every password of the page; none is sent as anything but a password. */
export function serveReveals(): void {
  for (const button of document.querySelectorAll<HTMLElement>("[data-reveal]")) button.hidden = false;
  document.addEventListener("click", pressed);
  document.addEventListener("submit", (event) => {
    for (const button of (event.target as Element).querySelectorAll<HTMLElement>("[data-reveal][aria-pressed=true]")) button.click();
  });
}
