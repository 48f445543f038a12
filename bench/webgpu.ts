/**
 * `npm run bench:webgpu`: all that docs/webgpu-kernels.md shows and what it asks a real GPU, in one go. It measures the steps of the product,
 * products, training steps, and the sizes above which the GPU is faster than WebAssembly. In Node, and in Chrome or Chromium.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { makeFolder } from '../src/files/disk.js';
import { runCommand } from './command.js';
import type { Row } from './measure/rows.js';
import { rivalsOf } from './report/summary.js';
import { fillParts } from './report/tables.js';

const SUITES = ['step', 'text', 'matmul', 'scaling']; // scaling prints the crossovers
const BACKENDS = [
  'longhand-wasm',
  'longhand-webgpu',
  'longhand-gpu-webgpu',
  'jax-webgpu',
  'tensorflow-webgpu',
  'pytorch',
];

/** Starting the others takes longer than their quick cases. */
const QUICK_BACKENDS = ['longhand-wasm', 'longhand-webgpu', 'jax-webgpu'];

/** A suite as runs of `npm run bench`. Each character model has its own, because a slow first one would leave out the second. */
const casesOf = (suite: string): string[][] =>
  suite === 'text' ? ['2x128x50x50', '2x256x100x32'].map((size) => [suite, '--sizes', size]) : [[suite]];

interface Options {
  readonly output: string;
  readonly suites: readonly string[];
  readonly document?: string;
  readonly quick?: boolean;
}

/** Runs a program of this folder. One that fails, for example because there is no browser, does not end the others. */
function run(program: string, ...args: readonly string[]): void {
  console.log(`\n${[program, ...args].join(' ')}\n`);
  const file = fileURLToPath(new URL(program, import.meta.url));
  const { status } = spawnSync(process.execPath, [file, ...args], { stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
}

async function measure({ output, suites, document, quick: isQuick = false }: Options): Promise<void> {
  makeFolder(output);
  const quick = isQuick ? ['--quick'] : [];
  const backends = (isQuick ? QUICK_BACKENDS : BACKENDS).join();
  const written = document === undefined ? [] : ['--document', document];
  const files: string[] = [];
  for (const [name, place] of [
    ['node', []],
    ['chromium', ['--browser']],
  ] as const) {
    run('steps/webgpu-kernel-steps.js', ...place, ...quick, ...written);
    for (const [n, cases] of suites.flatMap((suite) => (isQuick ? [[suite]] : casesOf(suite))).entries()) {
      const file = path.join(output, `${name}-${n + 1}.ndjson`);
      run('main.js', ...cases, ...place, ...quick, '--backends', backends, '--json', file);
      if (existsSync(file) && readFileSync(file, 'utf8') !== '') files.push(file);
    }
  }
  if (files.length === 0) return;
  run('main.js', '--from', ...files, '--report', path.join(output, 'report.md'));
  if (document === undefined) return;
  const lines = files.flatMap((file) => readFileSync(file, 'utf8').trim().split('\n'));
  await fillParts('--document', document, { rivals: rivalsOf(lines.map((line) => JSON.parse(line) as Row)) });
}

const command = new Command('npm run bench:webgpu --')
  .description('Measure the webgpu backend on this computer: tiles, training steps and crossovers, beside its rivals.')
  .option('--output <folder>', 'the folder of the rows and of the report', 'webgpu-benchmark')
  .option('--suites <names>', 'measure only these suites of npm run bench', (text) => text.split(','), SUITES)
  .option('--document <file>', 'write the tables into the marked parts of a document')
  .option('--quick', 'measure few small cases of few libraries, with few samples')
  .action(measure);

await runCommand(command, 'bench:webgpu');
