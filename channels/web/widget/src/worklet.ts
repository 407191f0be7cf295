import { Resampler, toPcm16 } from "./resample.js";

// What an audio worklet finds around it; the browser's library of types knows it not.
declare const sampleRate: number;
declare function registerProcessor(name: string, processor: new () => AudioWorkletProcessor): void;
declare class AudioWorkletProcessor {
  readonly port: MessagePort;
}

const RATE = 16_000;
const CHUNK = 512; // samples: 32 ms, a window of the server's voice detector

/** Posts the microphone's sound as blocks of 16-bit samples at 16 kHz. */
class Capture extends AudioWorkletProcessor {
  private readonly resampler = new Resampler(sampleRate, RATE);
  private chunk = new Int16Array(CHUNK);
  private filled = 0;

  process(inputs: Float32Array[][]): boolean {
    const heard = inputs[0]?.[0];
    if (heard) for (const sample of toPcm16(this.resampler.push(heard))) this.keep(sample);
    return true;
  }

  private keep(sample: number): void {
    this.chunk[this.filled++] = sample;
    if (this.filled < CHUNK) return;
    this.port.postMessage(this.chunk.buffer, [this.chunk.buffer]);
    this.chunk = new Int16Array(CHUNK);
    this.filled = 0;
  }
}

registerProcessor("voice-mic-capture", Capture);
