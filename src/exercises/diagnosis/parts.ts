/**
 * What an answer has computed beside what is right, tensor by tensor and gate by gate; and which tensors each line of an exercise
 * feeds, so that the tensors that are wrong show where to look.
 */
import { type Compared, areNear } from '../../causes/compared.js';
import type { Shape } from '../../core/tensor.js';
import { type Kind, type Numbers, type Result, numberIn, toleranceOf } from '../results.js';

/** A tensor of a case, as the case names it (`dWx[1]`, `m after update 2`), or the columns of one gate in it. */
export interface Part extends Compared {
  readonly kinds?: readonly Kind[] | undefined;
  /** Of the case. */
  readonly sizes: Sizes;
}

/** What has the same name in all cases, apart from indices and updates: `dWx`, `m`, `gate i of dz`. */
export interface Family {
  readonly name: string;
  readonly parts: readonly Part[];
  readonly isRight: boolean;
}

/** The sizes of a case by their letters, as far as the shapes of its tensors show them. */
export type Sizes = Readonly<Record<string, number>>;

/** The tensors in the order in which cases name them. */
export function familiesOf(numbers: Numbers, expected: readonly (readonly Result[])[]): Family[] {
  const parts = expected.flatMap((results, n) => {
    const sizes = sizesOf(results);
    return results.map((result, k): [string, Part] => [familyName(result.name), partOf(result, numbers[n][k], sizes)]);
  });
  return groupsOf(parts);
}

/** In the order of their columns. */
export const GATES = ['i', 'j', 'f', 'o'] as const;
export const GRU_GATES = ['r', 'z', 'n'] as const;

/** The gates of a tensor with their columns: of an LSTM, or of a GRU's dax and dah. None if it has no such columns. */
export function gatesOf({ name, parts }: Family): Family[] {
  const gates = /^d(z|Wh|Wx|Bias)$/.test(name) ? GATES : /^da[xh]$/.test(name) ? GRU_GATES : [];
  if (!parts.every(({ sizes, shape }) => shape.at(-1) === gates.length * sizes.H)) return [];
  return groupsOf(
    gates.flatMap((gate, block) =>
      parts.map((part): [string, Part] => [`gate ${gate} of ${name}`, blockOf(part, block)]),
    ),
  );
}

const familyName = (name: string): string => name.replace(/\[\d+\]$| (after|of) update \d+$/, '');

function groupsOf(parts: readonly (readonly [string, Part])[]): Family[] {
  const names = [...new Set(parts.map(([name]) => name))];
  return names.map((name) => {
    const own = parts.flatMap(([other, part]) => (other === name ? [part] : []));
    return { name, parts: own, isRight: own.every(({ isRight }) => isRight) };
  });
}

function partOf({ name, shape, values, scale, kinds }: Result, found: ArrayLike<number>, sizes: Sizes): Part {
  const expected = [...values];
  const numbers = expected.map((_, n) => numberIn(found, n));
  const tolerance = toleranceOf(scale);
  const isRight = areRight({ tolerance }, numbers, expected);
  return { name, shape, expected, found: numbers, isRight, tolerance, kinds, sizes };
}

/** Smaller differences are rounding errors of a numeric derivative. */
const ROUNDING = 1e-10;

/** Within the tolerance of the check, and not another number that is smaller than this tolerance. */
const areRight = (of: Pick<Part, 'tolerance'>, found: readonly number[], expected: readonly number[]): boolean =>
  areNear(of, found, expected) &&
  found.every((value, n) => !(Math.abs(value - expected[n]) > ROUNDING + 1e-4 * Math.abs(expected[n])));

/** Columns block·H to block·H + H - 1 of a part. */
function blockOf({ name, shape, expected, found, sizes }: Part, block: number): Part {
  const [columns, H] = [shape[shape.length - 1], sizes.H];
  const isIn = (_: number, n: number): boolean => Math.floor((n % columns) / H) === block;
  const [right, wrong] = [expected.filter(isIn), found.filter(isIn)];
  const tolerance = toleranceOf();
  const isRight = areRight({ tolerance }, wrong, right);
  return { name, shape: [...shape.slice(0, -1), H], expected: right, found: wrong, isRight, tolerance, sizes };
}

