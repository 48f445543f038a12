/**
 * The kernels of docs/webgpu-kernels.md: out `[M,N]` = a `[M,K]` · b `[K,N]` in WGSL, from one number per thread to the tiles of
 * kernels/webgpu/matmul.ts; then what checks and times them, in Node and in pages. Rows begin at a group of four numbers, as in the
 * backend. K is a multiple of 4, or a and b are 0 beyond it.
 */
import { type Place, Allocations, withoutPitch, withPitch } from '../../kernels/webgpu/allocations.js';
import { type AdapterKind, Device } from '../../kernels/webgpu/device.js';
import { createWebGpuBackend } from '../../kernels/webgpu/index.js';
import { type Kernel, type Launch, LANES, times } from '../../kernels/webgpu/kernel.js';
import {
  type ProductTile,
  type TileShape,
  productInTile,
  matmul,
  sumsOf,
  tileLoop,
  tilePlaces,
} from '../../kernels/webgpu/matmul.js';
import { Memory } from '../../kernels/webgpu/memory.js';
import { Pipelines, Plan } from '../../kernels/webgpu/plan.js';
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { WebGpuBackend } from '../../kernels/webgpu/backend.js';
import type { Backend } from '../../src/core/backend.js';
import { fillRandom, Random } from '../../src/core/rng.js';
import { valuesOf } from '../../src/core/tensor.js';
import { Model } from '../../src/door/model.js';
import type { ModelSizes } from '../../src/network/tutorial-network.js';
import { Adam } from '../../src/training/optimisers.js';
import { TUTORIAL } from '../suites.js';
import type { News as ProductNews } from './gpu-kernels.js';
import type { Operands, Outcome, Ready, Size, Timing } from './product-steps.js';
import { operandsOf, outcomesInTurns, readyOn, refusalOf } from './product-steps.js';

export interface KernelStep {
  readonly name: string;
  /** Loads from the storage buffer for each multiply-add. A load of four numbers counts once. */
  readonly loads: number;
  readonly launch: (out: Place, a: Place, b: Place) => Launch;
}

const WHOLE = ['M', 'N', 'K', 'out', 'outPitch', 'a', 'aPitch', 'b', 'bPitch'];

/** Threads of a workgroup: as many as a vector of AVX2 has numbers, or two of a GPU's groups of 32. */
const THREADS: Record<AdapterKind, number> = { software: 8, gpu: 64 };

/** `unit`: how many numbers the kernel's memory has in one element. */
const wholeOf = (out: Place, a: Place, b: Place, unit: 1 | 4): Record<string, number> => {
  const inUnits = (groups: number): number => (groups * 4) / unit;
  return {
    ...{ M: out.rows, N: out.columns, K: a.columns },
    ...{ out: inUnits(out.address), outPitch: inUnits(out.pitch) },
    ...{ a: inUnits(a.address), aPitch: inUnits(a.pitch), b: inUnits(b.address), bPitch: inUnits(b.pitch) },
  };
};

/** A thread loads 2 numbers for each multiply-add. */
function naive(kind: AdapterKind): KernelStep {
  const kernel: Kernel = {
    name: 'naive',
    element: 'f32',
    whole: WHOLE,
    threads: THREADS[kind],
    body: `
  let row = index / p.N;
  let column = index % p.N;
  if (row >= p.M) { return; }
  var sum = 0.0;
  for (var k = 0u; k < p.K; k++) {
    sum = fma(memory[p.a + row * p.aPitch + k], memory[p.b + k * p.bPitch + column], sum);
  }
  memory[p.out + row * p.outPitch + column] = sum;`,
  };
  return {
    name: '1. naive: one number per thread',
    loads: 2,
    launch: (out, a, b) => ({
      kernel,
      whole: wholeOf(out, a, b, 1),
      groups: Math.ceil((out.rows * out.columns) / kernel.threads),
    }),
  };
}

/** In each pass, a thread loads four k of each row of a, and as many rows of b. */
function loopByFour({ rows, groups }: TileShape): string {
  const addTo = (sum: string, r: number, i: number, c: number): string =>
    `${sum} = fma(vec4f(a${r}.${LANES[i]}), b${c}, ${sum});`;
  return `
  for (var k = 0u; k < p.K; k += 4) {
    ${times(rows, (r) => `let a${r} = memory[aAt + aRow${r} + k / 4];`)}
    ${times(
      4,
      (i) => `{
      ${times(groups, (c) => `let b${c} = memory[bAt + (k + ${i}) * p.bPitch + bGroup${c}];`, ' ')}
      ${times(rows, (r) => times(groups, (c) => addTo(`s${r}_${c}`, r, i, c), ' '))}
    }`,
    )}
  }`;
}

