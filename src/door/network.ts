/**
 * The network that the package exports: it guards the one of src/network/network.ts against wrong arguments, calls out of order,
 * calls after `dispose`, and calls while another one still awaits results. What the calls compute is written there.
 */
import type { TypeName } from '../core/arguments.js';
import { assertKinds, assertObject, assertSizes, assertWhole, describe, plainCopyOf } from '../core/arguments.js';
import type { Backend } from '../core/backend.js';
import type { Random } from '../core/rng.js';
import type { Tensor } from '../core/tensor.js';
import type { BoundCell } from '../cells/cell.js';
import type { Lstm } from '../equations/lstm-tensors.js';
import { type BatchSizes, type CompleteConfig, type NetworkConfig, completeConfig } from '../network/config.js';
import { assertFiniteInputs, assertFiniteNetwork } from '../network/finite.js';
import { type Batch, type Targets, batchFrom, targetsFrom } from '../network/given-batch.js';
import type { BiasInit, OutputInit } from '../network/initial-values.js';
import { type NetworkOptions, lstmsIn, Network as Computing } from '../network/network.js';
import type { Metrics, OutputTensors } from '../network/output.js';
import type { NamedTensors, Parameter } from '../network/parameters.js';

/** Options of a forward pass. */
export interface PassOptions {
  /** Drop numbers between the layers with the masks of `drawMasks`, as in training. Throws an Error before the first of these. Default: false. */
  readonly dropout?: boolean;
}

const OPTION_KINDS = { inputGradient: 'boolean', stateGradients: 'boolean' } as const satisfies Record<
  keyof NetworkOptions,
  TypeName
>;

/** The states at the two ends of a network's sequences, on the host; see `Network.states`. */
export interface NetworkStates {
  /** Copies h0 and c0 `[B,…]` into the initial states. Throws a RangeError if one is missing, has another shape, or is below 0 although it is n0 of an sLSTM. */
  setInitial(states: NamedTensors): void;
  /**
   * hn and cn `[B,…]`: the states after each sequence's last step, in reverse after step 0. Rejects with an Error if no forward pass
   * has read the batch.
   */
  final(): Promise<NamedTensors>;
  /**
   * Sets the gradients that reach the last states from outside the network, hn and cn `[B,…]`: each later backward pass adds
   * them. Throws an Error if the network was made without `stateGradients`, and the errors of `setInitial`.
   */
  setFinalGradients(gradients: NamedTensors): void;
  /** The gradients of h0 and c0 `[B,…]` from the last backward pass, under these names. */
  initialGradients(): Promise<NamedTensors>;
}

/** What a network holds. */
type Held =
  /** No batch, and no pass has read what the caller has written into x. */
  | { readonly is: 'fresh' }
  /** A batch that no pass has read. */
  | { readonly is: 'loaded' }
  /**
   * What the last pass computed from x. `batch`: another object for each batch, and whenever the initial states are set.
   * `hasTargets`: whether the losses are those of the targets. `changedBy`: what has since changed the states, masks, weights
   * or lengths, which `backward` reads too.
   */
  | { readonly is: 'passed'; readonly batch: object; readonly hasTargets: boolean; readonly changedBy?: string }
  | { readonly is: 'disposed' };

/** What the network holds after a call that worked with it alone. */
const LEFT = {
  'another batch': (_: Held, what: string): Held => ({ is: 'passed', batch: {}, hasTargets: true, changedBy: what }),
  'a pass over its batch': (held: Held): Held => ({ is: 'passed', batch: batchOf(held), hasTargets: true }),
  'what it holds': (held: Held): Held => held,
};

/** The batch of the last pass; a new object if no pass has read the present one. */
const batchOf = (held: Held): object => (held.is === 'passed' ? held.batch : {});

/** The network, with every tensor that its passes need. The caller disposes of it. */
export class Network {
  /** The backend that holds the tensors and computes. */
  readonly backend: Backend;
  /** What the network is: its sizes and kinds, with the defaults filled in. */
  readonly config: CompleteConfig;
  /** T and B. */
  readonly sizes: BatchSizes;
  private readonly inner: Computing;
  private held: Held = { is: 'fresh' };
  /** The call that works with the network and awaits results. */
  private worker: string | undefined;

