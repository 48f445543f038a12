/** The problems of one step of the LSTM: its cell backward, equations (4′) to (2′). */
import { Random } from '../core/rng.js';
import type { Tensor } from '../core/tensor.js';
import { type lstmCellBackward, lstmCellForward } from '../equations/lstm.js';
import { type Behind, single } from './behind.js';
import { GATES } from './diagnosis/parts.js';
import { cellStateBackward, hiddenStateBackward } from './given.js';
import { type Case, type ExerciseChecks, type Result, numericResult, resultOf, whileReading } from './results.js';
import { HELD, randomTensor, unwritten, weightedSum, zeroTensor } from './tensors.js';

export const gateAndUnit = (H: number, column: number): string =>
  `gate ${GATES[Math.floor(column / H)]}, unit ${column % H}`;
const unitOf: Result['meaning'] = ([b, n]) => `sequence ${b}, unit ${n}`;

type CellResult = 'dz' | 'dc' | 'dcPrev';

/** Numbers in place of random ones, at (b, n) of a tensor, or at (b, n) of a gate's block of z. c of the step can only be 0. */
type Special = readonly [
  b: number,
  n: number,
  numbers: Readonly<Partial<Record<'dh' | 'dc' | 'dcPrev' | 'cPrev' | 'c' | 'i' | 'j' | 'f' | 'o', number>>>,
];

interface CellCase {
  readonly seed: number;
  readonly B: number;
  readonly H: number;
  readonly special: readonly Special[];
  readonly held?: number;
}

/** The function of the library that has the lines that an exercise asks for. */
type AskedFor = 'hiddenStateBackward' | 'cellStateBackward' | 'gatesBackward';

const FORGET_BIAS = 0.7;

/** i = f and cPrev = -j, so c = f*cPrev + i*j is exactly 0. None of the four is. */
function makeCellZero(z: Tensor, cPrev: Tensor, b: number, n: number): void {
  const H = cPrev.shape[1];
  z.set(b, n, FORGET_BIAS);
  z.set(b, 2 * H + n, 0);
  cPrev.set(b, n, -Math.tanh(z.get(b, H + n)));
}

/** Equations (4′)–(2′) of one step, with random states. The results have the order of `names`. */
function cellCase({ seed, B, H, special, held }: CellCase, asked: AskedFor, names: readonly CellResult[]): Case {
  const inputs = () => {
    const random = new Random(seed);
    const draw = (columns: number): Tensor => randomTensor(random, [B, columns]);
    const [z, cPrev, dh, dc, dcPrev] = [draw(4 * H), draw(H), draw(H), draw(H), draw(H)];
    const given = { dh, dc, dcPrev, cPrev };
    for (const [b, n, numbers] of special)
      for (const [name, value] of Object.entries(numbers)) {
        if (name in given) given[name as keyof typeof given].set(b, n, value);
        else if (name === 'c') makeCellZero(z, cPrev, b, n);
        else z.set(b, GATES.findIndex((gate) => gate === name) * H + n, value);
      }
    const [h, c, gates] = [zeroTensor([B, H]), zeroTensor([B, H]), zeroTensor([B, 4 * H])];
    lstmCellForward(h, c, gates, z, cPrev, FORGET_BIAS);
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
        lstmCellForward(h, c, gates, z, cPrev, FORGET_BIAS);
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
    behind: (tensor, [b, column]) => cellBehind(inputs(), asked, tensor as CellResult, b, column % H),
  };
}

type CellInputs = Readonly<Record<'dh' | 'dc' | 'dcPrev' | 'cPrev' | 'c' | 'gates', Tensor>>;

/** What the lines of the exercise and those below them read of an element. */
function cellBehind(given: CellInputs, asked: AskedFor, tensor: CellResult, b: number, n: number): Behind {
  const { dh, dc, dcPrev, cPrev, c, gates } = given;
  const H = dh.shape[1];
  const [i, j, f, o] = [0, 1, 2, 3].map((gate) => gates.get(b, gate * H + n));
  const ofH = { dh: dh.get(b, n), 'dc on entry': dc.get(b, n), c: c.get(b, n), o };
  const [before, cell] = [{ 'dcPrev on entry': dcPrev.get(b, n) }, cPrev.get(b, n)];
  if (tensor === 'dc') return { inputs: single(ofH) };
  if (asked === 'hiddenStateBackward')
    return { inputs: single(tensor === 'dz' ? { ...ofH, i, j, f, cPrev: cell } : { ...before, ...ofH, f }) };
  const { dO, dC } = hiddenStateBackward(dc, dh, c, b, n, { o });
  if (tensor === 'dcPrev') return { inputs: single({ ...before, dC, f }) };
  if (asked === 'cellStateBackward') return { inputs: single({ dC, dO, i, j, f, o, cPrev: cell }) };
  const { dI, dJ, dF } = cellStateBackward(dcPrev, cPrev, b, n, { i, j, f, dC });
  return { inputs: single({ i, j, f, o, dI, dJ, dF, dO }) };
}

