/** Cases of the backend suite: products that are added to the same rows, which a backend may merge into one operation. */
import { type Tensor, rowsOf, transposeOf } from '../../src/core/tensor.js';
import type { LongCase, Workbench } from './workbench.js';

const FORMS = [
  { K: 5, aTransposed: false, bTransposed: false },
  { K: 27, aTransposed: true, bTransposed: false },
  { K: 1, aTransposed: false, bTransposed: true },
  { K: 29, aTransposed: true, bTransposed: true },
  { K: 4, aTransposed: false, bTransposed: false },
];

/** Operations that may come between two products that are added to the same rows. */
const BETWEEN: Record<string, (workbench: Workbench, out: Tensor, a: Tensor) => unknown> = {
  'a download that is awaited': ({ backend }, out) => backend.download(out),
  'a microtask that is awaited': () => Promise.resolve(),
  'keepPace, awaited': ({ backend }) => backend.keepPace(),
  'an upload to an operand': (workbench, _, a) => workbench.write(a),
  'a fill of rows of an operand': ({ backend }, _, a) => backend.fill(rowsOf(a, 1, 4), 0.25),
  'a copy to rows of an operand': ({ backend }, _, a) => backend.copy(rowsOf(a, 0, 3), rowsOf(a, 4, 7)),
  'a product that is written to an operand': (workbench, _, a) => workbench.multiplyInto(a),
  'a fill of rows of the sum': ({ backend }, out) => backend.fill(rowsOf(out, 2, 3), 0.25),
  'a product that replaces the sum': (workbench, out) => workbench.multiplyInto(out),
  'a product that is added to other rows': (workbench, out) =>
    workbench.multiplyInto(rowsOf(out, 1, 6), { accumulate: true }),
};

export const SUM_CASES: LongCase[] = [
  ...[2, 3, 4, 5].flatMap((count): LongCase[] =>
    (['uploaded', 'filled', 'a product'] as const).map((before) => ({
      name: `${count} products are added to a range of rows that is ${before}`,
      run(workbench) {
        const whole = before === 'a product' ? workbench.product(13, 5) : workbench.uploaded(13, 5);
        const out = rowsOf(whole, 3, 10);
        if (before === 'filled') workbench.backend.fill(out, 0.5);
        for (const form of FORMS.slice(0, count)) workbench.multiplyInto(out, { ...form, accumulate: true });
        return [whole];
      },
    })),
  ),
  {
    name: 'a product with a bias, and four products that are added to it',
    run(workbench) {
      const { backend } = workbench;
      const [out, a] = [workbench.uploaded(7, 29), workbench.uploaded(7, 3)];
      const [b, bias] = [workbench.uploaded(3, 29), workbench.uploaded(3, 29)];
      backend.matmul(out, a, b, { bias: bias.pick(1) });
      for (let n = 0; n < 4; n++) backend.matmul(out, a, b, { accumulate: true });
      return [out];
    },
  },
  {
    name: 'products are added in the order of their calls: large numbers cancel before small ones are added',
    run({ backend }) {
      const number = (value: number): Tensor => {
        const tensor = backend.allocate([1, 1]);
        backend.fill(tensor, value);
        return tensor;
      };
      const [out, one] = [number(0), number(1)];
      const factors = [1e8, -1e8, 2, 1].map(number);
      for (const factor of factors) backend.matmul(out, factor, one, { accumulate: true });
      return [out];
    },
  },
  ...Object.entries(BETWEEN).map(([name, between]): LongCase => ({
    name: `two products are added to the same rows; between them: ${name}`,
    async run(workbench) {
      const [out, a, b] = [workbench.product(7, 5), workbench.uploaded(7, 3), workbench.uploaded(3, 5)];
      workbench.backend.matmul(out, a, b, { accumulate: true });
      await between(workbench, out, a);
      workbench.backend.matmul(out, a, b, { accumulate: true });
      return [out, a];
    },
  })),
  {
    name: 'a product is added whose operand is the result of a product since the last one',
    run(workbench) {
      const [out, middle] = [workbench.product(7, 5), workbench.uploaded(7, 3)];
      const [a, b, c] = [workbench.uploaded(7, 27), workbench.uploaded(27, 3), workbench.uploaded(3, 5)];
      workbench.multiplyInto(out, { accumulate: true });
      workbench.backend.matmul(middle, a, b);
      workbench.backend.matmul(out, middle, c, { accumulate: true });
      workbench.backend.matmul(middle, a, b, { accumulate: true });
      workbench.backend.matmul(out, middle, c, { accumulate: true });
      return [out, middle];
    },
  },
  {
    name: 'three products of results of products, all transposed, are added to a result of a product',
    run(workbench) {
      const out = workbench.product(6, 5);
      for (const K of [3, 5, 9]) {
        const [a, b] = [workbench.product(K + 3, 6), workbench.product(9, K)];
        const [left, right] = [transposeOf(rowsOf(a, 2, K + 2)), transposeOf(rowsOf(b, 3, 8))];
        workbench.backend.matmul(out, left, right, { accumulate: true });
      }
      return [out];
    },
  },
  ...[0, 1, 2, 3].flatMap((first): LongCase[] =>
    FORMS.slice(0, 4).map(({ aTransposed, bTransposed }) => ({
      name: `a${aTransposed ? 'ᵀ' : ''} · b${bTransposed ? 'ᵀ' : ''} + bias, on rows of results of products from row ${first} on`,
      run(workbench) {
        const [M, K, N] = [6, 7, 5];
        const [a, b] = [workbench.product(12, aTransposed ? M : K), workbench.product(12, bTransposed ? K : N)];
        const left = aTransposed ? transposeOf(rowsOf(a, first, first + K)) : rowsOf(a, first, first + M);
        const right = bTransposed
          ? transposeOf(rowsOf(b, first + 1, first + 1 + N))
          : rowsOf(b, first + 1, first + 1 + K);
        const out = workbench.product(12, N);
        const bias = workbench.product(5, N).pick(first);
        workbench.backend.matmul(rowsOf(out, 3 - first, 9 - first), left, right, { bias });
        return [out];
      },
    })),
  ),
];
