/** The inputs that a wrong verdict shows: the expected number follows from them, with six digits, by a formula written here again. */
import { indexOf } from '../../src/core/tensor.js';
import { type Behind, short } from '../../src/exercises/behind.js';
import { PROBLEMS } from '../../src/exercises/check.js';
import { type Exercise } from '../../src/exercises/exercise.js';
import { EXERCISES, fileNameOf } from '../../src/exercises/exercises.js';
import { headOf } from '../../src/exercises/folder.js';
import { TYPES } from '../../src/exercises/types.js';

/** Inputs by name, as they are shown. */
type Shown = Readonly<Record<string, number[]>>;

/** One number. */
const numberIn = (inputs: Shown, name: string, none: number): number => (name in inputs ? inputs[name][0] : none);

const shown = ({ inputs }: Behind): Shown =>
  Object.fromEntries(inputs.map(({ name, values }) => [name, values.map((value) => Number(short(value)))]));

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const dot = (a: readonly number[], b: readonly number[]): number => sum(a.map((value, n) => value * b[n]));

/** The dot product of the two rows or columns, plus single numbers. */
const dotAndRest = (inputs: Shown): number => {
  const [rows, rest] = [
    Object.values(inputs).slice(-2),
    Object.values(inputs)
      .slice(0, -2)
      .map(([value]) => value),
  ];
  return dot(rows[0], rows[1]) + sum(rest);
};
const total = (inputs: Shown): number => sum(Object.values(inputs)[0]);

/** dC, dO and dI … of an element of the cell, from those of them that are shown, and from the rest. */
function cellOf(inputs: Shown) {
  const at = (name: string): number => numberIn(inputs, name, NaN);
  const tanh = Math.tanh(at('c'));
  const dC = 'dC' in inputs ? at('dC') : at('dc on entry') + at('dh') * at('o') * (1 - tanh ** 2);
  const dO = 'dO' in inputs ? at('dO') : at('dh') * tanh;
  const dI = 'dI' in inputs ? at('dI') : dC * at('j');
  const dJ = 'dJ' in inputs ? at('dJ') : dC * at('i');
  const dF = 'dF' in inputs ? at('dF') : dC * at('cPrev');
  const [i, j, f, o] = ['i', 'j', 'f', 'o'].map(at);
  const dz = [dI * (i - i * i), dJ * (1 - j * j), dF * (f - f * f), dO * (o - o * o)];
  return { dC, dz, dcPrev: at('dcPrev on entry') + dC * f };
}

const CELL = {
  dc: (inputs: Shown) => cellOf(inputs).dC,
  dcPrev: (inputs: Shown) => cellOf(inputs).dcPrev,
  dz: (inputs: Shown, [, column]: number[], shape: readonly number[]) =>
    cellOf(inputs).dz[Math.floor(column / (shape[1] / 4))],
};

/** dc of a state, from outside and from the next step, and through h. */
function stateOf(inputs: Shown): number {
  const at = (name: string): number => numberIn(inputs, name, 0);
  const later = at('dc of the next state') * at('f of the next step');
  return at('dcUpstream') + later + at('dh') * at('o') * (1 - Math.tanh(at('c')) ** 2);
}

const LSTM = {
  dWh: dotAndRest,
  dWx: dotAndRest,
  dBias: total,
  dx: dotAndRest,
  dh: (inputs: Shown) => (Object.keys(inputs).length === 1 ? total(inputs) : dotAndRest(inputs)),
  dc: stateOf,
};

const dzOf = (inputs: Shown): number[] => {
  const h = inputs['h after the step'];
  return inputs['dh after the step'].map((value, n) => value * (1 - h[n] ** 2));
};
const RNN = {
  dStart: total,
  dBias: (inputs: Shown) => sum(dzOf(inputs)),
  dWx: (inputs: Shown) => dot(inputs.x, dzOf(inputs)),
  dWh: (inputs: Shown) => dot(inputs['h before the step'], dzOf(inputs)),
  dh: (inputs: Shown) => {
    const [dh, h, Wh] = Object.values(inputs);
    return sum(dh.map((value, n) => value * (1 - h[n] ** 2) * Wh[n]));
  },
};

const before = (name: string, inputs: Shown): number => inputs[`${name} before the update`][0];
const mOf = (inputs: Shown): number => 0.9 * before('m', inputs) + 0.1 * inputs.g[0];
const vOf = (inputs: Shown): number => 0.999 * before('v', inputs) + 0.001 * inputs.g[0] ** 2;

/** The complete gradient of a scan's state: from outside, and through the next step. */
function completeOf(inputs: Shown): number {
  const [outside] = inputs['dh on entry'] ?? inputs['dhPrev on entry'];
  return outside + numberIn(inputs, 'a of the next step', 0) * numberIn(inputs, 'dh of the next step', 0);
}

/** The r, z and n of dax, or of dah, whose n has the factor r. */
function gruOf({ dh: [dh], r: [r], z: [z], n: [n], ahn: [ahn], hPrev: [hPrev] }: Shown, factor: number): number[] {
  const ofSum = dh * (1 - z) * (1 - n * n);
  return [ofSum * ahn * (r - r * r), dh * (hPrev - n) * (z - z * z), ofSum * factor];
}

type Formula = (inputs: Shown, index: number[], shape: readonly number[]) => number;

