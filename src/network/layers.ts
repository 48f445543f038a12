/** The LSTMs of a network, with dropout between them, and the views that the output layer uses. */
import type { Backend } from '../core/backend.js';
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
  /** Whether gradients reach the cell states from outside. Default: false. */
  readonly stateGradients?: boolean;
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

/** One LSTM, which reads `below`. */
function lstmAt(
  place: LstmPlace,
  { forgetBias }: Pick<CompleteConfig, 'forgetBias'>,
  batch: BatchSizes,
  below: Pick<Lstm, 'inputs' | 'dInputs'>,
  { values, gradients, stateGradients = false }: Pick<Ends, 'values' | 'gradients' | 'stateGradients'>,
  allocate: Allocate,
): Lstm {
  const { suffix, reverse, I, H, P } = place;
  const sizes = { ...batch, I, H, P };
  const tensors = allocate(lstmActivationShapes({ ...sizes, hasBias: place.hasBias })) as ActivationTensors;
  const parameters = {
    kernel: values[`kernel${suffix}`],
    bias: tensors.bias ?? values[`bias${suffix}`],
    dKernel: gradients[`kernel${suffix}`],
    dBias: tensors.dBias ?? gradients[`bias${suffix}`],
  };
  const { m, dm, ...activations } = tensors;
  const upstream = stateGradients ? allocate({ dcUpstream: activations.c.shape }) : {};
  const [Wr, dWr] = [values[`projection${suffix}`], gradients[`projection${suffix}`]];
  const projection = m && dm && { Wr, dWr, m, dm };
  return bindLstm(sizes, { ...activations, ...upstream, ...parameters, ...below, projection }, { forgetBias, reverse });
}

/** A tensor for each shape of `lstmActivationShapes`. */
type ActivationTensors = { readonly [Name in keyof ReturnType<typeof lstmActivationShapes>]: Tensor };

function dropoutAbove(below: readonly Lstm[], allocate: Allocate): Dropout[] {
  return below.map((lstm) => {
    const { h } = lstm.outputs;
    const { mask, dropped, dDropped } = allocate({ mask: h.shape, dropped: h.shape, dDropped: h.shape });
    return { mask, dropped, dDropped, h, dh: outputRows(lstm, lstm.dhUpstream) };
  });
}

/** Between a layer and the next one: (12) y = x*mask. Without `drops`, y = x. Default of `dropouts`: the last layer has none. */
export function dropoutForward(backend: Backend, dropouts: readonly Dropout[] = [], drops: boolean): void {
  for (const { mask, h, dropped } of dropouts) {
    if (drops) backend.multiply(dropped, h, mask);
    else backend.copy(dropped, h);
  }
}

/** (12′) from  y = x*mask:  dx = dy*mask */
export function dropoutBackward(backend: Backend, dropouts: readonly Dropout[], drops: boolean): void {
  for (const { mask, dh, dDropped } of dropouts) {
    if (drops) backend.multiply(dh, dDropped, mask);
    else backend.copy(dh, dDropped);
  }
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

/** What the output layer reads. N rows have a loss: B, or T·B with a loss at every step. */
export interface OutputViews {
  /** h of each direction of the top layer, `[N,H]`, or `[N,P]`. */
  readonly states: readonly Tensor[];
  /** ∂loss/∂h of each, `[N,H]`, or `[N,P]`: the rows of dhUpstream that belong to `states`. */
  readonly dStates: readonly Tensor[];
}

/** The states of the top layer that the output layer reads, and their gradients, as matrices. */
export function outputViews({ reads }: CompleteConfig, top: readonly Lstm[]): OutputViews {
  const readRows = (lstm: Lstm, rows: Tensor): Tensor =>
    reads === 'every' ? matrixOf(outputRows(lstm, rows)) : stepOf(rows, lstm.reverse ? 0 : lstm.sizes.T);
  return {
    states: top.map((lstm) => readRows(lstm, lstm.h)),
    dStates: top.map((lstm) => readRows(lstm, lstm.dhUpstream)),
  };
}
