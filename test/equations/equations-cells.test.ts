/** The equations of the RNN, (20), of the GRU, (21) to (23), and of the peephole LSTM, (24) and (25); cell-equations.ts says how. */
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { cellOf } from '../../src/cells/cells.js';
import { Random } from '../../src/core/rng.js';
import type { Shape, Tensor } from '../../src/core/tensor.js';
import { copyInto, rowsOf, valuesOf, zeros } from '../../src/core/tensor.js';
import { gruCellBackward, gruCellForward } from '../../src/equations/gru.js';
import { peepholeCellBackward, peepholeCellForward } from '../../src/equations/peephole.js';
import { tanhBackward, tanhForward } from '../../src/equations/rnn.js';
import { B, BIAS, block, expectUnits, H, numericOf, otherSigmoid, perUnit, sumOf } from '../helpers/cell-equations.js';
import { copyOf, expectClose, inner, matrix, numericGradient, randomTensor, sum } from '../helpers/numeric.js';

// ── (20) to (23): the RNN and the GRU ──

describe('(20)', () => {
  test('h = tanh(a)', () => {
    const [a, h] = [randomTensor(new Random(11), B, H), zeros([B, H], 'f64')];
    tanhForward(h, a);
    expectUnits(h, (b, n) => 2 * otherSigmoid(2 * a.get(b, n)) - 1);
  });
});

describe('(20′)', () => {
  test('da = dh*(1-h²): numeric derivative', () => {
    const [a, h, da, r] = [1, 2, 3, 4].map((seed) => randomTensor(new Random(seed), B, H));
    const loss = (): number => {
      tanhForward(h, a);
      return inner(r, h);
    };
    loss();
    tanhBackward(da, r, h);
    expectClose(da, numericGradient(a, loss));
  });
});

/** A cell with random tensors, x of two steps' numbers; what `forward` and `backward` of the equations read and write. */
function gru() {
  const random = new Random(12);
  const [ax, ah, hPrev] = [randomTensor(random, B, 3 * H), randomTensor(random, B, 3 * H), randomTensor(random, B, H)];
  const [h, gates] = [zeros([B, H], 'f64'), zeros([B, 4 * H], 'f64')];
  const [r, dhPrevBefore] = [randomTensor(random, B, H), randomTensor(random, B, H)];
  const [dax, dah, dhPrev] = [zeros([B, 3 * H], 'f64'), zeros([B, 3 * H], 'f64'), copyOf(dhPrevBefore)];
  const loss = (): number => {
    gruCellForward(h, gates, ax, ah, hPrev);
    return inner(r, h);
  };
  loss();
  gruCellBackward(dax, dah, dhPrev, r, gates, hPrev);
  return { ax, ah, hPrev, h, gates, dax, dah, dhPrev, dhPrevBefore, loss };
}

/** The GRU's products: the GRU of the table over random tensors, of one step, after both passes without its gates. */
function gruProducts() {
  const random = new Random(13);
  const I = 4;
  const sizes = { T: 1, B, I, H };
  const all = (shapes: Readonly<Record<string, Shape>>): Record<string, Tensor> =>
    Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, randomTensor(random, ...shape)]));
  const cell = cellOf('gru').bind({
    ...{ sizes, signed: false, reverse: false, forgetBias: 1, values: all(cellOf('gru').parameterShapes(sizes)) },
    ...{
      gradients: all(cellOf('gru').parameterShapes(sizes)),
      activations: all(cellOf('gru').activationShapes(sizes)),
    },
    ...{ inputs: [randomTensor(random, 1, B, I)], dInputs: [randomTensor(random, 1, B, I)] },
  });
  const [r, s] = [randomTensor(random, B, 3 * H), randomTensor(random, B, 3 * H)];
  const withoutGates = {
    ...createReferenceBackend({ dtype: 'f64' }),
    gruCellForward: () => {},
    gruCellBackward: (dax: Tensor, dah: Tensor) => {
      copyInto(dax, r);
      copyInto(dah, s);
    },
  };
  const { ax, ah } = cell.activations;
  const loss = (): number => {
    cell.forward(withoutGates);
    return inner(r, ax) + inner(s, ah);
  };
  loss();
  cell.backward(withoutGates);
  return { cell, I, ax, ah, loss };
}