/**
 * Two numbers that an answer reads are 0, and the others are not, as after the first step of a training, or at an initial state of
 * zero. With `ONES`, `EXTREMES` and `LARGE`, each two of dh, dc, dcPrev, cPrev, c and j are 0 at one place. (No gradient reaches unit 1 of
 * sequence 0.)
 */
const MOST_ZEROS: CellCase = {
  seed: 6,
  B: 3,
  H: 3,
  special: [
    [0, 0, { dcPrev: 0, cPrev: 0 }],
    [0, 1, { dh: 0, dc: 0 }],
    [0, 2, { dh: 0, j: 0 }],
    [1, 0, { dc: 0, cPrev: 0 }],
    [1, 1, { dcPrev: 0, c: 0 }],
    [1, 2, { dc: 0, j: 0 }],
    [2, 0, { dh: 0, cPrev: 0 }],
    [2, 1, { dh: 0, c: 0 }],
    [2, 2, { dc: 0, c: 0 }],
  ],
};

/** Each number that an answer reads is 1 once, and -1 once. What later steps contribute to both states is 0 once. */
const ONES: CellCase = {
  seed: 8,
  B: 2,
  H: 4,
  special: [
    [0, 0, { dh: 1, dc: 0, dcPrev: 0 }],
    [0, 1, { dh: -1 }],
    [0, 2, { dc: 1 }],
    [0, 3, { dc: -1 }],
    [1, 0, { dcPrev: 1 }],
    [1, 1, { dcPrev: -1 }],
    [1, 2, { cPrev: 1 }],
    [1, 3, { cPrev: -1 }],
  ],
};

/** c = 0; numbers below -1; gates near 0 and ±1 and exactly there, and gates that are ½; equal neighbours; numbers far above 1; -0. */
const EXTREMES: CellCase = {
  seed: 7,
  B: 1,
  H: 9,
  held: HELD,
  special: [
    [0, 0, { dh: -0, dcPrev: -0 }],
    [0, 1, { cPrev: 0, j: 0, dh: 5.1, o: 1 }],
    [0, 2, { i: -20, f: 20, dc: -2.4, dh: 1.9, dcPrev: 1.8, o: -800 }],
    [0, 3, { o: 20, j: -4, cPrev: 3.7, dcPrev: -12.3 }],
    [0, 4, { i: 0, f: -0.7, o: 0, dc: 20.3, cPrev: 2.4, dh: -3.1 }],
    [0, 5, { dh: -15.3, dc: 20.3, cPrev: -3.6 }],
    [0, 6, { cPrev: 6.5, dh: 2.7, dc: -5.1, i: 3, j: 4, f: 3 }],
    [0, 7, { dc: -4.2, dh: -9.3, cPrev: 2, i: 3, j: 0.2, f: 1, o: 0 }],
    [0, 8, { cPrev: 30, f: 40, o: 0.5, dh: 2.2, dc: 1.3 }],
  ],
};

/** What an answer computes from dh, dc and dcPrev is above 20 once, and below -20 once. More sequences than in the other cases. */
const LARGE: CellCase = {
  seed: 9,
  B: 5,
  H: 2,
  special: [100, -100].flatMap((large, n): Special[] => [
    [0, n, { dh: large, o: 2, cPrev: 0.1 }],
    [1, n, { dc: large, i: 0, j: 2, cPrev: 0.5 }],
    [2, n, { dcPrev: large / 4 }],
    [3, n, { cPrev: large / 8, f: -0.7, dc: 8 }],
    [4, n, { dh: large, o: 0, cPrev: 5, dcPrev: 0, j: 0 }],
  ]),
};

/** As large as the others, without special numbers: see `setSpecialNumbers`. */
const ORDINARY: CellCase = { seed: 10, B: 5, H: 9, held: HELD, special: [] };

const cell = (asked: AskedFor, ...names: readonly CellResult[]): ExerciseChecks => ({
  exports: ['lstmCellBackward'],
  written: ['lstmCellBackward', asked],
  cases: [MOST_ZEROS, ONES, EXTREMES, LARGE, ORDINARY].map((given) => cellCase(given, asked, names)),
});

export const CELL_PROBLEMS: Readonly<Record<string, ExerciseChecks>> = {
  'hidden-state': cell('hiddenStateBackward', 'dc', 'dz', 'dcPrev'),
  'cell-state': cell('cellStateBackward', 'dz', 'dcPrev', 'dc'),
  gates: cell('gatesBackward', 'dz', 'dc', 'dcPrev'),
};
