import type { Choices, Ears, Line, Stage, State } from "./kinds.js";
import { closeMicrophone, openMicrophone } from "./microphone.js";
import { Player, projector, speakers } from "./player.js";
import { heardState, tell } from "./telling.js";
import { Trouble } from "./trouble.js";
import { Wire, type Message } from "./wire.js";

const RATE = 16_000;

declare const WORKLET: string;

/** One conversation by WebSocket: sound goes both ways at once, and the visitor may interrupt. */
export class Live implements Line {
  readonly continuous = true;
  private wire: Wire | null = null;
  private context: AudioContext | null = null;
  private capturing: AudioContext | null = null;
  private player: Player | null = null;
  private microphone: MediaStream | null = null;
  private rate = RATE;
  private mark = "";
  private state: State = "idle";
  private wanted = false;
  private written: string[] = [];

  constructor(
    private readonly choices: Choices,
    private readonly ears: Ears,
    private readonly stage: Stage,
    private readonly lost: (gone: boolean) => void,
  ) {}

  get active(): boolean {
    return this.wanted;
  }

  async begin(): Promise<void> {
    if (this.wanted) return;
    this.close();
    this.wanted = true;
    const context = this.open();
    const capturing = (this.capturing = new AudioContext());
    this.tell("asking-permission");
    try {
      const microphone = await openMicrophone();
      await this.listen(context, capturing, microphone);
    } catch (error) {
      if (this.context === context) this.failed(error);
    }
  }

  finish(): void {
    this.close();
    this.tell("idle");
  }

  async say(text: string): Promise<void> {
    // Who only writes opens no microphone; mode "push" spares them being asked whether they are still there.
    if (!this.wire && !this.wanted) this.connect("push", this.open());
    this.player?.clear();
    if (this.wire) this.wire.send({ type: "text", text });
    else this.written.push(text);
    this.ears.transcript({ text, turn: 0, final: true, language: this.choices.language });
  }

  stop(): void {
    if (this.state === "speaking" || this.state === "thinking") this.interrupt();
    else this.finish();
  }

  close(): void {
    this.wanted = false;
    this.written = [];
    this.ears.meter(null);
    this.wire?.close();
    this.player?.clear();
    closeMicrophone(this.microphone);
    void this.context?.close();
    void this.capturing?.close();
    this.wire = this.context = this.capturing = this.player = this.microphone = null;
  }

  private interrupt(): void {
    this.wire?.send({ type: "interrupt" });
    this.player?.clear();
  }

  private open(): AudioContext {
    // At the sound's own rate: the browser resamples all of it well, but each piece by itself only roughly.
    const context = new AudioContext({ latencyHint: "interactive", sampleRate: RATE });
    void context.resume();
    const { video, spare } = this.stage;
    const screen = projector(video, spare, (film) => this.stage.show(film));
    this.player = new Player(speakers(context), screen, (mark) => this.wire?.reached(mark));
    return (this.context = context);
  }

  private async listen(context: AudioContext, capturing: AudioContext, microphone: MediaStream): Promise<void> {
    if (this.context !== context) return closeMicrophone(microphone);
    this.microphone = microphone;
    await capturing.audioWorklet.addModule(new URL(WORKLET, import.meta.url));
    if (this.context !== context) return;
    const capture = new AudioWorkletNode(capturing, "voice-mic-capture", { numberOfOutputs: 0 });
    capture.port.onmessage = ({ data }) => this.wire?.sound(data as ArrayBuffer);
    capturing.createMediaStreamSource(microphone).connect(capture);
    this.ears.meter(microphone);
    this.connect("live", context);
  }

  private connect(mode: "live" | "push", context: AudioContext): void {
    const { visitor, language, avatar, voice, name } = this.choices;
    const films = { avatar: avatar ? "films" : "none", ...(language && { language }), ...(voice && { voice }), ...(name && { name }) };
    this.ears.fresh();
    this.tell("connecting");
    this.wire = new Wire(
      this.choices,
      { type: "start", visitor, mode, sample_rate: RATE, ...films },
      {
        message: (message) => this.read(message),
        sound: (data) => this.player?.sound(data, this.rate),
        film: (data) => this.player?.film(data, this.mark),
        lost: this.lost,
        over: (trouble) => this.context === context && this.over(trouble),
      },
    );
    for (const text of this.written.splice(0)) this.wire.send({ type: "text", text });
  }

  private read(message: Message): void {
    if (message.type === "started") this.started(message);
    else if (message.type === "mark") this.player?.mark(String(message["name"]));
    else if (message.type === "film") this.mark = String(message["mark"]);
    else if (message.type === "clear") this.player?.clear();
    else if (message.type === "state") this.tell(message["state"] as State);
    else tell(this.ears, message);
  }

  private started(message: Message): void {
    this.rate = Number(message["sample_rate"]) || RATE;
    if (!message["resumed"]) this.tell("listening");
  }

  private over(trouble: Trouble | null): void {
    if (trouble) this.failed(trouble);
    else this.finish();
  }

  private failed(error: unknown): void {
    this.close();
    this.state = "error";
    this.ears.failed(error, true);
  }

  private tell(state: State): void {
    this.state = heardState(state, this.microphone);
    this.ears.state(this.state);
  }
}
