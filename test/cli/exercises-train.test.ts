/** `longhand exercises train`: a few updates of the network that the answers train. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type NetworkJob, trainInProcess } from '../../src/cli/children/child-process.js';
import { EVERY_STEP, exercisesOf, LAST_STEP, solutionOf } from '../../src/exercises/exercises.js';
import { pathOf } from '../../src/exercises/folder.js';
import { linesOf, ended, pipeIn } from '../helpers/longhand-process.js';
import { dataErrorOf } from '../helpers/failures.js';
import { longhand, start } from '../helpers/longhand.js';
import { exercise as named } from '../exercises/changed.js';

let place = '';
beforeAll(async () => {
  place = mkdtempSync(path.join(tmpdir(), 'exercises-train-'));
  await longhand(['exercises', './mine'], { cwd: place });
});
afterAll(() => rmSync(place, { recursive: true }));

const writeText = (name: string, text: string): void =>
  writeFileSync(path.join(place, 'mine', pathOf(named(name), 'typescript')), text);

/** Writes the solution as the answer, with a change. */
const write = (name: string, change = (source: string): string => source): void =>
  writeText(name, change(named(name).typescript.solution));

// an answer that is not begun needs no process
beforeEach(() => LAST_STEP.forEach((name) => writeText(name, named(name).typescript.start)));

const train = (...args: string[]) => longhand(['exercises', 'train', ...args], { cwd: place });

/** The last lines: the table of the tests, and the sentence. */
const TESTED = [
  'The test of both networks:',
  expect.stringMatching(/^Test +Your network +The engine’s +Difference$/) as string,
  expect.stringMatching(/^Loss on the test images +\d\.\d{3} +\d\.\d{3} +-?0\.\d{6}$/) as string,
  expect.stringMatching(/^Accuracy on 10,000 test images +[\d.]+% +[\d.]+% +-?0\.\d\d%$/) as string,
  expect.stringMatching(/^Both began with the same weights and read the same batches\. /) as string,
];

test('answers that are missing or wrong are named, and the network needs all', async () => {
  write('gates', (source) => source.replace('dF * f', 'dF'));
  write('adam');
  const { code, stdout } = await train();
  const lines = linesOf(stdout);
  expect([code, lines]).toEqual([
    1,
    [
      ...LAST_STEP.filter((name) => name !== 'adam').map((name) =>
        name === 'gates'
          ? (expect.stringMatching(/^typescript\/07-gates\.ts: wrong: dz\[/) as string)
          : `${pathOf(named(name), 'typescript')}: not begun`,
      ),
      '1 of 8 answers are right',
      "The network needs all of them. --fill uses the engine's own function for the others.",
    ],
  ]);
});

test('--fill trains MNIST without them as the engine does: a line at each tenth of both runs, the first gradients, and the tests', async () => {
  for (const name of LAST_STEP) if (name !== 'product') write(name);
  write('gates', (source) => source.replace('dF * f', 'dF'));
  const { code, stdout, stderr } = await train('--fill', '--steps', '20');
  const [missing, wrong, right, filled, ...others] = linesOf(stdout);
  expect([code, missing, right, filled]).toEqual([
    0,
    'typescript/01-product.ts: not begun',
    '6 of 8 answers are right',
    "The engine's own function computes product, gates.",
  ]);
  expect(wrong).toMatch(/^typescript\/07-gates\.ts: wrong: /);
  const lines = (of: string): string[] => others.filter((line) => line.startsWith(of)).map((line) => line.slice(8));
  const [engine, own] = [lines('Engine: '), lines('Yours:  ')];
  const updates = own.map((line) => Number(/^update (\d+),/.exec(line)?.[1]));
  expect(updates).toEqual(Array.from({ length: 10 }, (_, n) => 2 * (n + 1)));
  expect(own[0]).toBe(engine[0]);
  expect(own.at(-1)).toMatch(/^update 20, loss 2\.00\d\d, accuracy 31\.3%$/);
  const first = others.findIndex((line) => line.startsWith('The first update, '));
  expect(first).toBe(10); // after the engine's run
  const gradients = others.slice(first + 2, others.indexOf(`Yours:  ${own[0]}`));
  expect(gradients).toHaveLength(4);
  for (const line of gradients) {
    const [name, ...numbers] = line.split(/ +(?![^[]*\])/);
    const [mine, engines, difference] = numbers.map(Number);
    expect([name, mine / engines]).toEqual([expect.stringMatching(/\[[\d, ]+\]$/), expect.closeTo(1, 4)]);
    expect(difference).toBeLessThan(1e-4); // the last digits of f32 differ
  }
  expect(others.slice(-5)).toEqual(TESTED);
  expect(stderr).toMatch(
    /^8 answers are checked first\.\nThe engine's network is trained first, .*\ntrained and tested in [\d.]+ s, on one thread\n$/,
  );
});

test('Ctrl-C ends it at once, also in an answer that does not return', async () => {
  const { opening, started } = pipeIn(place);
  write('adam', (source) => source.replace('const [P,', `if (p.size > 5000) { ${opening} for (;;); }\n  const [P,`));
  const { code, stderr, interrupt } = start(['exercises', 'train', '--fill', '--steps', '1'], { cwd: place });
  const pipe = await started();
  interrupt('SIGINT');
  expect([await code, stderr.text.split('\n').at(-2)]).toEqual([130, 'longhand: stopped by SIGINT']);
  await ended(pipe);
});

describe('the process of the training', () => {
  /** With a short text, which needs no time, and a line of code in the update. */
  function jobWith(code: string): NetworkJob {
    const text = path.join(place, 'text.txt');
    writeFileSync(text, 'to be or not to be, that is the question. '.repeat(300));
    const answers = exercisesOf(EVERY_STEP).map(solutionOf);
    const changed = (source: string) => source.replace('const [P,', () => `${code}\n  const [P,`);
    return {
      answers: answers.map((one) => (one.name === 'adam' ? { ...one, source: changed(one.source) } : one)),
      ...{ text, steps: 1 },
    };
  }

  const run = (code: string): Promise<void> => trainInProcess(jobWith(code), () => {}, new AbortController().signal);

  /** Whether V8 or the measured memory reaches the limit first differs from run to run. */
  const END_OF_V8 =
    "process.getBuiltinModule('fs').writeSync(2, 'FATAL ERROR: JavaScript heap out of memory'); process.abort();";

  test.each([
    ['the end that V8 makes at its limit', END_OF_V8, /it used more than 1024 MB of memory/],
    [
      'a failure only in the training, which has its line',
      "throw new Error('mine');",
      /^the solution of adam: line \d+: mine$/,
    ],
  ])('an answer that makes %s', async (_, code, message) => {
    expect(await dataErrorOf(run(code))).toMatch(message);
  });
});
