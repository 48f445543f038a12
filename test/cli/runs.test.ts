/** Runs of the `longhand` command, from the first line to the exit code. */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { tutorialLine } from '../../src/cli/print.js';
import { withoutVectors } from '../../src/core/backend.js';
import type { GradientReport } from '../../src/equations/gradcheck-report.js';
import type { Line } from '../../src/training/training.js';
import { type Result, inShell, linesOf, longhand as longhandProcess } from '../helpers/longhand-process.js';
import { done, failed, jsonLinesOf, jsonOf, longhand, start, words } from '../helpers/longhand.js';
import { mnistFiles } from '../helpers/small-data.js';
import { endless, SMALL } from '../helpers/small-runs.js';
import { directoryOf } from '../helpers/temporary-directories.js';

const THREE_LINES = [...SMALL, '--training-iters', '500', '--display-step', '10'];
const ENDLESS = endless(SMALL);

const TUTORIAL_LINES = [
  ...[160, 320, 480].map((iter) => `Iter ${iter}, Minibatch Loss= (\\d+\\.\\d{6}), Training Accuracy= ([01]\\.\\d{5})`),
  'Optimization Finished!',
  'Testing Accuracy: ([01]\\.\\d{1,7})',
  'Testing Accuracy on all 200 images: ([01]\\.\\d{1,7})',
];
const TUTORIAL_OUTPUT = new RegExp(`^${TUTORIAL_LINES.join('\n')}\n$`);

/** A run without other options. */
let plain: Result;
beforeAll(async () => {
  plain = await longhand(THREE_LINES);
});

