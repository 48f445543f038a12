/**
 * Makes the exercises from the code: `npm run build` writes texts.ts, given.ts and numbers.ts, and bugs.ts for “Find the bug”. marks.mjs says which lines the exercises
 * show and which they take out, given-marks.mjs which lines their files call. A line that has changed since then ends the build with an error.
 */
import { build } from 'esbuild';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { transform } from 'sucrase';
import { findBugs } from '../../docs/learn/programs/find-bugs-page.mjs';
import { GIVEN, RNN } from './given-marks.mjs';
import { MARKS } from './marks.mjs';
import { PLANTED_MISTAKES } from '../mistakes/planted-mistakes.mjs';
import { SLIPS } from '../mistakes/slips.mjs';

const project = (file) => fileURLToPath(new URL(`../../${file}`, import.meta.url));
const contents = (file) => readFileSync(project(file), 'utf8');

/** Where `quote` begins in `text`. Throws an Error unless it occurs exactly once. */
function placeOf(text, quote, where) {
  const place = text.indexOf(quote);
  if (place < 0 || text.includes(quote, place + 1)) {
    throw new Error(
      `exercises: ${where} must have “${quote}” exactly once, but has it ${text.split(quote).length - 1} times`,
    );
  }
  return place;
}

const replaced = (text, [quote, other], where) => {
  const place = placeOf(text, quote, where);
  return text.slice(0, place) + other + text.slice(place + quote.length);
};

/** From the line that begins with `first` to the next one that begins with `last`, both included. */
function linesOf(text, { first, last = first }, where) {
  const start = placeOf(`\n${text}`, `\n${first}`, where);
  const end = first === last ? start : text.indexOf(`\n${last}`, start) + 1;
  if (end <= 0) throw new Error(`exercises: ${where} has no line “${last}” after “${first}”`);
  const after = text.indexOf('\n', end);
  return { start, end: after < 0 ? text.length : after + 1 };
}

function partOf(part) {
  if (typeof part === 'string') return part;
  const text = contents(part.from);
  if (part.expression) {
    const found = [...text.matchAll(new RegExp(part.expression, 'g'))];
    if (found.length !== 1) throw new Error(`exercises: ${part.from} has ${part.expression} ${found.length} times`);
    return found[0][1];
  }
  if (!part.first) return text;
  const { start, end } = linesOf(text, part, part.from);
  return (part.changed ?? []).reduce((lines, change) => replaced(lines, change, part.from), text.slice(start, end));
}

/** `whole` with the lines of `taken` replaced by what the reader sees in their place. */
function startOf(whole, taken, name) {
  let text = whole;
  for (const { first, last, before = '', after = '', stub } of taken) {
    const { start, end } = linesOf(text, { first, last }, name);
    if (!text.slice(0, start).endsWith(before) || !text.slice(end).startsWith(after)) {
      throw new Error(`exercises: ${name}: the lines around “${first}” have changed`);
    }
    text = text.slice(0, start - before.length) + stub + text.slice(end + after.length);
  }
  return text;
}

/** The mistakes that a reader can make in the taken lines: those of the project's list, and those of the exercise. */
function mistakesOf({ name, list, words: named = {}, mistakes = {} }, solution, start) {
  const isTaken = (text) => solution.split(text).length === 2 && !start.includes(text);
  const planted = PLANTED_MISTAKES.filter(({ file, right }) => file === list && isTaken(right));
  const all = [...Object.entries(mistakes), ...Object.entries(SLIPS[name] ?? {})];
  const own = all.flatMap(([right, wrongs]) => {
    if (!isTaken(right)) throw new Error(`exercises: ${name}: “${right}” is not in the taken lines exactly once`);
    return Object.entries(wrongs).map(([words, wrong]) => ({ words, right, wrong }));
  });
  return [...planted.map(({ words, right, wrong }) => ({ words: named[words] ?? words, right, wrong })), ...own];
}

const config = await resolveConfig(project('src/equations/lstm.ts'));
const formatted = (text, parser) => format(text, { ...config, parser });
const toJavaScript = async (text) =>
  formatted(
    transform(text, { transforms: ['typescript'], disableESTransforms: true, keepUnusedImports: true }).code,
    'babel',
  );

async function textsOf(mark) {
  const { name, parts, taken, called = [], hidden = [], typed = [] } = mark;
  const calls = called.map(({ call, ...lines }) => ({ ...lines, stub: call }));
  const plain = startOf(parts.map(partOf).join(''), calls, name);
  const starts = hidden.reduce((text, change) => replaced(text, change, name), startOf(plain, taken, name));
  const withTypes = (text) =>
    formatted(
      typed.reduce((all, change) => replaced(all, change, name), text),
      'typescript',
    );
  const exported = (text) => text.replace(/^const sigmoid/m, 'export const sigmoid');
  const [solution, start] = [await withTypes(exported(plain)), await withTypes(exported(starts))];
  return {
    name,
    typescript: { start, solution },
    javascript: { start: await toJavaScript(start), solution: await toJavaScript(solution) },
    mistakes: mistakesOf(mark, solution, start),
  };
}

