/** Which existing files `longhand export`, `import` and `compare --template` may replace; every command names a file or folder without write permission, and leaves it unchanged. */
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseSafetensors } from '../../src/files/safetensors.js';
import { loadCheckpoint } from '../../src/training/checkpoint-files.js';
import { checkpointBytes } from '../../src/training/checkpoint.js';
import { type Result, runProcess } from '../helpers/longhand-process.js';
import { longhand, misused, refused } from '../helpers/longhand.js';
import { savedModel } from '../helpers/random-model.js';
import { SMALL } from '../helpers/small-runs.js';
import { directoryOf, folder, inFolder } from '../helpers/temporary-directories.js';

const CHECKPOINT = Buffer.from(checkpointBytes({ model: savedModel(), training: null }));

/** A new folder with a checkpoint of this name in it; `at` names a file in it. */
function folderWith(name: string) {
  const folder = directoryOf();
  const at = (file: string): string => path.join(folder, file);
  mkdirSync(path.dirname(at(name)), { recursive: true });
  writeFileSync(at(name), CHECKPOINT);
  return { folder, at };
}

/** Runs `longhand`; expects one line of wrong usage, the file unchanged, and no file beside it. */
async function expectRefused(args: readonly string[], file: string): Promise<string> {
  const [before, names] = [readFileSync(file), readdirSync(path.dirname(file))];
  const stderr = await misused(args);
  expect([readFileSync(file), readdirSync(path.dirname(file))]).toEqual([before, names]);
  return stderr;
}

async function expectDone(args: readonly string[]): Promise<void> {
  expect(await longhand(args)).toMatchObject({ code: 0 });
}

describe('export onto its own input', () => {
  const OWN = / is the input: choose another --output, or pass --force, which keeps the input as .*\.previous\n$/;

  test.each([
    ['by its name', 'run', ['--to', 'keras', '--output', 'run']],
    ['by another spelling', 'run', ['--to', 'safetensors-tf1', '--output', './run']],
    ['by the default name', 'run.onnx', ['--to', 'onnx']],
    ['as a file in the folder of an export', 'm/weights.bin', ['--to', 'tfjs', '--output', 'm']],
  ])('%s is refused; --force keeps the old contents', async (_, name, [to, form, ...output]) => {
    const { folder, at } = folderWith(name);
    const spelled = output.map((arg) => (arg === '--output' ? arg : `${folder}/${arg}`));
    const args = ['export', at(name), to, form, ...spelled];
    expect(await expectRefused(args, at(name))).toMatch(OWN);
    await expectDone([...args, '--force']);
    expect(readFileSync(`${at(name)}.previous`)).toEqual(CHECKPOINT);
    expect(readFileSync(at(name))).not.toEqual(CHECKPOINT);
  });

  test('by a symbolic link is refused; --force leaves the link and keeps the old contents of its target', async () => {
    const { at } = folderWith('run');
    symlinkSync('run', at('link'));
    const args = ['export', at('run'), '--to', 'keras', '--output', at('link')];
    expect(await expectRefused(args, at('run'))).toMatch(OWN);
    await expectDone([...args, '--force']);
    expect(readlinkSync(at('link'))).toBe('run');
    expect(readFileSync(at('run.previous'))).toEqual(CHECKPOINT);
  });

  test('at the name of the old contents that --force keeps is refused', async () => {
    const { at } = folderWith('run.previous');
    const args = ['export', at('run.previous'), '--to', 'keras', '--output', at('run'), '--force'];
    expect(await expectRefused(args, at('run.previous'))).toContain('has a name that is reserved for the output');
    expect(existsSync(at('run'))).toBe(false);
  });

  test('at a name that only --force would write works without --force, and leaves the input', async () => {
    const { at } = folderWith('run.previous');
    await expectDone(['export', at('run.previous'), '--to', 'keras', '--output', at('run')]);
    expect(readFileSync(at('run.previous'))).toEqual(CHECKPOINT);
  });

  test('as a folder is refused, even with --force', async () => {
    const { at } = folderWith('run');
    const args = ['export', at('run'), '--to', 'tfjs', '--output', at('run'), '--force'];
    expect(await expectRefused(args, at('run'))).toMatch(/ is the input, but must be a folder\n$/);
  });

  test('as a folder is refused if another file has its name', async () => {
    const { at } = folderWith('run');
    writeFileSync(at('run.tfjs'), CHECKPOINT);
    const stderr = await refused(['export', at('run'), '--to', 'tfjs']);
    expect(stderr).toBe(`longhand: ${at('run.tfjs')}: is a file, but must be a folder\n`);
    expect(readFileSync(at('run.tfjs'))).toEqual(CHECKPOINT);
  });

  test('by a hard link replaces that name alone', async () => {
    const { at } = folderWith('run');
    linkSync(at('run'), at('other'));
    await expectDone(['export', at('run'), '--to', 'keras', '--output', at('other')]);
    expect(readFileSync(at('run'))).toEqual(CHECKPOINT);
    expect(readFileSync(at('other'))).not.toEqual(CHECKPOINT);
  });
});

