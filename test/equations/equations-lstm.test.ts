/**
 * The equations of the LSTM, (1)–(4) and (1′)–(4′), each alone.
 *
 * A forward equation is compared with its formula, which is written here a second time. A backward equation is compared with
 * the numeric derivative of that formula. The loss is Σ r*out, so r is the gradient with respect to `out`: the backward pass
 * starts from r. All operands are random, and no two sizes are equal. If an equation says `+=`, its output is not zero before.
 */
import { createReferenceBackend } from '../../kernels/reference/index.js';
import type { Backend } from '../../src/core/backend.js';
import { allocateAll } from '../../src/core/backend.js';
import { fillRandom, Random } from '../../src/core/rng.js';
import type { Tensor } from '../../src/core/tensor.js';
import { copyInto, fill, rowsOf, stepOf, transposeOf, valuesOf, zeros } from '../../src/core/tensor.js';
import type { Lstm } from '../../src/equations/lstm-tensors.js';
import { bindLstm, lstmGradientShapes, lstmShapes } from '../../src/equations/lstm-tensors.js';
import { lstmBackward, lstmCellBackward, lstmCellForward, lstmForward } from '../../src/equations/lstm.js';
import { B, H, perUnit, sumOf } from '../helpers/cell-equations.js';
import { expectClose, inner, matrix, numericGradient, randomTensor, sum } from '../helpers/numeric.js';

const [T, I] = [5, 4];
const backend = createReferenceBackend({ dtype: 'f64' });
const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z));

// ── (1) and (1′): the matrix products of all steps ──

/**
 * An LSTM with random values in every tensor, outputs too. The rows of h do not follow from each other. `widths`: the
 * numbers that a step reads of each input.
 */
function randomLstm(...widths: number[]) {
  const random = new Random(1);
  const sizes = { T, B, I, H };
  const tensors = allocateAll(backend, { ...lstmShapes(sizes), ...lstmGradientShapes(sizes) });
  const [inputs, dInputs] = [0, 1].map(() => widths.map((width) => backend.allocate([T, B, width])));
  const dcUpstream = backend.allocate([T + 1, B, H]);
  for (const tensor of [...Object.values<Tensor>(tensors), ...inputs, ...dInputs, dcUpstream]) {
    fillRandom(tensor, () => random.normal(0, 0.7));
  }
  return { ...bindLstm(sizes, { ...tensors, inputs, dInputs, dcUpstream }), dcUpstream };
}

/** Without (2)–(4): z becomes the gates. Without (4′)–(2′): dz is what the gates hold, and dc stays. */
const withoutCell: Backend = {
  ...backend,
  lstmCellForward: (_h, _c, gates, z) => copyInto(gates, z),
  lstmCellBackward: (dz, _dc, _dcPrev, _dh, gates) => copyInto(dz, gates),
};

/** x·Wx + hPrev·Wh + b of step t. Row r of the kernel belongs to number r of the inputs side by side, then of h. */
function zOf({ inputs, h, kernel, bias }: Lstm, t: number): Tensor {
  const read = Array.from({ length: B }, (_, b) =>
    [...inputs, h].flatMap((tensor) => [...valuesOf(tensor.pick(t, b, null))]),
  );
  return matrix(B, 4 * H, (b, n) => sum(I + H, (row) => read[b][row] * kernel.get(row, n)) + bias.get(n));
}

describe('(1)', () => {
  test.each([
    ['z = x·Wx + hPrev·Wh + b', [I]],
    ['z = Σ xₖ·Wxₖ + hPrev·Wh + b for two inputs', [1, 3]],
  ])('%s', (_, widths) => {
    const lstm = randomLstm(...widths);
    lstmForward(withoutCell, lstm);
    for (let t = 0; t < T; t++) expectClose(stepOf(lstm.gates, t), zOf(lstm, t));
  });
});

/** So gates hold dz. */
const lossOf = (lstm: Lstm): number => sum(T, (t) => inner(stepOf(lstm.gates, t), zOf(lstm, t)));

