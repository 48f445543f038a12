/** `longhand exercises`. */
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { verdictOn } from '../../src/cli/children/child-process.js';
import { asRun } from '../../src/cli/current-run.js';
import { computeSource, reportOf } from '../../src/exercises/check.js';
import { EXERCISES } from '../../src/exercises/exercises.js';
import { type Language, pathOf } from '../../src/exercises/folder.js';
import { longhand, misused, start } from '../helpers/longhand.js';
import { ended, pipeIn } from '../helpers/longhand-process.js';
import { SIGNALS } from '../helpers/small-runs.js';
import { exercise as named, FORMER_PRODUCT } from '../exercises/changed.js';

let place = '';
beforeEach(() => {
  place = mkdtempSync(path.join(tmpdir(), 'exercises-'));
});
afterEach(() => rmSync(place, { recursive: true }));

/** `longhand exercises …` in a folder. */
const exercises = (args: readonly string[], folder = '.') =>
  longhand(['exercises', ...args], { cwd: path.join(place, folder) });

const answer = (name: string, language: Language = 'typescript', folder = 'longhand-exercises'): string =>
  path.join(place, folder, pathOf(named(name), language));

/** The start text of `sigmoid` with `code` in place of the missing expression, and `after` at the end. */
const sigmoidWith = (code: string, after = ''): string => {
  const { start: text } = named('sigmoid').typescript;
  expect(text).toContain('return NaN;');
  return `${text.replace('return NaN;', () => code)}${after}`;
};
const RIGHT = 'return dI * i * (1 - i);';

const solve = (name: string, language: Language = 'typescript', folder?: string): void =>
  writeFileSync(answer(name, language, folder), named(name)[language].solution);

/** How a command ends that refuses a folder. */
const refusal = (message: string) => ({ code: 1, stdout: '', stderr: `longhand: ${message}\n` });
const EXISTS = 'exists already: choose another folder, or delete it';

test('writes a folder, and no file of another one', async () => {
  const { code, stdout } = await exercises([]);
  expect([code, stdout]).toEqual([0, expect.stringContaining('longhand-exercises: 14 exercises')]);
  expect(readdirSync(path.join(place, 'longhand-exercises')).sort()).toEqual([
    'README.md',
    'javascript',
    'longhand.d.ts',
    'package.json',
    'tsconfig.json',
    'typescript',
  ]);
  mkdirSync(path.join(place, 'others'));
  expect(await exercises(['./others'])).toEqual(refusal(`./others: ${EXISTS}`));
  expect((await exercises(['./mine'])).code).toBe(0);
  expect(readFileSync(answer('gates', 'typescript', 'mine'), 'utf8')).toBe(readFileSync(answer('gates'), 'utf8'));
  expect(await exercises([''])).toEqual(refusal('the folder has no name: leave it out, or write one'));
  writeFileSync(path.join(place, 'file'), '');
  expect(await exercises(['file/inside'])).toEqual(
    refusal('file/inside: cannot be created (a part of its path is not a directory)'),
  );
  // Node's own recursive mkdir never returns there
  const none = path.resolve('/proc/longhand-exercises');
  const stderr = expect.stringContaining(`longhand: ${none}: cannot be created (`) as string;
  expect(await exercises([none])).toEqual({ ...refusal(''), stderr });
});

