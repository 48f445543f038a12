/** This project with a mistake of src/exercises/planted-mistakes.mjs in it, as an example of a wrong program. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { Problem, Results } from '../../src/compare/problem.js';
import type { Backend } from '../../src/core/backend.js';
import type { PlantedMistake } from '../../src/exercises/planted-mistakes.mjs';

const project = fileURLToPath(new URL('../..', import.meta.url));

const ENTRY = `
  export { createReferenceBackend } from './kernels/reference/index.ts';
  export { solve } from './src/compare/solve.ts';`;

interface Program {
  readonly createReferenceBackend: (options: { dtype: 'f64' }) => Backend;
  readonly solve: (backend: Backend, problem: Problem) => Promise<Results>;
}

/** The results of a problem as the program with this mistake computes them, in f64. */
export async function resultsWith({ id, file, right, wrong }: PlantedMistake, problem: Problem): Promise<Results> {
  const target = path.join(project, 'src', file);
  const parts = readFileSync(target, 'utf8').split(right);
  if (parts.length !== 2) throw new Error(`${id}: src/${file} has “${right}” ${parts.length - 1} times, not once`);
  const { outputFiles } = await build({
    stdin: { contents: ENTRY, resolveDir: project, loader: 'ts' },
    absWorkingDir: project,
    bundle: true,
    write: false,
    format: 'cjs',
    platform: 'node',
    logLevel: 'error',
    plugins: [
      {
        name: 'plant',
        setup: (bundle) =>
          bundle.onLoad({ filter: new RegExp(`${path.basename(file)}$`) }, ({ path: loaded }) =>
            loaded === target ? { contents: parts.join(wrong), loader: 'ts' } : undefined,
          ),
      },
    ],
  });

  const module = { exports: {} as Program };
  // eslint-disable-next-line @typescript-eslint/no-implied-eval, @typescript-eslint/no-unsafe-call -- a bundle made above
  new Function('module', 'exports', outputFiles[0].text)(module, module.exports);
  const { createReferenceBackend, solve } = module.exports;
  return solve(createReferenceBackend({ dtype: 'f64' }), problem);
}
