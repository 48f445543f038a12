/**
 * The equations of the RNN, (20), of the GRU, (21) to (23), of the peephole LSTM, (24) and (25), of the scan, (26), of minGRU and minLSTM, (27) to (29), and of the sLSTM, (30) to (33).
 *
 * A forward equation is compared with its formula, which is written here a second time. A backward pass is compared with the numeric
 * derivative of the forward function: each test has the loss Σ r*h, and for states that step t+1 reads also Σ s*c. So r and s are the
 * gradients with which the backward pass starts. All operands are random. If an equation says `+=`, its output is not zero before.
 */
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { cellOf } from '../../src/cells/cells.js';
import { Random } from '../../src/core/rng.js';
import type { Shape, Tensor } from '../../src/core/tensor.js';
import { copyInto, rowsOf, tensorFrom, transposeOf, valuesOf, zeros } from '../../src/core/tensor.js';
import { gruCellBackward, gruCellForward } from '../../src/equations/gru.js';
import { minGruBackward, minGruForward } from '../../src/equations/mingru.js';
import { minLstmBackward, minLstmForward } from '../../src/equations/minlstm.js';
import { peepholeCellBackward, peepholeCellForward } from '../../src/equations/peephole.js';
import { tanhBackward, tanhForward } from '../../src/equations/rnn.js';
import { scanBackward, scanForward } from '../../src/equations/scan.js';
import { slstmCellBackward, slstmCellForward } from '../../src/equations/slstm.js';
import { copyOf, expectClose, inner, matrix, numericGradient, randomTensor, sum } from '../helpers/numeric.js';

const [T, B, H] = [4, 2, 3];
const BIAS = 0.37;
const otherSigmoid = (z: number): number => (1 + Math.tanh(z / 2)) / 2;
/** A `[B,H]` tensor from a formula for its elements. */
const perUnit = (element: (b: number, n: number) => number): Tensor => matrix(B, H, element);
const sumOf = (a: Float64Array, b: Float64Array): Float64Array => a.map((value, n) => value + b[n]);

/** Block k of the columns of `[B,…]`, `[B,H]`. */
function block(tensor: Tensor, k: number): Tensor {
  return transposeOf(rowsOf(transposeOf(tensor), k * H, (k + 1) * H));
}

/** Block k of the columns of `[T,B,…]`, `[T,B,H]`. */
const blockOfSteps = (tensor: Tensor, k: number): Tensor => tensor.hi(-1, -1, (k + 1) * H).lo(0, 0, k * H);

/** The numeric gradient as a tensor, so that it has blocks. */
const numericOf = (tensor: Tensor, loss: () => number): Tensor =>
  tensorFrom(numericGradient(tensor, loss), tensor.shape);

// ── (20) to (23): the RNN and the GRU ──

describe('(20)', () => {
  test('h = tanh(a)', () => {
    const [a, h] = [randomTensor(new Random(11), B, H), zeros([B, H], 'f64')];
    tanhForward(h, a);
    expectClose(
      h,
      perUnit((b, n) => 2 * otherSigmoid(2 * a.get(b, n)) - 1),
    );
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
    expectClose(
      block(gates, 1),
      perUnit((b, n) => otherSigmoid(ax.get(b, H + n) + ah.get(b, H + n))),
    );
  });
  test('n = tanh(axn + r*ahn)', () => {
    expectClose(
      block(gates, 2),
      perUnit((b, n) => Math.tanh(ax.get(b, 2 * H + n) + r(b, n) * ah.get(b, 2 * H + n))),
    );
  });
});

describe('(23)', () => {
  const { gates, h, hPrev } = gru();
  test('h = (1-z)*n + z*hPrev', () => {
    const z = (b: number, n: number): number => gates.get(b, H + n);
    expectClose(
      h,
      perUnit((b, n) => gates.get(b, 2 * H + n) + z(b, n) * (hPrev.get(b, n) - gates.get(b, 2 * H + n))),
    );
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
    expectClose(
      c,
      perUnit((b, n) => f.get(b, n) * cPrev.get(b, n) + i.get(b, n) * j.get(b, n)),
    );
  });
});