test('in a folder that has exercises it says what is solved and what is next, and changes no answer', async () => {
  const said = (folder: string, words: string) => ({
    code: 0,
    stdout: `${folder}: your answers are there, and stay as they are.\n${words}\n`,
    stderr: '',
  });
  await exercises([]);
  const none = '0 of 14 right. Next: 01-product';
  expect(await exercises([])).toEqual(said('longhand-exercises', none));
  expect(await exercises(['longhand-exercises'])).toEqual(said('longhand-exercises', none));
  expect(await exercises([], 'longhand-exercises')).toEqual(said('.', none));
  expect(await exercises([], 'longhand-exercises/typescript')).toEqual(said('..', none));
  writeFileSync(answer('product'), `${named('product').typescript.solution}console.log('not shown');`);
  const mine = readFileSync(answer('product'), 'utf8');
  solve('gru-step', 'javascript');
  const words = '2 of 14 right: 1 and 14. Next: 02-rnn-step';
  expect(await exercises([])).toEqual(said('longhand-exercises', words));
  expect(readFileSync(answer('product'), 'utf8')).toBe(mine);
  // after a right answer the next one is that behind it, and behind the last one the first that is not solved
  expect((await exercises(['check', '14'])).stdout).toMatch(
    /^javascript\/14-gru-step\.js: right: .*\n2 of .* 02-rnn-step\n$/,
  );
  solve('sigmoid', 'javascript');
  expect((await exercises(['check', '4'])).stdout).toMatch(/\n3 of 14 right: 1, 4 and 14\. Next: 05-hidden-state\n$/);
});

test.each(SIGNALS)('%s while it writes leaves nothing', async (signal, expected) => {
  const { code, stdout, begun, interrupt } = start(['exercises', 'new/folder'], { cwd: place });
  await begun;
  interrupt(signal);
  expect([await code, stdout.text, readdirSync(place)]).toEqual([expected, '', []]);
});

test('of two commands at once, one writes the folder', async () => {
  const both = await Promise.all([exercises([]), exercises([])]);
  expect(both.map(({ code }) => code).sort()).toEqual([0, 1]);
  expect(readdirSync(place)).toEqual(['longhand-exercises']);
  expect(readdirSync(path.dirname(answer('gates')))).toHaveLength(EXERCISES.length);
});

