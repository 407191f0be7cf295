// Boxes that scroll are reached by keyboard, and only those that do.

/** Begins to let every box that has more than it shows be scrolled by keyboard. */
export function serveScrolls(): void {
  const sizes = new ResizeObserver((seen) => {
    for (const { target } of seen) {
      const box = target.matches(".scroll, pre") ? target : target.closest(".scroll, pre");
      if (box && box.scrollWidth > box.clientWidth) box.setAttribute("tabindex", "0");
      else if (box) box.removeAttribute("tabindex");
    }
  });
  const all = (): void => {
    for (const box of document.querySelectorAll(".scroll, pre")) {
      sizes.observe(box);
      if (box.firstElementChild) sizes.observe(box.firstElementChild);
    }
  };
  all();
  document.addEventListener("htmx:after:swap", all);
}

/** Closes the menu when its page comes back from the browser's memory, and shows the tab that is open. */
export function serveMenu(): void {
  addEventListener("pageshow", () => {
    const menu = document.querySelector<HTMLElement>("#menu");
    if (menu?.matches(":popover-open")) menu.hidePopover();
  });
  document.querySelector(".tabs [aria-current]:not([aria-current=false])")?.scrollIntoView({ block: "nearest", inline: "nearest" });
}
