/**
 * Dropout between layers: during training, each number that a layer passes to the next one is 0 with probability p.
 *
 *   (12) y = x*mask;  mask = 0 with probability p, else 1/(1-p)      (12′) dx = dy*mask
 *
 * The factor 1/(1-p) keeps the mean of y at x, so evaluation uses x itself. Each element of a mask is drawn alone, for every
 * step of every sequence, as PyTorch's nn.LSTM does. Both passes use the same mask, with `multiply`.
 */
import type { Random } from '../core/rng.js';
import type { Tensor } from '../core/tensor.js';
import { flatten } from '../core/tensor.js';

/**
 * Draws a mask `[…]` for (12), on the host. Each element uses 16 random bits, half of a draw, so the share that is dropped
 * is p rounded to a multiple of 2⁻¹⁶. With p ≤ 0.99 the mean of a mask is 1 to within 0.1%. Throws a RangeError for a view with gaps.
 */
export function drawMask(mask: Tensor, p: number, random: Random): void {
  const kept = 1 / (1 - p);
  const limit = Math.round(p * 2 ** 16);
  const { data, offset, size } = flatten(mask);
  const values = data.subarray(offset, offset + size);
  for (let n = 0; n < values.length; n += 2) {
    const bits = random.bits();
    // Products instead of choices: a processor cannot predict random branches.
    values[n] = kept * Number((bits & 0xffff) >= limit);
    if (n + 1 < values.length) values[n + 1] = kept * Number(bits >>> 16 >= limit);
  }
}

/** out = a*b, all of one shape `[…]`: (12) with a = x, b = mask; (12′) with a = dy, b = mask. */
export function multiply(out: Tensor, a: Tensor, b: Tensor): void {
  const [O, A, M] = [flatten(out), flatten(a), flatten(b)];
  for (let n = 0; n < O.size; n++) O.set(n, A.get(n) * M.get(n));
}
