const ZEROS = 10; // zero crossings of the filter to either side: −60 dB where folded sound would be heard
const BAND = 0.92; // of what the lower of both rates can carry

/** Turns a stream of samples at one rate into another, without clicks between blocks. */
export class Resampler {
  private readonly up: number;
  private readonly down: number;
  private readonly half: number;
  private readonly filter: Float32Array[];
  private rest: Float32Array;
  private phase = 0;

  constructor(from: number, to: number) {
    const common = divisor(from, to);
    this.up = to / common;
    this.down = from / common;
    const cutoff = (BAND * Math.min(from, to)) / from;
    this.half = Math.ceil(ZEROS / cutoff);
    this.filter = Array.from({ length: this.up }, (_, phase) => taps(phase / this.up, this.half, cutoff));
    this.rest = new Float32Array(this.half - 1);
  }

  /** Give every sample that can be known by now. */
  push(block: Float32Array): Float32Array {
    const input = new Float32Array(this.rest.length + block.length);
    input.set(this.rest);
    input.set(block, this.rest.length);
    const size = 2 * this.half;
    const out: number[] = [];
    let at = 0;
    for (; at + size <= input.length; at += this.advance()) out.push(dot(input, at, this.filter[this.phase] as Float32Array));
    this.rest = input.slice(at);
    return Float32Array.from(out);
  }

  private advance(): number {
    const next = this.phase + this.down;
    this.phase = next % this.up;
    return Math.floor(next / this.up);
  }
}

function taps(shift: number, half: number, cutoff: number): Float32Array {
  const all = Float32Array.from({ length: 2 * half }, (_, tap) => weight(tap - (half - 1) - shift, half, cutoff));
  const sum = all.reduce((total, one) => total + one, 0);
  return all.map((one) => one / sum);
}

function weight(x: number, half: number, cutoff: number): number {
  const window = 0.5 + 0.5 * Math.cos((Math.PI * x) / half);
  return x === 0 ? cutoff * window : (Math.sin(Math.PI * cutoff * x) / (Math.PI * x)) * window;
}

function dot(input: Float32Array, at: number, filter: Float32Array): number {
  let sum = 0;
  for (let tap = 0; tap < filter.length; tap++) sum += (input[at + tap] as number) * (filter[tap] as number);
  return sum;
}

function divisor(a: number, b: number): number {
  return b === 0 ? a : divisor(b, a % b);
}

/** Samples between −1 and 1 as 16-bit numbers. */
export function toPcm16(samples: Float32Array): Int16Array {
  return Int16Array.from(samples, (one) => Math.round(Math.max(-1, Math.min(1, one)) * 32767));
}
