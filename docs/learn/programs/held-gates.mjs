// @ts-check
/**
 * One cell whose z is set by hand, for one step or for many: the numbers of docs/learn/lstm.md. The engine computes them. It runs in Node
 * and in the browser.
 */
import { lstmCellBackward, lstmCellForward } from 'longhand';
import { row } from './one-softmax.mjs';

/**
 * zf is given before the forget bias. `once`: at this one step, this z has another value.
 *
 * @typedef {'zi' | 'zj' | 'zf' | 'zo'} Lever
 * @typedef {Readonly<Record<Lever, number>>} Levers
 * @typedef {{ readonly lever: Lever, readonly step: number, readonly z: number }} Once
 * @typedef {Readonly<Record<'i' | 'j' | 'f' | 'o' | 'c' | 'h', number>>} Cell
 */

export const FORGET_BIAS = 1;

/** cPrev is 0.8 in each. */
export const CASES = [
  { name: 'keep', zi: -4, zj: 1, zf: 3, zo: 2 },
  { name: 'replace', zi: 4, zj: -1, zf: -5, zo: 2 },
  { name: 'add', zi: 4, zj: 1, zf: 3, zo: 2 },
  { name: 'hide', zi: -4, zj: 1, zf: 3, zo: -4 },
];
export const C_BEFORE = 0.8;

/** (2) to (4), for one unit. @param {Levers} levers @param {number} cPrev @returns {Cell} */
export function cellOf({ zi, zj, zf, zo }, cPrev) {
  const [h, c, gates] = [row([0]), row([0]), row([0, 0, 0, 0])];
  lstmCellForward(h, c, gates, row([zi, zj, zf, zo]), row([cPrev]), FORGET_BIAS);
  const [i, j, f, o] = [0, 1, 2, 3].map((n) => gates.get(0, n));
  return { i, j, f, o, c: c.get(0, 0), h: h.get(0, 0) };
}

/** dcPrev, from (3′), if nothing but c is read. @param {number} dc @param {Cell} cell @param {number} cPrev @returns {number} */
function dcPrevOf(dc, { i, j, f, o, c }, cPrev) {
  const dcPrev = row([0]);
  lstmCellBackward(row([0, 0, 0, 0]), row([dc]), dcPrev, row([0]), row([i, j, f, o]), row([c]), row([cPrev]));
  return dcPrev.get(0, 0);
}

/**
 * The same levers at each of T steps; `z[t]` are those of step t. `c` has T+1 numbers. `left[t]` is ∂c[t]/∂c[0]: the part of c[0] that is left. `dc[t]` is ∂c[T]/∂c[t]:
 * the part of a gradient at c[T] that arrives at c[t].
 *
 * @param {Levers} levers
 * @param {number} start
 * @param {number} T
 * @param {Once} [once]
 */
export function holdGates(levers, start, T, once) {
  const z = Array.from({ length: T }, (_, t) => (t === once?.step ? { ...levers, [once.lever]: once.z } : levers));
  /** @type {Cell[]} */
  const cells = [];
  const [c, left] = [[start], [1]];
  /** @type {number[]} */
  const dc = [];
  for (let t = 0; t < T; t++) {
    cells[t] = cellOf(z[t], c[t]);
    c[t + 1] = cells[t].c;
    left[t + 1] = left[t] * cells[t].f;
  }
  dc[T] = 1;
  for (let t = T - 1; t >= 0; t--) dc[t] = dcPrevOf(dc[t + 1], cells[t], c[t]);
  return { z, cells, c, left, dc };
}

/**
 * Settings to hold. `c` is c[0].
 *
 * @type {readonly { readonly name: string, readonly words: string, readonly levers: Levers, readonly c: number, readonly once?: Once }[]}
 */
export const PRESETS = [
  {
    ...{ name: 'Keep', levers: { zi: -6, zj: 1, zf: 6, zo: 2 }, c: 0.8 },
    words: 'f is near 1 and i is near 0, so c stays nearly what it was.',
  },
  {
    ...{ name: 'Forget', levers: { zi: -6, zj: 1, zf: -1, zo: 2 }, c: 0.8 },
    words: 'f is 0.5, so each step halves what is left of c[0], and of the gradient.',
  },
  {
    ...{ name: 'Write once', levers: { zi: -6, zj: 2, zf: 6, zo: 2 }, c: 0, once: { lever: 'zi', step: 10, z: 4 } },
    words: 'i opens at step 10 only. Then j is written to the cell, and the steps after it keep it.',
  },
  {
    ...{ name: 'Read once', levers: { zi: -6, zj: 1, zf: 6, zo: -6 }, c: 0.8, once: { lever: 'zo', step: 20, z: 4 } },
    words: 'The cell is full all the time, but o opens at step 20 only, so h shows it only then.',
  },
  {
    ...{ name: 'Count', levers: { zi: 6, zj: 4, zf: 6, zo: 4 }, c: 0 },
    words: 'Each step adds nearly 1, so c counts the steps. h shows only a small count, because tanh(c) saturates.',
  },
];
