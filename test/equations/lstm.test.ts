/** The LSTM without the rest of the model: carried states, and gradients that reach h and c from outside. */
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { fillRandom, Random } from '../../src/core/rng.js';
import type { DType } from '../../src/core/tensor.js';
import { copyInto, rowsOf, stepOf, valuesOf } from '../../src/core/tensor.js';
import { checkGradients } from '../../src/equations/gradcheck.js';
import type { LstmSizes } from '../../src/equations/lstm-tensors.js';
import { allocateLstm, setLengths } from '../../src/equations/lstm-tensors.js';
import { carryState, lstmBackward, lstmForward } from '../../src/equations/lstm.js';
import { inner } from '../helpers/numeric.js';
import { randomise } from '../helpers/random-model.js';

const f64 = createReferenceBackend({ dtype: 'f64' });

function randomLstm(sizes: LstmSizes, forgetBias: number, dtype: DType) {
  const backend = createReferenceBackend({ dtype });
  const lstm = allocateLstm(backend, sizes, { forgetBias });
  randomise(backend, [lstm.kernel, lstm.bias, lstm.x, stepOf(lstm.h, 0), stepOf(lstm.c, 0)], new Random(11));
  return lstm;
}

test.each([
  ['f64', 1],
  ['f32', 1],
  ['f64', 3],
] as const)('calls that carry their state compute the bits of the whole, in %s, %d steps each', (dtype, T) => {
  const backend = createReferenceBackend({ dtype });
  const whole = randomLstm({ T: 6, B: 3, I: 4, H: 5 }, 0.37, dtype);
  const part = allocateLstm(backend, { ...whole.sizes, T }, { forgetBias: 0.37 });
  for (const name of ['kernel', 'bias'] as const) copyInto(part[name], whole[name]);
  for (const name of ['h', 'c'] as const) copyInto(part.initial[name], whole.initial[name]);
  lstmForward(backend, whole);
  for (let from = 0; from < whole.sizes.T; from += T) {
    copyInto(part.x, rowsOf(whole.x, from, from + T));
    lstmForward(backend, part);
    expect(valuesOf(part.gates)).toEqual(valuesOf(rowsOf(whole.gates, from, from + T)));
    for (const name of ['h', 'c'] as const) {
      expect(valuesOf(part.outputs[name])).toEqual(valuesOf(rowsOf(whole.outputs[name], from, from + T)));
    }
    carryState(backend, part);
  }
});

test('an ended sequence carries the state of its own end', () => {
  const lstm = randomLstm({ T: 4, B: 2, I: 3, H: 2 }, 1, 'f64');
  setLengths(lstm, [4, 2]);
  lstmForward(f64, lstm);
  const atTheEnds = [stepOf(lstm.h, 4).pick(0, null), stepOf(lstm.h, 2).pick(1, null)].map(valuesOf);
  carryState(f64, lstm);
  expect([0, 1].map((b) => valuesOf(lstm.initial.h.pick(b, null)))).toEqual(atTheEnds);
});

test('gradients that reach rows of h and c from outside reach the parameters, the inputs and the initial state', async () => {
  const backend = createReferenceBackend({ dtype: 'f64' });
  const lstm = randomLstm({ T: 4, B: 2, I: 3, H: 5 }, 1, 'f64');
  const { kernel, bias, x, h, c, dKernel, dBias, dx, dhUpstream, dcUpstream, dh, dc } = lstm;

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
      copyInto(dhUpstream, r);
      copyInto(dcUpstream, s);
      lstmBackward(backend, lstm);
      return { kernel: dKernel, bias: dBias, x: dx, h0: stepOf(dh, 0), c0: stepOf(dc, 0) };
    },
  });
  expect(reports.map(({ name }) => name)).toEqual(['kernel', 'bias', 'x', 'h0', 'c0']);
  expect(reports.filter(({ ok }) => !ok)).toEqual([]);
});

test('without dcUpstream no gradient reaches c from outside, and the old contents of dc do not matter', () => {
  const backend = createReferenceBackend({ dtype: 'f64' });
  const lstm = randomLstm({ T: 4, B: 2, I: 3, H: 5 }, 1, 'f64');
  const { dcUpstream, ...withoutDcUpstream } = lstm;
  stepOf(lstm.dhUpstream, 4).set(1, 2, 1);
  lstmForward(backend, lstm);
  lstmBackward(backend, lstm);
  const expected = [lstm.dKernel, lstm.dBias].map(valuesOf);
  dcUpstream.data.fill(NaN);
  lstm.dc.data.fill(NaN);
  lstmBackward(backend, withoutDcUpstream);
  expect([lstm.dKernel, lstm.dBias].map(valuesOf)).toEqual(expected);
});