describe('(21)', () => {
  const { cell, I, ax, ah } = gruProducts();
  const { kernel, bias, recurrentBias } = cell.values;
  test('ax = x·Wx + b', () => {
    const x = cell.inputs[0];
    expectClose(
      ax,
      matrix(B, 3 * H, (b, n) => sum(I, (i) => x.get(0, b, i) * kernel.get(i, n)) + bias.get(n)),
    );
  });
  test('ah = hPrev·Wh + bRecurrent', () => {
    const { h } = cell.initial;
    expectClose(
      ah,
      matrix(B, 3 * H, (b, n) => sum(H, (i) => h.get(b, i) * kernel.get(I + i, n)) + recurrentBias.get(n)),
    );
  });
});

describe('(21′)', () => {
  const { cell, loss } = gruProducts();
  const { values, gradients } = cell;
  test.each(['kernel', 'bias', 'recurrentBias'])('dWx, dWh and the biases: numeric derivative of (21), %s', (name) => {
    expectClose(gradients[name], numericGradient(values[name], loss));
  });
  test('dx += dax·Wxᵀ: numeric derivative of (21)', () => {
    expectClose(cell.dInputs[0], numericGradient(cell.inputs[0], loss));
  });
  test('dhPrev += dah·Whᵀ: numeric derivative of (21)', () => {
    const upstream = valuesOf(cell.dUpstream.h!.pick(0, null, null));
    expectClose(cell.dStates.h.pick(0, null, null), sumOf(upstream, numericGradient(cell.initial.h, loss)));
  });
});

describe('(22)', () => {
  const { ax, ah, gates } = gru();
  const r = (b: number, n: number): number => otherSigmoid(ax.get(b, n) + ah.get(b, n));
  test('r = σ(axr + ahr)', () => expectClose(block(gates, 0), perUnit(r)));
  test('z = σ(axz + ahz)', () => {
    expectUnits(block(gates, 1), (b, n) => otherSigmoid(ax.get(b, H + n) + ah.get(b, H + n)));
  });
  test('n = tanh(axn + r*ahn)', () => {
    expectUnits(block(gates, 2), (b, n) => Math.tanh(ax.get(b, 2 * H + n) + r(b, n) * ah.get(b, 2 * H + n)));
  });
});

describe('(23)', () => {
  const { gates, h, hPrev } = gru();
  test('h = (1-z)*n + z*hPrev', () => {
    const z = (b: number, n: number): number => gates.get(b, H + n);
    expectUnits(h, (b, n) => gates.get(b, 2 * H + n) + z(b, n) * (hPrev.get(b, n) - gates.get(b, 2 * H + n)));
  });
});

describe('(22′)', () => {
  const { ax, ah, dax, dah, loss } = gru();
  test.each(['r', 'z', 'n'].map((gate, k) => [gate, k] as const))('dax%s: numeric derivative', (_, k) => {
    expectClose(block(dax, k), block(numericOf(ax, loss), k));
  });
  test.each(['r', 'z', 'n'].map((gate, k) => [gate, k] as const))('dah%s: numeric derivative', (_, k) => {
    expectClose(block(dah, k), block(numericOf(ah, loss), k));
  });
});

describe('(23′)', () => {
  test('dhPrev += dh*z: numeric derivative', () => {
    const { hPrev, dhPrev, dhPrevBefore, loss } = gru();
    expectClose(dhPrev, sumOf(valuesOf(dhPrevBefore), numericGradient(hPrev, loss)));
  });
});

// ── (24) and (25): peepholes ──

function peephole() {
  const random = new Random(1);
  const [z, cPrev, p] = [randomTensor(random, B, 4 * H), randomTensor(random, B, H), randomTensor(random, 3 * H)];
  const [h, c, gates] = [zeros([B, H], 'f64'), zeros([B, H], 'f64'), zeros([B, 4 * H], 'f64')];
  const forward = (): void => peepholeCellForward(h, c, gates, z, cPrev, p, BIAS);
  forward();
  const [r, s, dcPrevBefore] = [randomTensor(random, B, H), randomTensor(random, B, H), randomTensor(random, B, H)];
  const [dz, terms, dc, dcPrev] = [zeros([B, 4 * H], 'f64'), zeros([B, 3 * H], 'f64'), copyOf(s), copyOf(dcPrevBefore)];
  const backward = (): void => peepholeCellBackward(dz, terms, dc, dcPrev, r, gates, c, cPrev, p);
  const loss = (): number => {
    forward();
    return inner(r, h) + inner(s, c);
  };
  return { z, cPrev, p, h, c, gates, r, s, dz, terms, dc, dcPrev, dcPrevBefore, backward, loss };
}

