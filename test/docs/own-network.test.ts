/** The page “A network of your own”: what its worker reports, its curves and its words. test/slow/docs/site-own-network.test.ts uses it. */
import { createWasmBackend } from '../../kernels/wasm/index.js';
import type { Row } from '../../docs/.vitepress/theme/own-network/answers.js';
import {
  answerOf,
  findingsOf,
  ownText,
  refusalOf,
  stateOf,
  stateWords,
  SUBJECTS,
  whoseWords,
  wrongIn,
} from '../../docs/.vitepress/theme/own-network/answers.js';
import { HEIGHT, meansOf, placesOf, topOf, TOP, WIDTH } from '../../docs/.vitepress/theme/own-network/results.js';
import { type Report, trainAnswers } from '../../docs/.vitepress/theme/own-network/train-answers.js';
import { Random } from '../../src/core/rng.js';
import type { TrainingData } from '../../src/data/train-data.js';
import { textTask } from '../../src/data/text.js';
import { check } from '../../src/exercises/check.js';
import { type Exercise, withMistake } from '../../src/exercises/exercise.js';
import { functionsOf } from '../../src/exercises/network-answers.js';
import { IMAGES_TASK, TEXT_TASK, trainOwn } from '../../src/own-network/own-network.js';
import { type Tested, conclusionOf, testRows } from '../../src/own-network/words.js';
import type { Line } from '../../src/training/training.js';
import { named } from '../helpers/site.js';

const { log, info, debug, warn, error } = console;
afterEach(() => Object.assign(console, { log, info, debug, warn, error })); // a worker's answers print nothing

const [COUNT, SIDE, STEPS] = [96, 28, 2];
const images = (seed: number) => ({
  ...{ count: COUNT, rows: SIDE, columns: SIDE },
  labels: Uint8Array.from({ length: COUNT }, (_, n) => n % 10),
  pixels: Uint8Array.from(
    { length: COUNT * SIDE * SIDE },
    (
      (random) => () =>
        random.below(256)
    )(new Random(seed)),
  ),
});
const DIGITS: TrainingData = { train: images(1), validation: images(2) };
const TEXT: TrainingData = textTask('Call me Ishmael. Some years ago, never mind how long. '.repeat(40), { T: 25 });

const row = (exercise: Exercise, source?: string, isFilled = false): Row => ({
  ...{ exercise, isFilled },
  text: source === undefined ? undefined : { source, language: 'typescript' },
  verdict: source === undefined ? undefined : check(exercise, source, 'typescript', false),
});

/** The solutions as the reader's own texts, with others in place of some of them. */
const rowsOf = (subject: 'digits' | 'text', others: Readonly<Record<string, string | undefined>> = {}): Row[] =>
  SUBJECTS[subject].exercises.map((exercise) => {
    const { name, typescript } = exercise;
    return row(exercise, name in others ? others[name] : typescript.solution);
  });

async function reportsOf(subject: 'digits' | 'text', rows: readonly Row[]): Promise<Report[]> {
  const reports: Report[] = [];
  const job = { subject, steps: STEPS, answers: rows.map(answerOf), folder: '' };
  await trainAnswers(
    job,
    () => Promise.resolve(subject === 'text' ? TEXT : DIGITS),
    (one) => reports.push(one),
  );
  return reports;
}

/** The losses of the run that `longhand exercises train` makes, after each update and on the test data. */
async function lossesInTerminal(subject: 'digits' | 'text', rows: readonly Row[]): Promise<number[]> {
  const backend = await createWasmBackend({ threads: 1 });
  const [data, usual] = subject === 'text' ? [TEXT, TEXT_TASK] : [DIGITS, IMAGES_TASK];
  const losses: number[] = [];
  const hooks = { onLine: ({ loss }: Line) => losses.push(loss) };
  const task = { ...usual, steps: STEPS, displayStep: 1 };
  const { test, network } = await trainOwn(backend, data, task, hooks, functionsOf(rows.map(answerOf)));
  network.dispose();
  await backend.dispose();
  return [...losses, test.loss];
}

