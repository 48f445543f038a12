/** The problems of chapter 2's plain RNN: one step, and the initial state. The right program is the solution itself. */
import { describe } from '../core/arguments.js';
import { Random } from '../core/rng.js';
import { AnswerError } from './answer-error.js';
import { type Behind, overSteps } from './behind.js';
import { type Answer, evaluate } from './evaluate.js';
import type { Case, ExerciseChecks, Result } from './results.js';
import { byIndex, numericGradient, rowsResult, whileReading, fixed } from './results.js';
import { type CaseOptions, setSpecialNumbers } from './tensors.js';
import { RIGHT_RNN } from './texts.js';

type Matrix = Float64Array[];
type Parameters = Record<'Wx' | 'Wh' | 'bias' | 'Wy' | 'biasY' | 'start', Matrix>;

const matrix = (rows: number, columns: number, draw: () => number): Matrix =>
  Array.from({ length: rows }, () => Float64Array.from({ length: columns }, draw));

interface RnnCase extends Omit<CaseOptions, 'held'> {
  readonly seed: number;
  /** T, B, I, H and C. */
  readonly sizes: readonly number[];
  /** See `makeStateZero`. Default: false. */
  readonly hasZeroState?: boolean;
}

interface Inputs {
  readonly x: readonly Matrix[];
  readonly labels: readonly number[];
  readonly parameters: Parameters;
}

function inputsOf({
  seed,
  sizes: [T, B, I, H, C],
  hasZeroState = false,
  factor = 1,
  isOrdinary = false,
}: RnnCase): Inputs {
  const random = new Random(seed);
  const draw = (rows: number, columns: number): Matrix => matrix(rows, columns, () => random.normal(0, 0.8));
  const x = Array.from({ length: T }, () => draw(B, I));
  const labels = Array.from({ length: B }, (_, b) => (b === 1 && !isOrdinary ? 0 : random.below(C)));
  const [Wx, Wh, bias, Wy, biasY, start] = [draw(I, H), draw(H, H), draw(1, H), draw(H, C), draw(1, C), draw(1, H)];
  for (const row of Wy) row.forEach((weight, k) => (row[k] = factor * weight));
  if (!isOrdinary) {
    setSpecialNumbers([start, ...x, Wx, Wh, Wy, biasY]);
    start[0].set([1.7, -1.4, -1.4].slice(0, H - 1), 1); // numbers that no tanh gives, and equal neighbours
  }
  const parameters = { Wx, Wh, bias, Wy, biasY, start };
  if (T === 1) makeSpecialUnits(parameters, labels[0]);
  if (hasZeroState) makeStateZero(x[0], parameters);
  return { x, labels, parameters };
}

/**
 * Units 0 and 2 of sequences 1 and 2 are exactly 0 after the first step, although some numbers of their columns of Wh are not. For
 * sequence 1, neither are those of x and of their columns of Wx, whose two terms cancel each other. Before the step, only unit 0 is 0.
 */
function makeStateZero(x: Matrix, { Wx, Wh, bias }: Parameters): void {
  [Wx[1][1], Wx[1][0]] = [Wx[1][0], Wx[1][1]]; // it keeps its 0
  x[1].fill(0.9);
  x[2].fill(0);
  for (const n of [0, 2]) {
    [-0.4, 0.4].forEach((weight, k) => (Wx[k][n] = weight));
    [0, -0.3, 0.3, 0].forEach((weight, m) => (Wh[m + 1][n] = weight)); // start[0] is 0, and units 2 and 3 begin as equal numbers
    bias[0][n] = 0;
  }
}

/**
 * h of unit 1 is 0 after a step. No logit reads unit 2, so its dh is 0 at the last step; those of units 0 and 3 are large, with opposite signs,
 * and unit 0 lets its dh through, because its h is small. The prediction is a wrong class, and sure.
 */
