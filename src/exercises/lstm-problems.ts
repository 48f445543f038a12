/** The problems of the LSTM's sequence: its backward pass, and a loss at every step. */
import type { AccumulateOptions } from '../core/backend.js';
import { Random } from '../core/rng.js';
import { type Tensor, fill, matrixOf, rowsOf, stepOf, valuesOf, zeros } from '../core/tensor.js';
import { crossEntropyBackward, crossEntropyForward, labelRows } from '../equations/cross-entropy.js';
import { DENSE_CASES } from './dense-problems.js';
import { denseForward } from '../equations/dense.js';
import type { Lstm } from '../equations/lstm-tensors.js';
import type { lstmBackward, lstmStepBackward } from '../equations/lstm.js';
import type { Answer } from './evaluate.js';
import { type Behind, column, row, unlessTooMany } from './behind.js';
import { sequenceBackward } from './given.js';
import { lstmBehind, named, numeric, randomLstm, readBackward, stateOf, writtenBackward } from './lstm-inputs.js';
import type { LstmCase, Sizes } from './lstm-inputs.js';
import type { EveryStepBackward } from './network-answers.js';
import type { Case, ExerciseChecks, Result } from './results.js';
import { assertHasRun, numericResult, resultOf, whileReading, fixed } from './results.js';
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
    exports: ['everyStepBackward', 'denseBackward'],
    cases: [
      ...DENSE_CASES,
      everyStepCase(13, { T: 2, B: 1, inputs: [1], H: 3 }, 2, { held: HELD }),
      everyStepCase(12, { T: 1, B: 3, inputs: [2], H: 2 }, 4),
      everyStepCase(11, { T: 4, B: 2, inputs: [3], H: 5 }, 3, { factor: 800 }),
      everyStepCase(15, { T: 4, B: 3, inputs: [3], H: 5 }, 4, { held: HELD, isOrdinary: true }),
    ],
  },
};
