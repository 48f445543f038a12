/** `npm run bench` as a process: whole quick runs, in Node and in a browser. No time is asserted. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { BASELINE, candidateNames, labelOf } from '../../../bench/candidates.js';
import type { Row } from '../../../bench/measure/rows.js';
import { withoutVectors } from '../../../src/core/backend.js';
import { rowsIn } from '../../helpers/bench-rows.js';
import { testInBrowser } from '../../helpers/chromium.js';
import { needs } from '../../helpers/needs.js';
import { runModule } from '../../helpers/run-module.js';

/** The time limit of a whole benchmark, also on a busy computer. */
const HANGS_MS = 500_000;

const bench = (args: readonly string[], env = process.env) =>
  spawnSync(process.execPath, ['dist/bench/main.js', ...args], { encoding: 'utf8', timeout: HANGS_MS, env });

describe('npm run bench -- --quick', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'longhand-bench-'));
  const [json, report] = [path.join(folder, 'rows.ndjson'), path.join(folder, 'benchmarks.md')];
  // Every candidate is a process: all at once need 1.7 GB. The baseline is in each run.
  const ours = candidateNames().filter((name) => /^(longhand|loops|gpujs)/.test(name));
  const torch = candidateNames().filter((name) => name.startsWith('pytorch'));
  const others = candidateNames().filter((name) => ![...ours, ...torch].includes(name));
  const PARTS = [ours, [BASELINE, ...others], [BASELINE, ...torch]];
  const rows: Row[] = [];
  let document = '';
  let stdout = '';

  beforeAll(() => {
    const finished = (args: readonly string[]): string => {
      const run = bench(args);
      expect({ status: run.status, stderr: run.status === 0 ? '' : run.stderr }).toEqual({ status: 0, stderr: '' });
      return run.stdout;
    };
    const written = ['--quick', '--json', json, '--report', report];
    for (const [n, backends] of PARTS.entries()) {
      // on one thread, because more would be more processes: the pages' rows are of 1 and 2 threads
      stdout += finished([...written, '--threads', '1', '--backends', backends.join()]);
      rows.push(...rowsIn(json).filter(({ candidate }) => n === 0 || !candidate.startsWith('longhand-')));
    }
    writeFileSync(json, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
    finished(['--from', json, '--report', report]);
    document = readFileSync(report, 'utf8');
  });

  test('every suite ran, and every candidate that can run here agrees with the reference', () => {
    const suites = ['matmul', 'gates', 'forward', 'step', 'scaling', 'network', 'text', 'cells'];
    expect(new Set(rows.map(({ candidate }) => candidate))).toEqual(new Set(candidateNames()));
    expect(new Set(rows.map(({ suite }) => suite))).toEqual(new Set(suites));
    expect(rows.filter(({ reason, verified }) => verified === (reason !== null))).toEqual([]);
    expect(rows.filter(({ reason }) => reason?.startsWith('wrong'))).toEqual([]);
    // a developer's computer may have no WebGPU
    const inWgsl = process.env.CI ? ['longhand-webgpu'] : [];
    for (const name of ['longhand-wasm', 'longhand-reference', 'loops', ...inWgsl]) {
      const own = rows.filter(({ candidate }) => candidate === name);
      const expected =
        name === 'loops'
          ? suites.slice(0, 5)
          : suites.filter((suite) => suite !== 'cells' || name !== 'longhand-webgpu');
      expect({ name, suites: [...new Set(own.map(({ suite }) => suite))] }).toEqual({ name, suites: expected });
      expect(own.filter(({ verified }) => !verified)).toEqual([]);
    }
  });

  const remedy = 'the benchmark installs them if npm has a network; run the tests again';
  const testWithRivals = needs('the libraries to compare with', existsSync('bench/rivals/node_modules'), remedy);
  testWithRivals('the other libraries from npm were compared', () => {
    const present = new Set(rows.filter(({ verified }) => verified).map(({ candidate }) => candidate));
    for (const name of ['tensorflow-wasm', 'jax-wasm', 'onnxruntime', 'gpujs-cpu'])
      expect([...present]).toContain(name);
  });

  test('a row has every field, with numbers if it has a time', () => {
    for (const row of rows) {
      expect(row).toMatchObject({ case: expect.any(String) as string, threads: expect.any(Number) as number });
      expect(Object.keys(row)).toEqual(expect.arrayContaining(['version', 'gflops', 'ratioToLonghand', 'peakRssMiB']));
      if (!row.verified) continue;
      expect(row.minMs).toBeGreaterThan(0);
      expect(row.medianMs).toBeGreaterThanOrEqual(row.minMs ?? NaN);
      expect(row.peakRssMiB).toBeGreaterThan(10);
      expect(row.ratioToLonghand).toBeGreaterThan(0);
      if (!['gates', 'cells'].includes(row.suite)) expect(row.gflops).toBeGreaterThan(0);
    }
  });

  test('Longhand runs with relaxed SIMD, as on the command line, and the peak is measured with it', () => {
    const builds = new Set(
      rows
        .filter(({ candidate }) => candidate.startsWith('longhand-wasm'))
        .map((row) => `${row.candidate}: ${withoutVectors(row.description ?? '')}`),
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
    expect(document).toMatch(/revision [0-9a-f]{7,}\+?|revision unknown/);
  });

  test('the report links to all fourteen charts, and each shows every candidate that was timed in all of its suite', () => {
    const charts = [...document.matchAll(/!\[[^\]]+\]\(benchmarks\/([^)]+)\)/g)].map(([, name]) => name);
    expect(charts).toEqual([
      'matmul-1.svg',
      'matmul-2.svg',
      'matmul-3.svg',
      'gates-1.svg',
      'gates-2.svg',
      'forward-1.svg',
      'step-1.svg',
      'scaling-T.svg',
      'scaling-B.svg',
      'scaling-H.svg',
      'network-1.svg',
      'network-2.svg',
      'text-1.svg',
      'cells-1.svg',
    ]);
    expect(readdirSync(path.join(folder, 'benchmarks')).sort()).toEqual([...charts].sort());
    for (const name of charts) {
      const svg = readFileSync(path.join(folder, 'benchmarks', name), 'utf8');
      const [suite] = name.split('-');
      const ofSuite = rows.filter((row) => row.suite === suite);
      const failed = new Set(ofSuite.filter((row) => row.medianMs === null).map(labelOf)); // on a slow machine PyTorch may end one case too late
      const timed = new Set(ofSuite.map(labelOf).filter((label) => !failed.has(label)));
      expect([...timed].filter((label) => !svg.includes(`>${label}</text>`))).toEqual([]);
      expect(svg).not.toContain('NaN');
    }
  });
});

