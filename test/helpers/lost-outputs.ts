/** Commands whose standard output or standard error is lost: no stack trace, and a correct exit code. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { mnistFiles } from './idx-files.js';
import { longhand } from './longhand.js';
import type { Result, Sink } from './longhand-process.js';
import { temporaryDirectories } from './temporary-directories.js';

const { directoryOf, remove } = temporaryDirectories();
afterAll(remove);

export const DATA = directoryOf(mnistFiles(5600, 200));
const folder = directoryOf({});
export const inFolder = (name: string): string => path.join(folder, name);
export const SMALL = ['train', '--data', DATA, '--hidden', '8', '--batch-size', '16'];
export const CHECKPOINT = inFolder('run.safetensors');
const TEXT_CHECKPOINT = inFolder('text.safetensors');
const [TEMPLATE, WEIGHTS] = [inFolder('template.safetensors'), inFolder('weights.safetensors')];
const IMAGES = path.join(DATA, 't10k-images-idx3-ubyte');

const STACK_TRACE = /^ +at /m;
const FULL = 'longhand: standard output: cannot be written (the disk is full)\n';

/** The files that the commands read. */
export async function makeFiles(): Promise<void> {
  await longhand([...SMALL, '--training-iters', '160', '--checkpoint', CHECKPOINT]);
  const text = ['--task', 'text', '--hidden', '4', '--steps', '5', '--batch-size', '2', '--epochs', '1'];
  writeFileSync(inFolder('text.txt'), 'A short text. '.repeat(10));
  await longhand(['train', ...text, '--text', inFolder('text.txt'), '--checkpoint', TEXT_CHECKPOINT]);
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
  sample: [['sample', TEXT_CHECKPOINT, '--length', '2000', '--prime', 'A', '--stream'], 0, true],
  inspect: [['inspect', CHECKPOINT, '--json'], 0, true],
  export: [['export', CHECKPOINT, '--to', 'onnx', '--output', inFolder('run.onnx')], 0, true],
  import: [['import', WEIGHTS, '--from', 'safetensors-pytorch', '--output', inFolder('imported')], 0, true],
  compare: [['compare', TEMPLATE, '--json'], 0, true],
  'a gradcheck that fails': [['gradcheck', '--steps', '2', '--tolerance', '1e-300'], 1, true],
  'a missing file': [['inspect', inFolder('none')], 1, false],
  'wrong usage': [['frobnicate'], 2, false],
};

export const NAMES = Object.keys(COMMANDS);

/** `longhand` runs in the test's own process, or as a process of its own. */
export async function expectRightIfLost(
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
