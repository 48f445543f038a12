/** An example file for `compare`. */
import type { Backend } from '../core/backend.js';
import { fillRandom, Random } from '../core/rng.js';
import { type Shape, type Tensor, fill, zeros } from '../core/tensor.js';
import type { Safetensors, StoredTensor } from '../files/safetensors.js';
import { storedFloats, storedTensor } from '../files/stored-tensors.js';
import { cellOf } from '../cells/cells.js';
import { type NetworkConfig, cellsOf, completeConfig, lossRows, outputShape } from '../network/config.js';
import { type Problem, isBeyondEnd, parameterShapesOf, shapesOf, withoutPadding } from './problem.js';
import { solve } from './solve.js';

/** What an example shows. */
export interface TemplateOptions {
  /** Default: 'lstm'. */
  readonly cell?: Problem['cell'];
  /** Default: 1. */
  readonly layers?: number;
  /** Whether every layer has both directions. Default: false. */
  readonly bidirectional?: boolean;
  /** P of a projection, 1 to 5; for LSTMs. Default: none. */
  readonly projection?: number;
  /** Whether the cells have no biases. Default: false. */
  readonly withoutBias?: boolean;
  /** Whether the sequences have different lengths. Default: false. */
  readonly lengths?: boolean;
  /** Default: 'last'. */
  readonly reads?: NetworkConfig['reads'];
  /** Default: 'crossEntropy'. */
  readonly loss?: NetworkConfig['loss'];
}

const [T, B, I, H, C] = [3, 4, 5, 6, 7];

/** The largest P of a template: it has H 6. */
export const MOST_PROJECTED = H - 1;
const LENGTHS = [2, 3, 1, 3];

/** A small random problem, and its results. */
export async function templateOf(backend: Backend, seed: number, options: TemplateOptions = {}): Promise<Safetensors> {
  const problem = randomProblem(new Random(seed), options);
  const shapes = shapesOf(problem);
  const results = [...(await solve(backend, problem))].map(([name, values]): [string, StoredTensor] => [
    name,
    storedFloats(withoutPadding(name, values, problem), shapes.get(name) ?? []),
  ]);
  const { cell, network, tensors, labels, lengths } = problem;
  const { loss, reads, forgetBias } = network;
  return {
    metadata: new Map([
      ...(cell === 'lstm' ? [] : [['cell', cell] as const]),
      ...(cellOf(cell).gates.includes('f') ? [['forgetBias', String(forgetBias)] as const] : []),
      ...(options.loss ? [['loss', loss] as const] : []),
      ...(options.reads ? [['reads', reads] as const] : []),
      ...(options.withoutBias ? [['bias', 'false'] as const] : []),
    ]),
    tensors: new Map<string, StoredTensor>([
      ...[...tensors].map(([name, tensor]) => [name, storedTensor(tensor)] as const),
      ...(labels ? [['labels', storedLabels(labels, reads === 'every' ? [T, B] : [B])] as const] : []),
      ...(options.lengths ? [['lengths', storedLabels(lengths, [B])] as const] : []),
      ...results,
    ]),
  };
}

function randomProblem(random: Random, options: TemplateOptions): Problem {
  const { cell = 'lstm', layers = 1, bidirectional = false, projection = 0, withoutBias = false } = options;
  const { loss = 'crossEntropy', reads = 'last' } = options;
  const network = completeConfig({
    inputs: I,
    layers: Array.from({ length: layers }, () => ({ hidden: H, bidirectional, projection, bias: !withoutBias, cell })),
    outputs: C,
    loss,
    reads,
  });
  const places = cellsOf(network);
  const suffixes = places.map(({ suffix }) => suffix);
  const sizes = { T, B };
  const lengths = options.lengths ? LENGTHS : Array<number>(B).fill(T);
  const stateOf = (width: number): Shape => [...(suffixes.length > 1 ? [suffixes.length] : []), B, width];
  const widths = Object.entries(places[0].cell.stateWidths(places[0]));
  const stateShapes = Object.fromEntries(widths.map(([name, N]) => [`${name}0`, stateOf(N)]));
  const normal = (shape: Shape): Tensor => {
    const tensor = zeros(shape, 'f64');
    fillRandom(tensor, () => random.normal(0, 0.7));
    return tensor;
  };
  const tensors = new Map([['x', withZeroPadding(normal([T, B, I]), lengths)]]);
  for (const [name, shape] of parameterShapesOf({ network, suffixes })) tensors.set(name, normal(shape));
  for (const [name, shape] of Object.entries(stateShapes)) tensors.set(name, normal(shape));
  if (loss === 'squaredError') {
    const targets = normal(outputShape(network, sizes));
    tensors.set('targets', reads === 'every' ? withZeroPadding(targets, lengths) : targets);
  }
  const isOutside = (row: number): boolean =>
    reads === 'every' && isBeyondEnd({ lengths }, Math.floor(row / B), row % B);
  const labels = Array.from({ length: lossRows(network, sizes) }, (_, row) => (isOutside(row) ? -1 : random.below(C)));
  return {
    cell,
    network,
    sizes,
    suffixes,
    tensors,
    labels: loss === 'crossEntropy' ? labels : undefined,
    lengths,
    stateShapes,
  };
}

/** `[T,B,…]` with zeros beyond the ends. */
function withZeroPadding(tensor: Tensor, lengths: readonly number[]): Tensor {
  lengths.forEach((length, b) => {
    for (let t = length; t < T; t++) fill(tensor.pick(t, b), 0);
  });
  return tensor;
}

function storedLabels(labels: readonly number[], shape: Shape): StoredTensor {
  if (labels.every((label) => label >= 0)) return { dtype: 'U8', shape, bytes: Uint8Array.from(labels) };
  return { dtype: 'I32', shape, bytes: new Uint8Array(Int32Array.from(labels).buffer) };
}
