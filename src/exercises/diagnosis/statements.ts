/**
 * Statements about the wrong numbers of a tensor in all cases. Each is made only if it is true of every number, so it can be read
 * as a fact, also if the mistake is in no list.
 */
import { HELD } from '../tensors.js';
import { type Statement, areNear, isNear, whole } from '../../causes/compared.js';
import { constantRatio, ENOUGH, factorOf, isMultiple, nonZero, SIZE_FACTORS } from '../../causes/terms.js';
import { areWrongAt, PLACES, transposedOf } from '../../causes/places.js';
import { indexOf } from '../../core/tensor.js';
import { type Family, type Part, gatesOf } from './parts.js';

/** The first statement that is true of the family, which has wrong numbers. */
export function statementOn(family: Family, exercise: string): Statement | undefined {
  for (const statement of [ratioOf, emptyOf, ({ parts }: Family) => transposedOf(parts), blocksOf, placesOf]) {
    const found = statement(family, exercise);
    if (found) return found;
  }
  return undefined;
}

/** The letters of sizes in words. */
const SIZES: Readonly<Record<string, string>> = {
  T: 'the number of steps',
  B: 'the number of sequences',
  N: 'the number of rows',
  count: 'the number of rows that count',
  C: 'the number of classes',
  'N·C': 'the number of elements',
  I: 'the number of inputs',
  H: 'the number of units',
};

/** Every number is a factor times the expected one: the same in every case, or a size of the case. */
export function ratioOf({ name, parts }: Family, exercise: string): Statement | undefined {
  const factors = parts.map(factorOf);
  if (factors.includes(undefined)) return undefined;
  const fits = (factorIn: (part: Part) => number): boolean => parts.every((part) => isMultiple(part, factorIn(part)));
  const letters = Object.keys(SIZES).filter((letter) => parts.every(({ sizes }) => letter in sizes));
  const [first] = factors.filter((factor) => !Number.isNaN(factor));
  if (first !== undefined && fits(() => first)) {
    const ratio = Number(first.toPrecision(9));
    return ratio === 0 ? zeroOf(name, exercise) : constantRatio(ratio, parts);
  }
  for (const letter of letters)
    for (const [factor, words] of SIZE_FACTORS)
      if (fits(({ sizes }) => factor(sizes[letter])))
        return whole(`Every number of {} ${words(letter)}? ${letter} is ${SIZES[letter]}`);
  const wrong = parts.filter(({ isRight }) => !isRight);
  const own = factors.filter((_, n) => !parts[n].isRight);
  const list = [...new Set(own.map((factor) => Number(factor?.toPrecision(6))))];
  if (list.length < 2 || list.includes(0) || list.includes(1) || wrong.some((part) => nonZero([part]) < ENOUGH))
    return undefined;
  return whole(
    `Every number of {} is the expected one times a factor, which differs from case to case: ${list.join(', ')}`,
  );
}

/** The families that hold other numbers than 0 before the reader's lines, by exercise. */
const HELD_BEFORE: Readonly<Partial<Record<string, RegExp>>> = {
  'hidden-state': /^(dc|dcPrev|dz|gate . of dz)$/,
  'cell-state': /^(dc|dcPrev|dz|gate . of dz)$/,
  gates: /^(dc|dcPrev|dz|gate . of dz)$/,
  weights: /^(dx|dh|dc)$/, // dx of the cases that add to it
  'through-time': /^(dx|dh|dc)$/,
  softmax: /^dLogits$/,
  adam: /^[mvp]$/, // m and v in the case that begins at a later update
  'every-step': /^(dStates|d[Wb]( of denseBackward)?|dhUpstream)$/,
  scan: /^(dh|dhPrev|da|db)$/,
  'gru-step': /^(dhPrev|dax|dah|gate . of da[xh])$/,
};

/** Numbers that the reader's functions return. */
const RETURNED = /^(dzi|α)/;

/** Every number is 0. */
function zeroOf(name: string, exercise: string): Statement {
  if (RETURNED.test(name)) return whole('{} {is} 0 everywhere: 0 is returned, or a factor of every number is 0');
  if (HELD_BEFORE[exercise]?.test(name) !== true)
    return whole(
      '{} {is} 0 everywhere: nothing is added to {it}, a factor of every number is 0, or 0 is written there too late',
    );
  return whole(
    '{} {is} 0 everywhere, but held other numbers before: 0 was written there, perhaps because a factor of every number is 0',
  );
}

/** Whether `of` is what an output holds before an answer writes it, in every element: see `unwritten`. */
function isHeld(part: Part, of: (n: number) => number): boolean {
  const { found } = part;
  const last = found.length - 1;
  const isUnwritten = found.every((_, n) => Number.isNaN(of(n)) || (n === last && isNear(part, of(n), 0)));
  return isUnwritten || found.every((_, n) => isNear(part, of(n), HELD));
}

const NOT_WRITTEN = whole('{} {is} not written: every number is what was there before');

/** Nothing is written, or it is added to what was there. A case with NaN alone cannot show this. */
function emptyOf({ parts }: Family): Statement | undefined {
  const wrong = parts.filter(({ isRight }) => !isRight);
  const hasHeld = (of: (part: Part, n: number) => number): boolean =>
    wrong.every((part) => isHeld(part, (n) => of(part, n))) &&
    wrong.some((part) => part.found.some((_, n) => isNear(part, of(part, n), HELD)));
  const isNotWritten = wrong.length === parts.length && hasHeld(({ found }, n) => found[n]);
  if (isNotWritten) return NOT_WRITTEN;
  if (hasHeld(({ found, expected }, n) => found[n] - expected[n]))
    return whole('{} {is} added to what was there before: an = or a first 0 is missing');
  return undefined;
}

