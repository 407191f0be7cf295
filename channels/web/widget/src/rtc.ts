import type { Choices, Ears, Line, Stage, State } from "./kinds.js";
import { closeMicrophone, openMicrophone } from "./microphone.js";
import { Rest } from "./rest.js";
import { heardState, tell } from "./telling.js";
import { Trouble } from "./trouble.js";
import type { Message } from "./wire.js";

const GATHER_SECONDS = 2;
const CONNECT_SECONDS = 15;

/** One conversation by WebRTC: sound both ways and, where wanted, the avatar's moving picture. */
export class Rtc implements Line {
  readonly continuous = true;
  private readonly rest: Rest;
  private peer: RTCPeerConnection | null = null;
  private events: RTCDataChannel | null = null;
  private microphone: MediaStream | null = null;
  private patience: ReturnType<typeof setTimeout> | undefined;
  private state: State = "idle";
  private wanted = false;
  private attempt = 0;
  private unsent: Message[] = [];

  constructor(
    private readonly choices: Choices,
    private readonly ears: Ears,
    private readonly stage: Stage,
    private readonly lost: (gone: boolean) => void,
  ) {
    this.rest = new Rest(choices);
  }

  get active(): boolean {
    return this.wanted;
  }

  async begin(): Promise<void> {
    if (this.wanted) return;
    this.close();
    this.wanted = true;
    const attempt = this.attempt;
    this.tell("asking-permission");
    try {
      const microphone = await openMicrophone();
      if (this.attempt !== attempt) return closeMicrophone(microphone);
      this.microphone = microphone;
      await this.connect(attempt);
    } catch (error) {
      if (this.attempt === attempt) this.failed(error);
    }
  }

  finish(): void {
    this.close();
    this.tell("idle");
  }

  async say(text: string): Promise<void> {
    const attempt = this.attempt;
    this.send({ type: "text", text });
    this.ears.transcript({ text, turn: 0, final: true, language: this.choices.language });
    if (this.wanted || this.patience || this.events) return;
    // Who only writes opens no microphone.
    await this.connect(attempt).catch((error: unknown) => this.attempt === attempt && this.failed(error));
  }

  stop(): void {
    if (this.state === "speaking" || this.state === "thinking") this.send({ type: "interrupt" });
    else this.finish();
  }

  close(): void {
    this.attempt++;
    this.send({ type: "end" });
    this.wanted = false;
    clearTimeout(this.patience);
    this.patience = undefined;
    this.ears.meter(null);
    this.peer?.close();
    closeMicrophone(this.microphone);
    this.stage.audio.srcObject = this.stage.video.srcObject = null;
    this.stage.show(null);
    this.peer = this.events = this.microphone = null;
    this.unsent = [];
  }

  private async connect(attempt: number): Promise<void> {
    this.ears.fresh();
    this.tell("connecting");
    this.patience = setTimeout(() => this.failed(new Trouble("unreachable")), CONNECT_SECONDS * 1000);
    const iceServers = await this.rest.iceServers();
    if (this.attempt !== attempt) return;
    const peer = (this.peer = new RTCPeerConnection({ iceServers }));
    const voice = this.microphone?.getAudioTracks()[0];
    peer.addTransceiver(voice ?? "audio", { direction: voice ? "sendrecv" : "recvonly" });
    if (this.choices.avatar) peer.addTransceiver("video", { direction: "recvonly" });
    this.attend(peer, peer.createDataChannel("events"));
    await peer.setLocalDescription();
    await gathered(peer);
    const answer = await this.rest.offer(peer.localDescription?.sdp ?? "");
    if (this.attempt !== attempt) return;
    await peer.setRemoteDescription({ type: "answer", sdp: answer.sdp });
    this.ears.meter(this.microphone);
  }

  private attend(peer: RTCPeerConnection, events: RTCDataChannel): void {
    const heard = new MediaStream();
    events.onmessage = ({ data }) => this.read(JSON.parse(String(data)) as Message);
    events.onopen = () => this.opened(events);
    peer.ontrack = ({ track }) => {
      heard.addTrack(track);
      this.play(heard);
    };
    peer.onconnectionstatechange = () => {
      if (this.peer !== peer) return;
      if (peer.connectionState === "failed") this.failed(new Trouble("lost"));
      else this.lost(peer.connectionState === "disconnected");
    };
  }

  private opened(events: RTCDataChannel): void {
    clearTimeout(this.patience);
    this.events = events;
    for (const message of this.unsent.splice(0)) this.send(message);
    if (this.state === "connecting") this.tell("listening");
  }

  private play(heard: MediaStream): void {
    const pictures = heard.getVideoTracks().length > 0;
    // Sound and picture in one element: the browser keeps lips and voice together.
    const [used, other] = pictures ? [this.stage.video, this.stage.audio] : [this.stage.audio, this.stage.video];
    other.srcObject = null;
    used.srcObject = heard;
    this.stage.show(pictures ? this.stage.video : null);
    used.play().catch(() => undefined); // a newer track starts it again
  }

  private read(message: Message): void {
    if (message.type === "state") this.tell(message["state"] as State);
    else if (message.type === "ended") this.finish();
    else tell(this.ears, message);
  }

  private send(message: Message): void {
    if (this.events?.readyState === "open") this.events.send(JSON.stringify(message));
    else if (message.type === "text") this.unsent.push(message);
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

/** Wait until the browser knows its own addresses, but no longer than it takes to be useful. */
async function gathered(peer: RTCPeerConnection): Promise<void> {
  if (peer.iceGatheringState === "complete") return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, GATHER_SECONDS * 1000);
    peer.onicegatheringstatechange = () => {
      if (peer.iceGatheringState !== "complete") return;
      clearTimeout(timer);
      resolve();
    };
  });
}
