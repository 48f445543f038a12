/**
 * Products on the WebAssembly backend: any shape and view, and the chunks of a product; packed operands that are kept, and
 * `check: true`, with which a host's write without an upload is an error.
 */
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { productChunks } from '../../kernels/wasm/chunks.js';
import { createWasmBackend } from '../../kernels/wasm/index.js';
import type { Backend } from '../../src/core/backend.js';
import { fillRandom, Random } from '../../src/core/rng.js';
import { type Tensor, copyInto, rowsOf, transposeOf, valuesOf } from '../../src/core/tensor.js';
import { Model } from '../../src/door/model.js';
import { Adam } from '../../src/training/optimisers.js';
import { expectNumbers } from '../helpers/numeric.js';

test('2,000 products of random shapes, views and options equal those of the f64 reference', async () => {
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
    const operandsOn = (where: Backend): Tensor[] =>
      shapes.map(([rows, columns]) => rowsOf(where.allocate([rows + above, columns]), above, rows + above));
    const tested = operandsOn(backend);
    const exact = operandsOn(reference);
    tested.forEach((tensor, n) => {
      fillRandom(tensor, () => random.uniform(-1, 1));
      backend.upload(tensor);
      copyInto(exact[n], tensor);
    });
    for (const [where, [out, a, b, bias]] of [
      [backend, tested],
      [reference, exact],
    ] as const) {
      where.matmul(
        out,
        aTransposed ? transposeOf(a) : a,
        bTransposed ? transposeOf(b) : b,
        added === 'bias' ? { bias: bias.pick(0) } : { accumulate: added === 'out' },
      );
    }
    // The textbook bound: K products of numbers below 1, each added with one rounding to a sum below K + 2.
    const bound = (K + 2) * (K + 2) * 2 ** -24;
    const [actual, expected] = [valuesOf(tested[0]), valuesOf(exact[0])];
    const error = expected.reduce((most, value, n) => Math.max(most, Math.abs(actual[n] - value)), 0);
    if (!(error <= bound)) throw new Error(`${JSON.stringify({ M, K, N, aTransposed, bTransposed, added })}: ${error}`);
    tested.forEach((tensor) => backend.free(tensor));
  }
  await backend.dispose();
});

test('a view that the inner loops cannot read is refused', async () => {
  const backend = await createWasmBackend({ threads: 1, check: true });
  const [out, a, b] = [backend.allocate([2, 2]), backend.allocate([4, 4]), backend.allocate([2, 2])];
  const everyOther = a.step(2, 2);
  const message = 'a [2,2] with strides [8,2]: one stride must be 1; copy it first';
  expect(() => backend.matmul(out, everyOther, b)).toThrow(message);
  expect(() => backend.matmul(out, b, everyOther)).toThrow(message.replace('a', 'b'));
  expect(() => backend.matmul(transposeOf(out), b, b)).toThrow('out [2,2] must not be a transpose');
});

test('a matrix is packed again after an operation or the host has written it', async () => {
  const backend = await createWasmBackend({ threads: 2, check: true });
  const [out, a, b] = [backend.allocate([8, 20]), backend.allocate([8, 5]), backend.allocate([5, 20])];
  backend.fill(a, 1);
  const filled = (value: number, ...shape: number[]): Tensor => {
    const tensor = backend.allocate(shape);
    backend.fill(tensor, value);
    return tensor;
  };
  const [zeros, ones, twos, many] = [0, 1, 2, 20].map((value) => filled(value, 5, 20));
  const rows = filled(0, 5);
  const writes: [() => void, number][] = [
    [() => backend.fill(b, 1), 5],
    [() => backend.fill(rowsOf(b, 1, 5), 2), 9],
    [() => backend.copy(b, zeros), 0],
    [
      () => {
        fillRandom(b, () => 3);
        backend.upload(b);
      },
      15,
    ],
    [() => backend.add(b, twos), 25],
    [() => backend.multiply(b, twos, twos), 20],
    [() => backend.sgd(b, filled(0, 5, 20), ones, 1, 0.5), 15],
    [() => backend.embeddingForward(b, filled(6, 2, 20), rows, filled(0, 20)), 30],
    [() => backend.embeddingBackward(b, rows, ones), 35],
    [() => backend.crossEntropyBackward(b, ones, ones, 19), 5],
    [() => backend.errorBackward(b, many, zeros, ones, 20, { kind: 'squared' }), 10],
  ];
  for (const [write, expected] of writes) {
    write();
    backend.matmul(out, a, b);
    expect([...new Set(valuesOf(out))]).toEqual([expected]);
  }
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
  'chunks cover [%d,%d] (K %d, transposed %s, %d threads), and none has more than 3·10⁹ operations',
  (M, N, K, transposed, threads) => {
    const { rows, columns, chunks } = productChunks(M, N, K, transposed, threads);
    expect(Math.ceil(M / rows) * Math.ceil(N / columns)).toBe(chunks);
    expect(columns % 16).toBe(0);
    expect((2 * rows * Math.min(N, columns) * K) / 1e9).toBeLessThan(3);
  },
);

test.each([
  [50, 2, 12], // 24 and 26 rows
  [38, 2, 10], // 20 and 18; 8 would give 16 and 22
  [128, 2, 32],
  [51, 2, 12],
  [100, 3, 18],
])('a chunk has an even number of rows, and threads have about the same: %d rows on %d threads', (M, threads, rows) => {
  expect(productChunks(M, 512, 128, false, threads).rows).toBe(rows);
});

test('rows of a matrix are packed alone, whether the copy is new or in the memory of an outdated one', async () => {
  const backend = await createWasmBackend({ threads: 2, check: true });
  const [a, b, out] = [backend.allocate([9, 30]), backend.allocate([30, 20]), backend.allocate([9, 20])];
  backend.fill(a, 1);
  const views = [30, 7, 19, 1, 30, 12, 25, 2, 3, 4, 5, 6, 8, 30].map(
    (rows) => [rows, rowsOf(b, 30 - rows, 30)] as const,
  );
  for (const [rows, view] of [...views, ...views]) {
    backend.fill(b, rows); // every copy is outdated
    backend.fill(rowsOf(b, 29, 30), 1);
    for (const [count, other] of [[rows, view] as const, ...views.slice(0, 5)]) {
      backend.matmul(out, transposeOf(rowsOf(transposeOf(a), 0, count)), other);
      expect([...new Set(valuesOf(out))]).toEqual([(count - 1) * rows + 1]);
    }
  }
  await backend.dispose();
});

test.each([false, true])(
  'a product cut by rows and columns has the bits of the uncut one (a transposed: %s)',
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

  test('a change from 0 to -0 is an error, and a change to NaN', async () => {
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

  test('a change in a view is an error: in a transpose, in a range of rows', async () => {
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

  test('without `check` the old weights are used', async () => {
    const { backend, out, a, b } = await prepared(false);
    const before = valuesOf(out);
    b.set(2, 7, 9);
    backend.matmul(out, a, b);
    expectNumbers(out, before);
    await backend.dispose();
  });

  test('tensors that operations write need no upload: two training steps', async () => {
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