/** Gates have the numbers of other gates, the same in every case. Others may not be written. */
function blocksOf(family: Family): Statement | undefined {
  const gates = gatesOf(family);
  const letterOf = ({ name }: Family): string => name.replace(/^gate (.).*/, '$1');
  const words = gates.map((gate): string | undefined => {
    if (gate.isRight) return '';
    const from = gates.findIndex(({ parts }) =>
      parts.every(({ expected }, k) => areNear(gate.parts[k], gate.parts[k].found, expected)),
    );
    if (from >= 0) return `${letterOf(gate)} has the numbers of gate ${letterOf(gates[from])}`;
    return emptyOf(gate) === NOT_WRITTEN ? `${letterOf(gate)} is not written` : undefined;
  });
  if (words.includes(undefined) || !words.some((one) => one?.includes('has'))) return undefined;
  return whole(`Of {}, gate ${words.filter((one) => one !== '').join(', ')}`);
}

/** What an index of each axis counts, where it is not a row and a column: in each exercise, or in one. */
const AXES: Readonly<Partial<Record<string, readonly string[]>>> = {
  dh: ['row', 'sequence', 'unit'],
  dc: ['row', 'sequence', 'unit'],
  dx: ['step', 'sequence', 'input'],
  da: ['step', 'sequence', 'unit'],
  'scan db': ['step', 'sequence', 'unit'],
  dhPrev: ['sequence', 'unit'],
  dhUpstream: ['row', 'sequence', 'unit'],
  dLogits: ['row', 'class'],
};

function placesOf({ name, parts }: Family, exercise: string): Statement | undefined {
  const words = inputsOf(parts) ?? kindOf(parts) ?? fixedSizeOf(parts, exercise);
  if (words !== undefined) return { words, isWhole: false };
  const axes = parts[0].shape.length;
  if (parts.some(({ shape }) => shape.length !== axes)) return elementsOf(parts); // a row of one is an element of the other
  const places = AXES[`${exercise} ${name}`] ?? AXES[name] ?? ['row', name.startsWith('gate') ? 'unit' : 'column'];
  for (const [axis, place] of places.slice(-axes).entries())
    for (const [isWrong, sentence] of PLACES)
      if (areWrongAt(parts, axis, isWrong))
        return { words: `In {}, ${sentence(place)}, in every case`, isWhole: false };
  return undefined;
}

/** Of tensors with different axes: the first or the last element, as `flatten` counts them. */
function elementsOf(parts: readonly Part[]): Statement | undefined {
  const flat = parts.map((part) => ({ ...part, shape: [part.expected.length] }));
  const place = PLACES.find(([isWrong]) => areWrongAt(flat, 0, isWrong));
  return place && { words: `In {}, ${place[1]('element')}, in every case`, isWhole: false };
}

/** All wrong numbers are of one kind, and there are right ones of another. */
function kindOf(parts: readonly Part[]): string | undefined {
  const elements = parts.flatMap((part) =>
    part.expected.map((expected, n) => ({
      index: indexOf(n, part.shape),
      isWrong: !isNear(part, part.found[n], expected),
      kinds: part.kinds ?? [],
    })),
  );
  const fits = (k: number): boolean =>
    elements.every(({ index, isWrong, kinds }) => !isWrong || kinds[k][1](index)) &&
    elements.some(({ index, kinds }) => !kinds[k][1](index));
  const kinds = parts[0].kinds ?? [];
  const k = kinds.findIndex((_, n) => fits(n));
  return k < 0 ? undefined : `Every wrong number of {} is ${kinds[k][0]}`;
}

/** All cases with a certain number of units are right, and all others wrong. Only columns of gates are counted with this number. */
function fixedSizeOf(parts: readonly Part[], exercise: string): string | undefined {
  if (exercise !== 'gates') return undefined;
  const [right, wrong] = [true, false].map(
    (isRight) => new Set(parts.flatMap((part) => (part.isRight === isRight ? [part.sizes.H] : []))),
  );
  const [H] = right;
  return right.size === 1 && wrong.size > 1 && !wrong.has(H)
    ? `{} {is} right if H, ${SIZES.H}, is ${H}, and wrong with every other H: is ${H} written in place of H?`
    : undefined;
}

/** Of the tensors `dWx[0]`, `dWx[1]`, …, only the first is right, or only it is wrong. A case with one input has the first alone. */
function inputsOf(parts: readonly Part[]): string | undefined {
  const isFirst = ({ name }: Part): boolean => !name.endsWith(']') || name.endsWith('[0]');
  const isRight = (part: Part): boolean => part.isRight;
  const [firsts, others] = [parts.filter(isFirst), parts.filter((part) => !isFirst(part))];
  if (others.length === 0) return undefined;
  if (firsts.every(isRight) && !others.some(isRight)) return 'Of {}, only the first one ([0]) is right';
  if (others.every(isRight) && !firsts.some(isRight)) return 'Of {}, only the first one ([0]) is wrong';
  return undefined;
}
