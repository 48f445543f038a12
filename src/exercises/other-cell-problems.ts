/** The problems of the cells beside the LSTM: a scan backwards (26′), and one step of a GRU, equations (23′) and (22′). */
import { Random } from '../core/rng.js';
import { type Tensor, rowsOf, stepOf } from '../core/tensor.js';
import { gruCellForward } from '../equations/gru.js';
import { scanForward } from '../equations/scan.js';
import { type Behind, single } from './behind.js';
import { GRU_GATES } from './diagnosis/parts.js';
import { type Case, type ExerciseChecks, type Result, numericResult, resultOf, whileReading } from './results.js';
import type { CaseOptions } from './tensors.js';
import { HELD, randomTensor, scale, setSpecialNumbers, unwritten, weightedSum, zeroTensor } from './tensors.js';

type Numbers = Readonly<Record<string, number>>;

/** Numbers in place of random ones at unit n of sequence b, by the names of the tensors. */
type Special = readonly [b: number, n: number, numbers: Numbers];

interface ScanCase extends CaseOptions {
  readonly seed: number;
  readonly sizes: readonly [T: number, B: number, H: number];
  /** Of the first step. Default: none. */
  readonly special?: readonly Special[];
}

/** The answer to `scan`, with its tensors. */
type ScanBackward = (
  ...of: [da: Tensor, db: Tensor, dh: Tensor, dhPrev: Tensor, a: Tensor, h: Tensor, hPrev: Tensor]
) => void;

const stepAndUnit: Result['meaning'] = ([t, b, n]) => `step ${t}, sequence ${b}, unit ${n}`;
const unitOf: Result['meaning'] = ([b, n]) => `sequence ${b}, unit ${n}`;

function scanCase({ seed, sizes, held, factor = 1, special = [], isOrdinary = false }: ScanCase): Case {
  const [T, B, H] = sizes;
  const inputs = () => {
    const random = new Random(seed);
    const [a, b, dh] = [0, 1, 2].map(() => randomTensor(random, sizes));
    const [hPrev, dhPrev] = [0, 1].map(() => randomTensor(random, [B, H]));
    for (const tensor of [dh, dhPrev]) scale(tensor, factor);
    if (!isOrdinary) setSpecialNumbers([a, dh, hPrev, dhPrev]);
    const first = { a: stepOf(a, 0), dh: stepOf(dh, 0), hPrev, dhPrev };
    for (const [row, n, numbers] of special)
      for (const [name, value] of Object.entries(numbers)) first[name as keyof typeof first].set(row, n, value);
    const h = zeroTensor(sizes);
    /** (26), from step `from` on. */
    const forward = (from = 0): void => {
      const at = (factors: Tensor) => (t: number, row: number, n: number) => factors.get(from + t, row, n);
      const before = from === 0 ? hPrev : stepOf(h, from - 1);
      if (from < T) scanForward(rowsOf(h, from, T), before, at(a), at(b), false);
    };
    forward();
    return { a, b, dh, dhPrev, h, hPrev, forward };
  };
  return {
    results(answer) {
      const { a, dh, dhPrev, h, hPrev } = inputs();
      const [da, db] = [unwritten(sizes, held), unwritten(sizes, held)];
      whileReading({ a, h, hPrev }, { da, db, dh, dhPrev }, () =>
        (answer.scanBackward as ScanBackward)(da, db, dh, dhPrev, a, h, hPrev),
      );
      const all = Object.entries({ dh, da, db }).map(([name, tensor]) => resultOf(name, tensor, stepAndUnit));
      return [...all, resultOf('dhPrev', dhPrev, unitOf)];
    },
    expected() {
      const { a, b, dh, dhPrev, h, hPrev, forward } = inputs();
      const loss = (from = 0): number => (forward(from), weightedSum(dh, h) + weightedSum(dhPrev, hPrev));
      // of each state, when the later steps continue from it
      const states = Array.from({ length: T }, (_, t) => {
        forward();
        return [...numericResult('dh', stepOf(h, t), () => loss(t + 1)).values];
      });
      const result: Result = { ...resultOf('dh', h, stepAndUnit), values: Float64Array.from(states.flat()) };
      return [
        { ...result, sizes: { T, B, H } },
        numericResult('da', a, () => loss(), stepAndUnit),
        numericResult('db', b, () => loss(), stepAndUnit),
        numericResult('dhPrev', hPrev, () => loss(), unitOf),
      ];
    },
    behind: (tensor, index) => scanBehind(inputs(), tensor, index),
  };
}

