/**
 * Cases of the backend suite about where rows lie. A backend may hold a tensor in pieces, and share rows between tensors that
 * were copied. Neither may show in a result.
 */
import { fillRandom, Random } from '../../src/core/rng.js';
import { type Tensor, rowsOf, stepOf, transposeOf } from '../../src/core/tensor.js';
import { allocateLstm } from '../../src/equations/lstm-tensors.js';
import { carryState, lstmForward } from '../../src/equations/lstm.js';
import { randomise } from './random-model.js';
import type { LongCase, Workbench } from './workbench.js';

/** Ways to overwrite rows of a tensor. */
const WRITES: Record<string, (workbench: Workbench, rows: Tensor) => void> = {
  upload: (workbench, rows) => workbench.write(rows),
  fill: ({ backend }, rows) => backend.fill(rows, 0.5),
  product: (workbench, rows) => workbench.multiplyInto(rows),
  'accumulating product': (workbench, rows) => workbench.multiplyInto(rows, { accumulate: true }),
};

/** Reads a tensor as a whole: as an operand of a product, and transposed. */
function readWhole(workbench: Workbench, tensor: Tensor): Tensor[] {
  const [M, N] = tensor.shape;
  return [
    workbench.productOf(tensor, workbench.uploaded(N, 3)),
    workbench.productOf(transposeOf(tensor), workbench.uploaded(M, 3)),
  ];
}

const copies: LongCase[] = [
  ...Object.entries(WRITES).flatMap(([write, overwrite]): LongCase[] => [
    ...(['source', 'destination'] as const).map((target) => ({
      name: `rows are copied to another tensor; then an operation of kind ${write} changes the ${target}`,
      run(workbench: Workbench) {
        const [source, destination] = [workbench.product(13, 5), workbench.uploaded(11, 5)];
        workbench.backend.copy(rowsOf(destination, 1, 8), rowsOf(source, 3, 10));
        overwrite(workbench, target === 'source' ? rowsOf(source, 5, 9) : rowsOf(destination, 2, 5));
        return [source, destination, ...readWhole(workbench, source), ...readWhole(workbench, destination)];
      },
    })),
    {
      name: `rows are copied within a tensor; then an operation of kind ${write} changes some of both`,
      run(workbench) {
        const tensor = workbench.uploaded(14, 5);
        workbench.backend.copy(rowsOf(tensor, 7, 13), rowsOf(tensor, 1, 7));
        workbench.backend.copy(rowsOf(tensor, 0, 2), rowsOf(tensor, 8, 10));
        overwrite(workbench, rowsOf(tensor, 5, 10));
        return [tensor, ...readWhole(workbench, tensor)];
      },
    },
    {
      name: `a copy of a copy keeps its values when the tensors before it are freed or changed: ${write}`,
      async run(workbench) {
        const { backend } = workbench;
        const first = workbench.product(9, 3);
        const [second, third] = [backend.allocate([9, 3]), backend.allocate([9, 3])];
        backend.copy(second, first);
        backend.copy(third, second);
        backend.free(first);
        await backend.download(second);
        overwrite(workbench, second);
        backend.free(second);
        await backend.download(third);
        return [third, ...readWhole(workbench, third)];
      },
    },
  ]),
  {
    name: 'rows of a tensor in many pieces are copied, in pieces',
    run(workbench) {
      const [source, destination] = [workbench.uploaded(12, 3), workbench.uploaded(12, 3)];
      for (const [from, to] of [
        [1, 3],
        [4, 5],
        [7, 11],
      ])
        workbench.multiplyInto(rowsOf(source, from, to));
      workbench.backend.fill(rowsOf(source, 5, 6), 0.5);
      workbench.backend.copy(rowsOf(destination, 0, 8), rowsOf(source, 2, 10));
      workbench.backend.fill(source, 0.25);
      return [source, destination, ...readWhole(workbench, destination)];
    },
  },
  {
    name: 'carryState: a second sequence continues from the end of the first',
    run({ backend }) {
      const lstm = allocateLstm(backend, { T: 3, B: 5, I: 3, H: 4 }, { forgetBias: 0.4 });
      const { kernel, bias, x, h, c } = lstm;
      randomise(backend, [kernel, bias, x, stepOf(h, 0), stepOf(c, 0)], new Random(21));
      lstmForward(backend, lstm);
      carryState(backend, lstm);
      lstmForward(backend, lstm);
      carryState(backend, lstm);
      lstmForward(backend, lstm);
      return [h, c, lstm.gates];
    },
  },
];