test('checks one answer, there and from the parent', async () => {
  await exercises([]);
  for (const [folder, hint] of [
    ['.', 'npm run -s longhand -- exercises hint 5'],
    ['longhand-exercises', 'npm run hint 5'],
    ['longhand-exercises/typescript', 'npm run -s longhand -- exercises hint 5'],
  ]) {
    expect(await exercises(['check', '5'], folder)).toEqual({
      code: 1,
      stdout: `typescript/05-hidden-state.ts: not begun\n${hint} shows a hint.\n`,
      stderr: '',
    });
  }
  solve('hidden-state');
  expect(await exercises(['check', '5'], 'longhand-exercises/typescript')).toEqual({
    code: 0,
    stdout: 'typescript/05-hidden-state.ts: right: all 486 numbers agree\n1 of 14 right: 5. Next: 06-cell-state\n',
    stderr: '',
  });
  writeFileSync(
    answer('hidden-state'),
    readFileSync(answer('hidden-state'), 'utf8').replace('dc.get(b, n) + dh.get(b, n)', 'dh.get(b, n)'),
  );
  const { code, stdout } = await exercises(['check', '05']);
  expect(code).toBe(1);
  expect(stdout).toMatch(
    /^typescript\/05-hidden-state\.ts: wrong: dc\[0, 0\] \(sequence 0, unit 0\) is -?[\d.]+, but must be -?[\d.]+; also wrong: dz, dcPrev\n/,
  );
  expect(stdout).toContain('\ndc differs. dcPrev and dz are computed from it, so they can follow from it.\n');
  const name = 'npm run -s longhand -- exercises check 5 --name names the mistake.';
  const mistake = 'These are the numbers of a known mistake: dc without the term of the later steps.';
  expect([stdout.includes(`\n${name}\n`), stdout.includes(mistake)]).toEqual([true, false]);
  expect((await exercises(['check', '05', '--name'])).stdout).toContain(`\n${mistake}\n`);
  expect(await exercises(['check', '--name'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('--name needs the number of an exercise') as string,
  });
  solve('hidden-state', 'javascript'); // one right answer is enough
  expect((await exercises(['check', '5'])).code).toBe(0);
});

test('checks all', async () => {
  await exercises([]);
  EXERCISES.forEach(({ name }, n) => solve(name, n % 2 === 0 ? 'typescript' : 'javascript'));
  const { code, stdout } = await exercises(['check']);
  expect(code).toBe(0);
  expect(stdout).toMatch(
    /\n14 of 14 right: you have written every gradient\. Next: npm run -s longhand -- exercises train\n$/,
  );
});

test.each(['0', '15', '-1', '1.5', 'x', '99999999999999999999', '5\u001b[31m'])(
  'exercise %j is none: exit code 2',
  async (number) => {
    const stderr = await misused(['exercises', 'check', '--', number]);
    expect(stderr).toMatch(/^error: exercise .*: there are 14: write 1 to 14\n$/);
    expect(stderr).not.toContain('\u001b');
  },
);

/** Wrong usage in an empty folder, which stays empty. */
async function misusedHere(args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await exercises(args);
  expect([code, stdout, readdirSync(place)]).toEqual([2, '', []]);
  return stderr;
}

test.each([
  ['5', 'check 5'],
  ['chekc', 'check'],
  ['check5', 'check 5'],
  ['Check 12', 'check 12'],
  ['hints', 'hint 1'],
  ['Hint5', 'hint 5'],
  ['watch', 'check --watch'],
  ['help', '--help'],
  ['trian', 'train'],
  ['status', ''],
])('%s is no folder by accident', async (word, meant) => {
  expect(await misusedHere([word])).toBe(
    `error: ${word}: did you mean ${`npm run -s longhand -- exercises ${meant}`.trim()}? For a folder of this name, write ./${word}\n`,
  );
  expect((await exercises([`./${word}`])).code).toBe(0);
});

describe('an answer is a stranger’s program:', () => {
  const never = new AbortController().signal;
  const written = (name: string, source: string, language: Language = 'typescript') => ({
    ...{ exercise: named(name), file: 'a', source, language },
  });
  const verdictAt = (source: string, { milliseconds = 60_000, megabytes = 512 } = {}) =>
    verdictOn(written('sigmoid', source), never, true, { milliseconds, megabytes });
  const error = (message: string) => ({ outcome: 'error', message });
  const wrong = expect.objectContaining({ outcome: 'wrong' }) as object;
  const right = { outcome: 'right', compared: 17 };
  const line =
    1 +
    sigmoidWith('HERE')
      .split('\n')
      .findIndex((text) => text.includes('HERE'));
  const fs = "process.getBuiltinModule('fs')";
  const FORGED = reportOf(computeSource(named('sigmoid'), named('sigmoid').typescript.solution));
  const exit = (code: number) => error(`its process ended without a result (exit code ${code})`);

  test.each([
    ['ends its process where it is loaded', sigmoidWith(RIGHT, 'process.exit(3);'), exit(3)],
    [
      'writes a report of its own, and kills itself',
      sigmoidWith(`${fs}.writeSync(3, ${JSON.stringify(`\n${FORGED}\n`)}); process.kill(process.pid, 'SIGKILL');`),
      error('its process ended without a result (SIGKILL)'),
    ],
    [
      'writes a report of its own, and begins another one',
      sigmoidWith(`${fs}.writeSync(3, ${JSON.stringify(`${FORGED}\n${FORGED}`)}); return 5;`),
      wrong,
    ],
    [
      'wants to outlive its end, and to wait at it without a loop, which would be ended',
      sigmoidWith(
        RIGHT,
        `process._kill = () => 0; setInterval(() => 0);
         process.on('exit', () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));`,
      ),
      right,
    ],
    ['makes promises without an end', sigmoidWith(RIGHT, '(function f() { Promise.resolve().then(f); })();'), right],
    ['wrong, changes how arrays are filtered', sigmoidWith('return 5;', 'Array.prototype.filter = () => [];'), wrong],
    [
      'right, changes what its check uses and a global of Node, and declares what modules get',
      sigmoidWith(
        RIGHT,
        `Math.exp = () => 0; global.Float64Array.from = () => []; Buffer = [1]; globalThis.process = 5;
         const exports = []; function require() {}`,
      ),
      right,
    ],
    [
      'makes a list of each stack',
      sigmoidWith('Error.prepareStackTrace = (_, calls) => calls; null.x;'),
      error('what should have x is null'),
    ],
  ])('one that %s', async (_, source, verdict) => {
    expect(await verdictAt(source)).toEqual(verdict);
  });

  test('one that writes a file, and starts a program', async () => {
    const file = path.join(place, 'file');
    const tried = `try { ${fs}.writeFileSync(${JSON.stringify(file)}, ''); } catch {}`;
    const source = sigmoidWith(`${tried} process.getBuiltinModule('child_process').execSync('true');`);
    const refused = expect.stringContaining(`line ${line}: Access to this API has been restricted`) as string;
    expect([await verdictAt(source), existsSync(file)]).toEqual([error(refused), false]);
  });

  test.each(['try { for (;;); } catch {} finally { return 1; }', "for (;;) try { console.log('x'); } catch {}"])(
    '%s: it is ended from outside',
    async (loop) => {
      const outcome = error('it did not end within 0.2 seconds. Is there an endless loop?');
      const surroundings = { stdout: new PassThrough(), stderr: new PassThrough(), signals: process };
      const check = () => verdictAt(sigmoidWith(loop), { milliseconds: 200 });
      expect(await asRun(surroundings, check)).toEqual(outcome);
    },
  );

  test('what it prints goes to standard error, escaped, before its verdict', async () => {
    await exercises([]);
    writeFileSync(answer('sigmoid'), sigmoidWith(RIGHT, "console.log('a\\u001b', { b: 1 }); console.error('c');"));
    expect(await exercises(['check', '4'])).toEqual({
      code: 0,
      stdout: expect.stringMatching(/^typescript\/04-sigmoid\.ts: right: all \d+ numbers agree\n/) as string,
      stderr: 'typescript/04-sigmoid.ts prints:\na\\u001b { b: 1 }\nc\n',
    });
    writeFileSync(answer('sigmoid'), sigmoidWith(RIGHT, "console.log('x'.repeat(20_000));"));
    expect((await exercises(['check', '4'])).stderr).toBe(
      `typescript/04-sigmoid.ts prints:\n${'x'.repeat(10_000)}\n… (it prints more)\n`,
    );
    writeFileSync(answer('sigmoid'), `\uFEFF${named('sigmoid').typescript.start}`, 'utf16le');
    expect((await exercises(['check', '4'])).stdout).toMatch(
      /^typescript\/04-sigmoid\.ts: cannot be checked: is in UTF-16: save it in UTF-8\n/,
    );
    writeFileSync(answer('sigmoid'), `\uFEFF${named('sigmoid').typescript.start}`); // as some editors begin a file
    expect((await exercises(['check', '4'])).stdout).toMatch(/^typescript\/04-sigmoid\.ts: not begun\n/);
    const nearly = RIGHT.replace('dI', 'Math.fround(dI * (1 + 1e-7))');
    writeFileSync(answer('sigmoid'), sigmoidWith(`console.log(new Error('here').stack); ${nearly}`));
    const { stdout, stderr } = await exercises(['check', '4']);
    expect(stderr).toContain(`sigmoidBackward (answer:${line}:`);
    const [, found, must] = /^.*: wrong: \S+ is (\S+), but must be (\S+)\n/.exec(stdout)!;
    expect(found).not.toBe(must);
  });
});

test('files that cannot be read, and answers that end their process, have one line each, as all others', async () => {
  await exercises([]);
  const names = ['sigmoid', 'softmax', 'product', 'rnn-step'] as const;
  for (const name of names) rmSync(answer(name));
  mkdirSync(answer('sigmoid'));
  expect(spawnSync('mkfifo', [answer('softmax')]).status).toBe(0);
  symlinkSync('/dev/zero', answer('product'));
  for (const language of ['typescript', 'javascript'] as const) rmSync(answer('every-step', language));
  writeFileSync(answer('rnn-step'), '\n'.repeat(1_000_001));
  writeFileSync(answer('gates'), 'process.exit();');
  solve('adam');
  const { code, stdout, stderr } = await exercises(['check']);
  expect([code, stderr]).toEqual([1, '']);
  const rows = stdout.split('\n').map((row) => row.replace(/^typescript\/(\d\d)-\S+ +/, '$1 '));
  expect(rows.slice(1)).toEqual([
    '01 cannot be checked: not a file',
    '02 cannot be checked: 1000001 bytes, more than the limit of 1000000',
    '03 not begun',
    '04 cannot be checked: not a file',
    '05 not begun',
    '06 not begun',
    '07 cannot be checked: its process ended without a result (exit code 0)',
    '08 not begun',
    '09 not begun',
    '10 cannot be checked: not a file',
    expect.stringMatching(/^11 right: all \d+ numbers agree$/),
    '12 not begun',
    '13 not begun',
    '14 not begun',
    '1 of 14 right: 11. Next: 01-product',
    '',
  ]);
});

/** The whole file of version 1.0.0. */
const FORMER = `// Exercise 1: The three gradients of a product (output layer)
//
//     logits = Σ stateₖ·Wₖ + b
//     dStateₖ = ?   dWₖ = ?   db = ?
//
// Compute the gradients of every state, of W and of b from dLogits. There can be several states: then W has the
// rows of each in turn. backend.matmul(out, a, b) writes a·b to out. rowBlocks(W, states) gives the rows that
// belong to each state, and rowBlocks(dW, states) those of dW.
//
// Derived in docs/learn/plain-rnn.md#a-matrix-product of longhand

${FORMER_PRODUCT}`;

test('an exercise whose text has changed since 1.0.0: an untouched file gets the new text, and an answer stays', async () => {
  await exercises([]);
  const [untouched, written] = [answer('product', 'javascript'), answer('product')];
  const start = readFileSync(untouched, 'utf8');
  writeFileSync(untouched, FORMER);
  const mine = FORMER.replace('  // Write', '  backend.columnSums(db, dLogits);\n  // Write');
  writeFileSync(written, mine);
  expect(await exercises([])).toMatchObject({ stderr: 'longhand-exercises: the files of exercise 1 are new\n' });
  expect([readFileSync(untouched, 'utf8'), readFileSync(written, 'utf8')]).toEqual([start, mine]);
  expect((await exercises(['check', '1'])).stdout).toContain('it belongs to the earlier text of this exercise');
});

test('a folder of an earlier version, with twelve exercises, gets the others, and loses nothing', async () => {
  await exercises([]);
  const folder = path.join(place, 'longhand-exercises');
  const added = ['scan', 'gru-step'];
  const files = added.flatMap((name) => [answer(name), answer(name, 'javascript')]);
  const starts = files.map((file) => readFileSync(file, 'utf8'));
  for (const file of files) rmSync(file);
  for (const { name } of EXERCISES.slice(0, 12)) solve(name);
  writeFileSync(path.join(folder, 'README.md'), '# Twelve exercises\n\nmy notes\n');
  const contents = () =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.includes('.') && !added.some((one) => name.includes(one)))
      .map((name) => [name, readFileSync(path.join(folder, name), 'utf8')]);
  const before = contents();
  const { code, stdout } = await exercises(['check']);
  expect([code, stdout]).toEqual([
    1,
    expect.stringMatching(
      /\n12 of 14 right: 1 to 12\. Next: 13-scan, which npm run -s longhand -- exercises writes\n$/,
    ),
  ]);
  expect(await exercises([])).toEqual({
    code: 0,
    stdout: `longhand-exercises: your answers are there, and stay as they are.\n12 of 14 right: 1 to 12. Next: 13-scan\n`,
    stderr: 'longhand-exercises: the files of exercises 13 and 14 are new\n',
  });
  expect(files.map((file) => readFileSync(file, 'utf8'))).toEqual(starts);
  expect(contents()).toEqual(before);
  // an answer that is not begun needs no process
  for (const { name, typescript } of EXERCISES.slice(0, 12)) writeFileSync(answer(name), typescript.start);
  rmSync(path.join(folder, 'javascript'), { recursive: true }); // who writes in one language keeps one
  rmSync(answer('scan'));
  expect(await exercises([])).toMatchObject({ stderr: 'longhand-exercises: the files of exercise 13 are new\n' });
  expect([readFileSync(answer('scan'), 'utf8'), existsSync(path.join(folder, 'javascript'))]).toEqual([
    starts[0],
    false,
  ]);
});

