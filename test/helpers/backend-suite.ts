/**
 * One suite for every backend: each operation, and the whole model, against formulas in f64 that are written for the tests.
 * Sizes are odd and unequal. Every output is a range of rows inside a larger tensor whose other rows must keep their values.
 */
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { createWasmBackend } from '../../kernels/wasm/index.js';
import type { Backend, MatmulOptions } from '../../src/core/backend.js';
import { OutOfMemoryError } from '../../src/core/errors.js';
import { fillRandom, Random } from '../../src/core/rng.js';
import type { Tensor } from '../../src/core/tensor.js';
import { copyInto, fill, stepOf, tensorFrom, valuesOf, zeros } from '../../src/core/tensor.js';
import { allocateLstm } from '../../src/equations/lstm-tensors.js';
import { lstmBackward, lstmForward } from '../../src/equations/lstm.js';
import type { BatchSizes, NetworkConfig } from '../../src/network/config.js';
import { inputShape, lossRows, outputShape } from '../../src/network/config.js';
import { modelNetwork } from '../../src/network/tutorial-network.js';
import type { Batch } from '../../src/network/given-batch.js';
import { Network } from '../../src/door/network.js';
import type { Checkpoint } from '../../src/training/checkpoint.js';
import { checkpointBytes } from '../../src/training/checkpoint.js';
import { resumeTraining, train } from '../../src/door/train.js';
import { Adam } from '../../src/training/optimisers.js';
import { OUTPUTS } from './backends.js';
import { errorOf } from './failures.js';
import { createFormulaBackend } from './formula-backend.js';
import type { Case } from './operation-cases.js';
import { CASES, ON_PRODUCTS, TOLERANCE } from './operation-cases.js';
import { PLACEMENT_CASES } from './placement-cases.js';
import { randomise } from './random-model.js';
import { IMAGES, OPTIONS } from './small-data.js';
import { SUM_CASES } from './sum-cases.js';
import type { Origin } from './workbench.js';
import { copyOf, expectNumbers, expectSameNumbers } from './numeric.js';
import { expectedOfLongCase, Guarded, runLongCase } from './workbench.js';

/** What the formulas give is the same for every backend, so a test file computes it once. `name`: all that it depends on. */
const expectations = new Map<string, unknown>();
function once<Value>(name: string, compute: () => Value): Value {
  if (!expectations.has(name)) expectations.set(name, compute());
  return expectations.get(name) as Value;
}

/**
 * Runs a case on `backend` and on the formulas in f64, on the same f32 values, and compares every output. Operands that are
 * uploaded have 3 rows above them; the others 1 to 5, so that they begin in each row of a tile.
 */
async function runCase(backend: Backend, seed: number, one: Case, origin: Origin): Promise<void> {
  const { outputs, inputs, prepare, draw, run, tolerance } = one;
  const shapes = [...outputs, ...inputs];
  const runOn = <Operand extends { readonly view: Tensor }>(where: Backend, operands: Operand[]): Operand[] => {
    const views = operands.map(({ view }) => view);
    run(where, views.slice(0, outputs.length), views.slice(outputs.length));
    return operands;
  };
  const { values, expected } = once(`${one.name}, ${origin}, ${seed}`, () => {
    const random = new Random(seed);
    const single = createReferenceBackend({ dtype: 'f32' });
    const drawn = shapes.map((shape) => {
      const tensor = single.allocate(shape);
      fillRandom(tensor, () => (draw ? draw(random) : random.normal(0, 1)));
      return tensor;
    });
    prepare?.(drawn.slice(outputs.length));
    const formulas = createFormulaBackend();
    const operands = drawn.map((tensor) => ({ view: formulas.allocate(tensor.shape) }));
    for (const [n, { view }] of operands.entries()) copyInto(view, drawn[n]);
    return { values: drawn, expected: runOn(formulas, operands).map(({ view }) => copyOf(view)) };
  });
  const operands = shapes.map(
    (shape, n) => new Guarded(backend, shape, values[n], origin === 'upload' ? 3 : 1 + ((seed + n) % 5), origin),
  );
  for (const [n, tensor] of runOn(backend, operands).entries()) {
    expectNumbers(await tensor.values(), expected[n], tolerance ?? TOLERANCE);
  }
}

