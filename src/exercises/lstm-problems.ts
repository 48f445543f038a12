/** The problems of the LSTM: its cell backward, the sequence backward, and a loss at every step. */
import { allocateAll } from '../core/backend.js';
import { fillRandom, Random } from '../core/rng.js';
import type { Tensor } from '../core/tensor.js';
import { fill, matrixOf, rowsOf, stepOf, valuesOf, zeros } from '../core/tensor.js';
import { crossEntropyBackward, crossEntropyForward, labelRows } from '../equations/cross-entropy.js';
import { denseForward } from '../equations/dense.js';
import type { RunningRows } from '../equations/lstm-step-views.js';
import type { Lstm, LstmSizes } from '../equations/lstm-tensors.js';
import { bindLstm, lstmGradientShapes, lstmShapes } from '../equations/lstm-tensors.js';
import type { lstmBackward, lstmCellBackward } from '../equations/lstm.js';
import { lstmCellForward, lstmForward, lstmStepForward } from '../equations/lstm.js';
import type { Case, ExerciseChecks, Result } from './results.js';
import { byIndex, numericResult, resultOf, whileReading, fixed } from './results.js';
import { backend, HELD, randomTensor, unwritten, weightedSum } from './small-problems.js';

const gateAndUnit = (H: number, column: number): string => `gate ${'ijfo'[Math.floor(column / H)]}, unit ${column % H}`;
const unitOf: Result['meaning'] = ([b, n]) => `sequence ${b}, unit ${n}`;
const stateOf: Result['meaning'] = ([row, b, n]) => `row ${row}, sequence ${b}, unit ${n}`;

type CellResult = 'dz' | 'dc' | 'dcPrev';

/** Equations (4′)–(2′) of one step, with random states. No gradient reaches one unit. The results have the order of `names`. */
function cellCase(seed: number, B: number, H: number, names: readonly CellResult[], held?: number): Case {
  const inputs = () => {
    const random = new Random(seed);
    const draw = (columns: number): Tensor => randomTensor(random, [B, columns]);
    const [z, cPrev, dh, dc, dcPrev] = [draw(4 * H), draw(H), draw(H), draw(H), draw(H)];
    for (const gradient of [dh, dc]) gradient.set(0, 1, 0);
    const [h, c, gates] = [unwritten([B, H]), unwritten([B, H]), unwritten([B, 4 * H])];
    lstmCellForward(h, c, gates, z, cPrev, 0.7);
    return { z, cPrev, dh, dc, dcPrev, h, c, gates };
  };
  const meanings = {
    dz: ([b, k]: readonly number[]) => `sequence ${b}, ${gateAndUnit(H, k)}`,
    dc: unitOf,
    dcPrev: unitOf,
  };
  return {
    results(answer) {
      const { cPrev, dh, dc, dcPrev, c, gates } = inputs();
      const dz = unwritten([B, 4 * H], held);
      whileReading({ dh, gates, c, cPrev }, { dz, dc, dcPrev }, () =>
        (answer.lstmCellBackward as typeof lstmCellBackward)(dz, dc, dcPrev, dh, gates, c, cPrev),
      );
      const all = { dz, dc, dcPrev };
      return names.map((name) => resultOf(name, all[name], meanings[name]));
    },
    expected() {
      const { z, cPrev, dh, dc, dcPrev, h, c, gates } = inputs();
      // dh, dc and dcPrev are what later steps and the outside have contributed: the gradients of a weighted sum
      const loss = (): number => {
        lstmCellForward(h, c, gates, z, cPrev, 0.7);
        return weightedSum(dh, h) + weightedSum(dc, c) + weightedSum(dcPrev, cPrev);
      };
      const hOfC = (): number => {
        let sum = weightedSum(dc, c);
        for (let b = 0; b < B; b++)
          for (let n = 0; n < H; n++) sum += dh.get(b, n) * gates.get(b, 3 * H + n) * Math.tanh(c.get(b, n));
        return sum;
      };
      const gradients = {
        dz: () => numericResult('dz', z, loss, meanings.dz),
        dc: () => (loss(), numericResult('dc', c, hOfC, meanings.dc)), // at the right c and gates
        dcPrev: () => numericResult('dcPrev', cPrev, loss, meanings.dcPrev),
      };
      return names.map((name) => gradients[name]());
    },
  };
}

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
}

/** An LSTM with random parameters, inputs and initial states. Its gradients are unwritten. */
function randomLstm(
  random: Random,
  { inputs: counts, ...others }: Sizes,
  { hasDx = true, hasDcUpstream = true, held = NaN }: LstmCase,
) {
  const sizes = { ...others, I: counts.reduce((sum, count) => sum + count, 0) };
  const { T, B } = sizes;
  const draw = (tensor: Tensor): Tensor => (fillRandom(tensor, () => random.normal(0, 0.7)), tensor);
  const tensors = allocateAll(backend, lstmShapes(sizes));
  const gradients = allocateAll(backend, lstmGradientShapes(sizes));
  for (const gradient of Object.values(gradients)) fill(gradient, held);
  const inputs = counts.map((count) => draw(zeros([T, B, count], 'f64')));
  draw(tensors.kernel);
  draw(tensors.bias);
  draw(gradients.dhUpstream);
  const dcUpstream = hasDcUpstream ? { dcUpstream: draw(zeros(tensors.c.shape, 'f64')) } : {};
  const dInputs = hasDx ? inputs.map(({ shape }) => unwritten(shape, held)) : [];
  const lstm = bindLstm(sizes, { ...tensors, ...gradients, ...dcUpstream, inputs, dInputs }, { forgetBias: 0.4 });
  draw(lstm.initial.h);
  draw(lstm.initial.c);
  lstmForward(backend, lstm);
  return lstm;
}

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

