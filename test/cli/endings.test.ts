/**
 * Commands that end early. Standard output or standard error on a full disk, or closed by its reader: no stack trace, and a correct exit
 * code. Runs that a signal stops, or SIGKILL ends at random moments: their checkpoints; `npm run test:kills` does 1,000.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { writeSafetensors } from '../../src/files/safetensors.js';
import { loadCheckpoint } from '../../src/training/checkpoint-files.js';
import type { Result, Sink } from '../helpers/longhand-process.js';
import { linesOf, longhand as longhandProcess, MAIN, quoted } from '../helpers/longhand-process.js';
import { longhand, words } from '../helpers/longhand.js';
import { DATA, endless, FROM, RUN, SIGNALS, SMALL } from '../helpers/small-runs.js';
import { inFolder, inNewFolder, linesInFolder } from '../helpers/temporary-directories.js';
import { inTier, testOnTerminal } from '../helpers/needs.js';

const CHECKPOINT = inFolder('run.safetensors');
const TEXT_CHECKPOINT = inFolder('text.safetensors');
const [TEMPLATE, WEIGHTS] = [inFolder('template.safetensors'), inFolder('weights.safetensors')];
const IMAGES = path.join(DATA, 't10k-images-idx3-ubyte');

const STACK_TRACE = /^ +at /m;
const FULL = 'longhand: standard output: cannot be written (the disk is full)\n';

/** The files that the commands read. */
async function makeFiles(): Promise<void> {
  await longhand([...SMALL, '--training-iters', '160', '--checkpoint', CHECKPOINT]);
  const book = linesInFolder('text.txt', ['A short text. '.repeat(10)]);
  const text = words`train --task text --hidden 4 --steps 5 --batch-size 2 --epochs 1`;
  await longhand(words`${text} --text ${book} --checkpoint ${TEXT_CHECKPOINT}`);
  await longhand(['compare', '--template', TEMPLATE]);
  await longhand(['export', CHECKPOINT, '--to', 'safetensors-pytorch', '--output', WEIGHTS]);
}

/** For each command: its arguments, its exit code if the output works, and whether it prints a result. */
const COMMANDS: Readonly<Record<string, readonly [args: readonly string[], exitCode: number, hasResult: boolean]>> = {
  help: [['--help'], 0, true],
  'a command’s help': [['predict', '--help'], 0, true],
  version: [['--version'], 0, true],
  train: [[...SMALL, '--training-iters', '500'], 0, true],
  eval: [['eval', CHECKPOINT, '--data', DATA], 0, true],
  predict: [['predict', CHECKPOINT, IMAGES, '--first', '3', '--rows'], 0, true],
  sample: [['sample', TEXT_CHECKPOINT, '--length', '200', '--prime', 'A', '--stream'], 0, true],
  inspect: [['inspect', CHECKPOINT, '--json'], 0, true],
  export: [['export', CHECKPOINT, '--to', 'onnx', '--output', inFolder('run.onnx')], 0, true],
  import: [['import', WEIGHTS, '--from', 'safetensors-pytorch', '--output', inFolder('imported')], 0, true],
  compare: [['compare', TEMPLATE, '--json'], 0, true],
  'a gradcheck that fails': [words`gradcheck --cell rnn --steps 100 --hidden 2 --batch-size 1`, 1, true],
  'a missing file': [['inspect', inFolder('none')], 1, false],
  'wrong usage': [['frobnicate'], 2, false],
};

/** `longhand` runs in the test's own process, or as a process of its own. */
async function expectRightIfLost(
  longhand: (args: readonly string[], sinks?: { stdout?: Sink; stderr?: Sink }) => Promise<Result>,
  name: string,
): Promise<void> {
  const [args, exitCode, hasResult] = COMMANDS[name];
  const whole = await longhand(args);
  expect([whole.code, whole.stdout !== '']).toEqual([exitCode, hasResult]);

  const onFullDisk = await longhand(args, { stdout: 'full' });
  expect(onFullDisk.code).toBe(hasResult ? 1 : exitCode);
  expect(onFullDisk.stderr).not.toMatch(STACK_TRACE);
  expect(onFullDisk.stderr.endsWith(FULL)).toBe(hasResult);

  const unread = await longhand(args, { stdout: 'closed' });
  expect([unread.code, unread.stderr]).toEqual([exitCode, expect.not.stringMatching(STACK_TRACE)]);

  expect(await longhand(args, { stderr: 'closed' })).toEqual({ code: exitCode, stdout: whole.stdout, stderr: '' });
}

