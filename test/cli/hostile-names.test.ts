/**
 * Control characters, which a terminal would obey, in every argument, file name and file that the commands read. They are
 * printed as escapes, on one line, and JSON parses to the same text.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { printable, table } from '../../src/cli/print.js';
import { type Safetensors, parseSafetensors, writeSafetensors } from '../../src/files/safetensors.js';
import { signed } from '../../src/training/checkpoint.js';
import { type Result, linesOf } from '../helpers/longhand-process.js';
import { longhand } from '../helpers/longhand.js';
import { DATA, SMALL } from '../helpers/small-runs.js';
import { directoryOf } from '../helpers/temporary-directories.js';

const range = (from: number, to: number): string =>
  String.fromCharCode(...Array.from({ length: to - from + 1 }, (_, n) => from + n));

/** C0, DEL, C1, the separators of lines and paragraphs, and the characters that set the direction of the text. */
const CONTROLS = range(0x00, 0x1f) + range(0x7f, 0x9f) + '\u2028\u2029';
const BIDI = `\u061c\u200e\u200f${range(0x202a, 0x202e)}${range(0x2066, 0x2069)}`;
const HALVES = '\ud800 \udfff';
const UNPRINTABLE = new RegExp(
  `[${range(0x7f, 0x9f)}\u2028\u2029${BIDI}\\ud800-\\udfff]|(?!\n)[${range(0, 0x1f)}]`,
  'u',
);

/** The part that an argument or a file name can hold. */
const HOSTILE = `a${(CONTROLS + BIDI).replace('\0', '')}z`;
/** A file can also hold unpaired surrogates. */
const IN_FILE = `a${CONTROLS}${BIDI}${HALVES}z`;
const SHORT = 'b\n\u001b[2J\u202e\u009b\rz';

const folder = path.join(directoryOf(), SHORT);
const inFolder = (name: string): string => path.join(folder, name);
const [RUN, WEIGHTS, IMAGES] = [inFolder('run.safetensors'), inFolder('weights'), inFolder('images')];
const TRAIN = [...SMALL, '--training-iters', '160'];

beforeAll(async () => {
  mkdirSync(folder);
  writeFileSync(IMAGES, readFileSync(path.join(DATA, 't10k-images-idx3-ubyte')));
  await longhand([...TRAIN, '--checkpoint', RUN]);
  await longhand(['export', RUN, '--to', 'safetensors-pytorch', '--output', WEIGHTS]);
});

function expectClean({ stdout, stderr }: Result): void {
  expect(UNPRINTABLE.exec(stdout + stderr)).toBe(null);
}

async function clean(args: readonly string[]): Promise<Result> {
  const result = await longhand(args);
  expectClean(result);
  return result;
}

describe('printable', () => {
  test('escapes everything that a terminal would obey, and JSON reads the escapes as the same text', () => {
    const escaped = printable(IN_FILE);
    expect(escaped).toMatch(/^a[ -~]+z$/);
    expect(JSON.parse(`"${escaped}"`)).toBe(IN_FILE);
  });

  test('leaves all other text unchanged', () => {
    const text = 'naïve 名前 ⁡é 👩‍👩‍👧 می‌خواهم \\n "x" ─▁█ ∞';
    expect(printable(text.replace('⁡', ''))).toBe(text.replace('⁡', ''));
  });

  test('keeps each cell of a table in its row', () => {
    const rows = ['a\nb c', '\u001b d'].map((row) => row.split(' '));
    expect(table(rows)).toBe('a\\nb    c\n\\u001b  d');
  });
});

/** Every command with every option that has a value, as its help lists them. */
async function optionsOfAllCommands(): Promise<string[][]> {
  const { stdout } = await longhand(['--help']);
  const names = [...stdout.matchAll(/^ {2}([a-z]+) .*(?:<|\[options\])/gm)].map(([, name]) => name);
  expect(names).toEqual(expect.arrayContaining(['train', 'eval', 'predict', 'inspect', 'export', 'import', 'page']));
  const helps = await Promise.all(names.map((name) => longhand([name, '--help'])));
  return helps.flatMap((help, n) =>
    [...help.stdout.matchAll(/^ {2}(--[\w-]+) </gm)].map(([, option]) => [names[n], option]),
  );
}

/** The arguments that each command needs. */
const ENOUGH: Readonly<Record<string, readonly string[]>> = {
  train: TRAIN.slice(1),
  eval: [RUN, '--data', DATA],
  predict: [RUN, IMAGES, '--first', '1'],
  inspect: [RUN],
  export: [RUN, '--to', 'onnx', '--output', inFolder('x.onnx')],
  import: [WEIGHTS, '--from', 'safetensors-pytorch', '--output', inFolder('imported')],
  compare: ['--template', inFolder('template')],
};

