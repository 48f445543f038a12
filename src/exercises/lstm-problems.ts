/** The problems of the LSTM's sequence: its backward pass, and a loss at every step. */
import type { AccumulateOptions } from '../core/backend.js';
import { fillRandom, Random } from '../core/rng.js';
import type { Shape, Tensor } from '../core/tensor.js';
import { fill, matrixOf, rowsOf, stepOf, valuesOf, zeros } from '../core/tensor.js';
import { crossEntropyBackward, crossEntropyForward, labelRows } from '../equations/cross-entropy.js';
import { denseForward } from '../equations/dense.js';
import type { RunningRows } from '../equations/lstm-step-views.js';
import type { Lstm, LstmSizes } from '../equations/lstm-tensors.js';
import { bindLstm, lstmGradientShapes, lstmShapes } from '../equations/lstm-tensors.js';
import type { lstmBackward, lstmStepBackward } from '../equations/lstm.js';
import { lstmForward, lstmStepForward } from '../equations/lstm.js';
import { gateAndUnit } from './cell-problems.js';
import type { Answer } from './evaluate.js';
import type { Behind } from './behind.js';
import { column, row, unlessTooMany } from './behind.js';
import { sequenceBackward } from './given.js';
import { lstmBehind } from './lstm-behind.js';
import type { EveryStepBackward } from './network-answers.js';
import type { Case, ExerciseChecks, Result } from './results.js';
import { assertHasRun, byIndex, numericResult, resultOf, whileReading, fixed } from './results.js';
import {
  backend,
  HELD,
  randomTensor,
  scale,
  setSpecialNumbers,
  unwritten,
  weightedSum,
  zeroTensor,
} from './tensors.js';

const stateOf: Result['meaning'] = ([row, b, n]) => `row ${row}, sequence ${b}, unit ${n}`;

/** T, B and H of an LSTM, and the numbers Iₖ of its inputs. */
interface Sizes extends Omit<LstmSizes, 'I' | 'P'> {
  readonly inputs: readonly number[];
}

interface LstmCase {
  /** Default: true. */
  readonly hasDx?: boolean;
  /** Default: true. */
  readonly hasDcUpstream?: boolean;
  /** What the gradients hold. Default: NaN. */
  readonly held?: number;
  /** Of the gradients from outside. Default: 1. */
  readonly factor?: number;
  /** See `setSpecialNumbers`. Default: false. */
  readonly isOrdinary?: boolean;
}

/** An LSTM with random parameters, inputs and initial states. Its gradients are unwritten. */
function randomLstm(
  random: Random,
  { inputs: counts, ...others }: Sizes,
  { hasDx = true, hasDcUpstream = true, held = NaN, factor = 1, isOrdinary = false }: LstmCase,
) {
  const sizes = { ...others, I: counts.reduce((sum, count) => sum + count, 0) };
  const { T, B } = sizes;
  const draw = (tensor: Tensor): Tensor => (fillRandom(tensor, () => random.normal(0, 0.7)), tensor);
  const tensors = tensorsOf(lstmShapes(sizes), zeroTensor);
  const gradients = tensorsOf(lstmGradientShapes(sizes), (shape) => unwritten(shape, held));
  const inputs = counts.map((count) => draw(zeroTensor([T, B, count])));
  draw(tensors.kernel);
  draw(tensors.bias);
  const dhUpstream = draw(zeroTensor(tensors.h.shape));
  const dcUpstream = hasDcUpstream ? { dcUpstream: draw(zeroTensor(tensors.c.shape)) } : {};
  const dInputs = hasDx ? inputs.map(({ shape }) => unwritten(shape, held)) : [];
  const all = { ...tensors, ...gradients, dhUpstream, ...dcUpstream, inputs, dInputs };
  const lstm = bindLstm(sizes, all, { forgetBias: 0.4 });
  draw(lstm.initial.h);
  draw(lstm.initial.c);
  const outside = [dhUpstream, ...Object.values(dcUpstream)];
  for (const tensor of outside) scale(tensor, factor);
  if (!isOrdinary) setSpecialNumbers([...outside, tensors.kernel, lstm.initial.h, lstm.initial.c, ...inputs]);
  lstmForward(backend, lstm);
  return lstm;
}

