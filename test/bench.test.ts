/** `npm run bench`: its statistics, its judgement, and a whole quick run as a process. No time is asserted. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Program } from '../bench/program.js';
import { start as startLoops } from '../bench/programs/loops.js';
import { answer } from '../bench/measure/protocol.js';
import type { Candidate } from '../bench/candidates.js';
import { labelOf } from '../bench/candidates.js';
import type { CandidateProcess } from '../bench/measure/engine.js';
import type { Environment } from '../bench/measure/environment.js';
import { quoted } from '../bench/measure/environment.js';
import { expectedOf } from '../bench/measure/expected.js';
import { Comparison, QUICK } from '../bench/measure/comparison.js';
import { crossoversOf } from '../bench/report/crossovers.js';
import { keptPart, table } from '../bench/report/markdown.js';
import { writeReport } from '../bench/report/report.js';
import type { Row } from '../bench/measure/rows.js';
import { rowsOf } from '../bench/measure/rows.js';
import { Session } from '../bench/measure/session.js';
import { statisticsOf } from '../bench/measure/statistics.js';
import { matmul } from '../bench/suites/matmul.js';
import { scaling } from '../bench/suites/scaling.js';
import type { Arrays, Task } from '../bench/tasks.js';
import { flopsOf, inputShapes, makeInputs, OUTPUT_NAMES } from '../bench/tasks.js';
import { verify } from '../bench/measure/verify.js';
import { testInBrowser } from './helpers/chromium.js';

const RUN: Environment = {
  engine: 'Node 20.20.2',
  processor: 'a processor',
  cores: 2,
  memoryGiB: 8,
  system: 'Linux, x64',
  date: '2026-01-31',
  revision: 'abc1234',
  command: 'npm run bench',
  peak: { portable: 40 },
};

function rowsIn(file: string): Row[] {
  const lines = readFileSync(file, 'utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line) as Row);
}

const TASKS: readonly Task[] = [
  { kind: 'matmul', form: 'A·B', M: 3, K: 4, N: 5 },
  { kind: 'matmul', form: 'Aᵀ·B', M: 3, K: 4, N: 5 },
  { kind: 'matmul', form: 'A·Bᵀ', M: 3, K: 4, N: 5 },
  { kind: 'cellForward', B: 3, H: 2 },
  { kind: 'cellBackward', B: 3, H: 2 },
  { kind: 'forward', T: 3, B: 2, I: 4, H: 5, C: 6 },
  { kind: 'step', T: 3, B: 2, I: 4, H: 5, C: 6 },
];

test('a candidate’s peak memory is its own, not that of the process that started it', () => {
  const held = Buffer.alloc(500 * 2 ** 20, 1);
  const script = "import { largestRssMiB } from './dist/bench/measure/memory.js'; console.log(largestRssMiB());";
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' });
  expect(held[0]).toBe(1);
  expect(Number(stdout)).toBeGreaterThan(10);
  expect(Number(stdout)).toBeLessThan(300);
});

describe('statistics', () => {
  test('the median, the quartiles and the least of times in any order', () => {
    expect(statisticsOf([5, 1, 4, 2, 3])).toEqual({ median: 3, min: 1, lower: 2, upper: 4, count: 5 });
  });

  test('between two times the median and the quartiles are interpolated', () => {
    expect(statisticsOf([10, 20])).toEqual({ median: 15, min: 10, lower: 12.5, upper: 17.5, count: 2 });
    expect(statisticsOf([7])).toEqual({ median: 7, min: 7, lower: 7, upper: 7, count: 1 });
  });

  test('no times are an error', () => expect(() => statisticsOf([])).toThrow('no samples'));

  test('the tutorial’s step is 1.62 GFLOP, and a product 2·M·K·N FLOP', () => {
    expect(flopsOf({ kind: 'step', T: 28, B: 128, I: 28, H: 128, C: 10 })).toBeCloseTo(1.616e9, -6);
    expect(flopsOf({ kind: 'matmul', form: 'A·B', M: 3, K: 4, N: 5 })).toBe(120);
  });
});

describe('checking a result', () => {
  test('the expected product is that of three loops, in all three forms', () => {
    for (const task of TASKS.slice(0, 3)) {
      if (task.kind !== 'matmul') throw new Error('the first three are products');
      const inputs = makeInputs(task);
      const [[, aColumns], [, bColumns]] = Object.values(inputShapes(task));
      const { values } = expectedOf(task, inputs).out;
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

  test.each(TASKS)('of %j: f32 is right; one element far off, NaN, or missing is wrong', async (task) => {
    const inputs = makeInputs(task);
    const expected = expectedOf(task, inputs);
    const outputs = await (await (await startLoops()).prepare(task, inputs)).result();
    expect(verify(outputs, expected)).toMatchObject({ isRight: true });

    for (const name of OUTPUT_NAMES[task.kind]) {
      const { values, bound } = expected[name];
      const place = Array.from(values, (_, n) => n).find((n) => bound(n) < Infinity);
      if (place === undefined) continue; // a parameter whose gradients are all tiny
      expect({ name, isFine: bound(place) < 1e-3 * (1 + Math.abs(values[place])) }).toEqual({ name, isFine: true });
      const off = (value: number): Arrays => ({
        ...outputs,
        [name]: outputs[name].map((v, n) => (n === place ? value : v)),
      });
      expect(verify(off(values[place] + 1.1 * bound(place)), expected)).toMatchObject({ isRight: false });
      expect(verify(off(NaN), expected)).toMatchObject({ isRight: false, error: Infinity });
      expect(verify({ ...outputs, [name]: outputs[name].slice(1) }, expected).message).toContain(`${name} has`);
    }
  });
});

describe('the comparison', () => {
  const [one] = matmul.cases({ isQuick: true, sizes: ['8'] });

  test('who is wrong is shown as wrong with its error, and never timed; who is right is timed', async () => {
    const runs = { right: 0, wrong: 0 };
    const findings = await compare(runs, (name, out) => (name === 'wrong' ? out.map((value) => value + 0.01) : out));
    const [right, wrong] = rowsOf(matmul, one.name, one.task, findings, RUN);

    expect(right).toMatchObject({ candidate: 'right', verified: true, reason: null, version: '1.2.3', peakRssMiB: 50 });
    expect(right.samples).toBeGreaterThanOrEqual(QUICK.rounds);
    expect(right.gflops).toBeCloseTo(1024 / (right.medianMs ?? NaN) / 1e6, 9);
    expect(wrong).toMatchObject({ candidate: 'wrong', verified: false, medianMs: null, samples: 0 });
    expect(wrong.reason).toMatch(/^wrong: out\[\d+\] is [-\d.]+, should be [-\d.]+ ± [\d.e-]+$/);
    expect(wrong.error).toBeGreaterThan(1000);
    expect(runs.right).toBeGreaterThan(0);
    expect(runs.wrong).toBe(0);
  });

  test('who fails, or is not there, is left out with the reason', async () => {
    const runs = { right: 0, wrong: 0 };
    const findings = await compare(runs, (name, out) => {
      if (name === 'wrong') throw new Error('no such kernel');
      return out;
    });
    const [right, failed, absent] = rowsOf(matmul, one.name, one.task, findings, RUN);
    expect(right.verified).toBe(true);
    expect(failed).toMatchObject({ verified: false, medianMs: null, reason: 'no such kernel' });
    expect(absent).toMatchObject({ verified: false, medianMs: null, reason: 'not installed', version: null });
  });

  function compare(runs: Record<string, number>, falsify: (name: string, out: Float32Array) => Float32Array) {
    const candidates = ['right', 'wrong', 'absent'].map((name): Candidate => ({
      name,
      threads: 1,
      kinds: ['matmul'],
      program: '',
      mode: '',
    }));
    const comparison = new Comparison(
      {
        async start({ name }) {
          if (name === 'absent') return { reason: 'not installed' };
          const program = await falsified(name, runs, falsify);
          return { process: processOf(program), hello: { version: '1.2.3', description: '', engine: '' } };
        },
        finish() {},
      },
      QUICK,
    );
    return comparison.run(one, candidates);
  }

  async function falsified(
    name: string,
    runs: Record<string, number>,
    falsify: (name: string, out: Float32Array) => Float32Array,
  ): Promise<Program> {
    const loops = await startLoops();
    return {
      ...loops,
      async prepare(task, inputs) {
        const prepared = await loops.prepare(task, inputs);
        return {
          result: async () => ({ out: falsify(name, (await prepared.result()).out) }),
          run: () => {
            runs[name]++;
            return prepared.run();
          },
          dispose: () => prepared.dispose(),
        };
      },
    };
  }

  function processOf(program: Program): CandidateProcess {
    const session = new Session(program);
    return { ask: async (request) => (await answer(session, request, () => 50)) as never, close: () => {} };
  }
});

test('a kernel so quick that a warm-up runs it hundreds of thousands of times', async () => {
  const loops = await startLoops();
  const [task] = TASKS;
  let runs = 0;
  const quick: Program = {
    ...loops,
    prepare: async (...given) => ({
      ...(await loops.prepare(...given)),
      run: () => {
        runs++;
      },
    }),
  };
  const session = new Session(quick);
  await session.prepare(task, makeInputs(task));
  expect(await session.warmUp(300)).toBeLessThan(1);
  expect(runs).toBeGreaterThan(200_000); // more than a call has room for as arguments
});

describe('the report', () => {
  const row = (name: string, H: number, median: number): Row => {
    const candidate: Candidate = { name, threads: 1, kinds: ['step'], program: '', mode: '' };
    const times = statisticsOf([median]);
    return rowsOf(scaling, `H ${H}`, { kind: 'step', T: 1, B: 1, I: 1, H, C: 1 }, [{ candidate, times }], RUN)[0];
  };

  test('a crossover lies where the lines cross on logarithmic scales; near ties are none', () => {
    const rows = [row('a', 10, 1), row('a', 1000, 100), row('b', 10, 10), row('b', 1000, 10)];
    expect(crossoversOf(rows)).toEqual([
      { axis: 'H', size: expect.closeTo(100, 6) as number, faster: 'b', slower: 'a' },
    ]);
    expect(crossoversOf([row('a', 1, 1), row('a', 2, 1), row('b', 1, 0.99), row('b', 2, 1.01)])).toEqual([]);
  });

  test('the command is quoted without folders of the machine that it ran on', () => {
    expect(quoted(['step', '--node', '/opt/24/bin/node', '--json=/home/me/rows.ndjson', '--sizes', '32x16'])).toBe(
      'npm run bench -- step --node node --json=rows.ndjson --sizes 32x16',
    );
    expect(quoted([])).toBe('npm run bench');
  });

  test('the part that people wrote is kept', () => {
    const first = keptPart('');
    const written = first.replace(/Write here.*/, 'Because of 512-bit vectors.');
    expect(keptPart(`# Benchmarks\n\n${written}\n\n## More`)).toBe(written);
  });

  test('numbers are aligned right, and a | in a cell ends no cell', () => {
    expect(table(['a', 'b', 'c'], [['x|y', '1.5', 'z']])).toBe(
      '| a | b | c |\n| --- | --: | --- |\n| x\\|y | 1.5 | z |',
    );
  });
});

