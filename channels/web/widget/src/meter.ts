const FLOOR = 0.012; // loudness of a quiet room
const STILL_SECONDS = 0.25; // between changes, for people who want nothing to move

/** Shows how loud a microphone is, from 0 to 1, as long as one is given. */
export class Meter {
  private context: AudioContext | null = null;
  private frame = 0;

  constructor(private readonly show: (level: number) => void) {}

  /** Measure this one from now on; null ends it. */
  watch(stream: MediaStream | null): void {
    cancelAnimationFrame(this.frame);
    void this.context?.close();
    this.context = null;
    this.show(0);
    if (!stream) return;
    this.context = new AudioContext();
    const analyser = new AnalyserNode(this.context, { fftSize: 1024 });
    this.context.createMediaStreamSource(stream).connect(analyser);
    this.follow(analyser);
  }

  private follow(analyser: AnalyserNode): void {
    const samples = new Float32Array(analyser.fftSize);
    const still = matchMedia("(prefers-reduced-motion: reduce)");
    let last = 0;
    const step = (time: number): void => {
      this.frame = requestAnimationFrame(step);
      if (still.matches && time - last < STILL_SECONDS * 1000) return;
      last = time;
      analyser.getFloatTimeDomainData(samples);
      this.show(levelOf(samples));
    };
    this.frame = requestAnimationFrame(step);
  }
}

/** Loudness of samples as people hear it: nearly 0 for a quiet room, 1 for a loud voice near by. */
export function levelOf(samples: Float32Array): number {
  const power = samples.reduce((sum, one) => sum + one * one, 0) / samples.length;
  const level = Math.log10(Math.sqrt(power) / FLOOR + 1e-9) / Math.log10(0.35 / FLOOR);
  return Math.max(0.01, Math.min(1, level));
}
