/** What the WebAssembly backend refuses, detects and reports: options, host writes without an upload, blocked workers. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { createGpuBackend } from '../kernels/gpu/index.js';
import { createReferenceBackend } from '../kernels/reference/index.js';
import { createWasmBackend } from '../kernels/wasm/index.js';
import { Adam } from '../src/adam.js';
import { Model } from '../src/model.js';
import { fillRandom, Random } from '../src/rng.js';
import { rowsOf, transposeOf, valuesOf } from '../src/tensor.js';
import { failureOf } from './helpers/failures.js';

const project = fileURLToPath(new URL('..', import.meta.url));

describe('with { check: true }', () => {
  async function prepared(check: boolean) {
    const backend = await createWasmBackend({ threads: 1, check });
    const [out, a, b] = [backend.allocate([8, 20]), backend.allocate([8, 5]), backend.allocate([5, 20])];
    const random = new Random(2);
    for (const tensor of [a, b]) {
      fillRandom(tensor, () => random.normal(0, 1));
      backend.upload(tensor);
    }
    backend.matmul(out, a, b);
    return { backend, out, a, b };
  }
  const message = (place: string) =>
    `wasm matmul: b [5,20] was changed on the host at [${place}] without upload: call backend.upload(tensor) after writing`;

  test.each([
    ['[0,0]', 0, 0],
    ['[2,7]', 2, 7],
    ['[4,19]', 4, 19],
  ])('a weight changed on the host without upload is an error: %s', async (_, row, column) => {
    const { backend, out, a, b } = await prepared(true);
    b.set(row, column, 9);
    expect(() => backend.matmul(out, a, b)).toThrow(message(`${row},${column}`));
    backend.upload(b);
    backend.matmul(out, a, b);
    await backend.dispose();
  });

  test('so is a change to 0 of the other sign, and to NaN', async () => {
    const { backend, out, a, b } = await prepared(true);
    for (const [before, after] of [
      [0, -0],
      [1, NaN],
    ]) {
      b.set(1, 1, before);
      backend.upload(b);
      backend.matmul(out, a, b);
      b.set(1, 1, after);
      expect(() => backend.matmul(out, a, b)).toThrow(message('1,1'));
    }
    await backend.dispose();
  });

  test('and one in a view: a transpose, a range of rows', async () => {
    const { backend, a, b } = await prepared(true);
    const [wide, square] = [backend.allocate([8, 5]), backend.allocate([8, 20])];
    const rows = rowsOf(b, 0, 3);
    backend.matmul(wide, square, transposeOf(b));
    backend.matmul(square, rowsOf(transposeOf(backend.allocate([8, 3])), 0, 3).transpose(1, 0), rows);
    rows.set(2, 4, 9);
    expect(() => backend.matmul(wide, square, transposeOf(b))).toThrow('b [20,5] was changed on the host at [4,2]');
    expect(() => backend.matmul(square, backend.allocate([8, 3]), rows)).toThrow('b [3,20] was changed');
    expect(() => backend.matmul(square, a, b)).toThrow('b [5,20] was changed');
    await backend.dispose();
  });

  test('without it the old weights are used, which is why it is there', async () => {
    const { backend, out, a, b } = await prepared(false);
    const before = valuesOf(out);
    b.set(2, 7, 9);
    backend.matmul(out, a, b);
    expect(valuesOf(out)).toEqual(before);
    await backend.dispose();
  });

  test('what operations write needs no upload: two training steps', async () => {
    const backend = await createWasmBackend({ threads: 2, check: true });
    const model = new Model(backend, { T: 3, B: 8, I: 5, H: 9, C: 4 });
    model.initialise(new Random(1));
    const adam = new Adam(backend, model.parameters);
    for (let step = 0; step < 2; step++) {
      model.forward();
      model.backward();
      adam.update(0.01);
    }
    await backend.dispose();
  });
});

test('options that do not exist, or are of another kind, are refused by name on every backend', async () => {
  const wasm = await failureOf(createWasmBackend({ thread: 2 } as object));
  expect(wasm).toEqual(new TypeError('wasm: thread: unknown option; did you mean threads?'));
  const check = await failureOf(createWasmBackend({ check: 'yes' } as object));
  expect(check).toEqual(new TypeError('wasm: check "yes": must be a boolean'));
  const threads = await failureOf(createWasmBackend({ threads: '2' } as object));
  expect(threads).toEqual(new TypeError('wasm: threads "2": must be a number'));
  const gpu = await failureOf(createGpuBackend({ gpuMode: 'cpu' } as object));
  expect(gpu).toEqual(new TypeError('gpu: gpuMode: unknown option; known are mode'));
  const mode = await failureOf(createGpuBackend({ mode: 'webgl3' as 'webgl2' }));
  expect(mode).toEqual(new RangeError('gpu: mode "webgl3": must be auto, webgpu, webgl2, headlessgl, webasm, cpu'));
  expect(() => createReferenceBackend({ type: 'f64' } as object)).toThrow(
    new TypeError('reference: type: unknown option; known are dtype'),
  );
  expect(() => createReferenceBackend({ dtype: 'float64' as 'f64' })).toThrow(
    new RangeError('reference: dtype "float64": must be f32 or f64'),
  );
});

test('where Node allows no workers: one thread, a description that says so, and the same bits', () => {
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
    cwd: project,
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
