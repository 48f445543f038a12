/** The `longhand` command as its users meet it: a process, its two outputs, and its exit code. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { tutorialLine } from '../src/cli/format.js';
import type { Line } from '../src/train.js';
import { mnistFiles, temporaryDirectories } from './idx-files.js';

const MAIN = 'dist/src/cli/main.js'; // `npm test` builds it

interface Result {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface Run {
  /** Arguments of node, before the command. */
  readonly node?: readonly string[];
  /** Sent when the first output on stdout has come. */
  readonly signal?: NodeJS.Signals;
}

/** The longest that any run here takes, many times over; what is still there then is hanging. */
const PATIENCE_MS = 8000;

function longhand(args: readonly string[], { node = [], signal }: Run = {}): Promise<Result> {
  return runProcess(process.execPath, [...node, MAIN, ...args], signal);
}

function runProcess(command: string, args: readonly string[], signal?: NodeJS.Signals): Promise<Result> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const output = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (signal && output.stdout === '') child.kill(signal);
      output.stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`still running after ${PATIENCE_MS} ms: ${args.join(' ')}\n${JSON.stringify(output)}`));
    }, PATIENCE_MS);
    child.on('error', reject).on('close', (code) => {
      clearTimeout(timer);
      resolve({ code, ...output });
    });
  });
}

const { directoryOf, remove } = temporaryDirectories();
afterAll(remove);

beforeAll(() => {
  if (!existsSync(MAIN)) throw new Error(`${MAIN} is not there: run npm run build first`);
});

/** 600 training images and 200 test images, of 2 × 3 pixels. */
const DATA = directoryOf(mnistFiles(5600, 200));
const SMALL = ['train', '--data', DATA, '--hidden', '8', '--batch-size', '16'];
const THREE_LINES = [...SMALL, '--training-iters', '500', '--display-step', '10'];
const LONG = [...SMALL, '--training-iters', '4000000000', '--display-step', '1'];

const linesOf = (text: string): string[] => text.split('\n').slice(0, -1);

describe('help and version', () => {
  test('--version is that of package.json', async () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    expect(await longhand(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  });

  test.each([[['--help']], [['help']]])('%j lists the commands on stdout', async (args) => {
    const { code, stdout, stderr } = await longhand(args);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^Usage: longhand \[options\] \[command\]\n/);
    expect(stdout).toMatch(/^ {2}train /m);
    expect(stdout).toMatch(/^ {2}gradcheck /m);
  });

  test('no command at all is wrong usage, answered with the help on stderr', async () => {
    const { code, stdout, stderr } = await longhand([]);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^Usage: longhand /);
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
      backend: '"reference"',
    })) {
      expect(text).toMatch(new RegExp(`--${flag} <\\w+> [^<]*default: ${value}\\)`));
    }
    expect(text).toContain('Examples: longhand train');
  });
});

describe('wrong usage: exit code 2, one line on stderr that names the mistake, nothing on stdout', () => {
  const COUNT = 'It must be a whole number from 1 to 4294967295.';
  const SEED = 'It must be a whole number from 0 to 4294967295.';
  const FINITE = 'It must be a finite number.';
  const POSITIVE = 'It must be greater than 0.';
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
    [['train', '--hidden'], "option '--hidden <count>' argument missing"],
    [['train', '--gpu-mode', 'cpu'], '--gpu-mode needs --backend gpu'],
    [['train', '--gpu-mode', 'cpu', '--backend', 'reference'], '--gpu-mode needs --backend gpu'],
    wrongValue('hidden <count>', 'NaN', COUNT),
    wrongValue('hidden <count>', '-3', COUNT),
    wrongValue('hidden <count>', '0', COUNT),
    wrongValue('hidden <count>', '2.5', COUNT),
    wrongValue('hidden <count>', '', COUNT),
    wrongValue('hidden <count>', '1e3', COUNT),
    wrongValue('hidden <count>', '12px', COUNT),
    wrongValue('hidden <count>', '4294967296', COUNT),
    wrongValue('batch-size <count>', '0', COUNT),
    wrongValue('batch-size <count>', ' 5', COUNT),
    wrongValue('training-iters <count>', '-1', COUNT),
    wrongValue('display-step <count>', '0', COUNT),
    wrongValue('seed <number>', '-1', SEED),
    wrongValue('seed <number>', '0.5', SEED),
    wrongValue('learning-rate <number>', 'NaN', FINITE),
    wrongValue('learning-rate <number>', '', FINITE),
    wrongValue('learning-rate <number>', ' ', FINITE),
    wrongValue('learning-rate <number>', 'Infinity', FINITE),
    wrongValue('learning-rate <number>', '1e999', FINITE),
    wrongValue('learning-rate <number>', '0', POSITIVE),
    wrongValue('learning-rate <number>', '-0.1', POSITIVE),
    wrongValue('forget-bias <number>', 'one', FINITE),
    wrongValue('shuffle <form>', 'tf2', 'Allowed choices are tf1, legacy.'),
    wrongValue('backend <name>', 'abacus', 'Allowed choices are reference, gpu.'),
    [
      ['train', '--backend', 'gpu', '--gpu-mode', 'steam'],
      "option '--gpu-mode <mode>' argument 'steam' is invalid. Allowed choices are auto, webgpu, webgl2, headlessgl, webasm, cpu.",
    ],
    [['gradcheck', '--tolerance', '0'], `option '--tolerance <number>' argument '0' is invalid. ${POSITIVE}`],
    [['gradcheck', '--steps', '0'], `option '--steps <count>' argument '0' is invalid. ${COUNT}`],
    [['gradcheck', '--classes', 'ten'], `option '--classes <count>' argument 'ten' is invalid. ${COUNT}`],
  ])('%j', async (args, message) => {
    expect(await longhand(args)).toEqual({ code: 2, stdout: '', stderr: `error: ${message}\n` });
  });

  test('a slip of the fingers gets a second line, with what may have been meant', async () => {
    expect((await longhand(['trian'])).stderr).toBe("error: unknown command 'trian'\n(Did you mean train?)\n");
    expect((await longhand(['train', '--hiden', '3'])).stderr).toMatch(/\n\(Did you mean --hidden\?\)\n$/);
  });
});