describe('(1′)', () => {
  const lstm = randomLstm(I);
  const { inputs, dInputs, kernel, bias, h, dKernel, dBias, dhUpstream, dh } = lstm;
  const loss = (): number => lossOf(lstm);
  beforeAll(() => lstmBackward(withoutCell, lstm));

  test('dhPrev += dz·Whᵀ: numeric derivative of (1)', () => {
    expectClose(dh, sumOf(valuesOf(dhUpstream), numericGradient(h, loss)));
  });
  test('dx = dz·Wxᵀ: numeric derivative of (1)', () => {
    expectClose(dInputs[0], numericGradient(inputs[0], loss));
  });
  test('dWx += xᵀ·dz: numeric derivative of (1)', () => {
    expectClose(rowsOf(dKernel, 0, I), numericGradient(rowsOf(kernel, 0, I), loss));
  });
  test('dWh += hPrevᵀ·dz: numeric derivative of (1)', () => {
    expectClose(rowsOf(dKernel, I, I + H), numericGradient(rowsOf(kernel, I, I + H), loss));
  });
  test('db += Σ dz: numeric derivative of (1)', () => {
    expectClose(dBias, numericGradient(bias, loss));
  });

  // The rows of the kernel that belong to each of two inputs, and to h.
  const two = randomLstm(1, 3);
  const rowsOfInput = (tensor: Tensor, k: number): Tensor => rowsOf(tensor, [0, 1, I][k], [1, I, I + H][k]);

  test.each([0, 1])('dxₖ += dz·Wxₖᵀ for k = %d of two inputs: numeric derivative of (1)', (k) => {
    lstmBackward(withoutCell, two);
    const numeric = numericGradient(two.inputs[k], () => lossOf(two));
    expectClose(two.dInputs[k], numeric);
  });
  test.each([0, 1])('dxₖ += for k = %d: what another direction has added stays', (k) => {
    lstmBackward(withoutCell, two);
    const once = valuesOf(two.dInputs[k]);
    lstmBackward(withoutCell, two, { accumulate: true });
    expectClose(two.dInputs[k], sumOf(once, once));
  });
  test.each([
    ['dWxₖ += xₖᵀ·dz for k = 0', 0],
    ['dWxₖ += xₖᵀ·dz for k = 1', 1],
    ['dWh += hPrevᵀ·dz', 2],
  ])('%s of two inputs: numeric derivative of (1)', (_, k) => {
    lstmBackward(withoutCell, two);
    const numeric = numericGradient(rowsOfInput(two.kernel, k), () => lossOf(two));
    expectClose(rowsOfInput(two.dKernel, k), numeric);
  });
});

// ── (2), (3) and (4): one step forward ──

type Gate = 'i' | 'j' | 'f' | 'o';
const GATES: readonly Gate[] = ['i', 'j', 'f', 'o'];

/** The columns of one gate in `[B,4H]`. */
function columnsOf(tensor: Tensor, gate: Gate): Tensor {
  const first = GATES.indexOf(gate) * H;
  return transposeOf(rowsOf(transposeOf(tensor), first, first + H));
}

function stepForward() {
  const random = new Random(2);
  const [z, cPrev] = [randomTensor(random, B, 4 * H), randomTensor(random, B, H)];
  const [h, c, gates] = [zeros([B, H], 'f64'), zeros([B, H], 'f64'), zeros([B, 4 * H], 'f64')];
  lstmCellForward(h, c, gates, z, cPrev, 0.37);
  const [i, j, f, o] = GATES.map((gate) => columnsOf(gates, gate));
  return { z, cPrev, h, c, i, j, f, o };
}

describe('(2)', () => {
  const { z, i, j, f, o } = stepForward();
  const otherSigmoid = (value: number): number => (1 + Math.tanh(value / 2)) / 2;
  test.each([
    ['i = σ(zi)', i, 'i', otherSigmoid],
    ['j = tanh(zj)', j, 'j', (value: number) => (Math.exp(2 * value) - 1) / (Math.exp(2 * value) + 1)],
    ['f = σ(zf + forgetBias)', f, 'f', (value: number) => otherSigmoid(value + 0.37)],
    ['o = σ(zo)', o, 'o', otherSigmoid],
  ] as const)('%s', (_, actual, gate, formula) => {
    const columns = columnsOf(z, gate);
    const expected = perUnit((b, n) => formula(columns.get(b, n)));
    expectClose(actual, expected);
  });
});

/** f*cPrev + i*j */
const cOf = ({ i, j, f, cPrev }: Record<'i' | 'j' | 'f' | 'cPrev', Tensor>): Tensor =>
  perUnit((b, n) => f.get(b, n) * cPrev.get(b, n) + i.get(b, n) * j.get(b, n));

describe('(3)', () => {
  test('c = f*cPrev + i*j', () => {
    const step = stepForward();
    expectClose(step.c, cOf(step));
  });
});

/** o*tanh(c) */
const hOf = ({ o, c }: Record<'o' | 'c', Tensor>): Tensor => perUnit((b, n) => o.get(b, n) * Math.tanh(c.get(b, n)));

describe('(4)', () => {
  test('h = o*tanh(c)', () => {
    const step = stepForward();
    expectClose(step.h, hOf(step));
  });
});

// ── (4′), (3′) and (2′): one step backward ──

