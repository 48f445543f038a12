/** `longhand exercises`. */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { verdictOn } from '../../src/cli/exercises.js';
import { EXERCISES } from '../../src/exercises/exercises.js';
import { pathOf } from '../../src/exercises/folder.js';
import type { Language } from '../../src/exercises/folder.js';
import { longhand, start } from '../helpers/longhand.js';
import type { Exercise } from '../../src/exercises/exercise.js';

let place = '';
beforeEach(() => {
  place = mkdtempSync(path.join(tmpdir(), 'exercises-'));
});
afterEach(() => rmSync(place, { recursive: true }));

/** `longhand exercises …` in a folder. */
const exercises = (args: readonly string[], folder = '.') =>
  longhand(['exercises', ...args], { cwd: path.join(place, folder) });

const named = (name: string): Exercise => EXERCISES.find((one) => one.name === name)!;

const answer = (name: string, language: Language = 'typescript', folder = 'longhand-exercises'): string =>
  path.join(place, folder, pathOf(named(name), language));

const solve = (name: string, language: Language = 'typescript', folder?: string): void =>
  writeFileSync(answer(name, language, folder), named(name)[language].solution);

test('writes a folder, and refuses one that exists', async () => {
  const { code, stdout } = await exercises([]);
  expect([code, stdout]).toEqual([0, expect.stringContaining('longhand-exercises: 12 exercises')]);
  expect(readdirSync(path.join(place, 'longhand-exercises')).sort()).toEqual([
    'README.md',
    'javascript',
    'longhand.d.ts',
    'package.json',
    'tsconfig.json',
    'typescript',
  ]);
  const before = readFileSync(answer('gates'), 'utf8');
  writeFileSync(answer('gates'), 'mine');
  expect(await exercises([])).toEqual({
    code: 1,
    stdout: '',
    stderr: 'longhand: longhand-exercises: exists already: choose another folder, or delete it\n',
  });
  expect(readFileSync(answer('gates'), 'utf8')).toBe('mine');
  expect((await exercises(['other'])).code).toBe(0);
  expect(readFileSync(answer('gates', 'typescript', 'other'), 'utf8')).toBe(before);
  expect(await exercises([''])).toMatchObject({
    code: 1,
    stderr: 'longhand: the folder has no name: leave it out, or write one\n',
  });
  writeFileSync(path.join(place, 'file'), '');
  expect(await exercises(['file/inside'])).toMatchObject({
    code: 1,
    stderr: 'longhand: file/inside: cannot be created (a part of its path is not a directory)\n',
  });
  // Node's own recursive mkdir never returns there
  const none = path.resolve('/proc/longhand-exercises');
  const refusal = expect.stringContaining(`longhand: ${none}: cannot be created (`) as string;
  expect(await exercises([none])).toMatchObject({ code: 1, stderr: refusal });
});

test('checks one answer, there and from the parent', async () => {
  await exercises([]);
  expect(await exercises(['check', '5'])).toEqual({
    code: 1,
    stdout: 'typescript/05-hidden-state.ts: not begun\nlonghand exercises hint 5 shows a hint.\n',
    stderr: '',
  });
  solve('hidden-state');
  for (const folder of ['.', 'longhand-exercises', 'longhand-exercises/typescript']) {
    expect(await exercises(['check', '5'], folder)).toEqual({
      code: 0,
      stdout: 'typescript/05-hidden-state.ts: right: all 66 numbers agree\nNext: 06-cell-state\n',
      stderr: '',
    });
  }
  writeFileSync(
    answer('hidden-state'),
    readFileSync(answer('hidden-state'), 'utf8').replace('dc.get(b, n) + dh.get(b, n)', 'dh.get(b, n)'),
  );
  const { code, stdout } = await exercises(['check', '05']);
  expect(code).toBe(1);
  expect(stdout).toMatch(
    /^typescript\/05-hidden-state\.ts: wrong: dc\[0, 0\] \(sequence 0, unit 0\) is -?[\d.]+, but must be -?[\d.]+; also wrong: dz, dcPrev\n/,
  );
  expect(stdout).toContain('\nThese are the numbers of a known mistake: dc without the share of the later steps.\n');
  solve('hidden-state', 'javascript'); // one right answer is enough
  expect((await exercises(['check', '5'])).code).toBe(0);
});

