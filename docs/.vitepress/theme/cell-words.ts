/** What one cell with held gates does, in words. */
import { number, partOf, short } from '../../learn/pictures/numbers.mjs';
import type { holdGates } from '../../learn/programs/held-gates.mjs';
import { counted } from '../../../src/core/arguments.js';

const superscript = (n: number): string => Array.from(String(n), (digit) => '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(digit)]).join('');

/** zf is the same at all steps. */
export function resultOf({ cells, c, left, dc }: ReturnType<typeof holdGates>): string[] {
  const T = cells.length;
  const { f, h } = cells[T - 1];
  return [
    `f = σ(zf + 1) = ${number(f)}, so f${superscript(T)} = ${partOf(left[T])} of c[0] is left after ${counted(T, 'step')}.`,
    `Of a gradient at c[${T}], ${partOf(dc[0])} arrives at c[0]. c[${T}] = ${short(c[T])}, and h of the last step is ${short(h)}.`,
  ];
}