describe('(25)', () => {
  const { z, p, gates, c, h } = peephole();
  const o = perUnit((b, n) => otherSigmoid(z.get(b, 3 * H + n) + p.get(2 * H + n) * c.get(b, n)));
  test('o = σ(zo + po*c)', () => expectClose(block(gates, 3), o));
  test('h = o*tanh(c)', () =>
    expectClose(
      h,
      perUnit((b, n) => o.get(b, n) * Math.tanh(c.get(b, n))),
    ));
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

// ── (26): the scan ──

const DIRECTIONS = [
  ['from the first step to the last', false],
  ['from the last step to the first', true],
] as const;

describe('(26)', () => {
  test.each(DIRECTIONS)('h = a*hPrev + b, %s', (_, reverse) => {
    const random = new Random(2);
    const [a, b, hPrev] = [randomTensor(random, T, B, H), randomTensor(random, T, B, H), randomTensor(random, B, H)];
    const h = zeros([T, B, H], 'f64');
    scanForward(
      h,
      hPrev,
      (...at) => a.get(...at),
      (...at) => b.get(...at),
      reverse,
    );
    const steps = Array.from({ length: T }, (__, t) => (reverse ? T - 1 - t : t));
    let state = hPrev;
    for (const t of steps) {
      const before = state;
      state = perUnit((k, n) => before.get(k, n) * a.get(t, k, n) + b.get(t, k, n));
      expectClose(h.pick(t, null, null), state);
    }
  });
});

function scanned(reverse: boolean) {
  const random = new Random(3);
  const [a, b, hPrev] = [randomTensor(random, T, B, H), randomTensor(random, T, B, H), randomTensor(random, B, H)];
  const [h, r, dhPrevBefore] = [zeros([T, B, H], 'f64'), randomTensor(random, T, B, H), randomTensor(random, B, H)];
  const factor = (t: number, k: number, n: number): number => a.get(t, k, n);
  const loss = (): number => {
    scanForward(h, hPrev, factor, (...at) => b.get(...at), reverse);
    return inner(r, h);
  };
  loss();
  const [da, db, dh, dhPrev] = [zeros([T, B, H], 'f64'), zeros([T, B, H], 'f64'), copyOf(r), copyOf(dhPrevBefore)];
  const receive = (t: number, k: number, n: number, dA: number, dB: number): void => {
    da.set(t, k, n, dA);
    db.set(t, k, n, dB);
  };
  scanBackward(dh, dhPrev, h, hPrev, factor, receive, reverse);
  return { a, b, hPrev, da, db, dh, dhPrev, dhPrevBefore, loss };
}

describe('(26′)', () => {
  test.each(DIRECTIONS)('da = dh*hPrev: numeric derivative of (26), %s', (_, reverse) => {
    const scan = scanned(reverse);
    expectClose(scan.da, numericGradient(scan.a, scan.loss));
  });
  test.each(DIRECTIONS)('db = dh: numeric derivative of (26), %s', (_, reverse) => {
    const scan = scanned(reverse);
    expectClose(scan.db, numericGradient(scan.b, scan.loss));
  });
  test.each(DIRECTIONS)('dhPrev += dh*a: numeric derivative of (26), %s', (_, reverse) => {
    const scan = scanned(reverse);
    expectClose(scan.dhPrev, sumOf(valuesOf(scan.dhPrevBefore), numericGradient(scan.hPrev, scan.loss)));
  });
});

// ── (27) to (29): minGRU and minLSTM ──

type MinForward = (h: Tensor, gates: Tensor, hPrev: Tensor, signed: boolean, reverse: boolean) => void;

/** A cell of `blocks` gates with random pre-activations, after both passes. */
function minCell(
  blocks: number,
  forward: MinForward,
  backward: typeof minGruBackward,
  signed: boolean,
  reverse = false,
) {
  const random = new Random(4);
  const [z, hPrev, r] = [
    randomTensor(random, T, B, blocks * H),
    randomTensor(random, B, H),
    randomTensor(random, T, B, H),
  ];
  const [h, gates] = [zeros([T, B, H], 'f64'), copyOf(z)];
  forward(h, gates, hPrev, signed, reverse);
  const [dz, dh, dhPrev] = [zeros(z.shape, 'f64'), copyOf(r), zeros([B, H], 'f64')];
  backward(dz, dh, dhPrev, gates, h, hPrev, signed, reverse);
  const loss = (): number => {
    const again = zeros([T, B, H], 'f64');
    forward(again, copyOf(z), hPrev, signed, reverse);
    return inner(r, again);
  };
  return { z, gates, hPrev, h, dz, dhPrev, loss };
}

const minGru = (signed: boolean, reverse?: boolean) => minCell(2, minGruForward, minGruBackward, signed, reverse);
const minLstm = (signed: boolean, reverse?: boolean) =>
  minCell(
    3,
    (h, gates, hPrev, ...options) => minLstmForward(h, gates, hPrev, BIAS, ...options),
    minLstmBackward,
    signed,
    reverse,
  );

/** h of all steps from the factor a₀ of each; b = (1-a₀)*j. */
function statesFrom(
  a0At: (t: number, b: number, n: number) => number,
  { z, hPrev }: { z: Tensor; hPrev: Tensor },
  signed: boolean,
) {
  const h = zeros([T, B, H], 'f64');
  let state = hPrev;
  for (let t = 0; t < T; t++) {
    const before = state;
    state = perUnit((b, n) => {
      const a0 = a0At(t, b, n);
      return (signed ? a0 - (1 - a0) : a0) * before.get(b, n) + (1 - a0) * z.get(t, b, H + n);
    });
    for (let b = 0; b < B; b++) for (let n = 0; n < H; n++) h.set(t, b, n, state.get(b, n));
  }
  return h;
}

describe('(27)', () => {
  const cell = minGru(false);
  test('u = σ(zu)', () => {
    expectClose(blockOfSteps(cell.gates, 0), valuesOf(blockOfSteps(cell.z, 0)).map(otherSigmoid));
  });
  test('j = zj', () => expectClose(blockOfSteps(cell.gates, 1), valuesOf(blockOfSteps(cell.z, 1))));
  test('a = 1-u; b = u*j', () =>
    expectClose(
      cell.h,
      statesFrom((t, b, n) => otherSigmoid(-cell.z.get(t, b, n)), cell, false),
    ));
});

describe('(28)', () => {
  test('a = 2·a₀ - 1, minGRU', () => {
    const cell = minGru(true);
    expectClose(
      cell.h,
      statesFrom((t, b, n) => otherSigmoid(-cell.z.get(t, b, n)), cell, true),
    );
  });
  test('a = 2·a₀ - 1, minLSTM', () => {
    const cell = minLstm(true);
    expectClose(cell.h, statesFrom(keptAt(cell.z), cell, true));
  });
});

/** f/(f+i) = 1/(1 + i/f) */
const keptAt = (z: Tensor) => (t: number, b: number, n: number) =>
  1 / (1 + otherSigmoid(z.get(t, b, n)) / otherSigmoid(z.get(t, b, 2 * H + n) + BIAS));

describe('(29)', () => {
  const cell = minLstm(false);
  test('i = σ(zi)', () => {
    expectClose(blockOfSteps(cell.gates, 0), valuesOf(blockOfSteps(cell.z, 0)).map(otherSigmoid));
  });
  test('j = zj', () => expectClose(blockOfSteps(cell.gates, 1), valuesOf(blockOfSteps(cell.z, 1))));
  test('f = σ(zf + forgetBias)', () => {
    const f = valuesOf(blockOfSteps(cell.z, 2)).map((value) => otherSigmoid(value + BIAS));
    expectClose(blockOfSteps(cell.gates, 2), f);
  });
  test('a = f/(f+i); b = i/(f+i)*j', () => expectClose(cell.h, statesFrom(keptAt(cell.z), cell, false)));
});

/** The gradients of the gates of a cell, one after another, and in reverse all of them. */
function testGates(
  cellOf: (signed: boolean, reverse?: boolean) => ReturnType<typeof minCell>,
  gates: readonly string[],
): void {
  const unsigned = cellOf(false);
  test.each(gates.map((gate, k) => [gate, k] as const))('%s: numeric derivative', (_, k) => {
    expectClose(blockOfSteps(unsigned.dz, k), blockOfSteps(numericOf(unsigned.z, unsigned.loss), k));
  });
  test('in reverse: numeric derivative', () => {
    const { dz, z, dhPrev, hPrev, loss } = cellOf(false, true);
    expectClose(dz, numericGradient(z, loss));
    expectClose(dhPrev, numericGradient(hPrev, loss));
  });
}

describe('(27′)', () => {
  testGates(minGru, ['dzu = (db*j - da₀)*u*(1-u)', 'dzj = db*u']);
});
describe('(29′)', () => {
  testGates(minLstm, ['dzi', 'dzj = db*(1-a₀)', 'dzf']);
});

describe('(28′)', () => {
  test.each([
    ['minGRU', minGru],
    ['minLSTM', minLstm],
  ] as const)('da₀ = 2·da, %s: numeric derivative', (_, cellOf) => {
    const { dz, z, dhPrev, hPrev, loss } = cellOf(true);
    expectClose(dz, numericGradient(z, loss));
    expectClose(dhPrev, numericGradient(hPrev, loss));
  });
});

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
    expectClose(
      m,
      perUnit((b, n) => Math.max(z.get(b, n), mPrev.get(b, n) + logForget(z, b, n))),
    );
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
      expectClose(
        n,
        perUnit(() => 1),
      );
      expectClose(
        h,
        perUnit((_, unit) => Math.tanh(0.3 + unit) / 2),
      );
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
    expectClose(
      c,
      perUnit((b, k) => i.get(b, k) * j.get(b, k) + f.get(b, k) * cPrev.get(b, k)),
    );
  });
  test('n = f*nPrev + i', () =>
    expectClose(
      n,
      perUnit((b, k) => i.get(b, k) + f.get(b, k) * nPrev.get(b, k)),
    ));
});

describe('(33)', () => {
  const { h, c, n, gates } = slstm();
  test('h = o*c/n', () =>
    expectClose(
      h,
      perUnit((b, k) => gates.get(b, 3 * H + k) * (c.get(b, k) / n.get(b, k))),
    ));
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
