/**
 * A network of LSTM layers. Each layer reads the hidden states of the layer below. A dense layer reads those of the top
 * layer, after the last step or at every step.
 *
 * A bidirectional layer is two LSTMs with the same inputs. Their states are not concatenated: the layer above reads two
 * tensors, x₀ and x₁ of (1). The backward pass adds the gradients of both directions to their inputs, (1′). Dropout stands between two layers, (12).
 *
 * The network owns its tensors, allocated once. An optimiser's moments belong to the optimiser.
 */
import type { TypeName } from '../core/arguments.js';
import {
  assertChoice,
  assertKinds,
  assertKnownNames,
  assertObject,
  assertSizes,
  assertWhole,
  describe,
  plainCopyOf,
} from '../core/arguments.js';
import type { Backend, TensorsOf } from '../core/backend.js';
import { allocateAll } from '../core/backend.js';
import { DataError } from '../core/errors.js';
import type { Random } from '../core/rng.js';
import type { NestedNumbers, Shape, Tensor } from '../core/tensor.js';
import { assertHolds, copyInto, findNonFinite, stepOf } from '../core/tensor.js';
import { drawMask } from '../equations/dropout.js';
import { assertClasses } from '../equations/embedding.js';
import type { Lstm, State } from '../equations/lstm-tensors.js';
import { setLengths } from '../equations/lstm-tensors.js';
import { carryState, lstmBackward, lstmForward } from '../equations/lstm.js';
import type { BatchSizes, CompleteConfig, NetworkConfig } from './config.js';
import { assertClassesFit, completeConfig, networkParameterShapes, outputShapes } from './config.js';
import type { BiasInit, OutputInit } from './initial-values.js';
import { initialise } from './initial-values.js';
import type { Dropout } from './layers.js';
import { allocateLayers, outputViews } from './layers.js';
import type { Metrics, OutputTensors } from './output.js';
import { NetworkOutput } from './output.js';
import type { NamedTensors, Parameter } from './parameters.js';
import { assertFinite, loadTensors, saveTensors, valuesByName } from './parameters.js';
import { SequenceOrder } from './sequence-order.js';
import { initialGradients, namedStates, NetworkStates } from './states.js';
import type { Targets } from './targets.js';
import { assertLayout, givenTensor, LAYOUTS, TARGET_NAMES } from './targets.js';

/** Options of a `Network`. */
export interface NetworkOptions {
  /** Also compute ∂loss/∂x, into `dx`; not for classes. Training does not need it. Default: false. */
  readonly inputGradient?: boolean;
  /** Gradients can reach the last states of each layer from outside: `states.setFinalGradients`. Default: false. */
  readonly stateGradients?: boolean;
}

const OPTION_KINDS = { inputGradient: 'boolean', stateGradients: 'boolean' } as const satisfies Record<
  keyof NetworkOptions,
  TypeName
>;

/** Options of a forward pass. */
export interface PassOptions {
  /** Drop numbers between the layers with the masks of `drawMasks`, as in training. Throws an Error before the first of these. Default: false. */
  readonly dropout?: boolean;
}

/** What a batch has besides its labels or its targets. */
export interface BatchInputs extends Pick<Targets, 'lengths' | 'layout'> {
  /** `[T,B,I]`, or class indices `[T,B]`, also as lists of lists. Numbers beyond a sequence's end are not read. */
  readonly x: Tensor | NestedNumbers;
}

/** A batch with classes. */
export interface LabelledBatch extends BatchInputs {
  /** As in `Targets`. */
  readonly labels: NonNullable<Targets['labels']>;
  /** Default: none, because there are labels. */
  readonly targets?: undefined;
}

/** A batch with numbers to predict. */
export interface TargetBatch extends BatchInputs {
  /** `[B,C]` or `[T,B,C]`, as in `Targets`. */
  readonly targets: NonNullable<Targets['targets']>;
  /** Default: none, because there are targets. */
  readonly labels?: undefined;
}

