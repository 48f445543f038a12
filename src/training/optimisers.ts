/** Adam and stochastic gradient descent for all parameters of a network. Adam owns two moments of each, m and v; Sgd owns one, v. */
import type { Backend } from '../core/backend.js';
import { allocateAll, freeAll } from '../core/backend.js';
import { adamRate } from '../equations/adam.js';
import type { NamedTensors, Parameter } from '../network/parameters.js';
import { assertLoadable, assertParameters, loadTensors, saveTensors, shapesByName } from '../network/parameters.js';

/** Named moments of every parameter, and the number of updates. */
class Moments<Name extends string, Moment extends string> {
  /** The moments, `[…]` of each parameter in its shape. They start at zero. */
  readonly tensors: Readonly<Record<Moment, NamedTensors<Name>>>;
  /** t: updates made so far. */
  updates = 0;
  private isDisposed = false;

  constructor(
    private readonly backend: Backend,
    parameters: readonly Parameter<Name>[],
    private readonly names: readonly Moment[],
  ) {
    const shapes = shapesByName(parameters);
    const tensors = {} as Record<Moment, NamedTensors<Name>>;
    try {
      for (const name of names) tensors[name] = allocateAll(backend, shapes);
    } catch (error) {
      for (const allocated of Object.values<NamedTensors>(tensors)) freeAll(backend, allocated);
      throw error;
    }
    this.tensors = tensors;
  }

  async save(): Promise<Record<Moment, NamedTensors<Name>> & { updates: number }> {
    const { updates } = this; // before anything is awaited: an update may follow
    const saved = {} as Record<Moment, NamedTensors<Name>>;
    for (const name of this.names) saved[name] = await saveTensors(this.backend, this.tensors[name]);
    return { updates, ...saved };
  }

  load(state: Readonly<Record<Moment, NamedTensors<Name>>> & { readonly updates: number }): void {
    for (const name of this.names) assertLoadable(this.tensors[name], state[name]);
    for (const name of this.names) loadTensors(this.backend, this.tensors[name], state[name]);
    this.updates = state.updates;
  }

  dispose(): void {
    if (this.isDisposed) return;
    this.isDisposed = true;
    for (const name of this.names) freeAll(this.backend, this.tensors[name]);
  }
}

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
  private readonly moments: Moments<Name, 'means' | 'squares'>;

  /** All moments start at zero. Throws a RangeError if a name occurs twice, or a gradient's shape is not its value's. */
  constructor(
    private readonly backend: Backend,
    private readonly parameters: readonly Parameter<Name>[],
  ) {
    assertParameters('adam', parameters);
    this.moments = new Moments(backend, parameters, ['means', 'squares']);
  }

  /** t: updates made so far. */
  get updates(): number {
    return this.moments.updates;
  }

  /** Updates every parameter from its gradient. */
  update(learningRate: number): void {
    const { means, squares } = this.moments.tensors;
    const rate = adamRate(learningRate, ++this.moments.updates);
    for (const { name, value, gradient } of this.parameters) {
      this.backend.adam(value, means[name], squares[name], gradient, rate);
    }
  }

  /** A copy of the present state. */
  save(): Promise<AdamState<Name>> {
    return this.moments.save();
  }

  /** Restores a saved state. Throws a RangeError if a tensor is missing or has another shape; then nothing changes. */
  load(state: AdamState<Name>): void {
    this.moments.load(state);
  }

  /** Frees m and v. A second call does nothing, as with a model. */
  dispose(): void {
    this.moments.dispose();
  }
}

/** The state of SGD: what its next updates depend on, besides the parameters and their gradients. */
export interface SgdState<Name extends string = string> {
  /** Updates made so far. */
  readonly updates: number;
  /** v of each parameter, `[…]` in its shape, on the host. */
  readonly velocities: NamedTensors<Name>;
}

/** (11) for the parameters of any network. It owns v of each parameter; the caller disposes of it. */
export class Sgd<Name extends string = string> {
  private readonly moments: Moments<Name, 'velocities'>;

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
    this.moments = new Moments(backend, parameters, ['velocities']);
  }

  /** Updates made so far. */
  get updates(): number {
    return this.moments.updates;
  }

  /** Updates every parameter from its gradient. */
  update(learningRate: number): void {
    const { velocities } = this.moments.tensors;
    this.moments.updates++;
    for (const { name, value, gradient } of this.parameters) {
      this.backend.sgd(value, velocities[name], gradient, learningRate, this.momentum);
    }
  }

  /** A copy of the present state. */
  save(): Promise<SgdState<Name>> {
    return this.moments.save();
  }

  /** Restores a saved state. Throws a RangeError if a tensor is missing or has another shape; then nothing changes. */
  load(state: SgdState<Name>): void {
    this.moments.load(state);
  }

  /** Frees v. A second call does nothing. */
  dispose(): void {
    this.moments.dispose();
  }
}