const joins: LongCase[] = [
  ...(['numbers', 'uploads', 'products', 'numbers, uploads and products'] as const).map((kinds): LongCase => ({
    name: `a tensor of 40 rows that were written in 20 pieces is read as a whole; the pieces are ${kinds}`,
    run(workbench) {
      const tensor = workbench.uploaded(40, 5);
      const kind = (n: number): string =>
        kinds === 'numbers, uploads and products' ? ['numbers', 'uploads', 'products'][n % 3] : kinds;
      for (let n = 0; n < 20; n++) {
        const rows = rowsOf(tensor, 2 * n - (n % 2), 2 * n + 2 - ((n + 1) % 2)); // 1 row or 3
        if (kind(n) === 'numbers') workbench.backend.fill(rows, n - 10);
        else if (kind(n) === 'uploads') workbench.write(rows);
        else workbench.multiplyInto(rows);
      }
      return [
        ...readWhole(workbench, tensor),
        workbench.productOf(transposeOf(rowsOf(tensor, 5, 32)), workbench.uploaded(27, 3)),
        tensor,
      ];
    },
  })),
  {
    name: 'the middle of a result of a product is filled; then every operation reads the whole',
    run(workbench) {
      const { backend } = workbench;
      const a = workbench.product(11, 27);
      backend.fill(rowsOf(a, 3, 6), 0.5);
      const [sum, copy] = [backend.allocate([27]), backend.allocate([11, 27])];
      backend.columnSums(sum, a);
      backend.copy(copy, a);
      const labels = backend.allocate([11, 27]);
      backend.fill(labels, 1 / 27);
      const [losses, probabilities, dLogits] = [[11], [11, 27], [11, 27]].map((shape) => backend.allocate(shape));
      backend.crossEntropyForward(losses, probabilities, a, labels);
      backend.crossEntropyBackward(dLogits, probabilities, labels, labels.shape[0]);
      return [a, sum, copy, losses, probabilities, dLogits];
    },
  },
  ...(['a product', 'one number', 'uploads'] as const).map((of): LongCase => ({
    name: `adam with a gradient in pieces of 1, 3, 2 and 7 rows, some of them ${of}; then products use the parameters`,
    run(workbench) {
      const { backend } = workbench;
      const [g, p, m, v] = Array.from({ length: 4 }, () => workbench.uploaded(13, 5));
      backend.fill(v, 0.5);
      for (let step = 0; step < 2; step++) {
        for (const [n, [from, to]] of [
          [0, 1],
          [1, 4],
          [4, 6],
          [6, 13],
        ].entries()) {
          const rows = rowsOf(g, from, to);
          if (n % 2 === 0) workbench.multiplyInto(rows);
          else if (of === 'one number') backend.fill(rows, n / 4);
          else if (of === 'uploads') workbench.write(rows);
          else workbench.multiplyInto(rows, { K: 29, aTransposed: true });
        }
        backend.adam(p, m, v, g, 0.01);
      }
      const inputs = workbench.uploaded(7, 9);
      return [
        ...readWhole(workbench, p),
        workbench.productOf(inputs, rowsOf(p, 4, 13)),
        workbench.productOf(rowsOf(p, 0, 4), transposeOf(rowsOf(p, 3, 6))),
        p,
        m,
        v,
      ];
    },
  })),
  {
    name: 'adam on rows at odd offsets of results of products',
    run(workbench) {
      const [g, p, m] = [9, 10, 11].map((rows) => workbench.product(rows, 3));
      const v = workbench.uploaded(12, 3);
      workbench.backend.fill(v, 0.5);
      workbench.backend.adam(rowsOf(p, 2, 8), rowsOf(m, 3, 9), rowsOf(v, 5, 11), rowsOf(g, 1, 7), 0.01);
      return [g, p, m, v];
    },
  },
];