/** A batch on the host. */
export type Batch = LabelledBatch | TargetBatch;

/** The network, with every tensor that its passes need. The caller disposes of it. */
export class Network {
  /** What the network is: its sizes and kinds, with the defaults filled in. */
  readonly config: CompleteConfig;
  /** T and B. */
  readonly sizes: BatchSizes;
  /** All parameters, in the order of checkpoints. `backward` fills their gradients, ∂loss/∂parameter. */
  readonly parameters: readonly Parameter[];
  /** The batch, and what the output layer and the loss compute from it. */
  readonly activations: OutputTensors;
  private readonly owned: Tensor[] = [];
  private readonly dropouts: readonly (readonly Dropout[])[];
  private readonly dxOrNone: Tensor | undefined;
  private readonly output: NetworkOutput;
  private readonly sequences: SequenceOrder;
  private readonly ownStates: NetworkStates;
  /** As `layers`; undefined without `stateGradients`. */
  private readonly finalGradients: readonly (readonly State[])[] | undefined;
  /** An object, so that the views which `exclusively` makes change it too. */
  private readonly now = {
    /** Whether the logits are those of x, and whether the losses are those of the targets too. */
    hasPassed: { inputs: false, targets: false },
    /** What has changed the states, masks, weights or lengths since the pass, which `backward` reads too. */
    changedBy: undefined as string | undefined,
    hasMasks: false,
    drops: false,
    batchNumber: 0,
    isDisposed: false,
  };
  private running: string | undefined;
  /** Whether this is the view with which `running` works. */
  private readonly isRunning: boolean = false;

  /** Throws a TypeError or a RangeError that names a wrong size, and an OutOfMemoryError. */
  constructor(
    /** The backend that holds the tensors and computes. */
    readonly backend: Backend,
    config: NetworkConfig,
    sizes: BatchSizes,
    options: NetworkOptions = {},
  ) {
    assertKinds('network', options, OPTION_KINDS);
    this.config = completeConfig(config);
    assertClassesFit(this.config, backend);
    assertSizes('network', sizes, ['T', 'B']);
    this.sizes = plainCopyOf(sizes) as unknown as BatchSizes; // those of a Model are more than T and B
    const shapes = networkParameterShapes(this.config);
    const values = this.allocateAll(shapes);
    const gradients = this.allocateAll(shapes);
    this.parameters = Object.keys(shapes).map((name) => ({ name, value: values[name], gradient: gradients[name] }));
    this.activations = this.allocateAll(outputShapes(this.config, this.sizes));
    const { x } = this.activations;
    const hasDx = options.inputGradient === true && this.config.inputKind === 'numbers';
    this.dxOrNone = hasDx ? this.allocateAll({ dx: x.shape }).dx : undefined;
    const ends = { x, dx: this.dxOrNone, values, gradients, stateGradients: options.stateGradients === true };
    const { layers, dropouts } = allocateLayers(this.config, this.sizes, ends, (one) => this.allocateAll(one));
    this.dropouts = dropouts;
    const [kernel, bias] = this.parameters.slice(-2);
    this.output = new NetworkOutput(backend, this.config, this.sizes, this.activations, { kernel, bias });
    const likeFinal = ({ final: { h, c } }: Lstm): State => this.allocateAll({ h: h.shape, c: c.shape });
    this.finalGradients = ends.stateGradients ? layers.map((lstms) => lstms.map(likeFinal)) : undefined;
    const kept = layers.flat().flatMap((lstm) => [lstm.initial, lstm.final, initialGradients(lstm)]);
    const states = [...kept, ...(this.finalGradients?.flat() ?? [])];
    const views = outputViews(this.config, layers[layers.length - 1]);
    this.sequences = new SequenceOrder(backend, { x, dx: this.dxOrNone, layers, views, states }, (one) =>
      this.allocateOwned(one),
    );
    this.ownStates = new NetworkStates(
      backend,
      this.config,
      layers.flat(),
      this.sequences,
      this.finalGradients?.flat(),
      (what) => this.changeStates(`states.${what}`),
      (what) => this.assertPassed(`states.${what}`, this.now.hasPassed.inputs),
    );
  }

