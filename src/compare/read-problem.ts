/** Reads a file: the problem that both programs solve, and the other program's results. Then the limits: memory and time. */
import { counted } from '../core/arguments.js';
import { DataError } from '../core/errors.js';
import { type Shape, type Tensor, findNonFinite, formatShape, indexOf, valuesOf } from '../core/tensor.js';
import { type Safetensors, quote } from '../files/safetensors.js';
import { floatsNamed, integersNamed, shapeNamed } from '../files/stored-tensors.js';
import type { BatchSizes, NetworkConfig } from '../network/config.js';
import { cellsOf, formatUnits, lossRows, outputShape, formatNetwork } from '../network/config.js';
import { elementCountOfActivations, elementCountOfParameters } from '../network/memory.js';
import { type NamedNetwork, assertParameterShapes, namedNetworkIn } from './named-network.js';
import type { Shapes } from '../cells/cell.js';
import type { Problem, Results } from './problem.js';
import {
  blocksOf,
  cellsIn,
  countsRow,
  hasPadding,
  isBeyondEnd,
  parameterShapesOf,
  shapesOf,
  withSequences,
} from './problem.js';

/** The problem in a file. Throws a DataError if a tensor is missing or has another shape, or the problem is too large. */
export function problemOf(file: Safetensors, name: string): Problem {
  const named = namedNetworkIn(file, name);
  const { network, sizes } = named;
  assertFits(network, sizes, name);
  const lengths = lengthsIn(file, sizes, name);
  const withLengths = { ...named, lengths };
  const x = finiteInside(file, 'x', [sizes.T, sizes.B, network.inputs], withLengths, name);
  const answers = answersIn(file, withLengths, name);
  assertParameterShapes(file, named, name);
  const tensors = new Map([['x', x]]);
  for (const [key, shape] of parameterShapesOf(named)) tensors.set(key, floatsNamed(file, key, shape, name));
  const stateShapes = stateShapesIn(file, named, name);
  for (const [key, shape] of Object.entries(stateShapes ?? {})) {
    if (!file.tensors.has(key)) continue;
    shapeNamed(file, key, shape, name, shape.length === 3 ? ' = [layers·directions,B,H]' : '');
    tensors.set(key, floatsNamed(file, key, shape, name));
  }
  if (answers.targets) tensors.set('targets', answers.targets);
  const problem = { ...withLengths, tensors, labels: answers.labels, stateShapes };
  assertSomethingCounts(problem, file, name);
  return problem;
}

function lengthsIn(file: Safetensors, { T, B }: Problem['sizes'], name: string): number[] {
  if (!file.tensors.has('lengths')) return Array<number>(B).fill(T);
  const lengths = [...integersNamed(file, 'lengths', [B], name)];
  const wrong = lengths.findIndex((length) => !(length >= 1 && length <= T));
  if (wrong >= 0) {
    throw new DataError(
      `${name}: lengths[${wrong}] is ${lengths[wrong]}: lengths [${B}] must be 1…${T}, since x has ${counted(T, 'step')}`,
    );
  }
  return lengths;
}

type WithLengths = NamedNetwork & Pick<Problem, 'lengths'>;

/** A tensor `[T,B,…]` of finite numbers; beyond the ends it may hold NaN and infinities. */
function finiteInside(file: Safetensors, key: string, shape: Shape, problem: WithLengths, name: string): Tensor {
  if (!hasPadding(problem)) return floatsNamed(file, key, shape, name);
  const tensor = floatsNamed(file, key, shape, name, { allowNonFinite: true });
  const wrong = findNonFinite(tensor, ([t, b]) => !isBeyondEnd(problem, t, b));
  if (!wrong) return tensor;
  const where = `${name}: tensor ${quote(key)}: element ${formatShape(wrong.index)}`;
  throw new DataError(`${where} is ${wrong.value}, must be finite: sequence ${wrong.index[1]} has not ended there`);
}

/** Labels or targets: what the loss compares the logits with. */
function answersIn(file: Safetensors, problem: WithLengths, name: string): { labels?: number[]; targets?: Tensor } {
  const { network, sizes } = problem;
  const isEntropy = network.loss === 'crossEntropy';
  const shape = outputShape(network, sizes);
  const other = file.tensors.get(isEntropy ? 'targets' : 'labels');
  if (other) {
    const [needed, unneeded] = isEntropy ? ['labels', 'targets'] : ['targets', 'labels'];
    const expected = formatShape(isEntropy ? shape.slice(0, -1) : shape);
    const advice = isEntropy ? '; for targets, set metadata loss to squaredError' : '';
    throw new DataError(
      `${name}: tensor ${quote(unneeded)} is ${quote(other.shape)}, but the loss is ${network.loss}, which needs only ` +
        `${needed} ${expected}${advice}`,
    );
  }
  if (isEntropy) return { labels: labelsIn(file, problem, name) };
  if (network.reads === 'last') {
    shapeNamed(file, 'targets', shape, name, otherReads(file, 'targets', 3));
    return { targets: floatsNamed(file, 'targets', shape, name) };
  }
  shapeNamed(file, 'targets', shape, name, '; reads is every');
  return { targets: finiteInside(file, 'targets', shape, problem, name) };
}

