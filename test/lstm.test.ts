/** The LSTM by itself: as a stream of single steps, and with gradients that reach its states from outside. */
import { createReferenceBackend } from '../kernels/reference/index.js';
import { checkGradients } from '../src/gradcheck.js';
import type { LstmSizes } from '../src/lstm.js';
import { allocateLstm, carryState, lstmBackward, lstmForward } from '../src/lstm.js';
import { fillRandom, Random } from '../src/rng.js';
import type { DType, Tensor } from '../src/tensor.js';
import { copyInto, stepOf, valuesOf } from '../src/tensor.js';

function randomLstm(sizes: LstmSizes, forgetBias: number, dtype: DType) {
  const random = new Random(11);
  const lstm = allocateLstm(createReferenceBackend({ dtype }), sizes, forgetBias);
  for (const tensor of [lstm.kernel, lstm.bias, lstm.x, stepOf(lstm.h, 0), stepOf(lstm.c, 0)]) {
    fillRandom(tensor, () => random.normal(0, 0.7));
  }
  return lstm;
}

test.each(['f64', 'f32'] as const)(
  'single steps that carry their state give what the whole sequence gives, bit for bit, in %s',
  (dtype) => {
    const backend = createReferenceBackend({ dtype });
    const whole = randomLstm({ T: 6, B: 3, I: 4, H: 5 }, 0.37, dtype);
    const single = allocateLstm(backend, { ...whole.sizes, T: 1 }, 0.37);
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

test('gradients that reach rows of h and c from outside flow on to parameters, inputs and initial state', async () => {
  const backend = createReferenceBackend({ dtype: 'f64' });
  const lstm = randomLstm({ T: 4, B: 2, I: 3, H: 5 }, 1, 'f64');
  const { kernel, bias, x, h, c, dKernel, dBias, dx, dh, dc } = lstm;

  // loss = Σ r·h + Σ s·c. Row 0 is the initial state, rows 2 and 4 (the last) a middle and the last step; what reaches
  // the other rows comes from later steps alone.
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
      copyInto(dh, r);
      copyInto(dc, s);
      lstmBackward(backend, lstm);
      return { kernel: dKernel, bias: dBias, x: dx, h0: stepOf(dh, 0), c0: stepOf(dc, 0) };
    },
  });
  expect(reports.map(({ name }) => name)).toEqual(['kernel', 'bias', 'x', 'h0', 'c0']);
  expect(reports.filter(({ ok }) => !ok)).toEqual([]);
});

test('a second backward pass replaces the gradients of the first', () => {
  const backend = createReferenceBackend({ dtype: 'f64' });
  const lstm = randomLstm({ T: 4, B: 2, I: 3, H: 5 }, 1, 'f64');
  lstmForward(backend, lstm);
  const [first, second] = [1, 2].map(() => {
    lstm.dh.data.fill(0);
    lstm.dc.data.fill(0);
    stepOf(lstm.dh, 4).set(1, 2, 1);
    lstmBackward(backend, lstm);
    return [lstm.dKernel, lstm.dBias, lstm.dx].map(valuesOf);
  });
  expect(second).toEqual(first);
  expect(first[0].some((slope) => slope !== 0)).toBe(true);
});

function inner(a: Tensor, b: Tensor): number {
  const other = valuesOf(b);
  return valuesOf(a).reduce((sum, value, n) => sum + value * other[n], 0);
}