test.each(['digits', 'text'] as const)(
  '%s: the engine’s run comes first, then the answers’, which is that of the terminal',
  async (subject) => {
    const rows = rowsOf(subject);
    const reports = await reportsOf(subject, rows);
    const ofRun = (whose: string): string[] => [
      ...(whose === 'own' ? ['gradients own'] : []),
      ...Array<string>(STEPS).fill(`line ${whose}`),
      `tested ${whose}`,
    ];
    const kinds = reports.map((one) => ('whose' in one ? `${one.kind} ${one.whose}` : one.kind));
    expect(kinds).toEqual([...ofRun('engine'), ...ofRun('own'), 'end']);
    const own = reports.flatMap((one) => ('loss' in one && one.whose === 'own' ? [one] : []));
    expect(own.map(({ loss }) => loss)).toEqual(await lossesInTerminal(subject, rows));
    const written = own.flatMap((one) => (one.kind === 'tested' ? [one.written] : []));
    expect(written).toEqual([subject === 'text' ? expect.stringMatching(/^Call me[^]{200,}$/) : undefined]);
  },
);

test('a run that fails says why, and in which exercise', async () => {
  const failureOf = async (name: string, from: string, to: string): Promise<Report | undefined> => {
    const source = named(name).typescript.solution;
    expect(source).toContain(from);
    return (await reportsOf('digits', rowsOf('digits', { [name]: source.replace(from, to) }))).at(-1);
  };
  expect(await failureOf('gates', 'dz.set(b, n, dI * i * (1 - i));', 'dz.set(b, n, dI * i * (1 - i), none);')).toEqual({
    kind: 'failed',
    message: expect.stringMatching(/^Exercise 7: line \d+: ReferenceError: none is not defined$/) as string,
  });
  const diverged = await failureOf('adam', 'rate * mean', 'NaN * mean');
  expect(diverged).toMatchObject({
    kind: 'failed',
    message: expect.stringMatching(/is NaN at step 1: training has diverged$/) as string,
  });
});

test('the text of the exercise’s page is used, or else the one in the other language', () => {
  const kept = { tried: false, solved: false, known: false, hints: 0 };
  expect(ownText({ ...kept, language: 'typescript' })).toBeUndefined();
  expect(ownText({ ...kept, language: 'typescript', javascript: 'j' })).toEqual({
    source: 'j',
    language: 'javascript',
  });
  expect(ownText({ ...kept, language: 'javascript', javascript: 'j', typescript: 't' })?.source).toBe('j');
});

const wrongGates = withMistake(named('gates').typescript.solution, named('gates').mistakes[2]);

test('what is missing or wrong is named, and only a wrong answer can be trained with anyway', () => {
  const right = rowsOf('digits');
  expect([refusalOf(right, false), findingsOf(right)]).toEqual([undefined, []]);
  const wrong = rowsOf('digits', { gates: wrongGates });
  expect(refusalOf(wrong, false)).toMatch(/^Exercise 7 is not yet right\. .* train anyway/);
  expect(refusalOf(wrong, true)).toBeUndefined();
  expect(findingsOf(wrong)).toEqual([expect.stringMatching(/^Exercise 7: dz\[0, \d+\] is -?[\d.]+, but must be/)]);
  const missing = rowsOf('text', {
    gates: wrongGates,
    adam: undefined,
    softmax: named('softmax').typescript.start,
    product: 'x y',
  });
  const refusal = 'Exercises 10 and 11 are not begun. Exercise 1 cannot be run. Exercise 7 is not yet right.';
  for (const isAnyway of [false, true])
    expect(refusalOf(missing, isAnyway)).toContain(`${refusal} Write what is missing`);
  expect(missing.map(stateOf).join(' ')).toBe('error right right wrong right right missing missing right');
  expect(stateWords({ ...right[0], verdict: undefined }, true)).toBe('yours, is checked …');
  expect(stateWords({ ...right[0], isFilled: true }, false)).toBe('the engine’s; yours is not used');
});

