/** What the backend asks of GPU.js: kernels, their launches, the textures or buffers that each reads, and those that stay. */
import gpuJs from 'gpu.js';
import type { Mode } from '../../../kernels/gpu/index.js';
import { createGpuBackend } from '../../../kernels/gpu/index.js';
import type { Backend } from '../../../src/core/backend.js';
import { Random } from '../../../src/core/rng.js';
import type { Tensor } from '../../../src/core/tensor.js';
import { zeros } from '../../../src/core/tensor.js';
import type { ModelSizes } from '../../../src/network/tutorial-network.js';
import { Model } from '../../../src/door/model.js';
import { Network } from '../../../src/door/network.js';
import { Adam } from '../../../src/training/optimisers.js';
import { describeMode } from '../../helpers/gpu-modes.js';
import { randomise } from '../../helpers/random-model.js';

interface Counts {
  /** Calls of kernels. A kernel with several outputs is one launch. */
  launches: number;
  /** Kernels that were compiled. */
  compiled: number;
  /** Textures or buffers that were created and not yet deleted; 0 in the modes that compute on the host. */
  live: number;
  /** The most textures or buffers that a launch has read. */
  mostInputs: number;
}

type Method = (...values: never[]) => unknown;
type Methods = Record<string, Method>;

interface KernelMaker {
  readonly context?: object | null;
  createKernel: (...values: unknown[]) => Method;
}

interface WebGpuModule {
  readonly WebGPUContext: { acquire(): Promise<{ device: object }> };
}

/** Opens a backend whose launches, and textures or buffers, are counted from now on. */
async function openCounted(mode: Mode): Promise<{ backend: Backend; counts: Counts; restore: () => void }> {
  const counts: Counts = { launches: 0, compiled: 0, live: 0, mostInputs: 0 };
  const { prototype } = gpuJs.GPU as unknown as { prototype: KernelMaker };
  const { createKernel } = prototype;
  const contexts = new Set<object>();
  // GPU.js's createKernelMap calls createKernel, too.
  prototype.createKernel = function (this: KernelMaker, ...values) {
    const kernel = createKernel.apply(this, values);
    counts.compiled++;
    return new Proxy(kernel, {
      apply: (run, self, inputs: unknown[]) => {
        counts.launches++;
        counts.mostInputs = Math.max(counts.mostInputs, inputs.filter((input) => typeof input === 'object').length);
        const result: unknown = Reflect.apply(run, self, inputs);
        const { context } = this;
        // The first launch of a GL mode makes the context.
        if (context && !contexts.has(context)) countTextures(context as Methods, counts);
        if (context) contexts.add(context);
        return result;
      },
    });
  };
  if (mode === 'webgpu') {
    await (await createGpuBackend({ mode })).dispose(); // provides navigator.gpu
    const { device } = await (gpuJs as unknown as WebGpuModule).WebGPUContext.acquire();
    countBuffers(device as Methods, counts);
  }
  const backend = await createGpuBackend({ mode });
  return { backend, counts, restore: () => (prototype.createKernel = createKernel) };
}

function countTextures(context: Methods, counts: Counts): void {
  const { createTexture, deleteTexture } = context;
  context.createTexture = (...values) => {
    counts.live++;
    return createTexture.apply(context, values);
  };
  context.deleteTexture = (...values) => {
    counts.live--;
    return deleteTexture.apply(context, values);
  };
}

function countBuffers(device: Methods, counts: Counts): void {
  const { createBuffer } = device;
  device.createBuffer = (...values) => {
    const buffer = createBuffer.apply(device, values) as Methods;
    const { destroy } = buffer;
    counts.live++;
    buffer.destroy = () => {
      counts.live--;
      return destroy.apply(buffer);
    };
    return buffer;
  };
}

/** A test on a backend that counts, in a mode of GPU.js, if this computer has it. */
function testCounted(mode: Mode, title: string, run: (backend: Backend, counts: Counts) => Promise<void>) {
  return describeMode(mode, () =>
    test(`gpu, ${mode}: ${title}`, async () => {
      const { backend, counts, restore } = await openCounted(mode);
      try {
        await run(backend, counts);
      } finally {
        restore();
        await backend.dispose();
      }
    }),
  );
}

interface Training {
  /** Enqueues one training step, and waits as the training loop does. */
  readonly step: () => Promise<void>;
  readonly loss: () => Promise<number>;
}

function trainingOf(backend: Backend, sizes: ModelSizes): Training {
  const model = new Model(backend, sizes);
  const random = new Random(1);
  model.initialise(random);
  const { x, y } = model.activations;
  randomise(backend, [x], random);
  for (let b = 0; b < y.size; b++) y.set(b, random.below(sizes.C));
  const optimiser = new Adam<string>(backend, model.parameters);
  return {
    async step() {
      backend.upload(x);
      backend.upload(y);
      model.forward();
      model.backward();
      optimiser.update(0.001);
      await backend.keepPace();
    },
    loss: async () => (await model.metrics()).loss,
  };
}

