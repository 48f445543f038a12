/**
 * The WebAssembly backend: whole runs, on threads and in a page; σ, tanh and exp; vanishing gradients, which become 0; and its threads: their
 * start and end, idle time, death, and jobs that are never finished.
 */
import { createWasmBackend } from '../../kernels/wasm/index.js';
import { Random } from '../../src/core/rng.js';
import { valuesOf } from '../../src/core/tensor.js';
import { Model } from '../../src/door/model.js';
import { testInBrowser, trainInPage } from '../helpers/chromium.js';
import { expectNumbers } from '../helpers/numeric.js';
import {
  type Result,
  bitsInNode,
  ISOLATING,
  jobFor,
  plainPage,
  PORTABLE,
  builds,
  describeFunctions,
  describeSameBits,
  instantiate,
  OUT,
  weightsOf,
  X,
} from '../helpers/wasm-suite.js';
import { jest } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { FINISHED } from '../../kernels/wasm/jobs.js';

// more numbers of threads, more numbers and more pages: test/slow/kernels/wasm.test.ts
describeSameBits([3]);
describeFunctions(65_537);

describe('whole training runs', () => {
  test('the portable build gives these bits on every computer', async () => {
    const weights = await weightsOf(2, true);
    const bits = new Uint32Array(Float32Array.from(weights.flatMap((tensor) => [...valuesOf(tensor)])).buffer);
    expect(bits.reduce((hash, word) => Math.imul(hash ^ word, 16777619) >>> 0, 2166136261)).toBe(2041423834);
  });
});

testInBrowser('in a cross-origin isolated page the backend has the requested threads and Node’s bits', async () => {
  const expected = await bitsInNode();
  const deterministic = { deterministic: true };
  const job = jobFor({ ...deterministic, threads: 2 }, { ...deterministic, threads: 3 }, deterministic);
  const results = await trainInPage<Result[]>({ files: plainPage(), headers: ISOLATING }, job);
  expect(results.map(({ description }) => description)).toEqual([
    `${PORTABLE}2 threads`,
    `${PORTABLE}3 threads`,
    expect.stringMatching(/portable SIMD, \d+ threads?$/),
  ]);
  for (const { bits } of results) expectNumbers(bits, expected);
});

test.each(builds)('%s build: exact at 0 and ±∞, NaN stays NaN', (_, bytes) => {
  const { functions, x, out } = instantiate(bytes);
  x.set([0, -0, Infinity, -Infinity, NaN, 0, 0, 0]);
  functions.sigmoidOf(OUT, X, 8);
  expect([...out.slice(0, 5)]).toEqual([0.5, 0.5, 1, 0, NaN]);
  functions.tanhOf(OUT, X, 8);
  expect([...out.slice(0, 5)]).toEqual([0, -0, 1, -1, NaN]);
  x.set([0, -0, -80.00001, -Infinity, NaN]);
  functions.expOf(OUT, X, 8);
  expect([...out.slice(0, 5)]).toEqual([1, 1, 0, 0, NaN]);
});

describe('vanishing gradients', () => {
  test('are 0 after 800 steps, and never subnormal numbers, which slow a processor down', async () => {
    const backend = await createWasmBackend({ threads: 1, check: true });
    const model = new Model(backend, { T: 800, B: 4, I: 3, H: 8, C: 3 });
    model.initialise(new Random(1));
    model.activations.y.data.set([0, 1, 2, 0]);
    model.forward();
    model.backward();
    for (const gradients of [model.activations.dh, model.activations.dc]) {
      const sizes = valuesOf(gradients).map(Math.abs);
      expect(sizes.filter((size) => size > 0 && size < 2 ** -126)).toHaveLength(0);
      expect(sizes.filter((size) => size > 0).length).toBeGreaterThan(100 * 4 * 8);
      expect(new Set(sizes.subarray(0, 4 * 8))).toEqual(new Set([0]));
    }
  });

  test('become 0 below 2⁻¹⁰⁰, and are unchanged above it; NaN stays NaN', async () => {
    const gradients = [2 ** -90, -(2 ** -90), 2 ** -101, -(2 ** -101), NaN, 1];
    const backend = await createWasmBackend({ threads: 1, check: true });
    const [row, wide] = [() => backend.allocate([1, 6]), () => backend.allocate([1, 24])];
    const [dc, gates, c, dh] = [row(), wide(), row(), row()];
    gates.data.fill(0.5);
    c.data.fill(1);
    dh.data.set(gradients);
    backend.lstmCellBackward(wide(), dc, row(), dh, gates, c, row());
    const relative = [...valuesOf(dc)].map((value, n) => value / (gradients[n] * 0.5 * (1 - Math.tanh(1) ** 2)));
    expect(relative.map((ratio) => Math.round(ratio * 1e6) / 1e6)).toEqual([1, 1, 0, -0, NaN, 1]);
  });
});