describe('longhand train', () => {
  test('prints exactly the tutorial’s lines on stdout, and plain information on stderr', () => {
    const { code, stdout, stderr } = plain;
    expect(code).toBe(0);
    expect(stdout).toMatch(TUTORIAL_OUTPUT);
    expect(stderr.replace(/^.*/, withoutVectors)).toMatch(
      new RegExp(
        '^backend wasm: WebAssembly, (relaxed|portable) SIMD, \\d+ threads?\n' +
          '600 training images, batches of 16: 31 steps; seed 1\n' +
          'trained in \\d+\\.\\d s, tested in \\d+\\.\\d s\n$',
      ),
    );
  });

  test('prints the same bytes for the same seed, and different ones for another', async () => {
    const printed = async (seed: string): Promise<string> => (await longhand([...THREE_LINES, '--seed', seed])).stdout;
    const first = await printed('7');
    expect(await printed('7')).toBe(first);
    const other = await printed('8');
    expect(other).not.toBe(first);
    expect(other).toMatch(TUTORIAL_OUTPUT);
  });

  test('--json prints one object per line, with the numbers of the tutorial’s lines', async () => {
    const events = jsonLinesOf(await longhand([...THREE_LINES, '--json'])) as ({ event: string } & Line)[];
    expect(events.map(({ event }) => event)).toEqual(['step', 'step', 'step', 'finished', 'test', 'test']);
    expect(events.slice(0, 3).map(tutorialLine)).toEqual(linesOf(plain.stdout).slice(0, 3));
    expect(events.slice(0, 3).map(({ step }) => step)).toEqual([10, 20, 30]);
    expect(events[3]).toEqual({ event: 'finished', steps: 31 });
    expect(events.slice(4)).toEqual([
      { event: 'test', images: 128, accuracy: expect.any(Number) as number },
      { event: 'test', images: 200, accuracy: expect.any(Number) as number },
    ]);
    const shares = TUTORIAL_OUTPUT.exec(plain.stdout)!.slice(-2).map(Number);
    events.slice(4).forEach(({ accuracy }, n) => expect(Math.abs(accuracy - shares[n])).toBeLessThan(1e-6));
  });

  test('without steps tests the initial model', async () => {
    const { code, stdout } = await longhand([...SMALL, '--training-iters', '1']);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^Optimization Finished!\nTesting Accuracy: [\d.]+\nTesting Accuracy on all 200 images: [\d.]+\n$/,
    );
  });

  test('on targets reports their loss by its name, and so does eval', async () => {
    const file = path.join(directoryOf({}), 'run.safetensors');
    const args = words`train --task adding --steps 2 --hidden 2 --training-iters 101 --batch-size 100`;
    const huber = await longhand(words`${args} --loss huber --delta 0.5 --checkpoint ${file}`);
    const found = /^Optimization Finished!\nTesting Mean Huber Loss on all 10000 sequences: (\d\.\d{6})\n$/.exec(
      huber.stdout,
    )!;
    expect((await longhand(['eval', file])).stdout).toBe(`10000 test sequences: mean Huber loss ${found[1]}\n`);
    expect(jsonOf(await longhand(['eval', file, '--json']))).toMatchObject({ set: 'test', lossName: 'huber' });
    const pinball = await longhand([...args, '--loss', 'pinball', '--quantiles', '0.2,0.8', '--json']);
    expect(JSON.parse(linesOf(pinball.stdout).at(-1)!)).toEqual({
      ...{ event: 'test', sequences: 10_000, lossName: 'pinball' },
      loss: expect.any(Number) as number,
    });
  });

  test('on parity reports its accuracy on sequences, and so does eval', async () => {
    const file = path.join(directoryOf({}), 'run.safetensors');
    const args = words`train --task parity --cell mingru --eigenvalues signed --steps 3 --hidden 2 --training-iters 101`;
    const { stdout } = await longhand([...args, '--batch-size', '100', '--checkpoint', file]);
    const found = /^Optimization Finished!\nTesting Accuracy on all 10000 sequences: (\d\.\d+)\n$/.exec(stdout)!;
    const { accuracy } = jsonOf(await longhand(['eval', file, '--json'])) as { accuracy: number };
    expect(accuracy.toFixed(4)).toBe(Number(found[1]).toFixed(4));
    expect((await longhand(['eval', file])).stdout).toMatch(/^10000 test sequences: .+, accuracy \d\.\d{4}\n$/);
  });

  test('of a cell without a gate that keeps starts without the chrono biases of the task', async () => {
    const args = words`train --task adding --steps 3 --hidden 2 --training-iters 101`;
    expect((await longhand([...args, '--cell', 'rnn'])).code).toBe(0);
    expect((await longhand([...args, '--cell', 'rnn', '--bias-start', 'chrono'])).code).toBe(2);
  });

  test('accepts fewer test images than the tutorial uses', async () => {
    const data = directoryOf(mnistFiles(5020, 5));
    const { code, stdout } = await longhand(['train', '--data', data, '--batch-size', '20', '--training-iters', '100']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/\nTesting Accuracy: ([\d.]+)\nTesting Accuracy on all 5 images: \1\n$/);
  });

  test('prints the same bytes for any number of threads', async () => {
    const one = await longhand([...THREE_LINES, '--threads', '1']);
    const three = await longhand([...THREE_LINES, '--threads', '3']);
    expect(one.stdout).toMatch(TUTORIAL_OUTPUT);
    expect(three.stdout).toBe(one.stdout);
    expect(one.stderr).toMatch(/^.* 1 thread(, .*)?\n/);
    expect(three.stderr).toMatch(/^.* 3 threads(, .*)?\n/);
  });

  test('gives the same numbers to 4 digits on the reference backend', async () => {
    const reference = await longhand([...THREE_LINES, '--backend', 'reference']);
    expect(reference.stderr).toMatch(/^backend reference: plain TypeScript, f32, 1 thread\n/);
    const numbersOf = ({ stdout }: { stdout: string }): number[] => TUTORIAL_OUTPUT.exec(stdout)!.slice(1).map(Number);
    const expected = numbersOf(reference);
    // differences of rounding, about 1e-7 per step, grow no further in 30 steps
    numbersOf(plain).forEach((number, n) => expect(Math.abs(number - expected[n])).toBeLessThan(1e-4));
  });

  test('is changed by every option of the training', async () => {
    const options = ['--learning-rate=0.5', '--shuffle=legacy', '--forget-bias=-2', '--hidden=9'];
    const outputs = new Set([plain.stdout]);
    for (const option of options) outputs.add((await longhand([...THREE_LINES, option])).stdout);
    expect(outputs.size).toBe(1 + options.length);
    for (const output of outputs) expect(output).toMatch(TUTORIAL_OUTPUT);
  });

  test('that diverges reports it in one line, with exit code 1', async () => {
    const stderr = await failed([...THREE_LINES, '--learning-rate', '1e38']);
    expect(linesOf(stderr)).toHaveLength(3);
    expect(stderr).toMatch(/\nlonghand: .* is (NaN|-?Infinity) at step 10: training has diverged; .*\n$/);
  });
});