test('hints, one by one', async () => {
  const { hints } = EXERCISES[4];
  expect((await exercises(['hint', '5'])).stdout).toBe(`1. ${hints[0]}\n`);
  expect((await exercises(['hint', '5', '3'])).stdout).toBe(hints.map((hint, n) => `${n + 1}. ${hint}\n`).join(''));
  expect((await exercises(['hint', '5', '4'])).code).toBe(2);
  expect((await exercises(['hint', '15'])).code).toBe(2);
});

describe('--watch', () => {
  test('checks each answer that is saved, until a signal', async () => {
    await exercises([]);
    const { code, stdout, stderr, interrupt } = start(['exercises', 'check', '--watch'], { cwd: place });
    await stdout.has('0 of 14 right. Next: 01-product\n');
    await stderr.has('Ctrl-C');
    solve('gates');
    await stdout.has('typescript/07-gates.ts: right');
    solve('adam', 'javascript');
    await stdout.has('javascript/11-adam.js: right');
    expect(stdout.text.match(/07-gates\.ts: right/g)).toHaveLength(1); // written once, checked once
    interrupt('SIGINT');
    expect(await code).toBe(130);
  });

  /** An answer that waits for the end of a pipe. `started` resolves when it waits. */
  function waiting() {
    const { opening, started } = pipeIn(place);
    return { text: sigmoidWith(`process.getBuiltinModule('fs').readFileSync(${opening.slice(0, -1)});`), started };
  }

  test.each([
    ['SIGINT', 130, ['--watch']],
    ['SIGTERM', 143, ['4']],
  ] as const)('%s ends a check, and the answer’s process', async (signal, expected, args) => {
    await exercises([]);
    const { text, started } = waiting();
    writeFileSync(answer('sigmoid'), text);
    const { code, stdout, interrupt } = start(['exercises', 'check', ...args], { cwd: place });
    const pipe = await started();
    interrupt(signal);
    expect(await code).toBe(expected);
    expect(stdout.text).toBe('');
    await ended(pipe);
  });

  test('an answer that is saved again while it is checked is checked again at once', async () => {
    await exercises([]);
    const { text, started } = waiting();
    writeFileSync(answer('sigmoid'), text);
    const { code, stdout, stderr, interrupt } = start(['exercises', 'check', '4', '--watch'], { cwd: place });
    const pipe = await started(); // the first check
    solve('sigmoid');
    await stdout.has('typescript/04-sigmoid.ts: right');
    await stderr.has('Ctrl-C');
    await ended(pipe);
    writeFileSync(answer('sigmoid'), text);
    const again = await started(); // a later one
    writeFileSync(answer('sigmoid'), sigmoidWith('return 5;'));
    await stdout.has('typescript/04-sigmoid.ts: wrong');
    expect(stdout.text).not.toContain('did not end');
    await ended(again);
    interrupt('SIGINT');
    expect(await code).toBe(130);
  });
});
