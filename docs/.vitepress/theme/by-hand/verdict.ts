/** What the page says about a number that a reader has calculated for a line of docs/learn/by-hand.md. */
import { GIVEN, SECTIONS } from '../../../learn/programs/by-hand-lines.mjs';
import { numberOf } from '../elements.js';
import type { Values } from './formulas.js';
import { evaluate, mistakesIn, namesIn } from './formulas.js';

export interface Line {
  readonly name: string;
  readonly formula: string;
}

/** The lines of each section of the program, by the section's title. */
export const LINES: Readonly<Record<string, readonly Line[]>> = Object.fromEntries(
  (SECTIONS as readonly { title: string; lines: string[][] }[]).map(({ title, lines }) => [
    title,
    lines.map(([name, formula]) => ({ name, formula })),
  ]),
);
export const ALL_LINES: readonly Line[] = Object.values(LINES).flat();

const DECIMALS = 4;

/**
 * In the order of the lines. The formulas give the engine's numbers. The engine itself cannot run here, because its tensors make
 * functions from text.
 */
const EXACT: Values = ALL_LINES.reduce<Values>(
  (values, { name, formula }) => ({ ...values, [name]: evaluate(formula, values) }),
  GIVEN,
);
/** As the chapter shows them, and as the reader calculates with them. */
const ROUNDED: Values = Object.fromEntries(
  Object.entries(EXACT).map(([name, value]) => [name, Number(value.toFixed(DECIMALS))]),
);

export interface Verdict {
  /** `rounded`: to fewer decimals, or from rounded numbers. `unreadable`: no number. */
  readonly kind: 'right' | 'rounded' | 'wrong' | 'unreadable';
  readonly words: string;
}

export const isRight = ({ kind }: Verdict): boolean => kind === 'right' || kind === 'rounded';

/** The number of a text, or why it is none. */
export function numberFrom(text: string): number | string {
  const value = numberOf(text);
  return typeof value === 'string' || Number.isFinite(value) ? value : 'This number is too large.';
}

/** `numbers`: the reader's numbers of the lines, by name. A number can be right for one of them that is wrong. */
export function verdictOn({ name, formula }: Line, text: string, numbers: Values = {}): Verdict {
  const value = numberFrom(text);
  if (typeof value === 'string') return { kind: 'unreadable', words: value };
  const shown = ROUNDED[name].toFixed(DECIMALS);
  if (isSame(value, EXACT[name]) || isSame(value, ROUNDED[name])) return { kind: 'right', words: 'Right.' };
  if (isRounded(value, name)) return { kind: 'rounded', words: `Right, but rounded: ${shown} to four decimals.` };
  const decimals = /\.(\d*)/.exec(text)?.[1].length ?? 0;
  if ((decimals === 1 || decimals === 2) && Number(EXACT[name].toFixed(decimals)) === value)
    return { kind: 'wrong', words: 'Right so far, but too short: calculate four decimals.' };
  return { kind: 'wrong', words: `Wrong. ${reasonOf({ name, formula }, value, numbers)}` };
}

const isSame = (value: number, other: number): boolean => value.toFixed(DECIMALS) === other.toFixed(DECIMALS);

/** The right number to three decimals, or one that differs by less than 1% and 0.0005, as numbers do that are calculated from rounded ones. */
function isRounded(value: number, name: string): boolean {
  const toThree = [EXACT[name], ROUNDED[name]].map((right) => Number(right.toFixed(3)));
  return toThree.includes(value) || Math.abs(value - EXACT[name]) < Math.min(0.01 * Math.abs(EXACT[name]), 5e-4);
}

/** Numbers of a mistake are compared more closely: each of them would else stand for many others. */
const isNear = (value: number, other: number): boolean => Math.abs(value - other) < 1.5e-4;

function reasonOf({ name, formula }: Line, value: number, numbers: Values): string {
  const found = mistakesIn(name, formula).filter((mistake) =>
    [ROUNDED, EXACT].some((values) => isNear(value, evaluate(mistake.formula, values))),
  );
  if (found.length > 0) {
    const conditions = found.slice(0, 2).map(({ condition }) => `if ${condition}`);
    return `You get this number ${conditions.join(', or ')}.`;
  }

  const earlier = namesIn(formula, EXACT).filter((one) => one in numbers && !isRounded(numbers[one], one));
  if (earlier.length > 0 && isNear(value, evaluate(formula, { ...ROUNDED, ...numbers })))
    return `It follows from your ${earlier.join(' and ')}, which ${earlier.length > 1 ? 'are' : 'is'} not right yet.`;

  const section = Object.values(LINES).find((lines) => lines.some((line) => line.name === name)) ?? [];
  const other = section.find((line) => isNear(value, EXACT[line.name]));
  if (other) return `This is the number of ${other.name}.`;
  return 'The page does not know this mistake.';
}