function makeSpecialUnits({ Wx, Wh, bias, Wy, biasY }: Parameters, label: number): void {
  for (const row of [...Wx, ...Wh, ...bias]) {
    row[1] = 0;
    row[0] *= 0.1;
  }
  Wx[2][0] = 0; // of a unit that begins as 0
  Wy[2].fill(0);
  Wy[0].forEach((weight, k) => (Wy[0][k] = 200 * weight));
  Wy[3].set(Wy[0].map((weight) => -weight));
  biasY[0][(label + 1) % biasY[0].length] = 300;
}

/** Without `start`, it is zero. */
type GivenParameters = Omit<Parameters, 'start'> & Partial<Parameters>;

/** docs/learn/programs/plain-rnn.mjs */
interface PlainRnn extends Answer {
  forward(x: readonly Matrix[], parameters: GivenParameters): { h: Matrix[]; logits: Matrix };
  crossEntropy(logits: Matrix, labels: readonly number[]): { p: Matrix; loss: number };
  backward(
    x: readonly Matrix[],
    labels: readonly number[],
    parameters: GivenParameters,
    results: { h: Matrix[]; p: Matrix },
  ): { gradients: Parameters; dh: Matrix[] };
}

let right: PlainRnn | undefined;

const rightRnn = (): PlainRnn => (right ??= evaluate({ code: RIGHT_RNN, loops: [] }) as PlainRnn);

const NAMES = { Wx: 'dWx', Wh: 'dWh', bias: 'dBias', Wy: 'dWy', biasY: 'dBiasY', start: 'dStart' } as const;

/** What a function of an answer has returned. Throws an AnswerError if it lacks one of `names`. */
function returned<Value extends object>(
  what: string,
  value: Value | null | undefined,
  names: readonly (keyof Value)[],
): Value {
  const rule = `${what} must return { ${names.join(', ')} }, but`;
  if (typeof value !== 'object' || value === null) throw new AnswerError(`${rule} returns ${describe(value)}`);
  for (const name of names) {
    const field: unknown = value[name];
    if (typeof field === 'object' && field !== null) continue;
    throw new AnswerError(`${rule} its ${String(name)} is ${describe(field)}`);
  }
  return value;
}

/** `found`, which an answer has made. Throws an AnswerError unless it is a list of `count` things. */
function listFrom(name: string, found: unknown, count: number, things: 'rows' | 'matrices'): readonly unknown[] {
  const counted = count === 1 && things === 'rows' ? '1 row' : `${count} ${things}`; // there are always several matrices
  if (!Array.isArray(found)) throw new AnswerError(`${name} is ${describe(found)}: it must be a list of ${counted}`);
  if (found.length !== count) throw new AnswerError(`${name} must have ${counted}, but has ${found.length}`);
  return found;
}

/**
 * A copy of `found`, which an answer has made. Throws an AnswerError unless it has `rows` rows of `columns` numbers. The copy and
 * the loops are the check's own: lists of an answer can be of a class of its own, and it can replace methods of all lists.
 */
function matrixFrom(name: string, found: unknown, rows: number, columns: number): Matrix {
  const list = listFrom(name, found, rows, 'rows');
  const copy: Matrix = [];
  for (let r = 0; r < rows; r++) copy[r] = rowFrom(name, r, list[r], columns);
  return copy;
}

/** Row `r` of the copy. An array stays an array, because its `map` can return what no typed array holds. */
function rowFrom(name: string, r: number, found: unknown, columns: number): Float64Array {
  if (!Array.isArray(found) && !(ArrayBuffer.isView(found) && 'length' in found))
    throw new AnswerError(`${name}[${r}] is ${describe(found)}: it must be a row of ${columns} numbers`);
  const numbers = found as unknown as ArrayLike<unknown>;
  if (numbers.length !== columns)
    throw new AnswerError(`${name}[${r}] must have ${columns} numbers, but has ${numbers.length}`);
  const copy = Array.isArray(found) ? ([] as unknown as Float64Array) : new Float64Array(columns);
  for (let k = 0; k < columns; k++) {
    const value = numbers[k];
    if (typeof value !== 'number')
      throw new AnswerError(`${name}[${r}, ${k}] is ${describe(value)}: it must be a number`);
    copy[k] = value;
  }
  return copy;
}

