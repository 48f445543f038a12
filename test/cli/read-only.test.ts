/** A file or folder without write permission: every command names it, and leaves it unchanged. */
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { mnistFiles } from '../helpers/idx-files.js';
import type { Result } from '../helpers/longhand-process.js';
import { MAIN, runProcess } from '../helpers/longhand-process.js';
import { temporaryDirectories } from '../helpers/temporary-directories.js';

/** Root may write everywhere unless it drops its capabilities. */
const asUser = process.getuid?.() === 0 ? ['setpriv', '--bounding-set', '-dac_override'] : [];

function longhand(args: readonly string[]): Promise<Result> {
  const [command, ...rest] = [...asUser, process.execPath, MAIN, ...args];
  return runProcess(command, rest);
}

const { directoryOf, remove } = temporaryDirectories();
const DATA = directoryOf(mnistFiles(5600, 200));
const folder = directoryOf({});
const inFolder = (name: string): string => path.join(folder, name);
const [RUN, WEIGHTS] = [inFolder('run.safetensors'), inFolder('weights')];
const TRAIN = ['train', '--data', DATA, '--hidden', '8', '--batch-size', '16', '--training-iters', '160'];
const [LOCKED_FOLDER, LOCKED_FILE] = [inFolder('locked'), inFolder('locked.csv')];

beforeAll(async () => {
  await longhand([...TRAIN, '--checkpoint', RUN]);
  await longhand(['export', RUN, '--to', 'safetensors-pytorch', '--output', WEIGHTS]);
  mkdirSync(LOCKED_FOLDER);
  chmodSync(LOCKED_FOLDER, 0o555);
  writeFileSync(LOCKED_FILE, 'precious');
  chmodSync(LOCKED_FILE, 0o444);
  writeFileSync(`${LOCKED_FILE}.new`, 'precious too');
});
afterAll(() => {
  chmodSync(LOCKED_FOLDER, 0o755);
  remove();
});

test.each<[string, (output: string) => readonly string[]]>([
  ['train --checkpoint', (output) => [...TRAIN, '--checkpoint', output]],
  ['train --best', (output) => [...TRAIN, '--validate-every', '5', '--best', output]],
  ['train --history', (output) => [...TRAIN, '--history', output]],
  ['train --plot', (output) => [...TRAIN, '--history', inFolder('h.csv'), '--plot', output]],
  ['export', (output) => ['export', RUN, '--to', 'onnx', '--output', output]],
  ['import', (output) => ['import', WEIGHTS, '--from', 'safetensors-pytorch', '--output', output]],
  ['compare --template', (output) => ['compare', '--force', '--template', output]],
])('%s names a read-only file or folder, and leaves it unchanged', async (_, argsFor) => {
  const inLockedFolder = path.join(LOCKED_FOLDER, 'output.csv');
  for (const [output, reason] of [
    [inLockedFolder, `${inLockedFolder}: cannot be written (its folder is read-only)`],
    [LOCKED_FILE, `${LOCKED_FILE}: cannot be written`],
  ]) {
    const { code, stdout, stderr } = await longhand(argsFor(output));
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain(`longhand: ${reason}`);
    if (output === LOCKED_FILE) expect(stderr).toMatch(/\(the file is read-only\)\n$/);
  }
  expect(readFileSync(LOCKED_FILE, 'utf8')).toBe('precious');
  expect(readdirSync(LOCKED_FOLDER)).toEqual([]);
  expect(readFileSync(`${LOCKED_FILE}.new`, 'utf8')).toBe('precious too');
  expect(readdirSync(folder).filter((name) => name.startsWith('locked.csv'))).toEqual(['locked.csv', 'locked.csv.new']);
});

test('export names a folder that it cannot create for tfjs', async () => {
  const { code, stderr } = await longhand([
    'export',
    RUN,
    '--to',
    'tfjs',
    '--output',
    path.join(LOCKED_FOLDER, 'model'),
  ]);
  expect([code, stderr]).toEqual([1, `longhand: ${LOCKED_FOLDER}/model: cannot be created (no permission)\n`]);
});
