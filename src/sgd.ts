/**
 * Stochastic gradient descent with momentum, as TensorFlow 1.x's MomentumOptimizer and PyTorch's SGD compute it.
 *
 *   (11) v = momentum·v + g       velocity
 *        p -= lr·v
 *
 * With momentum 0, v is the gradient itself.
 */
import type { Backend } from './backend.js';
import { allocateAll, freeAll } from './backend.js';
import type { NamedTensors, Parameter } from './parameters.js';
import { assertParameters, loadTensors, saveTensors, shapesByName } from './parameters.js';
import type { Tensor } from './tensor.js';
import { flatten } from './tensor.js';

/** (11) for one parameter p with velocity v and gradient g, all of one shape `[…]`. `rate` is the learning rate. */
export function sgd(p: Tensor, v: Tensor, g: Tensor, rate: number, momentum: number): void {
  const [P, V, G] = [flatten(p), flatten(v), flatten(g)];
  for (let n = 0; n < P.size; n++) {
    const velocity = momentum * V.get(n) + G.get(n);
    V.set(n, velocity);
    P.set(n, P.get(n) - rate * velocity);
  }
}

// ── Machinery: the velocities of a list of parameters ──

/** The state of SGD: what its next updates depend on, besides the parameters and their gradients. */
export interface SgdState<Name extends string = string> {
  /** Updates made so far. */
  readonly updates: number;
  /** v of each parameter, `[…]` in its shape, on the host. */
  readonly velocities: NamedTensors<Name>;
}

/** (11) for the parameters of any network. It owns v of each parameter; the caller disposes of it. */
export class Sgd<Name extends string = string> {
  private made = 0;
  private isDisposed = false;
  private readonly velocities: NamedTensors<Name>;

  /**
   * All velocities start at zero. `momentum`: default 0.9. Throws a RangeError if it is not in 0 … 1, below 1, if a name
   * occurs twice, or if a gradient's shape is not its value's.
   */
  constructor(
    private readonly backend: Backend,
    private readonly parameters: readonly Parameter<Name>[],
    private readonly momentum = 0.9,
  ) {
    assertParameters('sgd', parameters);
    if (!(momentum >= 0 && momentum < 1)) throw new RangeError(`sgd: momentum ${momentum}: must be ≥ 0 and < 1`);
    this.velocities = allocateAll(backend, shapesByName(parameters));
  }

  /** Updates made so far. */
  get updates(): number {
    return this.made;
  }

  /** Updates every parameter from its gradient. */
  update(learningRate: number): void {
    this.made++;
    for (const { name, value, gradient } of this.parameters) {
      this.backend.sgd(value, this.velocities[name], gradient, learningRate, this.momentum);
    }
  }

  /** A copy of the present state. */
  async save(): Promise<SgdState<Name>> {
    return { updates: this.made, velocities: await saveTensors(this.backend, this.velocities) };
  }

  /** Restores a saved state. Throws a RangeError if a tensor is missing or has another shape; then nothing changes. */
  load({ updates, velocities }: SgdState<Name>): void {
    loadTensors(this.backend, this.velocities, velocities);
    this.made = updates;
  }

  /** Frees v. A second call does nothing. */
  dispose(): void {
    if (this.isDisposed) return;
    this.isDisposed = true;
    freeAll(this.backend, this.velocities);
  }
}
