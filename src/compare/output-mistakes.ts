/**
 * What a mistake is; and the mistakes behind the cells: in the loss, which need no new pass, and in what the output layer reads.
 */
import { counted } from '../core/arguments.js';
import { type Backend, allocateAll, freeAll } from '../core/backend.js';
import { type Tensor, type Shape, matrixOf, rowsOf, stepOf, valuesOf, tensorFrom } from '../core/tensor.js';
import { type BoundCell, outputRows } from '../cells/cell.js';
import { lossRows } from '../network/config.js';
import { outputViews } from '../network/layers.js';
import { NetworkOutput } from '../network/output.js';
import { type Problem, type Results, countsRow, isBeyondEnd, parameterShapesOf, shapesOf } from './problem.js';
import { type Passes, answersOf, solve, given } from './solve.js';

/** The mistakes in the loss of this problem. */
export function lossMistakes(problem: Problem, theirs: Results): Mistake[] {
  return scalesOf(problem)
    .filter(({ factor }) => factor !== 1)
    .flatMap((scale) => scaledLoss(scale, theirs));
}

/** Another loss, `factor` times the mean, in words about a loss and about the losses of the rows. */
interface Scale {
  readonly factor: number;
  readonly loss: string;
  readonly losses: string;
}

function scalesOf(problem: Problem): Scale[] {
  const { network, sizes, lengths } = problem;
  const rows = lossRows(network, sizes);
  const counts = Array.from({ length: rows }, (_, row) => Number(countsRow(problem, row)));
  const count = counts.reduce((sum, one) => sum + one, 0);
  const sum = (factor: number, over: string): Scale => {
    return { factor, loss: `the sum over ${over}`, losses: `the sum of the losses over ${over}` };
  };
  const other = (factor: number, words: string): Scale => ({ factor, loss: words, losses: words });
  const scales: Scale[] = [];
  if (network.reads === 'last') scales.push(sum(count, 'the batch'));
  else {
    scales.push(sum(count, 'the steps and the batch'));
    if (sizes.B > 1) scales.push(sum(count / sizes.B, 'the steps, averaged over the batch'));
    if (sizes.T > 1 && count === rows) scales.push(sum(sizes.B, 'the batch, averaged over the steps'));
    const inside = lengths.reduce((total, length) => total + length, 0);
    if (inside !== rows)
      scales.push(other(count / inside, 'divided by all steps up to the ends, also those of label -1'));
  }
  const all = problem.labels
    ? `${counted(rows, 'label')}, also those that do not count`
    : `${counted(rows, 'step')}, also those beyond the ends`;
  scales.push(other(count / rows, `divided by all ${all}`));
  if (network.loss === 'squaredError') {
    scales.push(other(1 / 2, 'half of the mean squared error'));
    scales.push(other(network.outputs, 'the mean of the sum over the outputs'));
    scales.push(other(network.outputs * count, 'the sum over all elements'));
  }
  return scales;
}

/** The loss with its gradients, or the gradients alone. Only the loss can distinguish the two. */
function scaledLoss({ factor, loss, losses }: Scale, theirs: Results): Mistake[] {
  const times = (isChanged: (name: string) => boolean, words: string): Mistake => ({
    words,
    changeBack: (results) => withResults(results, isChanged, (values) => values.map((value) => value * factor)),
  });
  const whole = times((name) => name === 'loss' || isGradient(name), `the loss is ${loss}; here it is the mean`);
  const gradients = times(isGradient, `the gradients are those of ${losses}; here they are those of the mean`);
  return theirs.has('loss') ? [whole, gradients] : [gradients];
}

/** What a program does wrong. Nothing by default. */
interface Treatment {
  /** The layer above, and the report, have the reverse outputs in the order in which they were computed. */
  readonly isNotTurnedBack?: boolean;
  /** An output layer that reads the last state reads that of the reverse direction after its first step. */
  readonly readsFirst?: boolean;
  /** The loss counts the steps beyond the ends. There h is 0, as PyTorch's pad_packed_sequence sets it. */
  readonly countsPadding?: boolean;
}

const mistaken = (problem: Problem, words: string, treatment: Treatment): Mistake => ({
  words,
  pass: (backend, onStep) => solve(backend, problem, onStep, passesWith(treatment)),
});

