/** What the WebAssembly backend promises beyond the suite of all backends: see docs/backends.md. */
import { jest } from '@jest/globals';
import fc from 'fast-check';
import { spawnSync } from 'node:child_process';
import { Worker } from 'node:worker_threads';
import { createReferenceBackend } from '../kernels/reference/index.js';
import { PORTABLE, RELAXED } from '../kernels/wasm/binaries.js';
import { productChunks } from '../kernels/wasm/chunks.js';
import { Heap } from '../kernels/wasm/heap.js';
import { createWasmBackend } from '../kernels/wasm/index.js';
import { FINISHED } from '../kernels/wasm/jobs.js';
import { Adam } from '../src/adam.js';
import type { Backend } from '../src/backend.js';
import { OutOfMemoryError } from '../src/errors.js';
import { Model } from '../src/model.js';
import { fillRandom, Random } from '../src/rng.js';
import type { Tensor } from '../src/tensor.js';
import { copyInto, rowsOf, transposeOf, valuesOf } from '../src/tensor.js';
import { train } from '../src/training/loop.js';
import { smallImages } from './helpers/small-images.js';

describe('σ and tanh', () => {
  const COUNT = 1 << 16;
  const [X, OUT] = [1 << 20, (1 << 20) + 4 * COUNT];
  const FUNCTIONS = {
    sigmoidOf: (x: number) => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x))),
    tanhOf: Math.tanh,
  };
  type Functions = Record<keyof typeof FUNCTIONS, (out: number, x: number, size: number) => void>;

  const builds = Object.entries({ portable: PORTABLE, relaxed: RELAXED })
    .map(([name, text]) => [name, Buffer.from(text, 'base64')] as const)
    .filter(([, bytes]) => WebAssembly.validate(bytes));

  function instantiate(bytes: Buffer<ArrayBuffer>) {
    const memory = new WebAssembly.Memory({ initial: 32, maximum: 65536, shared: true });
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } });
    const functions = exports as unknown as Functions;
    const [x, out] = [new Float32Array(memory.buffer, X, COUNT), new Float32Array(memory.buffer, OUT, COUNT)];
    return { functions, x, bits: new Uint32Array(memory.buffer, X, COUNT), out };
  }

  /** The distance of neighbouring f32 numbers at `value`. */
  const spacing = (value: number): number => 2 ** (Math.max(-126, Math.floor(Math.log2(Math.abs(value)))) - 23);

  test.each(
    builds.flatMap(([build, bytes]) => [[build, 'sigmoidOf', bytes] as const, [build, 'tanhOf', bytes] as const]),
  )('%s build, %s: every 4099th f32 is within 4 ulp of the correctly rounded value', (_, name, bytes) => {
    const { functions, x, bits, out } = instantiate(bytes);
    const right = FUNCTIONS[name];
    let worst = 0;
    for (let first = 0; first < 2 ** 32; first += 4099 * COUNT) {
      for (let n = 0; n < COUNT; n++) bits[n] = first + 4099 * n;
      functions[name](OUT, X, COUNT);
      for (let n = 0; n < COUNT; n++) {
        if (Number.isNaN(x[n])) {
          if (!Number.isNaN(out[n])) worst = Infinity;
          continue;
        }
        const expected = Math.fround(right(x[n]));
        worst = Math.max(worst, Math.abs(out[n] - expected) / (expected === 0 ? 2 ** -149 : spacing(expected)));
      }
    }
    expect(worst).toBeLessThanOrEqual(4);
  });

  test.each(builds)('%s build: exact at 0 and ±∞, NaN stays NaN', (_, bytes) => {
    const { functions, x, out } = instantiate(bytes);
    x.set([0, -0, Infinity, -Infinity, NaN, 0, 0, 0]);
    functions.sigmoidOf(OUT, X, 8);
    expect([...out.slice(0, 5)]).toEqual([0.5, 0.5, 1, 0, NaN]);
    functions.tanhOf(OUT, X, 8);
    expect([...out.slice(0, 5)]).toEqual([0, -0, 1, -1, NaN]);
  });
});