describe('npm run bench -- --quick', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'longhand-bench-'));
  const [json, report] = [path.join(folder, 'rows.ndjson'), path.join(folder, 'benchmarks.md')];
  let rows: Row[] = [];
  let document = '';
  let stdout = '';

  beforeAll(() => {
    writeFileSync(report, keptPart('').replace(/Write here.*/, 'Written by hand.'));
    const args = ['dist/bench/main.js', '--quick', '--json', json, '--report', report];
    const run = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 300_000 });
    expect({ status: run.status, stderr: run.status === 0 ? '' : run.stderr }).toEqual({ status: 0, stderr: '' });
    ({ stdout } = run);
    rows = rowsIn(json);
    document = readFileSync(report, 'utf8');
  }, 320_000);

  test('every suite ran, and every candidate that is there agrees with the reference', () => {
    expect(new Set(rows.map(({ suite }) => suite))).toEqual(new Set(['matmul', 'gates', 'forward', 'step', 'scaling']));
    expect(rows.filter(({ reason, verified }) => verified === (reason !== null))).toEqual([]);
    expect(rows.filter(({ reason }) => reason?.startsWith('wrong'))).toEqual([]);
    for (const name of ['longhand-wasm', 'longhand-reference', 'loops']) {
      const own = rows.filter(({ candidate }) => candidate === name);
      expect({ name, suites: new Set(own.map(({ suite }) => suite)).size }).toEqual({ name, suites: 5 });
      expect(own.filter(({ verified }) => !verified)).toEqual([]);
    }
  });

  // A user's machine may have no network to install them from; CI has.
  (process.env.CI ? test : test.skip)('the rivals from npm took part', () => {
    const present = new Set(rows.filter(({ verified }) => verified).map(({ candidate }) => candidate));
    for (const name of ['tensorflow-wasm', 'jax-wasm', 'onnxruntime', 'gpujs-cpu'])
      expect([...present]).toContain(name);
  });

  test('a row has every field, with numbers where there is a time', () => {
    for (const row of rows) {
      expect(row).toMatchObject({ case: expect.any(String) as string, threads: expect.any(Number) as number });
      expect(Object.keys(row)).toEqual(expect.arrayContaining(['version', 'gflops', 'ratioToLonghand', 'peakRssMiB']));
      if (!row.verified) continue;
      expect(row.minMs).toBeGreaterThan(0);
      expect(row.medianMs).toBeGreaterThanOrEqual(row.minMs ?? NaN);
      expect(row.peakRssMiB).toBeGreaterThan(10);
      expect(row.ratioToLonghand).toBeGreaterThan(0);
      if (row.suite !== 'gates') expect(row.gflops).toBeGreaterThan(0);
    }
  });

  test('Longhand runs with relaxed SIMD, as on the command line, and the peak is measured with it', () => {
    const builds = new Set(
      rows
        .filter(({ candidate }) => candidate.startsWith('longhand-wasm'))
        .map((row) => `${row.candidate}: ${row.description}`),
    );
    expect([...builds]).toContain('longhand-wasm: wasm: WebAssembly, relaxed SIMD, 1 thread');
    expect([...builds]).toContain('longhand-wasm-portable: wasm: WebAssembly, portable SIMD, 1 thread');
    expect([...builds].filter((build) => /^longhand-wasm: .*portable/.test(build))).toEqual([]);
    for (const { run } of rows) expect(run.peak.fused).toBeGreaterThan(0);
  });

  test('the terminal and the report show every candidate', () => {
    for (const { candidate } of rows.filter(({ verified }) => verified)) {
      expect(stdout).toContain(candidate);
      expect(document).toContain(`| ${candidate} `);
    }
    for (const { reason } of rows.filter(({ verified }) => !verified)) expect(document).toContain(reason?.slice(0, 40));
    expect(document).toContain('Written by hand.');
    expect(document).toMatch(/revision [0-9a-f]{7,}\+?|revision unknown/);
  });

  test('every chart of the report is an SVG with something in it', () => {
    const charts = [...document.matchAll(/!\[[^\]]+\]\((benchmarks\/[^)]+\.svg)\)/g)].map(([, file]) => file);
    if (process.env.CI || !document.includes('No chart')) expect(charts).toHaveLength(10);
    const files =
      charts.length === 0 ? [] : readdirSync(path.join(folder, 'benchmarks')).map((name) => `benchmarks/${name}`);
    expect(files.sort()).toEqual([...charts].sort());
    for (const file of charts) {
      const svg = readFileSync(path.join(folder, file), 'utf8');
      expect(svg).toMatch(/^<svg[^>]* viewBox="[^"]+">/);
      expect(svg.trimEnd()).toMatch(/<\/svg>$/);
      expect(svg).not.toContain('NaN');
      expect(svg).toContain('longhand-wasm');
    }
  });
});

