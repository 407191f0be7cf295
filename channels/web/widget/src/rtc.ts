import type { Choices, Ears, Line, Stage, State } from "./kinds.js";
import { closeMicrophone, openMicrophone } from "./microphone.js";
import { Rest } from "./rest.js";
import { tell } from "./telling.js";
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
  private unsent: Message[] = [];

  constructor(
    private readonly choices: Choices,
    private readonly ears: Ears,
    private readonly stage: Stage,
  ) {
    this.rest = new Rest(choices);
  }

  get active(): boolean {
    return this.wanted;
  }

  async begin(): Promise<void> {
    if (this.wanted) return;
    this.wanted = true;
    this.tell("asking-permission");
    let peer: RTCPeerConnection | null = null;
    try {
      this.microphone = await openMicrophone();
      if (!this.wanted) return this.close();
      this.tell("thinking");
      peer = this.peer = new RTCPeerConnection({ iceServers: await this.rest.iceServers() });
      await this.connect(peer, this.microphone);
    } catch (error) {
      if (this.wanted && this.peer === peer) this.failed(error);
    }
  }

  finish(): void {
    this.send({ type: "end" });
    this.close();
    this.tell("idle");
  }

  async say(text: string): Promise<void> {
    this.send({ type: "text", text });
    await this.begin();
  }

  stop(): void {
    if (this.state === "speaking" || this.state === "thinking") this.send({ type: "interrupt" });
    else this.finish();
  }

  close(): void {
    this.wanted = false;
    clearTimeout(this.patience);
    this.ears.meter(null);
    this.peer?.close();
    closeMicrophone(this.microphone);
    this.stage.audio.srcObject = this.stage.video.srcObject = null;
    this.peer = this.events = this.microphone = null;
    this.unsent = [];
  }

  private async connect(peer: RTCPeerConnection, microphone: MediaStream): Promise<void> {
    for (const track of microphone.getAudioTracks()) peer.addTrack(track, microphone);
    if (this.choices.avatar) peer.addTransceiver("video", { direction: "recvonly" });
    this.attend(peer, peer.createDataChannel("events"));
    this.patience = setTimeout(() => this.failed(new Trouble("unreachable")), CONNECT_SECONDS * 1000);
    await peer.setLocalDescription();
    await gathered(peer);
    const answer = await this.rest.offer(peer.localDescription?.sdp ?? "");
    if (this.peer !== peer) return;
    await peer.setRemoteDescription({ type: "answer", sdp: answer.sdp });
    this.ears.meter(microphone);
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
      if (this.peer === peer && peer.connectionState === "failed") this.failed(new Trouble("lost"));
    };
  }

  private opened(events: RTCDataChannel): void {
    clearTimeout(this.patience);
    this.events = events;
    for (const message of this.unsent.splice(0)) this.send(message);
    if (this.state === "thinking") this.tell("listening");
  }

  private play(heard: MediaStream): void {
    const pictures = heard.getVideoTracks().length > 0;
    // Sound and picture in one element: the browser keeps lips and voice together.
    const [used, other] = pictures ? [this.stage.video, this.stage.audio] : [this.stage.audio, this.stage.video];
    other.srcObject = null;
    used.srcObject = heard;
    this.stage.show(pictures);
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
    this.ears.failed(error);
  }

  private tell(state: State): void {
    this.state = state;
    this.ears.state(state);
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
