/** The memory of the WebAssembly backend: allocation, freeing, limits and refused tensors; and the fields of jobs. */
import { readFileSync } from 'node:fs';
import { jest } from '@jest/globals';
import fc from 'fast-check';
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { translateJobs } from '../../kernels/wasm/build-jobs.mjs';
import { WasmHeap } from '../../kernels/wasm/heap.js';
import { createWasmBackend } from '../../kernels/wasm/index.js';
import { JOB, JobWriter, Kind } from '../../kernels/wasm/jobs.js';
import { OutOfMemoryError } from '../../src/core/errors.js';
import { valuesOf, zeros } from '../../src/core/tensor.js';
import { Network } from '../../src/door/network.js';
import { failureOf } from '../helpers/failures.js';
import { describeSteadyMemory } from '../helpers/wasm-suite.js';

describe('memory', () => {
  describeSteadyMemory({ steps: 500, models: 30, batches: 20 });

  test('a request over the limit is an error that names the bytes and the limit', async () => {
    const backend = await createWasmBackend({ threads: 1, check: true });
    expect(() => backend.allocate([100_000, 100_000])).toThrow(OutOfMemoryError);
    expect(() => backend.allocate([100_000, 100_000])).toThrow(/40000000000 bytes .* limit of 4294967296 bytes/);
  });

  test('has the limit that the system allows, as a browser on a telephone, or none', async () => {
    const { Memory } = WebAssembly;
    let most = 16384;
    const memory = jest.spyOn(WebAssembly, 'Memory').mockImplementation((descriptor) => {
      if ((descriptor.maximum ?? 0) > most) throw new RangeError('could not allocate memory');
      return new Memory(descriptor);
    });
    try {
      const backend = await createWasmBackend({ threads: 1, check: true });
      expect(() => backend.allocate([100_000, 100_000])).toThrow('over the limit of 1073741824 bytes');
      most = 0;
      const failure = await failureOf(createWasmBackend());
      expect(failure).toBeInstanceOf(OutOfMemoryError);
      expect(String(failure)).toContain(
        'wasm: the system refuses addresses for a memory of 4294967296 bytes, and of 268435456',
      );
    } finally {
      memory.mockRestore();
    }
  });

  test.each([
    [-1000, 4],
    [1.5, 3],
    [0, 3],
    [3, NaN],
  ])('a shape [%d,%d] is refused, and the memory stays usable', async (...shape) => {
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
    expect(() => backend.fill(tensor, 1)).toThrow('fill: [2,3] has been freed');
    expect(() => backend.upload(tensor)).toThrow('has been freed');
    expect(() => backend.fill(createReferenceBackend().allocate([2, 3]), 1)).toThrow(
      'was not allocated by this backend',
    );
  });

  test('new tensors are 0, even in the memory of freed ones', async () => {
    const backend = await createWasmBackend({ threads: 1 });
    const tensor = backend.allocate([50]);
    backend.fill(tensor, 7);
    backend.free(tensor);
    const next = backend.allocate([50]);
    expect(next.data.byteOffset).toBe(tensor.data.byteOffset);
    expect(valuesOf(next).every((value) => value === 0)).toBe(true);
  });

  test('with check: true a write through a freed tensor is an error, once; its memory is used again after 8 MiB more', async () => {
    const backend = await createWasmBackend({ threads: 1, check: true });
    const freed = backend.allocate([2, 3]);
    backend.free(freed);
    const other = backend.allocate([2, 3]);
    await backend.download(other);
    freed.set(1, 1, 99);
    const words = 'wasm: element 4 of a freed tensor [2,3] has been set to 99';
    await expect(backend.download(other)).rejects.toThrow(words);
    await backend.download(other);
    freed.set(0, 0, 0);
    await expect(backend.download(other)).rejects.toThrow('element 0 of a freed tensor [2,3] has been set to 0');
    expect(valuesOf(other).every((value) => value === 0)).toBe(true);
    const large = Array.from({ length: 9 }, () => backend.allocate([256, 1024])); // 1 MiB each, of which 8 MiB are kept
    for (const tensor of large) backend.free(tensor);
    expect(backend.allocate([256, 1024]).data.byteOffset).toBe(large[0].data.byteOffset);
    await backend.dispose();
  });

  test("with check: true a weight of the tutorial's network that is set after dispose() is an error in the next one", async () => {
    const backend = await createWasmBackend({ threads: 1, check: true });
    const made = () => new Network(backend, { inputs: 28, layers: [{ hidden: 128 }], outputs: 10 }, { T: 28, B: 128 });
    const network = made();
    const { value } = network.parameters[0];
    network.dispose();
    const next = made();
    value.set(0, 0, 99);
    next.setBatch({ x: zeros([28, 128, 28]), labels: Array<number>(128).fill(0) });
    next.forward();
    await expect(next.metrics()).rejects.toThrow('element 0 of a freed tensor [156,512] has been set to 99');
    await backend.dispose();
  });

  test('allocated parts never overlap, and freeing them leaves no byte in use', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ bytes: fc.integer({ min: 1, max: 9000 }), release: fc.nat() })), (calls) => {
        const memory = new WebAssembly.Memory({ initial: 1, maximum: 100, shared: true });
        const heap = new WasmHeap(memory, 1024, 100 * 65536);
        const held: { address: number; bytes: number }[] = [];
        for (const { bytes, release } of calls) {
          if (release % 2 === 1 && held.length > 0) heap.release(held.splice(release % held.length, 1)[0].address);
          const address = heap.allocateZeros(bytes);
          expect(held.filter((part) => address < part.address + part.bytes && part.address < address + bytes)).toEqual(
            [],
          );
          expect(address).toBeGreaterThanOrEqual(1024);
          expect(address + bytes).toBeLessThanOrEqual(memory.buffer.byteLength);
          const part = new Uint8Array(memory.buffer, address, bytes);
          expect(part.every((byte) => byte === 0)).toBe(true);
          part.fill(1);
          held.push({ address, bytes });
        }
        held.forEach((part) => heap.release(part.address));
        expect(heap.bytesInUse).toBe(0);
      }),
      { seed: 3 },
    );
  });
});

