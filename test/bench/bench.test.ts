/** `npm run bench` as a process, with one suite; whole runs, and the programs of the kernels' documents: test/slow/bench. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expectedOf, verify } from '../../bench/measure/expected.js';
import { statisticsOf } from '../../bench/measure/rows.js';
import { start } from '../../bench/programs/longhand.js';
import type { Arrays, MatmulTask, NetworkTask, BenchmarkTask } from '../../bench/tasks.js';
import { flopsOf, inputShapes, makeInputs, outputNames } from '../../bench/tasks.js';
import { rowsIn } from '../helpers/bench-rows.js';
import { directoryOf } from '../helpers/temporary-directories.js';

const bench = (args: readonly string[], env = process.env) =>
  spawnSync(process.execPath, ['dist/bench/main.js', ...args], { encoding: 'utf8', env });

/** A module that each process loads first. In the process of the plain loops it changes every logit that leaves it to 7. */
const FALSIFIED = `
  if (process.argv[3]?.includes('loops')) {
    const send = process.send.bind(process);
    const sevens = (text) => Buffer.from(Float32Array.from(text, () => 7).slice(0, (text.length * 3) / 16).buffer);
    process.send = (message) => {
      for (const name in message.outputs) message.outputs[name] = sevens(message.outputs[name]).toString('base64');
      return send(message);
    };
  }`;