export interface NetworkCase {
  readonly network: NetworkConfig;
  readonly sizes: BatchSizes;
  /** Beyond a sequence's end, x is NaN. */
  readonly lengths?: readonly number[];
}

/** In the GL modes a step of the cell is one launch if H is a multiple of 4. */
const MODELS: Record<string, NetworkCase> = {
  'the tutorial’s network, H 7': { network: modelNetwork({ I: 4, H: 7, C: 6 }, 0.4), sizes: { T: 5, B: 3 } },
  'the tutorial’s network, H 8': { network: modelNetwork({ I: 3, H: 8, C: 5 }, 0.4), sizes: { T: 3, B: 5 } },
};

const both = (hidden: number) => ({ hidden, bidirectional: true });

const NETWORKS: Record<string, NetworkCase> = {
  ...MODELS,
  'two layers in both directions, lengths, a squared error at every step': {
    network: { inputs: 3, layers: [both(4), both(4)], outputs: 2, reads: 'every', loss: 'squaredError' },
    sizes: { T: 4, B: 5 },
    lengths: [3, 3, 2, 2, 1],
  },
  'classes, lengths, dropout, labels at every step': {
    network: {
      ...{ inputs: 6, layers: [{ hidden: 4 }, { hidden: 4 }], outputs: 2 },
      ...{ inputKind: 'classes', reads: 'every', dropout: 0.3 },
    },
    sizes: { T: 3, B: 5 },
    lengths: [3, 3, 2, 1, 1],
  },
  'classes, projections, no biases, lengths in any order': {
    network: {
      ...{
        inputs: 6,
        layers: [
          { ...both(4), projection: 3 },
          { hidden: 5, projection: 2, bias: false },
        ],
        outputs: 3,
      },
      ...{ inputKind: 'classes', reads: 'every', dropout: 0.3 },
    },
    sizes: { T: 3, B: 5 },
    lengths: [2, 3, 1, 3, 2],
  },
  'both directions, the last states': {
    network: { inputs: 2, layers: [both(3)], outputs: 4 },
    sizes: { T: 3, B: 5 },
    lengths: [2, 1, 3, 2, 2],
  },
};

/** A random batch; one row of labels in three does not count. */
function randomBatch({ network, sizes, lengths }: NetworkCase, random: Random): Batch {
  const { inputs: I, outputs: C, inputKind = 'numbers', loss = 'crossEntropy' } = network;
  const x = zeros(inputShape(network, sizes), 'f64');
  fillRandom(x, () => (inputKind === 'classes' ? random.below(I) : Math.fround(random.normal(0, 0.7))));
  lengths?.forEach((length, b) => {
    for (let t = length; t < sizes.T; t++) fill(stepOf(x, t).pick(b), NaN);
  });
  const targets = zeros(outputShape(network, sizes), 'f64');
  fillRandom(targets, () => Math.fround(random.normal(0, 0.7)));
  const labels = Array.from({ length: lossRows(network, sizes) }, (_, row) => (row % 3 === 1 ? -1 : random.below(C)));
  return { x, ...(loss === 'crossEntropy' ? { labels } : { targets }), ...(lengths && { lengths }) };
}

async function snapshot(network: Network, optimiser: Adam): Promise<Record<string, Float64Array>> {
  const { logits, probabilities, losses, dLogits } = network.activations;
  const tensors: Record<string, Tensor> = { logits, losses, dLogits };
  if (probabilities) Object.assign(tensors, { probabilities });
  if (network.config.inputKind === 'numbers') tensors.dx = network.dx;
  for (const [n, { h, c, gates, z, dh, dc, dz }] of network.layers.flat().entries()) {
    for (const [name, tensor] of Object.entries({ h, c, gates, z, dh, dc, dz })) tensors[`${name}.${n}`] = tensor;
  }
  for (const { name, value, gradient } of network.parameters) {
    tensors[name] = value;
    tensors[`d.${name}`] = gradient;
  }
  const values: Record<string, Float64Array> = {};
  for (const [name, tensor] of Object.entries(tensors)) {
    await network.backend.download(tensor);
    values[name] = valuesOf(tensor);
  }
  const { means, squares } = await optimiser.save();
  for (const [name, mean] of Object.entries(means)) values[`m.${name}`] = valuesOf(mean);
  for (const [name, square] of Object.entries(squares)) values[`v.${name}`] = valuesOf(square);
  return values;
}