/** From the tensors that show them, and from what a result says. */
function sizesOf(results: readonly Result[]): Sizes {
  const shapeOf = (name: string): Shape | undefined => results.find((one) => one.name === name)?.shape;
  const [dh, dc, dWx, dLogits, dState] = ['dh', 'dc', 'dWx', 'dLogits', 'dStates[0]'].map(shapeOf);
  const sizes: Record<string, number> = {};
  if (dh) [sizes.T, sizes.B, sizes.H] = [dh[0] - 1, dh[1], dh[2]];
  else if (dc) [sizes.B, sizes.H] = dc;
  if (dWx) [sizes.I] = dWx;
  if (dState) [sizes.N] = dState;
  if (dLogits) {
    const [rows, C] = dLogits;
    Object.assign(sizes, { N: rows, C, 'N·C': rows * C });
  }
  return Object.assign(sizes, ...results.map((one) => one.sizes ?? {})) as Sizes;
}

/**
 * What to look at, and the names of the families that a mistake there makes wrong, and of no others. `inOneStep`: those that it makes
 * wrong in a case with one step, if these are others. `part`: the first that it makes wrong.
 */
type Line = readonly [look: string, feeds: readonly string[], inOneStep?: readonly string[] | undefined, part?: string];

const [I, J, F, O] = GATES.map((gate) => `gate ${gate} of dz`);
const WEIGHTS = ['dWh', 'dWx', 'dBias', 'dx', 'dh', 'dc'];
const SCAN = ['dh', 'da', 'db', 'dhPrev'];
const ofGru = (gate: string): string[] => ['dax', 'dah'].map((tensor) => `gate ${gate} of ${tensor}`);
const RNN = ['dWx', 'dWh', 'dBias', 'dh', 'dStart'];

const IN_FORWARD = 'What is wrong in the forward pass is wrong in every gradient';

