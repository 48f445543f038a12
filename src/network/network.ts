/**
 * A network of recurrent layers, of LSTMs or other cells. Each layer reads the hidden states of the layer below. A dense layer reads those of the top
 * layer, after the last step or at every step.
 *
 * A bidirectional layer is two cells with the same inputs. Their states are not concatenated: the layer above reads two
 * tensors, x₀ and x₁ of (1). The backward pass adds the gradients of both directions to their inputs, (1′). Dropout stands between two layers, (12).
 *
 * The network owns its tensors, allocated once. An optimiser's moments belong to the optimiser. It trusts its caller: the class that
 * the package exports, src/door/network.ts, checks arguments and the order of the calls.
 */
import type { Backend } from '../core/backend.js';
import type { Random } from '../core/rng.js';
import type { Tensor } from '../core/tensor.js';
import { copyInto } from '../core/tensor.js';
import { drawMask } from '../equations/dropout.js';
import type { BoundCell } from '../cells/cell.js';
import { assertRuns } from '../cells/cell.js';
import type { BoundLstm } from '../cells/lstm.js';
import { isLstm } from '../cells/lstm.js';
import type { BatchSizes, CompleteConfig } from './config.js';
import { assertClassesFit, cellsOf, networkParameterShapes, outputShapes } from './config.js';
import type { BiasInit, OutputInit } from './initial-values.js';
import { initialise } from './initial-values.js';
import type { Dropout } from './layers.js';
import { allocateLayers, dropoutBackward, dropoutForward, outputViews } from './layers.js';
import type { BatchTargets, LossMask, Metrics, OutputTensors } from './output.js';
import { NetworkOutput } from './output.js';
import { OwnedTensors } from './owned-tensors.js';
import type { NamedTensors, Parameter } from './parameters.js';
import { loadTensors, saveTensors, valuesByName } from './parameters.js';
import { SequenceOrder } from './sequence-order.js';
import { NetworkStates } from './states.js';

/** Options of a `Network`. */
export interface NetworkOptions {
  /** Also compute ∂loss/∂x, into `dx`; not for classes. Training does not need it. Default: false. */
  readonly inputGradient?: boolean;
  /** Gradients can reach the last states of each layer from outside: `states.setFinalGradients`. Default: false. */
  readonly stateGradients?: boolean;
}

/** The network, with every tensor that its passes need. The caller disposes of it. */
export class Network {
  /** All parameters, in the order of checkpoints. `backward` fills their gradients, ∂loss/∂parameter. */
  readonly parameters: readonly Parameter[];
  /** The batch, and what the output layer and the loss compute from it. */
  readonly activations: OutputTensors;
  /** The initial and the last states of each layer, in the order of the batch, and their gradients. */
  readonly states: NetworkStates;
  /** What counts in the loss, and the length of each sequence. */
  readonly counted: LossMask;
  /** Whether the last forward pass dropped numbers. */
  drops = false;
  /** Whether a pass can drop numbers: masks have been drawn, or no layer has dropout above it. */
  hasMasks: boolean;
  private readonly owned: OwnedTensors;
  /** Undefined without `inputGradient`, and for classes. */
  private readonly dxOrNone: Tensor | undefined;
  private readonly dropouts: readonly (readonly Dropout[])[];
  private readonly output: NetworkOutput;
  private readonly sequences: SequenceOrder;

  /** Throws a RangeError for more classes than the backend's precision has, or a cell that it doesn't run, and an OutOfMemoryError. */
  constructor(
    readonly backend: Backend,
    readonly config: CompleteConfig,
    /** T and B. */
    readonly sizes: BatchSizes,
    { inputGradient = false, stateGradients = false }: NetworkOptions = {},
  ) {
    assertClassesFit(config, backend);
    for (const { cell, layer } of cellsOf(config)) assertRuns(`network: layers[${layer}]`, cell, backend);
    this.owned = new OwnedTensors(backend);
    const allocate = this.owned.allocate;
    const shapes = networkParameterShapes(config);
    const [values, gradients] = [allocate(shapes), allocate(shapes)];
    this.parameters = Object.keys(shapes).map((name) => ({ name, value: values[name], gradient: gradients[name] }));
    this.activations = allocate(outputShapes(config, sizes));
    const { x } = this.activations;
    this.dxOrNone = inputGradient && config.inputKind === 'numbers' ? allocate({ dx: x.shape }).dx : undefined;
    const ends = { x, dx: this.dxOrNone, values, gradients, stateGradients };
    const { layers, dropouts } = allocateLayers(config, sizes, ends, allocate);
    this.dropouts = dropouts;
    this.hasMasks = dropouts.flat().length === 0;
    const [kernel, bias] = this.parameters.slice(-2);
    this.output = new NetworkOutput(backend, config, sizes, this.activations, { kernel, bias });
    this.counted = this.output.counted;
    const order = (): readonly number[] => this.sequences.order;
    this.states = new NetworkStates(backend, config, layers, order, stateGradients ? allocate : undefined);
    const views = outputViews(config, layers[layers.length - 1]);
    const inOrder = { x, dx: this.dxOrNone, layers, views, states: this.states.all };
    this.sequences = new SequenceOrder(backend, inOrder, this.owned.allocateMore);
  }

