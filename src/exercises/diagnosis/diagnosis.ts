/**
 * What can be said about the wrong numbers of an answer, for its author: the known mistake that has them, or else what statements.ts finds
 * in them. parts.ts has the words after “Look at”.
 */
import { listed } from '../../core/arguments.js';
import {
  type Finding,
  type Statement,
  areNear,
  capital,
  sentenceOf as withNames,
  together,
} from '../../causes/compared.js';
import { type Exercise, type KnownMistake, withMistake } from '../exercise.js';
import { NUMBERS } from '../numbers.js';
import { type Numbers, type Result, isNear, numberIn } from '../results.js';
import { type Family, placeToLook, familiesOf, gatesOf } from './parts.js';
import { ratioOf, statementOn } from './statements.js';

/** Computes the numbers of a text that is known to be no stranger's; undefined if it cannot be run. */
type Compute = (source: string) => Numbers | undefined;

/** A known mistake, all of whose wrong numbers are those of an answer. */
interface Agreeing {
  readonly mistake: KnownMistake;
  readonly numbers: Numbers;
  /** Of all numbers in one list. */
  readonly isWrong: readonly boolean[];
  /** Whether its right numbers are those of the answer too. */
  readonly isWhole: boolean;
}

/** In the order of the exercise's list. The build has computed some numbers of each mistake: only if an answer has these, `compute` runs the mistake. */
function agreeing(
  exercise: Exercise,
  numbers: Numbers,
  expected: readonly (readonly Result[])[],
  compute: Compute,
): Agreeing[] {
  const scales = expected.flatMap((results) => results.flatMap(({ values, scale }) => Array.from(values, () => scale)));
  const right = flat(
    expected.map((results) => results.map(({ values }) => values)),
    expected,
  );
  const found = flat(numbers, expected);
  const isFound = (n: number, value: number): boolean => isNear(found[n], value, scales[n]);
  return exercise.mistakes.flatMap((mistake, of): Agreeing[] => {
    const probes = NUMBERS[exercise.name]?.probes[of] ?? [];
    if (!probes.every(([n, value]) => isFound(n, value))) return [];
    const own = compute(withMistake(exercise.typescript.solution, mistake));
    if (own === undefined) return []; // it cannot be computed with the shapes of a case
    const values = flat(own, expected);
    const isWrong = values.map((value, n) => !isNear(value, right[n], scales[n]));
    const areFound = values.map((value, n) => isNear(value, found[n], scales[n]));
    const isHere = isWrong.every((wrong, n) => !wrong || isFound(n, values[n]));
    return isHere ? [{ mistake, numbers: own, isWrong, isWhole: areFound.every(Boolean) }] : [];
  });
}

/** The numbers of all cases in one list, as many as are expected. */
export const flat = (numbers: Numbers, expected: readonly (readonly Result[])[]): number[] =>
  expected.flatMap((results, of) =>
    results.flatMap(({ values }, k) => Array.from(values, (_, n) => numberIn(numbers[of][k], n))),
  );

/** In sentences. `compute` runs the project's own texts with known mistakes. From what explains every number to what only shows a place. */
export function diagnosisOf(
  exercise: Exercise,
  numbers: Numbers,
  expected: readonly (readonly Result[])[],
  compute: Compute,
): string | undefined {
  const known = agreeing(exercise, numbers, expected, compute);
  const one = known.find(({ isWhole }) => isWhole);
  if (one) return `These are the numbers of a known mistake: ${one.mistake.words}.`;
  const families = familiesOf(numbers, expected);
  const wrong = families.filter(({ isRight }) => !isRight);
  const ratios = wrong.map((family) => findingOn(family, ratioOf(family, exercise.name)));
  const same = together(ratios.filter((one) => one !== undefined));
  if (same.length === 1 && !ratios.includes(undefined)) return sentenceOf(same[0]);
  const sentences = partial(exercise, families, knownOf(known, families, expected));
  return sentences.length === 0 ? undefined : sentences.join(' ');
}

const findingOn = ({ name }: Family, statement: Statement | undefined): Finding | undefined =>
  statement && { ...statement, names: [name] };