  /**
   * The LSTMs of each layer, the lowest layer first: forward, then reverse if the layer is bidirectional. In their tensors the
   * sequences of the batch are sorted, the longest first: see `order`.
   */
  get layers(): readonly (readonly Lstm[])[] {
    return this.sequences.layers;
  }

  /** `[B]`: for each row of the tensors of `layers`, the index of its sequence in the batch. Equal lengths keep their order. */
  get order(): readonly number[] {
    return [...this.sequences.order];
  }

  /** The initial and the last states of each layer, in the order of the batch, and their gradients. */
  get states(): NetworkStates {
    this.assertFree('states');
    return this.ownStates;
  }

  /** ∂loss/∂x `[T,B,I]`. Throws an Error if the network was made without `inputGradient`, or reads classes. */
  get dx(): Tensor {
    this.assertFree('dx');
    if (!this.dxOrNone) throw new Error('network: dx is not computed; make the network with { inputGradient: true }');
    return this.dxOrNone;
  }

  /**
   * Computes logits and losses from x and y. The initial states are zero, unless `carryState` or the caller has written them.
   */
  forward(options: PassOptions = {}): void {
    this.assertFree('forward');
    assertKinds('forward', options, { dropout: 'boolean' } satisfies Record<keyof PassOptions, TypeName>);
    const { dropout = false } = options;
    if (dropout && !this.now.hasMasks && this.dropouts.flat().length > 0) {
      throw new Error('forward: dropout: no masks have been drawn: call drawMasks first');
    }
    this.now.drops = dropout;
    const { backend, sequences } = this;
    sequences.sortInputs();
    this.layers.forEach((directions, n) => {
      for (const lstm of directions) lstmForward(backend, lstm);
      this.dropoutForward(n);
    });
    sequences.returnStates();
    this.output.forward(sequences.views);
    Object.assign(this.now, { hasPassed: { inputs: true, targets: true }, changedBy: undefined });
  }

  /**
   * Computes the gradients of the mean loss from the last forward pass, in reverse order. Throws an Error if none has read x, or
   * if states, dropout masks, weights or lengths have been set since.
   */
  backward(): void {
    this.assertPassed('backward', this.now.hasPassed.inputs);
    const { changedBy } = this.now;
    if (changedBy !== undefined) {
      throw new Error(`network: backward: ${changedBy} has changed what the forward pass read: call forward first`);
    }
    const { backend, sequences } = this;
    // The output layer reads only some rows of h. With `reads: 'last'`, the other rows of dhUpstream stay 0.
    this.output.backward(sequences.views);
    sequences.sortGradients();
    for (let n = this.layers.length - 1; n >= 0; n--) {
      this.addFinalGradients(n);
      // Two directions share their inputs, so the second one adds.
      this.layers[n].forEach((lstm, k) => lstmBackward(backend, lstm, { accumulate: k > 0 }));
      if (n > 0) this.dropoutBackward(n - 1);
    }
    sequences.returnInputGradient();
  }

  /** The gradients that reach the last states of layer n from outside. Nothing else reads the last c. */
  private addFinalGradients(n: number): void {
    this.finalGradients?.[n].forEach(({ h, c }, k) => {
      const { dhUpstream, dcUpstream, reverse } = this.layers[n][k];
      const last = reverse ? 0 : this.sizes.T;
      this.backend.add(stepOf(dhUpstream, last), h);
      if (dcUpstream) this.backend.copy(stepOf(dcUpstream, last), c);
    });
  }

  /** Whether the last pass has dropped numbers. */
  private get drops(): boolean {
    return this.now.drops;
  }

