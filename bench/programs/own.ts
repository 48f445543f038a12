/** A program of the reader's own, `--program FILE`: it computes products, and is checked and timed as every other candidate. */
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Program, StartOptions } from '../program.js';
import { LeftOutError } from '../program.js';
import type { MatmulTask } from '../tasks.js';

/** What the reader's module exports. `state` is what `prepare` returns, or resolves to. */
interface OwnProgram {
  /** One line: what computes. Default: the file's name. */
  readonly name?: string;
  /** Gets the operands as they are stored, row by row: a is [M,K], of the form Aᵀ·B [K,M]; b is [K,N], of A·Bᵀ [N,K]. */
  readonly prepare: (task: Pick<MatmulTask, 'form' | 'M' | 'K' | 'N'>, a: Float32Array, b: Float32Array) => unknown;
  /** What is timed: one product. It returns, or resolves, when the product is there. */
  readonly run: (state: unknown) => unknown;
  /** The product `[M,N]`, row by row. It is asked for once, after a `run`, and compared with f64. */
  readonly read: (state: unknown) => Float32Array | Promise<Float32Array>;
  /** Frees what `prepare` made. Default: nothing to free. */
  readonly dispose?: (state: unknown) => unknown;
}

const FUNCTIONS = ['prepare', 'run', 'read'] as const;

/** `mode` is the module's file. */
export async function start({ mode: file }: StartOptions): Promise<Program> {
  const own = (await import(pathToFileURL(file).href)) as Partial<OwnProgram>;
  const missing = FUNCTIONS.filter((name) => typeof own[name] !== 'function');
  if (missing.length > 0)
    throw new LeftOutError(`failed: ${path.basename(file)} exports no function ${missing.join(', ')}`);
  const { name = path.basename(file), prepare, run, read, dispose } = own as OwnProgram;
  return {
    version: '',
    description: name,
    async prepare(task, { a, b }) {
      const { form, M, K, N } = task as MatmulTask; // the candidate has no other kind
      const state = await prepare({ form, M, K, N }, a, b);
      return {
        run: () => run(state) as void | Promise<void>,
        async result() {
          await run(state);
          return { out: await read(state) };
        },
        dispose: () => dispose?.(state) as void | Promise<void>,
      };
    },
  };
}