test('control characters in the value of any option are printed as escapes', async () => {
  const options = await optionsOfAllCommands();
  expect(options.length).toBeGreaterThan(40);
  const value = inFolder(HOSTILE);
  let [shown, escaped] = [0, 0];
  for (const [command, option] of options) {
    const { stdout, stderr } = await longhand([command, ...(ENOUGH[command] ?? []), `${option}=${value}`]);
    expect([command, option, UNPRINTABLE.exec(stdout + stderr)]).toEqual([command, option, null]);
    shown += (stdout + stderr).split(printable(value).slice(-20)).length - 1;
    escaped += (stdout + stderr).split(printable(value)).length - 1; // the complete value, on one line
  }
  expect(shown).toBeGreaterThan(30);
  expect(escaped).toBe(shown);
});

describe('control characters in wrong usage are printed as escapes:', () => {
  test.each([
    ['an unknown command', [HOSTILE]],
    ['an unknown option', [`--${HOSTILE}`]],
    ['an unknown option of a command', ['train', `--${HOSTILE}`]],
    ['help on an unknown command', ['help', HOSTILE]],
    ['too many arguments', ['gradcheck', HOSTILE]],
    ['a missing argument', ['predict', HOSTILE]],
    ['an argument that looks like a suggestion', [`${SHORT}\n(Did you mean ${SHORT}?)\n`]],
    ['a history of another format', [...TRAIN, '--history', HOSTILE]],
  ])('%s', async (_, args) => {
    const { code, stderr } = await clean(args);
    expect([code, stderr.split('\n').length > 3]).toEqual([2, stderr.startsWith('Usage')]);
  });

  test('in a suggestion, which keeps its own line', async () => {
    expect((await clean(['train', '--hid\u001bden', '3'])).stderr).toBe(
      "error: unknown option '--hid\\u001bden'\n(Did you mean --hidden?)\n",
    );
  });
});

test.each([
  ['train', ['train', '--data', HOSTILE]],
  ['train --resume', ['train', '--resume', HOSTILE]],
  ['train --checkpoint', ['train', '--checkpoint', path.join(HOSTILE, 'x')]],
  ['eval', ['eval', HOSTILE]],
  ['predict', ['predict', HOSTILE, 'x.png']],
  ['an image', ['predict', RUN, HOSTILE]],
  ['sample', ['sample', HOSTILE]],
  ['a text', ['train', '--task', 'text', '--text', HOSTILE]],
  ['inspect', ['inspect', HOSTILE]],
  ['export', ['export', HOSTILE, '--to', 'onnx']],
  ['import', ['import', HOSTILE, '--from', 'safetensors-tf1']],
  ['compare', ['compare', HOSTILE]],
  ['a folder', ['export', RUN, '--to', 'tfjs', '--output', path.join(RUN, HOSTILE)]],
])('control characters in the name of a missing file are printed as escapes: %s', async (_, args) => {
  const { code, stdout, stderr } = await clean(args);
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toMatch(/^(backend.*\n.*\n)?longhand: .*\n$/);
  expect(stderr).toContain(printable(HOSTILE));
});

describe('control characters in the name of an existing file are escaped in text, and exact in JSON, by', () => {
  const named = (name: string): string => path.join(printable(folder), name);
  const printedLines = async (args: readonly string[]): Promise<string[]> => linesOf((await clean(args)).stdout);
  test('predict', async () => {
    const text = await printedLines(['predict', RUN, IMAGES, '--first', '2']);
    expect(text.map((line) => line.split(': ')[0])).toEqual([named('images[0]'), named('images[1]')]);
    const json = await printedLines(['predict', RUN, IMAGES, '--first', '1', '--json']);
    expect(JSON.parse(json[0])).toMatchObject({ name: `${IMAGES}[0]` });
  });

  test('export', async () => {
    const toOnnx = ['export', RUN, '--to', 'onnx', '--output', inFolder('run.onnx')];
    expect((await printedLines(toOnnx))[0]).toMatch(/run\.onnx: \d+ bytes$/);
    const [json] = await printedLines([...toOnnx, '--json']);
    expect(JSON.parse(json)).toMatchObject({ files: [{ file: inFolder('run.onnx') }] });
  });

  test('import', async () => {
    const weights = ['import', WEIGHTS, '--from', 'safetensors-pytorch'];
    expect((await printedLines(weights))[0]).toMatch(/weights\.longhand\.safetensors: 3 inputs, 8 units/);
    const [json] = await printedLines([...weights, '--json']);
    expect(JSON.parse(json)).toMatchObject({ file: inFolder('weights.longhand.safetensors') });
  });

  test('compare', async () => {
    const template = await clean(['compare', '--template', inFolder('example')]);
    expect(template.stderr.startsWith(named('example: '))).toBe(true);
    expect((await clean(['compare', inFolder('example')])).code).toBe(0);
  });
});