  /** Between layer n and the next one: (12) y = x*mask */
  private dropoutForward(n: number): void {
    for (const { mask, h, dropped } of this.dropouts.at(n) ?? []) {
      if (this.drops) this.backend.multiply(dropped, h, mask);
      else this.backend.copy(dropped, h);
    }
  }

  /** (12′) from  y = x*mask:  dx = dy*mask */
  private dropoutBackward(n: number): void {
    for (const { mask, dh, dDropped } of this.dropouts[n]) {
      if (this.drops) this.backend.multiply(dh, dDropped, mask);
      else this.backend.copy(dh, dDropped);
    }
  }

  /**
   * Copies a batch to the network: x, its labels or targets, and the lengths of its sequences. With `layout: 'batch-first'`, B is the
   * first axis. Throws a TypeError for an unknown name, or lists with anything but numbers. Throws a RangeError for another shape, a label or class out of range, or a length out of range. The same
   * for a number that the backend's precision cannot hold, and a batch in which nothing counts. Then the network keeps its last
   * batch.
   */
  setBatch(batch: Batch): void {
    this.assertFree('setBatch');
    assertKnownNames('setBatch', batch, ['x', ...TARGET_NAMES]);
    const { layout = 'time-first' } = batch;
    assertChoice('setBatch: layout', layout, LAYOUTS);
    const { shape } = this.activations.x;
    const given = givenTensor('setBatch: x', batch.x, shape);
    assertLayout('x', given, shape, layout);
    const lengths = this.output.counted.checkedLengths(batch);
    const [t, b] = layout === 'batch-first' ? [1, 0] : [0, 1];
    const isRead = (index: number[]): boolean => index[t] < lengths[index[b]];
    if (this.config.inputKind === 'classes') assertClasses(given, this.config.inputs, isRead);
    else assertHolds('setBatch: x', given, this.backend.dtype, isRead);
    this.putTargets(batch, 1);
    this.now.hasPassed.inputs = false;
    copyInto(this.activations.x, layout === 'batch-first' ? given.transpose(1, 0, 2) : given);
    this.backend.upload(this.activations.x);
  }

  /** As `setBatch`, if the caller has written x. It is no error if nothing counts: loss and gradients are then 0. */
  setTargets(targets: Targets): void {
    this.assertFree('setTargets');
    assertKnownNames('setTargets', targets, TARGET_NAMES);
    this.putTargets(targets, 0);
  }

  /** `least`: rows that must count. */
  private putTargets(targets: Targets, least: number): void {
    this.sequences.reserve(this.output.counted.checkedLengths(targets));
    const lengthsChanged = this.output.set(targets, least);
    this.now.hasPassed.targets = false;
    this.now.batchNumber++;
    if (!lengthsChanged) return;
    this.now.changedBy ??= 'setTargets, with other lengths,';
    const { lengths } = this.output.counted;
    this.sequences.setLengths(lengths);
    const sorted = this.sequences.order.map((b) => lengths[b]);
    for (const lstm of this.layers.flat()) setLengths(lstm, sorted);
  }

  /** Whether a row of the losses counts: it has a label ≥ 0 or a target, before its sequence's end. */
  countsRow(row: number): boolean {
    return this.output.counted.countIn(row) > 0;
  }

  /** Another number for each batch, and whenever the initial states are set. @internal */
  get batchNumber(): number {
    return this.now.batchNumber;
  }

  /** `what` is about to set the initial states. */
  private changeStates(what: string): void {
    this.assertFree(what);
    this.now.batchNumber++;
    this.now.changedBy ??= what;
  }

  /** Draws new dropout masks. Without dropout, nothing is drawn. */
  drawMasks(random: Random): void {
    this.assertFree('drawMasks');
    this.now.hasMasks = true;
    for (const { mask } of this.dropouts.flat()) {
      if (this.drops) this.now.changedBy ??= 'drawMasks';
      drawMask(mask, this.config.dropout, random);
      this.backend.upload(mask);
    }
  }

