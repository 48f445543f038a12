/** The equations of the sLSTM, (30) to (33); cell-equations.ts says how. */
import { Random } from '../../src/core/rng.js';
import type { Tensor } from '../../src/core/tensor.js';
import { valuesOf, zeros } from '../../src/core/tensor.js';
import { slstmCellBackward, slstmCellForward } from '../../src/equations/slstm.js';
import { B, BIAS, block, expectUnits, H, numericOf, otherSigmoid, perUnit, sumOf } from '../helpers/cell-equations.js';
import { copyOf, expectClose, inner, matrix, numericGradient, randomTensor } from '../helpers/numeric.js';

// ── (30) to (33): the sLSTM ──

/** One step with random states. `shift` is added to mPrev: another stabiliser for the same cell, if cPrev and nPrev are divided by eˢʰⁱᶠᵗ. */
function slstm(shift = 0) {
  const random = new Random(5);
  const [z, cPrev, mPrev] = [randomTensor(random, B, 4 * H), randomTensor(random, B, H), randomTensor(random, B, H)];
  const nPrev = perUnit(() => random.uniform(0.5, 2));
  for (const [tensor, change] of [
    [cPrev, (value: number): number => value * Math.exp(-shift)],
    [nPrev, (value: number): number => value * Math.exp(-shift)],
    [mPrev, (value: number): number => value + shift],
  ] as const) {
    for (let b = 0; b < B; b++) for (let n = 0; n < H; n++) tensor.set(b, n, change(tensor.get(b, n)));
  }
  const [h, c, n, m] = [0, 1, 2, 3].map(() => zeros([B, H], 'f64'));
  const gates = zeros([B, 5 * H], 'f64');
  slstmCellForward(h, c, n, m, gates, z, cPrev, nPrev, mPrev, BIAS);
  return { z, cPrev, nPrev, mPrev, h, c, n, m, gates };
}

/** log σ(zf + forgetBias) */
const logForget = (z: Tensor, b: number, n: number): number => Math.log(otherSigmoid(z.get(b, 2 * H + n) + BIAS));

describe('(30)', () => {
  test('m is the larger of log f + mPrev and zi', () => {
    const { z, m, mPrev } = slstm();
    expectUnits(m, (b, n) => Math.max(z.get(b, n), mPrev.get(b, n) + logForget(z, b, n)));
  });
  test('the stabiliser changes no result', () => {
    const [one, other] = [slstm(), slstm(1.7)];
    expectClose(other.h, one.h);
    // (33) without a stabiliser
    const { z, cPrev, nPrev, mPrev, h, gates } = one;
    const weights = (b: number, n: number) => {
      const kept = otherSigmoid(z.get(b, 2 * H + n) + BIAS) * Math.exp(mPrev.get(b, n));
      return [kept, Math.exp(z.get(b, n))];
    };
    const plain = perUnit((b, n) => {
      const [kept, added] = weights(b, n);
      const total = kept * nPrev.get(b, n) + added;
      return (gates.get(b, 3 * H + n) * (kept * cPrev.get(b, n) + added * Math.tanh(z.get(b, H + n)))) / total;
    });
    expectClose(h, plain);
  });
  test('in the first step n is 1 for every zi, so h = o*j', () => {
    for (const zi of [-1000, -100, 0, 100, 1000]) {
      const [z, zero] = [zeros([B, 4 * H], 'f64'), zeros([B, H], 'f64')];
      for (let b = 0; b < B; b++) for (let n = 0; n < H; n++) z.set(b, n, zi);
      for (let b = 0; b < B; b++) for (let n = 0; n < H; n++) z.set(b, H + n, 0.3 + n);
      const [h, c, n, m, gates] = [H, H, H, H, 5 * H].map((width) => zeros([B, width], 'f64'));
      slstmCellForward(h, c, n, m, gates, z, zero, zero, zero, BIAS);
      expectUnits(n, () => 1);
      expectUnits(h, (_, unit) => Math.tanh(0.3 + unit) / 2);
    }
  });
});

describe('(31)', () => {
  const { z, mPrev, m, gates } = slstm();
  test.each([
    ['i = exp(zi - m)', 0, (b: number, n: number) => Math.exp(z.get(b, n) - m.get(b, n))],
    ['j = tanh(zj)', 1, (b: number, n: number) => Math.tanh(z.get(b, H + n))],
    [
      'f = exp(log σ(zf + forgetBias) + mPrev - m)',
      2,
      (b: number, n: number) => otherSigmoid(z.get(b, 2 * H + n) + BIAS) * Math.exp(mPrev.get(b, n) - m.get(b, n)),
    ],
    ['o = σ(zo)', 3, (b: number, n: number) => otherSigmoid(z.get(b, 3 * H + n))],
    ['s = σ(zf + forgetBias)', 4, (b: number, n: number) => otherSigmoid(z.get(b, 2 * H + n) + BIAS)],
  ] as const)('%s', (_, k, formula) => expectClose(block(gates, k), perUnit(formula)));
});

