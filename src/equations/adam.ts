/**
 * Adam, as TensorFlow 1.x's AdamOptimizer computes it ("epsilon hat" in Kingma & Ba, just before section 2.1).
 *
 *   (6) α = lr·√(1-β₂ᵗ) / (1-β₁ᵗ)
 *       m += (g - m)·(1-β₁)        running mean of the gradient
 *       v += (g² - v)·(1-β₂)       running mean of its square
 *       p -= α·m / (√v + ε)
 *
 * Each element of a tensor is updated alone: every symbol here is one number. Keras uses the same form, with ε = 1e-7 by
 * default. PyTorch and TensorFlow.js add ε to √(v/(1-β₂ᵗ)) instead: when √v is comparable to ε, the updates differ.
 */
import type { Tensor } from '../core/tensor.js';
import { flatten } from '../core/tensor.js';

/** β₁: the part of m that an update keeps. */
export const BETA1 = 0.9;
/** β₂: the part of v that an update keeps. */
export const BETA2 = 0.999;
/** ε, added to √v. */
export const EPSILON = 1e-8;

/** α of update t = 1, 2, 3, …: the learning rate, corrected because m and v start at zero. NaN for t = 0, which is no update. */
export function adamRate(learningRate: number, t: number): number {
  return (learningRate * Math.sqrt(1 - BETA2 ** t)) / (1 - BETA1 ** t);
}

/** (6) for one parameter p with moments m, v and gradient g, all of one shape `[…]`; `rate` is α. */
export function adam(p: Tensor, m: Tensor, v: Tensor, g: Tensor, rate: number): void {
  const [P, M, V, G] = [flatten(p), flatten(m), flatten(v), flatten(g)];
  for (let n = 0; n < P.size; n++) {
    const gradient = G.get(n);
    const mean = M.get(n) + (gradient - M.get(n)) * (1 - BETA1);
    const square = V.get(n) + (gradient * gradient - V.get(n)) * (1 - BETA2);
    M.set(n, mean);
    V.set(n, square);
    P.set(n, P.get(n) - (rate * mean) / (Math.sqrt(square) + EPSILON));
  }
}
