/** The same bits on any number of threads of the WebAssembly backend: whole training runs, and networks of every kind of layer. */
import { createWasmBackend } from '../../kernels/wasm/index.js';
import { fillRandom, Random } from '../../src/core/rng.js';
import { valuesOf, zeros } from '../../src/core/tensor.js';
import type { NetworkSizes } from '../../src/network/config.js';
import { Network } from '../../src/network/network.js';
import { train } from '../../src/training/loop.js';
import { Adam, Sgd } from '../../src/training/optimisers.js';
import { smallImages } from './small-images.js';

const images = smallImages(60, 7, 5);
const OPTIONS = { batchSize: 20, trainingIters: 20 * 21, hidden: 37, displayStep: 5 };

/** The weights after a whole training run. */
export async function weightsOf(threads: number, deterministic: boolean): Promise<Float64Array[]> {
  const backend = await createWasmBackend({ threads, deterministic, check: true });
  const model = await train(backend, images, OPTIONS);
  const weights = model.parameters.map(({ value }) => valuesOf(value));
  await backend.dispose();
  return weights;
}

const both = { hidden: 13, bidirectional: true };
const [T, B] = [9, 11];
const NETWORKS: Record<string, NetworkSizes> = {
  'class indices, a loss at every step over 23 classes': {
    inputs: 17,
    inputKind: 'classes',
    layers: [both, both],
    outputs: 23,
    reads: 'every',
    dropout: 0.3,
  },
  'numbers, a squared error at every step': {
    inputs: 17,
    layers: [both, { hidden: 70 }],
    outputs: 5,
    reads: 'every',
    loss: 'squaredError',
    dropout: 0.3,
  },
};

/** Three updates by Adam and three by SGD, on sequences of different lengths. */
async function bitsOf(network: NetworkSizes, threads: number, deterministic: boolean): Promise<Float64Array[]> {
  const backend = await createWasmBackend({ threads, deterministic, check: true });
  const model = new Network(backend, network, { T, B });
  const random = new Random(4);
  model.initialise(random);
  const [adam, sgd] = [new Adam(backend, model.parameters), new Sgd(backend, model.parameters, 0.9)];
  const { x, y, losses } = model.activations;
  for (let step = 0; step < 6; step++) {
    fillRandom(x, () => random.below(17));
    const targets = zeros(y.shape);
    fillRandom(targets, () => random.normal(0, 1));
    const labels = Array.from({ length: T * B }, () => random.below(24) - 1);
    const lengths = Array.from({ length: B }, () => 1 + random.below(T)).sort((a, b) => b - a);
    model.setBatch({ x, lengths, ...(network.loss === 'squaredError' ? { targets } : { labels }) });
    model.drawMasks(random);
    model.forward({ dropout: true });
    model.backward();
    (step % 2 === 0 ? adam : sgd).update(0.01);
    await backend.keepPace(); // lets the threads start
  }
  const results = [losses, ...model.parameters.flatMap(({ value, gradient }) => [value, gradient])].map(valuesOf);
  await backend.dispose();
  return results;
}

/** Compares runs on these numbers of threads, one after another, with a run on one thread. */
export function describeSameBits(counts: readonly number[]): void {
  const builds = [true, false];
  const on = `the same bits on 1, ${counts.join(', ')} threads`;

  test.each(builds)(`whole training runs give ${on} (deterministic: %s)`, async (deterministic) => {
    const expected = await weightsOf(1, deterministic);
    for (const threads of counts) expect(await weightsOf(threads, deterministic)).toEqual(expected);
  });

  test.each(Object.keys(NETWORKS).flatMap((name) => builds.map((portable) => [name, portable] as const)))(
    `a network of every kind of layer gives ${on}: %s (deterministic: %s)`,
    async (name, portable) => {
      const expected = await bitsOf(NETWORKS[name], 1, portable);
      for (const threads of counts) expect(await bitsOf(NETWORKS[name], threads, portable)).toEqual(expected);
    },
  );
}