describe('(32)', () => {
  const { cPrev, nPrev, c, n, gates } = slstm();
  const [i, j, f] = [0, 1, 2].map((k) => block(gates, k));
  test('c = f*cPrev + i*j', () => {
    expectUnits(c, (b, k) => i.get(b, k) * j.get(b, k) + f.get(b, k) * cPrev.get(b, k));
  });
  test('n = f*nPrev + i', () => expectUnits(n, (b, k) => i.get(b, k) + f.get(b, k) * nPrev.get(b, k)));
});

describe('(33)', () => {
  const { h, c, n, gates } = slstm();
  test('h = o*c/n', () => expectUnits(h, (b, k) => gates.get(b, 3 * H + k) * (c.get(b, k) / n.get(b, k))));
});

/**
 * Two steps, of which only the h of both reach the loss: c and n by themselves depend on the stabiliser. The second step reads the z of
 * the first, so its gradient there is the sum of both.
 */
function slstmSteps() {
  const one = slstm();
  const random = new Random(6);
  const { z, cPrev, nPrev, mPrev } = one;
  const [r, rLast] = [randomTensor(random, B, H), randomTensor(random, B, H)];
  const [h, c, n, m] = [0, 1, 2, 3].map(() => zeros([B, H], 'f64'));
  const gates = zeros([B, 5 * H], 'f64');
  const loss = (): number => {
    slstmCellForward(one.h, one.c, one.n, one.m, one.gates, z, cPrev, nPrev, mPrev, BIAS);
    slstmCellForward(h, c, n, m, gates, z, one.c, one.n, one.m, BIAS);
    return inner(r, one.h) + inner(rLast, h);
  };
  loss();
  const state = (): Tensor => zeros([B, H], 'f64');
  const [dcLast, dnLast, dc, dn] = [state(), state(), state(), state()];
  const [dcPrevBefore, dnPrevBefore] = [randomTensor(random, B, H), randomTensor(random, B, H)];
  const [dcPrev, dnPrev] = [copyOf(dcPrevBefore), copyOf(dnPrevBefore)];
  const [dzLast, dz] = [zeros([B, 4 * H], 'f64'), zeros([B, 4 * H], 'f64')];
  slstmCellBackward(dzLast, dcLast, dnLast, dc, dn, rLast, gates, c, n, one.c, one.n);
  slstmCellBackward(dz, dc, dn, dcPrev, dnPrev, r, one.gates, one.c, one.n, cPrev, nPrev);
  const both = sumOf(valuesOf(dz), valuesOf(dzLast));
  return {
    ...one,
    loss,
    dz: matrix(B, 4 * H, (b, k) => both[b * 4 * H + k]),
    dcPrev,
    dnPrev,
    dcPrevBefore,
    dnPrevBefore,
  };
}

describe('(33′)', () => {
  const { z, dz, loss } = slstmSteps();
  test('do = dh*c/n, dzo = do*o*(1-o): numeric derivative', () => {
    expectClose(block(dz, 3), block(numericOf(z, loss), 3));
  });
  test('dc += dh*o/n; dn -= dh*o*c/n²: numeric derivative of (33)', () => {
    const step = slstm();
    const [r, dc, dn] = [
      randomTensor(new Random(7), B, H),
      randomTensor(new Random(8), B, H),
      randomTensor(new Random(9), B, H),
    ];
    const [dcBefore, dnBefore] = [valuesOf(dc), valuesOf(dn)];
    const [dzOut, dcPrev, dnPrev] = [zeros([B, 4 * H], 'f64'), zeros([B, H], 'f64'), zeros([B, H], 'f64')];
    slstmCellBackward(dzOut, dc, dn, dcPrev, dnPrev, r, step.gates, step.c, step.n, step.cPrev, step.nPrev);
    const lossOfH = (): number =>
      inner(
        r,
        perUnit((b, k) => (step.gates.get(b, 3 * H + k) * step.c.get(b, k)) / step.n.get(b, k)),
      );
    expectClose(dc, sumOf(dcBefore, numericGradient(step.c, lossOfH)));
    expectClose(dn, sumOf(dnBefore, numericGradient(step.n, lossOfH)));
  });
});

describe('(32′)', () => {
  const { cPrev, nPrev, dcPrev, dnPrev, dcPrevBefore, dnPrevBefore, loss } = slstmSteps();
  test('dcPrev += dc*f: numeric derivative', () => {
    expectClose(dcPrev, sumOf(valuesOf(dcPrevBefore), numericGradient(cPrev, loss)));
  });
  test('dnPrev += dn*f: numeric derivative', () => {
    expectClose(dnPrev, sumOf(valuesOf(dnPrevBefore), numericGradient(nPrev, loss)));
  });
});

describe('(31′)', () => {
  const { z, dz, loss } = slstmSteps();
  test.each([
    ['di = dc*j + dn, dzi = di*i', 0],
    ['dj = dc*i, dzj = dj*(1-j²)', 1],
    ['df = dc*cPrev + dn*nPrev, dzf = df*f*(1-s)', 2],
  ])('%s, and nothing through m: numeric derivative', (_, k) => {
    expectClose(block(dz, k), block(numericOf(z, loss), k));
  });
});
