// Avatars: colours are seen while they are chosen, points of a face are moved by hand, finger or keys.
import { fixed, moved, type Size, type Spot, step } from "./placing.js";
import { serveLasting, serveSending } from "./readings.js";
import { say, word } from "./said.js";

const CSRF = (): Record<string, string> => ({ "X-CSRF-Token": document.body.dataset["csrf"] ?? "", Accept: "application/json" });

async function asked<T>(address: string, data: FormData, signal?: AbortSignal): Promise<T | { error: string }> {
  try {
    const answer = await fetch(address, { method: "POST", headers: CSRF(), body: data, ...(signal ? { signal } : {}) });
    return (await answer.json()) as T;
  } catch {
    return { error: word("failed") };
  }
}

function serveColours(): void {
  const form = document.querySelector<HTMLFormElement>("form[data-colours]");
  const film = document.querySelector<HTMLVideoElement>("#colours-film");
  const told = form?.querySelector<HTMLElement>("[data-said]");
  if (!form || !film || !told) return;
  let waiting: ReturnType<typeof setTimeout> | undefined;
  form.addEventListener("input", () => {
    clearTimeout(waiting);
    told.textContent = told.dataset["working"] ?? "";
    waiting = setTimeout(() => {
      const worn = new URLSearchParams();
      for (const one of form.querySelectorAll<HTMLInputElement>("input[type=color]")) worn.set(one.name, one.value);
      const [base, face] = [form.dataset["colours"], encodeURIComponent(form.dataset["face"] ?? "")];
      // The picture is there at once; the film is drawn when somebody plays it.
      const still = new Image();
      still.addEventListener("load", () => (told.textContent = told.dataset["done"] ?? ""));
      still.addEventListener("error", () => (told.textContent = word("failed")));
      still.src = film.poster = `${base}/still/${face}?${worn}`;
      film.src = `${base}/film/${face}?${worn}`;
    }, 200);
  });
}

class Points {
  private readonly svg: SVGSVGElement;
  private readonly size: Size;
  private readonly address: string;
  private checking: AbortController | null = null;
  private waiting: ReturnType<typeof setTimeout> | undefined;
  private clicks: Spot[] | null = null;

  constructor(private readonly form: HTMLFormElement, svg: SVGSVGElement) {
    this.svg = svg;
    this.size = { width: svg.viewBox.baseVal.width, height: svg.viewBox.baseVal.height };
    this.address = form.dataset["points"] ?? "";
    svg.addEventListener("pointerdown", (event) => this.grabbed(event));
    svg.addEventListener("click", (event) => void this.clicked(event));
    svg.addEventListener("keydown", (event) => this.pressed(event));
    form.addEventListener("input", () => this.fromNumbers());
    const three = form.querySelector<HTMLButtonElement>("[data-three]");
    if (three) {
      three.hidden = false;
      three.addEventListener("click", () => this.begin());
    }
  }

  private field(axis: "x" | "y", name: string): HTMLInputElement | null {
    return this.form.querySelector<HTMLInputElement>(`input[name="${axis}-${name}"]`);
  }

  private place(name: string, spot: Spot): void {
    const [x, y] = fixed(spot, this.size);
    this.svg.querySelector(`[data-point="${name}"]`)?.setAttribute("transform", `translate(${x} ${y})`);
    const [across, down] = [this.field("x", name), this.field("y", name)];
    if (across) across.value = String(x);
    if (down) down.value = String(y);
  }

  private spot(name: string): Spot {
    return [Number(this.field("x", name)?.value), Number(this.field("y", name)?.value)];
  }