test('one suite with three candidates of which one is wrong: all but that are timed, and the exit code is 1', () => {
  const folder = directoryOf();
  const [json, report] = [path.join(folder, 'rows.ndjson'), path.join(folder, 'benchmarks.md')];
  const chosen = ['--backends', 'longhand-wasm,longhand-reference,loops', '--threads', '1'];
  const env = { ...process.env, NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(FALSIFIED)}` };
  const { status, stdout, stderr } = bench(['forward', '--quick', ...chosen, '--json', json, '--report', report], env);
  const [right, wrong] = [['longhand-wasm', 'longhand-wasm-portable', 'longhand-reference'], 'loops'];
  const rows = rowsIn(json);
  expect(rows.map(({ candidate, verified }) => [candidate, verified])).toEqual([
    ...right.map((name) => [name, true]),
    [wrong, false],
  ]);
  for (const { candidate, medianMs, loadBefore, loadAfter } of rows) {
    if (candidate !== wrong) expect(medianMs).toBeGreaterThan(0);
    expect([loadBefore, loadAfter]).toEqual([expect.any(Number), expect.any(Number)]);
    expect(stdout).toContain(candidate);
    expect(readFileSync(report, 'utf8')).toContain(`| ${candidate} `);
  }
  const chart = readFileSync(path.join(folder, 'benchmarks', 'forward-1.svg'), 'utf8');
  for (const name of right) expect(chart).toContain(`>${name}</text>`);
  expect(status).toBe(1);
  expect(stderr).toMatch(
    /^\n1 wrong:\n {2}forward: T \d+ [^:]*: loops: wrong: logits\[\d+\] is 7, should be -?[\d.]+ ± [\d.e-]+\n$/,
  );
});

test('a reader of standard output who leaves before the help is no error', async () => {
  const child = spawn(process.execPath, ['dist/bench/main.js', '--help']);
  child.stdout.destroy();
  let words = '';
  child.stderr.setEncoding('utf8').on('data', (part: string) => (words += part));
  const [code] = (await once(child, 'close')) as [number];
  expect({ code, words }).toEqual({ code: 0, words: '' });
});

test('a program of the reader’s own is checked and timed as the others; a wrong or broken one is named, with exit code 1', () => {
  const folder = directoryOf();
  const [, shown] = readFileSync('CONTRIBUTING.md', 'utf8').split(/```js\n(\/\/ mine\.mjs[^`]*)```/);
  const programs = {
    mine: [shown, ''],
    wrong: [shown.replace('sum +=', 'sum -='), 'wrong: out\\[\\d+\\] is -?[\\d.]+, should be .*'],
    half: ['export const run = 1;', 'failed: half.mjs exports no function prepare, run, read'],
  };
  for (const [name, [text, reason]] of Object.entries(programs)) {
    const [file, json] = [path.join(folder, `${name}.mjs`), path.join(folder, `${name}.ndjson`)];
    writeFileSync(file, text);
    const few = ['--quick', '--sizes', '3x5x4', '--backends', 'loops', '--json', json];
    const { status, stderr } = bench(['matmul', ...few, '--program', file]);
    const own = rowsIn(json).filter(({ candidate }) => candidate === `own-${name}`);
    const expected =
      reason === '' ? /^$/ : new RegExp(`^\\n\\d wrong:\\n( {2}matmul: .*: own-${name}: ${reason}\\n)+$`);
    expect([status, stderr]).toEqual([reason === '' ? 0 : 1, expect.stringMatching(expected)]);
    expect(own.map(({ verified, medianMs }) => [verified, medianMs !== null])).toEqual(
      own.map(() => [reason === '', reason === '']),
    );
    expect(own).toHaveLength(3);
  }
  const { status, stderr } = bench(['step', '--program', 'mine.mjs']);
  expect([status, stderr]).toEqual([
    2,
    'bench: --program computes products: write npm run bench -- matmul --program FILE\n',
  ]);
});

test('a mistake on the command line is explained, with exit code 2', () => {
  const { status, stdout, stderr } = bench(['step', '--sizes', '8']);
  expect({ status, stdout, stderr }).toEqual({
    status: 2,
    stdout: '', // before anything is measured
    stderr: 'bench: --sizes 8: write whole numbers ≥ 1 as TxBxIxHxC\n',
  });
});

test('a Node that cannot be started is one line, with exit code 2', () => {
  const missing = bench(['step', '--backends', 'loops', '--node', '/no/such/node']);
  expect([missing.status, missing.stderr]).toEqual([
    2,
    expect.stringMatching(/^bench: \/no\/such\/node cannot run candidates: .*ENOENT\n$/),
  ]);
});

// other systems have no such limit, and later versions of Node do without the addresses
const isLimited = process.platform === 'linux' && Number(process.versions.node.split('.')[0]) < 24;
(isLimited ? test : test.skip)('a Node without memory for WebAssembly is one line, with exit code 2', () => {
  const limited = ['-c', 'ulimit -v 4000000; exec "$0" "$@"', process.execPath, 'dist/bench/main.js'];
  const { status, stderr } = spawnSync('bash', [...limited, 'step', '--backends', 'loops'], { encoding: 'utf8' });
  expect([status, stderr]).toEqual([
    2,
    expect.stringMatching(/^bench: .* cannot run candidates: \[?RangeError: WebAssembly[^\n]*\n$/),
  ]);
});

/* How the benchmark judges a candidate: it verifies outputs, summarises times and measures memory. */

const PRODUCTS: readonly MatmulTask[] = [
  { kind: 'matmul', form: 'A·B', M: 3, K: 4, N: 5 },
  { kind: 'matmul', form: 'Aᵀ·B', M: 3, K: 4, N: 5 },
  { kind: 'matmul', form: 'A·Bᵀ', M: 3, K: 4, N: 5 },
];
const NETWORK: NetworkTask = {
  kind: 'network',
  ...{ T: 3, B: 2, I: 4, H: 5, C: 6, layers: 2, bidirectional: true },
  ...{ inputKind: 'classes', reads: 'every', lengths: [3, 1] },
};
const TASKS: readonly BenchmarkTask[] = [
  ...PRODUCTS,
  { kind: 'cellForward', B: 3, H: 2 },
  { kind: 'cellBackward', B: 3, H: 2 },
  { kind: 'forward', T: 3, B: 2, I: 4, H: 5, C: 6 },
  { kind: 'step', T: 3, B: 2, I: 4, H: 5, C: 6 },
  NETWORK,
  { ...NETWORK, clipNorm: 0.2 },
];

describe('statistics', () => {
  test('have the median, the quartiles and the minimum of times in any order', () => {
    expect(statisticsOf([5, 1, 4, 2, 3])).toEqual({ median: 3, min: 1, lower: 2, upper: 4, count: 5 });
  });

  test('the median and the quartiles are interpolated between two times', () => {
    expect(statisticsOf([10, 20])).toEqual({ median: 15, min: 10, lower: 12.5, upper: 17.5, count: 2 });
    expect(statisticsOf([7])).toEqual({ median: 7, min: 7, lower: 7, upper: 7, count: 1 });
  });

  test('an empty list of times is an error', () => expect(() => statisticsOf([])).toThrow('no samples'));

  test('the tutorial’s step has 1.62 GFLOP, and a product 2·M·K·N FLOP', () => {
    expect(flopsOf({ kind: 'step', T: 28, B: 128, I: 28, H: 128, C: 10 })).toBeCloseTo(1.616e9, -6);
    expect(flopsOf({ kind: 'matmul', form: 'A·B', M: 3, K: 4, N: 5 })).toBe(120);
  });
});

test('a network’s FLOPs are those of the steps that its sequences have, without products of class indices', () => {
  // 4 steps. Forward, each way: h·Wh in the first layer, x·Wx and h·Wh in the second. Then the output layer at every step.
  const [first, second, output] = [2 * 4 * 5 * 20, 2 * 4 * (10 + 5) * 20, 2 * 4 * 10 * 6];
  expect(flopsOf(NETWORK)).toBe(3 * (2 * first + 2 * second + output));

  const [fromNumbers, last] = [2 * 4 * 4 * 20, 2 * 2 * 10 * 6];
  const forward = 2 * (first + fromNumbers) + 2 * second + last;
  const inputGradients = 2 * first + 2 * second + last; // none for x
  expect(flopsOf({ ...NETWORK, inputKind: 'numbers', reads: 'last' })).toBe(2 * forward + inputGradients);
});

describe('checking a result', () => {
  test('the expected product is that of three loops, in each of the three forms', async () => {
    for (const task of PRODUCTS) {
      const inputs = makeInputs(task);
      const [[, aColumns], [, bColumns]] = Object.values(inputShapes(task));
      const { values } = (await expectedOf(task, inputs)).out;
      for (let m = 0; m < task.M; m++) {
        for (let n = 0; n < task.N; n++) {
          let sum = 0;
          for (let k = 0; k < task.K; k++) {
            const a = task.form === 'Aᵀ·B' ? inputs.a[k * aColumns + m] : inputs.a[m * aColumns + k];
            const b = task.form === 'A·Bᵀ' ? inputs.b[n * bColumns + k] : inputs.b[k * bColumns + n];
            sum += a * b;
          }
          expect(values[m * task.N + n]).toBeCloseTo(sum, 12);
        }
      }
    }
  });

  test.each(TASKS)('%j: the f32 outputs are right, and wrong if one element is off, NaN or missing', async (task) => {
    const inputs = makeInputs(task);
    const expected = await expectedOf(task, inputs);
    const outputs = await (await (await start({ mode: 'loops', threads: 1 })).prepare(task, inputs)).result();
    expect(verify(outputs, expected)).toMatchObject({ isRight: true });

    for (const name of outputNames(task)) {
      const { values, bound } = expected[name];
      // an Adam update is not checked if its gradient is near 0
      const first = Array.from(values, (_, n) => n).findIndex((n) => bound(n) < Infinity);
      expect({ name, isChecked: first >= 0 }).toEqual({ name, isChecked: true });
      expect({ name, isFine: bound(first) < 1e-3 * (1 + Math.abs(values[first])) }).toEqual({ name, isFine: true });
      const off = (value: number): Arrays => ({
        ...outputs,
        [name]: outputs[name].map((v, n) => (n === first ? value : v)),
      });
      expect(verify(off(values[first] + 1.1 * bound(first)), expected)).toMatchObject({ isRight: false });
      expect(verify(off(NaN), expected)).toMatchObject({ isRight: false, error: Infinity });
      expect(verify({ ...outputs, [name]: outputs[name].slice(1) }, expected).message).toContain(`${name} has`);
    }
  });
});
