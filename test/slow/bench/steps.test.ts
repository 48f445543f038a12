/** The programs of the kernels' documents as processes: quick runs, in Node and in a browser. No time is asserted. */
import type { SpawnSyncReturns } from 'node:child_process';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { isTested } from '../../../kernels/wasm/wide-vectors.js';
import { withoutVectors } from '../../../src/core/backend.js';
import { testInBrowser } from '../../helpers/chromium.js';
import { describeWebGpu } from '../../helpers/webgpu.js';

/** The time limit of a program, also on a busy computer. */
const HANGS_MS = 500_000;

test('npm run bench:kernels: every step is right, also those with relaxed SIMD, which Node 20 has behind an option', () => {
  const program = ['dist/bench/steps/kernel-steps.js', '--quick', '--size', '6,5,16'];
  const { status, stdout, stderr } = spawnSync(process.execPath, program, { encoding: 'utf8', timeout: HANGS_MS });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const rightIn = (table: string): string[] =>
    [...table.matchAll(/^ {2}(\S.*?) +\d+\.\d+ +\d+\.\d+( +×\d+\.\d+)? +\d+ +\d+%$/gm)].map(([, name]) => name);
  const tables = stdout.split('\nwith 256-bit vectors of V8\n');
  const [usual, merged] = tables;
  const right = rightIn(usual);
  expect(right).toHaveLength(11);
  expect(right.slice(-3)).toEqual([
    'WebAssembly: FMA, 6×8 tile, packed',
    'wasm: WebAssembly, relaxed SIMD, 1 thread',
    'wasm: WebAssembly, relaxed SIMD, 2 threads',
  ]);
  expect(stdout).not.toContain('WRONG');
  for (const table of tables)
    for (const tile of ['6×8', '6×16'])
      expect(table).toMatch(new RegExp(`^ {2}FMA, ${tile} tile +\\d+\\.\\d\\d +\\d+$`, 'm'));
  expect(tables).toHaveLength(process.arch === 'x64' && isTested(process.versions.v8) ? 2 : 1);
  if (tables.length > 1) expect(rightIn(merged).map(withoutVectors)).toEqual(right.slice(-2));
  expect(stdout).toMatch(/^load before: [^]*\nload after: \d\.\d\d$/m);
});

describe('npm run bench:gpu-kernels: every step computes the product, of a size that fits no tile', () => {
  function steps(...args: string[]): SpawnSyncReturns<string> {
    const program = ['dist/bench/steps/gpu-kernel-steps.js', '--quick', ...args];
    return spawnSync(process.execPath, program, { encoding: 'utf8', timeout: HANGS_MS });
  }

  /** The steps of each mode that ran: right steps have three figures, or two in the first line. */
  function rightSteps(stdout: string): Record<string, number> {
    const modes = stdout.split(/^gpu: GPU\.js, mode /m).slice(1);
    return Object.fromEntries(
      modes.map((text) => [
        text.slice(0, text.indexOf(',')),
        (text.match(/^ {2}\d\. .*? \d+\.\d+ +\d+\.\d+( +×\d+\.\d+)? +\d+ +\d+%$/gm) ?? []).length,
      ]),
    );
  }

  const STEPS = { webgpu: 6, webgl2: 7, headlessgl: 7, webasm: 6, cpu: 6 };

  test('in Node every step of every mode is right, for sizes that no tile divides', () => {
    const { status, stdout } = steps('--size', '9,7,5');
    expect({ status, stdout }).toEqual({ status: 0, stdout: expect.not.stringContaining('WRONG') as string });
    const found = rightSteps(stdout);
    // A developer's computer may lack the other two; CI may not.
    const needed = process.env.CI ? (['webgpu', 'headlessgl', 'webasm', 'cpu'] as const) : (['webasm', 'cpu'] as const);
    expect(Object.keys(found)).toEqual(expect.arrayContaining([...needed]));
    for (const [mode, count] of Object.entries(found))
      expect([mode, count]).toEqual([mode, STEPS[mode as keyof typeof STEPS]]);
  });

  testInBrowser('so are those of webgl2 in a page', () => {
    const { status, stdout, stderr } = steps('--browser', '--mode', 'webgl2', '--size', '9,7,5');
    expect([status, stderr, rightSteps(stdout)]).toEqual([0, '', { webgl2: STEPS.webgl2 }]);
  });

  test('a mode that does not work here is one line with the reason', () => {
    const { status, stdout } = steps('--mode', 'webgl2');
    expect(status).toBe(1);
    expect(stdout).toMatch(/^\nmode webgl2 is left out: GPU mode webgl2 needs a browser .*\n$/m);
  });

  test.each([
    [['--mode', 'opengl'], "option '--mode <mode>' argument 'opengl' is invalid\\. Allowed choices are webgpu, .*"],
    [['--size', '9,7'], "option '--size <M,K,N>' argument '9,7' is invalid\\. Write three whole numbers ≥ 1, .*"],
    [['--sizes', '9,7,5'], "unknown option '--sizes'"],
    [['webgpu'], 'too many arguments.*'],
  ])('%j is refused in one line', (args, message) => {
    const { status, stdout, stderr } = steps(...args);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(new RegExp(`^error: ${message}\n$`));
  });
});