function labelsIn(file: Safetensors, problem: WithLengths, name: string): number[] {
  const { network, sizes } = problem;
  const { T, B } = sizes;
  const shape = network.reads === 'every' ? [T, B] : [B];
  shapeNamed(
    file,
    'labels',
    shape,
    name,
    network.reads === 'every' ? '; reads is every' : otherReads(file, 'labels', 2),
  );
  const labels = [...integersNamed(file, 'labels', shape, name)];
  const C = network.outputs;
  const isWrong = (label: number, row: number): boolean =>
    !(label >= -1 && label < C) && countsRow({ ...problem, labels: undefined }, row);
  const wrong = labels.findIndex(isWrong);
  if (wrong >= 0) {
    const at = indexOf(wrong, shape).join(',');
    throw new DataError(
      `${name}: label ${labels[wrong]} at ${at}: outKernel has classes 0…${C - 1}; -1 does not count`,
    );
  }
  return labels;
}

/** A hint for answers at every step, if the network reads the last one. */
const otherReads = ({ tensors }: Safetensors, key: string, axesOfEvery: number): string =>
  tensors.get(key)?.shape.length === axesOfEvery ? '; for a loss at every step, set metadata reads to every' : '';

/** h0 and c0 may be missing; then d.h0 and d.c0 show whether the other program stacks its states. */
function stateShapesIn(
  file: Safetensors,
  { network, sizes, suffixes }: NamedNetwork,
  name: string,
): Shapes | undefined {
  const [{ cell, ...place }] = cellsOf(network);
  const { H, P = H } = place;
  if (network.layers.some(({ hidden, projection }) => hidden !== H || (projection || hidden) !== P)) {
    const given = ['h0', 'c0', 'd.h0', 'd.c0'].find((key) => file.tensors.has(key));
    if (given === undefined) return undefined;
    const shape = quote(file.tensors.get(given)?.shape);
    throw new DataError(
      `${name}: tensor ${quote(given)} is ${shape}, must be left out: the layers have H ${network.layers.map(formatUnits).join(', ')}, so their ` +
        'states cannot be stacked as [layers·directions,B,H]',
    );
  }
  const shapes = Object.entries(cell.stateWidths(place)).map(([state, N]) => {
    const key = `${state}0`;
    const given = (file.tensors.get(key) ?? file.tensors.get(`d.${key}`))?.shape;
    const isStacked = suffixes.length > 1 || given?.length === 3;
    return [key, [...(isStacked ? [suffixes.length] : []), sizes.B, N]] as const;
  });
  return Object.fromEntries<Shape>(shapes);
}

function assertSomethingCounts(problem: Problem, { tensors }: Safetensors, name: string): void {
  const { network, sizes } = problem;
  const rows = lossRows(network, sizes);
  for (let row = 0; row < rows; row++) if (countsRow(problem, row)) return;
  throw new DataError(
    `${name}: tensor "labels" is ${quote(tensors.get('labels')?.shape)}, but none counts: each is -1 or beyond its ` +
      `sequence's end; at least one must be a class 0…${network.outputs - 1}`,
  );
}

/** The other program's results. NaN is allowed and counts as a difference. */
export function resultsOf(file: Safetensors, problem: Problem, name: string): Results {
  const shapes = shapesOf(problem);
  assertKnownGradients(file, shapes, name);
  const given = [...shapes.keys()].filter((key) => file.tensors.has(key));
  if (given.length === 0)
    throw new DataError(`${name}: nothing to compare: it has none of ${[...shapes.keys()].join(', ')}`);
  return new Map(
    given.map((key) => {
      // a single number may come as [] or as [1]
      const isSingle = key === 'loss' && formatShape(file.tensors.get(key)?.shape ?? []) === '[1]';
      const shape = isSingle ? [1] : (shapes.get(key) ?? []);
      return [key, valuesOf(floatsNamed(file, key, shape, name, { allowNonFinite: true }))];
    }),
  );
}

/** Refuses a gradient of what is no input of this problem, or of a misspelt one: it would not be compared. */
function assertKnownGradients({ tensors }: Safetensors, shapes: ReadonlyMap<string, Shape>, name: string): void {
  for (const [key, { shape }] of tensors) {
    if (shapes.has(key) || !key.startsWith('d.')) continue;
    const input = key.slice(2);
    const why = tensors.has(input) ? `${quote(input)} has no gradient` : `the file has no ${quote(input)}`;
    throw new DataError(`${name}: tensor ${quote(key)} is ${quote(shape)}, but ${why}`);
  }
}

/** For f64 tensors. This limit holds in a browser too; src/cli/memory.ts also checks this computer's memory. */
const MOST_BYTES = 4 * 2 ** 30;

/** The views of a step of an LSTM take up to 6,000 bytes of V8's heap: 600 MB for this many steps. */
const MOST_STEPS = 100_000;