/* The fields of jobs: two files of kernels/wasm/assembly list them, and the host writes them by the same names. */

const assembly = ['jobs', 'cell-jobs']
  .map((file) => readFileSync(new URL(`../../kernels/wasm/assembly/${file}.ts`, import.meta.url), 'utf8'))
  .join('');

/** What AssemblyScript lays out: fields of 4 bytes, in the order of their declarations. */
const JOBS = [...assembly.matchAll(/^export class (\w+) \{\n([^}]*)\}/gm)].map(([, name, body]) => ({
  name,
  fields: [...body.matchAll(/^ {2}(\w+): (usize|i32|f32);/gm)].map(([, field, type], n) => ({ field, type, n })),
}));

test('every kind of job has its fields', () => {
  const kinds = JOBS.map(({ name }) => name[0].toLowerCase() + name.slice(1));
  expect(kinds).toEqual(Object.values(Kind).filter((kind) => typeof kind === 'string'));
  expect(Math.min(...JOBS.map(({ fields }) => fields.length))).toBeGreaterThanOrEqual(3);
});

test.each(JOBS)('$name: the host writes each field where the module reads it', ({ name, fields }) => {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  const writers = new JobWriter(memory) as unknown as Record<string, (job: object) => Kind>;
  // The fields come in another order than the declared one: their names decide.
  const values = fields.map(({ field, type, n }) => [field, type === 'f32' ? n + 0.5 : 1000 + n] as const).reverse();
  const kind = name[0].toLowerCase() + name.slice(1);
  expect(Kind[writers[kind](Object.fromEntries(values))]).toBe(kind);
  const view = new DataView(memory.buffer);
  for (const { type, n } of fields) {
    const at = JOB + 4 * n;
    if (type === 'f32') expect(view.getFloat32(at, true)).toBe(n + 0.5);
    else expect(view.getUint32(at, true)).toBe(1000 + n);
  }
});

test('a missing field and a wrong name are type errors, which npm run check reports', () => {
  const mistakes = (jobs: JobWriter): void => {
    // @ts-expect-error: size is missing
    jobs.copy({ out: 0, a: 0 });
    // @ts-expect-error: a row is no field of Fill
    jobs.fill({ out: 0, size: 1, value: 0, row: 0 });
  };
  expect(mistakes).toBeInstanceOf(Function);
});

describe('the translation refuses', () => {
  const KINDS = 'export enum Kind { copy }\n';

  test.each(['f64', 'bool', 'u8'])('a field of type %s, which has no place of 4 bytes', (type) => {
    expect(() => translateJobs(`${KINDS}export class Copy { out: ${type}; }`)).toThrow(
      `assembly/jobs.ts: a field must be usize, i32 or f32: out: ${type};`,
    );
  });

  test('a kind without fields, and fields without a kind', () => {
    const message = 'assembly/jobs.ts: the classes must be those of Kind, in its order: copy';
    expect(() => translateJobs(KINDS)).toThrow(message);
    expect(() => translateJobs(`${KINDS}export class Fill { out: usize; }`)).toThrow(message);
  });

  test('anything but constants, enums and classes', () => {
    expect(() => translateJobs('export function f(): void {}')).toThrow(
      'assembly/jobs.ts: neither a constant nor an enum nor a class: export function f(): void {}',
    );
  });
});