  /** Throws a TypeError or a RangeError that names a wrong size, and an OutOfMemoryError. */
  constructor(backend: Backend, config: NetworkConfig, sizes: BatchSizes, options?: NetworkOptions);
  /** Guards a network that `Training` or `train` has made. @internal */
  constructor(inner: Computing);
  constructor(...given: readonly unknown[]) {
    const [inner] = given;
    this.inner = inner instanceof Computing ? inner : opened(...(given as Opening));
    ({ backend: this.backend, config: this.config, sizes: this.sizes } = this.inner);
  }

  /**
   * All parameters, in the order of checkpoints. `backward` fills their gradients, ∂loss/∂parameter. As every property with tensors,
   * throws an Error after `dispose`. Do not use a tensor that you took before it: another network may have its memory.
   */
  get parameters(): readonly Parameter[] {
    this.assertNotDisposed('parameters');
    return this.inner.parameters;
  }

  /** The batch, and what the output layer and the loss compute from it. */
  get activations(): OutputTensors {
    this.assertNotDisposed('activations');
    return this.inner.activations;
  }

  /**
   * The LSTMs of each layer, the lowest layer first: forward, then reverse if the layer is bidirectional. In their tensors the
   * sequences of the batch are sorted, the longest first: see `order`. Throws an Error if a layer has another cell: see `cells`.
   */
  get layers(): readonly (readonly Lstm[])[] {
    this.assertNotDisposed('layers');
    return lstmsIn(this.inner);
  }

  /** The cells of each layer, in the order of `layers`: their states and gradients by name. */
  get cells(): readonly (readonly BoundCell[])[] {
    this.assertNotDisposed('cells');
    return this.inner.layers;
  }

  /** `[B]`: for each row of the tensors of `layers`, the index of its sequence in the batch. Equal lengths keep their order. */
  get order(): readonly number[] {
    return this.inner.order;
  }

  /**
   * The initial and the last states of each layer, in the order of the batch, and their gradients: PyTorch's (h_0, c_0) and
   * (h_n, c_n). Names: h0 and c0 of the initial states, hn and cn of those after each sequence's last step; then the cell's suffix,
   * as in kernel.1.reverse. Shapes: h `[B,H]`, with a projection `[B,P]`; c `[B,H]`. Other cells have other states: a GRU only h; an sLSTM h, c, n
   * and m, of which m has no gradient.
   */
  get states(): NetworkStates {
    this.assertFree('states');
    const { states } = this.inner;
    return {
      setInitial: (given) => {
        this.assertFree('states.setInitial');
        states.setInitial(given);
        this.statesChanged('states.setInitial');
      },
      final: async () => {
        this.assertPassed('states.final');
        return states.final();
      },
      setFinalGradients: (given) => {
        this.assertFree('states.setFinalGradients');
        if (!states.haveGradients)
          throw new Error('network: no state gradients; make the network with { stateGradients: true }');
        states.setFinalGradients(given);
      },
      initialGradients: async () => {
        this.assertFree('states.initialGradients');
        return states.initialGradients();
      },
    };
  }

  /** ∂loss/∂x `[T,B,I]`. Throws an Error if the network was made without `inputGradient`, or reads classes. */
  get dx(): Tensor {
    this.assertFree('dx');
    return this.inner.dx;
  }

  /**
   * Computes logits and losses from x and y. The initial states are zero, unless `carryState` or the caller has written them.
   */
  forward(options: PassOptions = {}): void {
    this.assertFree('forward');
    assertKinds('forward', options, { dropout: 'boolean' } satisfies Record<keyof PassOptions, TypeName>);
    const { dropout = false } = options;
    if (dropout && !this.inner.hasMasks) {
      throw new Error('forward: dropout: no masks have been drawn: call drawMasks first');
    }
    this.inner.forward({ dropout });
    this.held = { is: 'passed', batch: this.batch, hasTargets: true };
  }

  /**
   * Computes the gradients of the mean loss from the last forward pass, in reverse order. Throws an Error if none has read x, or
   * if states, dropout masks, weights or lengths have been set since.
   */
  backward(): void {
    const { changedBy } = this.assertPassed('backward');
    if (changedBy !== undefined) {
      throw new Error(`network: backward: ${changedBy} has changed what the forward pass read: call forward first`);
    }
    this.inner.backward();
  }

