/**
 * The operations, one case for each at several sizes. CONTRIBUTING.md: a new operation needs cases. The backend suite runs them on every
 * backend; the tests of equations run them on the reference in f64 (formula-backend.ts).
 */
import type { Backend, Cost, Operations } from '../../src/core/backend.js';
import { Random } from '../../src/core/rng.js';
import { type Shape, type Tensor, copyInto, transposeOf, zeros } from '../../src/core/tensor.js';
import { copyOf, inner, randomTensor, sum } from './numeric.js';

/**
 * The bound of one operation's elements, which are of size about 1. It allows a few f32 roundings (6e-8 each), and the error
 * of GPU.js's exp and tanh (1.4e-7). A sum of K terms has the bound `sumTolerance`.
 */
export const TOLERANCE = 2e-6;
const sumTolerance = (K: number): number => TOLERANCE + 6e-8 * K;

export interface Case {
  readonly name: string;
  readonly outputs: readonly Shape[];
  readonly inputs: readonly Shape[];
  /** Changes the drawn inputs, for example into labels or class indices. */
  readonly prepare?: (inputs: Tensor[]) => void;
  /** Draws the inputs, and the outputs' values before the operation. Default: normal with standard deviation 1. */
  readonly draw?: (random: Random) => number;
  readonly tolerance?: number;
  readonly run: (operations: Operations, outputs: Tensor[], inputs: Tensor[]) => void;
  /** Of a backward operation. */
  readonly gradient?: (formulas: Backend, inputs: Tensor[]) => Gradient;
}

/** A loss, by the formula of the forward operation, and what it is differentiated by: a tensor for each output that is its gradient. */
interface Gradient {
  readonly loss: () => number;
  readonly by: readonly Tensor[];
  /** Whether the operation adds the gradients to what the outputs hold. Default: false. */
  readonly adds?: boolean;
}

type Method = (...operands: unknown[]) => void;

/** Runs an operation on its outputs, its inputs, and then `rest`. */
const call =
  (name: keyof Operations, ...rest: unknown[]): Case['run'] =>
  (operations, outputs, inputs) =>
    (operations as unknown as Record<string, Method>)[name](...outputs, ...inputs, ...rest);

type SizeOfTwo = readonly [number, number];

const SIZES = [
  [1, 1],
  [130, 3],
  [5, 27],
  [3, 16],
  [6, 8],
  [17, 5],
  [3, 29],
  [7, 130],
] as const;

const ADDED = ['', ', accumulating', ', with bias'] as const;

/** Each of the odd extents 1, 3, 5, 27, 29 and 130 is one M, one K and one N. */
const ODD_SIZES = [
  [1, 3, 5],
  [5, 27, 1],
  [29, 1, 130],
  [3, 130, 27],
  [27, 5, 29],
  [130, 29, 3],
] as const;

const matmulCases: Case[] = [
  ...[
    [1, 1, 1],
    [2, 3, 4],
    [13, 9, 17],
    [33, 70, 19],
    [8, 129, 4],
  ].map((size) => [size, ADDED] as const),
  ...ODD_SIZES.map((size, n) => [size, [ADDED[n % 3]]] as const),
].flatMap(([[M, K, N], ways]) =>
  [false, true].flatMap((aTransposed) =>
    [false, true].flatMap((bTransposed) =>
      ways.map((added): Case => ({
        name: `matmul [${M},${K}]${aTransposed ? 'ᵀ' : ''} · [${K},${N}]${bTransposed ? 'ᵀ' : ''}${added}`,
        outputs: [[M, N]],
        inputs: [aTransposed ? [K, M] : [M, K], bTransposed ? [N, K] : [K, N], [N]],
        tolerance: sumTolerance(K),
        run: (operations, [out], [a, b, bias]) =>
          operations.matmul(
            out,
            aTransposed ? transposeOf(a) : a,
            bTransposed ? transposeOf(b) : b,
            added === ', with bias' ? { bias } : { accumulate: added === ', accumulating' },
          ),
      })),
    ),
  ),
);

