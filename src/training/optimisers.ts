/** Adam and stochastic gradient descent for all parameters of a network. Each owns moments of every parameter. */
import { assertNumber, assertObject, assertWhole } from '../core/arguments.js';
import { type Backend, allocateAll, assertOwn, freeAll } from '../core/backend.js';
import { F32_RANGE, isWithinF32 } from '../core/numbers.js';
import { type Tensor, placesOfCommon, placesOfShared } from '../core/tensor.js';
import { adamRate } from '../equations/adam.js';
import type { NamedTensors, Parameter } from '../network/parameters.js';
import {
  assertLoadable,
  assertParameters,
  faultInSquares,
  loadTensors,
  saveTensors,
  shapesByName,
} from '../network/parameters.js';

/** Named moments of every parameter of any network, and the number of updates, which are its state. The caller disposes of it. */
export abstract class Optimiser<
  Name extends string,
  Moment extends string,
  State extends Readonly<Record<Moment, NamedTensors<Name>>> & { readonly updates: number },
> {
  /** t: updates made so far. */
  private made = 0;
  /** The moments, `[…]` of each parameter in its shape. They start at zero. @internal */
  protected readonly moments: Readonly<Record<Moment, NamedTensors<Name>>>;
  /** What is updated. */
  protected readonly parameters: readonly Parameter<Name>[];
  private isDisposed = false;

  /**
   * Throws a RangeError if a parameter's name occurs twice, a gradient's shape is not its value's, or a value is a tensor of another
   * backend. So it does if a value shares memory with another value or with a gradient. `what` begins the message.
   */
  constructor(
    private readonly what: string,
    /** The backend that holds the moments and computes. */
    protected readonly backend: Backend,
    parameters: readonly Parameter<Name>[],
    private readonly names: readonly Moment[],
  ) {
    assertParameters(what, parameters);
    for (const { name, value } of parameters) assertOwn(`${what}: ${name}`, backend, value);
    assertApart(what, parameters);
    const shapes = shapesByName(parameters);
    const moments = {} as Record<Moment, NamedTensors<Name>>;
    try {
      for (const name of names) moments[name] = allocateAll(backend, shapes);
    } catch (error) {
      for (const allocated of Object.values<NamedTensors>(moments)) freeAll(backend, allocated);
      throw error;
    }
    this.moments = moments;
    this.parameters = [...parameters]; // the caller may change the given list
  }

  /** t: updates made so far. */
  get updates(): number {
    return this.made;
  }

  /**
   * Updates every parameter from its gradient. Throws a TypeError or a RangeError unless `learningRate` is a number within f32, and
   * an Error if the optimiser has been disposed of.
   */
  update(learningRate: number): void {
    this.assertNotDisposed('update');
    const what = `${this.what}: update: learningRate is`;
    assertNumber(what, learningRate);
    if (!isWithinF32(learningRate))
      throw new RangeError(`${what} ${learningRate}: must be a number within f32 (${F32_RANGE})`);
    this.updateAll(learningRate, this.made + 1);
    this.made++;
  }

  /** Update t of every parameter, t = 1, 2, … */
  protected abstract updateAll(learningRate: number, t: number): void;

  /** A copy of the present state. Rejects with an Error if the optimiser has been disposed of. */
  async save(): Promise<State> {
    this.assertNotDisposed('save');
    const { updates } = this; // all is read before anything is awaited: an update may follow
    const saves = this.names.map(async (name) => [name, await saveTensors(this.backend, this.moments[name])] as const);
    return { updates, ...Object.fromEntries(await Promise.all(saves)) } as unknown as State;
  }

  /** Restores a saved state. Throws a RangeError for wrong updates, and the errors of `loadTensors`; then nothing changes. */
  load(state: State): void {
    this.assertNotDisposed('load');
    this.assertState(state);
    for (const name of this.names) loadTensors(this.backend, this.moments[name], state[name]);
    this.made = state.updates;
  }

  /** Throws the errors of `load`. */
  protected assertState(state: State): void {
    assertObject('load: state', state);
    assertWhole('load: updates is', state.updates, 0);
    for (const name of this.names) assertLoadable(this.moments[name], state[name]);
  }

  /** Frees the moments. A second call does nothing, as with a model. */
  dispose(): void {
    if (this.isDisposed) return;
    this.isDisposed = true;
    for (const name of this.names) freeAll(this.backend, this.moments[name]);
  }

  /** Throws an Error that begins with the optimiser's name and `method` if it has been disposed of. */
  protected assertNotDisposed(method: string): void {
    if (this.isDisposed) throw new Error(`${this.what}: ${method}: the optimiser has been disposed of`);
  }
}

