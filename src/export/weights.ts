/** A saved network as plain arrays in Longhand's layout, cell by cell, and functions for the layouts of other programs. */
import { counted } from '../core/arguments.js';
import { DataError } from '../core/errors.js';
import { F32_RANGE } from '../core/numbers.js';
import { type FloatArray, type Tensor, tensorFrom, valuesOf } from '../core/tensor.js';
import { nameOfCell } from '../cells/cells.js';
import type { CellName } from '../cells/names.js';
import { type CellPlace, type CompleteConfig, cellsOf, formatUnits } from '../network/config.js';
import type { SavedModel } from '../training/checkpoint.js';

/** One cell of a network. The rows of Wx belong to its inputs: above a bidirectional layer, forward states come first. G: its blocks of H columns. */
export interface CellWeights extends CellPlace {
  /** `[I,G·H]`, with the cell's order of gates. */
  readonly Wx: Float32Array;
  /** `[H,G·H]`, with a projection `[P,G·H]` */
  readonly Wh: Float32Array;
  /** Every parameter by name, such as `bias` `[G·H]`, without the forget bias; zeros if it is no parameter of the network. */
  readonly values: Readonly<Record<string, Float32Array>>;
  readonly forgetBias: number;
}

interface Weights {
  /** The cells of each layer, the lowest layer first: forward, then reverse if the layer is bidirectional. */
  readonly layers: readonly (readonly CellWeights[])[];
  /** `[directions·H,C]`, or `[directions·P,C]` */
  readonly outKernel: Float32Array;
  /** `[C]` */
  readonly outBias: Float32Array;
}

/** Converts a saved network to plain arrays in Longhand's layout, cell by cell. */
export function weightsOf({ network, parameters }: SavedModel): Weights {
  const { forgetBias } = network;
  const cells = cellsOf(network).map((place): CellWeights => {
    const entries = Object.entries(place.cell.parameterShapes(place)).map(([name, shape]) => {
      const isOwn = place.hasBias || !place.cell.biases.includes(name);
      return [name, isOwn ? singles(parameters[name + place.suffix]) : new Float32Array(shape[0])] as const;
    });
    const values = Object.fromEntries(entries);
    const split = place.I * columnsOf(place);
    return { ...place, Wx: values.kernel.subarray(0, split), Wh: values.kernel.subarray(split), values, forgetBias };
  });
  return {
    layers: network.layers.map((_, n) => cells.filter(({ layer }) => layer === n)),
    outKernel: singles(parameters.outKernel),
    outBias: singles(parameters.outBias),
  };
}

/** G·H: the columns of a cell's kernel. */
export const columnsOf = (place: CellPlace): number => place.cell.parameterShapes(place).kernel[1];

/** Throws a DataError unless the format has the cell of every layer. */
export function assertHasCells(format: string, { layers }: CompleteConfig, cells: readonly CellName[]): void {
  const layer = layers.findIndex(({ cell }) => !cells.some((name) => name === cell));
  if (layer < 0) return;
  const other = nameOfCell(layers[layer].cell);
  throw new DataError(`${format}: layer ${layer} has the cell ${other}: the format has only ${cells.join(', ')}`);
}

const singles = (tensor: Tensor): Float32Array => Float32Array.from(valuesOf(tensor));

/** A copy in f32, in which Longhand trains. */
export const singlePrecision = (tensor: Tensor): Tensor => tensorFrom(singles(tensor), tensor.shape);

/** The bias of x, `[G·H]`, with the forget bias of a cell that has one. Throws a DataError if f32 cannot hold it. */
export function foldedBias({ cell, values: { bias }, H, forgetBias, suffix }: CellWeights): Float32Array {
  const what = `the sum of bias${suffix} and forget bias ${forgetBias}`;
  const order = cell.gates.join('');
  return order.includes('f') ? sumOf(bias, forgetBiases(H, forgetBias, order), what) : bias;
}

/** The sum, element by element. Throws a DataError that names `what` if an element is beyond f32. */
export function sumOf(first: Float32Array, second: Float32Array, what: string): Float32Array {
  const sum = first.map((value, n) => value + second[n]);
  const wrong = sum.findIndex((value) => !Number.isFinite(value));
  if (wrong >= 0) throw new DataError(`${what} is beyond f32 (${F32_RANGE}) at element ${wrong}`);
  return sum;
}

/** For messages: `2 layers of 128+64 units in both directions, crossEntropy at every step`; `128→32` with a projection; `128 gru units`. */
export function formatKind({ layers, inputKind, loss, reads }: CompleteConfig): string {
  const hidden = layers.map(formatUnits).join('+');
  const count = counted(layers.length, 'layer');
  const ways = layers.some(({ bidirectional }) => bidirectional) ? ' in both directions' : '';
  const inputs = inputKind === 'classes' ? ', class indices as inputs' : '';
  const unbiased = layers.filter(({ bias }) => !bias).length;
  const biases = unbiased === 0 ? '' : unbiased === layers.length ? ' without biases' : ' (some without biases)';
  const cells = new Set(layers.map(({ cell }) => nameOfCell(cell)));
  const kind = cells.size === 1 && cells.has('lstm') ? '' : `${[...cells].join('+')} `;
  return `${count} of ${hidden} ${kind}${hidden === '1' ? 'unit' : 'units'}${biases}${ways}${inputs}, ${loss} at ${reads === 'every' ? 'every' : 'the last'} step`;
}

/** `[rows,columns]` → `[columns,rows]`. */
export function transpose<Values extends FloatArray>(values: Values, rows: number, columns: number): Values {
  const transposed = values.slice() as Values;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) transposed[column * rows + row] = values[row * columns + column];
  }
  return transposed;
}

/** The numbers of `parts`, one after the other, in the precision of the first. */
export function joined<Values extends FloatArray>(parts: readonly Values[]): Values {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const values = parts[0] instanceof Float32Array ? new Float32Array(length) : new Float64Array(length);
  let position = 0;
  for (const part of parts) {
    values.set(part, position);
    position += part.length;
  }
  return values as Values;
}

/** `[4H]` with `forgetBias` in gate f, 0 elsewhere. Writes into `biases`. Default: a new Float32Array. */
export function forgetBiases<Values extends FloatArray = Float32Array>(
  H: number,
  forgetBias: number,
  order: string,
  biases = new Float32Array(4 * H) as Values,
): Values {
  const start = order.indexOf('f') * H;
  return biases.fill(forgetBias, start, start + H) as Values;
}
