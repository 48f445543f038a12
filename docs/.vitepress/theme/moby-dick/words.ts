/** The passage of the figures with the Moby-Dick network, and what they say about it and others. */
import { next, short } from '../../../learn/pictures/svg.mjs';
import type { InspectedCell } from '../../../../src/page/inspect-image.js';
import type { TextInspection } from '../../../../src/page/text/inspect-text.js';

/** The passage is from the last 5% of the book, which the network has not learned from. */
export const PASSAGE =
  '“An hour,” said Ahab, standing rooted in his boat’s stern; and he gazed beyond the whale’s place, towards the dim blue spaces and ' +
  'wide wooing vacancies to leeward. It was only an instant; for again his eyes seemed whirling round in his head as he swept the ' +
  'watery circle. The breeze now freshened; the sea began to swell.\n\n“The birds!—the birds!” cried Tashtego.';

/** The last character before the prediction that is shown first: the ! before the last closing mark. */
export const TARGET = 344;

/** For some properties of src/page/text/separation.ts: the unit whose c separates them best in the last 5%, and its area under the curve. */
export const UNITS = [
  { property: 'in-quotes', unit: 121, auc: 0.91, words: 'inside quotation marks' },
  { property: 'long-word', unit: 11, auc: 0.87, words: 'late in a long word' },
  { property: 'vowel', unit: 154, auc: 0.05, words: 'at a vowel: it falls' },
  { property: 'capital', unit: 111, auc: 0.04, words: 'at a capital letter: it falls' },
] as const;

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
