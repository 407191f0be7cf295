/** What a player needs of a source of sound. */
export interface Source {
  onended: (() => void) | null;
  start(at: number): void;
  stop(): void;
}

/** Where sound comes out: a clock in seconds and sources to be scheduled on it. */
export interface Output {
  readonly currentTime: number;
  source(samples: Float32Array, rate: number): Source;
}

/** Where films are played; `ended` is called once, also when the film cannot be played. */
export interface Screen {
  play(film: Blob, ended: () => void): void;
  stop(): void;
}

type Item = { sound: Float32Array; rate: number } | { mark: string } | { film: Blob; mark: string };

const LEAD = 0.06; // seconds before a first sound: what arrives unevenly must not stutter

/** Plays sounds and films in the order they came, and tells when each mark between them was passed. */
export class Player {
  private waiting: Item[] = [];
  private sounding = new Map<Source, string[]>();
  private newest: Source | null = null;
  private filming = "";
  private until = 0;

  constructor(
    private readonly output: Output,
    private readonly screen: Screen,
    private readonly reached: (mark: string) => void,
  ) {}

  /** Play these 16-bit little-endian samples after everything before them. */
  sound(pcm: DataView, rate: number): void {
    const samples = Float32Array.from({ length: pcm.byteLength >> 1 }, (_, i) => pcm.getInt16(2 * i, true) / 32768);
    if (samples.length) this.add({ sound: samples, rate });
  }

  /** Tell when everything before this was played. */
  mark(name: string): void {
    this.add({ mark: name });
  }

  /** Play a film with its own sound after everything before it. */
  film(data: Blob, mark: string): void {
    this.add({ film: data, mark });
  }

  /** Throw away what was not played; its marks count as passed. */
  clear(): void {
    const marks = [...this.sounding.values()].flat();
    if (this.filming) marks.push(this.filming);
    marks.push(...this.waiting.flatMap((item) => ("mark" in item ? [item.mark] : [])));
    for (const source of this.sounding.keys()) {
      source.onended = null;
      source.stop();
    }
    if (this.filming) this.screen.stop();
    this.waiting = [];
    this.sounding.clear();
    this.newest = null;
    this.filming = "";
    this.until = 0;
    marks.forEach(this.reached);
  }

  private add(item: Item): void {
    this.waiting.push(item);
    this.go();
  }

  private go(): void {
    while (!this.filming) {
      const next = this.waiting[0];
      if (!next || ("film" in next && this.sounding.size)) return;
      this.waiting.shift();
      this.take(next);
    }
  }

  private take(item: Item): void {
    if ("sound" in item) this.schedule(item.sound, item.rate);
    else if ("film" in item) this.project(item.film, item.mark);
    else if (this.newest) this.sounding.get(this.newest)?.push(item.mark);
    else this.reached(item.mark);
  }

  private schedule(samples: Float32Array, rate: number): void {
    const source = this.output.source(samples, rate);
    const now = this.output.currentTime;
    const at = this.until > now ? this.until : now + LEAD;
    this.until = at + samples.length / rate;
    this.sounding.set(source, []);
    this.newest = source;
    source.onended = () => this.over(source);
    source.start(at);
  }

  private over(source: Source): void {
    const marks = this.sounding.get(source) ?? [];
    this.sounding.delete(source);
    if (this.newest === source) this.newest = null;
    marks.forEach(this.reached);
    this.go();
  }

  private project(film: Blob, mark: string): void {
    this.filming = mark;
    this.screen.play(film, () => {
      if (this.filming !== mark) return;
      this.filming = "";
      this.reached(mark);
      this.go();
    });
  }
}

/** Sound by Web Audio. */
export function speakers(context: AudioContext): Output {
  return {
    get currentTime() {
      return context.currentTime;
    },
    source(samples, rate) {
      const buffer = context.createBuffer(1, samples.length, rate);
      buffer.getChannelData(0).set(samples);
      const node = new AudioBufferSourceNode(context, { buffer });
      node.connect(context.destination);
      return node as Source;
    },
  };
}

/** Films in two elements by turns: the one before stays in sight until the next has a picture, and `show` swaps them. */
export function projector(first: HTMLVideoElement, second: HTMLVideoElement, show: (video: HTMLVideoElement) => void): Screen {
  let [video, other] = [second, first];
  let address = "";
  const leave = (): void => {
    video.onended = video.onerror = video.onloadeddata = null;
    if (address) URL.revokeObjectURL(address);
    address = "";
  };
  return {
    play(film, ended) {
      [video, other] = [other, video];
      const [here, own] = [video, (address = URL.createObjectURL(film))];
      const over = (): void => {
        if (address !== own) return; // a film that was stopped says so late
        leave();
        ended();
      };
      here.onloadeddata = () => show(here);
      here.onended = here.onerror = over;
      here.src = own;
      here.play().catch(over);
    },
    stop() {
      leave();
      video.pause();
    },
  };
}