describe('longhand train, stopped', () => {
  // endings.test.ts has the other signals, in the test's own process
  test('by SIGINT, a process ends with exit code 130 and one line', async () => {
    const { code, stdout, stderr } = await longhandProcess(ENDLESS, { signal: 'SIGINT' });
    expect(code).toBe(130);
    expect(stdout).toMatch(/^(Iter \d+, Minibatch Loss= \d+\.\d{6}, Training Accuracy= [01]\.\d{5}\n)+$/);
    expect(linesOf(stderr).slice(2)).toEqual(['longhand: stopped by SIGINT']);
  });

  test('by a reader that closes the output exits with 0', async () => {
    const { code, stdout, stderr } = await inShell('sh', '{ "$@"; echo "exit code $?" >&2; } | head -n 1', ENDLESS);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Iter 16, [^\n]*\n$/);
    expect(linesOf(stderr).slice(2)).toEqual([
      'longhand: stopped: the reader of standard output has closed it',
      'exit code 0',
    ]);
  });
});

describe('two runs at the same time', () => {
  test('have their own output, folder, interruption and exit code', async () => {
    const folders = [directoryOf(), directoryOf()];
    const options = ['--checkpoint', 'c', '--history', './h.csv', '--plot', 'p.svg'];
    const endless = start([...ENDLESS, ...options, '--checkpoint-every', '4000000000'], { cwd: folders[0] });
    await endless.stdout.has('Iter 16,');
    const wrong = longhand(words`gradcheck --cell rnn --steps 100 --hidden 2 --batch-size 1`);
    const whole = await longhand([...THREE_LINES, ...options], { cwd: folders[1] });
    expect([whole.code, whole.stdout]).toEqual([0, plain.stdout]);
    expect((await wrong).code).toBe(1);
    endless.interrupt('SIGTERM');
    expect(await endless.code).toBe(143);
    expect(linesOf(endless.stderr.text).at(-2)).toBe(
      'the run is saved: npm run -s longhand -- train --resume c continues it',
    );
    expect(folders.map((folder) => readdirSync(folder).sort())).toEqual([
      ['c', 'h.csv'],
      ['c', 'h.csv', 'p.svg'],
    ]);
  });

  test('name files as they are written, and take relative paths from their folder', async () => {
    const cwd = directoryOf();
    const none = await longhand(['inspect', 'none'], { cwd });
    expect(none).toEqual({ code: 1, stdout: '', stderr: 'longhand: none: no such file\n' });
    const outputs = ['--checkpoint', 'c', '--plot', path.join(cwd, 'c'), '--history', 'h.csv'];
    const same = await longhand([...THREE_LINES, ...outputs], { cwd });
    expect([same.code, same.stderr]).toEqual([2, `error: --checkpoint c and --plot ${cwd}/c are the same file\n`]);
    expect(await longhand(['compare', '--template', 'mine'], { cwd })).toMatchObject({ code: 0 });
    expect(await longhand(['compare', 'mine'], { cwd })).toMatchObject({ code: 0 });
    expect(readdirSync(cwd)).toEqual(['mine']);
  });
});