const tensorsOf = <Name extends string>(shapes: Readonly<Record<Name, Shape>>, make: (shape: Shape) => Tensor) =>
  Object.fromEntries(Object.entries<Shape>(shapes).map(([name, shape]) => [name, make(shape)])) as Record<Name, Tensor>;

/** `x`, or `x[0]`, `x[1]`, … if there are several inputs. */
const byInput = (name: string, all: readonly Tensor[]): Record<string, Tensor> =>
  all.length === 1 ? { [name]: all[0] } : byIndex(name, all);

interface Gradient {
  readonly name: string;
  readonly gradient: Tensor;
  readonly of: Tensor;
  readonly meaning?: Result['meaning'];
}

/** The gradients of an LSTM's parameters and inputs by name, and what each belongs to. */
function gradientsOf(lstm: Lstm): readonly Gradient[] {
  const { H } = lstm.sizes;
  const columns =
    (row: string): Result['meaning'] =>
    ([r, k]) =>
      `${row} ${r}, ${gateAndUnit(H, k)}`;
  return [
    { name: 'dWh', gradient: lstm.dWh, of: lstm.Wh, meaning: columns('unit') },
    ...Object.entries(byInput('dWx', lstm.dWx)).map(([name, gradient], k) => ({
      ...{ name, gradient, of: lstm.Wx[k], meaning: columns('input') },
    })),
    { name: 'dBias', gradient: lstm.dBias, of: lstm.bias, meaning: ([k]) => gateAndUnit(H, k) },
    ...Object.entries(byInput('dx', lstm.dInputs)).map(([name, gradient], k) => ({
      name,
      gradient,
      of: lstm.inputs[k],
    })),
  ];
}

const named = (lstm: Lstm): Result[] => [
  ...gradientsOf(lstm).map(({ name, gradient, meaning }) => resultOf(name, gradient, meaning)),
  resultOf('dh', lstm.dh, stateOf),
  resultOf('dc', lstm.dc, stateOf),
];

/** `loss`: from the states h and c. */
function numeric(lstm: Lstm, loss: () => number): Result[] {
  const whole = (): number => (lstmForward(backend, lstm), loss());
  return [
    ...gradientsOf(lstm).map(({ name, of, meaning }) => numericResult(name, of, whole, meaning)),
    numericStates('dh', lstm, lstm.h, loss),
    numericStates('dc', lstm, lstm.c, loss),
  ];
}

/** (7) for h or c of every step: the loss when the later steps continue from this state. */
function numericStates(name: string, lstm: Lstm, states: Tensor, loss: () => number): Result {
  const { steps } = lstm;
  const continued = (row: number): number => {
    const before = row > 0 ? steps[row - 1].running : undefined;
    if (states === lstm.c && before) outputOfCell(before);
    for (const { running } of steps.slice(row)) if (running) lstmStepForward(backend, lstm, running);
    return loss();
  };
  const rows = Array.from({ length: steps.length + 1 }, (_, row) => {
    lstmForward(backend, lstm);
    return [...numericResult(name, stepOf(states, row), () => continued(row)).values];
  });
  return { ...resultOf(name, states, stateOf), values: Float64Array.from(rows.flat()) };
}

/** (4) of one step, from its c and gates. */
function outputOfCell({ h, c, gates }: RunningRows): void {
  const [B, H] = h.shape;
  for (let b = 0; b < B; b++) for (let n = 0; n < H; n++) h.set(b, n, gates.get(b, 3 * H + n) * Math.tanh(c.get(b, n)));
}

/** What the backward pass reads. */
const readBackward = ({ inputs, kernel, bias, h, c, gates, dhUpstream, dcUpstream }: Lstm) => ({
  ...{ ...byInput('x', inputs), kernel, bias, h, c, gates, dhUpstream },
  ...(dcUpstream && { dcUpstream }),
});

/** What it writes. */
const writtenBackward = ({ dh, dc, dKernel, dBias, dz, dInputs }: Lstm) => ({
  ...{ ...byInput('dx', dInputs), dh, dc, dKernel, dBias, dz },
});

interface SequenceCase extends LstmCase {
  /** What the answer gets. With `accumulate`, dx already holds `beforeOf`. Default: no options. */
  readonly options?: AccumulateOptions;
}

/** What element n of a dx holds before the answer adds to it. */
const beforeOf = (n: number): number => 1 + n / 4;

