/**
 * The equations of sequences: lengths (14), class indices (15) and projections (16), each alone. For (14) and (15), a second LSTM
 * computes the same in a simpler way, and the results are compared. So a mistake in the LSTM's other equations does not fail
 * these tests: both have it.
 */
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { Random } from '../../src/core/rng.js';
import type { Tensor } from '../../src/core/tensor.js';
import { addInto, copyInto, fill, rowsOf, stepOf, transposeOf, valuesOf, zeros } from '../../src/core/tensor.js';
import type { LstmSizes } from '../../src/equations/lstm-tensors.js';
import { allocateLstm, setLengths } from '../../src/equations/lstm-tensors.js';
import { lstmBackward, lstmForward } from '../../src/equations/lstm.js';
import { projectBackward, projectForward } from '../../src/equations/projection.js';
import { expectSame, matrix, randomTensor, sum } from '../helpers/numeric.js';
import { fillNormal, randomLstm } from '../helpers/random-model.js';

const backend = createReferenceBackend({ dtype: 'f64' });
const SIZES: LstmSizes = { T: 5, B: 3, I: 2, H: 4 };
const DIRECTIONS = [
  ['forward', false],
  ['reverse', true],
] as const;

// ── (14) and (14′): three sequences, of which two end early ──

const LENGTHS = [5, 3, 1];

/** A batch with lengths, both passes done. Beyond each sequence's end x is NaN. */
function batchWithLengths(reverse: boolean) {
  const lstm = randomLstm(backend, SIZES, reverse);
  LENGTHS.forEach((length, b) => {
    for (let t = length; t < SIZES.T; t++) fill(lstm.x.pick(t, b, null), NaN);
  });
  setLengths(lstm, LENGTHS);
  const initial = { h: valuesOf(lstm.initial.h), c: valuesOf(lstm.initial.c) };
  lstmForward(backend, lstm);
  lstmBackward(backend, lstm);
  return { lstm, initial };
}

/** Sequence b of a batch, with as many steps as it has, as a batch of its own. */
function sequenceAlone({ lstm, initial }: ReturnType<typeof batchWithLengths>, b: number) {
  const T = LENGTHS[b];
  const { H } = SIZES;
  const alone = randomLstm(backend, { ...SIZES, T, B: 1 }, lstm.reverse);
  for (const name of ['kernel', 'bias'] as const) copyInto(alone[name], lstm[name]);
  copyInto(alone.x, sequenceOf(rowsOf(lstm.x, 0, T), b));
  for (const name of ['h', 'c'] as const) {
    for (let n = 0; n < H; n++) alone.initial[name].set(0, n, initial[name][b * H + n]);
  }
  // All states after the end are the state at the end, so this one gets the gradients of all of them.
  for (const name of ['dhUpstream', 'dcUpstream'] as const) {
    copyInto(alone[name], sequenceOf(rowsOf(lstm[name], 0, T + 1), b));
    for (let row = T + 1; row <= SIZES.T; row++) {
      addInto(stepOf(alone[name], T), stepOf(sequenceOf(lstm[name], b), row));
    }
  }
  lstmForward(backend, alone);
  lstmBackward(backend, alone);
  return alone;
}

/** `[T,B,N]` → `[T,1,N]` */
const sequenceOf = (tensor: Tensor, b: number): Tensor => tensor.hi(-1, b + 1, -1).lo(0, b, 0);

describe('(14)', () => {
  test.each(DIRECTIONS)('h = hPrev, c = cPrev beyond the end of a sequence, %s', (_, reverse) => {
    const { lstm, initial } = batchWithLengths(reverse);
    LENGTHS.forEach((length, b) => {
      for (const name of ['h', 'c'] as const) {
        const states = sequenceOf(lstm[name], b);
        const kept = reverse
          ? initial[name].slice(b * SIZES.H, (b + 1) * SIZES.H) // in reverse, the steps beyond the end come first
          : valuesOf(stepOf(states, length));
        for (let row = length; row <= SIZES.T; row++) expect(valuesOf(stepOf(states, row))).toEqual(kept);
      }
    });
  });
  test.each(DIRECTIONS)('every sequence has the states that it has alone, %s from its own end', (_, reverse) => {
    const batch = batchWithLengths(reverse);
    LENGTHS.forEach((length, b) => {
      const alone = sequenceAlone(batch, b);
      for (const name of ['h', 'c'] as const) {
        expect(valuesOf(sequenceOf(rowsOf(batch.lstm[name], 0, length + 1), b))).toEqual(valuesOf(alone[name]));
        expect(valuesOf(batch.lstm.final[name].pick(b, null))).toEqual(valuesOf(alone.final[name].pick(0, null)));
      }
    });
  });
});