const clips: LongCase[] = (['clipByValue', 'clipByNorm'] as const).flatMap((operation): LongCase[] => [
  {
    name: `${operation} of 40 gradients, then products use them`,
    run(workbench) {
      const { backend } = workbench;
      const gradients = Array.from({ length: 40 }, (_, n) =>
        n % 3 === 0 ? workbench.product(1 + (n % 4), 7) : workbench.uploaded(3, 1 + (n % 8)),
      );
      backend[operation](gradients, 0.5);
      return [...gradients, workbench.productOf(gradients[6], workbench.uploaded(7, 3))];
    },
  },
  {
    name: `${operation} of gradients in pieces, some of them one number, and of steps; then adam`,
    run(workbench) {
      const { backend } = workbench;
      const [g, p, m, v] = Array.from({ length: 4 }, () => workbench.uploaded(13, 5));
      backend.fill(v, 0.5);
      workbench.multiplyInto(rowsOf(g, 1, 4));
      backend.fill(rowsOf(g, 4, 6), 0.75);
      workbench.multiplyInto(rowsOf(g, 6, 13), { K: 29, aTransposed: true });
      const [filled, steps, rows] = [workbench.uploaded(3), workbench.uploaded(3, 4, 5), workbench.product(9, 6)];
      backend.fill(filled, -2);
      backend[operation]([rowsOf(steps, 1, 3), g, filled, rowsOf(rows, 2, 7)], 0.25);
      backend.adam(p, m, v, g, 0.01);
      return [steps, g, filled, rows, p, m, v];
    },
  },
]);

/** One step of the cell, forward and backward, and another that continues from it; all inputs are made by `make`. */
function cellSteps(workbench: Workbench, B: number, H: number, make: (M: number, N: number) => Tensor): Tensor[] {
  const { backend } = workbench;
  const z = make(B, 4 * H);
  const states = make(3 * B, H); // cPrev, and the states of two steps
  const [c0, c1, c2] = [0, 1, 2].map((t) => rowsOf(states, t * B, (t + 1) * B));
  const [h1, h2, gates1, gates2, dz] = [H, H, 4 * H, 4 * H, 4 * H].map((columns) => make(B, columns));
  backend.lstmCellForward(h1, c1, gates1, z, c0, 0.7);
  backend.matmul(z, h1, workbench.uploaded(H, 4 * H), { accumulate: true });
  backend.lstmCellForward(h2, c2, gates2, z, c1, 0.7);
  const dcs = make(3 * B, H);
  const [dc0, dc1, dc2] = [0, 1, 2].map((t) => rowsOf(dcs, t * B, (t + 1) * B));
  const dh = make(B, H);
  backend.lstmCellBackward(dz, dc2, dc1, dh, gates2, c2, c1);
  backend.matmul(dh, dz, transposeOf(workbench.uploaded(H, 4 * H)), { accumulate: true });
  backend.lstmCellBackward(dz, dc1, dc0, dh, gates1, c1, c0);
  return [states, h1, h2, gates1, gates2, z, dcs, dh, dz];
}

const cells: LongCase[] = [
  [5, 8],
  [9, 12],
  [8, 4],
  [5, 6],
  [3, 5],
].flatMap(([B, H]): LongCase[] => [
  {
    name: `two steps of the cell, B ${B} H ${H}, on results of products`,
    run: (workbench) => cellSteps(workbench, B, H, (M, N) => workbench.product(M, N)),
  },
  {
    name: `two steps of the cell, B ${B} H ${H}, on filled tensors`,
    run: (workbench) =>
      cellSteps(workbench, B, H, (M, N) => {
        const tensor = workbench.backend.allocate([M, N]);
        workbench.backend.fill(tensor, 0.3);
        return tensor;
      }),
  },
  {
    name: `two steps of the cell, B ${B} H ${H}, on tensors of which some rows were filled`,
    run: (workbench) =>
      cellSteps(workbench, B, H, (M, N) => {
        const tensor = workbench.product(M, N);
        workbench.backend.fill(rowsOf(tensor, 1, 2), 0.3);
        return tensor;
      }),
  },
]);

const indices: LongCase[] = [
  {
    name: 'class indices that are a part of a row choose rows, and rows are added there',
    run(workbench) {
      const { backend } = workbench;
      const steps = backend.allocate([3, 9]);
      fillRandom(steps, () => NaN);
      const some = rowsOf(stepOf(steps, 1), 2, 7);
      for (let m = 0; m < 5; m++) some.set(m, (2 * m + 1) % 4);
      backend.upload(steps);
      const [out, sums] = [workbench.product(8, 6), workbench.product(4, 6)];
      const rows = rowsOf(out, 1, 6);
      backend.embeddingForward(rows, workbench.uploaded(4, 6), some, workbench.uploaded(6));
      backend.embeddingBackward(sums, some, rows);
      return [out, sums];
    },
  },
];

export const PLACEMENT_CASES = [...copies, ...joins, ...clips, ...cells, ...indices];
