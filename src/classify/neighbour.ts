/** 1-NN: a window has the class of the training window that is nearest to it. What a network for classes must beat. */
import { yieldToEventLoop } from '../core/event-loop.js';
import type { Samples } from './logistic.js';

/**
 * The squared distance of x `[n,I]` and y `[m,I]` with dynamic time warping: the smallest sum of |x[s] - y[t]|² over the places of a path that
 * leads from the first rows to the last. It steps by one row of x, of y or of both, and stays within |s - t| ≤ band, or |n - m| if that is
 * more. With n = m and the band 0 it is the Euclidean one. Infinity as soon as it cannot be less than `limit`.
 */
export function warpedDistance(x: Float64Array, y: Float64Array, I: number, band: number, limit = Infinity): number {
  const [n, m] = [x.length / I, y.length / I];
  const width = Math.max(band, Math.abs(n - m));
  /** The smallest sums of the paths to row s - 1 of x, and to row s; index t + 1 is row t of y. */
  let [before, now] = [new Float64Array(m + 1).fill(Infinity), new Float64Array(m + 1).fill(Infinity)];
  before[0] = 0;
  for (let s = 0; s < n; s++) {
    const [from, to] = [Math.max(0, s - width), Math.min(m - 1, s + width)];
    let least = Infinity;
    now[from] = Infinity;
    for (let t = from; t <= to; t++) {
      let cost = 0;
      for (let i = 0, a = s * I, b = t * I; i < I; i++) cost += (x[a + i] - y[b + i]) ** 2;
      let best = before[t];
      if (before[t + 1] < best) best = before[t + 1];
      if (now[t] < best) best = now[t];
      now[t + 1] = cost + best;
      if (now[t + 1] < least) least = now[t + 1];
    }
    if (least >= limit) return Infinity;
    [before, now] = [now, before];
  }
  return before[m];
}

/** For each of `rows`, `[n,I]` each, and each class the squared distance to the nearest sample of it, negative: the largest is that of 1-NN. */
export async function nearestScores(
  { rows: known, labels }: Samples,
  rows: readonly Float64Array[],
  { classes, inputs, band }: { readonly classes: number; readonly inputs: number; readonly band: number },
  signal?: AbortSignal,
): Promise<Float64Array[]> {
  const found: Float64Array[] = [];
  for (const row of rows) {
    await yieldToEventLoop();
    signal?.throwIfAborted();
    const least = new Float64Array(classes).fill(Infinity);
    for (const [n, one] of known.entries()) {
      const label = labels[n];
      least[label] = Math.min(least[label], warpedDistance(row, one, inputs, band, least[label]));
    }
    found.push(least.map((distance) => -distance));
  }
  return found;
}
