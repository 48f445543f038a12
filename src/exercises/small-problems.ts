/** The problems without a sequence: σ, softmax, a product; Adam's are in adam-problems.ts. */
import { Random } from '../core/rng.js';
import { type Tensor, valuesOf, zeros } from '../core/tensor.js';
import { type crossEntropyBackward, crossEntropyForward } from '../equations/cross-entropy.js';
import { ADAM } from './adam-problems.js';
import { row, single } from './behind.js';
import type { Answer } from './evaluate.js';
import type { Case, ExerciseChecks, Kind, Result } from './results.js';
import { numberFrom, numericGradient, numericResult, resultOf, rowsResult, whileReading, fixed } from './results.js';
import { type CaseOptions, HELD, randomTensor, setSpecialNumbers, unwritten, zeroTensor } from './tensors.js';

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

interface ProductCase extends Omit<CaseOptions, 'held'> {
  readonly seed: number;
  readonly B: number;
  /** At most B, so that an answer without a transpose reads numbers or nothing. Such an answer is then named. */
  readonly I: number;
  /** At most I. */
  readonly H: number;
}

type Rows = Float64Array[];

function productCase({ seed, B, I, H, factor = 1, isOrdinary = false }: ProductCase): Case {
  const inputs = () => {
    const random = new Random(seed);
    const rows = (count: number, columns: number): Rows =>
      Array.from({ length: count }, () => Float64Array.from({ length: columns }, () => random.normal(0, 1)));
    const [x, W, dz, [b]] = [rows(B, I), rows(I, H), rows(B, H), rows(1, H)];
    for (const row of dz) row.forEach((value, n) => (row[n] = factor * value));
    if (!isOrdinary) setSpecialNumbers([dz, W, x]);
    return { x, W, b, dz };
  };
  const zeroRows = (count: number, columns: number): Rows =>
    Array.from({ length: count }, () => new Float64Array(columns));
  const sizes = { B, I, H };
  const ofRows = (name: string, list: Rows): Result => ({ ...rowsResult(name, list), sizes });
  const ofBias = (values: Float64Array): Result => ({ name: 'db', shape: [H], values, sizes });
  return {
    results({ productBackward }: Answer) {
      const { x, W, dz } = inputs();
      const [dW, dx, db] = [zeroRows(I, H), zeroRows(B, I), new Float64Array(H)];
      const call = productBackward as (dW: Rows, dx: Rows, db: Float64Array, dz: Rows, x: Rows, W: Rows) => unknown;
      whileReading({ dz, x, W }, {}, () => call(fixed(dW), fixed(dx), db, fixed(dz), fixed(x), fixed(W)));
      return [ofRows('dW', dW), ofRows('dx', dx), ofBias(db)];
    },
    expected() {
      const { x, W, b, dz } = inputs();
      const loss = (): number => {
        let sum = 0;
        for (let r = 0; r < B; r++)
          for (let n = 0; n < H; n++) sum += dz[r][n] * W.reduce((z, row, k) => z + x[r][k] * row[n], b[n]);
        return sum;
      };
      const gradients = (list: Rows): Rows => list.map((row) => numericGradient(loss, row));
      return [ofRows('dW', gradients(W)), ofRows('dx', gradients(x)), ofBias(numericGradient(loss, b))];
    },
    behind(tensor, [first, second]) {
      const { x, W, dz } = inputs();
      const columnOf = (name: string, list: Rows, n: number) => ({
        name: `${name}, column ${n}`,
        values: list.map((one) => one[n]),
      });
      const rowOf = (name: string, list: Rows, n: number) => ({ name: `${name}[${n}]`, values: [...list[n]] });
      if (tensor === 'db') return { inputs: [columnOf('dz', dz, first)] };
      if (tensor === 'dW') return { inputs: [columnOf('x', x, first), columnOf('dz', dz, second)] };
      return { inputs: [rowOf('dz', dz, first), rowOf('W', W, second)] };
    },
  };
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
    exports: ['productBackward'],
    cases: [
      productCase({ seed: 4, B: 5, I: 4, H: 3 }),
      productCase({ seed: 5, B: 1, I: 1, H: 1 }),
      productCase({ seed: 21, B: 6, I: 5, H: 3, factor: 100 }),
      productCase({ seed: 7, B: 6, I: 5, H: 4, isOrdinary: true }),
    ],
  },
  adam: ADAM,
};
