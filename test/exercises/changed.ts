/** An exercise, and the verdict on its solution with a change. */
import { check } from '../../src/exercises/check.js';
import type { Exercise, Verdict } from '../../src/exercises/exercise.js';
import { EXERCISES } from '../../src/exercises/exercises.js';
import type { Language } from '../../src/exercises/folder.js';

export const exercise = (name: string): Exercise => EXERCISES.find((one) => one.name === name)!;

/** The code of exercise 1 in version 1.0.0. */
export const FORMER_PRODUCT = `import { rowsOf, transposeOf } from 'longhand';

/** From  logits \`[N,C]\` = Σ stateₖ·Wₖ + b:  dStateₖ \`[N,Hₖ]\`, dWₖ \`[Hₖ,C]\`, db \`[C]\`. */
export function denseBackward(backend, dStates, dW, db, dLogits, states, W) {
  // Write dStates, dW and db here. backend.matmul(out, a, b) writes a·b to out; backend.columnSums(out, a) writes the sum of
  // the rows of a. transposeOf(a) is a view, and so are the matrices of rowBlocks(W, states): one Wₖ for each state.
}

/** The rows of W for each state. */
function rowBlocks(W, states) {
  let end = 0;
  return states.map(({ shape: [, H] }) => rowsOf(W, end, (end += H)));
}
`;

/** The lines of a table, whose columns stand between bars. \n is the end of a line in a text. */
export const rows = ({ raw }: TemplateStringsArray, ...values: readonly string[]): string[][] =>
  String.raw({ raw }, ...values.map((value) => value.replaceAll('\n', '\\n')))
    .split('\n')
    .map((line) => line.trimStart())
    .filter((line) => line !== '')
    .map((line) => line.split(' | ').map((cell) => cell.replaceAll('\\n', '\n')));

/** The pattern in a text between slashes. undefined for all others. */
export function patternIn(text: string): RegExp | undefined {
  const found = /^\/(.*)\/([a-z]*)$/s.exec(text);
  return found ? new RegExp(found[1], found[2]) : undefined;
}

/** The verdict on the solution with a change, after `before`. `right`: a text, or a pattern, also between slashes. */
export function changed(
  name: string,
  right: string | RegExp,
  wrong: string,
  language: Language = 'javascript',
  before = '',
): Verdict {
  const { solution } = exercise(name)[language];
  const source = solution.replace(typeof right === 'string' ? (patternIn(right) ?? right) : right, wrong);
  expect(source).not.toBe(solution);
  return check(exercise(name), before + source, language);
}
