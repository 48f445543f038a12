/** The cells of a network, with dropout between them, and the views that the output layer uses. */
import type { Backend } from '../core/backend.js';
import type { Shape, Tensor } from '../core/tensor.js';
import { matrixOf, stepOf } from '../core/tensor.js';
import type { BoundCell } from '../cells/cell.js';
import { outputRows } from '../cells/cell.js';
import type { BatchSizes, CellPlace, CompleteConfig } from './config.js';
import { cellsOf, cellTensorShapes } from './config.js';
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
  /** Whether gradients reach the other states than h from outside. Default: false. */
  readonly stateGradients?: boolean;
}

type Allocate = (shapes: Record<string, Shape>) => Record<string, Tensor>;

/** The cells of each layer, and the dropout above each layer but the last (none: an empty list). */
export function allocateLayers(network: CompleteConfig, sizes: BatchSizes, ends: Ends, allocate: Allocate) {
  const layers: BoundCell[][] = [];
  const dropouts: Dropout[][] = [];
  const first = { inputs: [ends.x], dInputs: ends.dx ? [ends.dx] : [] };
  for (const place of cellsOf(network)) {
    const { layer, reverse } = place;
    if (!reverse) layers.push([]);
    if (!reverse && layer > 0) dropouts.push(network.dropout > 0 ? dropoutAbove(layers[layer - 1], allocate) : []);
    const below = layer > 0 ? inputsFrom(layers[layer - 1], dropouts[layer - 1]) : first;
    layers[layer].push(cellAt(place, network, sizes, below, ends, allocate));
  }
  return { layers, dropouts };
}

/** One cell, which reads `below`. */
function cellAt(
  place: CellPlace,
  { forgetBias, eigenvalues }: Pick<CompleteConfig, 'forgetBias' | 'eigenvalues'>,
  batch: BatchSizes,
  below: Inputs,
  ends: Pick<Ends, 'values' | 'gradients' | 'stateGradients'>,
  allocate: Allocate,
): BoundCell {
  const { cell, suffix, reverse, I, H, P } = place;
  const tensors = allocate(cellTensorShapes(place, batch));
  const own = (named: NamedTensors, prefix: string): Record<string, Tensor> =>
    Object.fromEntries(
      Object.keys(cell.parameterShapes(place)).map((name) => [name, named[name + suffix] ?? tensors[prefix + name]]),
    );
  const [, ...others] = Object.keys(cell.stateWidths(place));
  const upstream = Object.fromEntries(others.map((name) => [`d${name}Upstream`, tensors[name].shape]));
  return cell.bind({
    ...{ sizes: { ...batch, I, H, P }, reverse, forgetBias, signed: eigenvalues === 'signed' },
    ...{ values: own(ends.values, ''), gradients: own(ends.gradients, 'd.') },
    activations: ends.stateGradients === true ? { ...tensors, ...allocate(upstream) } : tensors,
    ...below,
  });
}

function dropoutAbove(below: readonly BoundCell[], allocate: Allocate): Dropout[] {
  return below.map((cell) => {
    const { h } = cell.outputs;
    const { mask, dropped, dDropped } = allocate({ mask: h.shape, dropped: h.shape, dDropped: h.shape });
    return { mask, dropped, dDropped, h, dh: outputRows(cell, dhUpstreamOf(cell)) };
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

/** The gradient that reaches h from outside, `[T+1,B,N]`: every cell has one. */
const dhUpstreamOf = ({ activations }: BoundCell): Tensor => activations.dhUpstream;

type Inputs = Pick<BoundCell, 'inputs' | 'dInputs'>;

/** What a layer reads from the layer below: its states, or what dropout leaves of them. */
function inputsFrom(below: readonly BoundCell[], dropouts: readonly Dropout[]): Inputs {
  if (dropouts.length > 0) {
    return { inputs: dropouts.map(({ dropped }) => dropped), dInputs: dropouts.map(({ dDropped }) => dDropped) };
  }
  return {
    inputs: below.map(({ outputs }) => outputs.h),
    dInputs: below.map((cell) => outputRows(cell, dhUpstreamOf(cell))),
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
export function outputViews({ reads }: CompleteConfig, top: readonly BoundCell[]): OutputViews {
  const readRows = (cell: BoundCell, rows: Tensor): Tensor =>
    reads === 'every' ? matrixOf(outputRows(cell, rows)) : stepOf(rows, cell.reverse ? 0 : cell.sizes.T);
  return {
    states: top.map((cell) => readRows(cell, cell.activations.h)),
    dStates: top.map((cell) => readRows(cell, dhUpstreamOf(cell))),
  };
}