describe('(24)', () => {
  const { z, cPrev, p, gates, c } = peephole();
  const i = perUnit((b, n) => otherSigmoid(z.get(b, n) + p.get(n) * cPrev.get(b, n)));
  const j = perUnit((b, n) => Math.tanh(z.get(b, H + n)));
  const f = perUnit((b, n) => otherSigmoid(z.get(b, 2 * H + n) + p.get(H + n) * cPrev.get(b, n) + BIAS));
  test('i = σ(zi + pi*cPrev)', () => expectClose(block(gates, 0), i));
  test('j = tanh(zj)', () => expectClose(block(gates, 1), j));
  test('f = σ(zf + pf*cPrev + forgetBias)', () => expectClose(block(gates, 2), f));
  test('c = f*cPrev + i*j', () => {
    expectUnits(c, (b, n) => f.get(b, n) * cPrev.get(b, n) + i.get(b, n) * j.get(b, n));
  });
});

describe('(25)', () => {
  const { z, p, gates, c, h } = peephole();
  const o = perUnit((b, n) => otherSigmoid(z.get(b, 3 * H + n) + p.get(2 * H + n) * c.get(b, n)));
  test('o = σ(zo + po*c)', () => expectClose(block(gates, 3), o));
  test('h = o*tanh(c)', () => expectUnits(h, (b, n) => o.get(b, n) * Math.tanh(c.get(b, n))));
});

/** The sum of the rows of block k: the gradient of the peepholes of one gate. */
const gradientOf = (terms: Tensor, k: number): Tensor =>
  matrix(1, H, (_, n) => sum(B, (b) => block(terms, k).get(b, n)));

describe('(25′)', () => {
  const step = peephole();
  step.backward();
  test('dzo = do*o*(1-o): numeric derivative', () => {
    expectClose(block(step.dz, 3), block(numericOf(step.z, step.loss), 3));
  });
  test('dpo += Σ dzo*c: numeric derivative', () => {
    expectClose(gradientOf(step.terms, 2), numericGradient(rowsOf(step.p, 2 * H, 3 * H), step.loss));
  });
  test('dc += dh*o*(1-tanh²c) + dzo*po: numeric derivative', () => {
    // c by itself, with h and o from it
    const { c, z, p, r, s, dc } = step;
    const [b, n] = [1, 2];
    const lossOf = (value: number): number =>
      r.get(b, n) * otherSigmoid(z.get(b, 3 * H + n) + p.get(2 * H + n) * value) * Math.tanh(value) +
      s.get(b, n) * value;
    const [at, delta] = [c.get(b, n), 1e-5];
    expect(dc.get(b, n)).toBeCloseTo((lossOf(at + delta) - lossOf(at - delta)) / (2 * delta), 8);
  });
});

describe('(24′)', () => {
  const step = peephole();
  step.backward();
  test.each([
    ['dzi = di*i*(1-i)', 0],
    ['dzj = dj*(1-j²)', 1],
    ['dzf = df*f*(1-f)', 2],
  ])('%s: numeric derivative', (_, k) => {
    expectClose(block(step.dz, k), block(numericOf(step.z, step.loss), k));
  });
  test.each([
    ['dpi += Σ dzi*cPrev', 0],
    ['dpf += Σ dzf*cPrev', 1],
  ])('%s: numeric derivative', (_, k) => {
    expectClose(gradientOf(step.terms, k), numericGradient(rowsOf(step.p, k * H, (k + 1) * H), step.loss));
  });
  test('dcPrev += dc*f + dzi*pi + dzf*pf: numeric derivative', () => {
    expectClose(step.dcPrev, sumOf(valuesOf(step.dcPrevBefore), numericGradient(step.cPrev, step.loss)));
  });
});