/** With `accumulate`, dx already holds 1 in each element. */
function sequenceCase(
  seed: number,
  sizes: Sizes,
  { accumulate = false, ...has }: LstmCase & { readonly accumulate?: boolean } = {},
): Case {
  return {
    results(answer) {
      const lstm = randomLstm(new Random(seed), sizes, has);
      if (accumulate) for (const dInput of lstm.dInputs) fill(dInput, 1);
      whileReading(readBackward(lstm), {}, () =>
        (answer.lstmBackward as typeof lstmBackward)(backend, fixed(lstm), { accumulate }),
      );
      return named(lstm);
    },
    expected() {
      const lstm = randomLstm(new Random(seed), sizes, has);
      const { dhUpstream, dcUpstream, h, c } = lstm;
      const loss = (): number => weightedSum(dhUpstream, h) + (dcUpstream ? weightedSum(dcUpstream, c) : 0);
      return numeric(lstm, loss).map((one) => {
        const before = accumulate && one.name.startsWith('dx') ? 1 : 0;
        return { ...one, values: one.values.map((value) => value + before) };
      });
    },
  };
}

type EveryStepBackward = (
  ...of: [backend: typeof backend, lstm: Lstm, dLogits: Tensor, W: Tensor, dW: Tensor, db: Tensor]
) => void;

/** No loss reads the initial state, so its row of dhUpstream is zero. The answer writes the other rows. */
function everyStepCase(seed: number, sizes: Sizes, C: number, held = NaN): Case {
  const { T, B, H } = sizes;
  const inputs = () => {
    const random = new Random(seed);
    const lstm = randomLstm(random, sizes, { hasDcUpstream: false, held });
    fill(lstm.dhUpstream, held);
    fill(stepOf(lstm.dhUpstream, 0), 0);
    const [W, b, labels] = [randomTensor(random, [H, C]), randomTensor(random, [C]), zeros([T * B], 'f64')];
    for (let row = 0; row < T * B; row++) labels.set(row, random.below(C));
    const [y, logits, p] = [labelRows(labels), zeros([T * B, C], 'f64'), zeros([T * B, C], 'f64')];
    const losses = zeros([T * B], 'f64');
    const loss = (): number => {
      denseForward(backend, logits, [matrixOf(rowsOf(lstm.h, 1, T + 1))], W, b);
      crossEntropyForward(losses, p, logits, y);
      return valuesOf(losses).reduce((sum, one) => sum + one, 0) / (T * B);
    };
    return { lstm, W, b, y, p, loss };
  };
  return {
    results(answer) {
      const { lstm, W, b, y, p, loss } = inputs();
      loss();
      const dLogits = zeros(p.shape, 'f64');
      crossEntropyBackward(dLogits, p, y, T * B);
      const [dW, db] = [unwritten(W.shape, held), unwritten(b.shape, held)];
      const { dhUpstream: _, ...read } = readBackward(lstm); // the answer fills it
      whileReading({ ...read, dLogits, W }, { dW, db }, () =>
        (answer.everyStepBackward as EveryStepBackward)(backend, fixed(lstm), dLogits, W, dW, db),
      );
      return [resultOf('dW', dW), resultOf('db', db), ...named(lstm)];
    },
    expected() {
      const { lstm, W, b, loss } = inputs();
      return [numericResult('dW', W, loss), numericResult('db', b, loss), ...numeric(lstm, loss)];
    },
  };
}

const cell = (...names: readonly CellResult[]): ExerciseChecks => ({
  exports: ['lstmCellBackward'],
  cases: [cellCase(6, 2, 3, names), cellCase(7, 1, 5, names, HELD)],
});

const sequence: ExerciseChecks = {
  exports: ['lstmBackward'],
  cases: [
    sequenceCase(8, { T: 4, B: 3, inputs: [2], H: 5 }),
    sequenceCase(9, { T: 1, B: 2, inputs: [3], H: 1 }, { hasDx: false }),
    sequenceCase(10, { T: 3, B: 1, inputs: [1, 3, 2], H: 2 }, { hasDcUpstream: false, held: HELD }),
    sequenceCase(11, { T: 2, B: 2, inputs: [3, 1], H: 2 }, { accumulate: true }),
  ],
};

export const LSTM_PROBLEMS: Readonly<Record<string, ExerciseChecks>> = {
  'hidden-state': cell('dc', 'dz', 'dcPrev'),
  'cell-state': cell('dz', 'dcPrev', 'dc'),
  gates: cell('dz', 'dc', 'dcPrev'),
  weights: sequence,
  'through-time': sequence,
  'every-step': {
    exports: ['everyStepBackward'],
    cases: [
      everyStepCase(11, { T: 4, B: 2, inputs: [3], H: 5 }, 3),
      everyStepCase(12, { T: 1, B: 3, inputs: [2], H: 2 }, 4),
      everyStepCase(13, { T: 2, B: 1, inputs: [1], H: 3 }, 2, HELD),
    ],
  },
};