type ScanInputs = Readonly<Record<'a' | 'dh' | 'dhPrev' | 'h' | 'hPrev', Tensor>>;

/** What (26′) reads for an element. */
function scanBehind({ a, dh, dhPrev, h, hPrev }: ScanInputs, tensor: string, index: readonly number[]): Behind {
  const [t, b, n] = tensor === 'dhPrev' ? [-1, ...index] : index;
  const [T] = a.shape;
  /** The complete gradient of h of step `step`. */
  const complete = (step: number): number =>
    dh.get(step, b, n) + (step + 1 < T ? a.get(step + 1, b, n) * complete(step + 1) : 0);
  const next = t + 1 < T ? { 'a of the next step': a.get(t + 1, b, n), 'dh of the next step': complete(t + 1) } : {};
  if (t < 0) return { inputs: single({ 'dhPrev on entry': dhPrev.get(b, n), ...next }) };
  const before = (t > 0 ? stepOf(h, t - 1) : hPrev).get(b, n);
  const read = { 'dh on entry': dh.get(t, b, n), ...next };
  return { inputs: single(tensor === 'da' ? { ...read, 'h of the step before': before } : read) };
}

/** One step, in which each two of the numbers that an answer reads are 0 once, and each is 1 and -1 once. */
const ONE_STEP: ScanCase = {
  seed: 22,
  sizes: [1, 3, 5],
  isOrdinary: true,
  special: [
    [0, 0, { dh: 0, hPrev: 0 }],
    [0, 1, { dh: 0, a: 0 }],
    [0, 2, { dh: 0, dhPrev: 0 }],
    [0, 3, { hPrev: 0, a: 0 }],
    [0, 4, { hPrev: 0, dhPrev: 0 }],
    [1, 0, { a: 0, dhPrev: 0 }],
    [1, 1, { dh: 1 }],
    [1, 2, { dh: -1 }],
    [1, 3, { a: 1 }],
    [1, 4, { a: -1 }],
    [2, 0, { hPrev: 1, dhPrev: -1 }],
    [2, 1, { hPrev: -1, dhPrev: 1 }],
  ],
};

interface GruCase {
  readonly seed: number;
  readonly B: number;
  readonly H: number;
  /** r, z and n: their pre-activations. */
  readonly special: readonly Special[];
  readonly held?: number;
}

/** The answer to `gru-step`, with its tensors. */
type GruCellBackward = (
  ...of: [dax: Tensor, dah: Tensor, dhPrev: Tensor, dh: Tensor, gates: Tensor, hPrev: Tensor]
) => void;

function gruCase({ seed, B, H, special, held }: GruCase): Case {
  const inputs = () => {
    const random = new Random(seed);
    const [ax, ah] = [0, 1].map(() => randomTensor(random, [B, 3 * H]));
    const [hPrev, dh, dhPrev] = [0, 1, 2].map(() => randomTensor(random, [B, H]));
    const [h, gates] = [zeroTensor([B, H]), zeroTensor([B, 4 * H])];
    const forward = (): void => gruCellForward(h, gates, ax, ah, hPrev);
    const given = { hPrev, dh, dhPrev };
    for (const [b, k, numbers] of special) {
      for (const [name, value] of Object.entries(numbers)) {
        const gate = GRU_GATES.findIndex((one) => one === name);
        if (name in given) given[name as keyof typeof given].set(b, k, value);
        else if (name === 'ahn') ah.set(b, 2 * H + k, value);
        else if (name !== 'n') ax.set(b, gate * H + k, value - ah.get(b, gate * H + k));
      }
      forward(); // r of this element, which n needs
      if ('n' in numbers) ax.set(b, 2 * H + k, numbers.n - gates.get(b, k) * ah.get(b, 2 * H + k));
    }
    forward();
    return { ax, ah, hPrev, dh, dhPrev, h, gates, forward };
  };
  const gateAndUnit: Result['meaning'] = ([b, column]) =>
    `sequence ${b}, gate ${GRU_GATES[Math.floor(column / H)]}, unit ${column % H}`;
  return {
    results(answer) {
      const { hPrev, dh, dhPrev, gates } = inputs();
      const [dax, dah] = [unwritten([B, 3 * H], held), unwritten([B, 3 * H], held)];
      whileReading({ dh, gates, hPrev }, { dax, dah, dhPrev }, () =>
        (answer.gruCellBackward as GruCellBackward)(dax, dah, dhPrev, dh, gates, hPrev),
      );
      return [
        ...[resultOf('dax', dax, gateAndUnit), resultOf('dah', dah, gateAndUnit)],
        resultOf('dhPrev', dhPrev, unitOf),
      ];
    },
    expected() {
      const { ax, ah, hPrev, dh, dhPrev, h, forward } = inputs();
      // dhPrev is what the outside has contributed; ah stays as it is, so hPrev reaches h only through z*hPrev
      const loss = (): number => (forward(), weightedSum(dh, h) + weightedSum(dhPrev, hPrev));
      return [
        { ...numericResult('dax', ax, loss, gateAndUnit), sizes: { B, H } },
        numericResult('dah', ah, loss, gateAndUnit),
        numericResult('dhPrev', hPrev, loss, unitOf),
      ];
    },
    behind(tensor, [b, column]) {
      const { dh, dhPrev, hPrev, gates } = inputs();
      const k = column % H;
      const [r, z, n, ahn] = [0, 1, 2, 3].map((block) => gates.get(b, block * H + k));
      if (tensor === 'dhPrev') return { inputs: single({ 'dhPrev on entry': dhPrev.get(b, k), dh: dh.get(b, k), z }) };
      return { inputs: single({ dh: dh.get(b, k), r, z, n, ahn, hPrev: hPrev.get(b, k) }) };
    },
  };
}

