/**
 * browser-wasm.test.ts runs this program in a page, in a Vite build and from the tarball. It trains once for each choice
 * of options, and returns the backend's description and the bits of the weights of each run.
 */
import { train, valuesOf } from 'longhand';
import { createWasmBackend } from 'longhand/wasm';

/** A run this short could end before its helper threads have started. `SLEEPERS`: see kernels/wasm/assembly/jobs.ts. */
async function awaitHelpers(backend, SLEEPERS) {
  const threads = Number(/(\d+) thread/.exec(backend.description)[1]);
  const sleepers = new Int32Array(backend.allocate([1]).data.buffer, SLEEPERS, 1);
  for (let wait = 0; Atomics.load(sleepers, 0) < threads - 1; wait++) {
    if (wait === 1000) throw new Error(`${backend.description}: the helpers have not started`);
    await backend.keepPace(); // throws if one has died
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

globalThis.trainOn = async ({ images, options, runs, SLEEPERS }) => {
  const pixels = Uint8Array.from(images.pixels);
  const labels = Uint8Array.from(images.labels);
  const results = [];
  for (const run of runs) {
    const backend = await createWasmBackend({ ...run, check: true });
    await awaitHelpers(backend, SLEEPERS);
    const model = await train(backend, { ...images, pixels, labels }, options);
    const weights = model.parameters.flatMap(({ value }) => [...valuesOf(value)]);
    results.push({
      description: backend.description,
      bits: [...new Uint32Array(Float32Array.from(weights).buffer)],
    });
    await backend.dispose();
  }
  return results;
};