const texts = await Promise.all(MARKS.map(textsOf));
const rightRnn = transform(contents(RNN), { transforms: ['imports'] }).code;
writeFileSync(
  project('src/exercises/texts.ts'),
  `/** Made by make.mjs from the code: the files of the exercises, and the mistakes that can be made in them. */
import type { Texts } from './exercise.js';

export const TEXTS: readonly Texts[] = ${JSON.stringify(texts, null, 2)};

/** Chapter 2's program, as a CommonJS module. */
export const RIGHT_RNN: string = ${JSON.stringify(rightRnn)};
`,
);
writeFileSync(project('src/exercises/given.ts'), await formatted(GIVEN.map(partOf).join(''), 'typescript'));
writeFileSync(
  project('src/exercises/bugs.ts'),
  `/** Made by make.mjs from the code: the programs of “Find the bug”, for the site and the terminal. */
import type { Bug } from './exercise.js';

export const BUGS: readonly Bug[] = ${JSON.stringify(await findBugs(), null, 2)};
`,
);

/** `all`: by the names of the exercises. */
function writeNumbers(all) {
  const different = [...new Set(Object.values(all).map(({ derivatives }) => derivatives))]; // two exercises have the same sequences
  const entries = Object.entries(all).map(
    ([name, { derivatives, probes }]) =>
      `'${name}': { derivatives: DERIVATIVES[${different.indexOf(derivatives)}], probes: ${JSON.stringify(probes)} },\n`,
  );
  writeFileSync(
    project('src/exercises/numbers.ts'),
    `/** Made by make.mjs, which runs the exercises, so that a check need not compute these numbers. By the names of the exercises. */
export interface ExerciseNumbers {
  /** See \`withDerivatives\`: f64 in base64. '' for an exercise whose derivatives take no time. */
  readonly derivatives: string;
  /** For each known mistake some of the numbers that it makes wrong: the place in the list of all numbers, and the number. */
  readonly probes: readonly (readonly (readonly [n: number, value: number])[])[];
}

const DERIVATIVES: readonly string[] = ${JSON.stringify(different)};

export const NUMBERS: Readonly<Partial<Record<string, ExerciseNumbers>>> = {
${entries.join('')}};
`,
  );
}

/** What an exercise compares, and known mistakes compute, without the numbers of an earlier build. */
async function runExercises() {
  writeNumbers({});
  const { outputFiles } = await build({
    stdin: {
      contents: `export { computeSource, expectedOf } from './src/exercises/check.ts';
        export { withMistake } from './src/exercises/exercise.ts';
        export { flat } from './src/exercises/diagnosis/diagnosis.ts';
        export { isNear } from './src/exercises/results.ts';`,
      resolveDir: project('.'),
    },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
  });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`);
}

const { computeSource, expectedOf, flat, isNear, withMistake } = await runExercises();

/** The numeric derivatives of the others take less than a twentieth of a second. */
const SLOW = ['product', 'rnn-step', 'initial-state', 'weights', 'through-time', 'every-step'];

/** How many numbers of each mistake are kept, and with how many digits: the check compares eight. */
const [PROBES, DIGITS] = [2, 11];

function numbersOf(exercise) {
  const derivatives = [];
  const expected = expectedOf(exercise, derivatives);
  const right = expected.flat().flatMap(({ values, scale }) => Array.from(values, (value) => ({ value, scale })));
  const all = exercise.mistakes.map((mistake) => {
    const { numbers } = computeSource(exercise, withMistake(exercise.typescript.solution, mistake));
    return numbers && flat(numbers, expected);
  });
  /** How many mistakes have this number there. */
  const countOf = (value, n) => all.filter((other) => other && isNear(other[n], value, right[n].scale)).length;
  const probes = all.map((values = []) =>
    values
      .map((value, n) => ({ n, value, count: countOf(value, n) }))
      .filter(({ n, value }) => Number.isFinite(value) && !isNear(value, right[n].value, right[n].scale))
      .sort((one, other) => one.count - other.count) // the fewer have it, the more it says
      .slice(0, PROBES)
      .map(({ n, value }) => [n, Number(value.toPrecision(DIGITS))]),
  );
  const bytes = Float64Array.from(SLOW.includes(exercise.name) ? derivatives : []).buffer;
  return { derivatives: Buffer.from(bytes).toString('base64'), probes };
}

writeNumbers(Object.fromEntries(texts.map((exercise) => [exercise.name, numbersOf(exercise)])));