test('a product of any of 2,000 random shapes, views and options is the f64 reference’s', async () => {
  const reference = createReferenceBackend({ dtype: 'f64' });
  const backend = await createWasmBackend({ threads: 2, check: true });
  const random = new Random(5);
  const extent = (): number => 1 + random.below(random.below(10) === 0 ? 300 : 40);
  for (let run = 0; run < 2000; run++) {
    const [M, K, N] = [extent(), extent(), extent()];
    const [aTransposed, bTransposed] = [0, 0].map(() => random.below(2) === 1);
    const added = (['none', 'out', 'bias'] as const)[random.below(3)];
    const shapes = [[M, N], aTransposed ? [K, M] : [M, K], bTransposed ? [N, K] : [K, N], [1, N]];
    const above = random.below(4); // rows before the view in its tensor
    const operandsOn = (machine: Backend): Tensor[] =>
      shapes.map(([rows, columns]) => rowsOf(machine.allocate([rows + above, columns]), above, rows + above));
    const tested = operandsOn(backend);
    const exact = operandsOn(reference);
    tested.forEach((tensor, n) => {
      fillRandom(tensor, () => random.uniform(-1, 1));
      backend.upload(tensor);
      copyInto(exact[n], tensor);
    });
    for (const [machine, [out, a, b, bias]] of [
      [backend, tested],
      [reference, exact],
    ] as const) {
      machine.matmul(
        out,
        aTransposed ? transposeOf(a) : a,
        bTransposed ? transposeOf(b) : b,
        added === 'bias' ? { bias: bias.pick(0) } : { accumulate: added === 'out' },
      );
    }
    // K products of numbers below 1, each added with one rounding of a sum below K + 2: the textbook bound.
    const bound = (K + 2) * (K + 2) * 2 ** -24;
    const [actual, expected] = [valuesOf(tested[0]), valuesOf(exact[0])];
    const error = expected.reduce((most, value, n) => Math.max(most, Math.abs(actual[n] - value)), 0);
    if (!(error <= bound)) {
      throw new Error(`${JSON.stringify({ M, K, N, aTransposed, bTransposed, added })}: ${error}`);
    }
    tested.forEach((tensor) => backend.free(tensor));
  }
  await backend.dispose();
});

test('a view that the inner loops cannot read is refused, not read wrongly', async () => {
  const backend = await createWasmBackend({ threads: 1, check: true });
  const [out, a, b] = [backend.allocate([2, 2]), backend.allocate([4, 4]), backend.allocate([2, 2])];
  const everyOther = a.step(2, 2);
  const message = 'a [2,2] with strides [8,2]: one stride must be 1; copy it first';
  expect(() => backend.matmul(out, everyOther, b)).toThrow(message);
  expect(() => backend.matmul(out, b, everyOther)).toThrow(message.replace('a', 'b'));
  expect(() => backend.matmul(transposeOf(out), b, b)).toThrow('out [2,2] must not be a transpose');
});

test('what was packed from a matrix is packed anew when an operation or the host has written it', async () => {
  const backend = await createWasmBackend({ threads: 2, check: true });
  const [out, a, b] = [backend.allocate([8, 20]), backend.allocate([8, 5]), backend.allocate([5, 20])];
  backend.fill(a, 1);
  const writes: [() => void, number][] = [
    [() => backend.fill(b, 1), 5],
    [() => backend.fill(rowsOf(b, 1, 5), 2), 9],
    [() => backend.copy(b, backend.allocate([5, 20])), 0],
    [
      () => {
        fillRandom(b, () => 3);
        backend.upload(b);
      },
      15,
    ],
  ];
  for (const [write, expected] of writes) {
    write();
    backend.matmul(out, a, b);
    expect([...new Set(valuesOf(out))]).toEqual([expected]);
  }
});