/** The answer to `weights`, in the loop of the library. */
const inOurLoop = (answer: Answer): typeof lstmBackward => {
  const step = answer.lstmStepBackward as (...of: Parameters<typeof lstmStepBackward>) => unknown;
  const run: typeof lstmStepBackward = (...of) => {
    assertHasRun(step(...of));
  };
  return (given, lstm, options) => sequenceBackward(given, lstm, run, options);
};

const asItIs = (answer: Answer): typeof lstmBackward => answer.lstmBackward as typeof lstmBackward;

/** `from`: makes lstmBackward of an answer. */
function sequenceCase(
  from: (answer: Answer) => typeof lstmBackward,
  seed: number,
  sizes: Sizes,
  { options, ...has }: SequenceCase = {},
): Case {
  const accumulate = options?.accumulate === true;
  const given = options === undefined ? [] : [options];
  return {
    results(answer) {
      const lstm = randomLstm(new Random(seed), sizes, has);
      if (accumulate)
        for (const { data, offset, size } of lstm.dInputs)
          for (let n = 0; n < size; n++) data[offset + n] = beforeOf(n);
      whileReading(readBackward(lstm), writtenBackward(lstm), () => from(answer)(backend, fixed(lstm), ...given));
      return named(lstm);
    },
    expected() {
      const lstm = randomLstm(new Random(seed), sizes, has);
      const { dhUpstream, dcUpstream, h, c } = lstm;
      const loss = (): number => weightedSum(dhUpstream, h) + (dcUpstream ? weightedSum(dcUpstream, c) : 0);
      return numeric(lstm, loss).map((one) =>
        accumulate && one.name.startsWith('dx')
          ? { ...one, values: one.values.map((value, n) => value + beforeOf(n)) }
          : one,
      );
    },
    behind: (tensor, index) =>
      lstmBehind(randomLstm(new Random(seed), sizes, has), accumulate ? beforeOf : undefined, tensor, index),
  };
}

/** No loss reads the initial state, so its row is zero, and must stay so for the next training step. */
function numericUpstream({ h, sizes: { T } }: Lstm, loss: () => number): Result {
  const { values } = numericResult('dhUpstream', rowsOf(h, 1, T + 1), loss);
  const all = new Float64Array(h.size);
  all.set(values, h.size - values.length);
  return { ...resultOf('dhUpstream', h, stateOf), values: all };
}

/** A row of dLogits is zero, because it has no label. An ordinary case has no such row. */
const NO_LABEL = -1;

/** Row 0 of dhUpstream is zero. The answer writes the other rows. `factor`: of the loss. */
function everyStepCase(
  seed: number,
  sizes: Sizes,
  C: number,
  { held = NaN, factor = 1, isOrdinary = false } = {},
): Case {
  const { T, B, H } = sizes;
  const inputs = () => {
    const random = new Random(seed);
    const lstm = randomLstm(random, sizes, { hasDcUpstream: false, held, isOrdinary });
    fill(lstm.dhUpstream, held);
    fill(stepOf(lstm.dhUpstream, 0), 0);
    const [W, b, labels] = [randomTensor(random, [H, C]), randomTensor(random, [C]), zeros([T * B], 'f64')];
    if (!isOrdinary) setSpecialNumbers([W]);
    for (let row = 0; row < T * B; row++) labels.set(row, row === 1 && !isOrdinary ? NO_LABEL : random.below(C));
    const [y, logits, p] = [labelRows(labels), zeros([T * B, C], 'f64'), zeros([T * B, C], 'f64')];
    const losses = zeros([T * B], 'f64');
    const loss = (): number => {
      denseForward(backend, logits, [matrixOf(rowsOf(lstm.h, 1, T + 1))], W, b);
      crossEntropyForward(losses, p, logits, y);
      return (factor * valuesOf(losses).reduce((sum, one) => sum + one, 0)) / (T * B);
    };
    loss();
    const dLogits = zeroTensor(p.shape);
    crossEntropyBackward(dLogits, p, y, T * B);
    scale(dLogits, factor);
    return { lstm, W, b, dLogits, loss };
  };
  return {
    results(answer) {
      const { lstm, W, b, dLogits } = inputs();
      const [dW, db] = [unwritten(W.shape, held), unwritten(b.shape, held)];
      const { dhUpstream, ...read } = readBackward(lstm); // the answer fills the first
      whileReading({ ...read, dLogits, W }, { dW, db, dhUpstream, ...writtenBackward(lstm) }, () =>
        (answer.everyStepBackward as EveryStepBackward)(backend, fixed(lstm), dLogits, W, dW, db),
      );
      return [resultOf('dW', dW), resultOf('db', db), resultOf('dhUpstream', dhUpstream, stateOf), ...named(lstm)];
    },
    expected() {
      const { lstm, W, b, loss } = inputs();
      const [dW, db] = [numericResult('dW', W, loss), numericResult('db', b, loss)];
      return [dW, db, numericUpstream(lstm, loss), ...numeric(lstm, loss)];
    },
    behind(tensor, index) {
      const { lstm, W, dLogits } = inputs();
      return everyStepBehind(lstm, dLogits, W, tensor, index);
    },
  };
}

