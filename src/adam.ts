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
import type { Backend } from './backend.js';
import { allocateAll, freeAll } from './backend.js';
import type { NamedTensors, Parameter } from './parameters.js';
import { assertLoadable, assertParameters, loadTensors, saveTensors, shapesByName } from './parameters.js';
import type { Tensor } from './tensor.js';
import { flatten } from './tensor.js';

/** β₁: the share of m that an update keeps. */
export const BETA1 = 0.9;
/** β₂: the share of v that an update keeps. */
export const BETA2 = 0.999;
/** ε, added to √v. */
export const EPSILON = 1e-8;

/** α of update t = 1, 2, 3, …: the learning rate, corrected because m and v start at zero. */
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

// ── Machinery: the moments of a list of parameters ──

/** Adam's state: what its next updates depend on, besides the parameters and their gradients. */
export interface AdamState<Name extends string = string> {
  /** t: updates made so far. */
  readonly updates: number;
  /** m of each parameter, `[…]` in its shape, on the host. */
  readonly means: NamedTensors<Name>;
  /** v of each parameter, `[…]` in its shape, on the host. */
  readonly squares: NamedTensors<Name>;
}

/** (6) for the parameters of any network. It owns m and v of each parameter; the caller disposes of it. */
export class Adam<Name extends string = string> {
  private t = 0;
  private isDisposed = false;
  private readonly means: NamedTensors<Name>;
  private readonly squares: NamedTensors<Name>;

  /** All moments start at zero. Throws a RangeError if a name occurs twice, or a gradient's shape is not its value's. */
  constructor(
    private readonly backend: Backend,
    private readonly parameters: readonly Parameter<Name>[],
  ) {
    assertParameters('adam', parameters);
    const shapes = shapesByName(parameters);
    this.means = allocateAll(backend, shapes);
    try {
      this.squares = allocateAll(backend, shapes);
    } catch (error) {
      freeAll(backend, this.means);
      throw error;
    }
  }

  /** t: updates made so far. */
  get updates(): number {
    return this.t;
  }

  /** Updates every parameter from its gradient. */
  update(learningRate: number): void {
    this.t++;
    const rate = adamRate(learningRate, this.t);
    for (const { name, value, gradient } of this.parameters) {
      this.backend.adam(value, this.means[name], this.squares[name], gradient, rate);
    }
  }

  /** A copy of the present state. */
  async save(): Promise<AdamState<Name>> {
    return {
      updates: this.t,
      means: await saveTensors(this.backend, this.means),
      squares: await saveTensors(this.backend, this.squares),
    };
  }

  /** Restores a saved state. Throws a RangeError if a tensor is missing or has another shape; then nothing changes. */
  load({ updates, means, squares }: AdamState<Name>): void {
    assertLoadable(this.squares, squares);
    loadTensors(this.backend, this.means, means);
    loadTensors(this.backend, this.squares, squares);
    this.t = updates;
  }

  /** Frees m and v. A second call does nothing, as with a model. */
  dispose(): void {
    if (this.isDisposed) return;
    this.isDisposed = true;
    freeAll(this.backend, this.means);
    freeAll(this.backend, this.squares);
  }
}