/** Copies of the matrices of `found`, which an answer has made. Throws an AnswerError unless it has this shape. */
function statesFrom(name: string, found: unknown, [steps, B, H]: readonly [number, number, number]): Matrix[] {
  const list = listFrom(name, found, steps, 'matrices');
  const copies: Matrix[] = [];
  for (let t = 0; t < steps; t++) copies[t] = matrixFrom(`${name}[${t}]`, list[t], B, H);
  return copies;
}

/** dh `[T+1][B,H]` as one tensor. */
function dhOf(dh: readonly Matrix[]): Result {
  const [steps, B, H] = [dh.length, dh[0].length, dh[0][0].length];
  const rows: Matrix = [];
  for (let n = 0; n < steps * B; n++) rows[n] = dh[Math.floor(n / B)][n % B];
  return { ...rowsResult('dh', rows), shape: [steps, B, H] };
}

/** (7): ∂loss/∂h of every step, from the loss of each sequence when it continues from the state of that step. */
function numericDh({ x, labels, parameters }: Inputs): Matrix[] {
  const { Wy, biasY } = parameters;
  const rnn = rightRnn();
  const logitsFrom = (state: Float64Array, rest: Inputs['x']): Matrix =>
    rest.length > 0
      ? rnn.forward(rest, { ...parameters, start: [state] }).logits
      : [biasY[0].map((bias, k) => state.reduce((sum, value, n) => sum + value * Wy[n][k], bias))];
  return rnn.forward(x, parameters).h.map((states, t) =>
    states.map((state, b) => {
      const rest = x.slice(t).map((rows) => [rows[b]]);
      const loss = (): number => rnn.crossEntropy(logitsFrom(state, rest), [labels[b]]).loss;
      return numericGradient(() => loss() / labels.length, state);
    }),
  );
}

/**
 * The gradients of `names` are compared, and dh. `showsStates`: the answer's forward pass is compared too. Without `start` in
 * `names`, the parameters have no `start`.
 */
function rnnCase(of: RnnCase, names: readonly (keyof Parameters)[], showsStates: boolean): Case {
  const [T, B, , H, C] = of.sizes;
  const inputs = (): Inputs => {
    const all = inputsOf(of);
    if (!names.includes('start')) all.parameters.start[0].fill(0);
    return all;
  };
  const given = ({ start, ...others }: Parameters): GivenParameters =>
    names.includes('start') ? { ...others, start } : others;
  const statesOf = (h: readonly Matrix[]): Result[] =>
    showsStates ? h.map((rows, t) => rowsResult(`h[${t}]`, rows)) : [];
  return {
    results(answer: Answer) {
      const { x, labels, parameters: wanted } = inputs();
      const parameters = given(wanted);
      fixed({ x, labels, parameters });
      const rnn = answer as PlainRnn;
      const read = { ...byIndex('x', x), ...parameters };
      const forward = whileReading(read, {}, () => (showsStates ? rnn : rightRnn()).forward(x, parameters));
      const found = returned('forward', forward, ['h', 'logits']);
      const h = statesFrom('h', found.h, [T + 1, B, H]);
      const logits = matrixFrom('logits', found.logits, B, C);
      const results = fixed({ h, p: rightRnn().crossEntropy(logits, labels).p });
      const readBackward = { ...read, ...byIndex('h', results.h), p: results.p };
      const backward = whileReading(readBackward, {}, () => rnn.backward(x, labels, parameters, results));
      const { gradients, dh } = returned('backward', backward, ['gradients', 'dh']);
      const all = names.map((name) => {
        const [{ length: rows }, { length: columns }] = [wanted[name], wanted[name][0]];
        return rowsResult(NAMES[name], matrixFrom(NAMES[name], gradients[name], rows, columns));
      });
      return [...statesOf(h), ...all, dhOf(statesFrom('dh', dh, [T + 1, B, H]))];
    },
    expected() {
      const { x, labels, parameters } = inputs();
      const rnn = rightRnn();
      const loss = (): number => rnn.crossEntropy(rnn.forward(x, parameters).logits, labels).loss;
      const numeric = (rows: Matrix): Matrix => rows.map((row) => numericGradient(loss, row));
      const gradients = names.map((name) => rowsResult(NAMES[name], numeric(parameters[name])));
      return [...statesOf(rnn.forward(x, parameters).h), ...gradients, dhOf(numericDh({ x, labels, parameters }))];
    },
    behind: (tensor, index) => rnnBehind(inputs(), tensor, index),
  };
}

