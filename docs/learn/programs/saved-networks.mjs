/** Images that a saved network reads, for docs/learn/why-57.md: in the browser, and in paths.mjs. */
import { loadTensors, Network, tensorFrom, valuesByName } from 'longhand';
import { createReferenceBackend } from 'longhand/reference';
import { sequencesOf } from './path-switches.mjs';

/**
 * The tutorial's network reads images, one row a step, and goes back, in f64. `weights`: all of them, in the order of its parameters.
 * @param {Float32Array} weights
 * @param {{ rows: number, columns: number, pixels: Uint8Array, labels: Uint8Array }} images
 */
export function readImages(weights, { rows: T, columns: I, pixels, labels }) {
  const B = labels.length;
  const sizes = { inputs: I, layers: [{ hidden: 128 }], outputs: 10 };
  const network = new Network(createReferenceBackend({ dtype: 'f64' }), sizes, { T, B });
  let end = 0;
  const saved = network.parameters.map(({ name, value: { shape } }) => {
    const start = end;
    end += shape.reduce((product, extent) => product * extent, 1);
    return [name, tensorFrom(Float64Array.from(weights.subarray(start, end)), shape)];
  });
  if (end !== weights.length) throw new Error(`the network has ${end} weights, the file ${weights.length}`);
  loadTensors(network.backend, valuesByName(network.parameters), Object.fromEntries(saved));
  const x = tensorFrom(
    Float64Array.from(pixels, (pixel) => pixel / 255),
    [B, T, I],
  );
  network.setBatch({ x, labels: [...labels], layout: 'batch-first' });
  network.forward();
  network.backward();
  return sequencesOf(network);
}