test('the page says whose functions a network has', () => {
  const rows = rowsOf('digits');
  expect(whoseWords(rows)).toContain('Your own functions compute every gradient');
  expect(whoseWords(rows.map((one, n) => ({ ...one, isFilled: n > 1 })))).toBe(
    'Yours: exercises 1 and 5. The engine’s: exercises 6, 7, 8, 9, 10 and 11.',
  );
  expect(whoseWords(rows.map((one) => ({ ...one, isFilled: true })))).toContain('All functions are the engine’s');
  expect(rows.map((one) => answerOf({ ...one, isFilled: true }).file)).toContain('the solution of gates');
});

test('the conclusion is about the two tests, and about a mistake only if there is one', () => {
  const tested = (accuracy: number): Tested => ({ step: 1, loss: 0.5, accuracy, count: 10_000 });
  const wrong = rowsOf('digits', { gates: wrongGates });
  expect([wrongIn(wrong), wrongIn(wrong.map((one) => ({ ...one, isFilled: true })))]).toEqual([[7], []]);
  expect(conclusionOf([], tested(0.9), tested(0.9))).toMatch(/All their figures agree\.$/);
  expect(conclusionOf([], tested(0.9), tested(0.91))).toContain('your functions round differently');
  expect(conclusionOf([7], tested(0.2), tested(0.9))).toBe('Your network does worse, because exercise 7 is wrong.');
  expect(conclusionOf([7, 8], tested(0.9), tested(0.9))).toContain('learns although exercises 7 and 8 are wrong');
});

test('the tables: figures of both networks and their differences; a wrong gradient differs in the first update', async () => {
  const tested = (loss: number, accuracy: number): Tested => ({ step: 1, loss, accuracy, count: 10_000 });
  expect(testRows(false, tested(0.5, 0.9), tested(0.5000001, 0.8988)).slice(1)).toEqual([
    ['Loss on the test images', '0.500', '0.500', '0.000000'],
    ['Accuracy on 10,000 test images', '90.0%', '89.9%', '0.12%'],
  ]);
  expect(testRows(true, undefined, tested(Math.LN2, 0.5))[1]).toEqual([
    expect.stringMatching(/^Bits/),
    '…',
    '1.000',
    '…',
  ]);
  const gradientsOf = async (others: Readonly<Record<string, string>>): Promise<number[]> => {
    const found = (await reportsOf('digits', rowsOf('digits', others))).find(({ kind }) => kind === 'gradients');
    return (found as Extract<Report, { kind: 'gradients' }>).rows.map((row) => Number(row[3]));
  };
  const isRight = (difference: number): boolean => difference < 1e-4;
  expect((await gradientsOf({})).map(isRight)).toEqual([true, true, true, true]);
  expect((await gradientsOf({ gates: wrongGates })).map(isRight)).toEqual([false, false, true, true]);
});

describe('the curves', () => {
  const lines = Array.from({ length: 205 }, (_, n): Line => ({ step: n + 1, iter: 0, loss: n, accuracy: NaN }));

  test('have at most fifty points, each the mean of as many updates', () => {
    const points = meansOf(lines, 500, ({ loss }) => loss);
    expect([points.length, points[0], points[19]]).toEqual([20, { step: 10, value: 4.5 }, { step: 200, value: 194.5 }]);
    expect(meansOf(lines.slice(0, 3), 20, ({ loss }) => loss).map(({ value }) => value)).toEqual([0, 1, 2]);
  });

  test('of a wrong network do not hide the engine’s: what is above the axis is at its top', () => {
    const [engine, own] = [
      [{ step: 10, value: 2 }],
      [
        { step: 10, value: 3000 },
        { step: 20, value: NaN },
      ],
    ];
    const top = topOf(engine, own);
    expect([top, topOf(engine, [{ step: 10, value: 3 }]), topOf([], [])]).toEqual([4.4, 3.3000000000000003, 2.5]);
    const [[x, y], ...others] = placesOf(own, 10, top);
    expect([x < WIDTH, y, others]).toEqual([true, TOP, []]);
    expect(placesOf(engine, 10, top)[0][1]).toBeLessThan(HEIGHT);
  });
});
