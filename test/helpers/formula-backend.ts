/**
 * The tests compare every backend with this one: every operation in f64, written from its definition. It shares no
 * formula with src/, so a wrong formula there fails the backend suite, on the reference backend too. There are two more ways to run the
 * cases of operation-cases.ts on the reference in f64: each output is that of its formula; and each gradient is the numeric gradient of the
 * forward operation's formula.
 */
import { createReferenceBackend } from '../../kernels/reference/index.js';
import type { Backend, Cost, Operations } from '../../src/core/backend.js';
import { type Tensor, matrixOf, type Shape, fill, valuesOf, zeros } from '../../src/core/tensor.js';
import { fillRandom, Random } from '../../src/core/rng.js';
import { expectNumbers, numericGradient } from './numeric.js';
import { type Case, CASES } from './operation-cases.js';

type Matrix = number[][];

const range = (count: number): number[] => Array.from({ length: count }, (_, n) => n);
const sum = (values: number[]): number => values.reduce((total, value) => total + value, 0);

/** A copy of a tensor `[M,N]`; a vector `[N]` has one row. */
function rowsOf(tensor: Tensor): Matrix {
  if (tensor.dimension === 1) return [range(tensor.shape[0]).map((n) => tensor.get(n))];
  return range(tensor.shape[0]).map((m) => range(tensor.shape[1]).map((n) => tensor.get(m, n)));
}

const vectorOf = (tensor: Tensor): number[] => rowsOf(tensor)[0];

/** Sets every element of a tensor `[N]` or `[M,N]`; a vector is row 0. */
function setAll(out: Tensor, valueAt: (m: number, n: number) => number): void {
  if (out.dimension === 1) for (const n of range(out.shape[0])) out.set(n, valueAt(0, n));
  else for (const m of range(out.shape[0])) for (const n of range(out.shape[1])) out.set(m, n, valueAt(m, n));
}

/** σ and tanh are the same curve at two scales. */
const sigmoid = (z: number): number => (1 + Math.tanh(z / 2)) / 2;
/** tanh′ */
const sech2 = (z: number): number => 1 / Math.cosh(z) ** 2;

const kronecker = (n: number, k: number): number => (n === k ? 1 : 0);

/** The rows of y for logits or probabilities `[B,C]`: given as rows, or as classes `[B]`. */
function labelRowsOf(labels: Tensor, { shape: [, C] }: Tensor): Matrix {
  if (labels.dimension === 2) return rowsOf(labels);
  return vectorOf(labels).map((label) => range(C).map((k) => kronecker(label, k)));
}

/** log p of each class: p_k = 1 / Σ_j exp(l_j - l_k). */
function logSoftmax(logits: number[]): number[] {
  return logits.map((own) => {
    const differences = logits.map((other) => other - own);
    const largest = Math.max(...differences);
    return -largest - Math.log(sum(differences.map((difference) => Math.exp(difference - largest))));
  });
}

/** What an error r costs, and the derivative; k is its column. */
function costOf(cost: Cost): { of: (r: number, k: number) => number; derivative: (r: number, k: number) => number } {
  switch (cost.kind) {
    case 'squared':
      return { of: (r) => r ** 2, derivative: (r) => 2 * r };
    case 'absolute':
      return { of: Math.abs, derivative: Math.sign };
    case 'huber': {
      const { delta } = cost;
      return {
        of: (r) => (Math.abs(r) > delta ? delta * Math.abs(r) - delta ** 2 / 2 : 0.5 * r ** 2),
        derivative: (r) => (r > delta ? delta : r < -delta ? -delta : r),
      };
    }
    case 'pinball': {
      const { quantiles } = cost;
      return {
        // Koenker and Bassett 1978: an error u = target - output costs u·(q - 1[u < 0])
        of: (r, k) => -r * (quantiles.get(k) - Number(r > 0)),
        derivative: (r, k) => (r === 0 ? 0 : Number(r > 0) - quantiles.get(k)),
      };
    }
  }
}