/** R rows and G groups of four columns per thread. */
function tile(
  kind: AdapterKind,
  [number, what]: readonly [number, string],
  [rows, groups]: readonly [rows: number, groups: number],
  loop: (shape: TileShape) => string = tileLoop,
): KernelStep {
  const shape: TileShape = { aTransposed: false, bTransposed: false, rows, groups };
  const ofEach = (text: (r: number, c: number) => string): string =>
    times(rows, (r) => times(groups, (c) => text(r, c)));
  const name = `${number}. ${what}`;
  const kernel: Kernel = {
    name,
    element: 'vec4f',
    whole: WHOLE,
    threads: THREADS[kind],
    body: `
  let N4 = (p.N + 3) / 4;
  let across = (N4 + ${groups - 1}u) / ${groups}u;
  let row = index / across * ${rows}u;
  let column = index % across * ${groups}u;
  if (row >= p.M) { return; }
  ${times(rows * groups, (n) => `var ${sumsOf(shape)[n]} = vec4f();`, ' ')}
  ${tilePlaces(shape)}
  let aAt = p.a;
  let bAt = p.b;
  ${loop(shape)}
  ${ofEach((r, c) => `if (row + ${r}u < p.M && column + ${c}u < N4) { memory[p.out + (row + ${r}u) * p.outPitch + column + ${c}u] = s${r}_${c}; }`)}`,
  };
  const loadsOfFour = loop === tileLoop ? 4 * (rows + groups) : rows + 4 * groups;
  return {
    name,
    loads: loadsOfFour / (4 * rows * 4 * groups),
    launch: (out, a, b) => ({
      kernel,
      whole: wholeOf(out, a, b, 4),
      groups: Math.ceil((Math.ceil(out.rows / rows) * Math.ceil(out.columns / (4 * groups))) / kernel.threads),
    }),
  };
}

/** A tile of the backend, on any kind of adapter. */
const ofBackend = (name: string, tile: ProductTile, loads: number): KernelStep => ({
  name,
  loads,
  launch: (out, a, b) => {
    const launch = matmul('gpu', out, a, b, 'nothing');
    return { ...launch, ...productInTile(tile, launch.tiled) };
  },
});

/** In the order of docs/webgpu-kernels.md. `kind`: whose workgroups the first ones have. */
export const stepsFor = (kind: AdapterKind): readonly KernelStep[] => [
  naive(kind),
  tile(kind, [2, 'a tile of 1×4: four numbers per load'], [1, 1]),
  tile(kind, [3, 'a tile of 4×8'], [4, 2]),
  tile(kind, [4, 'a tile of 8×8, four k in each pass'], [8, 2], loopByFour),
  ofBackend('5. a tile of 8×8, one k in each pass', '8×8 a thread', 10 / 64),
  ofBackend('6. a tile of 64×64 for each workgroup', '64×64', 2 / 256),
  ofBackend('7. a tile of 32×32 for each workgroup', '32×32', 2 / 128),
];

/** The steps from this one on are tiles of the backend. */
const FIRST_TILE = 4;

// Checking and timing.

/** Then a training step with each choice of tiles, and the tiles that were measured to be the quickest. */
export type News = ProductNews | { readonly training: Outcome } | { readonly choices: readonly string[] };

const FULL: Timing = { warmUpMs: 500, samples: 15, sampleMs: 100, totalMs: 1500 };
const QUICK: Timing = { warmUpMs: 1, samples: 2, sampleMs: 1, totalMs: 1 };

/** The LSTM's own product, hPrev·Wh, and larger ones: a GPU needs many workgroups, and a driver on the CPU would take minutes. */
const SIZES: Record<AdapterKind, readonly Size[]> = {
  software: [
    [128, 128, 512],
    [256, 256, 256],
  ],
  gpu: [
    [128, 128, 512],
    [512, 512, 512],
    [2048, 2048, 2048],
  ],
};

/** K is no multiple of 4, and the second product needs a second workgroup along M and N. */
const QUICK_SIZES: readonly Size[] = [
  [9, 7, 5],
  [65, 18, 70],
];

/** `size`: null for those of the adapter's kind, or the quick ones. */
export async function measureWebGpu(
  size: Size | null,
  isQuick: boolean,
  report: (news: News) => unknown,
): Promise<void> {
  let backend: Backend;
  try {
    backend = await createWebGpuBackend(); // checks that it computes correctly
  } catch (error) {
    await report(refusalOf(error));
    return;
  }
  const device = await Device.open();
  try {
    await report({ executor: backend.description });
    const pipelines = new Pipelines(device);
    const steps = stepsFor(device.kind);
    for (const one of size ? [size] : isQuick ? QUICK_SIZES : SIZES[device.kind]) {
      await report({ size: one });
      const operands = operandsOf(one);
      const ready = steps.map((step) => [step.name, prepareKernel(device, pipelines, step, operands)] as const);
      const all = [...ready, [`${steps.length + 1}. the backend`, readyOn(backend, operands)] as const];
      const outcomes = await outcomesInTurns(all, operands, isQuick ? QUICK : FULL);
      for (const step of outcomes.slice(0, -1)) await report({ step });
      const ofTiles = outcomes.slice(FIRST_TILE, -1).flatMap(({ times }) => times?.median ?? []);
      const comparedMs = ofTiles.length > 0 ? Math.min(...ofTiles) : undefined; // the backend should have the quickest tile
      await report({ step: { ...outcomes[steps.length], ...(comparedMs !== undefined && { comparedMs }) } });
    }
    if (!size) await measureTraining(isQuick, report);
  } finally {
    device.close();
    await backend.dispose();
  }
}