/**
 * The most launches of a step of 28 time steps, with a few to spare. In the GL modes a time step has 7: forward a product and a
 * cell, backward a cell, three products and a sum. In the others a launch has one output, so each of the two cells has 3.
 */
const MOST_LAUNCHES = { headlessgl: 215, webgpu: 340, webasm: 340, cpu: 340 } as const;

for (const mode of ['headlessgl', 'webgpu', 'webasm', 'cpu'] as const) {
  const most = MOST_LAUNCHES[mode];
  await testCounted(mode, `a training step of 28 time steps has at most ${most} launches`, async (backend, counts) => {
    const { step } = trainingOf(backend, { T: 28, B: 5, I: 4, H: 8, C: 3 });
    for (let n = 0; n < 3; n++) await step();
    counts.launches = 0;
    await step();
    await backend.keepPace();
    expect(counts.launches).toBeGreaterThan(100);
    expect(counts.launches).toBeLessThanOrEqual(most);
  });
}

const OTHER_LENGTHS = 'a batch with other lengths and another number of labels needs at most a few new kernels';
await testCounted('headlessgl', OTHER_LENGTHS, async (backend, counts) => {
  const sizes = { T: 3, B: 9 };
  const network = new Network(backend, { inputs: 4, layers: [{ hidden: 4 }], outputs: 2, reads: 'every' }, sizes);
  const optimiser = new Adam(backend, network.parameters);
  const x = zeros([3, 9, 4]);
  /** B_t of the three steps: 9, `second` and `third`. */
  const train = async (second: number, third: number): Promise<number> => {
    const before = counts.compiled;
    const lengths = Array.from({ length: 9 }, (_, b) => 1 + Number(b < second) + Number(b < third));
    network.setBatch({ x, lengths, labels: Array.from({ length: 27 }, (_, row) => (row % second === 0 ? -1 : 1)) });
    network.forward();
    network.backward();
    optimiser.update(0.01);
    await backend.keepPace();
    return counts.compiled - before;
  };
  expect(await train(8, 2)).toBeGreaterThan(20);
  await train(6, 3);
  // a sum that begins in another row of a tile is another kernel
  expect(await train(7, 4)).toBeLessThan(6);
  expect(await train(5, 1)).toBeLessThan(6);
});

for (const mode of ['headlessgl', 'webgpu'] as const) {
  const title = 'the device holds as many textures or buffers after 100 steps as after 10';
  await testCounted(mode, title, async (backend, counts) => {
    const { step, loss } = trainingOf(backend, { T: 2, B: 3, I: 2, H: 4, C: 2 });
    for (let n = 0; n < 10; n++) await step();
    await loss();
    const before = counts.live;
    for (let n = 10; n < 100; n++) await step();
    await loss();
    expect(before).toBeGreaterThan(20);
    expect(counts.live).toBe(before);
  });
}

const INPUTS = 'a launch reads at most 15 textures, even if each input lies in four';
await testCounted('headlessgl', INPUTS, async (backend, counts) => {
  const [B, H] = [5, 8];
  const product = (columns: number): Tensor => {
    const [out, a, b] = [backend.allocate([B, columns]), backend.allocate([B, 1]), backend.allocate([1, columns])];
    backend.fill(a, 0.5);
    backend.fill(b, 0.5);
    backend.matmul(out, a, b);
    return out;
  };
  const [dc, dcPrev, dh, c, cPrev] = [H, H, H, H, H].map(product);
  const [dz, gates] = [4 * H, 4 * H].map(product);
  backend.lstmCellBackward(dz, dc, dcPrev, dh, gates, c, cPrev);
  await backend.download(dz);
  // (2′), (3′) and (4′) with every input 0.25
  const [tanhC, d] = [Math.tanh(0.25), 0.25];
  const dC = d + d * d * (1 - tanhC ** 2);
  expect(dz.get(4, 0)).toBeCloseTo(dC * d * d * (1 - d), 6);
  expect(dz.get(4, 31)).toBeCloseTo(d * tanhC * d * (1 - d), 6);
  expect(counts.mostInputs).toBeGreaterThan(8);
  expect(counts.mostInputs).toBeLessThanOrEqual(15);
});

await describeMode('headlessgl', () =>
  test('gpu, headlessgl: after an operation has failed, free and dispose still delete the textures of the tensors', async () => {
    const leftWhen = async (fails: boolean): Promise<number> => {
      const { backend, counts, restore } = await openCounted('headlessgl');
      const [first, second, tooHigh] = [
        backend.allocate([4, 4]),
        backend.allocate([5, 3]),
        backend.allocate([2 ** 20, 1]),
      ];
      backend.upload(first);
      backend.upload(second);
      await backend.download(first);
      expect(counts.live).toBeGreaterThan(1);
      if (fails) {
        backend.upload(tooHigh);
        await expect(backend.download(tooHigh)).rejects.toThrow('but this device allows at most');
      }
      backend.free(first);
      restore();
      await backend.dispose();
      return counts.live;
    };
    expect(await leftWhen(true)).toBe(await leftWhen(false));
  }),
);