const formulas: Operations = {
  matmul(out, a, b, { accumulate = false, bias } = {}) {
    const [A, B, before] = [rowsOf(a), rowsOf(b), rowsOf(out)];
    const row = bias ? vectorOf(bias) : undefined;
    setAll(out, (m, n) => {
      const product = sum(A[m].map((value, k) => value * B[k][n]));
      return product + (accumulate ? before[m][n] : 0) + (row ? row[n] : 0);
    });
  },

  columnSums(out, a, { accumulate = false } = {}) {
    const [A, before] = [rowsOf(a), vectorOf(out)];
    setAll(out, (_, n) => sum(A.map((row) => row[n])) + (accumulate ? before[n] : 0));
  },

  lstmCellForward(h, c, gates, z, cPrev, forgetBias) {
    const [Z, before, H] = [rowsOf(z), rowsOf(cPrev), h.shape[1]];
    const gate = (b: number, n: number, which: number): number => Z[b][which * H + n];
    const input = (b: number, n: number): number => sigmoid(gate(b, n, 0));
    const candidate = (b: number, n: number): number => Math.tanh(gate(b, n, 1));
    const forget = (b: number, n: number): number => sigmoid(gate(b, n, 2) + forgetBias);
    const output = (b: number, n: number): number => sigmoid(gate(b, n, 3));
    const cell = (b: number, n: number): number => input(b, n) * candidate(b, n) + forget(b, n) * before[b][n];
    setAll(gates, (b, n) => [input, candidate, forget, output][Math.floor(n / H)](b, n % H));
    setAll(c, cell);
    setAll(h, (b, n) => output(b, n) * Math.tanh(cell(b, n)));
  },

  /** From loss = Σ dh·h + Σ dc·c with h = o·tanh(c) and c = i·j + f·cPrev, gate by gate. */
  lstmCellBackward(dz, dc, dcPrev, dh, gates, c, cPrev) {
    const [G, cell, before, H] = [rowsOf(gates), rowsOf(c), rowsOf(cPrev), dh.shape[1]];
    const [fromH, fromC, fromCPrev] = [rowsOf(dh), rowsOf(dc), rowsOf(dcPrev)];
    const gate = (b: number, n: number, which: number): number => G[b][which * H + n];
    const dCell = (b: number, n: number): number => fromC[b][n] + fromH[b][n] * gate(b, n, 3) * sech2(cell[b][n]);
    /** The gradient with respect to the activated gates i, j, f and o. */
    const dGate = [
      (b: number, n: number): number => dCell(b, n) * gate(b, n, 1),
      (b: number, n: number): number => dCell(b, n) * gate(b, n, 0),
      (b: number, n: number): number => dCell(b, n) * before[b][n],
      (b: number, n: number): number => fromH[b][n] * Math.tanh(cell[b][n]),
    ];
    setAll(dz, (b, column) => {
      const [which, n] = [Math.floor(column / H), column % H];
      const activated = gate(b, n, which);
      const derivative = which === 1 ? 1 - activated ** 2 : activated - activated ** 2;
      return dGate[which](b, n) * derivative;
    });
    setAll(dcPrev, (b, n) => fromCPrev[b][n] + dCell(b, n) * gate(b, n, 2));
    setAll(dc, dCell);
  },

  crossEntropyForward(losses, probabilities, logits, y) {
    const [L, labels] = [rowsOf(logits), labelRowsOf(y, logits)];
    const logP = L.map(logSoftmax);
    setAll(losses, (_, b) => sum(labels[b].map((label, k) => -label * logP[b][k])));
    setAll(probabilities, (b, k) => Math.exp(logP[b][k]));
  },

  /** From log p_c = logit_c - log Σ exp(logit):  ∂(log p_c)/∂logit_k = δ_ck - p_k. */
  crossEntropyBackward(dLogits, probabilities, y, count) {
    const [P, labels] = [rowsOf(probabilities), labelRowsOf(y, probabilities)];
    setAll(dLogits, (b, k) => sum(labels[b].map((label, c) => (label * (P[b][k] - kronecker(c, k))) / count)));
  },

  errorForward(losses, outputs, targets, mask, cost) {
    const [O, Y, counts] = [outputs, targets, mask].map(rowsOf);
    const { of } = costOf(cost);
    setAll(losses, (_, b) => sum(O[b].map((value, k) => counts[b][k] * of(value - Y[b][k], k))));
  },

  errorBackward(dOutputs, outputs, targets, mask, count, cost) {
    const [O, Y, counts] = [outputs, targets, mask].map(rowsOf);
    const { derivative } = costOf(cost);
    setAll(dOutputs, (b, k) => (counts[b][k] * derivative(O[b][k] - Y[b][k], k)) / count);
  },

  clipByValue(gradients, limit) {
    for (const gradient of gradients.map(matrixOf)) {
      const G = rowsOf(gradient);
      setAll(gradient, (m, n) => Math.sign(G[m][n]) * Math.min(Math.abs(G[m][n]), limit));
    }
  },

  clipByNorm(gradients, limit) {
    const matrices = gradients.map(matrixOf);
    const all = matrices.map(rowsOf);
    const length = Math.hypot(...all.flat(2));
    matrices.forEach((matrix, k) => setAll(matrix, (m, n) => all[k][m][n] / Math.max(1, length / limit)));
  },

  adam(p, m, v, g, rate) {
    const [P, M, V, G] = [p, m, v, g].map(rowsOf);
    const mean = (r: number, n: number): number => 0.9 * M[r][n] + 0.1 * G[r][n];
    const square = (r: number, n: number): number => 0.999 * V[r][n] + 0.001 * G[r][n] ** 2;
    setAll(m, mean);
    setAll(v, square);
    setAll(p, (r, n) => P[r][n] - (rate * mean(r, n)) / (Math.sqrt(square(r, n)) + 1e-8));
  },

  sgd(p, v, g, rate, momentum) {
    const [P, V, G] = [p, v, g].map(rowsOf);
    const velocity = (r: number, n: number): number => G[r][n] + momentum * V[r][n];
    setAll(v, velocity);
    setAll(p, (r, n) => P[r][n] - rate * velocity(r, n));
  },

  /** The product of one-hot rows with a. */
  embeddingForward(out, a, indices, bias) {
    const [A, classes, row] = [rowsOf(a), vectorOf(indices), vectorOf(bias)];
    setAll(out, (m, n) => row[n] + sum(A.filter((_, k) => k === classes[m]).map((values) => values[n])));
  },

  /** The product of the transposed one-hot rows with a. */
  embeddingBackward(out, indices, a) {
    const [A, classes, before] = [rowsOf(a), vectorOf(indices), rowsOf(out)];
    setAll(out, (k, n) => before[k][n] + sum(A.map((values, m) => kronecker(classes[m], k) * values[n])));
  },

  multiply(out, a, b) {
    const [A, B] = [a, b].map((tensor) => rowsOf(matrixOf(tensor)));
    setAll(matrixOf(out), (m, n) => A[m][n] * B[m][n]);
  },

  add(out, a) {
    const [A, before] = [rowsOf(a), rowsOf(out)];
    setAll(out, (m, n) => before[m][n] + A[m][n]);
  },

  fill(out, value) {
    for (const n of range(out.size)) out.data[out.offset + n] = value;
  },

  copy(out, a) {
    for (const n of range(out.size)) out.data[out.offset + n] = a.data[a.offset + n];
  },
};