/** Throws a RangeError if an update would change a value twice, or a gradient that is still to be read. */
function assertApart(what: string, parameters: readonly Parameter[]): void {
  const values = parameters.map(({ value }) => value);
  const shared = placesOfShared(values);
  if (shared) {
    const [one, other] = shared.map((place) => parameters[place].name);
    throw new RangeError(
      `${what}: ${one} and ${other} share memory, so each update would change it twice: list it once, with the sum of its gradients`,
    );
  }
  const gradients = parameters.map(({ gradient }) => gradient);
  const common = placesOfCommon(values, gradients);
  if (!common) return;
  const [one, other] = common.map((place) => parameters[place].name);
  const whose = one === other ? 'its value' : `the value of ${other}`;
  throw new RangeError(
    `${what}: the gradient of ${one} shares memory with ${whose}, so an update would overwrite it: give the gradient a tensor of its own`,
  );
}

/** Adam's state. */
export interface AdamState<Name extends string = string> {
  /** t: updates made so far. */
  readonly updates: number;
  /** m of each parameter, `[…]` in its shape, on the host. */
  readonly means: NamedTensors<Name>;
  /** v of each parameter, `[…]` in its shape, on the host. */
  readonly squares: NamedTensors<Name>;
}

/** (6) for the parameters of any network. It owns m and v of each parameter. */
export class Adam<Name extends string = string> extends Optimiser<Name, 'means' | 'squares', AdamState<Name>> {
  constructor(backend: Backend, parameters: readonly Parameter<Name>[]) {
    super('adam', backend, parameters, ['means', 'squares']);
  }

  protected override assertState(state: AdamState<Name>): void {
    super.assertState(state);
    for (const [name, square] of Object.entries<Tensor>(state.squares)) {
      const fault = faultInSquares(square);
      if (fault !== undefined) throw new RangeError(`load: squares: ${name}${fault}`);
    }
  }

  protected override updateAll(learningRate: number, t: number): void {
    const { means, squares } = this.moments;
    const rate = adamRate(learningRate, t);
    for (const { name, value, gradient } of this.parameters)
      this.backend.adam(value, means[name], squares[name], gradient, rate);
  }
}

/** The state of SGD. */
export interface SgdState<Name extends string = string> {
  /** t: updates made so far. */
  readonly updates: number;
  /** v of each parameter, `[…]` in its shape, on the host. */
  readonly velocities: NamedTensors<Name>;
}

/** (11) for the parameters of any network. It owns v of each parameter. */
export class Sgd<Name extends string = string> extends Optimiser<Name, 'velocities', SgdState<Name>> {
  /** `momentum`: default 0.9. Throws a TypeError or a RangeError if it is not in 0 … 1, below 1; also the errors of `Optimiser`. */
  constructor(
    backend: Backend,
    parameters: readonly Parameter<Name>[],
    private readonly momentum = 0.9,
  ) {
    assertNumber('sgd: momentum', momentum);
    if (!(momentum >= 0 && momentum < 1)) throw new RangeError(`sgd: momentum ${momentum}: must be ≥ 0 and < 1`);
    super('sgd', backend, parameters, ['velocities']);
  }

  protected override updateAll(learningRate: number): void {
    const { velocities } = this.moments;
    for (const { name, value, gradient } of this.parameters)
      this.backend.sgd(value, velocities[name], gradient, learningRate, this.momentum);
  }
}
