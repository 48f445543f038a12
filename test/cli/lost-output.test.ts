/** Standard output or standard error on a full disk, or closed by its reader: no stack trace, and a correct exit code. */
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { writeSafetensors } from '../../src/files/safetensors.js';
import { loadCheckpoint } from '../../src/training/checkpoint-files.js';
import { longhand } from '../helpers/longhand.js';
import { longhand as longhandProcess, MAIN } from '../helpers/longhand-process.js';
import { testOnTerminal } from '../helpers/terminal.js';
import { CHECKPOINT, DATA, expectRightIfLost, inFolder, makeFiles, NAMES, SMALL } from '../helpers/lost-outputs.js';

/** A run that does not end during the test. */
const ENDLESS = [...SMALL, '--training-iters', '4000000000', '--display-step', '1'];

beforeAll(makeFiles);

test.each(NAMES)('%s has the right exit code and no stack trace if its output or its messages are lost', (name) =>
  expectRightIfLost(longhand, name),
);

test('the same is true of a process', () => expectRightIfLost(longhandProcess, 'inspect'));

test.each(['full', 'closed'] as const)(
  'wrong usage has exit code 2 even if both of its outputs are %s',
  async (sink) => {
    expect((await longhand(['frobnicate'], { stdout: sink, stderr: sink })).code).toBe(2);
  },
);

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
  const { code, stdout } = await longhand([...SMALL, '--training-iters', '40000'], { stderr: 'closed' });
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
  while (!existsSync(history) || statSync(history).size < 2 * PIPE) await setTimeout(20);
  child.kill('SIGTERM');
  expect((await exit)[0]).toBe(143);
  expect(output.stderr).toMatch(/\nlonghand: stopped by SIGTERM\n$/);
});

testOnTerminal('closing the terminal stops the run as SIGHUP does, and the checkpoint is written', async () => {
  const [file, exitCode] = [inFolder('hangup.safetensors'), inFolder('exit-code')];
  const noteExit = `import { writeFileSync } from "node:fs"; process.on("exit", (code) => writeFileSync("${exitCode}", String(code)))`;
  const node = `${process.execPath} --import 'data:text/javascript,${noteExit}' ${MAIN}`;
  const command = `exec ${node} ${ENDLESS.join(' ')} --checkpoint ${file} --checkpoint-every 4000000000 > /dev/null`;
  const terminal = spawn('script', ['--quiet', '--command', command, '/dev/null'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  running.push(terminal);
  for await (const text of terminal.stdout.setEncoding('utf8')) if (/step [1-9]/.test(String(text))) break; // in the bar
  terminal.kill('SIGKILL');
  while (!existsSync(exitCode) || readFileSync(exitCode, 'utf8') === '') {
    await setTimeout(20);
  }
  expect(readFileSync(exitCode, 'utf8')).toBe('129');
  expect(loadCheckpoint(file).training?.step).toBeGreaterThan(0);
});

test('predict stops if the reader closes its output', async () => {
  const many = inFolder('many');
  copyFileSync(path.join(DATA, 'train-images-idx3-ubyte'), many); // 5,600 images
  const result = await longhand(['predict', CHECKPOINT, many], { stdout: 'closed' });
  expect(result).toMatchObject({ code: 0, stderr: 'longhand: stopped: the reader of standard output has closed it\n' });
});