  private at(event: MouseEvent): Spot {
    const matrix = this.svg.getScreenCTM();
    if (!matrix) return [0, 0];
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix.inverse());
    return [point.x, point.y];
  }

  private grabbed(event: PointerEvent): void {
    const handle = (event.target as Element).closest<SVGGElement>("[data-point]");
    const name = handle?.dataset["point"];
    if (!handle || !name || this.clicks) return;
    event.preventDefault();
    handle.focus();
    handle.setPointerCapture(event.pointerId);
    handle.dataset["held"] = "";
    const [from, was] = [this.at(event), this.spot(name)];
    const move = (next: PointerEvent): void => this.place(name, moved(was, from, this.at(next)));
    const over = (): void => {
      handle.removeEventListener("pointermove", move);
      delete handle.dataset["held"];
      this.check();
    };
    handle.addEventListener("pointermove", move);
    handle.addEventListener("lostpointercapture", over, { once: true });
  }

  private pressed(event: KeyboardEvent): void {
    const name = (event.target as Element).closest<SVGGElement>("[data-point]")?.dataset["point"];
    const way = step(event.key, event.shiftKey);
    if (!name || !way) return;
    event.preventDefault();
    const [x, y] = this.spot(name);
    this.place(name, [x + way[0], y + way[1]]);
    this.check();
  }

  private fromNumbers(): void {
    for (const handle of this.svg.querySelectorAll<SVGGElement>("[data-point]")) {
      const [x, y] = fixed(this.spot(handle.dataset["point"] ?? ""), this.size);
      handle.setAttribute("transform", `translate(${x} ${y})`);
    }
    this.check();
  }

  private begin(): void {
    this.clicks = [];
    this.svg.classList.add("clicking");
    this.ask("left");
  }

  private ask(what: string): void {
    const place = this.form.querySelector<HTMLElement>("[data-said]");
    say(this.form, place?.dataset[what] ?? "");
  }

  private async clicked(event: MouseEvent): Promise<void> {
    if (!this.clicks) return;
    this.clicks.push(this.at(event));
    if (this.clicks.length < 3) {
      this.ask(this.clicks.length === 1 ? "right" : "mouth");
      return;
    }
    const data = new FormData();
    ["left", "right", "mouth"].forEach((name, index) => {
      const [x, y] = this.clicks?.[index] ?? [0, 0];
      data.set(`x-${name}`, String(x));
      data.set(`y-${name}`, String(y));
    });
    this.clicks = null;
    this.svg.classList.remove("clicking");
    const answer = await asked<{ points: Record<string, Spot> }>(`${this.address}/three`, data);
    if ("error" in answer) {
      say(this.form, answer.error, true);
      return;
    }
    for (const [name, spot] of Object.entries(answer.points)) this.place(name, spot);
    this.ask("placed");
    this.check();
  }

  /** Asks what the picture lacks by the points as they are now, once they rest. */
  private check(): void {
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => void this.judge(), 400);
  }

  private async judge(): Promise<void> {
    const place = this.form.querySelector<HTMLElement>("[data-verdict]");
    if (!place) return;
    this.checking?.abort();
    const checking = (this.checking = new AbortController());
    place.setAttribute("aria-busy", "true");
    const answer = await asked<{ problems: string[] }>(`${this.address}/judge`, new FormData(this.form), checking.signal);
    if (checking.signal.aborted) return;
    place.removeAttribute("aria-busy");
    const problems = "error" in answer ? [answer.error] : answer.problems;
    place.replaceChildren(problems.length ? list(problems) : fine(place.dataset["fine"] ?? ""));
  }
}

function list(problems: string[]): HTMLElement {
  const told = document.createElement("ul");
  told.className = "alert warn";
  for (const one of problems) {
    const item = document.createElement("li");
    item.textContent = one;
    told.append(item);
  }
  return told;
}

function fine(text: string): HTMLElement {
  const told = document.createElement("p");
  told.className = "alert good";
  told.textContent = text;
  return told;
}

for (const form of document.querySelectorAll<HTMLFormElement>("form[data-points]")) {
  const svg = form.querySelector<SVGSVGElement>("[data-portrait]");
  if (svg) new Points(form, svg);
}
serveColours();
serveSending();
serveLasting();