/** The operands of one step backward, random and independent of each other: each equation is tested alone. */
function randomStep() {
  const random = new Random(6);
  const share = (): Tensor => perUnit(() => random.uniform(0.1, 0.9));
  const state = (): Tensor => randomTensor(random, B, H);
  const [i, j, f, o] = [share(), state(), share(), share()];
  return { i, j, f, o, c: state(), cPrev: state(), dh: state(), dc: state(), dcPrev: state() };
}

/** Runs one step backward. dc and dcPrev are changed in place; returns dz. */
function stepBackward({ dc, dcPrev, dh, c, cPrev, ...gate }: ReturnType<typeof randomStep>): Tensor {
  const [dz, gates] = [zeros([B, 4 * H], 'f64'), zeros([B, 4 * H], 'f64')];
  for (const name of GATES) copyInto(columnsOf(gates, name), gate[name]);
  lstmCellBackward(dz, dc, dcPrev, dh, gates, c, cPrev);
  return dz;
}

/**
 * The gradient with respect to an activated gate. It exists only inside the step, where (2′) multiplies it by σ′ or tanh′.
 * So it is dz divided by that factor. A mistake in (2′) therefore fails the tests of that gate in (3′) or (4′) as well.
 */
function gateGradient(dz: Tensor, gate: Gate, activated: Tensor): Tensor {
  const columns = columnsOf(dz, gate);
  return perUnit((b, n) => {
    const a = activated.get(b, n);
    return columns.get(b, n) / (gate === 'j' ? 1 - a * a : a * (1 - a));
  });
}

describe('(4′)', () => {
  const step = randomStep();
  const before = valuesOf(step.dc);
  const dz = stepBackward(step);
  const { o, c, dh, dc } = step;
  const loss = (): number => inner(dh, hOf(step));

  test('do = dh*tanh(c): numeric derivative of (4)', () => {
    expectClose(gateGradient(dz, 'o', o), numericGradient(o, loss));
  });
  test('dc += dh*o*(1-tanh²c): numeric derivative of (4)', () => {
    expectClose(dc, sumOf(before, numericGradient(c, loss)));
  });

  test('before the loop dc is dcUpstream, or zero without it', () => {
    const lstm = randomLstm(I);
    const { dcUpstream, ...withoutDcUpstream } = lstm;
    lstmBackward(withoutCell, lstm);
    expect(valuesOf(lstm.dc)).toEqual(valuesOf(dcUpstream));
    lstmBackward(withoutCell, withoutDcUpstream);
    expect(valuesOf(lstm.dc)).toEqual(new Float64Array((T + 1) * B * H));
  });
});

describe('(3′)', () => {
  const step = randomStep();
  fill(step.dh, 0); // (4′) adds nothing to dc
  const before = valuesOf(step.dcPrev);
  const dz = stepBackward(step);
  const { i, j, f, cPrev, dc, dcPrev } = step;
  const loss = (): number => inner(dc, cOf(step));

  test('di = dc*j: numeric derivative of (3)', () => {
    expectClose(gateGradient(dz, 'i', i), numericGradient(i, loss));
  });
  test('dj = dc*i: numeric derivative of (3)', () => {
    expectClose(gateGradient(dz, 'j', j), numericGradient(j, loss));
  });
  test('df = dc*cPrev: numeric derivative of (3)', () => {
    expectClose(gateGradient(dz, 'f', f), numericGradient(f, loss));
  });
  test('dcPrev += dc*f: numeric derivative of (3)', () => {
    expectClose(dcPrev, sumOf(before, numericGradient(cPrev, loss)));
  });
});

describe('(2′)', () => {
  /** dgate is dc for i, j and f, if the factor beside it in (3′) is 1; it is dh for o, if tanh(c) in (4′) is 1. */
  const factorOne = { i: ['j', 1], j: ['i', 1], f: ['cPrev', 1], o: ['c', 40] } as const;

  test.each([
    ['dzi = di*i*(1-i)', 'i', sigmoid],
    ['dzj = dj*(1-j²)', 'j', Math.tanh],
    ['dzf = df*f*(1-f)', 'f', sigmoid],
    ['dzo = do*o*(1-o)', 'o', sigmoid],
  ] as const)('%s: numeric derivative of (2)', (_, gate, activation) => {
    const z = randomTensor(new Random(7), B, H);
    const activated = (): Tensor => perUnit((b, n) => activation(z.get(b, n)));
    const step = { ...randomStep(), [gate]: activated() };
    const [factor, value] = factorOne[gate];
    fill(step[factor], value);
    if (gate !== 'o') fill(step.dh, 0); // (4′) adds nothing to dc
    const dz = stepBackward(step);
    const dGate = gate === 'o' ? step.dh : step.dc;
    expectClose(
      columnsOf(dz, gate),
      numericGradient(z, () => inner(dGate, activated())),
    );
  });
});