const LINES: Readonly<Record<string, readonly Line[]>> = {
  product: [
    ['the line of dW', ['dW']],
    ['the line of dx', ['dx']],
    ['the line of db', ['db']],
  ],
  'rnn-step': [
    ['the line of dBias', ['dBias']],
    ['the line of dWx', ['dWx']],
    ['the line of dWh', ['dWh']],
    ['the line of dh[t]', RNN, ['dh', 'dStart']],
    ['the loop over m, and at its lines of dWh and of dh[t]', RNN, ['dWh', 'dh', 'dStart']],
    ['the loops, and at the lines of dz and of dh[t]: with one step and one sequence, all are right', RNN, []],
    ['the line of dz, which all of these read, and at the loops around it', RNN, RNN],
  ],
  'initial-state': [
    ['the lines of dStart: (e′)', ['dStart']],
    [`the line of h[0]: (e). ${IN_FORWARD}`, ['h', ...RNN, 'dWy', 'dBiasY'], undefined, 'h[0]'],
    [`the forward pass after h[0], which is right. ${IN_FORWARD}`, ['h', ...RNN, 'dWy', 'dBiasY']],
  ],
  'hidden-state': [
    ['dO', [O]],
    ['dC, which all of these read', ['dc', 'dcPrev', I, J, F]],
    ['tanhC, and at dO and dC, which read it', ['dc', 'dcPrev', I, J, F, O]],
    ['what is stored in dc', ['dc']],
  ],
  'cell-state': [
    ['dI', [I]],
    ['dJ', [J]],
    ['dF', [F]],
    ['what is stored in dcPrev', ['dcPrev']],
  ],
  gates: GATES.map((gate): Line => [`the line of dz for gate ${gate}`, [`gate ${gate} of dz`]]),
  weights: [
    ['the line of dWh', ['dWh']],
    ['the line of dBias', ['dBias']],
    ['the call of inputBackward', ['dWx', 'dx']],
    ['the line of dhPrev', WEIGHTS, ['dh']],
  ],
  'through-time': [
    ['what writes dKernel, of which dWx and dWh are the rows', ['dWh', 'dWx']],
    ['what writes dBias', ['dBias']],
    ['what writes dInputs', ['dx']],
    ['the loop over the steps, and at what it clears: with one step, all are right', WEIGHTS, []],
    ['what dh and dc begin as, and at the call of lstmStepBackward', WEIGHTS, WEIGHTS],
  ],
  adam: [
    ['α', ['α', 'p']],
    ['M and its new mean', ['m', 'p']],
    ['V and its new square', ['v', 'p']],
    ['the line of P', ['p']],
  ],
  'every-step': [
    ['the line of dStates in denseBackward', ['dStates', 'dhUpstream', ...WEIGHTS]],
    ['what denseBackward does with several states, at its line of dStates', ['dStates']],
    ['the line of dW in denseBackward', ['dW of denseBackward', 'dW']],
    ['what denseBackward does with several states, at its line of dW', ['dW of denseBackward']],
    ['the line of db in denseBackward', ['db of denseBackward', 'db']],
    ['how often denseBackward is called, and with which rows: it replaces dW and db', ['dW', 'db']],
    ['the states and dW in the call of denseBackward', ['dW']],
    ['dLogits and db in the call of denseBackward', ['db']],
    ['which rows of dhUpstream denseBackward writes, and when', ['dhUpstream', ...WEIGHTS]],
    ['the call of lstmBackward', WEIGHTS],
  ],
  scan: [
    ['what is written into da', ['da']],
    ['what is written into db', ['db']],
    ['what the first step adds to dhPrev', ['dhPrev']],
    ['what each step adds to dh of the step before, or to dhPrev', SCAN, ['dhPrev']],
    ['the loop over the steps, and at dh of the step before: with one step, all are right', SCAN, []],
  ],
  'gru-step': [
    ['what is added to dhPrev', ['dhPrev']],
    ['dn and daxn, which all of these read', [...ofGru('r'), ...ofGru('n')]],
    ['dr, and at the factor σ′ of r', ofGru('r')],
    ['dz, and at the factor σ′ of z', ofGru('z')],
    ...GRU_GATES.flatMap((gate) => ofGru(gate).map((name): Line => [`what is written into ${name}`, [name]])),
  ],
};

/** Where to look: the only line, or the only lines, that feed the wrong families and no right one. undefined if that is not clear. */
export function placeToLook(exercise: string, families: readonly Family[]): string | undefined {
  const lines = LINES[exercise] ?? [];
  const [names, inOne] = [namesOfWrong(families), namesOfWrong(families, (part) => part.sizes.T === 1)];
  const isWrong = (name: string): boolean =>
    families.some(({ parts }) => parts.some((part) => part.name === name && !part.isRight));
  const fits = ([, feeds, inOneStep, part]: Line): boolean => {
    const known = (all: readonly string[]): string[] => all.filter((name) => families.some((one) => one.name === name));
    const isThere = inOneStep === undefined || isSame(inOne, known(inOneStep));
    return isThere && isSame(names, known(feeds)) && (part === undefined || isWrong(part));
  };
  const one = lines.find(fits);
  if (one) return one[0];
  const several = lines.filter(([, feeds]) => feeds.every((name) => names.includes(name)));
  const isCovered = isSame(names, [...new Set(several.flatMap(([, feeds]) => feeds))]);
  const areSeparate = several.flatMap(([, feeds]) => feeds).length === names.length;
  return isCovered && areSeparate ? several.map(([look]) => look).join(', and at ') : undefined;
}

/** `isCounted`: the parts that count. Default: all. */
const namesOfWrong = (families: readonly Family[], isCounted = (_: Part): boolean => true): string[] =>
  families.flatMap(({ name, parts }) => (parts.some((part) => !part.isRight && isCounted(part)) ? [name] : []));

const isSame = (one: readonly string[], other: readonly string[]): boolean =>
  one.length === other.length && one.every((name) => other.includes(name));
