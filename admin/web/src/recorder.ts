// Records the microphone: into the surrounding form's file field, or to an address at once.
import { say, word } from "./said.js";
import { sendAndFollow } from "./sending.js";
import { clock } from "./times.js";

const KINDS = ["audio/webm;codecs=opus", "audio/ogg;codecs=opus", "audio/mp4"];
const MOST = 600;

/** The kind of sound that is recorded here: the first that the browser can. */
export function kindOf(can: (kind: string) => boolean): string {
  return KINDS.find(can) ?? "";
}

/** What a file with such a sound is called. */
export function fileName(name: string, kind: string): string {
  const plain = kind.split(";")[0] ?? "";
  const end = { "audio/webm": "webm", "audio/ogg": "ogg", "audio/mp4": "m4a" }[plain] ?? "webm";
  return `${name}.${end}`;
}

/** The loudness of samples around 128 (8 bits, unsigned), from 0 to 1; the square root lets quiet speech be seen. */
export function loudness(samples: Uint8Array): number {
  let sum = 0;
  for (const sample of samples) sum += ((sample - 128) / 128) ** 2;
  return samples.length ? Math.min(1, Math.sqrt(Math.sqrt(sum / samples.length))) : 0;
}

/** How long it may be, in seconds, of what the page says. */
export function longest(told: string | undefined): number {
  const seconds = Number(told);
  return seconds > 0 ? Math.min(seconds, MOST) : 120;
}

class Recording {
  private readonly pieces: Blob[] = [];
  private readonly began = performance.now();
  private readonly listening = new AudioContext();
  private readonly ticking: ReturnType<typeof setInterval>;
  private readonly recorder: MediaRecorder;

  constructor(
    private readonly box: HTMLElement,
    private readonly stream: MediaStream,
    private readonly ended: () => void,
  ) {
    const kind = kindOf((one) => MediaRecorder.isTypeSupported(one));
    this.recorder = new MediaRecorder(stream, kind ? { mimeType: kind } : {});
    this.recorder.ondataavailable = (event) => this.pieces.push(event.data);
    this.recorder.onstop = () => this.over();
    const analyser = this.listening.createAnalyser();
    analyser.fftSize = 1024;
    this.listening.createMediaStreamSource(stream).connect(analyser);
    this.ticking = setInterval(() => this.tick(analyser), 100);
    this.recorder.start(1000);
    this.look(true);
  }

  stop(): void {
    if (this.recorder.state !== "inactive") this.recorder.stop();
  }

  private tick(analyser: AnalyserNode): void {
    const samples = new Uint8Array(analyser.fftSize);
    analyser.getByteTimeDomainData(samples);
    const meter = this.box.querySelector("meter");
    if (meter) meter.value = loudness(samples);
    const seconds = (performance.now() - this.began) / 1000;
    const time = this.box.querySelector("[data-time]");
    if (time) time.textContent = clock(seconds);
    if (seconds >= longest(this.box.dataset["longest"])) this.stop();
  }

  private look(on: boolean): void {
    const button = this.box.querySelector("[data-record]");
    button?.setAttribute("aria-pressed", String(on));
    const use = button?.querySelector("use");
    use?.setAttribute("href", (use.getAttribute("href") ?? "").replace(/#.*$/, on ? "#stop" : "#mic"));
    for (const part of this.box.querySelectorAll<HTMLElement>("meter, [data-time]")) part.hidden = !on;
    say(this.box, on ? word("recording") : "");
  }

  private over(): void {
    clearInterval(this.ticking);
    for (const track of this.stream.getTracks()) track.stop();
    void this.listening.close();
    this.look(false);
    this.ended();
    const kind = this.recorder.mimeType.split(";")[0] ?? "";
    const name = this.box.dataset["name"] ?? "recording";
    deliver(this.box, new File(this.pieces, fileName(name, kind), { type: kind }), name);
  }
}

/** Lets the recording be heard before it goes anywhere else. */
function offer(box: HTMLElement, file: File): void {
  const before = box.querySelector<HTMLAudioElement>("audio[data-heard]");
  const audio = before ?? document.createElement("audio");
  if (before) URL.revokeObjectURL(before.src);
  audio.controls = true;
  audio.dataset["heard"] = "";
  audio.setAttribute("aria-label", word("recorded"));
  audio.src = URL.createObjectURL(file);
  box.append(audio);
}

function deliver(box: HTMLElement, file: File, name: string): void {
  offer(box, file);
  const address = box.dataset["address"];
  const detail = { file };
  if (!box.dispatchEvent(new CustomEvent("sawtak:recorded", { bubbles: true, cancelable: true, detail }))) return;
  if (address) {
    const data = new FormData();
    data.append(name, file);
    void sendAndFollow(box, address, data);
    return;
  }
  const form = box.closest("form");
  if (!form) return;
  let input = form.querySelector<HTMLInputElement>(`input[type=file][name="${CSS.escape(name)}"]`);
  if (!input) {
    input = Object.assign(document.createElement("input"), { type: "file", name, hidden: true });
    form.append(input);
  }
  const carrier = new DataTransfer();
  carrier.items.add(file);
  input.files = carrier.files;
  input.dispatchEvent(new Event("change", { bubbles: true }));
  say(box, word("recorded"));
}

let running: Recording | null = null;

async function pressed(event: Event): Promise<void> {
  const box = (event.target as Element).closest?.("[data-record]")?.closest<HTMLElement>("[data-recorder]");
  if (!box) return;
  if (running) {
    running.stop();
    return;
  }
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    running = new Recording(box, stream, () => (running = null));
  } catch {
    say(box, word("nomic"), true);
  }
}

/** Begins to serve every recorder of the page. */
export function serveRecorders(): void {
  document.addEventListener("click", (event) => void pressed(event));
}