describe('(14′)', () => {
  test.each(DIRECTIONS)('dhPrev += dh, dcPrev += dc: every initial state has its gradient, %s', (_, reverse) => {
    const batch = batchWithLengths(reverse);
    const row = (T: number): number => (reverse ? T : 0);
    LENGTHS.forEach((length, b) => {
      const alone = sequenceAlone(batch, b);
      for (const name of ['dh', 'dc'] as const) {
        expectSame(stepOf(sequenceOf(batch.lstm[name], b), row(SIZES.T)), stepOf(alone[name], row(length)));
      }
    });
  });
  test.each(DIRECTIONS)('dx is that of every sequence alone, and 0 beyond its end, %s', (_, reverse) => {
    const batch = batchWithLengths(reverse);
    LENGTHS.forEach((length, b) => {
      const expected = zeros([SIZES.T, 1, SIZES.I], 'f64');
      copyInto(rowsOf(expected, 0, length), sequenceAlone(batch, b).dx);
      expectSame(sequenceOf(batch.lstm.dx, b), expected);
    });
  });
  test.each(DIRECTIONS)('dWx, dWh and db are the sums over the sequences alone, %s', (_, reverse) => {
    const batch = batchWithLengths(reverse);
    for (const name of ['dKernel', 'dBias'] as const) {
      const total = zeros(batch.lstm[name].shape, 'f64');
      LENGTHS.forEach((__, b) => addInto(total, sequenceAlone(batch, b)[name]));
      expectSame(batch.lstm[name], total);
    }
  });
});

// ── (15) and (15′): the classes of a batch, and the same batch one-hot ──

/** Classes of every step; some occur twice in a step. */
const CLASSES = [
  [1, 1, 0],
  [0, 3, 2],
  [2, 2, 2],
  [3, 0, 3],
  [1, 2, 1],
];

function classesAndOneHot() {
  const sizes = { ...SIZES, I: 4 };
  const indexed = allocateLstm(backend, sizes, { indices: true });
  const { kernel, bias, h, c, dhUpstream } = indexed;
  fillNormal([kernel, bias, h, c, dhUpstream]);
  const oneHot = randomLstm(backend, sizes);
  for (const name of ['kernel', 'bias', 'h', 'c', 'dhUpstream'] as const) copyInto(oneHot[name], indexed[name]);
  fill(oneHot.x, 0);
  fill(oneHot.dcUpstream, 0);
  CLASSES.forEach((row, t) => {
    row.forEach((index, b) => {
      indexed.x.set(t, b, index);
      oneHot.x.set(t, b, index, 1);
    });
  });
  for (const lstm of [indexed, oneHot]) {
    lstmForward(backend, lstm);
    lstmBackward(backend, lstm);
  }
  return { indexed, oneHot };
}

describe('(15)', () => {
  test('x·Wx + b = Wx[index] + b: the states of one-hot inputs', () => {
    const { indexed, oneHot } = classesAndOneHot();
    for (const name of ['gates', 'h', 'c'] as const) expectSame(indexed[name], oneHot[name]);
  });
});

describe('(15′)', () => {
  test('dWx[index] += dz: the gradients of one-hot inputs', () => {
    const { indexed, oneHot } = classesAndOneHot();
    for (const name of ['dKernel', 'dBias', 'dh', 'dc'] as const) expectSame(indexed[name], oneHot[name]);
  });
});

// ── (16) and (16′): one step of three sequences, from H 4 to P 2 ──

function projection() {
  const random = new Random(4);
  const tensor = (...shape: number[]): Tensor => randomTensor(random, ...shape);
  const [B, H, P] = [3, 4, 2];
  const tensors = {
    h: tensor(B, P),
    dh: tensor(B, P),
    m: tensor(B, H),
    dm: tensor(B, H),
    Wr: tensor(H, P),
    dWr: tensor(H, P),
  };
  return { ...tensors, mTransposed: transposeOf(tensors.m), WrTransposed: transposeOf(tensors.Wr), B, H, P };
}

describe('(16)', () => {
  test('h = m·Wr: P numbers from H', () => {
    const { B, H, P, ...rows } = projection();
    const { h, m, Wr } = rows;
    projectForward(backend, rows);
    expectSame(
      h,
      matrix(B, P, (b, p) => sum(H, (n) => m.get(b, n) * Wr.get(n, p))),
    );
  });
});

describe('(16′)', () => {
  test('dm = dh·Wrᵀ', () => {
    const { B, H, P, ...rows } = projection();
    const { dm, dh, Wr } = rows;
    projectBackward(backend, rows);
    expectSame(
      dm,
      matrix(B, H, (b, n) => sum(P, (p) => dh.get(b, p) * Wr.get(n, p))),
    );
  });
  test('dWr += mᵀ·dh: the sum over the batch is added to what other steps have added', () => {
    const { B, H, P, ...rows } = projection();
    const { dWr, m, dh } = rows;
    const before = matrix(H, P, (n, p) => dWr.get(n, p));
    projectBackward(backend, rows);
    expectSame(
      dWr,
      matrix(H, P, (n, p) => before.get(n, p) + sum(B, (b) => m.get(b, n) * dh.get(b, p))),
    );
  });
});