describe('npm run bench -- --browser', () => {
  testInBrowser('pages compute the same as the reference', () => {
    const file = path.join(mkdtempSync(path.join(tmpdir(), 'longhand-bench-')), 'page.ndjson');
    // the modes of WebGPU: steps.test.ts
    const ours = ['longhand-wasm', 'longhand-gpu-webgl2', 'loops'];
    const rivals = ['tensorflow-wasm', 'jax-wasm', 'onnxruntime'];
    // each candidate is a page with a process of its own: all at once need 1.3 GB
    const rows = [ours, [BASELINE, ...rivals]].flatMap((backends) => {
      const options = ['--quick', '--threads', '1,2', '--backends', backends.join(), '--json', file];
      const run = bench(['forward', '--browser', ...options]);
      expect({ status: run.status, stderr: run.status === 0 ? '' : run.stderr }).toEqual({ status: 0, stderr: '' });
      return rowsIn(file);
    });
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
    expect(withoutVectors(threaded?.description ?? '')).toMatch(
      /^wasm: WebAssembly, (relaxed|portable) SIMD, 2 threads$/,
    );
    const absent = rows.filter(({ candidate }) => candidate === 'onnxruntime');
    expect(absent.map(({ reason }) => reason)).toContain('does not run in a page');
  });

  test('without a browser it prints what to install, with exit code 1', () => {
    const { LONGHAND_BROWSER: _, ...env } = process.env;
    const none = { ...env, LONGHAND_BROWSER: '/no/such/browser' };
    const { status, stderr } = bench(['step', '--browser', '--quick'], none);
    expect([status, stderr]).toEqual([1, expect.stringContaining('no Chromium can be started')]);
  });
});

test.each([
  [['matmull'], 'the suites are matmul'],
  [['--sizes', '8'], 'needs one suite'],
  [['--from', 'rows.ndjson'], '--from needs --report'],
  [['--from', 'no-such.ndjson', '--report', 'report.md'], 'bench: --from no-such.ndjson: ENOENT'],
  [['network', '--sizes', '8'], 'bench: --sizes: the suite network has fixed cases\n'],
  [['text', '--sizes', '2x256'], 'write whole numbers ≥ 1 as LxHxTxB'],
  [['--browser', '--node', 'node'], 'cannot be used with'],
  [['--backends', 'torch'], 'torch is not a candidate. The candidates are longhand-wasm, '],
  [['--threads', '0'], '≥ 1'],
])('the mistake %j on the command line is explained, with exit code 2', (args, message) => {
  const { status, stderr } = bench(args);
  expect([status, stderr]).toEqual([2, expect.stringContaining(message)]);
});

test('a candidate’s memory is that of its own process, not of the one that started it', () => {
  const node = (text: string): string => {
    const { stdout, stderr } = runModule(text);
    expect(stderr).toBe('');
    return stdout;
  };
  const inner = "import { largestRssMiB } from './dist/bench/measure/environment.js'; console.log(largestRssMiB());";
  const outer = `
    import { spawnSync } from 'node:child_process';
    const held = Buffer.alloc(500 * 2 ** 20, 1);
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '--eval', ${JSON.stringify(inner)}]);
    console.log(String(stdout), held[0]);`;
  const [rss, held] = node(outer).split(/\s+/).map(Number);
  expect(held).toBe(1);
  expect(rss).toBeGreaterThan(10);
  expect(rss).toBeLessThan(300);
});