describe('whole training runs', () => {
  const images = smallImages(60, 7, 5);
  const OPTIONS = { batchSize: 20, trainingIters: 20 * 21, hidden: 37, displayStep: 5 };

  async function weightsOf(threads: number, deterministic: boolean): Promise<Float64Array[]> {
    const backend = await createWasmBackend({ threads, deterministic, check: true });
    const model = await train(backend, images, OPTIONS);
    const weights = model.parameters.map(({ value }) => valuesOf(value));
    await backend.dispose();
    return weights;
  }

  test.each([true, false])(
    'give the same bits on 1, 2, 3 and 5 threads, and again (deterministic: %s)',
    async (deterministic) => {
      const expected = await weightsOf(1, deterministic);
      for (const threads of [2, 3, 5, 2]) expect(await weightsOf(threads, deterministic)).toEqual(expected);
    },
  );

  test('the portable build gives these bits on every machine', async () => {
    const weights = await weightsOf(2, true);
    const bits = new Uint32Array(Float32Array.from(weights.flatMap((values) => [...values])).buffer);
    expect(bits.reduce((hash, word) => Math.imul(hash ^ word, 16777619) >>> 0, 2166136261)).toMatchSnapshot();
  });
});

describe('memory', () => {
  const sizes = { T: 3, B: 2, I: 2, H: 5, C: 3 };

  test('stays what it was over 10,000 steps, and over 300 models made and disposed of', async () => {
    const backend = await createWasmBackend({ threads: 1, check: true });
    const model = new Model(backend, sizes);
    const adam = new Adam(backend, model.parameters);
    const step = (one: Model, itsAdam: Adam): void => {
      one.forward();
      one.backward();
      itsAdam.update(0.01);
    };
    step(model, adam);
    new Model(backend, sizes).dispose();
    const bytes = (): number => model.activations.x.data.buffer.byteLength;
    const before = bytes();
    for (let n = 0; n < 10_000; n++) step(model, adam);
    for (let n = 0; n < 300; n++) {
      const other = new Model(backend, sizes);
      const otherAdam = new Adam(backend, other.parameters);
      step(other, otherAdam);
      otherAdam.dispose();
      other.dispose();
    }
    expect(bytes()).toBe(before);
  });

  test('too much of it is an error that names the bytes and the limit', async () => {
    const backend = await createWasmBackend({ threads: 1, check: true });
    expect(() => backend.allocate([100_000, 100_000])).toThrow(OutOfMemoryError);
    expect(() => backend.allocate([100_000, 100_000])).toThrow(/40000000000 bytes .* limit of 4294967296 bytes/);
  });

  test.each([
    [-1000, 4],
    [1.5, 3],
    [0, 3],
    [3, NaN],
  ])('a shape [%d,%d] is refused and leaves the memory in order', async (...shape) => {
    const backend = await createWasmBackend({ threads: 1, check: true });
    const before = backend.allocate([4000]);
    backend.fill(before, 1);
    expect(() => backend.allocate(shape)).toThrow(/every extent must be a whole number ≥ 1/);
    backend.fill(backend.allocate([4000]), 7);
    expect(new Set(valuesOf(before))).toEqual(new Set([1]));
  });

  test('a freed tensor, or one of another backend, is refused', async () => {
    const backend = await createWasmBackend({ threads: 1, check: true });
    const tensor = backend.allocate([2, 3]);
    backend.free(tensor);
    expect(() => backend.fill(tensor, 1)).toThrow('wasm: [2,3] was not allocated by this backend, or has been freed');
    expect(() => backend.upload(tensor)).toThrow('has been freed');
    expect(() => backend.fill(createReferenceBackend().allocate([2, 3]), 1)).toThrow(
      'was not allocated by this backend',
    );
  });

  test('new tensors are zero, also where freed ones held numbers', async () => {
    const backend = await createWasmBackend({ threads: 1, check: true });
    const tensor = backend.allocate([50]);
    backend.fill(tensor, 7);
    backend.free(tensor);
    expect(valuesOf(backend.allocate([50])).every((value) => value === 0)).toBe(true);
  });

  test('parts handed out never overlap, and all comes back', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ bytes: fc.integer({ min: 1, max: 9000 }), release: fc.nat() })), (calls) => {
        const memory = new WebAssembly.Memory({ initial: 1, maximum: 100, shared: true });
        const heap = new Heap(memory, 1024, 100 * 65536);
        const held: { address: number; bytes: number }[] = [];
        for (const { bytes, release } of calls) {
          if (release % 2 === 1 && held.length > 0) heap.release(held.splice(release % held.length, 1)[0].address);
          const address = heap.allocate(bytes);
          expect(held.filter((part) => address < part.address + part.bytes && part.address < address + bytes)).toEqual(
            [],
          );
          expect(address).toBeGreaterThanOrEqual(1024);
          expect(address + bytes).toBeLessThanOrEqual(memory.buffer.byteLength);
          held.push({ address, bytes });
        }
        held.forEach((part) => heap.release(part.address));
        expect(heap.bytesInUse).toBe(0);
      }),
      { seed: 3 },
    );
  });
});

