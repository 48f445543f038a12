/** The `longhand` command's help, its messages for wrong usage and for faulty data, and the values that flags and backends accept. */
import { readFileSync } from 'node:fs';
import { createGpuBackend } from '../../kernels/gpu/index.js';
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { createWasmBackend } from '../../kernels/wasm/index.js';
import { BACKENDS, GPU_MODES } from '../../src/cli/backends.js';
import { f32Number } from '../../src/cli/flag-values.js';
import { failureOf } from '../helpers/failures.js';
import { failed, longhand, misused, refused, words } from '../helpers/longhand.js';
import { mnistFiles } from '../helpers/small-data.js';
import { directoryOf } from '../helpers/temporary-directories.js';

describe('help and version', () => {
  test.each(['--version', '-v'])('%s prints the version in package.json', async (flag) => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    expect(await longhand([flag])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  });

  test.each([[['--help']], [['help']]])('%j lists the commands on stdout', async (args) => {
    const { code, stdout, stderr } = await longhand(args);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^Usage: longhand \[options\] \[command\]\n/);
    expect(stdout).toMatch(/^ {2}train /m);
    expect(stdout).toMatch(/^ {2}gradcheck /m);
  });

  test('a missing command is wrong usage, and prints the help on stderr', async () => {
    expect(await failed([], 2)).toMatch(/^Usage: longhand /);
  });

  test('train --help shows the tutorial’s constants as defaults, and examples', async () => {
    const { code, stdout } = await longhand(['train', '--help']);
    expect(code).toBe(0);
    const text = stdout.replace(/\s+/g, ' ');
    for (const [flag, value] of Object.entries({
      'learning-rate': '0.001',
      'training-iters': '100000',
      'batch-size': '128',
      'display-step': '10',
      hidden: '128',
      'forget-bias': '1',
      seed: '1',
      shuffle: '"tf1"',
      backend: '"wasm"',
    })) {
      expect(text).toMatch(new RegExp(`--${flag} <\\w+> ((?! --).)*default: ${value}\\)`));
    }
    expect(text).toContain('Examples: longhand train');
  });
});

