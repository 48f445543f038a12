/** The curves of both networks, as numbers: docs tests read them without a browser. */
import type { Line } from '../../../../src/training/training.js';

/** In the units of the drawing. */
export const [WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM] = [360, 200, 38, 10, 12, 40];

/** A curve has at most this many points, because a single batch says little. */
const POINTS = 50;

/** How many updates a point is the mean of. */
export const updatesPerPoint = (steps: number): number => Math.ceil(steps / POINTS);

export interface Point {
  /** The last of the updates. */
  readonly step: number;
  readonly value: number;
}

/** The means of `of` over equal numbers of updates. Updates that do not fill a point are left out. */
export function meansOf(lines: readonly Line[], steps: number, of: (line: Line) => number): Point[] {
  const size = updatesPerPoint(steps);
  return Array.from({ length: Math.floor(lines.length / size) }, (_, n) => {
    const some = lines.slice(n * size, (n + 1) * size);
    return { step: (n + 1) * size, value: some.reduce((sum, line) => sum + of(line), 0) / size };
  });
}

/** The top of the axis. Losses of a wrong network may be far above those of the engine, whose curve must still be seen. */
export function topOf(engine: readonly Point[], own: readonly Point[]): number {
  const most = (points: readonly Point[]): number =>
    Math.max(0, ...points.map(({ value }) => value).filter(Number.isFinite));
  if (engine.length === 0) return 2.5;
  return Math.max(1e-3, 1.1 * Math.min(Math.max(most(engine), most(own)), 2 * most(engine)));
}

/** Where the points are. What is above the axis is drawn at its top. */
export function placesOf(points: readonly Point[], steps: number, most: number): [x: number, y: number][] {
  const [width, height] = [WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM];
  return points.flatMap(({ step, value }) =>
    Number.isFinite(value)
      ? [[LEFT + (step / steps) * width, HEIGHT - BOTTOM - (Math.min(value, most) / most) * height]]
      : [],
  );
}
