/** Whole runs on the WebAssembly backend: the same bits on any number of threads, and vanishing gradients become 0. */
import { createWasmBackend } from '../../kernels/wasm/index.js';
import { Adam } from '../../src/adam.js';
import { Model } from '../../src/model.js';
import { Network } from '../../src/network.js';
import type { NetworkSizes } from '../../src/network-sizes.js';
import { fillRandom, Random } from '../../src/rng.js';
import { Sgd } from '../../src/sgd.js';
import { valuesOf, zeros } from '../../src/tensor.js';
import { train } from '../../src/training/loop.js';
import { smallImages } from '../helpers/small-images.js';

describe('whole training runs', () => {
  const images = smallImages(60, 7, 5);
  const OPTIONS = { batchSize: 20, trainingIters: 20 * 21, hidden: 37, displayStep: 5 };

  async function weightsOf(threads: number, deterministic: boolean): Promise<Float64Array[]> {
    const backend = await createWasmBackend({ threads, deterministic, check: true });
    const model = await train(backend, images, OPTIONS);
    const weights = model.parameters.map(({ value }) => valuesOf(value));
    await backend.dispose();
    return weights;
  }

  test.each([true, false])(
    'give the same bits on 1, 2, 3 and 5 threads, and again (deterministic: %s)',
    async (deterministic) => {
      const expected = await weightsOf(1, deterministic);
      for (const threads of [2, 3, 5, 2]) expect(await weightsOf(threads, deterministic)).toEqual(expected);
    },
  );

  test('the portable build gives these bits on every computer', async () => {
    const weights = await weightsOf(2, true);
    const bits = new Uint32Array(Float32Array.from(weights.flatMap((values) => [...values])).buffer);
    expect(bits.reduce((hash, word) => Math.imul(hash ^ word, 16777619) >>> 0, 2166136261)).toMatchSnapshot();
  });
});

describe('a network of every kind of layer', () => {
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

  test.each(Object.keys(NETWORKS).flatMap((name) => [true, false].map((portable) => [name, portable] as const)))(
    'gives the same bits on 1, 2, 3 and 5 threads: %s (deterministic: %s)',
    async (name, portable) => {
      const expected = await bitsOf(NETWORKS[name], 1, portable);
      for (const threads of [2, 3, 5]) expect(await bitsOf(NETWORKS[name], threads, portable)).toEqual(expected);
    },
  );
});

describe('vanishing gradients', () => {
  test('are 0 after 800 steps, and never subnormal numbers, which slow a processor down', async () => {
    const backend = await createWasmBackend({ threads: 1, check: true });
    const model = new Model(backend, { T: 800, B: 4, I: 3, H: 8, C: 3 });
    model.initialise(new Random(1));
    model.activations.y.data.set([1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 0, 0]);
    model.forward();
    model.backward();
    for (const gradients of [model.activations.dh, model.activations.dc]) {
      const sizes = valuesOf(gradients).map(Math.abs);
      expect(sizes.filter((size) => size > 0 && size < 2 ** -126)).toHaveLength(0);
      expect(sizes.filter((size) => size > 0).length).toBeGreaterThan(100 * 4 * 8);
      expect(new Set(sizes.subarray(0, 4 * 8))).toEqual(new Set([0]));
    }
  });

  test('become 0 below 2⁻¹⁰⁰, and are unchanged above it; NaN stays NaN', async () => {
    const gradients = [2 ** -90, -(2 ** -90), 2 ** -101, -(2 ** -101), NaN, 1];
    const backend = await createWasmBackend({ threads: 1, check: true });
    const [row, wide] = [() => backend.allocate([1, 6]), () => backend.allocate([1, 24])];
    const [dc, gates, c, dh] = [row(), wide(), row(), row()];
    gates.data.fill(0.5);
    c.data.fill(1);
    dh.data.set(gradients);
    backend.lstmCellBackward(wide(), dc, row(), dh, gates, c, row());
    const relative = [...valuesOf(dc)].map((value, n) => value / (gradients[n] * 0.5 * (1 - Math.tanh(1) ** 2)));
    expect(relative.map((ratio) => Math.round(ratio * 1e6) / 1e6)).toEqual([1, 1, 0, -0, NaN, 1]);
  });
});
