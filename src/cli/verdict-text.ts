/** Verdicts on answers, as `longhand exercises check` prints them. */
import { wordsOf } from '../exercises/behind.js';
import type { Verdict, WrongNumber } from '../exercises/exercise.js';
import { digitsOf, plainElement } from '../exercises/exercise.js';
import { table } from './format.js';
import { print, printLines } from './print.js';

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