test('checks all', async () => {
  await exercises([]);
  EXERCISES.slice(0, 6).forEach(({ name }) => solve(name));
  const some = await exercises(['check']);
  expect([some.code, some.stdout]).toEqual([
    1,
    expect.stringMatching(/12-every-step\.ts +not begun\n6 of 12 right\n$/),
  ]);
  EXERCISES.slice(6).forEach(({ name }) => solve(name, 'javascript'));
  const all = await exercises(['check']);
  expect([all.code, all.stdout]).toEqual([0, expect.stringMatching(/\n12 of 12 right\n$/)]);
  rmSync(answer('sigmoid'));
  rmSync(answer('sigmoid', 'javascript'));
  expect((await exercises(['check'])).stdout).toMatch(/01-sigmoid\.ts +not begun/);
});

test.each(['0', '13', '-1', '1.5', 'x', '99999999999999999999', '5\u001b[31m'])(
  'exercise %j is none: exit code 2',
  async (number) => {
    const { code, stdout, stderr } = await exercises(['check', '--', number]);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^error: exercise .*: there are 12: write 1 to 12\n$/);
    expect(stderr).not.toContain('\u001b');
  },
);

test('without exercises, or with several folders of them, it says so', async () => {
  expect(await exercises(['check'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('no exercises here: longhand exercises writes them') as string,
  });
  await exercises(['one']);
  solve('gates', 'typescript', 'one');
  expect((await exercises(['check', '7'])).code).toBe(0); // the only folder with exercises
  cpSync(path.join(place, 'one'), path.join(place, 'two'), { recursive: true });
  expect(await exercises(['check', '7'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('several folders with exercises: one, two') as string,
  });
});

test('an answer with an endless loop: a verdict', () => {
  const [sigmoid] = EXERCISES;
  const outcome = { outcome: 'error', message: 'it did not end within 0.2 seconds. Is there an endless loop?' };
  for (const loop of ['for (;;) {}', 'try { for (;;) {} } catch {} finally { return 1; }']) {
    const text = sigmoid.typescript.start.replace('return NaN;', loop);
    expect(text).toContain(loop);
    expect(verdictOn(sigmoid, text, 200)).toEqual(outcome);
  }
});

test('a file that cannot be read is an error, not “not begun”', async () => {
  await exercises([]);
  rmSync(answer('sigmoid'));
  mkdirSync(answer('sigmoid'));
  expect(await exercises(['check', '1'])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('01-sigmoid.ts: cannot be read') as string,
  });
});

test('hints, one by one', async () => {
  const { hints } = EXERCISES[4];
  expect((await exercises(['hint', '5'])).stdout).toBe(`1. ${hints[0]}\n`);
  expect((await exercises(['hint', '5', '3'])).stdout).toBe(hints.map((hint, n) => `${n + 1}. ${hint}\n`).join(''));
  expect((await exercises(['hint', '5', '4'])).code).toBe(2);
  expect((await exercises(['hint', '13'])).code).toBe(2);
});

test('--watch checks each answer that is saved, until a signal', async () => {
  await exercises([]);
  const { code, stdout, stderr, interrupt } = start(['exercises', 'check', '--watch'], { cwd: place });
  await stdout.has('0 of 12 right\n');
  await stderr.has('Ctrl-C');
  solve('gates');
  await stdout.has('typescript/07-gates.ts: right');
  solve('adam', 'javascript');
  await stdout.has('javascript/11-adam.js: right');
  expect(stdout.text.match(/07-gates\.ts: right/g)).toHaveLength(1); // written once, checked once
  interrupt('SIGINT');
  expect(await code).toBe(130);
});
