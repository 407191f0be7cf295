const HOLD_SECONDS = 0.35;

/** Makes one button good for holding and for tapping: a short press leaves it on, the next one ends it. */
export class Press {
  private since: number | null = null;

  constructor(
    private readonly active: () => boolean,
    private readonly begin: () => void,
    private readonly finish: () => void,
    private readonly now: () => number = () => performance.now() / 1000,
  ) {}

  /** Finger or key goes down. */
  down(): void {
    if (this.since !== null) return;
    if (this.active()) return this.finish();
    this.since = this.now();
    this.begin();
  }

  /** Finger or key comes up. */
  up(): void {
    const held = this.since === null ? 0 : this.now() - this.since;
    this.since = null;
    if (held >= HOLD_SECONDS && this.active()) this.finish();
  }

  /** A press without a length, as assistive technology sends it. */
  tap(): void {
    if (this.active()) this.finish();
    else this.begin();
  }
}
