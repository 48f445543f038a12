/** `npm run bench` and `npm run bench:gpu-kernels` as processes, with one suite and one mode; whole runs: test/slow/bench. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { rowsIn } from '../helpers/bench-rows.js';
import { directoryOf } from '../helpers/temporary-directories.js';

const bench = (...args: string[]) => spawnSync(process.execPath, ['dist/bench/main.js', ...args], { encoding: 'utf8' });

test('one suite with two candidates: the terminal, the rows and the report show both', () => {
  const folder = directoryOf();
  const [json, report] = [path.join(folder, 'rows.ndjson'), path.join(folder, 'benchmarks.md')];
  const chosen = ['--backends', 'longhand-wasm,loops', '--threads', '1'];
  const { status, stdout, stderr } = bench('step', '--quick', ...chosen, '--json', json, '--report', report);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const rows = rowsIn(json);
  expect(rows.map(({ suite, candidate, verified }) => [suite, candidate, verified])).toEqual(
    ['longhand-wasm', 'longhand-wasm-portable', 'loops'].map((name) => ['step', name, true]),
  );
  for (const { candidate, medianMs } of rows) {
    expect(medianMs).toBeGreaterThan(0);
    expect(stdout).toContain(candidate);
    expect(readFileSync(report, 'utf8')).toContain(`| ${candidate} `);
  }
  expect(readFileSync(path.join(folder, 'benchmarks', 'step-1.svg'), 'utf8')).toContain('>loops</text>');
});

test('a mistake on the command line is explained, with exit code 2', () => {
  const { status, stdout, stderr } = bench('step', '--sizes', '8');
  expect({ status, stdout, stderr }).toEqual({
    status: 2,
    stdout: '', // before anything is measured
    stderr: 'bench: --sizes 8: write whole numbers ≥ 1 as TxBxIxHxC\n',
  });
});

test('bench:gpu-kernels: every step of mode cpu computes the product, of a size that no tile divides', () => {
  const program = ['dist/bench/steps/gpu-kernel-steps.js', '--quick', '--mode', 'cpu', '--size', '9,7,5'];
  const { status, stdout } = spawnSync(process.execPath, program, { encoding: 'utf8' });
  expect({ status, stdout }).toEqual({ status: 0, stdout: expect.not.stringContaining('WRONG') as string });
  expect(stdout.match(/^ {2}\d\. .*? \d+\.\d+ +\d+\.\d+( +×\d+\.\d+)? *$/gm)).toHaveLength(6);
});
