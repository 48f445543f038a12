/** The problems without a sequence: σ, softmax, a product; Adam's are in adam-problems.ts. */
import { Random } from '../core/rng.js';
import { type Tensor, rowsOf, valuesOf, zeros } from '../core/tensor.js';
import { type crossEntropyBackward, crossEntropyForward } from '../equations/cross-entropy.js';
import { type denseBackward, denseForward } from '../equations/dense.js';
import { ADAM } from './adam-problems.js';
import { column, row, single } from './behind.js';
import type { Answer } from './evaluate.js';
import type { Case, ExerciseChecks, Kind, Result } from './results.js';
import { byIndex, numberFrom, numericGradient, numericResult, resultOf, whileReading, fixed } from './results.js';
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

const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z));

const sigmoidCase: Case = {
  results({ sigmoidBackward }: Answer) {
    const { z, dI } = sigmoidInputs();
    const call = sigmoidBackward as (dI: number, i: number) => unknown;
    return [
      {
        name: 'dzi',
        shape: [z.length],
        values: Float64Array.from(z, (zi, n) => numberFrom('sigmoidBackward', call(dI[n], sigmoid(zi)))),
      },
    ];
  },
  expected() {
    const { z, dI } = sigmoidInputs();
    const loss = (): number => z.reduce((sum, zi, n) => sum + dI[n] * sigmoid(zi), 0);
    return [{ name: 'dzi', shape: [z.length], values: numericGradient(loss, z) }];
  },
  behind(_, [n]) {
    const { z, dI } = sigmoidInputs();
    return { inputs: single({ dI: dI[n], i: sigmoid(z[n]) }) };
  },
};

function sigmoidInputs() {
  const random = new Random(1);
  const z = Float64Array.from({ length: 7 }, () => random.normal(0, 2));
  const dI = Float64Array.from({ length: 7 }, (_, n) => (n === 3 ? 0 : random.normal(0, 1)));
  // i = ½; i near 1, through which little comes; large dI; i near 1 and near 0, through which more comes; i = 1 and i = 0; dI = ±1
  return {
    z: Float64Array.of(...z, 0, 20, 0.3, 0.1, 5.2, -5.1, 40, -800, 0.6, -0.8),
    dI: Float64Array.of(...dI, 1.7, -2.3, 120.3, -99.7, 2.9, -3.3, 3.1, 2.1, 1, -1),
  };
}

/** A row b of y `[B,C]`. One of zeros does not count. */
const LABELS = {
  oneHot: (b: number, k: number, C: number) => (k === (b + 2) % C ? 1 : 0),
  smoothed: (_: number, k: number, C: number) => (k === 1 ? 0.9 : 0.1 / (C - 1)),
  weighted: (b: number, k: number, C: number) => (k === (b + 1) % C ? 273.1 : k === (b + 2) % C ? 22.4 : 0),
  zeros: () => 0,
  /** No label is 0 or 1. */
  ordinary: (b: number, k: number) => 0.15 + 0.1 * ((b + 2 * k) % 5),
} as const;

function softmaxCase(seed: number, rows: readonly (keyof typeof LABELS)[], C: number, held?: number): Case {
  const B = rows.length;
  const count = rows.filter((row) => row !== 'zeros').length;
  const inputs = () => {
    const random = new Random(seed);
    const logits = randomTensor(random, [B, C]);
    if (rows.includes('oneHot')) setSpecialLogits(logits, rows);
    const y = zeroTensor([B, C]);
    rows.forEach((row, b) => {
      for (let k = 0; k < C; k++) y.set(b, k, LABELS[row](b, k, C));
    });
    const [losses, probabilities] = [zeros([B], 'f64'), zeroTensor([B, C])];
    const forward = (): void => crossEntropyForward(losses, probabilities, logits, y);
    forward();
    return { logits, y, losses, probabilities, forward };
  };
  const meaning: Result['meaning'] = ([b, k]) => `row ${b}, class ${k}`;
  return {
    results(answer) {
      const { probabilities, y } = inputs();
      const dLogits = unwritten([B, C], held);
      const onlyGet = { get: (...index: number[]) => y.get(...index) }; // as labelRows makes it
      whileReading({ probabilities, y }, { dLogits }, () =>
        (answer.crossEntropyBackward as typeof crossEntropyBackward)(dLogits, probabilities, onlyGet, count),
      );
      return [resultOf('dLogits', dLogits, meaning)];
    },
    expected() {
      const { logits, y, losses, forward } = inputs();
      const loss = (): number => (forward(), valuesOf(losses).reduce((sum, one) => sum + one, 0) / count);
      return [{ ...numericResult('dLogits', logits, loss, meaning), kinds: kindsOf(y), sizes: { count } }];
    },
    behind(_, [b, k]) {
      const { probabilities, y } = inputs();
      return {
        inputs: [...single({ p: probabilities.get(b, k), 'y of this class': y.get(b, k), count }), row('y', y, b)],
      };
    },
  };
}

/** Of the elements of dLogits: what is wrong in some of them alone shows which case an answer has forgotten. */
function kindsOf(y: Tensor): Kind[] {
  const labels = (b: number): number[] => Array.from({ length: y.shape[1] }, (_, k) => y.get(b, k));
  const sum = (b: number): number => labels(b).reduce((all, one) => all + one, 0);
  const isSingle = (b: number): boolean => labels(b).every((one) => one === 0 || one === 1) && sum(b) === 1;
  return [
    ['in a row whose labels are all 0', ([b]) => sum(b) === 0],
    ['in a row with a single 1', ([b]) => isSingle(b)],
    ['in a row whose labels do not add up to 1', ([b]) => Math.abs(sum(b) - 1) > 1e-9],
    ['in a row whose labels are not a single 1', ([b]) => !isSingle(b)],
    ['at a class whose label is not 0', ([b, k]) => y.get(b, k) !== 0],
    ['at a class whose label is 0', ([b, k]) => y.get(b, k) === 0],
  ];
}