  /**
   * Copies a batch to the network: x, its labels or targets, and the lengths of its sequences. With `layout: 'batch-first'`, B is the
   * first axis. Throws a TypeError for an unknown name, or lists with anything but numbers. Throws a RangeError for another shape, a label or class out of range, or a length out of range. The same
   * for a number that the backend's precision cannot hold, and a batch in which nothing counts. Then the network keeps its last
   * batch.
   */
  setBatch(batch: Batch): void {
    this.assertFree('setBatch');
    const { x, targets } = batchFrom(batch, this);
    this.inner.setBatch(x, targets);
    this.held = { is: 'loaded' };
  }

  /** As `setBatch`, if the caller has written x. It is no error if nothing counts: loss and gradients are then 0. */
  setTargets(targets: Targets): void {
    this.assertFree('setTargets');
    const lengthsChanged = this.inner.setTargets(targetsFrom(targets, this));
    if (lengthsChanged) this.changed('setTargets, with other lengths,');
    if (this.held.is === 'passed') this.held = { ...this.held, batch: {}, hasTargets: false };
  }

  /** Whether a row of the losses counts: it has a label ≥ 0 or a target, before its sequence's end. */
  countsRow(row: number): boolean {
    return this.inner.counted.countIn(row) > 0;
  }

  /** Draws new dropout masks. Without dropout, nothing is drawn. */
  drawMasks(random: Random): void {
    this.assertFree('drawMasks');
    if (this.inner.drops) this.changed('drawMasks');
    this.inner.drawMasks(random);
  }

  /** Continues with the next batch from the last states: truncated backpropagation. Throws an Error if a layer is bidirectional. */
  carryState(): void {
    this.assertFree('carryState');
    const bidirectional = this.cells.findIndex((directions) => directions.length > 1);
    if (bidirectional >= 0) {
      throw new Error(
        `network: carryState: layer ${bidirectional} is bidirectional: it reads each sequence to its end, so it has no next batch`,
      );
    }
    this.statesChanged('carryState');
    this.inner.carryState();
  }

  /** Sets every initial state to zero. */
  resetState(): void {
    this.assertFree('resetState');
    this.statesChanged('resetState');
    this.inner.resetState();
  }

  /**
   * Initial values: each kernel glorot-uniform over its whole [I+H,4H]. `output`: with `'normal'`, the default, the output
   * layer's weights and bias are standard normal, as in the tutorial; with `'glorot'`, its weights are glorot-uniform, its
   * bias zero. `bias`: with `'zeros'`, the default, each LSTM's bias is zero; with `'chrono'` its units keep their states for
   * 1 to T−1 steps, for long sequences (src/network/initial-values.ts).
   */
  initialise(random: Random, output: OutputInit = 'normal', bias: BiasInit = 'zeros'): void {
    this.assertFree('initialise');
    this.changed('initialise');
    this.inner.initialise(random, output, bias);
  }

  /**
   * Mean loss and accuracy of the last forward pass before this call, over the first `count` sequences. The next batch may be set
   * before the result is awaited. `count`: default B. `predictions`: those of this pass. Default: computed. Rejects with a RangeError for another count than 0 … B, or another number of
   * predictions, and with an Error if no forward pass has read the batch and its targets.
   */
  async metrics(count = this.sizes.B, predictions?: Int32Array): Promise<Metrics> {
    const { hasTargets } = this.assertPassed('metrics');
    if (!hasTargets) throw notPassed('metrics');
    assertWhole('metrics: count', count, 0, this.sizes.B);
    const rows = this.activations.losses.size;
    if (predictions !== undefined && predictions.length !== rows) {
      throw new RangeError(`metrics: ${predictions.length} predictions, but the pass has ${rows}, one for each loss`);
    }
    return this.inner.metrics(count, predictions);
  }

  /**
   * The class with the largest logit in each row of the last forward pass before this call: `[B]`, or `[T·B]`, row t·B+b, with a
   * loss at every step. If several logits are equal, it is the first. Rows that do not count have a class too. Rejects for targets,
   * and if no forward pass has read x.
   */
  async predictions(): Promise<Int32Array> {
    this.assertPassed('predictions');
    const { loss } = this.config;
    if (loss !== 'crossEntropy') throw new Error(`network: no predictions of classes: its loss is ${loss}`);
    return this.inner.predictions();
  }

  /**
   * Rejects if a parameter holds NaN or an infinity: with a DataError if an input does too (`assertFiniteInputs`), else
   * with a NonFiniteError. `step`: updates made so far.
   */
  async assertFinite(step: number): Promise<void> {
    this.assertNotDisposed('assertFinite');
    return assertFiniteNetwork(this.inner, step);
  }

