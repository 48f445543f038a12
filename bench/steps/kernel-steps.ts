/**
 * `npm run bench:kernels`: the matrix product from three plain loops to the real backend, in the steps of docs/kernels.md.
 *
 * Each step's result is checked against three loops in f64 before it is timed. A product counts 2·M·N·K FLOP.
 */
import { availableParallelism, cpus } from 'node:os';
import { Command } from 'commander';
import { matmul } from '../../kernels/reference/matmul.js';
import { createWasmBackend } from '../../kernels/wasm/index.js';
import { enableRelaxedSimd, enableWideVectors } from '../../kernels/wasm/node-flags.js';
import { withOwnCode } from '../../kernels/wasm/wide-vectors.js';
import type { Backend } from '../../src/core/backend.js';
import { tensorFrom } from '../../src/core/tensor.js';
import { compileAssembly } from '../assemblyscript.js';
import { runCommand, sizeIn } from '../command.js';
import { withLoad } from '../measure/environment.js';
import type { Operands, Ready, Size, Timing } from './product-steps.js';
import { operandsOf, outcomeOf, readyOn, row, StepTable, timesOf } from './product-steps.js';

type Vector = Float32Array;

interface Step {
  readonly name: string;
  /** Returns the reason if the step cannot run here. */
  readonly prepare: (operands: Operands) => Ready | string;
}

/** A step that computes at once. Its result is NaN at first, so that a missing element is noticed. */
function ready(out: Vector, run: () => void): Ready {
  return { repeat: repeated(run), result: () => out, dispose: () => {} };
}

const repeated =
  (run: () => void) =>
  (count: number): void => {
    for (let n = 0; n < count; n++) run();
  };

// The steps in TypeScript. out `[M,N]` = a `[M,K]` · b `[K,N]`, row by row.

function naive(out: Vector, a: Vector, b: Vector, [M, K, N]: Size): void {
  for (let m = 0; m < M; m++) {
    for (let n = 0; n < N; n++) {
      let sum = 0;
      for (let k = 0; k < K; k++) sum += a[m * K + k] * b[k * N + n];
      out[m * N + n] = sum;
    }
  }
}

function rowByRow(out: Vector, a: Vector, b: Vector, [M, K, N]: Size, first = 0): void {
  out.fill(0);
  for (let m = 0; m < M; m++) {
    for (let k = first; k < K; k++) {
      const x = a[m * K + k];
      for (let n = 0; n < N; n++) out[m * N + n] += x * b[k * N + n];
    }
  }
}

function fourRows(out: Vector, a: Vector, b: Vector, [M, K, N]: Size): void {
  const K4 = K - (K % 4);
  rowByRow(out, a, b, [M, K, N], K4);
  for (let m = 0; m < M; m++) {
    for (let k = 0; k < K4; k += 4) {
      const at = m * K + k;
      const [x0, x1, x2, x3] = [a[at], a[at + 1], a[at + 2], a[at + 3]];
      for (let n = 0, i = k * N; n < N; n++, i++)
        out[m * N + n] += x0 * b[i] + x1 * b[i + N] + x2 * b[i + 2 * N] + x3 * b[i + 3 * N];
    }
  }
}

function packedPanels(out: Vector, a: Vector, b: Vector, [M, K, N]: Size): void {
  matmul(tensorFrom(out, [M, N]), tensorFrom(a, [M, K]), tensorFrom(b, [K, N]));
}

function inTypeScript(name: string, product: (out: Vector, a: Vector, b: Vector, size: Size) => void): Step {
  return {
    name,
    prepare({ size, a, b }) {
      const out = new Float32Array(size[0] * size[2]).fill(NaN);
      return ready(out, () => product(out, a, b, size));
    },
  };
}

// The steps in WebAssembly: assembly/steps.ts.

type Product = (out: number, a: number, b: number, M: number, N: number, K: number, panels: number) => void;
type ProductName = 'scalar' | 'simd' | 'tiled' | 'packed' | 'fused';

interface Module extends Record<ProductName, Product> {
  readonly memory: WebAssembly.Memory;
  tile2x16(...parameters: number[]): void;
  tile6x8(...parameters: number[]): void;
  tile6x16(...parameters: number[]): void;
}

const PAGE = 65536;

/** Compiles assembly/steps.ts; undefined if this engine lacks one of the features. `mayMerge`: again, since V8's option has been set. */
async function compile(features: string[] = [], mayMerge = false): Promise<Module | undefined> {
  const plain = await compileAssembly('steps.ts', features, ['--importMemory']);
  const binary = mayMerge ? Buffer.from(withOwnCode(Buffer.from(plain).toString('hex')), 'hex') : plain;
  if (!WebAssembly.validate(binary)) return undefined;
  const memory = new WebAssembly.Memory({ initial: 1 });
  const { instance } = await WebAssembly.instantiate(binary, { env: { memory } });
  return { ...(instance.exports as unknown as Omit<Module, 'memory'>), memory };
}

function inWebAssembly(name: string, module: Module | undefined, step: ProductName): Step {
  return {
    name,
    prepare({ size: [M, K, N], a, b }) {
      if (!module) return `left out: Node ${process.versions.node} has no relaxed SIMD on this processor`;
      if (M % 2 !== 0 || N % 16 !== 0) return 'left out: this teaching version needs M even and N a multiple of 16';
      const { memory } = module;
      const [outAt, aAt, bAt, panelsAt, end] = addresses([M * N, M * K, K * N, K * N]);
      memory.grow(Math.max(0, Math.ceil((end - memory.buffer.byteLength) / PAGE)));
      const out = new Float32Array(memory.buffer, outAt, M * N).fill(NaN);
      new Float32Array(memory.buffer, aAt).set(a);
      new Float32Array(memory.buffer, bAt).set(b);
      return ready(out, () => module[step](outAt, aAt, bAt, M, N, K, panelsAt));
    },
  };
}