function setSpecialLogits(logits: Tensor, rows: readonly (keyof typeof LABELS)[]): void {
  logits.set(rows.indexOf('smoothed'), 0, -800); // its probability is exactly 0, its label is not
  const [first, last] = [rows.indexOf('oneHot'), rows.lastIndexOf('oneHot')];
  logits.set(first, 0, 50); // its probability is exactly 1, and its label 0
  logits.set(first, (first + 3) % logits.shape[1], -800); // both are exactly 0
  if (last !== first) logits.set(last, (last + 2) % logits.shape[1], 60); // both are exactly 1
}

interface ProductCase {
  readonly seed: number;
  readonly N: number;
  /** Hₖ of each state. */
  readonly sizes: readonly number[];
  readonly C: number;
  readonly held?: number;
  /** Of dLogits. Default: 1. */
  readonly factor?: number;
  /** See `setSpecialNumbers`. */
  readonly isOrdinary?: boolean;
}

function productCase({ seed, N, sizes, C, held, factor = 1, isOrdinary = false }: ProductCase): Case {
  const inputs = () => {
    const random = new Random(seed);
    const states = sizes.map((H) => randomTensor(random, [N, H]));
    const W = randomTensor(random, [sizes.reduce((sum, H) => sum + H, 0), C]);
    const [b, dLogits] = [randomTensor(random, [C]), randomTensor(random, [N, C])];
    scale(dLogits, factor);
    if (!isOrdinary) setSpecialNumbers([dLogits, W, ...states]);
    return { states, W, b, dLogits };
  };
  return {
    results(answer) {
      const { states, W, b, dLogits } = inputs();
      const dStates = states.map(({ shape }) => unwritten(shape, held));
      const [dW, db] = [unwritten(W.shape, held), unwritten(b.shape, held)];
      const named = byIndex('dStates', dStates);
      whileReading({ dLogits, ...byIndex('states', states), W, b }, { ...named, dW, db }, () =>
        (answer.denseBackward as typeof denseBackward)(
          backend,
          fixed([...dStates]),
          dW,
          db,
          dLogits,
          fixed([...states]),
          W,
        ),
      );
      return [
        ...Object.entries(named).map(([name, dState]) => resultOf(name, dState)),
        resultOf('dW', dW),
        resultOf('db', db),
      ];
    },
    expected() {
      const { states, W, b, dLogits } = inputs();
      const logits = zeros([N, C], 'f64');
      const loss = (): number => (denseForward(backend, logits, states, W, b), weightedSum(dLogits, logits));
      const dStates = states.map((state, k) => numericResult(`dStates[${k}]`, state, loss));
      return [...dStates, numericResult('dW', W, loss), numericResult('db', b, loss)];
    },
    behind(tensor, index) {
      const { states, W, dLogits } = inputs();
      const [first, second] = index;
      if (tensor === 'db') return { inputs: [column('dLogits', dLogits, first)] };
      if (tensor === 'dW') {
        const { k, m } = stateOfRow(states, first);
        return { inputs: [column(`states[${k}]`, states[k], m), column('dLogits', dLogits, second)] };
      }
      const k = Number(/\d+/.exec(tensor));
      return { inputs: [row('dLogits', dLogits, first), row(`W for states[${k}]`, rowsFor(W, states, k), second)] };
    },
  };
}

/** The state whose rows of W include row `r`, and the row's number in them. */
function stateOfRow(states: readonly Tensor[], r: number): { readonly k: number; readonly m: number } {
  let m = r;
  let k = 0;
  for (; m >= states[k].shape[1]; k++) m -= states[k].shape[1];
  return { k, m };
}

/** The rows of W for state `k`. */
function rowsFor(W: Tensor, states: readonly Tensor[], k: number): Tensor {
  const begin = states.slice(0, k).reduce((sum, { shape: [, H] }) => sum + H, 0);
  return rowsOf(W, begin, begin + states[k].shape[1]);
}

export const SMALL_PROBLEMS: Readonly<Record<string, ExerciseChecks>> = {
  sigmoid: { exports: ['sigmoidBackward'], written: ['sigmoidBackward', 'gatesBackward'], cases: [sigmoidCase] },
  softmax: {
    exports: ['crossEntropyBackward'],
    cases: [
      softmaxCase(2, ['oneHot', 'zeros', 'smoothed', 'weighted'], 5),
      softmaxCase(3, ['zeros', 'weighted', 'oneHot', 'smoothed', 'zeros', 'oneHot'], 3, HELD),
      softmaxCase(4, new Array<'ordinary'>(6).fill('ordinary'), 5, HELD),
    ],
  },
  product: {
    exports: ['denseBackward'],
    cases: [
      productCase({ seed: 4, N: 5, sizes: [3, 2, 6], C: 4 }),
      productCase({ seed: 5, N: 1, sizes: [6], C: 2 }),
      productCase({ seed: 6, N: 3, sizes: [1, 4], C: 5, held: HELD, factor: 100 }),
      productCase({ seed: 7, N: 5, sizes: [6, 4, 6], C: 5, held: HELD, isOrdinary: true }),
    ],
  },
  adam: ADAM,
};