/** Parameters, the batch and the initial states are random. */
export async function trainThreeSteps(backend: Backend, one: NetworkCase): Promise<Record<string, Float64Array>> {
  const inputGradient = one.network.inputKind !== 'classes';
  const network = new Network(backend, one.network, one.sizes, { inputGradient });
  const random = new Random(11);
  const states = network.layers.flat().flatMap(({ initial: { h, c } }) => [h, c]);
  randomise(backend, [...network.parameters.map(({ value }) => value), ...states], random);
  network.setBatch(randomBatch(one, random));
  const optimiser = new Adam(backend, network.parameters);
  for (let step = 0; step < 3; step++) {
    network.drawMasks(random);
    network.forward({ dropout: true });
    network.backward();
    optimiser.update(0.01);
  }
  const values = await snapshot(network, optimiser);
  optimiser.dispose();
  network.dispose();
  return values;
}

/** Where a backend computes: in the host's memory, or in a memory of its own that `upload` and `download` connect. */
type ComputesIn = 'the host’s memory' | 'a memory of its own';

/**
 * Which of the cases a backend runs: each `step`th one, from `first` on. In the lists an operation's cases come back after 3, 9 or 13
 * others, so a fifth has every operation, at several sizes.
 */
const PARTS = {
  all: { step: 1, first: 0 },
  'a fifth': { step: 5, first: 0 },
  'another fifth': { step: 5, first: 3 },
  'a fifth, in a page': { step: 5, first: 1 },
  'a tenth, in a page': { step: 10, first: 1 },
} as const;
export type Part = keyof typeof PARTS;

