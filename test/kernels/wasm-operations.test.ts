/**
 * Operations of the WebAssembly backend on tensors so large that it cuts them into several chunks; and its losses, which it
 * computes one number at a time in f64 for few classes, and four at a time for more than 16.
 */
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { createWasmBackend } from '../../kernels/wasm/index.js';
import type { Backend } from '../../src/core/backend.js';
import { fillRandom, Random } from '../../src/core/rng.js';
import { type Shape, type Tensor, fill, valuesOf } from '../../src/core/tensor.js';
import { expectNumbers, expectSameNumbers } from '../helpers/numeric.js';
import { type Case, LARGE_CASES } from '../helpers/operation-cases.js';

/** The f32 values of the outputs of an operation, on the same inputs. */
function run(on: Backend, { outputs, inputs, prepare, draw, run: operation }: Case): Float32Array[] {
  const random = new Random(7);
  const tensorsOf = (shapes: readonly Shape[]): Tensor[] =>
    shapes.map((shape) => {
      const tensor = on.allocate(shape);
      fillRandom(tensor, () => Math.fround(draw?.(random) ?? random.normal(0, 1)));
      return tensor;
    });
  const [out, given] = [tensorsOf(outputs), tensorsOf(inputs)];
  prepare?.(given);
  for (const tensor of [...out, ...given]) on.upload(tensor);
  operation(on, out, given);
  const results = out.map((tensor) => Float32Array.from(valuesOf(tensor)));
  for (const tensor of [...out, ...given]) on.free(tensor);
  return results;
}

const LARGE = LARGE_CASES.map((one) => [one.name, one] as const);

describe.each(['portable', 'relaxed'])('%s build', (build) => {
  const THREADS = [1, 2, 7];
  let backends: Backend[];
  beforeAll(async () => {
    const deterministic = build === 'portable';
    backends = await Promise.all(THREADS.map((threads) => createWasmBackend({ threads, deterministic })));
    await new Promise((resolve) => setTimeout(resolve, 100)); // most helpers have started then
  });
  afterAll(() => Promise.all(backends.map((backend) => backend.dispose())));

  test.each(LARGE)('%s: that of the reference, with the same bits on 1, 2 and 7 threads', (_, given) => {
    const [one, ...others] = backends.map((backend) => run(backend, given));
    run(createReferenceBackend({ dtype: 'f64' }), given).forEach((expected, n) => {
      expectNumbers(one[n], expected, 1e-5);
      for (const other of others)
        expect(Buffer.compare(Buffer.from(other[n].buffer), Buffer.from(one[n].buffer))).toBe(0);
    });
  });
});

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

let backend: Backend;
beforeAll(async () => {
  backend = await createWasmBackend({ threads: 2, check: true });
});
afterAll(() => backend.dispose());

test.each(LARGE.filter(([name]) => name.startsWith('clip')))('%s: the bits of the reference in f32', (_, given) => {
  const [clipped, expected] = [backend, createReferenceBackend()].map((on) => run(on, given));
  for (const [n, { buffer }] of clipped.entries())
    expect(Buffer.compare(Buffer.from(buffer), Buffer.from(expected[n].buffer))).toBe(0);
});

const normal = (random: Random): number => random.normal(0, 3);

test.each([2, 10, 16])('%d classes: losses and probabilities have the bits of the formulas in f64', (C) => {
  const [actual, expected] = [backend, createReferenceBackend({ dtype: 'f64' })].map((on) =>
    loss(on, [50, C], normal).compute(),
  );
  for (const name of ['losses', 'probabilities'] as const)
    expectNumbers(actual[name], valuesOf(expected[name]).map(Math.fround));
});

test.each([10, 17, 83])('%d classes: a loss near 0 keeps its digits', (C) => {
  const { logits, compute } = loss(backend, [C, C], () => 0);
  for (let b = 0; b < C; b++) logits.set(b, b, 12);
  const { losses } = compute();
  const expected = Math.log1p((C - 1) * Math.exp(-12));
  for (const value of valuesOf(losses)) expect(Math.abs(value / expected - 1)).toBeLessThan(1e-6);
});

test.each([10, 17, 83])('%d classes: NaN stays in its row', (C) => {
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
});

test.each([10, 17, 83])('%d classes: logits far apart give no subnormal numbers; a row of zeros has no loss', (C) => {
  const { logits, y, compute } = loss(backend, [C, C], () => 0);
  for (let b = 0; b < C; b++) logits.set(b, b, 200 + b);
  fill(y.pick(3), 0);
  const { losses, probabilities, dLogits } = compute();
  expect([...valuesOf(losses)]).toEqual(Array(C).fill(0));
  expect([...valuesOf(dLogits)].map(Math.abs)).toEqual(Array(C * C).fill(0));
  expect([...new Set(valuesOf(probabilities))].sort()).toEqual([0, 1]);
});

test.each([10, 17, 83])('%d classes: a row of logits that are all negative is computed as any other', (C) => {
  const [near, far] = [0, -128].map((shift) =>
    loss(backend, [50, C], (random) => Math.round(8 * normal(random)) / 8 + shift),
  );
  const [expected, actual] = [near.compute(), far.compute()];
  for (const name of ['losses', 'probabilities'] as const) expectNumbers(actual[name], expected[name]);
});

test.each([3, 83])('the gradient is divided by the count of rows, not by their number: %d classes', (C) => {
  const { y, compute } = loss(backend, [40, C], normal, 2);
  const { probabilities, dLogits } = compute();
  const whole = valuesOf(dLogits);
  backend.crossEntropyBackward(dLogits, probabilities, y, 10);
  expectNumbers(
    dLogits,
    whole.map((value) => 4 * value),
  );
});

test.each([2, 10, 16, 17, 83])('%d classes: class labels give the bits of their one-hot rows', (C) => {
  const { logits, y, compute } = loss(backend, [90, C], normal);
  fill(y.pick(3), 0);
  const expected = Object.values(compute()).map(valuesOf);
  const labels = backend.allocate([90]);
  for (let b = 0; b < 90; b++) labels.set(b, b === 3 ? -1 : b % C);
  const [losses, probabilities, dLogits] = [[90], [90, C], [90, C]].map((shape) => backend.allocate(shape));
  backend.crossEntropyForward(losses, probabilities, logits, labels);
  backend.crossEntropyBackward(dLogits, probabilities, labels, 90);
  expectSameNumbers([losses, probabilities, dLogits], expected);
});