describe('slopes that fade on their way back', () => {
  test('end as zeros after 800 steps, and never as subnormal numbers, with which a processor is slow', async () => {
    const backend = await createWasmBackend({ threads: 1, check: true });
    const model = new Model(backend, { T: 800, B: 4, I: 3, H: 8, C: 3 });
    model.initialise(new Random(1));
    model.activations.y.data.set([1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 0, 0]);
    model.forward();
    model.backward();
    for (const slopes of [model.activations.dh, model.activations.dc]) {
      const sizes = valuesOf(slopes).map(Math.abs);
      expect(sizes.filter((size) => size > 0 && size < 2 ** -126)).toHaveLength(0);
      expect(sizes.filter((size) => size > 0).length).toBeGreaterThan(100 * 4 * 8);
      expect(new Set(sizes.subarray(0, 4 * 8))).toEqual(new Set([0]));
    }
  });

  test('are zero below 2⁻¹⁰⁰, as they were above it, and NaN where they were NaN', async () => {
    const slopes = [2 ** -90, -(2 ** -90), 2 ** -101, -(2 ** -101), NaN, 1];
    const backend = await createWasmBackend({ threads: 1, check: true });
    const [row, wide] = [() => backend.allocate([1, 6]), () => backend.allocate([1, 24])];
    const [dc, gates, c, dh] = [row(), wide(), row(), row()];
    gates.data.fill(0.5);
    c.data.fill(1);
    dh.data.set(slopes);
    backend.lstmCellBackward(wide(), dc, row(), dh, gates, c, row());
    const relative = [...valuesOf(dc)].map((slope, n) => slope / (slopes[n] * 0.5 * (1 - Math.tanh(1) ** 2)));
    expect(relative.map((ratio) => Math.round(ratio * 1e6) / 1e6)).toEqual([1, 1, 0, -0, NaN, 1]);
  });
});