/** The formulas above on f64 tensors of the host. */
export function createFormulaBackend(): Backend {
  return { ...createReferenceBackend({ dtype: 'f64' }), ...formulas, name: 'formulas', description: 'formulas: f64' };
}

/** The cases of an operation at one size, whose names begin so. */
export function casesOf(beginning: string): readonly (readonly [name: string, one: Case])[] {
  const found = CASES.filter(({ name }) => name === beginning || name.startsWith(`${beginning},`));
  if (found.length === 0) throw new Error(`no case of ${beginning}`);
  return found.map((one) => [one.name.slice(one.name.indexOf(' ') + 1), one]);
}

/** The outputs and inputs of a case in f64, with random numbers. */
function drawn({ outputs, inputs, prepare, draw }: Case): [outputs: Tensor[], inputs: Tensor[]] {
  const random = new Random(7);
  const tensorsOf = (shapes: readonly Shape[]): Tensor[] =>
    shapes.map((shape) => {
      const tensor = zeros(shape, 'f64');
      fillRandom(tensor, () => draw?.(random) ?? random.normal(0, 1));
      return tensor;
    });
  const operands: [Tensor[], Tensor[]] = [tensorsOf(outputs), tensorsOf(inputs)];
  prepare?.(operands[1]);
  return operands;
}

/** Output `n` of the operation is that of its formula. Default: all outputs are. */
export function expectFormula(one: Case, n?: number): void {
  const [actual, expected] = [createReferenceBackend({ dtype: 'f64' }), createFormulaBackend()].map((on) => {
    const [outputs, inputs] = drawn(one);
    one.run(on, outputs, inputs);
    return outputs;
  });
  for (const k of n === undefined ? expected.keys() : [n]) expectNumbers(actual[k], expected[k], 1e-12, one.name);
}

/** The gradient that a backward operation computes is the numeric gradient of the loss. */
export function expectGradient(one: Case): void {
  const [outputs, inputs] = drawn(one);
  const { loss, by, adds = false } = one.gradient!(createFormulaBackend(), inputs);
  loss(); // sets what the forward operation leaves for the backward one
  for (const output of outputs) if (!adds) fill(output, 0);
  const before = outputs.map(valuesOf);
  one.run(createReferenceBackend({ dtype: 'f64' }), outputs, inputs);
  by.forEach((tensor, n) => {
    const numeric = numericGradient(tensor, loss).map((value, k) => value + before[n][k]);
    expectNumbers(outputs[n], numeric, 1e-8, one.name);
  });
}
