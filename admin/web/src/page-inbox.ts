// The inbox: live rows and messages, the composer, sound and title for news, keys. Works on what the server draws.

import { hearing } from "./hearing.js";

interface Drawn { id: string; at: string; v: string; html: string; side?: string; unread?: number }
interface Thread { id: string; head?: Drawn; foot?: Drawn; entries: Drawn[]; ids: string[]; from: string; can: boolean; saw: number; unread: number }
interface News { rows?: Drawn[]; gone?: string[]; counts?: Record<string, number>; thread?: Thread }

const found = document.querySelector<HTMLElement>("[data-inbox]");

function begin(box: HTMLElement): void {
  const base = box.dataset["inbox"] ?? "";
  const open = box.dataset["open"] ?? "";
  const says: Record<string, string> = JSON.parse(box.dataset["says"] ?? "{}");
  const rows = must<HTMLElement>("[data-rows]");
  const entries = box.querySelector<HTMLElement>("[data-entries]");
  const flow = box.querySelector<HTMLElement>("[data-flow]");
  const composer = box.querySelector<HTMLFormElement>("[data-composer]");
  const title = document.title;
  let since = box.dataset["since"] ?? "";
  let source: EventSource | null = null;
  let unseen = 0;

  function must<T extends Element>(selector: string): T {
    const one = box.querySelector<T>(selector);
    if (one === null) throw new Error(selector);
    return one;
  }

  // ---- what the server has drawn anew ----
  function inUse(root: Element): boolean {
    return [...root.querySelectorAll<HTMLMediaElement>("audio, video")].some((one) => !one.paused || (one.currentTime > 0 && !one.ended));
  }

  /** Puts a drawn part in its place; what sounds is left alone but for its last line. */
  function put(item: HTMLElement, one: Drawn): void {
    if (item.dataset["v"] === one.v) return;
    item.dataset["v"] = one.v;
    if (inUse(item)) {
      const fresh = document.createElement("div");
      fresh.innerHTML = one.html;
      const [was, now] = [item.querySelector(".meta"), fresh.querySelector(".meta")];
      if (was && now) was.replaceWith(now);
      return;
    }
    const focused = item.contains(document.activeElement) ? (document.activeElement as HTMLElement).closest("[href]")?.getAttribute("href") : null;
    const details = [...item.querySelectorAll("details")].map((each) => each.open);
    item.innerHTML = one.html;
    [...item.querySelectorAll("details")].forEach((each, index) => (each.open = details[index] ?? false));
    if (focused) item.querySelector<HTMLElement>(`[href="${CSS.escape(focused)}"]`)?.focus();
    measure(item);
  }

  function made(one: Drawn, id: string, kind: string): HTMLElement {
    const item = document.createElement("li");
    item.id = id;
    if (kind) item.className = kind;
    item.dataset["at"] = one.at;
    return item;
  }

  function row(one: Drawn): void {
    let item = document.getElementById(`c${one.id}`);
    const before = Number(item?.dataset["unread"] ?? 0);
    const moved = item?.dataset["at"] !== one.at;
    if (item === null) {
      item = made(one, `c${one.id}`, "");
      item.dataset["id"] = one.id;
    }
    item.dataset["at"] = one.at;
    item.dataset["unread"] = String(one.unread ?? 0);
    put(item, one);
    if (moved || !item.isConnected) {
      const later = [...rows.children].find((other) => other !== item && (((other as HTMLElement).dataset["at"] ?? "") < one.at));
      const last = rows.lastElementChild as HTMLElement | null;
      const beyond = later === undefined && last !== null && last !== item && hasMore();
      if (!beyond) rows.insertBefore(item, later ?? null);
    }
    if ((one.unread ?? 0) > before) announce(one, item.querySelector(".who bdi")?.textContent ?? "");
  }

  function hasMore(): boolean {
    return (box.querySelector<HTMLElement>("[data-more]")?.dataset["next"] ?? "") !== "";
  }

  function part(name: "head" | "foot", one: Drawn | undefined): void {
    const place = box.querySelector<HTMLElement>(`[data-part=${name}]`);
    if (one && place) put(place, one);
    if (name === "foot") countDown();
  }

  function thread(one: Thread): void {
    if (one.id !== open || entries === null) return;
    part("head", one.head);
    part("foot", one.foot);
    const low = flow !== null && flow.scrollHeight - flow.scrollTop - flow.clientHeight < 120;
    for (const each of one.entries) {
      let item = document.getElementById(each.id);
      if (item === null) {
        item = made(each, each.id, `entry ${each.side ?? ""}`);
        const later = [...entries.children].find((other) => ((other as HTMLElement).dataset["at"] ?? "") > each.at);
        entries.insertBefore(item, later ?? null);
      }
      put(item, each);
    }
    prune(one);
    if (low && flow) flow.scrollTop = flow.scrollHeight;
    const fields = composer?.querySelector("fieldset");
    if (fields) fields.disabled = !one.can;
    if (one.unread > 0 && !document.hidden) void seen();
  }

  /** Takes away what the newest part of the thread no longer shows: orders that became messages, and what was dropped. */
  function prune(one: Thread): void {
    if (entries === null) return;
    const ids = new Set(one.ids);
    for (const item of [...entries.children] as HTMLElement[]) {
      if ((item.dataset["at"] ?? "") >= one.from && !ids.has(item.id)) item.remove();
    }
  }

  async function seen(): Promise<void> {
    if (box.dataset["may"] === "yes") await send(`${base}/${open}/read`, new FormData());
  }

  function counts(list: Record<string, number>): void {
    for (const [name, value] of Object.entries(list)) {
      const place = box.querySelector(`[data-count="${name}"]`);
      if (place) place.textContent = value.toLocaleString("en");
    }
  }

  function news(one: News): void {
    for (const each of one.rows ?? []) row(each);
    for (const id of one.gone ?? []) if (id !== open) document.getElementById(`c${id}`)?.remove();
    if (one.counts) counts(one.counts);
    if (one.thread) thread(one.thread);
    const none = box.querySelector<HTMLElement>("[data-none]");
    if (none) none.hidden = rows.children.length > 0;
  }

  // ---- the stream ----
  function listen(): void {
    if (source !== null || document.hidden) return;
    const query = new URLSearchParams(box.dataset["query"] ?? "");
    query.set("open", open);
    query.set("since", since);
    const live = (source = new EventSource(`${base}/stream?${query}`));
    live.addEventListener("news", (event) => {
      since = event.lastEventId || since;
      news(JSON.parse(event.data) as News);
    });
    live.addEventListener("stale", () => location.reload());
    live.addEventListener("over", () => {
      live.close();
      tell(says["ended"] ?? "");
      location.reload();
    });
    live.onerror = () => {
      // Who is refused gets no further try by the browser: try again, a little later.
      if (live.readyState !== EventSource.CLOSED) return;
      source = null;
      setTimeout(listen, 3000);
    };
  }

  function pause(): void {
    source?.close();
    source = null;
  }

  document.addEventListener("visibilitychange", () => {
    if (document.hidden) {
      pause();
      return;
    }
    unseen = 0;
    document.title = title;
    listen();
  });
  addEventListener("pagehide", pause);
  addEventListener("pageshow", listen);

  // ---- news for eyes and ears ----
  function tell(text: string): void {
    const place = box.querySelector("[data-news]");
    if (place) place.textContent = text;
  }

  function announce(one: Drawn, who: string): void {
    tell(`${says["from"] ?? ""} ${who}`);
    if (one.id !== open || document.hidden) {
      unseen += 1;
      document.title = `(${unseen}) ${title}`;
    }
    if (localStorage.getItem("inbox-sound") === "on") chime();
  }

  /** Two short rising notes. */
  function chime(): void {
    const context = new AudioContext();
    [660, 880].forEach((pitch, index) => {
      const tone = context.createOscillator();
      const loud = context.createGain();
      const at = context.currentTime + index * 0.14;
      tone.frequency.value = pitch;
      loud.gain.setValueAtTime(0.0001, at);
      loud.gain.exponentialRampToValueAtTime(0.12, at + 0.02);
      loud.gain.exponentialRampToValueAtTime(0.0001, at + 0.22);
      tone.connect(loud).connect(context.destination);
      tone.start(at);
      tone.stop(at + 0.24);
    });
    setTimeout(() => void context.close(), 800);
  }

  const sound = box.querySelector<HTMLButtonElement>("[data-sound]");
  const heard = (): boolean => localStorage.getItem("inbox-sound") === "on";
  sound?.setAttribute("aria-pressed", String(heard()));
  sound?.addEventListener("click", () => {
    localStorage.setItem("inbox-sound", heard() ? "off" : "on");
    sound.setAttribute("aria-pressed", String(heard()));
    tell((heard() ? says["on"] : says["off"]) ?? "");
    if (heard()) chime();
  });

  // ---- what colleagues do ----
  async function send(address: string, data: FormData): Promise<Record<string, unknown>> {
    const headers = { Accept: "application/json", "X-CSRF-Token": document.body.dataset["csrf"] ?? "" };
    try {
      const answer = await fetch(address, { method: "POST", body: data, headers });
      if (answer.status === 401) location.reload();
      return (await answer.json()) as Record<string, unknown>;
    } catch {
      return { error: words()["failed"] ?? "" };
    }
  }

  function words(): Record<string, string> {
    return JSON.parse(document.body.dataset["words"] ?? "{}") as Record<string, string>;
  }

  function fault(text: string): void {
    const place = box.querySelector<HTMLElement>("[data-fault]");
    if (!place) return;
    place.textContent = text;
    place.hidden = text === "";
  }

  function apply(answer: Record<string, unknown>): boolean {
    const error = typeof answer["error"] === "string" ? answer["error"] : "";
    fault(error);
    if (answer["thread"]) thread(answer["thread"] as Thread);
    return error === "";
  }

  /** Lets the colleague hear what is typed before the customer does. */
  async function rehearse(form: HTMLFormElement, button: HTMLButtonElement): Promise<void> {
    const asked = form.querySelector("textarea")?.value ?? "";
    const data = new FormData();
    data.set("text", asked);
    fault("");
    tell(says["speaking"] ?? "");
    button.disabled = true;
    const answer = await hearing(button.formAction, data);
    button.disabled = false;
    fault(answer.error ?? "");
    const place = form.querySelector<HTMLElement>("[data-rehearsal]");
    const sounding = place?.querySelector("audio");
    if (!answer.sound || !place || !sounding || form.querySelector("textarea")?.value !== asked) return;
    if (sounding.src) URL.revokeObjectURL(sounding.src);
    sounding.src = URL.createObjectURL(answer.sound);
    place.hidden = false;
    sounding.play().catch(() => undefined); // who must press once more finds the button there
  }

  /** What was heard is no longer what is written. */
  function forget(form: HTMLFormElement): void {
    const place = form.querySelector<HTMLElement>("[data-rehearsal]");
    const sounding = place?.querySelector("audio");
    if (!place || !sounding || place.hidden) return;
    sounding.pause();
    URL.revokeObjectURL(sounding.src);
    place.hidden = true;
  }

  async function reply(form: HTMLFormElement): Promise<void> {
    const text = form.querySelector("textarea");
    const button = form.querySelector<HTMLButtonElement>("button.primary");
    if (button) button.disabled = true;
    const answer = await send(form.action, new FormData(form));
    if (button) button.disabled = false;
    if (!apply(answer)) return;
    if (text) {
      text.value = "";
      text.dispatchEvent(new Event("input", { bubbles: true }));
      text.focus();
    }
    for (const one of form.querySelectorAll("input[type=file], audio[data-heard]")) one.remove();
    for (const one of form.querySelectorAll("[data-said]")) one.textContent = "";
    field(form, "nonce").value = String(answer["nonce"]);
    tell(says["sent"] ?? "");
    if (flow) flow.scrollTop = flow.scrollHeight;
  }

  function field(form: HTMLFormElement, name: string): HTMLInputElement {
    return form.elements.namedItem(name) as HTMLInputElement;
  }

  box.addEventListener("submit", (event) => {
    const form = event.target as HTMLFormElement;
    const listen = event.submitter?.closest<HTMLButtonElement>("[data-listen]");
    if (form.matches("[data-composer]")) {
      event.preventDefault();
      void (listen ? rehearse(form, listen) : reply(form));
    } else if (form.matches("[data-deed]")) {
      event.preventDefault();
      void send(form.action, new FormData(form)).then((answer) => {
        if (!apply(answer)) return;
        form.reset();
        if (!form.matches(".noting form")) return;
        (form.parentElement as HTMLDetailsElement).open = false;
        if (flow) flow.scrollTop = flow.scrollHeight;
      });
    }
  });
  // What its writer has seen is what stands there when they begin to write.
  composer?.querySelector("textarea")?.addEventListener("input", () => {
    const ids = [...(entries?.querySelectorAll<HTMLElement>("[id^=m]") ?? [])].map((one) => Number(one.id.slice(1)));
    const form = composer;
    forget(form);
    if (form.dataset["begun"] !== field(form, "nonce").value) {
      form.dataset["begun"] = field(form, "nonce").value;
      field(form, "saw").value = String(Math.max(0, ...ids));
    }
  });

  composer?.querySelector("textarea")?.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.isComposing) return;
    event.preventDefault();
    composer.requestSubmit(composer.querySelector<HTMLButtonElement>("button.primary"));
  });

  // ---- parts that come when they are asked for ----
  async function get(address: string, headers: Record<string, string>): Promise<Response | null> {
    try {
      const answer = await fetch(address, { headers });
      return answer.ok ? answer : null;
    } catch {
      return null;
    }
  }

  async function why(address: string): Promise<void> {
    const answer = await get(address, { "HX-Request": "true" });
    const dialog = must<HTMLDialogElement>("#why");
    must("[data-why-body]").innerHTML = answer ? await answer.text() : "";
    if (answer) dialog.showModal();
  }

  async function more(link: HTMLElement): Promise<void> {
    const query = new URLSearchParams(box.dataset["query"] ?? "");
    query.set("after", link.dataset["next"] ?? "");
    query.set("rest", "1");
    const answer = await get(`${base}?${query}`, { Accept: "application/json" });
    if (!answer) return;
    const got = (await answer.json()) as { rows: Drawn[]; next: string | null };
    link.dataset["next"] = "";
    for (const one of got.rows) {
      const item = document.getElementById(`c${one.id}`) ?? made(one, `c${one.id}`, "");
      item.dataset["id"] = one.id;
      item.dataset["unread"] = String(one.unread ?? 0);
      put(item, one);
      if (!item.isConnected) rows.append(item);
    }
    link.dataset["next"] = got.next ?? "";
    (link.parentElement as HTMLElement).hidden = got.next === null;
  }

  async function older(link: HTMLElement): Promise<void> {
    const answer = await get(`${base}/${open}?before=${link.dataset["older"] ?? ""}`, { Accept: "application/json" });
    if (!answer || entries === null) return;
    const got = (await answer.json()) as Thread & { before: number | null };
    const [height, top] = [flow?.scrollHeight ?? 0, flow?.scrollTop ?? 0];
    for (const one of [...got.entries].reverse()) {
      if (document.getElementById(one.id)) continue;
      const item = made(one, one.id, `entry ${one.side ?? ""}`);
      entries.prepend(item);
      put(item, one);
    }
    if (flow) flow.scrollTop = top + flow.scrollHeight - height;
    link.dataset["older"] = String(got.before ?? "");
    (link.parentElement as HTMLElement).hidden = got.before === null;
  }

  async function people(place: HTMLElement): Promise<void> {
    if (place.childElementCount) return;
    const answer = await get(`${base}/people`, { Accept: "application/json" });
    if (!answer || place.childElementCount) return;
    const got = (await answer.json()) as { people: { id: string; name: string }[] };
    for (const one of got.people.filter((each) => each.id !== box.dataset["me"])) {
      const form = document.createElement("form");
      form.method = "post";
      form.action = place.dataset["people"] ?? "";
      form.dataset["deed"] = "";
      const [agent, button, name] = [document.createElement("input"), document.createElement("button"), document.createElement("bdi")];
      Object.assign(agent, { type: "hidden", name: "agent", value: one.id });
      button.className = "button small";
      name.textContent = one.name;
      button.append(name);
      form.append(agent, button);
      place.append(form);
    }
  }

  /** Has recordings measured that nobody has measured yet, those in sight first. */
  const sight = new IntersectionObserver((all) => {
    for (const each of all.filter((one) => one.isIntersecting)) {
      sight.unobserve(each.target);
      void wave(each.target as HTMLElement);
    }
  });

  function measure(root: Element): void {
    for (const one of root.querySelectorAll<HTMLElement>("[data-wave]")) if (one.dataset["wave"]) sight.observe(one);
  }

  async function wave(place: HTMLElement): Promise<void> {
    const answer = await get(place.dataset["wave"] ?? "", { Accept: "application/json" });
    place.dataset["wave"] = "";
    const player = place.querySelector(".player");
    const { peaks } = answer ? ((await answer.json()) as { peaks: number[] }) : { peaks: [] };
    if (!player || !peaks.length || player.querySelector(".wave")) return;
    const space = "http://www.w3.org/2000/svg";
    const drawing = document.createElementNS(space, "svg");
    drawing.setAttribute("class", "wave");
    drawing.setAttribute("viewBox", `0 0 ${peaks.length * 3} 100`);
    drawing.setAttribute("preserveAspectRatio", "none");
    drawing.setAttribute("aria-hidden", "true");
    peaks.forEach((peak, index) => {
      const bar = document.createElementNS(space, "rect");
      const size = { x: index * 3, y: 50 - (peak + 4) / 2, width: 2, height: peak + 4 };
      for (const [name, value] of Object.entries(size)) bar.setAttribute(name, String(value));
      drawing.append(bar);
    });
    player.querySelector("input")?.before(drawing);
  }

  box.addEventListener("click", (event) => {
    const target = event.target as Element;
    const reason = target.closest<HTMLAnchorElement>("a[data-why]");
    const rest = target.closest<HTMLElement>("[data-more]");
    const early = target.closest<HTMLElement>("[data-older]");
    if (reason || rest || early) event.preventDefault();
    if (reason) void why(reason.href);
    if (rest) void more(rest);
    if (early) void older(early);
    if (target.closest("[data-help]")) must<HTMLDialogElement>("#keys").showModal();
    const link = target.closest<HTMLAnchorElement>("a[data-row]");
    if (link && box.dataset["query"] && !link.search) link.search = box.dataset["query"];
    const back = target.closest<HTMLAnchorElement>("a[data-to-list]");
    if (back && box.dataset["query"]) back.search = box.dataset["query"];
  });
  box.addEventListener("toggle", (event) => {
    const place = (event.target as Element).querySelector?.<HTMLElement>("[data-people]");
    if (place) void people(place);
  }, true);

  /** What hangs open closes when one turns to something else. */
  function fold(except: Node | null): void {
    for (const one of box.querySelectorAll<HTMLDetailsElement>("details.drop[open]")) {
      if (except === null || !one.contains(except)) one.open = false;
    }
  }
  document.addEventListener("pointerdown", (event) => fold(event.target as Node));
  box.addEventListener("keydown", (event) => {
    const drop = (event.target as Element).closest<HTMLDetailsElement>("details.drop[open]");
    if (event.key !== "Escape" || !drop) return;
    fold(null);
    drop.querySelector("summary")?.focus();
  });

  // ---- the window's countdown ----
  function countDown(): void {
    const until = box.querySelector<HTMLTimeElement>("[data-until]");
    const place = box.querySelector("[data-left]");
    if (!until || !place) return;
    const minutes = Math.max(0, Math.floor((Date.parse(until.dateTime) - Date.now()) / 60000));
    place.textContent = `(${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")})`;
  }

  // ---- keys ----
  function step(by: number): void {
    const links = [...rows.querySelectorAll<HTMLAnchorElement>("a[data-row]")];
    const at = links.findIndex((one) => one === document.activeElement);
    const from = at >= 0 ? at : links.findIndex((one) => one.hasAttribute("aria-current"));
    links[Math.min(Math.max(from + by, 0), links.length - 1)]?.focus();
  }

  function press(name: string): void {
    box.querySelector<HTMLFormElement>(`form[data-key=${name}]`)?.requestSubmit();
  }

  const keys: Record<string, () => void> = {
    j: () => step(1),
    k: () => step(-1),
    "/": () => box.querySelector<HTMLInputElement>("input[type=search]")?.focus(),
    r: () => composer?.querySelector("textarea")?.focus(),
    a: () => press("take"),
    e: () => press("close"),
    "?": () => must<HTMLDialogElement>("#keys").showModal(),
  };
  document.addEventListener("keydown", (event) => {
    const target = event.target as HTMLElement;
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (target.closest("input, textarea, select, dialog, [contenteditable]")) return;
    const doing = keys[event.key];
    if (!doing) return;
    event.preventDefault();
    doing();
  });

  if (flow) {
    // Who stands at the end stays there when what is below takes more room.
    let low = true;
    flow.addEventListener("scroll", () => (low = flow.scrollHeight - flow.scrollTop - flow.clientHeight < 120));
    new ResizeObserver(() => {
      if (low) flow.scrollTop = flow.scrollHeight;
    }).observe(flow);
    flow.scrollTop = flow.scrollHeight;
  }
  measure(box);
  countDown();
  setInterval(countDown, 20000);
  listen();
}

if (found) begin(found);
