/** A file or folder without write permission: every command names it, and leaves it unchanged. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Result } from '../helpers/longhand-process.js';
import { runProcess } from '../helpers/longhand-process.js';
import { longhand } from '../helpers/longhand.js';
import { SMALL } from '../helpers/small-runs.js';
import { folder, inFolder } from '../helpers/temporary-directories.js';

/** Root may write everywhere unless it drops its capabilities. */
const asUser = process.getuid?.() === 0 ? ['setpriv', '--bounding-set', '-dac_override'] : [];

/** Runs all these commands in one process, and notes after each what the folder `left` holds. */
const PROGRAM = `
  import { readdirSync, readFileSync } from 'node:fs';
  import { Writable } from 'node:stream';
  import { run } from '${pathToFileURL('dist/src/cli/run.js').href}';

  async function resultOf(args) {
    const output = { stdout: '', stderr: '' };
    const collector = (name) =>
      new Writable({ write: (part, _, done) => ((output[name] += part), done()) });
    const [stdout, stderr] = ['stdout', 'stderr'].map(collector);
    return { code: await run(args, { stdout, stderr, signals: process }), ...output };
  }

  const left = (folder) => ({
    names: readdirSync(folder, { recursive: true }).filter((name) => name.startsWith('locked')).sort(),
    contents: ['locked.csv', 'locked.csv.new'].map((name) => readFileSync(folder + '/' + name, 'utf8')),
  });

  const results = [];
  for (const args of JSON.parse(process.argv[1])) results.push({ ...(await resultOf(args)), left: left(process.argv[2]) });
  console.log(JSON.stringify(results));`;

interface ResultWithFiles extends Result {
  readonly left: { readonly names: readonly string[]; readonly contents: readonly string[] };
}

async function asUsers(commands: readonly (readonly string[])[]): Promise<ResultWithFiles[]> {
  const node = [process.execPath, '--input-type=module', '--eval', PROGRAM, JSON.stringify(commands), folder];
  const [command, ...rest] = [...asUser, ...node];
  const { stdout, stderr } = await runProcess(command, rest);
  expect(stderr).toBe('');
  return JSON.parse(stdout) as ResultWithFiles[];
}

const [RUN, WEIGHTS] = [inFolder('run.safetensors'), inFolder('weights')];
const TRAIN = [...SMALL, '--training-iters', '160'];
const [LOCKED_FOLDER, LOCKED_FILE] = [inFolder('locked'), inFolder('locked.csv')];

const COMMANDS: Readonly<Record<string, (output: string) => readonly string[]>> = {
  'train --checkpoint': (output) => [...TRAIN, '--checkpoint', output],
  'train --best': (output) => [...TRAIN, '--validate-every', '5', '--best', output],
  'train --history': (output) => [...TRAIN, '--history', output],
  'train --plot': (output) => [...TRAIN, '--history', inFolder('h.csv'), '--plot', output],
  export: (output) => ['export', RUN, '--to', 'onnx', '--output', output],
  import: (output) => ['import', WEIGHTS, '--from', 'safetensors-pytorch', '--output', output],
  'compare --template': (output) => ['compare', '--force', '--template', output],
};
const IN_LOCKED_FOLDER = path.join(LOCKED_FOLDER, 'output.csv');
const LOCKED_MODEL = path.join(LOCKED_FOLDER, 'model');
let results: ResultWithFiles[];

beforeAll(async () => {
  await longhand([...TRAIN, '--checkpoint', RUN]);
  await longhand(['export', RUN, '--to', 'safetensors-pytorch', '--output', WEIGHTS]);
  mkdirSync(LOCKED_FOLDER);
  chmodSync(LOCKED_FOLDER, 0o555);
  writeFileSync(LOCKED_FILE, 'precious');
  chmodSync(LOCKED_FILE, 0o444);
  writeFileSync(`${LOCKED_FILE}.new`, 'precious too');
  results = await asUsers([
    ...Object.values(COMMANDS).flatMap((argsFor) => [argsFor(IN_LOCKED_FOLDER), argsFor(LOCKED_FILE)]),
    ['export', RUN, '--to', 'tfjs', '--output', LOCKED_MODEL],
  ]);
  chmodSync(LOCKED_FOLDER, 0o755); // so that it can be removed
});

test.each(Object.keys(COMMANDS).map((name, n) => [name, n] as const))('%s names a read-only file or folder', (_, n) => {
  const [inLockedFolder, onLockedFile] = results.slice(2 * n);
  for (const { code, stdout } of [inLockedFolder, onLockedFile]) expect([code, stdout]).toEqual([1, '']);
  const reason = `longhand: ${IN_LOCKED_FOLDER}: cannot be written (its folder is read-only)`;
  expect(inLockedFolder.stderr).toContain(reason);
  expect(onLockedFile.stderr).toContain(`longhand: ${LOCKED_FILE}: cannot be written`);
  expect(onLockedFile.stderr).toMatch(/\(the file is read-only\)\n$/);
});

test('export names a folder that it cannot create for tfjs', () => {
  const { code, stderr } = results.at(-1)!;
  expect([code, stderr]).toEqual([1, `longhand: ${LOCKED_MODEL}: cannot be created (no permission)\n`]);
});

test('each leaves the file and the folder unchanged', () => {
  for (const { left } of results) {
    expect(left).toEqual({ names: ['locked', 'locked.csv', 'locked.csv.new'], contents: ['precious', 'precious too'] });
  }
});