describe('wrong usage: exit code 2, one line on stderr that names the mistake, nothing on stdout', () => {
  const COUNT = 'It must be a whole number from 1 to 4294967295.';
  const SEED = 'It must be a whole number from 0 to 4294967295.';
  const LABELLED = '--loss needs data with targets: these have labels, whose loss is the cross-entropy';
  const FINITE = 'It must be a finite number, such as 12, -0.5 or 1e-3.';
  const POSITIVE = 'It must be greater than 0.';
  const BEYOND = 'It is beyond the range of f32, ±3.4028235e+38.';
  const TOO_SMALL = 'It is too small: f32 rounds it to 0.';
  const wrongValue = (option: string, value: string, rule: string) =>
    [
      ['train', `--${option.split(' ')[0]}=${value}`],
      `option '--${option}' argument '${value}' is invalid. ${rule}`,
    ] as const;

  test.each<readonly [readonly string[], string]>([
    [['frobnicate'], "unknown command 'frobnicate'"],
    [['--frobnicate'], "unknown option '--frobnicate'"],
    [['train', '--frobnicate'], "unknown option '--frobnicate'"],
    [['gradcheck', '--data', '.'], "unknown option '--data'"],
    [['train', 'now'], "too many arguments for 'train'. Expected 0 arguments but got 1."],
    [['train', '--hidden'], "option '--hidden <counts>' argument missing"],
    [['train', '--gpu-mode', 'cpu'], '--gpu-mode needs --backend gpu'],
    [['train', '--gpu-mode', 'cpu', '--backend', 'reference'], '--gpu-mode needs --backend gpu'],
    [['train', '--threads', '2', '--backend', 'reference'], '--threads needs --backend wasm'],
    [['train', '--deterministic', '--backend', 'gpu'], '--deterministic needs --backend wasm'],
    [['train', '--vectors', '128', '--backend', 'webgpu'], '--vectors needs --backend wasm'],
    wrongValue('vectors <bits>', '512', 'Allowed choices are 128.'),
    wrongValue('threads <count>', '0', 'It must be a whole number from 1 to 48.'),
    wrongValue('threads <count>', '64', 'It must be a whole number from 1 to 48.'),
    wrongValue('hidden <counts>', '2.5', COUNT),
    wrongValue('hidden <counts>', '', COUNT),
    wrongValue('seed <number>', '-1', SEED),
    wrongValue('learning-rate <number>', '1e-400', FINITE),
    wrongValue('learning-rate <number>', '1e39', BEYOND),
    wrongValue('learning-rate <number>', '1e-46', TOO_SMALL),
    wrongValue('clip-value <limit>', '1e300', BEYOND),
    wrongValue('forget-bias <number>', '-1e39', BEYOND),
    wrongValue('learning-rate <number>', '0', POSITIVE),
    wrongValue('shuffle <form>', 'tf2', 'Allowed choices are tf1, legacy.'),
    wrongValue('backend <name>', 'abacus', `Allowed choices are ${BACKENDS.join(', ')}.`),
    [
      ['train', '--backend', 'gpu', '--gpu-mode', 'steam'],
      `option '--gpu-mode <mode>' argument 'steam' is invalid. Allowed choices are ${GPU_MODES.join(', ')}.`,
    ],
    [
      ['import', 'f', '--from', 'safetensors-tf1', '--forget-bias', '1e39'],
      `option '--forget-bias <number>' argument '1e39' is invalid. ${BEYOND}`,
    ],
    [['gradcheck', '--forget-bias', '0x1'], `option '--forget-bias <number>' argument '0x1' is invalid. ${FINITE}`],
    [['compare', 'f', '--tolerance', '1e-4 '], `option '--tolerance <number>' argument '1e-4 ' is invalid. ${FINITE}`],
    [['gradcheck', '--tolerance', '0'], `option '--tolerance <number>' argument '0' is invalid. ${POSITIVE}`],
    [['gradcheck', '--steps', '0'], `option '--steps <count>' argument '0' is invalid. ${COUNT}`],
    [['train', '--hidden=64,'], `option '--hidden <counts>' argument '64,' is invalid. ${COUNT}`],
    [
      ['train', '--dropout', '0.2'],
      'dropout 0.2: must be 0 with one layer, because it drops numbers between two layers',
    ],
    [['train', '--momentum', '0.5'], '--momentum needs --optimiser sgd'],
    [['train', '--task', 'adding', '--delta', '2'], '--delta needs --loss huber'],
    [['train', '--task', 'adding', '--loss', 'huber', '--quantiles', '0.5'], '--quantiles needs --loss pinball'],
    [['train', '--loss', 'huber'], LABELLED],
    [['train', '--shift', '28'], 'shift 28: must be smaller than each side of the images, 28 × 28'],
    [['train', '--permute'], '--permute needs --task pixels'],
    [['train', '--steps', '50'], '--steps needs --task adding, parity or text'],
    [['train', '--task', 'adding', '--data', '.'], '--data: --task adding reads no files of MNIST'],
    [['gradcheck', '--layers', '2', '--hidden', '3,4,5'], '--hidden has 3 numbers, but --layers is 2'],
    [['gradcheck', '--cell', 'gru', '--eigenvalues', 'signed'], '--eigenvalues needs --cell mingru or minlstm'],
    [
      ['gradcheck', '--cell', 'gru', '--forget-bias', '3'],
      '--forget-bias has no effect: the cell gru has no forget gate',
    ],
    [['compare', '--template', 'x', '--cell', 'gru', '--projection', '2'], '--projection needs --cell lstm'],
    [['gradcheck', '--dropout', '0.2'], '--dropout needs two layers or more: it drops numbers between them'],
    [['gradcheck', '--classes', 'ten'], `option '--classes <count>' argument 'ten' is invalid. ${COUNT}`],
  ])('%j', async (args, message) => {
    expect(await longhand(args)).toEqual({ code: 2, stdout: '', stderr: `error: ${message}\n` });
  });

  test('gradcheck computes in f64, so its numbers may be beyond f32', async () => {
    const { code, stdout } = await longhand(
      words`gradcheck --forget-bias 1e39 --tolerance 1e300 --hidden 1 --inputs 1 --steps 2 --batch-size 1`,
    );
    expect([code, stdout]).toEqual([0, expect.stringContaining('ok: relative error ≤ 1e+300')]);
  });

  test('a cell on a backend that lacks it is one line', async () => {
    const { code, stderr } = await longhand(words`train --task parity --cell slstm --backend gpu --gpu-mode cpu`);
    const last = stderr.trimEnd().split('\n').at(-1);
    expect([code, last]).toEqual([
      1,
      'longhand: network: layers[0]: the cell slstm does not run on the backend gpu, which has no slstmCellForward: use wasm or reference',
    ]);
  });

  test('a misspelt name gets a second line with a suggestion', async () => {
    expect((await longhand(['trian'])).stderr).toBe("error: unknown command 'trian'\n(Did you mean train?)\n");
    expect((await longhand(['train', '--hiden', '3'])).stderr).toMatch(/\n\(Did you mean --hidden\?\)\n$/);
  });
});