describe('export', () => {
  test('is refused if a link makes two of its files one', async () => {
    const { at } = folderWith('run');
    mkdirSync(at('m'));
    symlinkSync('weights.bin', at('m/model.json'));
    const args = ['export', at('run'), '--to', 'tfjs', '--output', at('m')];
    expect(await expectRefused(args, at('run'))).toContain('are the same file');
    expect(readdirSync(at('m'))).toEqual(['model.json']);
  });

  test('replaces other files; --force keeps their old contents, or changes nothing if it cannot', async () => {
    const { folder, at } = folderWith('run');
    const args = ['export', at('run'), '--to', 'tfjs', '--output', at('m')];
    mkdirSync(at('m'));
    writeFileSync(at('m/model.json'), 'mine');
    await expectDone(args);
    expect(readdirSync(at('m')).sort()).toEqual(['model.json', 'weights.bin']);
    const first = readFileSync(at('m/model.json'));
    await expectDone([...args, '--force']);
    expect(readFileSync(at('m/model.json.previous'))).toEqual(first);
    expect(readdirSync(at('m'))).toHaveLength(4);

    mkdirSync(at('n/weights.bin.previous'), { recursive: true });
    writeFileSync(at('n/model.json'), 'mine');
    writeFileSync(at('n/weights.bin'), 'mine too');
    const stderr = await refused([...args, '--output', at('n'), '--force']);
    expect(stderr).toContain(`(${folder}/n/weights.bin.previous is a directory)\n`);
    expect(readdirSync(at('n')).sort()).toEqual(['model.json', 'weights.bin', 'weights.bin.previous']);
    expect(readFileSync(at('n/model.json'), 'utf8')).toBe('mine');
  });
});

describe('import', () => {
  const tensorFlow = async () => {
    const { folder, at } = folderWith('run');
    await expectDone(['export', at('run'), '--to', 'safetensors-tf1', '--output', at('vars')]);
    return { folder, at, args: ['import', at('vars'), '--from', 'safetensors-tf1', '--output'] };
  };

  test('onto its input is refused; --force keeps the old contents', async () => {
    const { folder, at, args } = await tensorFlow();
    const before = readFileSync(at('vars'));
    expect(await expectRefused([...args, `${folder}/../${path.basename(folder)}/vars`], at('vars'))).toContain(
      'is the input',
    );
    await expectDone([...args, at('vars'), '--force']);
    expect(readFileSync(at('vars.previous'))).toEqual(before);
    expect(loadCheckpoint(at('vars')).model.network).toEqual(savedModel().network);
  });

  test('onto a name that the output may use is refused; another file is replaced and kept', async () => {
    const { at, args } = await tensorFlow();
    const [, , ...rest] = args;
    linkSync(at('vars'), at('out.previous'));
    const refused = await expectRefused(['import', at('out.previous'), ...rest, at('out')], at('out.previous'));
    expect(refused).toContain('has a name that is reserved for the output');
    await expectDone([...args, at('run')]);
    expect(readFileSync(at('run.previous'))).toEqual(CHECKPOINT);
  });
});

describe('compare --template', () => {
  test.each([
    ['a file', (at: (name: string) => string) => at('run')],
    ['a link to a file', (at: (name: string) => string) => (symlinkSync('run', at('link')), at('link'))],
  ])('onto %s is refused; --force keeps the old contents', async (_, named) => {
    const { at } = folderWith('run');
    const file = named(at);
    const refused = await expectRefused(['compare', '--template', file], at('run'));
    expect(refused).toBe(
      `error: ${file} exists: --force replaces it, and keeps its contents as ${path.dirname(file)}/run.previous\n`,
    );
    await expectDone(['compare', '--template', file, '--force']);
    expect(readFileSync(at('run.previous'))).toEqual(CHECKPOINT);
    expect(parseSafetensors(readFileSync(file), file).tensors.has('d.kernel')).toBe(true);
  });

  test('without an existing file writes only the template', async () => {
    const { folder, at } = folderWith('run');
    await expectDone(['compare', '--template', at('mine'), '--force']);
    expect(readdirSync(folder).sort()).toEqual(['mine', 'run']);
    symlinkSync('theirs', at('link'));
    await expectDone(['compare', '--template', at('link')]);
    expect(readdirSync(folder).sort()).toEqual(['link', 'mine', 'run', 'theirs']);
    expect(readlinkSync(at('link'))).toBe('theirs');
  });

  test('onto a folder is refused, and --force needs --template', async () => {
    const { folder, at } = folderWith('run');
    await misused(['compare', '--template', folder]);
    await refused(['compare', '--template', folder, '--force']);
    expect(readdirSync(folder)).toEqual(['run']);
    expect(await misused(['compare', at('run'), '--force'])).toBe('error: --force needs --template\n');
  });
});

