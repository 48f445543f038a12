/** What the texts of the exercises give away: no answer to another exercise, and no line of their own answer. */
import type { Exercise } from '../../src/exercises/exercise.js';
import { EXERCISES, fileNameOf } from '../../src/exercises/exercises.js';
import { headOf } from '../../src/exercises/folder.js';
import { TYPES } from '../../src/exercises/types.js';

/** Letters and digits only. */
const normalised = (text: string): string => text.replace(/[^\p{L}\p{N}]/gu, '');

/** Loops over all of something, braces, the beginning of a sum, and the call of a function whose head another exercise shows. */
const TRIVIAL =
  /^(for \(let (\w) = 0; \2 < \w; \2\+\+\) \{|\W*|let sum = 0;|const \{ running \} = steps\[n\];|lstmBackward\(backend, lstm\);)$/;

/** The lines that the reader writes, without comments. */
function gapOf({ typescript, javascript }: Exercise): string[] {
  return [typescript, javascript].flatMap(({ start, solution }) => {
    const begun = new Set(start.split('\n'));
    return solution
      .split('\n')
      .filter((line) => !begun.has(line))
      .map((line) => line.replace(/ \/\/ .*/, '').trim())
      .filter((line) => !/^(\/\/|\/\*|\*)/.test(line) && !TRIVIAL.test(line))
      .map((line) => normalised(line.replace(/^(return|const) /, '')));
  });
}

/** What can be read before an answer is written. */
const shownBy = (one: Exercise): string[] => [
  `${headOf(one)}${one.typescript.start}`,
  one.javascript.start,
  ...one.hints.slice(0, 2),
];

/** The lines of the gap of `one` that `texts` have. */
const foundIn = (one: Exercise, texts: readonly string[]): string[] =>
  gapOf(one).filter((line) => texts.some((text) => normalised(text).includes(line)));

const all = EXERCISES.map((one) => [fileNameOf(one), one] as const);

test.each(all)('%s: there are lines to write', (_, one) => {
  expect(gapOf(one).length).toBeGreaterThan(1);
  for (const line of gapOf(one)) expect(line.length).toBeGreaterThan(3);
  expect(foundIn(one, [one.typescript.solution, one.javascript.solution])).toEqual(gapOf(one));
});

test.each(all)('%s: no other exercise, and no type, holds a line of its answer', (_, one) => {
  for (const other of EXERCISES) {
    if (other !== one) expect([other.name, foundIn(one, shownBy(other))]).toEqual([other.name, []]);
  }
  expect(foundIn(one, [TYPES])).toEqual([]);
});

test.each(all)('%s: neither its start text nor a hint holds a line of its own answer', (_, one) => {
  expect(foundIn(one, [...shownBy(one), ...one.hints])).toEqual([]);
});