const ENDLESS = endless(SMALL);

beforeAll(makeFiles);

/** The second tier starts processes: one of each way in which a command prints and ends. The first tier starts `inspect`. */
const [inEither, names] = inTier<[typeof longhandProcess, readonly string[]]>(
  [longhand, Object.keys(COMMANDS)],
  [longhandProcess, ['help', 'train', 'sample', 'export', 'a gradcheck that fails', 'a missing file', 'wrong usage']],
);
test.each(names)('%s has the right exit code and no stack trace if its output or its messages are lost', (name) =>
  expectRightIfLost(inEither, name),
);

if (inTier(true, false)) {
  test('the same is true of a process', () => expectRightIfLost(longhandProcess, 'inspect'));

  test.each(['full', 'closed'] as const)('wrong usage has exit code 2, even if both outputs are %s', async (sink) => {
    expect((await inEither(['frobnicate'], { stdout: sink, stderr: sink })).code).toBe(2);
  });

  test.each<['full' | 'closed', number, RegExp]>([
    ['full', 1, /\nlonghand: standard output: cannot be written \(the disk is full\)\n$/],
    ['closed', 0, /\nlonghand: stopped: the reader of standard output has closed it\n$/],
  ])('a long run whose output is %s stops, and keeps its checkpoint', async (stdout, exitCode, message) => {
    const file = inFolder(`${stdout}.safetensors`);
    const long = ['--checkpoint', file, '--checkpoint-every', '4000000000'];
    const { code, stderr } = await longhandProcess([...ENDLESS, ...long], { stdout });
    expect([code, stderr]).toEqual([exitCode, expect.stringMatching(message)]);
    expect(loadCheckpoint(file).training?.step).toBeGreaterThan(0);
  });

  test('a long run whose messages are lost continues to its end', async () => {
    const { code, stdout } = await longhand([...SMALL, '--training-iters', '8000'], { stderr: 'closed' });
    expect([code, stdout]).toEqual([0, expect.stringContaining('Testing Accuracy on all 200 images')]);
  });

  /** More bytes than a pipe holds. */
  const PIPE = 2 ** 16;

  /** A process whose output is not yet read. */
  function unread(args: readonly string[]) {
    const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    running.push(child);
    const output = { stdout: '', stderr: '' };
    child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
    const read = (): unknown => child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
    return { child, output, read, exit: once(child, 'exit') as Promise<[number | null]> };
  }

  const running: ChildProcess[] = [];
  afterAll(() => running.forEach((child) => child.kill('SIGKILL')));

  test('a slow reader receives a large result completely', async () => {
    const metadata = new Map(Array.from({ length: 20_000 }, (_, n) => [`key ${n}`, 'text '.repeat(10)]));
    writeFileSync(inFolder('large'), writeSafetensors({ metadata, tensors: new Map() }));
    const { child, output, read, exit } = unread(['inspect', inFolder('large'), '--json']);
    await once(child.stdout, 'readable');
    expect(child.exitCode).toBe(null); // it waits for its reader
    read();
    expect((await exit)[0]).toBe(0);
    expect(output.stdout.length).toBeGreaterThan(1_000_000);
    expect(JSON.parse(output.stdout)).toEqual({ metadata: Object.fromEntries(metadata), tensors: [] });
  });

  test('a signal ends a run whose output is not read', async () => {
    const history = inFolder('history.csv'); // it has a row for each line, and the row is shorter
    const { child, output, exit } = unread([...ENDLESS, '--history', history]);
    while (!existsSync(history) || statSync(history).size < PIPE) await setTimeout(20);
    child.kill('SIGTERM');
    expect((await exit)[0]).toBe(143);
    expect(output.stderr).toMatch(/\nlonghand: stopped by SIGTERM\n$/);
  });

  testOnTerminal('closing the terminal stops the run as SIGHUP does, and the checkpoint is written', async () => {
    const [file, exitCode] = [inFolder('hangup.safetensors'), inFolder('exit-code')];
    const noteExit = `import { writeFileSync } from "node:fs"; process.on("exit", (code) => writeFileSync(${JSON.stringify(exitCode)}, String(code)))`;
    const node = [process.execPath, '--import', `data:text/javascript,${encodeURIComponent(noteExit)}`, MAIN];
    const run = [...node, ...ENDLESS, '--checkpoint', file, '--checkpoint-every', '4000000000'];
    const command = `exec ${run.map(quoted).join(' ')} > /dev/null`;
    const terminal = spawn('script', ['--quiet', '--command', command, '/dev/null'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    running.push(terminal);
    for await (const text of terminal.stdout.setEncoding('utf8')) if (/step [1-9]/.test(String(text))) break; // in the bar
    terminal.kill('SIGKILL');
    while (!existsSync(exitCode) || readFileSync(exitCode, 'utf8') === '') await setTimeout(20);
    expect(readFileSync(exitCode, 'utf8')).toBe('129');
    expect(loadCheckpoint(file).training?.step).toBeGreaterThan(0);
  });

  test('predict stops if the reader closes its output', async () => {
    const many = inFolder('many');
    copyFileSync(path.join(DATA, 'train-images-idx3-ubyte'), many); // 5,600 images
    const result = await longhand(['predict', CHECKPOINT, many], { stdout: 'closed' });
    expect(result).toMatchObject({
      code: 0,
      stderr: 'longhand: stopped: the reader of standard output has closed it\n',
    });
  });
}

interface Found {
  readonly kills: number;
  readonly finished: number;
}

const { killRuns } = (await import(new URL('../kills.mjs', import.meta.url).href)) as {
  killRuns: (options: { kills: number; seed: number; args: string[] }) => Promise<Found>;
};

const NETWORK = words`${SMALL} --training-iters 1000 --threads 1`;

const runs: [what: string, args: string[], kills: number, seed: number][] = inTier(
  [['a network', NETWORK, 3, 1]],
  [['a network', NETWORK, 20, 2]],
);

test.each(runs)(
  'of %s no checkpoint is lost or damaged by kills, and every line and final weight is that of an uninterrupted run',
  async (_, args, kills, seed) => {
    const found = await killRuns({ kills, seed, args });
    expect(found.kills).toBe(kills);
    expect(found.finished).toBeGreaterThan(1);
  },
);

/** The second tier starts a process. */
const stoppable = inTier(longhand, longhandProcess);

test.each(SIGNALS)('writes the run on %s, and --resume continues to the same end', async (signal, exitCode) => {
  const [whole, stopped] = [inNewFolder(), inNewFolder()];
  const first = await stoppable([...endless(RUN), '--checkpoint', stopped], { signal });
  expect(first.code).toBe(exitCode);
  expect(linesOf(first.stderr).slice(2)).toEqual([
    `the run is saved: npm run -s longhand -- train --resume ${stopped} continues it`,
    `longhand: stopped by ${signal}`,
  ]);
  const step = loadCheckpoint(stopped).training!.step;
  expect(linesOf(first.stdout)).toHaveLength(step);
  const length = ['--training-iters', String((step + 50) * 16)];
  const second = await longhand([...FROM, '--resume', stopped, ...length, '--threads', '1']);
  expect(second.code).toBe(0);
  expect(second.stderr).toContain(`; from step ${step}\n`);
  const uninterrupted = await longhand([...RUN, ...length, '--display-step', '1', '--checkpoint', whole]);
  expect(first.stdout + second.stdout).toBe(uninterrupted.stdout);
  expect(readFileSync(stopped)).toEqual(readFileSync(whole));
});
