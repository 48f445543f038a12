/** The losses of the WebAssembly backend: few classes one number at a time in f64, more than 16 four at a time. */
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { createWasmBackend } from '../../kernels/wasm/index.js';
import type { Backend } from '../../src/core/backend.js';
import { fillRandom, Random } from '../../src/core/rng.js';
import { fill, valuesOf } from '../../src/core/tensor.js';

/** logits `[B,C]` from `draw`, and labels 0, 1, …; `weight`: the label's y. */
function loss(backend: Backend, [B, C]: [number, number], draw: (random: Random) => number, weight = 1) {
  const [logits, y, probabilities, dLogits] = [0, 1, 2, 3].map(() => backend.allocate([B, C]));
  const losses = backend.allocate([B]);
  const random = new Random(3);
  fillRandom(logits, () => Math.fround(draw(random)));
  for (let b = 0; b < B; b++) y.set(b, b % C, weight);
  const compute = () => {
    backend.crossEntropyForward(losses, probabilities, logits, y);
    backend.crossEntropyBackward(dLogits, probabilities, y, B);
    return { losses, probabilities, dLogits };
  };
  return { logits, y, compute };
}

const normal = (random: Random): number => random.normal(0, 3);

test.each([2, 10, 16])('%d classes: losses and probabilities have the bits of the formulas in f64', async (C) => {
  const backends = [await createWasmBackend({ threads: 2, check: true }), createReferenceBackend({ dtype: 'f64' })];
  const [actual, expected] = backends.map((backend) => loss(backend, [50, C], normal).compute());
  for (const name of ['losses', 'probabilities'] as const) {
    expect(valuesOf(actual[name])).toEqual(valuesOf(expected[name]).map(Math.fround));
  }
  await backends[0].dispose();
});

test.each([10, 17, 83])('%d classes: a loss near 0 keeps its digits', async (C) => {
  const backend = await createWasmBackend({ threads: 1, check: true });
  const { logits, compute } = loss(backend, [C, C], () => 0);
  for (let b = 0; b < C; b++) logits.set(b, b, 12);
  const { losses } = compute();
  const expected = Math.log1p((C - 1) * Math.exp(-12));
  for (const value of valuesOf(losses)) expect(Math.abs(value / expected - 1)).toBeLessThan(1e-6);
  await backend.dispose();
});

test.each([10, 17, 83])('%d classes: NaN stays in its row', async (C) => {
  const backend = await createWasmBackend({ threads: 2, check: true });
  for (const place of [0, 1, C - 1]) {
    const { logits, compute } = loss(backend, [30, C], normal);
    const before = [compute().losses, compute().dLogits].map(valuesOf);
    logits.set(7, place, NaN);
    const after = [compute().losses, compute().dLogits].map(valuesOf);
    after.forEach((values, n) => {
      const width = values.length / 30;
      values.forEach((value, k) => {
        if (Math.floor(k / width) === 7) expect(value).toBeNaN();
        else expect(value).toBe(before[n][k]);
      });
    });
  }
  await backend.dispose();
});

test.each([10, 17, 83])(
  '%d classes: logits far apart give no subnormal numbers, and a row of zeros has no loss',
  async (C) => {
    const backend = await createWasmBackend({ threads: 2, check: true });
    const { logits, y, compute } = loss(backend, [C, C], () => 0);
    for (let b = 0; b < C; b++) logits.set(b, b, 200 + b);
    fill(y.pick(3), 0);
    const { losses, probabilities, dLogits } = compute();
    expect([...valuesOf(losses)]).toEqual(Array(C).fill(0));
    expect([...valuesOf(dLogits)].map(Math.abs)).toEqual(Array(C * C).fill(0));
    expect([...new Set(valuesOf(probabilities))].sort()).toEqual([0, 1]);
    await backend.dispose();
  },
);

test.each([10, 17, 83])('%d classes: a row of logits that are all negative is computed as any other', async (C) => {
  const backend = await createWasmBackend({ threads: 1, check: true });
  const [near, far] = [0, -128].map((shift) =>
    loss(backend, [50, C], (random) => Math.round(8 * normal(random)) / 8 + shift),
  );
  const [expected, actual] = [near.compute(), far.compute()];
  for (const name of ['losses', 'probabilities'] as const) {
    expect(valuesOf(actual[name])).toEqual(valuesOf(expected[name]));
  }
  await backend.dispose();
});

test.each([3, 83])('the gradient is divided by the count of rows, not by their number: %d classes', async (C) => {
  const backend = await createWasmBackend({ threads: 2, check: true });
  const { y, compute } = loss(backend, [40, C], normal, 2);
  const { probabilities, dLogits } = compute();
  const whole = valuesOf(dLogits);
  backend.crossEntropyBackward(dLogits, probabilities, y, 10);
  expect(valuesOf(dLogits)).toEqual(whole.map((value) => 4 * value));
  await backend.dispose();
});

test.each([2, 10, 16, 17, 83])('%d classes: class labels give the bits of their one-hot rows', async (C) => {
  const backend = await createWasmBackend({ threads: 2, check: true });
  const { logits, y, compute } = loss(backend, [90, C], normal);
  fill(y.pick(3), 0);
  const expected = Object.values(compute()).map(valuesOf);
  const labels = backend.allocate([90]);
  for (let b = 0; b < 90; b++) labels.set(b, b === 3 ? -1 : b % C);
  const actual = [[90], [90, C], [90, C]].map((shape) => backend.allocate(shape));
  backend.crossEntropyForward(actual[0], actual[1], logits, labels);
  backend.crossEntropyBackward(actual[2], actual[1], labels, 90);
  expect(actual.map(valuesOf)).toEqual(expected);
  await backend.dispose();
});