  /** Continues with the next batch from the last states: truncated backpropagation. Throws an Error if a layer is bidirectional. */
  carryState(): void {
    this.assertFree('carryState');
    const bidirectional = this.layers.findIndex((directions) => directions.length > 1);
    if (bidirectional >= 0) {
      throw new Error(
        `network: carryState: layer ${bidirectional} is bidirectional: it reads each sequence to its end, so it has no next batch`,
      );
    }
    this.changeStates('carryState');
    for (const lstm of this.layers.flat()) carryState(this.backend, lstm);
  }

  /** Sets every initial state to zero. */
  resetState(): void {
    this.changeStates('resetState');
    for (const { initial } of this.layers.flat()) {
      this.backend.fill(initial.h, 0);
      this.backend.fill(initial.c, 0);
    }
  }

  /**
   * Initial values: each kernel glorot-uniform over its whole [I+H,4H]. `output`: with `'normal'`, the default, the output
   * layer's weights and bias are standard normal, as in the tutorial; with `'glorot'`, its weights are glorot-uniform, its
   * bias zero. `bias`: with `'zeros'`, the default, each LSTM's bias is zero; with `'chrono'` its units keep their states for
   * 1 to T−1 steps, for long sequences (src/network/initial-values.ts).
   */
  initialise(random: Random, output: OutputInit = 'normal', bias: BiasInit = 'zeros'): void {
    this.assertFree('initialise');
    this.now.changedBy ??= 'initialise';
    const { T } = this.sizes;
    const { forgetBias } = this.config;
    initialise(this.parameters, random, { output, bias, T, forgetBias });
    for (const { value } of this.parameters) this.backend.upload(value);
  }

  /**
   * Mean loss and accuracy of the last forward pass before this call, over the first `count` sequences. The next batch may be set
   * before the result is awaited. `count`: default B. `predictions`: those of this pass. Default: computed. Rejects with a RangeError for another count than 0 … B, or another number of
   * predictions, and with an Error if no forward pass has read the batch and its targets.
   */
  async metrics(count = this.sizes.B, predictions?: Int32Array): Promise<Metrics> {
    this.assertPassed('metrics', this.now.hasPassed.targets);
    assertWhole('metrics: count', count, 0, this.sizes.B);
    if (predictions !== undefined && predictions.length !== this.activations.losses.size) {
      throw new RangeError(
        `metrics: ${predictions.length} predictions, but the pass has ${this.activations.losses.size}, one for each loss`,
      );
    }
    return this.output.metrics(count, predictions);
  }

  /**
   * The class with the largest logit in each row of the last forward pass before this call: `[B]`, or `[T·B]`, row t·B+b, with a
   * loss at every step. If several logits are equal, it is the first. Rows that do not count have a class too. Rejects for targets,
   * and if no forward pass has read x.
   */
  async predictions(): Promise<Int32Array> {
    this.assertPassed('predictions', this.now.hasPassed.inputs);
    return this.output.predictions();
  }

  /**
   * Rejects if a parameter holds NaN or an infinity: with a DataError if an input does too (`assertFiniteInputs`), else
   * with a NonFiniteError. `step`: updates made so far.
   */
  async assertFinite(step: number): Promise<void> {
    this.assertNotDisposed('assertFinite');
    try {
      await assertFinite(this.backend, this.parameters, step);
    } catch (error) {
      await this.assertFiniteInputs();
      throw error;
    }
  }

