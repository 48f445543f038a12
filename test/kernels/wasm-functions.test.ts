/** σ, tanh and exp of both wasm builds: their errors on f32 numbers of every size, and their exact values. */
import { builds, describeFunctions, instantiate, OUT, X } from '../helpers/wasm-functions.js';

describeFunctions(65_537); // every 4099th: test/slow/kernels/wasm.test.ts

test.each(builds)('%s build: exact at 0 and ±∞, NaN stays NaN', (_, bytes) => {
  const { functions, x, out } = instantiate(bytes);
  x.set([0, -0, Infinity, -Infinity, NaN, 0, 0, 0]);
  functions.sigmoidOf(OUT, X, 8);
  expect([...out.slice(0, 5)]).toEqual([0.5, 0.5, 1, 0, NaN]);
  functions.tanhOf(OUT, X, 8);
  expect([...out.slice(0, 5)]).toEqual([0, -0, 1, -1, NaN]);
  x.set([0, -0, -80.00001, -Infinity, NaN]);
  functions.expOf(OUT, X, 8);
  expect([...out.slice(0, 5)]).toEqual([1, 1, 0, 0, NaN]);
});
