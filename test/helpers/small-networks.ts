/**
 * Small networks in f64, each a list of lines forward and a list of lines backward. A wrong backward pass is one of them with another
 * backward line. A value is a matrix; the line `dName` gives the gradient of the input `name`.
 */
import { Random } from '../../src/core/rng.js';
import {
  type Matrix,
  add,
  dot,
  each,
  means,
  normal,
  density,
  rowMeans,
  rowSums,
  scaled,
  sigmoid,
  sums,
  times,
  turn,
} from './matrices.js';

export type Line = (values: Readonly<Record<string, Matrix>>) => Matrix;

export interface Net {
  /** What the check changes, by their rows and columns. A vector has one row. */
  readonly inputs: Readonly<Record<string, readonly [number, number]>>;
  /** The last line is y, or a loss of one number. */
  readonly forward: Readonly<Record<string, Line>>;
  /** In their order; `dy` is given. */
  readonly backward: Readonly<Record<string, Line>>;
}

type Activation = readonly [of: (z: number) => number, derivative: (z: number, y: number) => number];
const ACTIVATIONS = {
  identity: [(z) => z, () => 1],
  sigmoid: [sigmoid, (_, y) => y * (1 - y)],
  tanh: [Math.tanh, (_, y) => 1 - y * y],
  relu: [(z) => Math.max(0, z), (z) => (z > 0 ? 1 : 0)],
  leakyRelu: [(z) => (z > 0 ? z : 0.1 * z), (z) => (z > 0 ? 1 : 0.1)],
  softplus: [(z) => Math.log1p(Math.exp(z)), (z) => sigmoid(z)],
  gelu: [(z) => z * normal(z), (z) => normal(z) + z * density(z)],
  silu: [(z) => z * sigmoid(z), (z, y) => sigmoid(z) + y * (1 - sigmoid(z))],
} as const satisfies Record<string, Activation>;
type Named = keyof typeof ACTIVATIONS;

const constant = (seed: number, rows: number, columns: number, of: (value: number) => number): Matrix => {
  const random = new Random(seed);
  return Array.from({ length: rows }, () => Array.from({ length: columns }, () => of(random.normal(0, 1))));
};

/** y = f(x) */
export const activation = (name: Named): Net => ({
  inputs: { x: [4, 5] },
  forward: { y: ({ x }) => each(ACTIVATIONS[name][0], x) },
  backward: { dx: ({ dy, x, y }) => times(dy, each(ACTIVATIONS[name][1], x, y)) },
});

/** y = f(x·W + b) */
export const dense = (name: Named, I = 5, H = 3): Net => ({
  inputs: { x: [4, I], W: [I, H], b: [1, H] },
  forward: { z: ({ x, W, b }) => add(dot(x, W), b), y: ({ z }) => each(ACTIVATIONS[name][0], z) },
  backward: {
    dz: ({ dy, z, y }) => times(dy, each(ACTIVATIONS[name][1], z, y)),
    dW: ({ x, dz }) => dot(turn(x), dz),
    db: ({ dz }) => sums(dz),
    dx: ({ dz, W }) => dot(dz, turn(W)),
  },
});

const MASK = constant(5, 4, 3, (value) => (value > -0.3 ? 2 : 0));

/** y = f(x·W + b)·V, with dropout of half of the hidden units */
export const hidden = (name: Named, mask: Matrix = [[1]], O = 2): Net => ({
  inputs: { x: [4, 5], W: [5, 3], b: [1, 3], V: [3, O] },
  forward: {
    z: ({ x, W, b }) => add(dot(x, W), b),
    h: ({ z }) => times(mask, each(ACTIVATIONS[name][0], z)),
    y: ({ h, V }) => dot(h, V),
  },
  backward: {
    dV: ({ h, dy }) => dot(turn(h), dy),
    dh: ({ dy, V }) => dot(dy, turn(V)),
    da: ({ dh }) => times(mask, dh),
    dz: ({ da, z }) =>
      times(
        da,
        each((one) => ACTIVATIONS[name][1](one, ACTIVATIONS[name][0](one)), z),
      ),
    dW: ({ x, dz }) => dot(turn(x), dz),
    db: ({ dz }) => sums(dz),
    dx: ({ dz, W }) => dot(dz, turn(W)),
  },
});
export const hiddenDropout: Net = hidden('tanh', MASK);

/** y = g·n + b, with n = (x - mean)/deviation of each row, or of each column */
const normalisation = (mean: (a: Matrix) => Matrix, centre: boolean, rows: number, columns: number): Net => ({
  inputs: { x: [rows, columns], g: [1, columns], ...(centre && { b: [1, columns] }) },
  forward: {
    d: ({ x }) => (centre ? add(x, scaled(-1, mean(x))) : x),
    s: ({ d }) => each((one) => 1 / Math.sqrt(one + 1e-5), mean(times(d, d))),
    n: ({ d, s }) => times(d, s),
    y: ({ n, g, b = [[0]] }) => add(times(n, g), b),
  },
  backward: {
    dg: ({ dy, n }) => sums(times(dy, n)),
    db: ({ dy }) => sums(dy),
    dn: ({ dy, g }) => times(dy, g),
    m: ({ dn }) => scaled(centre ? -1 : 0, mean(dn)), // through the mean
    v: ({ dn, n }) => scaled(-1, times(n, mean(times(dn, n)))), // through the deviation
    dx: ({ dn, m, v, s }) => times(s, add(dn, m, v)),
  },
});
export const layerNorm = normalisation(rowMeans, true, 4, 6);
export const batchNorm = normalisation(means, true, 6, 4);
export const rmsNorm = normalisation(rowMeans, false, 4, 6);

