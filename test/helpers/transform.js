/** TypeScript to JavaScript, one file at a time. `npm run check` checks the types. */
import path from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { transformSync } from 'esbuild';

// On a terminal Jest sets it for its workers, in which this runs before any test: Node would colour what the tests' processes print.
delete process.env.FORCE_COLOR;

// In Node 20 relaxed SIMD needs a flag. With it, the relaxed build is tested there too.
if (Number.parseInt(process.versions.node) < 22) setFlagsFromString('--experimental-wasm-relaxed-simd');

/**
 * In Jest's contexts a global variable is looked up at every use, which makes loops of mathematics three times as slow. So
 * modules have these as variables of their own: ours, and those of packages that compute. For CommonJS, jest.config.js does it.
 */
export const GLOBALS = ['Math', 'Number', 'Object', 'Array', 'String', 'Uint8Array', 'Float32Array', 'Float64Array'];
const banner = `const { Infinity, NaN, ${GLOBALS.join(', ')} } = globalThis;`;

export default {
  process: (text, file) =>
    transformSync(text, {
      loader: path.extname(file) === '.ts' ? 'ts' : 'js',
      format: 'esm',
      target: 'node20',
      sourcefile: file,
      sourcemap: 'external',
      banner,
    }),
};