/** Root may write everywhere unless it drops its capabilities. */
const asUser = process.getuid?.() === 0 ? ['setpriv', '--bounding-set', '-dac_override'] : [];

/** Runs all these commands in one process, and notes after each what the folder `left` holds. */
const PROGRAM = `
  import { readdirSync, readFileSync } from 'node:fs';
  import { Writable } from 'node:stream';
  import { run } from '${pathToFileURL('dist/src/cli/commands.js').href}';

  async function resultOf(args) {
    const output = { stdout: '', stderr: '' };
    const collector = (name) =>
      new Writable({ write: (part, _, done) => ((output[name] += part), done()) });
    const [stdout, stderr] = ['stdout', 'stderr'].map(collector);
    return { code: await run(args, { stdout, stderr, signals: process }), ...output };
  }

  const left = (folder) => ({
    names: readdirSync(folder, { recursive: true }).filter((name) => name.startsWith('locked')).sort(),
    contents: ['locked.csv', 'locked.csv.new', 'locked.svg', 'locked.svg.new'].map((name) => readFileSync(folder + '/' + name, 'utf8')),
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

const svgFor = (file: string): string => file.replace(/csv$/, 'svg');

const COMMANDS: Readonly<Record<string, (output: string) => readonly string[]>> = {
  'train --checkpoint': (output) => [...TRAIN, '--checkpoint', output],
  'train --best': (output) => [...TRAIN, '--validate-every', '5', '--best', output],
  'train --history': (output) => [...TRAIN, '--history', output],
  'train --plot': (output) => [...TRAIN, '--history', inFolder('h.csv'), '--plot', svgFor(output)],
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
  for (const file of [LOCKED_FILE, svgFor(LOCKED_FILE)]) {
    writeFileSync(file, 'precious');
    chmodSync(file, 0o444);
    writeFileSync(`${file}.new`, 'precious too');
  }
  results = await asUsers([
    ...Object.values(COMMANDS).flatMap((argsFor) => [argsFor(IN_LOCKED_FOLDER), argsFor(LOCKED_FILE)]),
    ['export', RUN, '--to', 'tfjs', '--output', LOCKED_MODEL],
  ]);
  chmodSync(LOCKED_FOLDER, 0o755); // so that it can be removed
});

test.each(Object.keys(COMMANDS).map((name, n) => [name, n] as const))(
  '%s names a read-only file or folder',
  (command, n) => {
    const nameOf = command === 'train --plot' ? svgFor : (file: string): string => file;
    const [inLockedFolder, onLockedFile] = results.slice(2 * n);
    for (const { code, stdout } of [inLockedFolder, onLockedFile]) expect([code, stdout]).toEqual([1, '']);
    const reason = `longhand: ${nameOf(IN_LOCKED_FOLDER)}: cannot be written (its folder is read-only)`;
    expect(inLockedFolder.stderr).toContain(reason);
    expect(onLockedFile.stderr).toContain(`longhand: ${nameOf(LOCKED_FILE)}: cannot be written`);
    expect(onLockedFile.stderr).toMatch(/\(the file is read-only\)\n$/);
  },
);

test('export names a folder that it cannot create for tfjs', () => {
  const { code, stderr } = results.at(-1)!;
  expect([code, stderr]).toEqual([1, `longhand: ${LOCKED_MODEL}: cannot be created (no permission)\n`]);
});

test('each leaves the file and the folder unchanged', () => {
  for (const { left } of results) {
    expect(left).toEqual({
      names: ['locked', 'locked.csv', 'locked.csv.new', 'locked.svg', 'locked.svg.new'],
      contents: ['precious', 'precious too', 'precious', 'precious too'],
    });
  }
});