describe('longhand train on a terminal', () => {
  const [HIDE_CURSOR, SHOW_CURSOR] = ['\u001b[?25l', '\u001b[?25h'];
  const cursorIsShown = (text: string): boolean => text.lastIndexOf(SHOW_CURSOR) > text.lastIndexOf(HIDE_CURSOR);

  test('shows a bar on stderr, clears it, and prints the same stdout as without a bar', async () => {
    const withBar = await longhand(THREE_LINES, { onTerminal: true });
    expect([withBar.code, withBar.stdout]).toEqual([0, plain.stdout]);
    expect(withBar.stderr).toContain('step 0/31');
    expect(withBar.stderr).toContain(HIDE_CURSOR);
    expect(cursorIsShown(withBar.stderr)).toBe(true);
  });

  test('that diverges ends, and shows the cursor again', async () => {
    const { code, stderr } = await longhand([...THREE_LINES, '--learning-rate', '1e38'], { onTerminal: true });
    expect(code).toBe(1);
    expect(stderr).toContain('training has diverged');
    expect(cursorIsShown(stderr)).toBe(true);
  });

  test('stopped by Ctrl-C ends, and shows the cursor again', async () => {
    const { code, stderr } = await longhand(ENDLESS, { onTerminal: true, signal: 'SIGINT' });
    expect(code).toBe(130);
    expect(stderr).toContain('longhand: stopped by SIGINT');
    expect(cursorIsShown(stderr)).toBe(true);
  });
});

describe('longhand gradcheck', () => {
  const NAMES = ['kernel', 'bias', 'outKernel', 'outBias', 'x', 'h0', 'c0'];

  test('prints a row for each of the 7 tensors, all ok, and exits with 0', async () => {
    const { stdout } = await done(['gradcheck']);
    const [head, ...rows] = linesOf(stdout);
    expect(head).toMatch(/^tensor +shape +largest absolute +largest relative +verdict$/);
    expect(rows.pop()).toBe('(numeric gradients in f64; ok: relative error ≤ 1e-7)');
    expect(rows.map((row) => row.split(/ +/)[0])).toEqual(NAMES);
    for (const row of rows) expect(row).toMatch(/^\w+ +\[[\d,]+\] +\d\.\d\de-\d+ +\d\.\d\de-\d+ +ok$/);
  });

  test('for a gradient that is too small to check prints the two numbers and what to do, and exits with 1', async () => {
    const args = words`gradcheck --cell rnn --steps 100 --inputs 2 --hidden 2 --batch-size 1`;
    const { code, stdout, stderr } = await longhand(args);
    expect([code, stderr]).toEqual([1, '']);
    expect(stdout).toMatch(/^h0 .* TOO SMALL to check: element \d: backward \S+e-\d+, numeric \S+$/m);
    expect(stdout).toMatch(/^x .* ok, but \d+ of 200 unseen: below \S+e-12$/m);
    expect(stdout).toMatch(/^The gradient of h0 is too small to check: .* Take a larger step, /m);
  });

  test('uses the sizes of its flags, and --json prints one object per tensor', async () => {
    const sizes = words`--steps 2 --batch-size 4 --inputs 3 --hidden 5 --classes 6`;
    const args = words`gradcheck ${sizes} --seed 3 --forget-bias -0.5 --json`;
    const reports = jsonLinesOf(await done(args)) as GradientReport[];
    expect(reports.map(({ name, shape, ok }) => [name, shape, ok])).toEqual([
      ['kernel', [8, 20], true],
      ['bias', [20], true],
      ['outKernel', [5, 6], true],
      ['outBias', [6], true],
      ['x', [2, 4, 3], true],
      ['h0', [4, 5], true],
      ['c0', [4, 5], true],
    ]);
    for (const { largestRelative } of reports) expect(largestRelative).toBeLessThanOrEqual(1e-7);
  });

  test('prints the same report for the same seed, and a different one for another', async () => {
    const reportOf = async (seed: string): Promise<string> =>
      (await longhand(['gradcheck', '--steps', '2', '--hidden', '3', '--seed', seed])).stdout;
    const first = await reportOf('5');
    expect(await reportOf('5')).toBe(first);
    expect(await reportOf('6')).not.toBe(first);
  });
});