/**
 * How many numbers a comparison holds at once: the present pass's network, networks that are not collected yet, and copies
 * of inputs and results. The measured peak is 15 to 17 tensors a parameter (H 1200 and 2000), and 1.8 times the activations
 * if nearly all numbers are activations; 2.3 times with two bidirectional layers and lengths.
 */
export const elementCountOfComparison = (network: NetworkConfig, sizes: BatchSizes): number =>
  16 * elementCountOfParameters(network) + 2 * elementCountOfActivations(network, sizes);

/** Throws a DataError if a comparison would need too much memory, before anything is allocated. */
function assertFits(network: NetworkConfig, sizes: BatchSizes, name: string): void {
  const bytes = 8 * elementCountOfComparison(network, sizes);
  const mostSteps = Math.floor(MOST_STEPS / cellsOf(network).length);
  if (sizes.T > mostSteps || bytes > MOST_BYTES) {
    throw new DataError(
      `${name}: ${formatNetwork(network, sizes)} is too large to compare: ${(bytes / 2 ** 30).toFixed(1)} GiB ` +
        `(at most ${counted(mostSteps, 'step')} and ${MOST_BYTES / 2 ** 30} GiB): take fewer sequences or steps`,
    );
  }
}

/** A piece of the comparison is measured, so the estimate fits every computer. */
export const LONGEST_PASS_SECONDS = 30;
export const LONGEST_SEARCH_SECONDS = 30;

/** Returns milliseconds since any fixed moment. @inline */
export type Clock = () => number;

/** Throws a DataError with the estimate if one pass of `solve` would take too long. */
export async function assertQuick(
  problem: Problem,
  solve: (piece: Problem) => Promise<unknown>,
  clock: Clock,
  name: string,
): Promise<void> {
  const seconds = (await estimatedMs(problem, solve, clock)) / 1000;
  if (seconds <= LONGEST_PASS_SECONDS) return;
  throw new DataError(
    `${name}: ${formatNetwork(problem.network, problem.sizes)}: one pass would take about ${formatSeconds(seconds)}, more than ` +
      `${LONGEST_PASS_SECONDS} s: take fewer sequences or steps, or pass --no-limit`,
  );
}

const formatSeconds = (seconds: number): string =>
  seconds < 600 ? `${seconds.toFixed(0)} s` : `${(seconds / 60).toFixed(0)} minutes`;

/** The measured piece takes at least this long: shorter times are imprecise. It runs twice: code is slow at first. */
const ENOUGH_MS = 200;
const FIRST_STEPS = 8;
/** The most multiplications in x·Wx and h·Wh of a piece's step (a tenth of a second), unless one sequence has more. */
const PRODUCTS_OF_A_STEP = 1e8;

/**
 * Measures the first steps of some sequences, the longest ones. Each piece copies the parameters, so the estimate is a
 * little long.
 */
async function estimatedMs(
  problem: Problem,
  solve: (piece: Problem) => Promise<unknown>,
  clock: Clock,
): Promise<number> {
  const { lengths, sizes } = problem;
  const products = sumOf(cellsIn(problem).map(({ I, H }) => (I + H) * blocksOf(problem.cell) * H));
  const count = Math.max(1, Math.min(sizes.B, Math.floor(PRODUCTS_OF_A_STEP / products)));
  const longest = [...lengths.keys()].sort((a, b) => lengths[b] - lengths[a]).slice(0, count);
  const T = lengths[longest[0]];
  for (let steps = Math.min(T, FIRST_STEPS); ; steps = Math.min(T, 2 * steps)) {
    const piece = withSequences(firstSteps(problem, steps), longest);
    const isEnough = (ms: number): boolean => ms >= ENOUGH_MS || steps === T;
    const first = await msOf(() => solve(piece), clock);
    if (!isEnough(first)) continue;
    const ms = Math.min(first, await msOf(() => solve(piece), clock));
    if (isEnough(ms)) return (ms * sumOf(lengths)) / sumOf(piece.lengths);
  }
}

const sumOf = (numbers: readonly number[]): number => numbers.reduce((sum, number) => sum + number, 0);

async function msOf(work: () => Promise<unknown>, clock: Clock): Promise<number> {
  const startedAt = clock();
  await work();
  return clock() - startedAt;
}

/** The first T steps. Every label counts, so that something does. */
function firstSteps(problem: Problem, T: number): Problem {
  const { network, sizes, tensors, labels, lengths } = problem;
  const rows = network.reads === 'every' ? T * sizes.B : sizes.B;
  const isInSteps = (name: string): boolean => name === 'x' || (name === 'targets' && network.reads === 'every');
  return {
    ...problem,
    sizes: { ...sizes, T },
    tensors: new Map([...tensors].map(([name, tensor]) => [name, isInSteps(name) ? tensor.hi(T) : tensor])),
    labels: labels?.slice(0, rows).map((label) => Math.max(0, label)),
    lengths: lengths.map((length) => Math.min(length, T)),
  };
}