  /** Rejects with a DataError if the batch or an initial state holds NaN or an infinity, except beyond a sequence's end. */
  async assertFiniteInputs(): Promise<void> {
    this.assertNotDisposed('assertFiniteInputs');
    const { x, y } = this.activations;
    const initial = this.layers.flat().map((lstm) => lstm.initial);
    const inputs = { x, y, ...namedStates(this.config, initial) };
    for (const [name, tensor] of Object.entries<Tensor>(inputs)) {
      await this.backend.download(tensor);
      const found = findNonFinite(tensor, name === 'x' ? ([t, b]) => t < this.output.counted.lengths[b] : undefined);
      if (!found) continue;
      const [first, ...others] = found.index;
      const index = [name === 'x' || name === 'y' ? first : this.order[first], ...others];
      throw new DataError(`${name}[${index.join(',')}] is ${found.value}: every input must be finite`);
    }
  }

  /** Copies of the parameters' values at this call, on the host: `[…]` by name, as in `parameters`. */
  async save(): Promise<NamedTensors> {
    this.assertNotDisposed('save');
    return saveTensors(this.backend, valuesByName(this.parameters));
  }

  /**
   * Copies `saved`, `[…]` by name, into the values. Throws a RangeError if a tensor is missing, has another shape, or holds NaN, an
   * infinity, or a number beyond the backend's precision. Then the values stay.
   */
  load(saved: NamedTensors): void {
    this.assertFree('load');
    loadTensors(this.backend, valuesByName(this.parameters), saved);
    this.now.changedBy ??= 'load';
  }

  /** Frees all tensors. Every other method that uses them then throws an Error, or rejects with it. */
  dispose(): void {
    this.now.isDisposed = true;
    for (const tensor of this.owned) this.backend.free(tensor);
    this.owned.length = 0;
  }

  /**
   * The result of `work`, which awaits while it needs the batch, results or weights of this network. Only through `own`, a view of
   * the network, can `work` use it: the network itself refuses until `work` ends. Rejects with an Error while an earlier `work`
   * runs, and after `dispose`. `what` begins the message. @internal
   */
  async exclusively<Result>(what: string, work: (own: Network) => Promise<Result>): Promise<Result> {
    this.assertNotDisposed(what);
    this.assertNotRunning(what);
    this.running = what;
    try {
      return await work(Object.create(this, { isRunning: { value: true } }) as Network);
    } finally {
      this.running = undefined;
    }
  }

  private assertPassed(what: string, hasPassed: boolean): void {
    this.assertFree(what);
    if (!hasPassed) throw new Error(`network: ${what}: no forward pass has read this batch: call forward first`);
  }

  /** `what`: a method that uses the batch, the states or results, or changes the weights. */
  private assertFree(what: string): void {
    this.assertNotDisposed(what);
    this.assertNotRunning(`network: ${what}`);
  }

  private assertNotRunning(what: string): void {
    if (this.running === undefined || this.isRunning) return;
    throw new Error(`${what}: another call on this network is still running (${this.running}): await it first`);
  }

  private assertNotDisposed(what: string): void {
    if (this.now.isDisposed) throw new Error(`network: ${what}: the network has been disposed of`);
  }

  private allocateOwned<Shapes extends Readonly<Record<string, Shape>>>(shapes: Shapes): TensorsOf<Shapes> {
    const tensors = allocateAll(this.backend, shapes);
    for (const tensor of Object.values<Tensor>(tensors)) this.owned.push(tensor);
    return tensors;
  }

  /** If a tensor does not fit, frees all tensors of the network. */
  private allocateAll<Shapes extends Readonly<Record<string, Shape>>>(shapes: Shapes): TensorsOf<Shapes> {
    try {
      return this.allocateOwned(shapes);
    } catch (error) {
      this.dispose();
      throw error;
    }
  }
}

/** Throws a TypeError unless `value` is a network. `what` begins the message. */
export function assertNetwork(what: string, value: unknown): asserts value is Network {
  assertObject(what, value);
  const names = ['config', 'parameters', 'sizes'] satisfies (keyof Network)[];
  if (names.every((name) => name in value)) return;
  throw new TypeError(`${what}: ${describe(value)}: must be a Network, as await train(…) returns it`);
}