test.each<[string, () => string, RegExp]>([
  ['a missing directory', () => '/no/such/place', /\/no\/such\/place\/train-images-idx3-ubyte: no such file/],
  [
    'a damaged file',
    () => directoryOf({ ...mnistFiles(5003, 7), 't10k-labels-idx1-ubyte': Buffer.of(0) }),
    /t10k-labels-idx1-ubyte: 1 byte, shorter than its header/,
  ],
])('faulty data end with one line that names the file: %s', async (_, directory, message) => {
  expect(await refused(['train', '--data', directory()])).toMatch(message);
});

test('a file in place of the directory of MNIST is refused', async () => {
  expect(await misused(['train', '--data', 'package.json'])).toBe(
    'error: --data package.json is a file: must be the directory with the IDX files of MNIST\n',
  );
});

test('unknown options, and options of a wrong type, are refused by name on every backend', async () => {
  const wasm = await failureOf(createWasmBackend({ thread: 2 } as object));
  expect(wasm).toEqual(new TypeError('wasm: thread: unknown option; did you mean threads?'));
  const check = await failureOf(createWasmBackend({ check: 'yes' } as object));
  expect(check).toEqual(new TypeError('wasm: check "yes": must be a boolean'));
  const threads = await failureOf(createWasmBackend({ threads: '2' } as object));
  expect(threads).toEqual(new TypeError('wasm: threads "2": must be a number'));
  const gpu = await failureOf(createGpuBackend({ gpuMode: 'cpu' } as object));
  expect(gpu).toEqual(new TypeError('gpu: gpuMode: unknown option; known options: mode'));
  const mode = await failureOf(createGpuBackend({ mode: 'webgl3' as 'webgl2' }));
  expect(mode).toEqual(new RangeError('gpu: mode "webgl3": must be auto, webgpu, webgl2, headlessgl, webasm, cpu'));
  expect(() => createReferenceBackend({ type: 'f64' } as object)).toThrow(
    new TypeError('reference: type: unknown option; known options: dtype'),
  );
  expect(() => createReferenceBackend({ dtype: 'float64' as 'f64' })).toThrow(
    new RangeError('reference: dtype "float64": must be f32 or f64'),
  );
});

test.each([0, -1, 1.5, NaN, 1000])('%d threads are refused', async (threads) => {
  await expect(createWasmBackend({ threads, check: true })).rejects.toThrow(
    `wasm: threads ${threads}: must be a whole number in 1…48`,
  );
});

describe('a number in f32 with a range', () => {
  const included = f32Number(-1, 5, false);
  const above = f32Number(0, 5, true);

  test.each(['-1', '0', '2.5', '5'])('%s is within -1 … 5', (text) => {
    expect(included(text)).toBe(Number(text));
  });

  test.each(['-1.5', '5.000001', '1e30'])('%s is outside', (text) => {
    expect(() => included(text)).toThrow('It must be a number from -1 to 5.');
  });

  test('the least value is refused if the number must be above it', () => {
    expect(above('0.001')).toBe(0.001);
    expect(() => above('0')).toThrow('It must be greater than 0.');
    expect(() => above('-2')).toThrow('It must be greater than 0.');
    expect(() => above('6')).toThrow('It must be a number from 0 to 5.');
  });
});
