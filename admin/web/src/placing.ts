// Where points on a picture may go; pixels of the picture, to the tenth.
export type Spot = [number, number];

export interface Size {
  width: number;
  height: number;
}

/** The place within the picture, to the tenth of a pixel. */
export function fixed([x, y]: Spot, { width, height }: Size): Spot {
  const within = (value: number, most: number): number => Math.round(10 * Math.min(Math.max(value, 0), most - 1)) / 10;
  return [within(x, width), within(y, height)];
}

/** Where a point is that was at `was` when something grabbed it at `from` and is now at `to`. */
export function moved(was: Spot, from: Spot, to: Spot): Spot {
  return [was[0] + to[0] - from[0], was[1] + to[1] - from[1]];
}

/** The way that an arrow key moves a point, in pixels; a picture is not mirrored where one reads from the right. */
export function step(key: string, far: boolean): Spot | null {
  const size = far ? 10 : 1;
  const ways: Record<string, Spot> = { ArrowLeft: [-size, 0], ArrowRight: [size, 0], ArrowUp: [0, -size], ArrowDown: [0, size] };
  return ways[key] ?? null;
}
