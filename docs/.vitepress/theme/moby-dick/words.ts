/** What the figures with the Moby-Dick network say about a passage. */
import { next, short } from '../../../learn/pictures/svg.mjs';
import type { InspectedCell } from '../../../../src/page/inspect-image.js';
import type { TextInspection } from '../../../../src/page/text/inspect-text.js';

const NAMES: Readonly<Record<string, string>> = { ' ': 'space', '\n': 'line end' };
/** The name of a character that shows nothing; undefined for others. */
export const wordFor = (character: string): string | undefined => NAMES[character];
/** A quotation mark stands alone. */
export const nameOf = (character: string): string =>
  wordFor(character) ?? (/[“”‘’"']/.test(character) ? character : `“${character}”`);

/** A norm that is smaller than this part of the largest one does not count as reached. */
const LEAST = 0.01;

/** The number of characters from the farthest one that counts to the prediction. */
export function reachOf(dxNorms: Float32Array, target: number): number {
  const most = Math.max(...dxNorms);
  return target + 1 - dxNorms.findIndex((norm) => norm > 0 && norm >= LEAST * most);
}

const percent = (p: number): string => `${Number((100 * p).toPrecision(2))}%`;

export function wordsOf(inspection: TextInspection | undefined): string[] {
  if (!inspection) return ['The network is loaded …'];
  const { characters, target, choices, loss, dxNorms } = inspection;
  const likely = choices
    .slice(0, 3)
    .map(({ character, probability }) => `${nameOf(character)} ${percent(probability)}`);
  return [
    `After ${nameOf(characters[target])} it expects ${likely.join(', ')}.`,
    `${nameOf(characters[target + 1])} comes, which had ${percent(Math.exp(-loss))}.`,
    `The farthest character with 1% of the largest gradient stands ${reachOf(dxNorms, target)} characters before it.`,
  ];
}

/** (3) and (4) with the numbers of one unit at one step. */
export function equationOf(
  { states: { c, h }, gates: { i, j, f, o }, H }: InspectedCell,
  unit: number,
  t: number,
): string {
  const at = (values: Float32Array): string => short(values[t * H + unit]);
  const before = t === 0 ? short(0) : short(c[(t - 1) * H + unit]);
  return `c = f*cPrev + i*j = ${at(f)}·${next(before)} + ${at(i)}·${next(at(j))} = ${at(c)}, and h = o*tanh(c) = ${at(o)}·tanh(${at(c)}) = ${at(h)}`;
}
