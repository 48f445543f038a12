/** The verdicts on the answers in a folder, and their words, as `longhand exercises check` prints them. */
import path from 'node:path';
import { readIfPresent } from '../files/disk.js';
import { type AnswerFile, type WrittenAnswer, answersIn } from './exercise-files.js';
import { wordsOf } from '../exercises/behind.js';
import { type Exercise, type Verdict, type WrongNumber, digitsOf, plainElement } from '../exercises/exercise.js';
import { table, print, printLines } from './print.js';

export interface Checked extends AnswerFile {
  /** undefined if there is no file that can be read. */
  readonly source: string | undefined;
  readonly verdict: Verdict;
}

/** For each exercise, the verdicts on the answers that have been begun; on one that has not, if there is none. `isHeard`: see `verdictOn`. */
export async function verdictsOn(
  folder: string,
  exercises: readonly Exercise[],
  signal: AbortSignal,
  isHeard = true,
): Promise<Checked[][]> {
  const isDiagnosed = exercises.length === 1; // a line for each of several does not show it
  const all = await twoAtATime(answersIn(folder, exercises), async (answer) => {
    const read = sourceIn(path.join(folder, answer.file));
    if ('verdict' in read) return { ...answer, source: undefined, verdict: read.verdict };
    const written = { ...answer, ...read };
    return { ...written, verdict: await verdictOnText(written, signal, isDiagnosed, isHeard) };
  });
  return exercises.map((exercise) => {
    const both = all.filter((one) => one.exercise === exercise);
    const begun = both.filter(({ verdict }) => verdict.outcome !== 'untouched');
    return begun.length > 0 ? begun : both.slice(0, 1);
  });
}

/** The results of `work`, in the order of the items. */
async function twoAtATime<Item, Result>(items: readonly Item[], work: (item: Item) => Promise<Result>) {
  const results: Result[] = [];
  const left = [...items.entries()];
  const some = async (): Promise<void> => {
    for (let next = left.shift(); next; next = left.shift()) results[next[0]] = await work(next[1]);
  };
  await Promise.all([some(), some()]);
  return results;
}

/** In bytes. */
const LARGEST_ANSWER = 1_000_000;

/** A file that is missing counts as one that has not been begun. One that cannot be read is an error of this answer alone. */
export function sourceIn(file: string): { source: string } | { verdict: Verdict } {
  let bytes: Uint8Array | undefined;
  try {
    bytes = readIfPresent(file, LARGEST_ANSWER);
  } catch (error) {
    return { verdict: { outcome: 'error', message: (error as Error).message.replace(`${file}: `, '') } };
  }
  if (bytes === undefined) return { verdict: { outcome: 'untouched' } };
  const text = Buffer.from(bytes);
  if (/^(fffe|feff)/.test(text.toString('hex', 0, 2)))
    return { verdict: { outcome: 'error', message: 'is in UTF-16: save it in UTF-8' } };
  return { source: text.toString().replace(/^\uFEFF/, '') }; // some editors begin a file with it
}

async function verdictOnText(
  answer: WrittenAnswer,
  signal: AbortSignal,
  isDiagnosed: boolean,
  isHeard: boolean,
): Promise<Verdict> {
  const { verdictOn } = await import('./children/child-process.js'); // with a compiler of TypeScript, which is slow to load
  return verdictOn(answer, signal, isDiagnosed, undefined, isHeard);
}

export const isRight = (all: readonly Checked[]): boolean => all.some(({ verdict }) => verdict.outcome === 'right');

/** A table of the tensors that differ, and what each expected number follows from. */
export function printDifferences(differences: readonly WrongNumber[]): void {
  printLines(table([HEAD, ...differences.map(rowOf)]));
  printBehind(differences);
}

/** What each expected number follows from. */
function printBehind(differences: readonly WrongNumber[]): void {
  const known = differences.flatMap(({ element, behind }) => (behind ? [{ element, behind }] : []));
  if (known.length > 0) print('The inputs behind each expected number, to recompute it by hand:');
  for (const { element, behind } of known) print(`  ${plainElement(element)}: ${wordsOf(behind)}`);
}

const HEAD = ['element', 'expected', 'found', 'wrong elements'];

const rowOf = ({ element, expected, found, differing, size }: WrongNumber): string[] => [
  element,
  ...digitsOf(expected, found),
  `${differing} of ${size}`,
];

/** Tensors that a line names, besides the first. */
const MOST_NAMES = 3;

/** A verdict in a few words. */
export function summaryOf(verdict: Verdict): string {
  if (verdict.outcome === 'right') return `right: all ${verdict.compared} numbers agree`;
  if (verdict.outcome === 'untouched') return 'not begun';
  if (verdict.outcome === 'error') return `cannot be checked: ${verdict.message}`;
  const [first, ...others] = verdict.differences;
  const [expected, found] = digitsOf(first.expected, first.found);
  const names = others.slice(0, MOST_NAMES).map(({ tensor }) => tensor);
  const left = others.length - names.length;
  if (left > 0) names.push(left === 1 ? '1 other' : `${left} others`);
  const more = names.length === 0 ? '' : `; also wrong: ${names.join(', ')}`;
  return `wrong: ${first.element} is ${found}, but must be ${expected}${more}`;
}