const softmaxOf = (x: Matrix): Matrix => {
  const e = each(Math.exp, x);
  return each((one, sum) => one / sum, e, rowSums(e));
};

/** y = softmax of each row */
export const softmax: Net = {
  inputs: { x: [4, 5] },
  forward: { y: ({ x }) => softmaxOf(x) },
  backward: {
    s: ({ dy, y }) => rowSums(times(dy, y)),
    dx: ({ dy, y, s }) => each((d, p, sum) => p * (d - sum), dy, y, s),
  },
};

const ROWS = constant(6, 4, 5, (value) => value);
export const LABELS: Matrix = [2, 0, 3, 2].map((label) => [0, 1, 2, 3].map((k) => (k === label ? 1 : 0)));
const lossOf = (p: Matrix): Matrix => scaled(-1, means(rowSums(times(LABELS, each(Math.log, p)))));
/** The mean over 4 rows of the cross-entropy of softmax(x·W + b) with 4 classes. x is no input. */
export const crossEntropy: Net = {
  inputs: { W: [5, 4], b: [1, 4] },
  forward: { p: ({ W, b }) => softmaxOf(add(dot(ROWS, W), b)), y: ({ p }) => lossOf(p) },
  backward: {
    dz: ({ p }) => scaled(1 / 4, add(p, scaled(-1, LABELS))),
    dW: ({ dz }) => dot(turn(ROWS), dz),
    db: ({ dz }) => sums(dz),
  },
};
/** The mean cross-entropy of softmax(x). */
export const crossEntropyOfLogits: Net = {
  inputs: { x: [4, 4] },
  forward: { p: ({ x }) => softmaxOf(x), y: ({ p }) => lossOf(p) },
  backward: { dx: ({ p }) => scaled(1 / 4, add(p, scaled(-1, LABELS))) },
};
export const TARGETS = constant(7, 4, 3, (value) => (value > 0 ? 1 : 0));
/** The mean over all elements of the cross-entropy of σ(x). */
export const binaryCrossEntropy: Net = {
  inputs: { x: [4, 3] },
  forward: {
    p: ({ x }) => each(sigmoid, x),
    y: ({ p }) => means(rowMeans(each((one, t) => -t * Math.log(one) - (1 - t) * Math.log(1 - one), p, TARGETS))),
  },
  backward: { dx: ({ p }) => scaled(1 / 12, add(p, scaled(-1, TARGETS))) },
};
/** The mean squared error of x·W. */
export const squaredError: Net = {
  inputs: { x: [4, 5], W: [5, 3] },
  forward: { e: ({ x, W }) => add(dot(x, W), scaled(-1, TARGETS)), y: ({ e }) => means(rowMeans(times(e, e))) },
  backward: {
    de: ({ e }) => scaled(2 / 12, e),
    dW: ({ x, de }) => dot(turn(x), de),
    dx: ({ de, W }) => dot(de, turn(W)),
  },
};

export const KEPT = constant(8, 4, 5, (value) => (value > -0.3 ? 1 : 0));
export const OTHER_MASK = constant(9, 4, 5, (value) => (value > -0.3 ? 1 : 0));
/** y = x·mask/keep, with keep = 0.6 */
export const dropout: Net = {
  inputs: { x: [4, 5] },
  forward: { y: ({ x }) => scaled(1 / 0.6, times(x, KEPT)) },
  backward: { dx: ({ dy }) => scaled(1 / 0.6, times(dy, KEPT)) },
};

const [left, right] = [0, 1].map((n) => (y: Matrix) => y.map((row) => row.slice(3 * n, 3 * n + 3)));
/** One step of an LSTM from its pre-activations; y = [h, c]. */
export const lstm: Net = {
  inputs: { zi: [4, 3], zj: [4, 3], zf: [4, 3], zo: [4, 3], cPrev: [4, 3] },
  forward: {
    i: ({ zi }) => each(sigmoid, zi),
    j: ({ zj }) => each(Math.tanh, zj),
    f: ({ zf }) => each(sigmoid, zf),
    o: ({ zo }) => each(sigmoid, zo),
    c: ({ i, j, f, cPrev }) => add(times(f, cPrev), times(i, j)),
    a: ({ c }) => each(Math.tanh, c),
    y: ({ o, a, c }) => times(o, a).map((row, n) => [...row, ...c[n]]),
  },
  backward: {
    dh: ({ dy }) => left(dy),
    dcNext: ({ dy }) => right(dy),
    dc: ({ dh, dcNext, o, a }) => each((h, next, gate, t) => next + h * gate * (1 - t * t), dh, dcNext, o, a),
    di: ({ dc, j }) => times(dc, j),
    dj: ({ dc, i }) => times(dc, i),
    df: ({ dc, cPrev }) => times(dc, cPrev),
    dcPrev: ({ dc, f }) => times(dc, f),
    dzi: ({ di, i }) => each((d, gate) => d * gate * (1 - gate), di, i),
    dzj: ({ dj, j }) => each((d, gate) => d * (1 - gate * gate), dj, j),
    dzf: ({ df, f }) => each((d, gate) => d * gate * (1 - gate), df, f),
    dzo: ({ dh, a, o }) => each((d, t, gate) => d * t * gate * (1 - gate), dh, a, o),
  },
};