  /** Rejects with a DataError if the batch or an initial state holds NaN or an infinity, except beyond a sequence's end. */
  async assertFiniteInputs(): Promise<void> {
    this.assertNotDisposed('assertFiniteInputs');
    return assertFiniteInputs(this.inner);
  }

  /** Copies of the parameters' values at this call, on the host: `[…]` by name, as in `parameters`. */
  async save(): Promise<NamedTensors> {
    this.assertNotDisposed('save');
    return this.inner.save();
  }

  /**
   * Copies `saved`, `[…]` by name, into the values. Throws a RangeError if a tensor is missing, has another shape, or holds NaN, an
   * infinity, or a number beyond the backend's precision. Then the values stay.
   */
  load(saved: NamedTensors): void {
    this.assertFree('load');
    this.inner.load(saved);
    this.changed('load');
  }

  /** Frees all tensors. Every other method that uses them then throws an Error, or rejects with it. */
  dispose(): void {
    this.held = { is: 'disposed' };
    this.inner.dispose();
  }

  /**
   * The result of `work`, which awaits while it needs the batch, results or weights of this network: until it ends, the
   * methods of the network refuse. Rejects with an Error while an earlier `work` runs, and after `dispose`. `what` begins the
   * message. `needs` throws if the call comes out of order. `leaves`: what the network holds afterwards. Default: the results of
   * another batch. @internal
   */
  async exclusively<Result>(
    what: string,
    work: (inner: Computing) => Promise<Result>,
    { leaves = 'another batch', needs }: { readonly leaves?: keyof typeof LEFT; readonly needs?: () => unknown } = {},
  ): Promise<Result> {
    this.assertNotDisposed(what);
    this.assertNotRunning(what);
    needs?.();
    const afterwards = LEFT[leaves](this.held, what);
    this.worker = what;
    try {
      if (leaves !== 'what it holds') this.held = { is: 'loaded' };
      const result = await work(this.inner);
      if (!this.isDisposed) this.held = afterwards;
      return result;
    } finally {
      this.worker = undefined;
    }
  }

  /** See `batchOf`. @internal */
  get batch(): object {
    return batchOf(this.held);
  }

  private get isDisposed(): boolean {
    return this.held.is === 'disposed';
  }

  /** `what` changes the weights, masks, states or lengths that the last pass has read. */
  private changed(what: string): void {
    if (this.held.is === 'passed') this.held = { ...this.held, changedBy: this.held.changedBy ?? what };
  }

  private statesChanged(what: string): void {
    this.changed(what);
    if (this.held.is === 'passed') this.held = { ...this.held, batch: {} };
  }

  private assertPassed(what: string): Held & { readonly is: 'passed' } {
    this.assertFree(what);
    if (this.held.is !== 'passed') throw notPassed(what);
    return this.held;
  }

  /** `what`: a method that uses the batch, the states or results, or changes the weights. */
  private assertFree(what: string): void {
    this.assertNotDisposed(what);
    this.assertNotRunning(`network: ${what}`);
  }

  private assertNotRunning(what: string): void {
    if (this.worker === undefined) return;
    throw new Error(`${what}: another call on this network is still running (${this.worker}): await it first`);
  }

  private assertNotDisposed(what: string): void {
    if (this.isDisposed) throw new Error(`network: ${what}: the network has been disposed of`);
  }
}

type Opening = [backend: Backend, config: NetworkConfig, sizes: BatchSizes, options?: NetworkOptions];

/** The network that computes, from a caller's arguments. */
function opened(...[backend, config, sizes, options = {}]: Opening): Computing {
  assertKinds('network', options, OPTION_KINDS);
  const complete = completeConfig(config);
  assertSizes('network', sizes, ['T', 'B']);
  return new Computing(backend, complete, plainCopyOf(sizes) as unknown as BatchSizes, options);
}

const notPassed = (what: string): Error =>
  new Error(`network: ${what}: no forward pass has read this batch: call forward first`);

/** Throws a TypeError unless `value` is a network. `what` begins the message. */
export function assertNetwork(what: string, value: unknown): asserts value is Network {
  assertObject(what, value);
  if (value instanceof Network) return;
  throw new TypeError(`${what}: ${describe(value)}: must be a Network, as await train(…) returns it`);
}