const extreme = (random: Random): number => [-1000, -100, -30, -1, 0, 1e-3, 0.5, 20, 100, 1000][random.below(10)];

const cellCasesAt = ([B, H]: SizeOfTwo): Case[] => {
  const [state, gates] = [
    [B, H],
    [B, 4 * H],
  ];
  const forward = { outputs: [state, state, gates], inputs: [gates, state] };
  return [
    { name: `lstmCellForward B ${B} H ${H}`, ...forward, run: call('lstmCellForward', 0.7) },
    {
      name: `lstmCellForward B ${B} H ${H}, pre-activations up to ±1000`,
      ...forward,
      draw: extreme,
      run: call('lstmCellForward', 1),
    },
    {
      name: `lstmCellBackward B ${B} H ${H}`,
      outputs: [gates, state, state],
      inputs: [state, gates, state, state],
      tolerance: 2 * TOLERANCE, // products of up to five numbers, the largest near 3
      run: call('lstmCellBackward'),
      gradient: (formulas, [dh, gates, c, cPrev]) => {
        const [h, cOut, z] = [zeros([B, H], 'f64'), zeros([B, H], 'f64'), copyOf(gates)];
        const loss = (): number => {
          formulas.lstmCellForward(h, cOut, gates, z, cPrev, 0.7);
          copyInto(c, cOut);
          return inner(dh, h);
        };
        return { loss, by: [z] };
      },
    },
  ];
};

/** Turns normal numbers into labels: one-hot rows, rows of zeros, and rows whose sum is 2. */
function asLabels(y: Tensor): void {
  const [B, C] = y.shape;
  for (let b = 0; b < B; b++) {
    const label = Math.abs(Math.round(y.get(b, 0) * 100)) % C;
    for (let k = 0; k < C; k++) y.set(b, k, k === label ? [1, 0, 0.5][b % 3] : b % 3 === 2 ? 1.5 / (C - 1) : 0);
  }
}

/** The mask of some errors, some of them 0; and quantiles, if there are any. */
function asErrors([outputs, targets, mask, ...others]: Tensor[]): void {
  const [B, C] = outputs.shape;
  for (let b = 0; b < B; b++) {
    for (let k = 0; k < C; k++) {
      mask.set(b, k, (b + 2 * k) % 3 === 1 ? 0 : 1);
      if ((b + k) % 4 === 2) targets.set(b, k, outputs.get(b, k));
    }
  }
  for (const quantiles of others) {
    for (let k = 0; k < C; k++) quantiles.set(k, (((7 * k) % 9) + 1) / 10);
  }
}

/** Turns normal numbers into whole numbers `least` … count - 1. */
function asClasses(values: Tensor, count: number, least = 0): void {
  for (let m = 0; m < values.size; m++)
    values.set(m, (Math.abs(Math.round(values.get(m) * 100)) % (count - least)) + least);
}

const sumOf = (losses: Tensor): number => sum(losses.size, (b) => losses.get(b));

const KINDS = ['squared', 'absolute', 'huber', 'pinball'] as const;

function costOf(kind: Cost['kind'], quantiles: Tensor): Cost {
  if (kind === 'pinball') return { kind, quantiles };
  return kind === 'huber' ? { kind, delta: 0.75 } : { kind };
}

function errorCases(kind: Cost['kind'], B: number, C: number): Case[] {
  const [row, matrix] = [[B], [B, C]];
  const inputs = [matrix, matrix, matrix, ...(kind === 'pinball' ? [[C]] : [])];
  return [
    {
      ...{ name: `errorForward B ${B} C ${C}, ${kind}`, outputs: [row], inputs, prepare: asErrors },
      tolerance: sumTolerance(4 * C),
      run: (on, [losses], [outputs, targets, mask, quantiles]) =>
        on.errorForward(losses, outputs, targets, mask, costOf(kind, quantiles)),
    },
    {
      ...{ name: `errorBackward B ${B} C ${C}, ${kind}`, outputs: [matrix], inputs, prepare: asErrors },
      tolerance: kind === 'pinball' ? 2 * TOLERANCE : TOLERANCE,
      run: (on, [dOutputs], [outputs, targets, mask, quantiles]) =>
        on.errorBackward(dOutputs, outputs, targets, mask, B + 2, costOf(kind, quantiles)),
      gradient: (formulas, [outputs, targets, mask, quantiles]) => {
        const losses = zeros(row, 'f64');
        for (let b = 0; b < B; b++) {
          for (let k = 0; k < C; k++) if (targets.get(b, k) === outputs.get(b, k)) targets.set(b, k, k - 1.5); // no corner
        }
        const loss = (): number => {
          formulas.errorForward(losses, outputs, targets, mask, costOf(kind, quantiles));
          return sumOf(losses) / (B + 2);
        };
        return { loss, by: [outputs] };
      },
    },
  ];
}

