/** The matrix product in the three forms that training needs: square, and with the tutorial's sizes. */
import type { Form, MatmulTask } from '../tasks.js';
import type { Case, Suite } from './suite.js';
import { extentsOf } from './suite.js';

const FORMS: readonly Form[] = ['A·B', 'Aᵀ·B', 'A·Bᵀ'];
const SQUARES = [32, 64, 128, 256, 512, 1024];
/** None of these is a multiple of a tile's rows or columns. */
const ODD = [127, 129, 513] as const;

/** The products of an LSTM with B 128, I 28, H 128. The last one covers all 28 steps at once, as in cuDNN. */
const OF_THE_LSTM: readonly (readonly [string, Omit<MatmulTask, 'kind'>])[] = [
  ['x·Wx', { form: 'A·B', M: 128, K: 28, N: 512 }],
  ['h·Wh', { form: 'A·B', M: 128, K: 128, N: 512 }],
  ['dz·Whᵀ', { form: 'A·Bᵀ', M: 128, K: 512, N: 128 }],
  ['xᵀ·dz', { form: 'Aᵀ·B', M: 28, K: 128, N: 512 }],
  ['hᵀ·dz', { form: 'Aᵀ·B', M: 128, K: 128, N: 512 }],
  ['hᵀ·dz', { form: 'Aᵀ·B', M: 128, K: 3584, N: 512 }],
];

function matmulCase(name: string, task: Omit<MatmulTask, 'kind'>): Case {
  const { M, K, N } = task;
  return { name: `${name} [${M},${K}]·[${K},${N}]`, task: { kind: 'matmul', ...task } };
}

function inAllForms(M: number, K: number, N: number): Case[] {
  return FORMS.map((form) => matmulCase(form, { form, M, K, N }));
}

export const matmul: Suite = {
  name: 'matmul',
  title: 'The matrix product',
  usesNewProcesses: false,
  cases({ isQuick, sizes }) {
    if (sizes.length > 0) {
      return sizes.flatMap((size) => {
        const [M, K, N] = extentsOf(size.includes('x') ? size : `${size}x${size}x${size}`, ['M', 'K', 'N']);
        return inAllForms(M, K, N);
      });
    }
    if (isQuick) return [...inAllForms(16, 16, 16), ...inAllForms(32, 32, 32), ...inAllForms(5, 17, 34)];
    return [
      ...SQUARES.flatMap((size) => inAllForms(size, size, size)),
      ...inAllForms(...ODD),
      ...OF_THE_LSTM.map(([name, task]) => matmulCase(name, task)),
    ];
  },
};