/** The rows that belong together. What lstmBackward computes follows from dhUpstream. */
function everyStepBehind(
  { h, sizes: { T, B } }: Lstm,
  dLogits: Tensor,
  W: Tensor,
  tensor: string,
  index: readonly number[],
): Behind | undefined {
  if (tensor === 'db') return { inputs: [column('dLogits', dLogits, index[0])] };
  if (tensor === 'dW') {
    const read = column('h, rows 1 to T', matrixOf(rowsOf(h, 1, T + 1)), index[0]);
    const rule = `It follows from column ${index[0]} of h, rows 1 to T, and column ${index[1]} of dLogits`;
    return unlessTooMany([read, column('dLogits', dLogits, index[1])], rule);
  }
  const [t, b, n] = index;
  if (tensor === 'dhUpstream' && t === 0) return { inputs: [], note: 'No loss reads the initial state.' };
  if ((tensor !== 'dh' && tensor !== 'dhUpstream') || t === 0)
    return { inputs: [], note: 'lstmBackward computes it from dhUpstream, which all later steps have filled.' };
  const inputs = [row('dLogits', dLogits, (t - 1) * B + b), row('W', W, n)];
  return t === T || tensor === 'dhUpstream'
    ? { inputs }
    : { inputs, note: 'These give dhUpstream; lstmBackward adds the terms of later steps.' };
}

/** The smallest come first: their numbers can be recomputed by hand. */
const sequenceCases = (from: (answer: Answer) => typeof lstmBackward): readonly Case[] => [
  sequenceCase(from, 10, { T: 3, B: 1, inputs: [1, 3, 2], H: 2 }, { hasDcUpstream: false, held: HELD, options: {} }),
  sequenceCase(from, 9, { T: 1, B: 2, inputs: [3], H: 1 }, { options: { accumulate: false } }),
  sequenceCase(from, 8, { T: 4, B: 3, inputs: [2], H: 5 }, { factor: 100 }),
  sequenceCase(from, 11, { T: 2, B: 2, inputs: [3, 1], H: 2 }, { options: { accumulate: true } }),
  sequenceCase(from, 12, { T: 3, B: 3, inputs: [2], H: 1 }, { hasDcUpstream: false, options: { accumulate: true } }),
  sequenceCase(from, 14, { T: 2, B: 1, inputs: [2], H: 1 }, { hasDx: false, hasDcUpstream: false }),
  sequenceCase(from, 15, { T: 4, B: 3, inputs: [3, 3, 2], H: 5 }, { held: HELD, isOrdinary: true }),
];

export const LSTM_PROBLEMS: Readonly<Record<string, ExerciseChecks>> = {
  weights: {
    exports: ['lstmStepBackward'],
    written: ['lstmStepBackward', 'lstmBackward'],
    cases: sequenceCases(inOurLoop),
  },
  'through-time': { exports: ['lstmBackward'], cases: sequenceCases(asItIs) },
  'every-step': {
    exports: ['everyStepBackward'],
    cases: [
      everyStepCase(13, { T: 2, B: 1, inputs: [1], H: 3 }, 2, { held: HELD }),
      everyStepCase(12, { T: 1, B: 3, inputs: [2], H: 2 }, 4),
      everyStepCase(11, { T: 4, B: 2, inputs: [3], H: 5 }, 3, { factor: 800 }),
      everyStepCase(15, { T: 4, B: 3, inputs: [3], H: 5 }, 4, { held: HELD, isOrdinary: true }),
    ],
  },
};
