/**
 * Stochastic gradient descent with momentum, as TensorFlow 1.x's MomentumOptimizer and PyTorch's SGD compute it.
 *
 *   (11) v = momentum·v + g       velocity
 *        p -= lr·v
 *
 * With momentum 0, v is the gradient itself.
 */
import type { Tensor } from '../core/tensor.js';
import { flatten } from '../core/tensor.js';

/** (11) for one parameter p with velocity v and gradient g, all of one shape `[…]`. `rate` is the learning rate. */
export function sgd(p: Tensor, v: Tensor, g: Tensor, rate: number, momentum: number): void {
  const [P, V, G] = [flatten(p), flatten(v), flatten(g)];
  for (let n = 0; n < P.size; n++) {
    const velocity = momentum * V.get(n) + G.get(n);
    V.set(n, velocity);
    P.set(n, P.get(n) - rate * velocity);
  }
}
