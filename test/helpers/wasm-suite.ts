/**
 * What both tiers test on the WebAssembly backend, each with its own numbers of threads and steps. Threads do not change the
 * bits; the memory does not grow; the errors of σ, tanh and exp are small.
 * Last, a page that trains on it, and what the same training in Node ends with.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { PORTABLE as portable, RELAXED as relaxed } from '../../kernels/wasm/binaries.js';
import { type WasmOptions, createWasmBackend } from '../../kernels/wasm/index.js';
import { SLEEPERS } from '../../kernels/wasm/jobs.js';
import { fillRandom, Random } from '../../src/core/rng.js';
import { type Tensor, zeros, valuesOf } from '../../src/core/tensor.js';
import { Model } from '../../src/door/model.js';
import { Network } from '../../src/door/network.js';
import { train } from '../../src/door/train.js';
import type { NetworkConfig } from '../../src/network/config.js';
import { Adam, Sgd } from '../../src/training/optimisers.js';
import { copyOf, expectSameNumbers } from './numeric.js';
import { smallImages } from './small-data.js';

const images = smallImages(60, 7, 5);
const OPTIONS = { batchSize: 20, trainingIters: 20 * 21, hidden: 37, displayStep: 5 };

/** The weights after a whole training run. */
export async function weightsOf(threads: number, deterministic: boolean): Promise<Tensor[]> {
  const backend = await createWasmBackend({ threads, deterministic, check: true });
  const model = await train(backend, images, OPTIONS);
  const weights = model.parameters.map(({ value }) => copyOf(value));
  await backend.dispose();
  return weights;
}

const both = { hidden: 13, bidirectional: true };
const [T, B] = [9, 11];
const NETWORKS: Record<string, NetworkConfig> = {
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
async function bitsOf(network: NetworkConfig, threads: number, deterministic: boolean): Promise<Tensor[]> {
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
  const results = [losses, ...model.parameters.flatMap(({ value, gradient }) => [value, gradient])].map(copyOf);
  await backend.dispose();
  return results;
}

/** Compares runs on these numbers of threads, one after another, with a run on one thread. */
export function describeSameBits(counts: readonly number[]): void {
  const builds = [true, false];
  const on = `the same bits on 1, ${counts.join(', ')} threads`;

  test.each(builds)(`whole training runs give ${on} (deterministic: %s)`, async (deterministic) => {
    const expected = await weightsOf(1, deterministic);
    for (const threads of counts) expectSameNumbers(await weightsOf(threads, deterministic), expected);
  });

  test.each(Object.keys(NETWORKS).flatMap((name) => builds.map((portable) => [name, portable] as const)))(
    `a network of every kind of layer gives ${on}: %s (deterministic: %s)`,
    async (name, portable) => {
      const expected = await bitsOf(NETWORKS[name], 1, portable);
      for (const threads of counts) expectSameNumbers(await bitsOf(NETWORKS[name], threads, portable), expected);
    },
  );
}

export function describeSteadyMemory({ steps, models, batches }: Record<'steps' | 'models' | 'batches', number>): void {
  const sizes = { T: 3, B: 2, I: 2, H: 5, C: 3 };

  test(`does not grow over ${steps} steps, nor over ${models} models that are made and disposed of`, async () => {
    const backend = await createWasmBackend({ threads: 1, check: true });
    const model = new Model(backend, sizes);
    const adam = new Adam(backend, model.parameters);
    const step = (one: Model, itsAdam: Adam): void => {
      one.forward();
      one.backward();
      itsAdam.update(0.01);
    };
    step(model, adam);
    new Model(backend, sizes).dispose();
    const bytes = (): number => model.activations.x.data.buffer.byteLength;
    const before = bytes();
    for (let n = 0; n < steps; n++) step(model, adam);
    for (let n = 0; n < models; n++) {
      const other = new Model(backend, sizes);
      const otherAdam = new Adam(backend, other.parameters);
      step(other, otherAdam);
      otherAdam.dispose();
      other.dispose();
    }
    expect(bytes()).toBe(before);
  });

  test(`does not grow if the lengths of the sequences change with every batch, of ${batches}`, async () => {
    const backend = await createWasmBackend({ threads: 1, check: true });
    const [T, B] = [7, 12];
    const network = { inputs: 3, layers: [{ hidden: 20 }, { hidden: 20 }], outputs: 3 };
    const many = new Network(backend, network, { T, B });
    const random = new Random(1);
    const step = (lengths: number[]): void => {
      many.setTargets({ labels: new Uint8Array(B), lengths });
      many.forward();
      many.backward();
    };
    step(Array<number>(B).fill(T)); // the longest first: every copy is then large enough
    const bytes = (): number => backend.allocate([1]).data.buffer.byteLength;
    const before = bytes();
    for (let n = 0; n < batches; n++) step(Array.from({ length: B }, () => 1 + random.below(T)).sort((a, b) => b - a));
    expect(bytes()).toBe(before);
  });
}

const COUNT = 1 << 16;
export const [X, OUT] = [1 << 20, (1 << 20) + 4 * COUNT];
const FUNCTIONS = {
  sigmoidOf: (x: number) => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x))),
  tanhOf: Math.tanh,
  expOf: (x: number) => (x < -80 ? 0 : Math.exp(x)),
};
type Functions = Record<keyof typeof FUNCTIONS, (out: number, x: number, size: number) => void>;