/**
 * What is true of single tensors, or of gates, and where to look if this is not all. `named`: the words of a known mistake that gives
 * all numbers of a tensor.
 */
function partial(exercise: Exercise, families: readonly Family[], named: ReadonlyMap<string, string>): string[] {
  const wrong = families.filter(({ isRight }) => !isRight);
  const explained = wrong.flatMap((family) => {
    const finding = findingOn(family, statementOn(family, exercise.name));
    const words = named.get(family.name);
    if (finding?.isWhole) return [finding];
    if (words !== undefined)
      return [findingOn(family, { words: `{} {has} the numbers of a known mistake: ${words}`, isWhole: true })];
    return gateFindings(family, exercise.name) ?? [finding];
  });
  const sentences = together(explained.filter((finding) => finding !== undefined)).map(sentenceOf);
  const isAll = explained.every((finding) => finding?.isWhole);
  return isAll ? sentences : [...sentences, ...whereToLook(exercise, families)];
}

/** undefined unless each wrong gate has a statement on all its numbers. */
function gateFindings(family: Family, exercise: string): Finding[] | undefined {
  const gates = gatesOf(family).filter(({ isRight }) => !isRight);
  const findings = gates.flatMap((gate) => findingOn(gate, statementOn(gate, exercise)) ?? []);
  const isAll = gates.length > 0 && findings.length === gates.length && findings.every(({ isWhole }) => isWhole);
  return isAll ? findings : undefined;
}

/** For tensors whose numbers are all those of one known mistake: its words. The mistake that makes the most numbers wrong comes first. */
function knownOf(
  known: readonly Agreeing[],
  families: readonly Family[],
  expected: readonly (readonly Result[])[],
): Map<string, string> {
  const named = new Map<string, string>();
  const isTaken = new Set<number>();
  const count = ({ isWrong }: Agreeing): number => isWrong.filter(Boolean).length;
  for (const { mistake, numbers, isWrong } of [...known].sort((one, other) => count(other) - count(one))) {
    const wrong = [...isWrong.keys()].filter((n) => isWrong[n]);
    if (wrong.some((n) => isTaken.has(n))) continue; // another mistake explains these numbers
    for (const n of wrong) isTaken.add(n);
    familiesOf(numbers, expected).forEach(({ name, parts, isRight }, n) => {
      const areFound = parts.every((part, k) => areNear(part, part.found, families[n].parts[k].found));
      if (!isRight && areFound) named.set(name, mistake.words);
    });
  }
  return named;
}

/** Which tensors are right and which are wrong, if this shows where to look. */
function whereToLook({ name }: Exercise, families: readonly Family[]): string[] {
  const parts = families.flatMap((family) => {
    const gates = /^d(z|ax|ah)$/.test(family.name) ? gatesOf(family) : [];
    return gates.length > 0 ? gates : [family];
  });
  const look = placeToLook(name, parts);
  if (look === undefined) return [];
  const [wrong, right] = [false, true].map((isRight) =>
    parts.flatMap((part) => (part.isRight === isRight ? [part.name] : [])),
  );
  const rest = right.length === 0 ? '' : `, and ${verbOf(right)} right`;
  return [`${capital(verbOf(wrong))} wrong${rest}. Look at ${look}.`];
}

const verbOf = (names: readonly string[]): string => `${namesOf(names)} ${names.length === 1 ? 'is' : 'are'}`;

const sentenceOf = (finding: Finding): string => withNames(finding, namesOf);

/** Gates of one tensor together: `dc and gates i and j of dz`. */
function namesOf(names: readonly string[]): string {
  const tensors = new Map<string, string[]>();
  for (const name of names) {
    const gate = /^gate (.) of (.*)$/.exec(name);
    const [tensor, own] = gate ? [gate[2], [gate[1]]] : [name, []];
    tensors.set(tensor, [...(tensors.get(tensor) ?? []), ...own]);
  }
  const all = [...tensors].map(([tensor, gates]) =>
    gates.length === 0 ? tensor : `gate${gates.length > 1 ? 's' : ''} ${listed(gates)} of ${tensor}`,
  );
  return listed(all);
}
