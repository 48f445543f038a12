/** The problem that both programs solve, and the shapes of its results. src/compare/read-problem.ts reads it from a file. */
import type { Shapes } from '../cells/cell.js';
import { type Shape, type Tensor, copyInto, tensorFrom, valuesOf, zeros } from '../core/tensor.js';
import { cellOf } from '../cells/cells.js';
import type { BatchSizes, CellPlace, CompleteConfig } from '../network/config.js';
import { cellsOf, networkParameterShapes, outputShape, ownParameterShapes } from '../network/config.js';
import { sortedOrder } from '../network/sequence-order.js';

/** The cells that a file can have, for messages. */
export const COMPARED_CELLS = { lstm: 'an LSTM', gru: 'a GRU', rnn: 'an RNN' } as const;

/** The inputs of both programs. Tensors have their names in the file. */
export interface Problem {
  /** The cell of all layers, as the file names it. */
  readonly cell: keyof typeof COMPARED_CELLS;
  readonly network: CompleteConfig;
  readonly sizes: BatchSizes;
  /** For each cell, in PyTorch's order, how its tensors' names end: `''`, `.N` or `.N.reverse`. */
  readonly suffixes: readonly string[];
  /** x, the parameters, the initial states h0 and c0 if the file has them, and the targets of a squared error. */
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** With cross-entropy, the class of each row that has a loss, -1 if it does not count: `[B]`, or `[T·B]`. */
  readonly labels: readonly number[] | undefined;
  /** `[B]`: steps of each sequence, in any order. */
  readonly lengths: readonly number[];
  /** By name the shapes of h0 and d.h0, and with LSTMs of c0 and d.c0: `[B,H]`, or `[layers·directions,B,H]`. Undefined if the layers differ in H. */
  readonly stateShapes: Shapes | undefined;
}

/** The losses that a file can have. */
export const COMPARED_LOSSES = ['crossEntropy', 'squaredError'] as const;

/** Results of a forward and a backward pass, each in row order, by their names in a file. Some may be missing. */
export type Results = ReadonlyMap<string, Float64Array>;

/** The cells of a problem. `suffix` is as in the file. */
export function cellsIn({ network, suffixes }: Pick<Problem, 'network' | 'suffixes'>): CellPlace[] {
  return cellsOf(network).map((place, n) => ({ ...place, suffix: suffixes[n] }));
}

/** The names of the cell's states: h, and of LSTMs c. */
export const statesOf = ({ cell }: Pick<Problem, 'cell'>): string[] =>
  Object.keys(cellOf(cell).stateWidths({ I: 1, H: 1 }));

/** How many blocks of H columns a kernel has: 4 of an LSTM, 3 of a GRU, 1 of an RNN. */
export const blocksOf = (cell: Problem['cell']): number => cellOf(cell).parameterShapes({ I: 1, H: 1 }).kernel[1];

/** Matches the name of a parameter of a cell, up to its suffix. */
export const OF_CELL = /^(kernel|bias|recurrentBias|projection)(?=\.|$)/;

/** The parameters' names in the file and their shapes, in the order of `Network.parameters`. */
export function parameterShapesOf(problem: Pick<Problem, 'network' | 'suffixes'>): Map<string, Shape> {
  const names = cellsIn(problem).flatMap((place) =>
    Object.keys(ownParameterShapes(place)).map((name) => name + place.suffix),
  );
  const shapes = Object.values(networkParameterShapes(problem.network));
  return new Map([...names, 'outKernel', 'outBias'].map((name, n) => [name, shapes[n]]));
}

/** The shape of each result, in the order of a report. */
export function shapesOf(problem: Omit<Problem, 'tensors' | 'labels' | 'lengths'>): Map<string, Shape> {
  const { network, sizes, stateShapes } = problem;
  const { T, B } = sizes;
  const top = cellsOf(network).filter(({ layer }) => layer === network.layers.length - 1);
  const output = outputShape(network, sizes);
  const shapes = new Map<string, Shape>([
    ['loss', []],
    ['logits', output],
  ]);
  for (const [name, N] of Object.entries(top[0].cell.stateWidths(top[0]))) shapes.set(name, [T, B, top.length * N]);
  for (const [name, shape] of parameterShapesOf(problem)) shapes.set(`d.${name}`, shape);
  shapes.set('d.x', [T, B, network.inputs]);
  for (const [name, shape] of Object.entries(stateShapes ?? {})) shapes.set(`d.${name}`, shape);
  if (network.loss === 'squaredError') shapes.set('d.targets', output);
  return shapes;
}

