/** TypeScript to JavaScript, one file at a time. `npm run check` checks the types. */
import { transformSync } from 'esbuild';

export default {
  process: (text, file) =>
    transformSync(text, { loader: 'ts', format: 'esm', target: 'node20', sourcefile: file, sourcemap: 'external' }),
};
