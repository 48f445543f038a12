/** The LSTM without the rest of the model: single steps with a carried state, and gradients that reach h and c from outside. */
import { createReferenceBackend } from '../kernels/reference/index.js';
import type { Backend } from '../src/backend.js';
import { OutOfMemoryError } from '../src/errors.js';
import { checkGradients } from '../src/gradcheck.js';
import { carryState, lstmBackward, lstmForward } from '../src/lstm.js';
import type { LstmSizes } from '../src/lstm-tensors.js';
import { allocateLstm } from '../src/lstm-tensors.js';
import { fillRandom, Random } from '../src/rng.js';
import type { DType } from '../src/tensor.js';
import { copyInto, stepOf, valuesOf } from '../src/tensor.js';
import { countingBackend } from './helpers/counting-backend.js';
import { inner } from './helpers/numeric.js';
import { randomise } from './helpers/random-model.js';

function randomLstm(sizes: LstmSizes, forgetBias: number, dtype: DType) {
  const backend = createReferenceBackend({ dtype });
  const lstm = allocateLstm(backend, sizes, { forgetBias });
  randomise(backend, [lstm.kernel, lstm.bias, lstm.x, stepOf(lstm.h, 0), stepOf(lstm.c, 0)], new Random(11));
  return lstm;
}

test.each(['f64', 'f32'] as const)(
  'single steps that carry their state compute the same bits as the whole sequence, in %s',
  (dtype) => {
    const backend = createReferenceBackend({ dtype });
    const whole = randomLstm({ T: 6, B: 3, I: 4, H: 5 }, 0.37, dtype);
    const single = allocateLstm(backend, { ...whole.sizes, T: 1 }, { forgetBias: 0.37 });
    copyInto(single.kernel, whole.kernel);
    copyInto(single.bias, whole.bias);
    copyInto(stepOf(single.h, 0), stepOf(whole.h, 0));
    copyInto(stepOf(single.c, 0), stepOf(whole.c, 0));
    lstmForward(backend, whole);

    for (let t = 0; t < whole.sizes.T; t++) {
      copyInto(stepOf(single.x, 0), stepOf(whole.x, t));
      lstmForward(backend, single);
      expect(valuesOf(stepOf(single.gates, 0))).toEqual(valuesOf(stepOf(whole.gates, t)));
      expect(valuesOf(stepOf(single.h, 1))).toEqual(valuesOf(stepOf(whole.h, t + 1)));
      expect(valuesOf(stepOf(single.c, 1))).toEqual(valuesOf(stepOf(whole.c, t + 1)));
      carryState(backend, single);
    }
  },
);

test('gradients that reach rows of h and c from outside reach the parameters, the inputs and the initial state', async () => {
  const backend = createReferenceBackend({ dtype: 'f64' });
  const lstm = randomLstm({ T: 4, B: 2, I: 3, H: 5 }, 1, 'f64');
  const { kernel, bias, x, h, c, dKernel, dBias, dx, dhOutside, dcOutside, dh, dc } = lstm;

  // loss = Σ r·h + Σ s·c. Only the initial state (row 0), a middle step (row 2) and the last step (row 4) get a gradient from
  // outside. The other rows get theirs from later steps.
  const random = new Random(12);
  const [r, s] = [backend.allocate(h.shape), backend.allocate(c.shape)];
  for (const row of [0, 2, 4]) {
    fillRandom(stepOf(r, row), () => random.normal(0, 1));
    fillRandom(stepOf(s, row), () => random.normal(0, 1));
  }

  const reports = await checkGradients({
    inputs: { kernel, bias, x, h0: stepOf(h, 0), c0: stepOf(c, 0) },
    loss: () => {
      lstmForward(backend, lstm);
      return inner(r, h) + inner(s, c);
    },
    gradients: () => {
      lstmForward(backend, lstm);
      copyInto(dhOutside, r);
      copyInto(dcOutside, s);
      lstmBackward(backend, lstm);
      return { kernel: dKernel, bias: dBias, x: dx, h0: stepOf(dh, 0), c0: stepOf(dc, 0) };
    },
  });
  expect(reports.map(({ name }) => name)).toEqual(['kernel', 'bias', 'x', 'h0', 'c0']);
  expect(reports.filter(({ ok }) => !ok)).toEqual([]);
});

test('without dcOutside no gradient reaches c from outside, and the old contents of dc do not matter', () => {
  const backend = createReferenceBackend({ dtype: 'f64' });
  const lstm = randomLstm({ T: 4, B: 2, I: 3, H: 5 }, 1, 'f64');
  const { dcOutside, ...withoutDcOutside } = lstm;
  stepOf(lstm.dhOutside, 4).set(1, 2, 1);
  lstmForward(backend, lstm);
  lstmBackward(backend, lstm);
  const expected = [lstm.dKernel, lstm.dBias].map(valuesOf);
  dcOutside.data.fill(NaN);
  lstm.dc.data.fill(NaN);
  lstmBackward(backend, withoutDcOutside);
  expect([lstm.dKernel, lstm.dBias].map(valuesOf)).toEqual(expected);
});

describe('an LSTM that does not fit into memory', () => {
  test.each([1, 7, 14])('frees the %d tensors that were allocated before the memory was full', (fitting) => {
    const { backend, held } = countingBackend({ fits: (_, tensors) => tensors.size < fitting });
    expect(() => allocateLstm(backend, { T: 2, B: 2, I: 2, H: 2 })).toThrow(OutOfMemoryError);
    expect(held.size).toBe(0);
  });
});

test.each([
  [{ T: 0, B: 1, I: 1, H: 1 }, 'lstm: T is 0: must be a whole number ≥ 1'],
  [{ T: 1, B: 1.5, I: 1, H: 1 }, 'lstm: B is 1.5: must be a whole number ≥ 1'],
  [{ T: 1, B: 1, H: 1 }, 'lstm: I is undefined: must be a whole number ≥ 1'],
  [{ T: 1, B: 1, I: 1, H: '4' }, 'lstm: H is 4: must be a whole number ≥ 1'],
])('the error for sizes %j names the wrong one', (sizes, message) => {
  expect(() => allocateLstm(createReferenceBackend(), sizes as LstmSizes)).toThrow(new RangeError(message));
});

test('a promise in place of a backend is a TypeError that says so', () => {
  const promised = Promise.resolve(createReferenceBackend()) as unknown as Backend;
  expect(() => allocateLstm(promised, { T: 1, B: 1, I: 1, H: 1 })).toThrow(
    new TypeError('backend: a Promise: must be a backend, as in await createWasmBackend()'),
  );
});