const lossCasesAt = ([B, C]: SizeOfTwo): Case[] => {
  const [row, matrix] = [[B], [B, C]];
  const labelled = { inputs: [matrix, matrix], prepare: ([, y]: Tensor[]) => asLabels(y) };
  const classes = { inputs: [matrix, row], prepare: ([, labels]: Tensor[]) => asClasses(labels, C, -1) };
  const crossEntropy = { outputs: [row, matrix], run: call('crossEntropyForward') };
  const itsGradient: Pick<Case, 'outputs' | 'run' | 'gradient'> = {
    outputs: [matrix],
    run: call('crossEntropyBackward', B + 2),
    gradient: (formulas, [probabilities, labels]) => {
      const [losses, logits] = [zeros(row, 'f64'), copyOf(probabilities)];
      const loss = (): number => {
        formulas.crossEntropyForward(losses, probabilities, logits, labels);
        return sumOf(losses) / (B + 2);
      };
      return { loss, by: [logits] };
    },
  };
  const size = `B ${B} C ${C}`;
  return [
    { name: `crossEntropyForward ${size}`, ...labelled, ...crossEntropy },
    { name: `crossEntropyForward ${size}, classes`, ...classes, ...crossEntropy },
    {
      name: `crossEntropyForward ${size}, logits up to ±1000, some equal`,
      ...labelled,
      ...crossEntropy,
      draw: extreme,
    },
    { name: `crossEntropyBackward ${size}`, ...labelled, ...itsGradient },
    { name: `crossEntropyBackward ${size}, classes`, ...classes, ...itsGradient },
    ...KINDS.flatMap((kind) => errorCases(kind, B, C)),
  ];
};

/** Operations on rows that class indices choose; some rows are chosen several times, some never. */
const indexCasesAt = ([M, K, N]: readonly [number, number, number]): Case[] => [
  {
    name: `embeddingForward [${K},${N}] at [${M}]`,
    outputs: [[M, N]],
    inputs: [[K, N], [M], [N]],
    prepare: ([, indices]) => asClasses(indices, K),
    run: call('embeddingForward'),
  },
  {
    name: `embeddingBackward [${K},${N}] at [${M}]`,
    outputs: [[K, N]],
    inputs: [[M], [M, N]],
    prepare: ([indices]) => asClasses(indices, K),
    tolerance: sumTolerance(M + 1),
    run: call('embeddingBackward'),
    gradient: (formulas, [indices, dz]) => {
      const [z, Wx, bias] = [zeros([M, N], 'f64'), randomTensor(new Random(1), K, N), zeros([N], 'f64')];
      const loss = (): number => {
        formulas.embeddingForward(z, Wx, indices, bias);
        return inner(dz, z);
      };
      return { loss, by: [Wx], adds: true };
    },
  },
];