/** By exercise and tensor: from the name's first word. */
const FORMULAS: Readonly<Record<string, Readonly<Record<string, Formula>>>> = {
  product: { dW: dotAndRest, dx: dotAndRest, db: total },
  'rnn-step': RNN,
  'initial-state': { 'h[0]': total, ...RNN },
  sigmoid: { dzi: ({ dI: [dI], i: [i] }) => dI * (i - i * i) },
  'hidden-state': CELL,
  'cell-state': CELL,
  gates: CELL,
  weights: LSTM,
  'through-time': LSTM,
  softmax: {
    dLogits: ({ p: [p], 'y of this class': [y], count: [count], ...others }) =>
      (p * sum(Object.values(others)[0]) - y) / count,
  },
  adam: {
    α: ({ learningRate: [rate], t: [t] }) => (rate * Math.sqrt(1 - 0.999 ** t)) / (1 - 0.9 ** t),
    m: mOf,
    v: vOf,
    p: (inputs) => before('p', inputs) - (inputs.α[0] * mOf(inputs)) / (Math.sqrt(vOf(inputs)) + 1e-8),
  },
  'every-step': { dStates: dotAndRest, dW: dotAndRest, db: total, dhUpstream: dotAndRest, dh: dotAndRest },
  scan: {
    dh: completeOf,
    db: completeOf,
    dhPrev: completeOf,
    da: (inputs) => completeOf(inputs) * inputs['h of the step before'][0],
  },
  'gru-step': {
    dhPrev: ({ 'dhPrev on entry': [before], dh: [dh], z: [z] }) => before + dh * z,
    dax: (inputs, [, column], shape) => gruOf(inputs, 1)[Math.floor(column / (shape[1] / 3))],
    dah: (inputs, [, column], shape) => gruOf(inputs, inputs.r[0])[Math.floor(column / (shape[1] / 3))],
  },
};

/** About as many elements of each tensor, spread over it. */
const ELEMENTS = 11;

/** A tensor's formulas: `dStates[1]` has those of dStates, `h[0]` its own. */
const formulaOf = (name: string, tensor: string): Formula | undefined =>
  (FORMULAS[name] as Partial<Record<string, Formula>>)[tensor] ??
  (FORMULAS[name] as Partial<Record<string, Formula>>)[tensor.replace(/[[ ].*/, '')];

test.each(EXERCISES.map(({ name }) => [name]))('%s: what is shown gives the expected number', (name) => {
  const recomputed = new Set<string>();
  for (const one of PROBLEMS[name].cases) {
    for (const { name: tensor, shape, values } of one.expected()) {
      for (let n = values.length - 1; n >= 0; n -= Math.ceil(values.length / ELEMENTS)) {
        const index = indexOf(n, shape);
        const behind = one.behind(tensor, index);
        if (behind === undefined) continue;
        const count = sum(behind.inputs.map((input) => input.values.length));
        expect(count).toBeLessThanOrEqual(18);
        const isPart = behind.note !== undefined && !behind.note.endsWith('in this order.');
        if (isPart) continue;
        const found = formulaOf(name, tensor)!(shown(behind), index, shape);
        const largest = Math.max(1, ...[values[n], ...behind.inputs.flatMap((input) => input.values)].map(Math.abs)); // six digits of it are shown
        const isNear = Math.abs(found - values[n]) < 2e-5 * largest;
        expect([tensor, index, found, isNear]).toEqual([tensor, index, found, true]);
        recomputed.add(tensor.replace(/(?<!h)[[ ].*/, ''));
      }
    }
  }
  expect([...recomputed].sort()).toEqual(Object.keys(FORMULAS[name]).sort());
});

/* What the texts of the exercises give away: no answer to another exercise, and no line of their own answer. */

/** Letters and digits only. */
const normalised = (text: string): string => text.replace(/[^\p{L}\p{N}]/gu, '');

/** Loops over all of something, braces, the beginning of a sum, and the call of a function whose head another exercise shows. */
const TRIVIAL =
  /^(for \(let (\w) = (0; \2 < \w; \2\+\+|T - 1; \2 >= 0; \2--)\) \{|\W*|let sum = 0;|const \{ running \} = steps\[n\];|lstmBackward\(backend, lstm\);)$/;

/** The lines that the reader writes, without comments. */
function gapOf({ typescript, javascript }: Exercise): string[] {
  return [typescript, javascript].flatMap(({ start, solution }) => {
    const begun = new Set(start.split('\n'));
    return solution
      .split('\n')
      .filter((line) => !begun.has(line))
      .map((line) => line.replace(/ \/\/ .*/, '').trim())
      .filter((line) => !/^(\/\/|\/\*|\*)/.test(line) && !TRIVIAL.test(line))
      .map((line) => normalised(line.replace(/^(return|const) /, '')));
  });
}

/** What can be read before an answer is written. */
const shownBy = (one: Exercise): string[] => [
  `${headOf(one)}${one.typescript.start}`,
  one.javascript.start,
  ...one.hints.slice(0, 2),
];

/** The lines of the gap of `one` that `texts` have. */
const foundIn = (one: Exercise, texts: readonly string[]): string[] =>
  gapOf(one).filter((line) => texts.some((text) => normalised(text).includes(line)));

const all = EXERCISES.map((one) => [fileNameOf(one), one] as const);

test.each(all)('%s: there are lines to write', (_, one) => {
  expect(gapOf(one).length).toBeGreaterThan(1);
  for (const line of gapOf(one)) expect(line.length).toBeGreaterThan(3);
  expect(foundIn(one, [one.typescript.solution, one.javascript.solution])).toEqual(gapOf(one));
});

test.each(all)('%s: no other exercise, and no type, holds a line of its answer', (_, one) => {
  for (const other of EXERCISES) {
    if (other !== one) expect([other.name, foundIn(one, shownBy(other))]).toEqual([other.name, []]);
  }
  expect(foundIn(one, [TYPES])).toEqual([]);
});

test.each(all)('%s: neither its start text nor a hint holds a line of its own answer', (_, one) => {
  expect(foundIn(one, [...shownBy(one), ...one.hints])).toEqual([]);
});
