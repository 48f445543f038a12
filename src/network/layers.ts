/** The LSTMs of a network, with dropout between them, and the views that the output layer uses. */
import type { Shape, Tensor } from '../core/tensor.js';
import { matrixOf, rowsOf, stepOf } from '../core/tensor.js';
import type { Lstm } from '../equations/lstm-tensors.js';
import { bindLstm } from '../equations/lstm-tensors.js';
import type { BatchSizes, CompleteConfig, LstmPlace } from './config.js';
import { lstmActivationShapes, lstmsOf } from './config.js';
import type { NamedTensors } from './parameters.js';

/** Dropout between a layer and the next one, (12), for one direction of the lower layer; `[T,B,H]` each. */
export interface Dropout {
  readonly mask: Tensor;
  /** x of (12): the lower layer's states. */
  readonly h: Tensor;
  readonly dh: Tensor;
  /** y of (12): what the layer above reads. */
  readonly dropped: Tensor;
  readonly dDropped: Tensor;
}

/** What the layers are connected to. */
interface Ends {
  readonly x: Tensor;
  readonly dx: Tensor | undefined;
  /** The parameters and their gradients, by name. */
  readonly values: NamedTensors;
  readonly gradients: NamedTensors;
}

type Allocate = (shapes: Record<string, Shape>) => Record<string, Tensor>;

/** The LSTMs of each layer, and the dropout above each layer but the last (none: an empty list). */
export function allocateLayers(network: CompleteConfig, sizes: BatchSizes, ends: Ends, allocate: Allocate) {
  const layers: Lstm[][] = [];
  const dropouts: Dropout[][] = [];
  const first = { inputs: [ends.x], dInputs: ends.dx ? [ends.dx] : [] };
  for (const place of lstmsOf(network)) {
    const { layer, reverse } = place;
    if (!reverse) layers.push([]);
    if (!reverse && layer > 0) dropouts.push(network.dropout > 0 ? dropoutAbove(layers[layer - 1], allocate) : []);
    const below = layer > 0 ? inputsFrom(layers[layer - 1], dropouts[layer - 1]) : first;
    layers[layer].push(lstmAt(place, network, sizes, below, ends, allocate));
  }
  return { layers, dropouts };
}

function lstmAt(
  { suffix, reverse, I, H }: LstmPlace,
  { forgetBias }: CompleteConfig,
  batch: BatchSizes,
  below: Pick<Lstm, 'inputs' | 'dInputs'>,
  { values, gradients }: Ends,
  allocate: Allocate,
): Lstm {
  const sizes = { ...batch, I, H };
  const parameters = {
    kernel: values[`kernel${suffix}`],
    bias: values[`bias${suffix}`],
    dKernel: gradients[`kernel${suffix}`],
    dBias: gradients[`bias${suffix}`],
  };
  const activations = allocate(lstmActivationShapes(sizes)) as Record<
    keyof ReturnType<typeof lstmActivationShapes>,
    Tensor
  >;
  return bindLstm(sizes, { ...activations, ...parameters, ...below }, { forgetBias, reverse });
}

function dropoutAbove(below: readonly Lstm[], allocate: Allocate): Dropout[] {
  return below.map((lstm) => {
    const { h } = lstm.outputs;
    const { mask, dropped, dDropped } = allocate({ mask: h.shape, dropped: h.shape, dDropped: h.shape });
    return { mask, dropped, dDropped, h, dh: outputRows(lstm, lstm.dhUpstream) };
  });
}

/** The rows that hold the states after each step: 1 … T, or 0 … T-1 in reverse. */
function outputRows({ reverse, sizes: { T } }: Lstm, rows: Tensor): Tensor {
  return reverse ? rowsOf(rows, 0, T) : rowsOf(rows, 1, T + 1);
}

/** What a layer reads from the layer below: its states, or what dropout leaves of them. */
function inputsFrom(below: readonly Lstm[], dropouts: readonly Dropout[]): Pick<Lstm, 'inputs' | 'dInputs'> {
  if (dropouts.length > 0) {
    return { inputs: dropouts.map(({ dropped }) => dropped), dInputs: dropouts.map(({ dDropped }) => dDropped) };
  }
  return {
    inputs: below.map(({ outputs }) => outputs.h),
    dInputs: below.map((lstm) => outputRows(lstm, lstm.dhUpstream)),
  };
}

/** The states that the output layer reads, and their gradients, as matrices. N rows have a loss: B, or T·B with a loss at every step. */
export function outputViews({ reads }: CompleteConfig, top: readonly Lstm[]) {
  const readRows = (lstm: Lstm, rows: Tensor): Tensor =>
    reads === 'every' ? matrixOf(outputRows(lstm, rows)) : stepOf(rows, lstm.reverse ? 0 : lstm.sizes.T);
  return {
    /** h of each direction, `[N,H]`. */
    states: top.map((lstm) => readRows(lstm, lstm.h)),
    /** The rows of dhUpstream that belong to `states`. */
    dStates: top.map((lstm) => readRows(lstm, lstm.dhUpstream)),
  };
}