test('npm run bench:webgpu-kernels refuses a document without the marks, before it measures', () => {
  const program = ['dist/bench/steps/webgpu-kernel-steps.js', '--quick', '--size', '9,7,5', '--document', 'README.md'];
  const { status, stdout, stderr } = spawnSync(process.execPath, program, { encoding: 'utf8', timeout: HANGS_MS });
  expect([status, stdout]).toEqual([2, '']);
  expect(stderr).toContain('--document README.md: has no <!-- node: made');
});

await describeWebGpu(() =>
  testInBrowser(
    'npm run bench:webgpu: every step is right, and one suite runs, in Node and in a page; the tables of a document and a report',
    () => {
      const folder = mkdtempSync(path.join(tmpdir(), 'longhand-bench-'));
      const file = path.join(folder, 'kernels.md');
      const parts = ['node', 'chromium', 'rivals'];
      writeFileSync(
        file,
        parts.map((name) => `<!-- ${name}: made by the command -->\n\nold\n\n<!-- end of ${name} -->\n`).join('\n'),
      );
      const program = ['dist/bench/webgpu.js', '--quick', '--suites', 'step', '--output', folder, '--document', file];
      const { status, stdout, stderr } = spawnSync(process.execPath, program, { encoding: 'utf8', timeout: HANGS_MS });
      expect({ status, stderr: status === 0 ? '' : stderr + stdout }).toEqual({ status: 0, stderr: '' });
      expect(stdout).not.toContain('WRONG');
      // eight steps, of two sizes, in two places
      expect(stdout.match(/^ {2}\d\. .*? \d+\.\d+ +\d+\.\d+( +×\d+\.\d+)? +\d+ +\d+%$/gm)).toHaveLength(32);
      expect(
        stdout.match(/^a training step in the usual tiles: \d+\.\d ms\n\nin measured tiles: \d+\.\d ms$/gm),
      ).toHaveLength(2);

      const document = readFileSync(file, 'utf8');
      const partOf = (name: string): string =>
        document.split(`<!-- ${name}: made by the command -->`)[1].split('<!-- end of')[0];
      expect(document).not.toContain('old');
      const report = readFileSync(path.join(folder, 'report.md'), 'utf8');
      for (const [place, engine] of [
        ['node', `Node ${process.versions.node}`],
        ['chromium', 'Chromium'],
      ]) {
        expect(partOf(place).match(/^\| \d\. [^\n]+ \| +\d[^\n]+\|$/gm)).toHaveLength(8);
        expect(partOf(place)).toContain('\n\nIn turns, a training step in the usual tiles: ');
        for (const part of [place, 'rivals'])
          expect(partOf(part)).toMatch(new RegExp(`^${engine}.*; samples of each time: .*; load`, 'm'));
        expect(report).toContain(`\n## ${engine}`);
      }
      expect(partOf('rivals').match(/^\| step: T /gm)).toHaveLength(2);
      expect(report).toMatch(/^\| longhand-wasm ×\d+ /m);
    },
  ),
);