test('a job that is never finished is an error, and so is every job after it', async () => {
  const backend = await createWasmBackend({ threads: 2, check: true });
  const [out, a] = [backend.allocate([64, 64]), backend.allocate([64, 64])];
  // A thread that keeps setting the number of finished chunks to 0 makes it seem that one is missing.
  const script = `const { workerData: memory } = require('node:worker_threads');
    for (;;) Atomics.store(memory, ${FINISHED} / 4, 0);`;
  const saboteur = new Worker(script, { eval: true, workerData: new Int32Array(a.data.buffer) });
  let hours = 0;
  const clock = jest.spyOn(performance, 'now').mockImplementation(() => 3_600_000 * hours++);
  const message = /^wasm: (pack|multiply) was not finished \(Error: no end after 30 s\); make a new backend$/;
  try {
    const end = Date.now() + 30_000; // on a busy machine the saboteur may be late
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

test.each([
  [16_000, 16_000, 16_000, false, 2],
  [16_000, 16_000, 16_000, true, 2],
  [1000, 1000, 1000, false, 2],
  [128, 512, 128, false, 2],
  [128, 512, 128, true, 3],
  [1, 40, 7, false, 5],
  [33, 1, 1, false, 48],
])(
  'chunks cover [%d,%d] (K %d, transposed %s, %d threads) and none is a matter of seconds',
  (M, N, K, transposed, threads) => {
    const { rows, columns, chunks } = productChunks(M, N, K, transposed, threads);
    expect(Math.ceil(M / rows) * Math.ceil(N / columns)).toBe(chunks);
    expect(columns % 16).toBe(0);
    expect((2 * rows * Math.min(N, columns) * K) / 1e9).toBeLessThan(3);
  },
);

test.each([false, true])(
  'a product cut by rows and columns has the bits of the whole (a transposed: %s)',
  async (transposed) => {
    const [M, N, K] = [1000, 1470, 1450];
    const cut = productChunks(M, N, K, transposed, 2);
    expect([Math.ceil(M / cut.rows), Math.ceil(N / cut.columns)].every((parts) => parts > 1)).toBe(true);
    const [whole, inParts] = await Promise.all(
      [1, 2].map(async (threads) => {
        const backend = await createWasmBackend({ threads, check: true });
        const random = new Random(5);
        const [out, a, b] = [[M, N], transposed ? [K, M] : [M, K], [K, N]].map((shape) => backend.allocate(shape));
        for (const { data } of [a, b]) for (let n = 0; n < data.length; n++) data[n] = random.uniform(-1, 1);
        backend.matmul(out, transposed ? transposeOf(a) : a, b);
        const values = Float32Array.from(out.data);
        await backend.dispose();
        return values;
      }),
    );
    expect(Buffer.compare(Buffer.from(inParts.buffer), Buffer.from(whole.buffer))).toBe(0);
  },
);

describe('threads, in a process of their own', () => {
  /** Runs a script in which `createWasmBackend` is there and `workers` are the threads it has started. */
  function run(script: string) {
    const prelude = `
      import { createWasmBackend } from 'longhand/wasm';
      const workers = [];
      process.on('worker', (worker) => workers.push(worker));`;
    return spawnSync(process.execPath, ['--input-type=module'], {
      input: prelude + script,
      encoding: 'utf8',
      timeout: 20_000,
    });
  }

  test('keep no process alive', () => {
    const { status, signal } = run(`
      const backend = await createWasmBackend({ threads: 3, check: true });
      const a = backend.allocate([64, 64]);
      backend.matmul(backend.allocate([64, 64]), a, a);`);
    expect({ status, signal }).toEqual({ status: 0, signal: null });
  });

  test('use no processor while idle', () => {
    const { stdout } = run(`
      const backend = await createWasmBackend({ threads: 3, check: true });
      const a = backend.allocate([64, 64]);
      backend.matmul(backend.allocate([64, 64]), a, a);
      await new Promise((resolve) => setTimeout(resolve, 300));
      const before = process.cpuUsage();
      await new Promise((resolve) => setTimeout(resolve, 1000));
      const { user, system } = process.cpuUsage(before);
      console.log((user + system) / 1e6);`);
    expect(Number(stdout)).toBeLessThan(0.2);
  });

  test('that die make every later call an error, not a hang', () => {
    const { stdout, status } = run(`
      const backend = await createWasmBackend({ threads: 3, check: true });
      const a = backend.allocate([64, 64]);
      backend.fill(a, 1);
      await new Promise((resolve) => setTimeout(resolve, 100)); // Node reports new workers a little later
      await workers[1].terminate();
      await new Promise((resolve) => setTimeout(resolve, 50));
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

  test('are as many as were asked for, and end with dispose', () => {
    const { stdout } = run(`
      const backend = await createWasmBackend({ threads: 4, check: true });
      await new Promise((resolve) => setTimeout(resolve, 100));
      console.log(backend.description, workers.length);
      let ended = 0;
      workers.forEach((worker) => worker.on('exit', () => ended++));
      await backend.dispose();
      await new Promise((resolve) => setTimeout(resolve, 50));
      console.log(ended);`);
    expect(stdout).toMatch(/^wasm: WebAssembly, (relaxed|portable) SIMD, 4 threads 3\n3\n$/);
  });

  test.each([0, -1, 1.5, NaN, 1000])('%d threads are refused', async (threads) => {
    await expect(createWasmBackend({ threads, check: true })).rejects.toThrow(
      `wasm: threads ${threads}: must be a whole number in 1…48`,
    );
  });
});