/** The mistakes in the order of the steps of this problem's reverse directions. */
export function turnedMistakes(problem: Problem): Mistake[] {
  const { layers, reads } = problem.network;
  const hasReverse = layers.some(({ bidirectional }) => bidirectional);
  if (!hasReverse || problem.lengths.every((length) => length === 1)) return [];
  const notTurned = "the reverse direction's outputs are not turned back";
  const first = mistaken(problem, `${notTurned}: its first one stands at step 0`, { isNotTurnedBack: true });
  if (reads !== 'last' || !layers[layers.length - 1].bidirectional) return [first];
  return [
    first,
    mistaken(
      problem,
      "the output layer reads the reverse direction's state at the sequence's end; here it reads that at step 0",
      { readsFirst: true },
    ),
    mistaken(problem, `${notTurned}, but the output layer reads them at step 0`, {
      isNotTurnedBack: true,
      readsFirst: true,
    }),
  ];
}

/** With a loss at every step, the padding counts in it. Then labels and targets must be right there. */
export function paddingInLoss(problem: Problem): Mistake[] {
  const { network, sizes, labels, tensors } = problem;
  if (network.reads === 'last') return [];
  const rows = [...Array(lossRows(network, sizes)).keys()];
  const padding = rows.filter(
    (row) => isBeyondEnd(problem, Math.floor(row / sizes.B), row % sizes.B) && (!labels || labels[row] >= 0),
  );
  const isFinite = (row: number): boolean => {
    const targets = tensors.get('targets');
    return targets !== undefined && valuesOf(matrixOf(targets).pick(row)).every((value) => Number.isFinite(value));
  };
  const isComputable = padding.every((row) => (labels ? labels[row] < network.outputs : isFinite(row)));
  if (padding.length === 0 || !isComputable) return [];
  return [mistaken(problem, 'the padding counts in the loss, with h = 0 there', { countsPadding: true })];
}

/**
 * The passes of src/network/network.ts. But what a reverse direction has computed is turned for its readers: output s then belongs to
 * step length-1-s. Before the direction's own backward pass it is turned again, with the gradients that its readers have written.
 */
export const passesWith =
  ({ isNotTurnedBack = false, readsFirst = false, countsPadding = false }: Treatment): Passes =>
  async (network, problem) => {
    const { backend, config, sizes, activations, layers } = network;
    const top = layers[layers.length - 1];
    const [kernel, bias] = network.parameters.slice(-2);
    const output = new NetworkOutput(backend, config, sizes, activations, { kernel, bias });
    output.set({
      ...answersOf(problem),
      lengths: countsPadding ? problem.lengths.map(() => sizes.T) : problem.lengths,
    });
    const turnStates = (directions: readonly BoundCell[]): void => {
      for (const { reverse, outputs } of directions)
        if (reverse) for (const states of Object.values(outputs)) turn(backend, states, problem.lengths);
    };
    const isTurnedFor = (directions: readonly BoundCell[]): boolean =>
      directions === top && config.reads === 'last' ? readsFirst : isNotTurnedBack;

    for (const directions of layers) {
      for (const cell of directions) cell.forward(backend);
      if (isTurnedFor(directions)) turnStates(directions);
    }
    const views = outputViews(config, top);
    const copies = countsPadding ? top.map(({ outputs: { h } }) => allocateAll(backend, { h: h.shape })) : [];
    copies.forEach(({ h }, n) => {
      backend.copy(h, top[n].outputs.h);
      clearPadding(backend, top[n].outputs.h, problem.lengths);
    });
    output.forward(views);
    output.backward(views);
    const { loss } = await output.metrics();
    copies.forEach(({ h }, n) => {
      backend.copy(top[n].outputs.h, h); // the cell reads what it has computed
      clearPadding(backend, dOutputsOf(top[n]), problem.lengths);
      freeAll(backend, { h });
    });
    for (const directions of [...layers].reverse()) {
      if (isTurnedFor(directions)) {
        turnStates(directions);
        for (const cell of directions) if (cell.reverse) turn(backend, dOutputsOf(cell), problem.lengths);
      }
      directions.forEach((cell, k) => cell.backward(backend, { accumulate: k > 0 }));
    }
    if (isNotTurnedBack) turnStates(top); // for the report
    return loss;
  };

/** ∂loss/∂h of the states after each step, `[T,B,H]`. */
const dOutputsOf = (cell: BoundCell): Tensor => outputRows(cell, cell.activations.dhUpstream);

/** Writes zeros beyond the ends of the sequences `[T,B,N]`. */
function clearPadding(backend: Backend, tensor: Tensor, lengths: readonly number[]): void {
  lengths.forEach((length, b) => {
    for (let t = length; t < tensor.shape[0]; t++) backend.fill(rowsOf(stepOf(tensor, t), b, b + 1), 0);
  });
}