/** dz of every step from the last, by dz = rule(dh, h) and dh of the step before += carry(dz·Uᵀ). */
export function throughTime(
  { dy, h, U }: Readonly<Record<string, Matrix>>,
  rule = (dh: number, one: number): number => dh * (1 - one * one),
  carry = (one: number): number => one,
): Matrix {
  const dz: Matrix[] = [];
  let next: Matrix = [[0]];
  for (const [t, row] of [...dy.entries()].reverse()) {
    const one = each((d, later, state) => rule(d + later, state), [row], next, [h[t]]);
    dz.unshift(one);
    next = each(carry, dot(one, turn(U)));
  }
  return dz.flat();
}
/** y = all h of h = tanh(x·W + hPrev·U + b); rows are steps. */
export const rnn: Net = {
  inputs: { x: [5, 2], W: [2, 3], U: [3, 3], b: [1, 3], h0: [1, 3] },
  forward: {
    h: ({ x, W, U, b, h0 }) =>
      x.reduce<Matrix>((h, row) => [...h, ...each(Math.tanh, add(dot([row], W), dot(h.slice(-1), U), b))], h0).slice(1),
    y: ({ h }) => h,
  },
  backward: {
    dz: (values) => throughTime(values),
    before: ({ h, h0 }) => [...h0, ...h.slice(0, -1)],
    dx: ({ dz, W }) => dot(dz, turn(W)),
    dW: ({ x, dz }) => dot(turn(x), dz),
    dU: ({ before, dz }) => dot(turn(before), dz),
    db: ({ dz }) => sums(dz),
    dh0: ({ dz, U }) => dot(dz.slice(0, 1), turn(U)),
  },
};

const INDICES = [2, 0, 2, 4];
/** = in place of += if not `isAdded`. */
export const gradientOfTable = (table: Matrix, dy: Matrix, isAdded: boolean): Matrix => {
  const gradient = table.map((row) => row.map(() => 0));
  for (const [r, index] of INDICES.entries())
    gradient[index] = gradient[index].map((sum, k) => (isAdded ? sum : 0) + Math.sqrt(3) * dy[r][k]);
  return gradient;
};
/** y = √3·table[indices] */
export const embedding: Net = {
  inputs: { table: [5, 3] },
  forward: { y: ({ table }) => INDICES.map((index) => table[index].map((one) => Math.sqrt(3) * one)) },
  backward: { dtable: ({ table, dy }) => gradientOfTable(table, dy, true) },
};
/** y = x + tanh(x·W) */
export const residual: Net = {
  inputs: { x: [4, 3], W: [3, 3] },
  forward: { a: ({ x, W }) => each(Math.tanh, dot(x, W)), y: ({ x, a }) => add(x, a) },
  backward: {
    dz: ({ dy, a }) => each((d, one) => d * (1 - one * one), dy, a),
    dW: ({ x, dz }) => dot(turn(x), dz),
    dx: ({ dy, dz, W }) => add(dy, dot(dz, turn(W))),
  },
};
/** y = softmax(q·kᵀ/√3)·v */
export const attention: Net = {
  inputs: { q: [4, 3], k: [5, 3], v: [5, 2] },
  forward: {
    p: ({ q, k }) => softmaxOf(scaled(1 / Math.sqrt(3), dot(q, turn(k)))),
    y: ({ p, v }) => dot(p, v),
  },
  backward: {
    dv: ({ p, dy }) => dot(turn(p), dy),
    dp: ({ dy, v }) => dot(dy, turn(v)),
    da: ({ dp, p }) => each((d, one, sum) => one * (d - sum), dp, p, rowSums(times(dp, p))),
    ds: ({ da }) => scaled(1 / Math.sqrt(3), da),
    dq: ({ ds, k }) => dot(ds, k),
    dk: ({ ds, q }) => dot(turn(ds), q),
  },
};
/** y = the mean of x over 6 steps, times W */
export const pooling: Net = {
  inputs: { x: [6, 4], W: [4, 3] },
  forward: { m: ({ x }) => means(x), y: ({ m, W }) => dot(m, W) },
  backward: {
    dW: ({ m, dy }) => dot(turn(m), dy),
    dm: ({ dy, W }) => dot(dy, turn(W)),
    dx: ({ dm, x }) =>
      each(
        (d) => d / 6,
        dm,
        each(() => 0, x),
      ),
  },
};