describe('control characters in a file are printed as escapes:', () => {
  const entry = { dtype: 'F32', shape: [1], bytes: Uint8Array.of(0, 0, 128, 63) } as const;
  const written = (name: string, file: Safetensors): string => {
    writeFileSync(inFolder(name), writeSafetensors(file));
    return inFolder(name);
  };
  /** A safetensors file with this header, which may be invalid. */
  const withHeader = (header: unknown): string => {
    const text = new TextEncoder().encode(JSON.stringify(header));
    const bytes = new Uint8Array(8 + text.length + 4);
    new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
    bytes.set(text, 8);
    writeFileSync(inFolder('header'), bytes);
    return inFolder('header');
  };

  test('the names and texts that inspect shows', async () => {
    const metadata = { [IN_FILE]: IN_FILE, plain: 'text' };
    const tensors = new Map([[IN_FILE, entry]]);
    const file = written('strange', { metadata: new Map(Object.entries(metadata)), tensors });
    const text = (await clean(['inspect', file])).stdout.split('\n');
    expect(text.filter((line) => line.startsWith(printable(IN_FILE)))).toHaveLength(2);
    const json = await clean(['inspect', file, '--json']);
    expect(json.stdout).toMatch(/^[^\n]*\n$/);
    expect(JSON.parse(json.stdout)).toMatchObject({ metadata, tensors: [{ name: IN_FILE }] });
  });

  test('a name that inspect shortens, always between two characters', async () => {
    const file = written('long', { metadata: new Map(), tensors: new Map([['👩'.repeat(300), entry]]) });
    expect((await clean(['inspect', file])).stdout).toContain(`\n${'👩'.repeat(200)}…`);
    const odd = written('long', { metadata: new Map(), tensors: new Map([[`x${'👩'.repeat(300)}`, entry]]) });
    expect((await clean(['inspect', odd])).stdout).toContain(`\nx${'👩'.repeat(199)}…`);
  });

  test.each<[string, unknown]>([
    ['a name', { [SHORT]: 1 }],
    ['a dtype', { x: { dtype: SHORT, shape: [1], data_offsets: [0, 4] } }],
    ['a shape', { x: { dtype: 'F32', shape: [SHORT], data_offsets: [0, 4] } }],
    ['a field', { x: { dtype: 'F32', shape: [1], data_offsets: [0, 4], [SHORT]: 1 } }],
    ['a metadata key', { __metadata__: { [SHORT]: 1 }, x: { dtype: 'F32', shape: [1], data_offsets: [0, 4] } }],
  ])('%s that the format does not have', async (_, header) => {
    const { code, stderr } = await clean(['inspect', withHeader(header)]);
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^longhand: .*b\\n\\u001b\[2J\\u202e\\u009b\\rz.*\n$/)]);
  });

  test.each(['backend', 'shuffle'])('a checkpoint’s %s', async (key) => {
    const file = parseSafetensors(readFileSync(RUN), RUN);
    const metadata = new Map(file.metadata);
    for (const part of ['training', 'options']) {
      const fields = JSON.parse(metadata.get(part)!) as Record<string, unknown>;
      metadata.set(part, JSON.stringify({ ...fields, ...(key in fields && { [key]: SHORT }) }));
    }
    const strange = written('strange-run', signed({ ...file, metadata }));
    const { stderr } = await clean(['train', '--data', DATA, '--resume', strange]);
    expect(stderr).toContain('b\\n\\u001b[2J\\u202e\\u009b\\rz');
    await clean(['inspect', strange, '--json']);
  });

  test('a checkpoint’s format version', async () => {
    const file = parseSafetensors(readFileSync(RUN), RUN);
    const metadata = new Map(file.metadata).set('formatVersion', SHORT);
    const { stderr } = await clean(['eval', written('version', signed({ ...file, metadata }))]);
    expect(stderr).toMatch(/^longhand: .*format version b\\n.*\n$/);
  });

  test('metadata that import reads', async () => {
    const file = parseSafetensors(readFileSync(WEIGHTS), WEIGHTS);
    const strange = written('weights-2', { ...file, metadata: new Map([['T', SHORT]]) });
    const { stderr } = await clean(['import', strange, '--from', 'safetensors-pytorch']);
    expect(stderr).toMatch(/^longhand: .*metadata T is .*\n$/);
  });

  test('a history’s row', async () => {
    const history = inFolder('run.csv');
    writeFileSync(history, `set,step,loss,accuracy\n${SHORT.replace('\n', '')}\n`);
    const { code, stderr } = await clean(['train', '--data', DATA, '--resume', RUN, '--history', history]);
    expect([code, stderr]).toEqual([1, expect.stringContaining('b\\u001b[2J\\u202e\\u009b\\rz')]);
  });
});
