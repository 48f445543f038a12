/** `createWasmBackend({ check: true })`: host writes without an upload are errors. */
import { createWasmBackend } from '../../kernels/wasm/index.js';
import { fillRandom, Random } from '../../src/core/rng.js';
import { rowsOf, transposeOf, valuesOf } from '../../src/core/tensor.js';
import { Model } from '../../src/network/model.js';
import { Adam } from '../../src/training/optimisers.js';

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
    expect(valuesOf(out)).toEqual(before);
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