const PAIRS = ['dh', 'dhPrev', 'hPrev', 'n', 'ahn'];

/** Each two of the numbers that an answer reads are 0 once, and the others are not. */
const MOST_ZEROS: GruCase = {
  seed: 23,
  B: 3,
  H: 4,
  special: PAIRS.flatMap((one, k) => PAIRS.slice(k + 1).map((other) => ({ [one]: 0, [other]: 0 }))).map(
    (numbers, place): Special => [Math.floor(place / 4), place % 4, numbers],
  ),
};

/** Each number is 1 once, and -1 once. */
const ONES: GruCase = {
  seed: 24,
  B: 2,
  H: 4,
  special: ['dh', 'dhPrev', 'hPrev', 'ahn'].flatMap((name, k): Special[] => [
    [0, k, { [name]: 1 }],
    [1, k, { [name]: -1 }],
  ]),
};

/** Gates near 0 and 1 and exactly there; n near ±1 and exactly there; r and z that are ½; numbers far above 1. */
const EXTREMES: GruCase = {
  seed: 25,
  B: 1,
  H: 9,
  held: HELD,
  special: [
    [0, 0, { r: -800, dh: 2.3 }],
    [0, 1, { r: 40, z: 0, ahn: -3.1 }],
    [0, 2, { z: -800, dh: -2.7, hPrev: 3.4 }],
    [0, 3, { z: 40, dh: 5.2, hPrev: -6.3 }],
    [0, 4, { n: 30, z: 0.3, dh: 1.9 }],
    [0, 5, { n: -30, dh: -9.4, ahn: 2.2 }],
    [0, 6, { n: 4, r: 0, z: -4, dh: 12.1 }],
    [0, 7, { n: -4, r: 4, z: 4, dhPrev: 12.7, hPrev: 31 }],
    [0, 8, { r: -5, dh: -6.1, dhPrev: -14.2, hPrev: -29, ahn: 6 }],
  ],
};

/** Each result is above 20 once, and below -20 once. More sequences than in the cases before. */
const LARGE: GruCase = {
  seed: 26,
  B: 5,
  H: 2,
  special: [100, -100].flatMap((dh, k): Special[] => [
    [0, k, { dh, z: -3, n: 0.1, r: 0.2, ahn: 1.7 }],
    [1, k, { dh, z: 0.2, hPrev: 3 }],
    [2, k, { dh, z: 3 }],
    [3, k, { dhPrev: dh / 4 }],
    [4, k, { dh, z: -2, n: -0.2, r: 1.5, ahn: -1.9 }],
  ]),
};

export const OTHER_CELL_PROBLEMS: Readonly<Record<string, ExerciseChecks>> = {
  scan: {
    exports: ['scanBackward'],
    cases: [
      scanCase({ seed: 21, sizes: [3, 1, 2], held: HELD }),
      scanCase(ONE_STEP),
      scanCase({ seed: 27, sizes: [4, 3, 5], factor: 100 }),
      scanCase({ seed: 28, sizes: [5, 5, 6], held: HELD, isOrdinary: true }),
    ],
  },
  'gru-step': {
    exports: ['gruCellBackward'],
    cases: [MOST_ZEROS, ONES, EXTREMES, LARGE, { seed: 29, B: 5, H: 9, held: HELD, special: [] }].map(gruCase),
  },
};