describe('npm run bench -- --browser', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'longhand-bench-'));
  const file = (name: string): string => path.join(folder, name);
  const bench = (...args: string[]) =>
    spawnSync(process.execPath, ['dist/bench/main.js', ...args], { encoding: 'utf8', timeout: 100_000 });
  const ours = ['longhand-wasm', 'longhand-gpu-webgl2', 'longhand-gpu-webgpu', 'loops'];

  testInBrowser('pages compute what Node’s processes do, and one report holds the rows of both', () => {
    const rivals = ['tensorflow-wasm', 'jax-wasm', 'onnxruntime'];
    const chosen = ['--quick', '--threads', '1,2', '--backends', [...ours, ...rivals].join()];
    const run = bench('forward', 'gates', '--browser', ...chosen, '--json', file('page.ndjson'));
    expect({ status: run.status, stderr: run.status === 0 ? '' : run.stderr }).toEqual({ status: 0, stderr: '' });

    const rows = rowsIn(file('page.ndjson'));
    const verified = rows.filter((row) => row.verified);
    expect(rows.filter(({ reason }) => reason?.startsWith('wrong'))).toEqual([]);
    expect(verified.map(labelOf)).toEqual(expect.arrayContaining([...ours, 'longhand-wasm ×2']));
    if (process.env.CI) expect(verified.map(labelOf)).toEqual(expect.arrayContaining(['tensorflow-wasm', 'jax-wasm']));
    for (const row of verified) {
      expect(row.engine).toMatch(/^Chromium \d+\./);
      expect(row.medianMs).toBeGreaterThan(0);
      expect(row.ratioToLonghand).toBeGreaterThan(0);
    }
    const threaded = verified.find((row) => labelOf(row) === 'longhand-wasm ×2');
    expect(threaded?.description).toMatch(/^wasm: WebAssembly, (relaxed|portable) SIMD, 2 threads$/);
    const absent = rows.filter(({ candidate }) => candidate === 'onnxruntime');
    expect(absent.map(({ reason }) => reason)).toContain('does not run in a page');

    bench('forward', '--quick', '--backends', 'longhand-wasm,loops', '--json', file('node.ndjson'));
    const engines = ['page', 'node'].map((name) => rowsIn(file(`${name}.ndjson`))[0].run.engine);
    writeFileSync(file('report.md'), keptPart('').replace(/Write here.*/, 'Written by hand.'));
    const made = bench('--from', file('page.ndjson'), file('node.ndjson'), '--report', file('report.md'));
    expect({ status: made.status, stdout: made.stdout }).toEqual({ status: 0, stdout: '' });
    const document = readFileSync(file('report.md'), 'utf8');
    expect([...document.matchAll(/^## ((Node|Chromium) .*)$/gm)].map(([, engine]) => engine)).toEqual(engines);
    expect(document).toContain('Written by hand.');
    expect(document).toContain('does not run in a page');
  });

  test('without a browser it says so, with exit code 1', () => {
    const { LONGHAND_BROWSER: _, ...env } = process.env;
    const { status, stderr } = spawnSync(process.execPath, ['dist/bench/main.js', 'step', '--browser', '--quick'], {
      env: { ...env, LONGHAND_BROWSER: '/no/such/browser' },
      encoding: 'utf8',
    });
    expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringContaining('no Chromium starts') as string });
  });
});

