/** The inputs behind one number, so that a reader can recompute it by hand. They come from a case, never from an answer. */
import { counted } from '../core/arguments.js';
import type { Tensor } from '../core/tensor.js';

/** An input: one number, or those of a row or of a column. */
export interface Input {
  readonly name: string;
  readonly values: readonly number[];
}

export interface Behind {
  readonly inputs: readonly Input[];
  /** A sentence, if the inputs are not all, or need one. */
  readonly note?: string;
}

/** With six digits, and more near ±1: 1-i and 1-j² need them. */
export const short = (value: number): string =>
  String(Number(value.toPrecision(1 - Math.abs(value) < 0.01 && Math.abs(value) <= 1 ? 14 : 6)));

/** `o = 0.25; row 1 of W = 0.5, -1. A note.` */
export function wordsOf({ inputs, note }: Behind): string {
  const all = inputs.map(({ name, values }) => `${name} = ${values.map(short).join(', ')}`).join('; ');
  return [...(all === '' ? [] : [`${all}.`]), ...(note === undefined ? [] : [note])].join(' ');
}

/** Single numbers by their names. */
export const single = (numbers: Readonly<Record<string, number>>): Input[] =>
  Object.entries(numbers).map(([name, value]) => ({ name, values: [value] }));

/** Row `r` of a matrix. */
export const row = (name: string, matrix: Tensor, r: number): Input => ({
  name: `row ${r} of ${name}`,
  values: Array.from({ length: matrix.shape[1] }, (_, k) => matrix.get(r, k)),
});

/** Column `k` of a matrix. */
export const column = (name: string, matrix: Tensor, k: number): Input => ({
  name: `column ${k} of ${name}`,
  values: Array.from({ length: matrix.shape[0] }, (_, r) => matrix.get(r, k)),
});

/** More numbers than these are too many for a computation by hand. */
const MOST = 18;

/**
 * The inputs of a sum over steps and sequences. `terms`: for each input, its number at step t, sequence b. If they are too many, those of
 * the last step.
 */
export function overSteps(
  T: number,
  B: number,
  terms: Readonly<Record<string, (t: number, b: number) => number>>,
): Behind {
  const isShort = T * B * Object.keys(terms).length <= MOST;
  const steps = isShort ? [...Array(T).keys()] : [T - 1];
  const inputs = Object.entries(terms).map(([name, at]) => ({
    name,
    values: steps.flatMap((t) => Array.from({ length: B }, (_, b) => at(t, b))),
  }));
  const sum = `It is a sum over ${counted(T, 'step')} and ${counted(B, 'sequence')}`;
  if (T * B === 1) return { inputs };
  return { inputs, note: isShort ? `${sum}, in this order.` : `${sum}; these are the numbers of the last step.` };
}

/** All inputs, unless they are too many: then only those with one number, and a sentence. */
export function unlessTooMany(inputs: readonly Input[], rule: string): Behind {
  const count = inputs.reduce((sum, { values }) => sum + values.length, 0);
  if (count <= MOST) return { inputs };
  return {
    inputs: inputs.filter(({ values }) => values.length === 1),
    note: `${rule}, ${count} numbers in all.`,
  };
}