  /**
   * The cells of each layer, the lowest layer first: forward, then reverse if the layer is bidirectional. In their tensors the
   * sequences of the batch are sorted, the longest first: see `order`.
   */
  get layers(): readonly (readonly BoundCell[])[] {
    return this.sequences.layers;
  }

  /** `[B]`: for each row of the tensors of `layers`, the index of its sequence in the batch. Equal lengths keep their order. */
  get order(): readonly number[] {
    return [...this.sequences.order];
  }

  /** ∂loss/∂x `[T,B,I]`. Throws an Error if the network was made without `inputGradient`, or reads classes. */
  get dx(): Tensor {
    if (this.dxOrNone) return this.dxOrNone;
    throw new Error('network: dx is not computed; make the network with { inputGradient: true }');
  }

  /** Computes logits and losses from x and y. `dropout`: drop numbers between the layers with the masks of `drawMasks`. */
  forward({ dropout = false }: { readonly dropout?: boolean } = {}): void {
    const { backend, sequences } = this;
    this.drops = dropout && this.dropouts.flat().length > 0;
    sequences.sortInputs();
    this.layers.forEach((directions, n) => {
      for (const cell of directions) cell.forward(backend);
      dropoutForward(backend, this.dropouts.at(n), this.drops);
    });
    sequences.returnStates();
    this.output.forward(sequences.views);
  }

  /** Computes the gradients of the mean loss from the last forward pass, in reverse order. */
  backward(): void {
    const { backend, sequences } = this;
    // The output layer reads only some rows of h. With `reads: 'last'`, the other rows of dhUpstream stay 0.
    this.output.backward(sequences.views);
    sequences.sortGradients();
    for (let n = this.layers.length - 1; n >= 0; n--) {
      this.states.addFinalGradients(n, this.layers[n]);
      // Two directions share their inputs, so the second one adds.
      this.layers[n].forEach((cell, k) => cell.backward(backend, { accumulate: k > 0 }));
      if (n > 0) dropoutBackward(backend, this.dropouts[n - 1], this.drops);
    }
    sequences.returnInputGradient();
  }

  /** Draws new dropout masks. Without dropout, nothing is drawn. */
  drawMasks(random: Random): void {
    this.hasMasks = true;
    for (const { mask } of this.dropouts.flat()) {
      drawMask(mask, this.config.dropout, random);
      this.backend.upload(mask);
    }
  }

  /** Copies x, in the shape of `activations.x`, and its labels or targets. */
  setBatch(x: Tensor, targets: BatchTargets): void {
    this.setTargets(targets);
    copyInto(this.activations.x, x);
    this.backend.upload(this.activations.x);
  }

  /** As `setBatch`, if the caller has written x. Returns whether the lengths differ from those before. */
  setTargets(targets: BatchTargets): boolean {
    this.sequences.reserve(this.counted.lengthsOf(targets));
    const lengthsChanged = this.output.set(targets);
    if (lengthsChanged) {
      const { lengths } = this.counted;
      this.sequences.setLengths(lengths);
      const sorted = this.sequences.order.map((b) => lengths[b]);
      for (const cell of this.layers.flat()) cell.setLengths(sorted);
    }
    return lengthsChanged;
  }

  /** Continues with the next batch from the last states: truncated backpropagation. For layers in one direction. */
  carryState(): void {
    for (const { initial, final } of this.layers.flat()) {
      for (const [name, state] of Object.entries(initial)) this.backend.copy(state, final[name]);
    }
  }

  /** Sets every initial state to zero. */
  resetState(): void {
    for (const { initial } of this.layers.flat()) {
      for (const state of Object.values(initial)) this.backend.fill(state, 0);
    }
  }

  /** Draws initial values; see `initialise`. */
  initialise(random: Random, output: OutputInit = 'normal', bias: BiasInit = 'zeros'): void {
    initialise(this.parameters, random, { output, bias, T: this.sizes.T, config: this.config });
    for (const { value } of this.parameters) this.backend.upload(value);
  }

  /** Mean loss and accuracy of the last forward pass, over the first `count` sequences. `predictions`: if the caller has them. */
  async metrics(count = this.sizes.B, predictions?: Int32Array): Promise<Metrics> {
    return this.output.metrics(count, predictions);
  }

  /** The class with the largest logit in each row: `[B]`, or `[T·B]` with a loss at every step. For cross-entropy. */
  async predictions(): Promise<Int32Array> {
    return this.output.predictions();
  }

  /** Copies of the parameters' values at this call, on the host: `[…]` by name, as in `parameters`. */
  async save(): Promise<NamedTensors> {
    return saveTensors(this.backend, valuesByName(this.parameters));
  }

  /** Copies `saved`, `[…]` by name, into the values. Throws the errors of `loadTensors`. */
  load(saved: NamedTensors): void {
    loadTensors(this.backend, valuesByName(this.parameters), saved);
  }

  /** Frees all tensors. */
  dispose(): void {
    this.owned.free();
  }
}

/** The LSTMs of each layer, as in `layers`. Throws an Error if a layer has another cell. */
export function lstmsIn({ layers }: Network): readonly (readonly BoundLstm[])[] {
  return layers.map((directions, layer) =>
    directions.map((bound) => {
      if (isLstm(bound)) return bound;
      throw new Error(`network: layers: layer ${layer} is of the cell ${bound.cell.name}, not lstm: use network.cells`);
    }),
  );
}