/** Reverses the order of the steps of each sequence `[T,B,N]`. Sequences of one length, which are neighbours, are turned together. */
function turn(backend: Backend, tensor: Tensor, lengths: readonly number[]): void {
  const { copy } = allocateAll(backend, { copy: tensor.shape });
  backend.copy(copy, tensor);
  for (let first = 0; first < lengths.length;) {
    const length = lengths[first];
    const end = lengths.lastIndexOf(length) + 1;
    const rows = (of: Tensor, t: number): Tensor => rowsOf(stepOf(of, t), first, end);
    for (let t = 0; t < length; t++) backend.copy(rows(tensor, t), rows(copy, length - 1 - t));
    first = end;
  }
  freeAll(backend, { copy });
}

/** A mistake that changes a result of the file's problem. */
export interface Mistake {
  /** What is wrong, to follow “an LSTM in which” or “a GRU in which”. */
  readonly words: string;
  /** A pass with the mistake. Missing if `changeBack` makes it from the right results. */
  readonly pass?: (backend: Backend, onStep: (share: number) => void) => Promise<Results>;
  /** The results in the mistaken program's layout. Missing if they are in it. */
  readonly changeBack?: (results: Results) => Results;
}

/** A pass over a problem for which this program computes the mistaken program's numbers. */
export const passOf =
  (change: () => Problem): Required<Mistake>['pass'] =>
  (backend, onStep) =>
    solve(backend, change(), onStep);

/** The problem with some inputs changed. */
export function withTensors(
  problem: Problem,
  names: readonly string[],
  change: (tensor: Tensor, name: string) => Tensor,
): Problem {
  const changed = names.map((name) => [name, change(given(problem, name), name)] as const);
  return { ...problem, tensors: new Map([...problem.tensors, ...changed]) };
}

/** The results with some of them changed. */
function withResults(
  results: Results,
  isChanged: (name: string) => boolean,
  change: (values: Float64Array, name: string) => Float64Array,
): Results {
  return new Map([...results].map(([name, values]) => [name, isChanged(name) ? change(values, name) : values]));
}

/** Whether a result is a gradient. */
const isGradient = (name: string): boolean => name.startsWith('d.');

/** Where another program has the numbers of one of our tensors. */
export interface Place {
  /** Its tensor. Default: the one with the same name. */
  readonly from?: string;
  /** The place in its tensor of number n of ours. Default: n. */
  readonly at?: ((n: number) => number) | undefined;
  /** What it multiplies number n of ours by, 1 or -1. Default: 1. */
  readonly sign?: (n: number) => number;
}

/** The places of a parameter, of h0, c0, h or c. A gradient has those of its input. */
export type Layout = (name: string, shape: Shape) => Place;

/** `at` of a tensor that differs in one axis alone: index k of ours is index `indexOf(k)` of theirs. */
export function alongAxis(shape: Shape, axis: number, indexOf: (k: number) => number): (n: number) => number {
  const stride = shape.slice(axis + 1).reduce((product, extent) => product * extent, 1);
  return (n) => {
    const k = Math.floor(n / stride) % shape[axis];
    return n + (indexOf(k) - k) * stride;
  };
}

/** The other program has gates, rows, layers, directions or states in another order. `hasPass`: it changes an input. Default: true. */
export function otherLayout(problem: Problem, words: string, layout: Layout, hasPass = true): Mistake {
  const toOurs = (tensor: Tensor, name: string): Tensor => {
    const { from = name, at = (n: number) => n, sign = () => 1 } = layout(name, tensor.shape);
    const values = valuesOf(problem.tensors.get(from) ?? tensor);
    return tensorFrom(
      values.map((_, n) => sign(n) * values[at(n)]),
      tensor.shape,
    );
  };
  const changed = (): Problem => {
    const names = [...parameterShapesOf(problem).keys(), 'h0', 'c0'];
    const given = names.filter((name) => problem.tensors.has(name));
    return withTensors(problem, given, toOurs);
  };
  const changeBack = (results: Results): Results => {
    const shapes = shapesOf(problem);
    const back = new Map(results);
    for (const [name, ours] of results) {
      const prefix = isGradient(name) ? 'd.' : '';
      const own = name.slice(prefix.length);
      const { from = own, at = (n: number) => n, sign = () => 1 } = layout(own, shapes.get(name) ?? []);
      const theirs = new Float64Array(ours.length);
      ours.forEach((value, n) => (theirs[at(n)] = sign(n) * value));
      back.set(prefix + from, theirs);
    }
    return back;
  };
  return { words, ...(hasPass && { pass: passOf(changed) }), changeBack };
}
