/** GPU.js as its README shows it: a kernel with one loop, nested arrays in, nested arrays out. */
import type { Mode } from '../../kernels/gpu/gpu-js.js';
import { type OpenMode, openMode } from '../../kernels/gpu/modes.js';
import { type Program, type Prepared, type StartOptions, LeftOutError, orLeftOut } from '../program.js';
import { type Arrays, type Form, type MatmulTask, inputShapes } from '../tasks.js';
import { packageVersion } from '../versions.js';

type Rows = readonly Float32Array[];
type Multiply = (a: Rows, b: Rows) => Rows | Promise<Rows>;

interface Naive {
  createKernel(source: string, settings: { output: [number, number]; constants: { K: number } }): Multiply;
}

/** The term that a kernel adds up, for each form of the product. */
const TERMS: Record<Form, string> = {
  'A·B': 'a[this.thread.y][k] * b[k][this.thread.x]',
  'Aᵀ·B': 'a[k][this.thread.y] * b[k][this.thread.x]',
  'A·Bᵀ': 'a[this.thread.y][k] * b[this.thread.x][k]',
};

export async function start({ mode }: StartOptions): Promise<Program> {
  const opened = await orLeftOut(openMode(mode as Mode));
  return {
    version: packageVersion('gpu.js'),
    description: `GPU.js, mode ${mode}, as its README shows`,
    prepare: async (task, inputs) => {
      if (task.kind !== 'matmul') throw new LeftOutError('GPU.js is compared in the matrix product only');
      return prepare(opened, task, inputs);
    },
    close: () => opened.close(),
  };
}

function prepare({ gpu, kernelClass, mode }: OpenMode, task: MatmulTask, inputs: Arrays): Prepared {
  const { form, M, K, N } = task;
  const source = `function (a, b) {
    let sum = 0;
    for (let k = 0; k < this.constants.K; k++) sum += ${TERMS[form]};
    return sum;
  }`;
  const multiply = (gpu as unknown as Naive).createKernel(source, { output: [N, M], constants: { K } });
  const shapes = inputShapes(task);
  const [a, b] = ['a', 'b'].map((name) => rowsOf(inputs[name], shapes[name][1]));
  return {
    run: () => {
      const product = multiply(a, b);
      if (product instanceof Promise) return product.then(() => undefined);
      return undefined;
    },
    result: async () => {
      const product = await multiply(a, b);
      const { kernel } = multiply as unknown as { kernel: object };
      if (!(kernel instanceof kernelClass)) throw new LeftOutError(`GPU.js did not run in mode ${mode}`);
      return { out: Float32Array.from(product.flatMap((row) => [...row])) };
    },
    dispose: () => {},
  };
}

function rowsOf(values: Float32Array, columns: number): Float32Array[] {
  return Array.from({ length: values.length / columns }, (_, row) =>
    values.subarray(row * columns, (row + 1) * columns),
  );
}