/** The axis that counts sequences, in an input or a result; undefined if it has none. */
function batchAxisOf(name: string, { dimension }: Tensor): 0 | 1 | undefined {
  if (!/^(x|targets|logits|h|c|h0|c0|d\.(x|targets|h0|c0))$/.test(name)) return undefined;
  return dimension === 3 ? 1 : 0;
}

/** Whether step t of sequence b is beyond its end. */
export const isBeyondEnd = ({ lengths }: Pick<Problem, 'lengths'>, t: number, b: number): boolean => t >= lengths[b];

/** Whether a sequence is shorter than the batch. */
export const hasPadding = ({ lengths, sizes: { T } }: Pick<Problem, 'lengths' | 'sizes'>): boolean =>
  lengths.some((length) => length < T);

/** Whether row t·B+b, or row b, has a loss and counts. */
export function countsRow(problem: Omit<Problem, 'tensors' | 'stateShapes'>, row: number): boolean {
  const { labels, network, sizes } = problem;
  const isInside = network.reads === 'last' || !isBeyondEnd(problem, Math.floor(row / sizes.B), row % sizes.B);
  return isInside && (labels === undefined || labels[row] >= 0);
}

/** Solves a problem with its sequences sorted, the longest first, and puts every result back into the problem's order. */
export async function inSortedOrder(
  problem: Problem,
  solveSorted: (sorted: Problem) => Promise<Results>,
): Promise<Results> {
  const { lengths } = problem;
  const order = sortedOrder(lengths);
  if (order.every((b, n) => b === n)) return solveSorted(problem);
  const back = Array<number>(order.length);
  order.forEach((b, n) => (back[b] = n));
  const results = await solveSorted(withSequences(problem, order));
  const shapes = shapesOf(problem);
  return new Map(
    [...results].map(([name, values]) => [
      name,
      valuesOf(picked(name, tensorFrom(values, shapes.get(name) ?? []), back)),
    ]),
  );
}

/** The problem with only these sequences of its batch, in this order. */
export function withSequences(problem: Problem, order: readonly number[]): Problem {
  const { tensors, labels, lengths, sizes } = problem;
  const B = sizes.B;
  return {
    ...problem,
    sizes: { ...sizes, B: order.length },
    tensors: new Map([...tensors].map(([name, tensor]) => [name, picked(name, tensor, order)])),
    labels: labels && Array.from({ length: labels.length / B }, (_, t) => order.map((b) => labels[t * B + b])).flat(),
    lengths: order.map((b) => lengths[b]),
  };
}

/** A copy with sequence `order[n]` at n. A tensor without sequences is not copied. */
function picked(name: string, tensor: Tensor, order: readonly number[]): Tensor {
  const axis = batchAxisOf(name, tensor);
  if (axis === undefined) return tensor;
  const shape = tensor.shape.map((extent, n) => (n === axis ? order.length : extent));
  const copy = zeros(shape, 'f64');
  const sequence = (of: Tensor, b: number): Tensor => (axis === 0 ? of.pick(b) : of.pick(null, b));
  order.forEach((b, n) => copyInto(sequence(copy, n), sequence(tensor, b)));
  return copy;
}

/** h, c and logits of every step, with zeros beyond the ends: these numbers are not compared. */
export function withoutPadding(name: string, values: Float64Array, problem: Problem): Float64Array {
  const isOfSteps = name === 'h' || name === 'c' || (name === 'logits' && problem.network.reads === 'every');
  if (!isOfSteps || !hasPadding(problem)) return values;
  const { T, B } = problem.sizes;
  const width = values.length / (T * B);
  const cleared = values.slice();
  for (let row = 0; row < T * B; row++) {
    if (isBeyondEnd(problem, Math.floor(row / B), row % B)) cleared.fill(0, row * width, (row + 1) * width);
  }
  return cleared;
}