const SMALL: ModelSizes = { T: 3, B: 9, I: 5, H: 8, C: 3 };

/** The tutorial's training step, with the usual tile and with the measured ones, in turns. */
async function measureTraining(isQuick: boolean, report: (news: News) => unknown): Promise<void> {
  const sizes = isQuick ? SMALL : TUTORIAL;
  const expected = trainingOn(createReferenceBackend({ dtype: 'f64' }), sizes);
  await expected.repeat(1);
  const product = Float64Array.from(await expected.result());
  const none = new Float32Array();
  const operands = { size: [1, 1, sizes.B], a: none, b: none, product, bound: product.map(() => 1e-4) } as const;
  const devices = [await Device.open(), await Device.open()];
  const [usual, measured] = devices.map(
    (device, n) => new WebGpuBackend(device, device.kind, n === 0 ? 'usual' : 'measured'),
  );
  try {
    const ready = [usual, measured].map((backend) => trainingOn(backend, sizes));
    const names = ['a training step in the usual tiles', 'in measured tiles'];
    const outcomes = await outcomesInTurns(
      names.map((name, n) => [name, ready[n]] as const),
      operands,
      isQuick ? QUICK : FULL,
    );
    for (const training of outcomes) await report({ training });
    await report({ choices: measured.choices });
  } finally {
    for (const backend of [usual, measured]) await backend.dispose();
  }
}

/** Training steps of a random network, on one random batch. The result is the loss of each sequence. */
function trainingOn(backend: Backend, sizes: ModelSizes): Ready {
  const random = new Random(2);
  const model = new Model(backend, sizes);
  const { x, losses } = model.activations;
  for (const tensor of [...model.parameters.map(({ value }) => value), x]) {
    fillRandom(tensor, () => Math.fround(random.uniform(-0.3, 0.3)));
    backend.upload(tensor);
  }
  model.setTargets({ labels: Array.from({ length: sizes.B }, (_, b) => b % sizes.C) });
  const adam = new Adam(backend, model.parameters);
  return {
    async repeat(count) {
      for (let n = 0; n < count; n++) {
        model.forward();
        model.backward();
        adam.update(0.001);
        await backend.keepPace();
      }
      await backend.keepPace();
    },
    async result() {
      await backend.download(losses);
      return valuesOf(losses);
    },
    dispose() {
      adam.dispose();
      model.dispose();
    },
  };
}

/** All launches of one `repeat` are one submit, as those of the backend are. */
function prepareKernel(
  device: Device,
  pipelines: Pipelines,
  { launch }: KernelStep,
  { a, b, size: [M, K, N] }: Operands,
): Ready {
  const memory = new Memory(device);
  const allocations = new Allocations(memory);
  const evenK = Math.ceil(K / 4) * 4; // the rows of b beyond K are 0
  const tensors = (
    [
      [M, N],
      [M, K],
      [evenK, N],
    ] as const
  ).map((shape) => allocations.allocate(shape));
  const [out, left, right] = tensors.map((tensor) => allocations.plain('step', tensor));
  const rightRows = new Float32Array(evenK * N);
  rightRows.set(b);
  memory.write(out.address, withPitch(new Float32Array(M * N).fill(NaN), out)); // so that a missing element is noticed
  memory.write(left.address, withPitch(a, left));
  memory.write(right.address, withPitch(rightRows, right));
  const plans = new Map<number, Plan>();
  const planOf = (count: number): Plan => {
    const plan =
      plans.get(count) ?? new Plan(device, memory, pipelines, [], Array(count).fill(launch(out, left, right)));
    plans.set(count, plan);
    return plan;
  };
  return {
    async repeat(count) {
      planOf(count).run([]);
      await device.result(device.gpu.queue.onSubmittedWorkDone());
    },
    async result() {
      const values = new Float32Array(M * N);
      await memory.read(out.address, M * out.pitch, (padded) => withoutPitch(values, padded, out));
      return values;
    },
    dispose() {
      for (const plan of plans.values()) plan.dispose();
      memory.dispose();
    },
  };
}