describe('the threads of a process', () => {
  /** Runs a script that can use `createWasmBackend`, and `workers`, the threads that it has started. */
  function run(script: string) {
    const prelude = `
      import { createWasmBackend } from 'longhand/wasm';
      const workers = [];
      process.on('worker', (worker) => workers.push(worker));
      const until = async (holds) => {
        while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
      };`;
    return spawnSync(process.execPath, ['--input-type=module'], {
      input: prelude + script,
      encoding: 'utf8',
      timeout: 100_000,
    });
  }

  test('do not keep a process alive', () => {
    const { status, signal } = run(`
      const backend = await createWasmBackend({ threads: 3, check: true });
      const a = backend.allocate([64, 64]);
      backend.matmul(backend.allocate([64, 64]), a, a);`);
    expect({ status, signal }).toEqual({ status: 0, signal: null });
  });

  test('use no processor while they are idle', () => {
    const { stdout, status } = run(`
      const backend = await createWasmBackend({ threads: 3, check: true });
      const a = backend.allocate([64, 64]);
      backend.matmul(backend.allocate([64, 64]), a, a);
      let microseconds = Infinity;
      while (microseconds > 5000) { // on a busy computer the threads may start late
        const before = process.cpuUsage();
        await new Promise((resolve) => setTimeout(resolve, 300));
        const { user, system } = process.cpuUsage(before);
        microseconds = user + system;
      }
      console.log('idle');`);
    expect({ status, stdout }).toEqual({ status: 0, stdout: 'idle\n' });
  });

  test('that die make every later call an error', () => {
    const { stdout, status } = run(`
      const backend = await createWasmBackend({ threads: 3, check: true });
      const a = backend.allocate([64, 64]);
      backend.fill(a, 1);
      await until(() => workers.length === 2); // Node reports new workers with a delay
      let hasEnded = false;
      workers[1].on('exit', () => (hasEnded = true));
      workers[1].terminate();
      await until(() => hasEnded);
      try {
        backend.fill(a, 2);
      } catch ({ message }) {
        console.log(message);
      }
      await backend.keepPace().catch(({ message }) => console.log(message));
      await backend.dispose();`);
    // 1, or 0 if it was terminated before it had begun
    expect(stdout).toMatch(/^(wasm: a worker thread has died \(exit code [01]\); make a new backend\n)\1$/);
    expect(status).toBe(0);
  });

  test('have the requested number, and end with dispose', () => {
    const { stdout } = run(`
      const backend = await createWasmBackend({ threads: 4, check: true });
      await until(() => workers.length >= 3);
      console.log(backend.description, workers.length);
      let ended = 0;
      workers.forEach((worker) => worker.on('exit', () => ended++));
      await backend.dispose();
      await until(() => ended === 3);
      console.log(ended);`);
    expect(stdout).toMatch(/^wasm: WebAssembly, (relaxed|portable) SIMD, 4 threads 3\n3\n$/);
  });
});

test('a job that never ends is an error, and so is every job after it', async () => {
  const backend = await createWasmBackend({ threads: 2, check: true });
  const [out, a] = [backend.allocate([64, 64]), backend.allocate([64, 64])];
  // A thread that keeps setting the number of finished chunks to 0 makes it seem that one is missing.
  const script = `const { workerData: memory } = require('node:worker_threads');
    for (;;) Atomics.store(memory, ${FINISHED} / 4, 0);`;
  const saboteur = new Worker(script, { eval: true, workerData: new Int32Array(a.data.buffer) });
  let hours = 0;
  const clock = jest.spyOn(performance, 'now').mockImplementation(() => 3_600_000 * hours++);
  const message = /^wasm: (pack|matmul) was not finished \(Error: no end after 30 s\); make a new backend$/;
  try {
    const end = Date.now() + 100_000; // on a busy computer the saboteur may be late
    expect(() => {
      while (Date.now() < end) backend.matmul(out, a, a);
    }).toThrow(message);
  } finally {
    clock.mockRestore();
    await saboteur.terminate();
  }
  expect(() => backend.fill(a, 1)).toThrow(message);
  await expect(backend.download(a)).rejects.toThrow(message);
  await backend.dispose();
});

test('if Node allows no workers, a backend has one thread, a description that says so, and the same bits', () => {
  const program = `
    import { createWasmBackend } from './dist/kernels/wasm/index.js';
    const bits = [];
    for (const threads of [3, 1]) {
      const backend = await createWasmBackend({ threads, deterministic: true });
      const [out, a, b] = [[8, 20], [8, 5], [5, 20]].map((shape) => backend.allocate(shape));
      for (const tensor of [a, b]) tensor.data.forEach((_, n) => (tensor.data[n] = Math.sin(n)));
      backend.matmul(out, a, b);
      console.log(backend.description);
      bits.push(out.data.join());
      await backend.dispose();
    }
    console.log(bits[0] === bits[1]);`;
  const [major] = process.versions.node.split('.').map(Number);
  const permission = major >= 24 ? '--permission' : '--experimental-permission';
  const flags = [permission, '--allow-fs-read=*', '--no-warnings', '--input-type=module'];
  const { stdout, stderr } = spawnSync(process.execPath, [...flags, '--eval', program], {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  expect(stdout.split('\n')).toEqual([
    expect.stringMatching(/^wasm: WebAssembly, portable SIMD, 1 thread \(workers are blocked: .+\)$/),
    'wasm: WebAssembly, portable SIMD, 1 thread',
    'true',
    '',
  ]);
});