export const builds = Object.entries({ portable, relaxed })
  .map(([name, text]) => [name, Buffer.from(text, 'hex')] as const)
  .filter(([, bytes]) => WebAssembly.validate(bytes));

export function instantiate(bytes: Buffer<ArrayBuffer>) {
  const memory = new WebAssembly.Memory({ initial: 32, maximum: 65536, shared: true });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } });
  const { sigmoidRow, tanhRow, expRow } = exports as Record<string, (...numbers: readonly number[]) => void>;
  const functions: Functions = {
    sigmoidOf: (to, from, size) => sigmoidRow(to, from, 0, size),
    tanhOf: tanhRow,
    expOf: (to, from, size) => expRow(to, from, 0, size), // of x - 0
  };
  const [x, out] = [new Float32Array(memory.buffer, X, COUNT), new Float32Array(memory.buffer, OUT, COUNT)];
  return { functions, x, bits: new Uint32Array(memory.buffer, X, COUNT), out };
}

/** The distance between neighbouring f32 numbers, by the eight bits of their exponent. */
const SPACINGS = Float64Array.from({ length: 256 }, (_, exponent) => 2 ** (Math.max(1, exponent) - 150));

export function describeFunctions(stride: number): void {
  test.each(
    builds.flatMap(([build, bytes]) =>
      (['sigmoidOf', 'tanhOf', 'expOf'] as const).map((name) => [build, name, bytes] as const),
    ),
  )(`%s build, %s: every ${stride}th f32 is within 4 ulp of the correctly rounded value`, (_, name, bytes) => {
    const { functions, x, bits, out } = instantiate(bytes);
    const exact = FUNCTIONS[name];
    const smallest = name === 'expOf' ? 2 ** 31 : 0; // only exp of negative numbers is needed
    const expected = new Float32Array(1);
    const expectedBits = new Uint32Array(expected.buffer);
    let worst = 0;
    for (let first = smallest; first < 2 ** 32; first += stride * COUNT) {
      const count = Math.min(COUNT, Math.ceil((2 ** 32 - first) / stride));
      for (let n = 0; n < count; n++) bits[n] = first + stride * n;
      functions[name](OUT, X, COUNT);
      for (let n = 0; n < count; n++) {
        if (Number.isNaN(x[n])) {
          if (!Number.isNaN(out[n])) worst = Infinity;
          continue;
        }
        expected[0] = exact(x[n]);
        worst = Math.max(worst, Math.abs(out[n] - expected[0]) / SPACINGS[(expectedBits[0] >>> 23) & 255]);
      }
    }
    expect(worst).toBeLessThanOrEqual(4);
  });
}

const project = fileURLToPath(new URL('../..', import.meta.url));
/** What the page runs. */
export const script = path.join(project, 'test/helpers/train-on-wasm.js');

const PAGE_IMAGES = smallImages(60, 6, 5);
const PAGE_OPTIONS = { batchSize: 16, trainingIters: 31 * 16, hidden: 37 };
/** A job for the page: one training for each of these backends. */
export const jobFor = (...runs: WasmOptions[]) => ({
  images: { ...PAGE_IMAGES, pixels: [...PAGE_IMAGES.pixels], labels: [...PAGE_IMAGES.labels] },
  options: PAGE_OPTIONS,
  runs,
  SLEEPERS,
});

export interface Result {
  readonly description: string;
  readonly bits: number[];
}

/** The bits of the weights after training in Node, from source. */
export async function bitsInNode(): Promise<number[]> {
  const backend = await createWasmBackend({ threads: 1, deterministic: true, check: true });
  const model = await train(backend, PAGE_IMAGES, PAGE_OPTIONS);
  const weights = model.parameters.flatMap(({ value }) => [...valuesOf(value)]);
  await backend.dispose();
  return [...new Uint32Array(Float32Array.from(weights).buffer)];
}

export const ISOLATING = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
};
export const PORTABLE = 'wasm: WebAssembly, portable SIMD, ';
export const RELAXED = 'wasm: WebAssembly, relaxed SIMD, ';

/** The page without a bundler. */
export const plainPage = () => ({
  '/index.html': '<!doctype html><script type="module" src="./page.js"></script>',
  '/page.js': readFileSync(script, 'utf8').replace(/'longhand(\/wasm)?'/g, "'./longhand.js'"),
  '/longhand.js': readFileSync(path.join(project, 'dist/browser/longhand.js'), 'utf8'),
});
