import type { Choices, Ears, Line, Stage } from "./kinds.js";
import { closeMicrophone, openMicrophone } from "./microphone.js";
import { Rest, type Job, type Question } from "./rest.js";
import { Trouble } from "./trouble.js";

const KINDS = ["audio/webm;codecs=opus", "audio/mp4", "audio/ogg;codecs=opus"];
const LONGEST_SECONDS = 60;
const BITS = 32_000;

/** Records a question, sends it when it is finished, and plays the answer. */
export class Push implements Line {
  readonly continuous = false;
  private readonly rest: Rest;
  private microphone: MediaStream | null = null;
  private recorder: MediaRecorder | null = null;
  private opening = false;
  private released = false;
  private asking: AbortController | null = null;
  private turn = 0;

  constructor(
    private readonly choices: Choices,
    private readonly ears: Ears,
    private readonly stage: Stage,
    private readonly progress: (share: number | null) => void,
  ) {
    this.rest = new Rest(choices);
    stage.audio.onended = stage.video.onended = () => this.ears.state("idle");
  }

  get active(): boolean {
    return this.opening || this.recorder !== null;
  }

  async begin(): Promise<void> {
    if (this.active) return;
    this.stop();
    this.opening = true;
    this.released = false;
    this.ears.state("asking-permission");
    try {
      const microphone = await openMicrophone();
      if (this.released) closeMicrophone(microphone);
      else this.record(microphone);
    } catch (error) {
      this.ears.failed(error, true);
    } finally {
      this.opening = false;
    }
  }

  finish(): void {
    if (this.recorder?.state === "recording") this.recorder.stop();
  }

  async say(text: string): Promise<void> {
    this.stop();
    const turn = ++this.turn;
    this.ears.transcript({ text, turn, final: true, language: this.choices.language });
    await this.ask({ text }, turn);
  }

  stop(): void {
    this.released = true;
    if (this.recorder) {
      this.recorder.onstop = null;
      this.recorder.stop();
      this.leave();
    }
    this.asking?.abort();
    this.asking = null;
    this.stage.audio.pause();
    this.stage.video.pause();
    this.progress(null);
    this.ears.state("idle");
  }

  close(): void {
    this.stop();
  }

  private record(microphone: MediaStream): void {
    const mimeType = KINDS.find((kind) => MediaRecorder.isTypeSupported(kind));
    if (!mimeType) throw new Trouble("unsupported");
    const parts: Blob[] = [];
    const recorder = new MediaRecorder(microphone, { mimeType, audioBitsPerSecond: BITS });
    recorder.ondataavailable = ({ data }) => parts.push(data);
    const longest = setTimeout(() => this.finish(), LONGEST_SECONDS * 1000);
    recorder.onstop = () => {
      clearTimeout(longest);
      this.leave();
      void this.ask({ audio: new Blob(parts, { type: recorder.mimeType }) }, ++this.turn);
    };
    recorder.start();
    [this.microphone, this.recorder] = [microphone, recorder];
    this.ears.meter(microphone);
    this.ears.state("listening");
  }

  private leave(): void {
    this.ears.meter(null);
    closeMicrophone(this.microphone);
    this.microphone = this.recorder = null;
  }

  private async ask(question: Question, turn: number): Promise<void> {
    const asking = (this.asking = new AbortController());
    this.ears.state("thinking");
    try {
      await this.follow(question, turn, asking.signal);
    } catch (error) {
      if (!asking.signal.aborted) this.ears.failed(error, true);
    } finally {
      if (this.asking === asking) this.progress(null);
    }
  }

  private async follow(question: Question, turn: number, signal: AbortSignal): Promise<void> {
    const { avatar } = this.choices;
    let last: Job | null = null;
    if (avatar) this.progress(0);
    let heard = "";
    for await (last of this.rest.ask(question, avatar, signal)) {
      if (avatar) this.progress((last.progress ?? 0) / 100);
      // Long before a film is made it is known what was asked for.
      if (last.transcript && last.transcript !== heard) this.heard((heard = last.transcript), last, turn);
    }
    if (!last) return;
    this.told(last, turn);
    const video = this.rest.address(last.video_url);
    this.stage.show(video ? this.stage.video : null);
    if (video) await this.play(this.stage.video, video, signal);
    else await this.play(this.stage.audio, this.rest.address(last.audio_url), signal);
  }

  private heard(text: string, job: Job, turn: number): void {
    this.ears.transcript({ text, turn, final: true, language: job.language ?? this.choices.language });
  }

  private told(job: Job, turn: number): void {
    const language = job.language ?? this.choices.language;
    const audioUrl = this.rest.address(job.audio_url);
    const videoUrl = this.rest.address(job.video_url);
    const where = { ...(audioUrl && { audioUrl }), ...(videoUrl && { videoUrl }) };
    this.ears.answer({ text: job.response_text ?? "", turn, language, ...where });
  }

  /** Some browsers refuse to play by themselves: then the answer waits for the visitor's own press on "listen". */
  private async play(where: HTMLMediaElement, url: string, signal: AbortSignal): Promise<void> {
    if (!url) return this.ears.state("idle");
    where.src = url;
    this.ears.state("speaking");
    await where.play().catch(() => signal.aborted || this.ears.state("idle"));
  }
}
