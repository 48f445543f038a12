/** The threads of the WebAssembly backend: their start and end, idle time, death, and jobs that are never finished. */
import { jest } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { createWasmBackend } from '../../kernels/wasm/index.js';
import { FINISHED } from '../../kernels/wasm/jobs.js';

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