/** `part`: for kernels that compile slowly, or that other modes or numbers of threads test with all cases. */
export function describeBackend(
  name: string,
  computesIn: ComputesIn,
  open: () => Backend | Promise<Backend>,
  part: Part = 'all',
): void {
  const { step, first } = PARTS[part];
  const isChosen = (n: number): boolean => n % step === first;
  const numbered = <Case extends { readonly name: string }>(cases: readonly Case[]) =>
    cases.map((one, n) => [one.name, n, one] as const).filter(([, n]) => isChosen(n));
  const single = numbered(CASES);
  const onProducts = numbered(CASES.filter(({ name }) => ON_PRODUCTS.test(name)));
  const long = numbered([...SUM_CASES, ...PLACEMENT_CASES]);
  const networks = Object.entries(NETWORKS).filter((_, n) => isChosen(n));

  describe(name, () => {
    let backend: Backend;
    const openForAll = (): void => {
      beforeAll(async () => {
        backend = await open();
      });
      afterAll(() => backend.dispose());
    };
    /** A driver that computes on the CPU holds about 1 MB for each kernel until it is closed: groups of many cases have backends of their own. */
    const isWhole = part === 'all';
    if (!isWhole) openForAll();
    const describeGroup = (title: string, define: () => void): void =>
      describe(title, () => {
        if (isWhole) openForAll();
        define();
      });

    describeGroup('one operation', () => {
      test.each(single)('%s', (_, n, one) => runCase(backend, n, one, 'upload'));
    });

    describeGroup('one operation, on results of products', () => {
      test.each(onProducts)('%s', (_, n, one) => runCase(backend, n, one, 'product'));
    });

    describeGroup('several operations', () => {
      test.each(long)('%s', async (_, n, one) =>
        runLongCase(backend, await once(`${one.name}, ${n}`, () => expectedOfLongCase(n, one)), n, one),
      );
    });

    describeGroup('networks', () => {
      test.each(networks)(
        'three training steps: every activation, gradient, moment and parameter is that of the formulas: %s',
        async (name, one) => {
          const expected = await once(name, () => trainThreeSteps(createFormulaBackend(), one));
          const actual = await trainThreeSteps(backend, one);
          // Adam divides by √v: if a gradient is near 0, its relative error becomes one of the update, at most 0.01 a step.
          for (const [tensor, values] of Object.entries(expected)) expectNumbers(actual[tensor], values, 2e-5, tensor);
        },
      );

      test.each(networks.slice(0, 2))('repeated work gives the same bits: %s', async (_, one) => {
        const [first, second] = [await trainThreeSteps(backend, one), await trainThreeSteps(backend, one)];
        for (const [tensor, values] of Object.entries(first)) expectNumbers(second[tensor], values, undefined, tensor);
      });

      test('forward and backward twice, over the same tensors, give the same gradients twice', async () => {
        const lstm = allocateLstm(backend, { T: 4, B: 3, I: 2, H: 5 }, { forgetBias: 0.4 });
        const { kernel, bias, x, h, c, dhUpstream, dcUpstream } = lstm;
        const inputs = [kernel, bias, x, stepOf(h, 0), stepOf(c, 0), dhUpstream, dcUpstream];
        randomise(backend, inputs, new Random(13));
        const gradients = async (): Promise<Float64Array[]> => {
          lstmForward(backend, lstm);
          lstmBackward(backend, lstm);
          const results = [lstm.dKernel, lstm.dBias, lstm.dx, lstm.dh, lstm.dc];
          for (const tensor of results) await backend.download(tensor);
          return results.map(valuesOf);
        };
        const first = await gradients();
        expectSameNumbers(await gradients(), first);
        expect(first.every((values) => values.some((value) => value !== 0))).toBe(true);
      });
    });

    describeGroup('itself', () => {
      test('allocating more than the memory holds is an OutOfMemoryError, and freeing twice is a RangeError', async () => {
        for (const shape of [
          [1e308, 1e308],
          [2 ** 26, 2 ** 27],
        ]) {
          expect(() => backend.allocate(shape)).toThrow(OutOfMemoryError);
        }
        const tensor = backend.allocate([2, 3]);
        backend.free(tensor);
        const message = 'free: [2,3] was not allocated by this backend, or has been freed before';
        expect(() => backend.free(tensor)).toThrow(message);
        expect(() => backend.free(tensorFrom([1, 2, 3, 4, 5, 6], [2, 3]))).toThrow(message);
      });

      test('every operation, upload and download refuse a freed operand', async () => {
        const operations = new Set<string>();
        for (const { name, outputs, inputs, prepare, run } of CASES) {
          const [operation] = name.split(' ');
          if (operations.has(operation) || (operation === 'matmul' && !name.endsWith(', with bias'))) continue;
          operations.add(operation);
          const shapes = [...outputs, ...inputs];
          for (const n of shapes.keys()) {
            const operands = shapes.map((shape) => backend.allocate(shape));
            prepare?.(operands.slice(outputs.length));
            backend.free(operands[n]);
            const call = () => run(backend, operands.slice(0, outputs.length), operands.slice(outputs.length));
            expect([name, n, errorOf(Error, call).message]).toEqual([name, n, expect.stringContaining('freed')]);
            operands.forEach((operand, k) => k !== n && backend.free(operand));
          }
        }
        expect([...operations].sort()).toEqual(Object.keys(OUTPUTS).sort());
        const tensor = backend.allocate([2]);
        backend.free(tensor);
        expect(() => backend.upload(tensor)).toThrow(/freed/);
        await expect(backend.download(tensor)).rejects.toThrow(/freed/);
      });

      test('clipping leaves NaN, and a norm that is not finite clips nothing', async () => {
        const [a, b, large, plain] = [[3], [2, 2], [3], [5]].map((shape) => backend.allocate(shape));
        const valuesAfter = async (limit: 'clipByValue' | 'clipByNorm', first: Tensor): Promise<number[][]> => {
          a.data.set([2, NaN, -3], a.offset);
          b.data.set([1, 2, 3, -4], b.offset);
          large.data.set([1e30, 1, -1e30], large.offset);
          for (const tensor of [a, b, large]) backend.upload(tensor);
          backend.multiply(large, large, large); // ∞
          backend[limit]([plain, first, b], 1.5);
          for (const tensor of [first, b]) await backend.download(tensor);
          return [first, b].map((tensor) => [...valuesOf(tensor)]);
        };
        const kept = [1, 2, 3, -4];
        const clipped = [1, 1.5, 1.5, -1.5];
        expect(await valuesAfter('clipByNorm', a)).toEqual([[2, NaN, -3], kept]);
        expect(await valuesAfter('clipByNorm', large)).toEqual([[Infinity, 1, Infinity], kept]);
        expect(await valuesAfter('clipByValue', a)).toEqual([[1.5, NaN, -1.5], clipped]);
        expect(await valuesAfter('clipByValue', large)).toEqual([[1.5, 1, 1.5], clipped]);
        backend.clipByNorm([], 1);
        backend.clipByValue([], 1);
      });

      test('upload and download of a step leave the other steps alone', async () => {
        const tensor = backend.allocate([3, 2, 5]);
        const middle = stepOf(tensor, 1);
        const write = (view: Tensor, value: number): void => fillRandom(view, () => value);
        const steps = (): number[][] => [0, 1, 2].map((t) => [...new Set(valuesOf(stepOf(tensor, t)))]);
        write(tensor, 1);
        backend.upload(tensor);
        write(tensor, 2);
        backend.upload(middle); // the backend has 1, 2, 1
        write(tensor, 3);
        await backend.download(middle);
        expect(steps()).toEqual(computesIn === 'the host’s memory' ? [[3], [3], [3]] : [[3], [2], [3]]);
        await backend.download(tensor);
        expect(steps()).toEqual(computesIn === 'the host’s memory' ? [[3], [3], [3]] : [[1], [2], [1]]);
      });

      // of a backend in a page gpu-pages.test.ts resumes a run
      if (!part.endsWith('in a page')) {
        test('a run that is interrupted and resumed ends with the same bits', async () => {
          const options = { ...OPTIONS, trainingIters: 16 * 6, clipNorm: 0.1 };
          const states: Checkpoint[] = [];
          const onCheckpoint = (state: Checkpoint) => states.push(state);
          (await train(backend, IMAGES, options, { onCheckpoint, checkpointEvery: 2 })).dispose();
          const [afterTwo, , end] = states;
          (await resumeTraining(backend, IMAGES, afterTwo, {}, { onCheckpoint })).dispose();
          expect(states).toHaveLength(4);
          expect(checkpointBytes(states[3])).toEqual(checkpointBytes(end));
        });
      }

      test('a wrong shape is refused by name', () => {
        const a = backend.allocate([128, 28]);
        const b = backend.allocate([56, 512]);
        const out = backend.allocate([128, 512]);
        expect(() => backend.matmul(out, a, b)).toThrow('matmul: a [128,28] · b [56,512]: inner 28 ≠ 56');
      });

      test('matmul with accumulate and a bias is refused', () => {
        const [out, a, b, bias] = [[2, 4], [2, 3], [3, 4], [4]].map((shape) => backend.allocate(shape));
        const both = { accumulate: true, bias } as unknown as MatmulOptions;
        expect(() => backend.matmul(out, a, b, both)).toThrow(
          new RangeError('matmul: a [2,3] · b [3,4]: accumulate and bias [4]: pass one of them, not both'),
        );
      });

      test('its description begins with its name', () => {
        expect(backend.description).toMatch(new RegExp(`^${backend.name}: `));
      });
    });
  });
}

export function describeWasm(threads: number, build: 'portable' | 'relaxed', part?: Part): void {
  const open = async (): Promise<Backend> => {
    const backend = await createWasmBackend({ threads, deterministic: build === 'portable', check: true });
    expect(backend.description).toContain(`${build} SIMD`);
    return backend;
  };
  describeBackend(`wasm, ${threads} threads, ${build} SIMD`, 'the host’s memory', open, part);
}
