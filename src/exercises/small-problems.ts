/** The problems without a sequence: σ, softmax, a product, Adam. */
import { fillRandom, Random } from '../core/rng.js';
import type { Shape, Tensor } from '../core/tensor.js';
import { fill, flatten, stepOf, valuesOf, zeros } from '../core/tensor.js';
import { adam as rightAdam, adamRate as rightRate } from '../equations/adam.js';
import type { adam, adamRate } from '../equations/adam.js';
import type { crossEntropyBackward } from '../equations/cross-entropy.js';
import { crossEntropyForward } from '../equations/cross-entropy.js';
import type { denseBackward } from '../equations/dense.js';
import { denseForward } from '../equations/dense.js';
import type { Answer } from './evaluate.js';
import { backendForAnswers } from './library.js';
import type { Case, ExerciseChecks, Result } from './results.js';
import { byIndex, numberFrom, numericGradient, numericResult, resultOf, whileReading, fixed } from './results.js';

export const backend = backendForAnswers('f64');

/** What lies beside a tensor: no result. */
const BESIDE = 0.25;

/** As an LSTM's step is one of many: with other memory before and after it, which an answer must neither read nor write. */
function stepLike(shape: Shape): Tensor {
  const steps = zeros([3, ...shape], 'f64');
  fill(steps, BESIDE);
  return stepOf(steps, 1);
}

/** Random numbers of `shape`, normal with standard deviation 1. */
export function randomTensor(random: Random, shape: Shape): Tensor {
  const tensor = stepLike(shape);
  fillRandom(tensor, () => random.normal(0, 1));
  return tensor;
}

/**
 * What outputs hold before an answer writes them. NaN shows one that it leaves out, or adds to. So each exercise has a case with
 * NaN. After different mistakes all numbers can be NaN, so each also has a case with `HELD`, in which their numbers differ.
 */
export const HELD = 0.7;

/** An output that holds `held`. */
export function unwritten(shape: Shape, held = NaN): Tensor {
  const tensor = stepLike(shape);
  fill(tensor, held);
  return tensor;
}

/** Σ weights*values: a loss whose gradient is `weights`. */
export function weightedSum(weights: Tensor, values: Tensor): number {
  let sum = 0;
  for (let n = 0; n < weights.size; n++) sum += weights.data[weights.offset + n] * values.data[values.offset + n];
  return sum;
}

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
};

function sigmoidInputs() {
  const random = new Random(1);
  return {
    z: Float64Array.from({ length: 7 }, () => random.normal(0, 2)),
    dI: Float64Array.from({ length: 7 }, (_, n) => (n === 3 ? 0 : random.normal(0, 1))),
  };
}

/** A row b of y `[B,C]`. One of zeros does not count. */
const LABELS = {
  oneHot: (b: number, k: number, C: number) => (k === (b + 2) % C ? 1 : 0),
  smoothed: (_: number, k: number, C: number) => (k === 1 ? 0.9 : 0.1 / (C - 1)),
  weighted: (_: number, k: number) => (k === 0 ? 2.5 : 0),
  zeros: () => 0,
} as const;

function softmaxCase(seed: number, rows: readonly (keyof typeof LABELS)[], C: number, held?: number): Case {
  const B = rows.length;
  const count = rows.filter((row) => row !== 'zeros').length;
  const inputs = () => {
    const random = new Random(seed);
    const logits = randomTensor(random, [B, C]);
    const y = zeros([B, C], 'f64');
    rows.forEach((row, b) => {
      for (let k = 0; k < C; k++) y.set(b, k, LABELS[row](b, k, C));
    });
    const [losses, probabilities] = [zeros([B], 'f64'), zeros([B, C], 'f64')];
    const forward = (): void => crossEntropyForward(losses, probabilities, logits, y);
    forward();
    return { logits, y, losses, probabilities, forward };
  };
  const meaning: Result['meaning'] = ([b, k]) => `row ${b}, class ${k}`;
  return {
    results(answer) {
      const { probabilities, y } = inputs();
      const dLogits = unwritten([B, C], held);
      const onlyGet = { get: (b: number, k: number) => y.get(b, k) }; // as labelRows makes it
      whileReading({ probabilities }, { dLogits }, () =>
        (answer.crossEntropyBackward as typeof crossEntropyBackward)(dLogits, probabilities, onlyGet, count),
      );
      return [resultOf('dLogits', dLogits, meaning)];
    },
    expected() {
      const { logits, losses, forward } = inputs();
      const loss = (): number => (forward(), valuesOf(losses).reduce((sum, one) => sum + one, 0) / count);
      return [numericResult('dLogits', logits, loss, meaning)];
    },
  };
}

function productCase(seed: number, N: number, sizes: readonly number[], C: number, held?: number): Case {
  const inputs = () => {
    const random = new Random(seed);
    const states = sizes.map((H) => randomTensor(random, [N, H]));
    const W = randomTensor(random, [sizes.reduce((sum, H) => sum + H, 0), C]);
    return { states, W, b: randomTensor(random, [C]), dLogits: randomTensor(random, [N, C]) };
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
  };
}

/**
 * Three updates. Gradients as small as ε tell the two forms of Adam apart; after one that becomes 0, m and v fall; one is always 0.
 * Adam is its own definition. `shape`: of six numbers.
 */
const adamCase = (shape: Shape, learningRate: number): Case => ({
  results: ({ adam: update, adamRate: rateOf }) =>
    adamResults(shape, learningRate, update as typeof adam, rateOf as typeof adamRate),
  expected: () => adamResults(shape, learningRate, rightAdam, rightRate),
});

function adamResults(shape: Shape, learningRate: number, update: typeof adam, rateOf: typeof adamRate): Result[] {
  const random = new Random(5);
  const p = randomTensor(random, shape);
  const [m, v] = [stepLike(shape), stepLike(shape)];
  for (const moment of [m, v]) fill(moment, 0);
  return [1, 2, 3].flatMap((t) => {
    const rate = numberFrom('adamRate', rateOf(learningRate, t));
    const g = stepLike(shape);
    const becomesZero = t === 1 ? -3 : 0;
    const gradients = [random.normal(0, 1), 2e-8, becomesZero, random.normal(0, 1), -1e-8, 0];
    gradients.forEach((value, n) => flatten(g).set(n, value));
    whileReading({ g }, { p, m, v }, () => update(p, m, v, g, rate));
    const after = (name: string): string => `${name} after update ${t}`;
    const alpha = { name: `α of update ${t}`, shape: [1], values: Float64Array.of(rate) };
    return [alpha, resultOf(after('m'), m), resultOf(after('v'), v), resultOf(after('p'), p)];
  });
}

export const SMALL_PROBLEMS: Readonly<Record<string, ExerciseChecks>> = {
  sigmoid: { exports: ['sigmoidBackward'], cases: [sigmoidCase] },
  softmax: {
    exports: ['crossEntropyBackward'],
    cases: [
      softmaxCase(2, ['oneHot', 'zeros', 'smoothed', 'weighted'], 5),
      softmaxCase(3, ['zeros', 'weighted', 'oneHot', 'smoothed', 'zeros', 'oneHot'], 3, HELD),
    ],
  },
  product: {
    exports: ['denseBackward'],
    cases: [productCase(4, 5, [3, 2, 6], 4), productCase(5, 1, [6], 2), productCase(6, 3, [1, 4], 5, HELD)],
  },
  adam: { exports: ['adam', 'adamRate'], cases: [adamCase([2, 3], 0.1), adamCase([6], 0.02)] },
};