/** What the lines of (e), (b′), (a′) and (e′) read. */
function rnnBehind({ x, labels, parameters }: Inputs, tensor: string, index: readonly number[]): Behind | undefined {
  const rnn = rightRnn();
  const { h, logits } = rnn.forward(x, parameters);
  const { dh } = rnn.backward(x, labels, parameters, { h, p: rnn.crossEntropy(logits, labels).p });
  const [T, B] = [x.length, labels.length];
  const { start, Wh } = parameters;
  const [m, n] = index;
  const dzAt = (unit: number) => ({
    'dh after the step': (t: number, b: number) => dh[t + 1][b][unit],
    'h after the step': (t: number, b: number) => h[t + 1][b][unit],
  });
  switch (tensor) {
    case 'h[0]':
      return { inputs: [{ name: `start[0, ${n}]`, values: [start[0][n]] }] };
    case 'dWx':
      return overSteps(T, B, { x: (t, b) => x[t][b][m], ...dzAt(n) });
    case 'dWh':
      return overSteps(T, B, { 'h before the step': (t, b) => h[t][b][m], ...dzAt(n) });
    case 'dBias':
      return overSteps(T, B, dzAt(n));
    case 'dStart':
      return { inputs: [{ name: `dh[0], unit ${n} of each sequence`, values: dh[0].map((row) => row[n]) }] };
    case 'dh':
      return index[0] < T ? stateBehind(index, dh, h, Wh) : undefined;
    default:
      return undefined;
  }
}

/** dh of state t, from all units of step t. */
function stateBehind([t, b, m]: readonly number[], dh: readonly Matrix[], h: readonly Matrix[], Wh: Matrix): Behind {
  return {
    inputs: [
      { name: `dh[${t + 1}][${b}]`, values: [...dh[t + 1][b]] },
      { name: `h[${t + 1}][${b}]`, values: [...h[t + 1][b]] },
      { name: `Wh[${m}]`, values: [...Wh[m]] },
    ],
  };
}

const cases = (names: readonly (keyof Parameters)[], showsStates: boolean): readonly Case[] => [
  rnnCase({ seed: 13, sizes: [4, 3, 2, 5, 4], hasZeroState: true }, names, showsStates),
  rnnCase({ seed: 14, sizes: [1, 1, 3, 6, 3] }, names, showsStates),
  rnnCase({ seed: 16, sizes: [3, 5, 1, 6, 2], factor: 40 }, names, showsStates), // more sequences than in the first two
  rnnCase({ seed: 20, sizes: [4, 5, 3, 6, 4], isOrdinary: true }, names, showsStates),
];

export const RNN_PROBLEMS: Readonly<Record<string, ExerciseChecks>> = {
  'rnn-step': {
    exports: ['backward'],
    written: ['backward', 'stepsBackward'],
    cases: cases(['Wx', 'Wh', 'bias', 'start', 'Wy', 'biasY'], false),
  },
  'initial-state': {
    exports: ['forward', 'backward'],
    written: ['forward', 'backward', 'initialStateForward', 'initialStateBackward'],
    cases: [
      ...cases(['start', 'Wx', 'Wh', 'bias', 'Wy', 'biasY'], true),
      rnnCase({ seed: 15, sizes: [2, 2, 1, 3, 2] }, ['Wx', 'Wh', 'bias', 'Wy', 'biasY'], true),
    ],
  },
};
