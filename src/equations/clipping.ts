/**
 * Gradient clipping, before the update. A single large gradient would distort Adam's moments for many steps.
 *
 *   (9)  by value:  g = min(max(g, -limit), limit)
 *   (10) by norm:   g = g·limit/‖g‖  if ‖g‖ > limit;  ‖g‖ is the norm of all gradients together
 *
 * TensorFlow's clip_by_value and clip_by_global_norm compute the same. `clipByValue` and `clipByNorm` are operations of every backend.
 * wasm runs these very functions, so it computes the same bits as the reference backend.
 */
import { assertKnownNames, assertList, assertNumber } from '../core/arguments.js';
import type { Backend } from '../core/backend.js';
import { assertOwn } from '../core/backend.js';
import type { Tensor } from '../core/tensor.js';
import { flatten } from '../core/tensor.js';

/** How gradients are clipped before an update. */
export interface Limits {
  /** (9) Each gradient element is clipped to ± this value. Default: null, no clipping by value. */
  readonly clipValue: number | null;
  /** (10) The whole gradient is scaled down to this norm. With both limits, (9) comes first. Default: null, no clipping by norm. */
  readonly clipNorm: number | null;
}

/**
 * Clips `gradients`, each `[…]` of any shape, in place, on the backend. Nothing is downloaded, so a program that reads them on the host
 * downloads them afterwards. Rejects with a TypeError or a RangeError for an unknown limit, for one that is no number > 0, and for
 * gradients that share memory.
 */
export async function clipGradients(
  backend: Backend,
  gradients: readonly Tensor[],
  limits: Partial<Limits>,
): Promise<void> {
  assertList('clipGradients: gradients is', gradients, 'tensors');
  assertKnownNames('clipGradients', limits, ['clipValue', 'clipNorm'] satisfies (keyof Limits)[]);
  const { clipValue = null, clipNorm = null } = limits;
  assertLimit('clipGradients: clipValue is', clipValue);
  assertLimit('clipGradients: clipNorm is', clipNorm);
  if (clipValue === null && clipNorm === null) return;
  for (const gradient of gradients) assertOwn('clipGradients', backend, gradient);
  if (clipValue !== null) backend.clipByValue(gradients, clipValue);
  if (clipNorm !== null) backend.clipByNorm(gradients, clipNorm);
}

/** (9) for gradients `[…]` of any shape, in place. */
export function clipByValue(gradients: readonly Tensor[], limit: number): void {
  for (const values of gradients.map(elementsOf)) {
    for (let n = 0; n < values.length; n++) values[n] = Math.min(Math.max(values[n], -limit), limit);
  }
}

/**
 * (10) for gradients `[…]`, in place. Returns ‖g‖ before clipping. If ‖g‖ is not finite, nothing is clipped: no factor could correct it.
 * In f64 the sum of squares is infinite above a norm of about 1e154, so such gradients are not clipped either.
 */
export function clipByNorm(gradients: readonly Tensor[], limit: number): number {
  const all = gradients.map(elementsOf);
  let squares = 0;
  for (const values of all) {
    // eslint-disable-next-line @typescript-eslint/prefer-for-of -- for … of takes four times as long, and wasm runs this loop at each step
    for (let n = 0; n < values.length; n++) squares += values[n] * values[n];
  }
  const norm = Math.sqrt(squares);
  if (norm > limit && Number.isFinite(norm)) {
    const factor = limit / norm;
    for (const values of all) for (let n = 0; n < values.length; n++) values[n] *= factor;
  }
  return norm;
}

/** The elements as one array, which is much faster here than `get` and `set`. Throws a RangeError for a view with gaps. */
function elementsOf(tensor: Tensor) {
  const { data, offset, size } = flatten(tensor);
  return data.subarray(offset, offset + size);
}

/** Throws a TypeError or a RangeError unless `limit` is null or a number > 0. It may be ∞, which clips nothing. */
function assertLimit(what: string, limit: number | null): void {
  if (limit === null) return;
  assertNumber(what, limit);
  if (!(limit > 0)) throw new RangeError(`${what} ${limit}: must be a number > 0`);
}
