/** The lines of chapter 4, and what they compute from given numbers. */
import { GIVEN, SECTIONS } from '../../../learn/programs/by-hand-lines.mjs';
import { type Values, evaluate, namesIn } from './formulas.js';

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

/** What is given, and the number of each line, in the order of the lines. */
export const valuesFrom = (given: Values): Values =>
  ALL_LINES.reduce<Values>((values, { name, formula }) => ({ ...values, [name]: evaluate(formula, values) }), given);

/** The formulas give the engine's numbers. The engine itself cannot run here, because its tensors make functions from text. */
export const EXACT: Values = valuesFrom(GIVEN);

/** The lines that read the number of this one. */
export const readersOf = (name: string): string[] =>
  ALL_LINES.filter(({ formula }) => namesIn(formula, EXACT).includes(name)).map((line) => line.name);