test('of a row that was measured twice the report shows the later one, and every engine has its own section', async () => {
  const file = path.join(mkdtempSync(path.join(tmpdir(), 'longhand-bench-')), 'report.md');
  const [one] = matmul.cases({ isQuick: true, sizes: ['8'] });
  const candidate: Candidate = { name: 'longhand-wasm', threads: 1, kinds: ['matmul'], program: '', mode: '' };
  const measured = (median: number, engine: string): Row[] =>
    rowsOf(matmul, one.name, one.task, [{ candidate, times: statisticsOf([median]) }], { ...RUN, engine });
  // 1024 FLOP in so many ms.
  await writeReport(file, [measured(1.024, 'Node 1'), measured(0.256, 'Node 1'), measured(0.512, 'Node 2')].flat());
  const document = readFileSync(file, 'utf8');
  expect(document).toContain('## Node 1');
  expect(document).toContain('## Node 2');
  expect([...document.matchAll(/0\.00\d+/g)].map(([gflops]) => Number(gflops))).toEqual([0.004, 0.002]);
});

test('mistakes on the command line are told, with exit code 2', () => {
  const bench = (...args: string[]) =>
    spawnSync(process.execPath, ['dist/bench/main.js', ...args], { encoding: 'utf8' });
  expect(bench('matmull')).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('the suites are matmul') as string,
  });
  expect(bench('--sizes', '8')).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('needs one suite') as string,
  });
  expect(bench('--from', 'rows.ndjson')).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('--from needs --report') as string,
  });
  expect(bench('--browser', '--node', 'node')).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('cannot be used with') as string,
  });
  expect(bench('--backends', 'torch')).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('torch is none of') as string,
  });
  expect(bench('--threads', '0')).toMatchObject({ status: 2, stderr: expect.stringContaining('≥ 1') as string });
});