const otherCasesAt = ([M, N]: SizeOfTwo): Case[] => {
  const matrix = [M, N];
  const sums = { outputs: [[N]], inputs: [matrix] };
  const named = (name: string, outputs: Shape[], inputs: Shape[], run: Case['run']): Case => ({
    name: `${name} [${M},${N}]`,
    outputs,
    inputs,
    run,
  });
  return [
    { name: `columnSums [${M},${N}]`, ...sums, tolerance: sumTolerance(M), run: call('columnSums') },
    {
      name: `columnSums [${M},${N}], accumulating`,
      ...sums,
      tolerance: sumTolerance(M + 1),
      run: call('columnSums', { accumulate: true }),
    },
    {
      ...named('adam', [matrix, matrix, matrix], [matrix], call('adam', 0.01)),
      draw: (random) => random.uniform(0.1, 1), // v must not be negative
    },
    named('sgd', [matrix, matrix], [matrix], call('sgd', 0.01, 0.9)),
    named('multiply', [matrix], [matrix, matrix], call('multiply')),
    named('add', [matrix], [matrix], call('add')),
    named('fill', [matrix], [], call('fill', 0.25)),
    named('copy', [matrix], [matrix], call('copy')),
    {
      ...named('multiply', [matrix], [matrix], (on, [out], [a]) => on.multiply(out, out, a)),
      name: `multiply [${M},${N}], in place`,
    },
  ];
};

/** Gradients of several sizes together. [70,130] has more numbers than a workgroup of the WebGPU backend computes. */
const clippingCasesAt = ([M, N]: SizeOfTwo): Case[] => {
  const outputs = [[M, N], [N], [N, M]];
  const named = (name: string, operation: 'clipByValue' | 'clipByNorm', limit: number, draw?: Case['draw']): Case => ({
    ...{ name, outputs, inputs: [], ...(draw && { draw }), tolerance: sumTolerance(M + N) },
    run: (operations, gradients) => operations[operation](gradients, limit),
  });
  const size = `[${M},${N}]`;
  const usual = [named(`clipByValue ${size}`, 'clipByValue', 0.7), named(`clipByNorm ${size}`, 'clipByNorm', 0.7)];
  if (M !== 5 && M !== 70) return usual;
  return [
    ...usual,
    named(`clipByNorm ${size}, a norm below the limit`, 'clipByNorm', 1000),
    named(`clipByNorm ${size}, a limit beyond f32`, 'clipByNorm', 1e300),
    named(`clipByNorm ${size}, zeros`, 'clipByNorm', 0.7, () => 0),
    // in f32 the squares overflow; the clipped elements are of size 1
    named(`clipByNorm ${size}, 1e20`, 'clipByNorm', Math.sqrt(2 * M * N + N), (random) => random.normal(0, 1e20)),
    named(`clipByNorm ${size}, 3e37`, 'clipByNorm', Math.sqrt(2 * M * N + N), (random) => random.uniform(1e37, 3e37)),
    // numbers of which every square is 0 in f32, beside a large one
    named(`clipByNorm ${size}, 1e-30 to 1e3`, 'clipByNorm', 1, (random) => 10 ** (3 - 33 * random.below(2))),
  ];
};

const INDEX_SIZES = [
  [1, 1, 1],
  [5, 7, 12],
  [130, 3, 16],
  [6, 29, 8],
  [7, 130, 5],
] as const;

export const CASES: readonly Case[] = [
  ...matmulCases,
  ...SIZES.flatMap(cellCasesAt),
  ...SIZES.flatMap(lossCasesAt),
  ...INDEX_SIZES.flatMap(indexCasesAt),
  ...[...SIZES, [70, 130] as const].flatMap(clippingCasesAt),
  ...SIZES.flatMap(otherCasesAt),
];

/** Cases of every operation but the product, so large that the WebAssembly backend cuts them into several chunks. */
export const LARGE_CASES: readonly Case[] = [
  ...cellCasesAt([301, 130]),
  ...lossCasesAt([301, 7]),
  ...lossCasesAt([301, 83]),
  ...indexCasesAt([301, 37, 130]),
  ...indexCasesAt([41, 37, 519]),
  ...clippingCasesAt([301, 130]),
  ...otherCasesAt([50, 777]),
];

/** Sizes of cases that run a second time, on operands that products have computed. */
export const ON_PRODUCTS =
  /matmul \[(13,9|3,130)\]| B (5 H 27|6 H 8|3 C 29|17 C 5)\b|(columnSums|clipByValue|clipByNorm|adam|sgd|multiply|add|fill|copy) \[(5,27|6,8)\]|Rows \[(7,12|29,8)\]/;
