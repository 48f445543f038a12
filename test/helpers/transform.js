/** TypeScript to JavaScript, one file at a time. `npm run check` checks the types. */
import { AsyncLocalStorage } from 'node:async_hooks';
import path from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { transformSync } from 'esbuild';

// On a terminal Jest sets it for its workers, in which this runs before any test: Node would colour what the tests' processes print.
delete process.env.FORCE_COLOR;

const NODE = Number.parseInt(process.versions.node);

// In Node 20 relaxed SIMD needs a flag. With it, the relaxed build is tested there too.
if (NODE < 22) setFlagsFromString('--experimental-wasm-relaxed-simd');

// Jest keeps the test or hook that runs in an AsyncLocalStorage, with which every promise takes several times as long before Node 24. It
// serves retries and concurrent tests, which we have none of, and the name beside an unhandled error: without it the file fails, not the test.
const { run } = AsyncLocalStorage.prototype;
if (NODE < 24) {
  AsyncLocalStorage.prototype.run = function (store, work, ...given) {
    const isOfJest = typeof store === 'object' && store !== null && ('test' in store || 'hook' in store);
    return isOfJest ? work(...given) : run.call(this, store, work, ...given);
  };
}

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