/** The addresses of consecutive vectors of these lengths, each beginning on a cache line, and the end of the last. */
function addresses(lengths: readonly number[]): number[] {
  const starts = [PAGE];
  for (const length of lengths) starts.push(Math.ceil((starts[starts.length - 1] + 4 * length) / 64) * 64);
  return starts;
}

// Checking and timing.

const FULL: Timing = { warmUpMs: 1000, samples: 15, sampleMs: 10, totalMs: 1000 };
const QUICK: Timing = { warmUpMs: 50, samples: 2, sampleMs: 1, totalMs: 1 };

/** The limit of one core: the speed of an inner loop that always reads the same few numbers from the L1 cache. */
async function reportLimit(name: string, module: Module, rows: 2 | 6, columns: 8 | 16, timing: Timing): Promise<void> {
  const TIMES = 100_000;
  module.memory.grow(1);
  const [ones, start, out] = [PAGE, PAGE + 64, PAGE + 128];
  new Float32Array(module.memory.buffer, ones, 16).fill(1);
  new Float32Array(module.memory.buffer, start, 16).fill(0);
  const sums = new Float32Array(module.memory.buffer, out, rows * columns).fill(NaN);
  const tile = `tile${rows}x${columns}` as 'tile2x16' | 'tile6x8' | 'tile6x16';
  const run = (): void => module[tile](TIMES, ones, 0, 0, ones, 0, start, 0, out, 4 * columns);
  run();
  const wrong = sums.findIndex((sum) => sum !== TIMES);
  if (wrong >= 0) {
    process.exitCode = 1;
    const place = `sum ${Math.floor(wrong / columns)},${wrong % columns}`;
    console.log(`${row(name)}  WRONG: ${place} is ${sums[wrong]}, should be ${TIMES}`);
    return;
  }
  const { median, count } = await timesOf(repeated(run), timing);
  console.log(row(name, '', ((2 * rows * columns * TIMES) / median / 1e6).toFixed(2), '', String(count)));
}

async function reportFused(module: Module, timing: Timing): Promise<void> {
  await reportLimit('FMA, 6×8 tile', module, 6, 8, timing);
  await reportLimit('FMA, 6×16 tile', module, 6, 16, timing);
}

const stepOn = (backend: Backend): Step => ({
  name: backend.description,
  prepare: (operands) => readyOn(backend, operands),
});

async function printTable(size: Size, steps: readonly Step[], timing: Timing): Promise<void> {
  const operands = operandsOf(size);
  const table = new StepTable(size);
  for (const { name, prepare } of steps) table.print(await outcomeOf(name, prepare(operands), operands, timing));
}

async function bench({ size, quick: isQuick = false }: { size?: Size; quick?: boolean }): Promise<void> {
  const timing = isQuick ? QUICK : FULL;
  enableRelaxedSimd(); // as the command line and the benchmark do
  const portable = await compile();
  const relaxed = await compile(['relaxed-simd']);
  const backends = [await createWasmBackend({ threads: 1 }), await createWasmBackend({ threads: 2 })];
  const steps: Step[] = [
    inTypeScript('TypeScript: three loops', naive),
    inTypeScript('TypeScript: row by row', rowByRow),
    inTypeScript('TypeScript: four rows of b at a time', fourRows),
    inTypeScript('TypeScript: packed, 2×4 tile', packedPanels),
    inWebAssembly('WebAssembly: three loops', portable, 'scalar'),
    inWebAssembly('WebAssembly: SIMD, 4 columns', portable, 'simd'),
    inWebAssembly('WebAssembly: SIMD, 2×16 tile', portable, 'tiled'),
    inWebAssembly('WebAssembly: SIMD, 2×16 tile, packed', portable, 'packed'),
    inWebAssembly('WebAssembly: FMA, 6×8 tile, packed', relaxed, 'fused'),
    ...backends.map(stepOn),
  ];
  const sizes = size ? [size] : SIZES;
  console.log(`Node ${process.versions.node}, ${availableParallelism()} × ${cpus()[0].model}`);
  await withLoad(async () => {
    for (const one of sizes) await printTable(one, steps, timing);
    console.log('\nthe limit: one core, operands always in the L1 cache');
    if (portable) await reportLimit('2×16 tile', portable, 2, 16, timing);
    if (relaxed) await reportFused(relaxed, timing);
    // last, because the option holds for all code that V8 optimises from now on
    if (!enableWideVectors()) return;
    console.log('\nwith 256-bit vectors of V8');
    backends.push(await createWasmBackend({ threads: 1 }), await createWasmBackend({ threads: 2 }));
    for (const one of sizes) await printTable(one, backends.slice(2).map(stepOn), timing);
    const merged = await compile(['relaxed-simd'], true);
    if (merged) await reportFused(merged, timing);
  });
  for (const backend of backends) await backend.dispose();
}

const SIZES: readonly Size[] = [
  [128, 128, 512],
  [512, 512, 512],
];

const command = new Command('npm run bench:kernels --')
  .description('The matrix product, step by step. Each step is checked against three loops in f64, then timed.')
  .option('--size <M,K,N>', 'measure [M,K]·[K,N] only', sizeIn)
  .option('--quick', 'measure few samples')
  .action(bench);

await runCommand(command, 'bench:kernels');
