/**
 * One suite for every backend: each operation, and the whole model, against formulas in f64 that are written for the tests.
 * Sizes are odd and unequal. Every output is a range of rows inside a larger tensor whose other rows must keep their values.
 */
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { createWasmBackend } from '../../kernels/wasm/index.js';
import type { Backend, MatmulOptions, Operations } from '../../src/core/backend.js';
import { OutOfMemoryError } from '../../src/core/errors.js';
import { fillRandom, Random } from '../../src/core/rng.js';
import type { Shape, Tensor } from '../../src/core/tensor.js';
import { copyInto, fill, stepOf, tensorFrom, transposeOf, valuesOf, zeros } from '../../src/core/tensor.js';
import { allocateLstm } from '../../src/equations/lstm-tensors.js';
import { lstmBackward, lstmForward } from '../../src/equations/lstm.js';
import type { BatchSizes, NetworkSizes } from '../../src/network/config.js';
import { inputShape, lossRows, outputShape } from '../../src/network/config.js';
import { modelNetwork } from '../../src/network/model.js';
import type { Batch } from '../../src/network/network.js';
import { Network } from '../../src/network/network.js';
import type { Checkpoint } from '../../src/training/checkpoint.js';
import { checkpointBytes } from '../../src/training/checkpoint.js';
import { resumeTraining, train } from '../../src/training/loop.js';
import { Adam } from '../../src/training/optimisers.js';
import { createFormulaBackend } from './formula-backend.js';
import type { Origin } from './guarded.js';
import { expectClose, Guarded } from './guarded.js';
import { PLACEMENT_CASES } from './placement-cases.js';
import { randomise } from './random-model.js';
import { IMAGES, OPTIONS } from './small-images.js';
import { SUM_CASES } from './sum-cases.js';
import { expectedOfLongCase, runLongCase } from './workbench.js';

/**
 * The bound of one operation's elements, which are of size about 1. It allows a few f32 roundings (6e-8 each), and the error
 * of GPU.js's exp and tanh (1.4e-7). A sum of K terms has the bound `sumTolerance`.
 */
const TOLERANCE = 2e-6;
const sumTolerance = (K: number): number => TOLERANCE + 6e-8 * K;

interface Case {
  readonly name: string;
  readonly outputs: readonly Shape[];
  readonly inputs: readonly Shape[];
  /** Changes the drawn inputs, for example into labels or class indices. */
  readonly prepare?: (inputs: Tensor[]) => void;
  /** Draws the inputs, and the outputs' values before the operation. Default: normal with standard deviation 1. */
  readonly draw?: (random: Random) => number;
  readonly tolerance?: number;
  readonly run: (operations: Operations, outputs: Tensor[], inputs: Tensor[]) => void;
}

const SIZES = [
  [1, 1],
  [130, 3],
  [5, 27],
  [3, 16],
  [6, 8],
  [17, 5],
  [3, 29],
  [7, 130],
] as const;

const ADDED = ['', ', accumulating', ', with bias'] as const;

/** Each of the odd extents 1, 3, 5, 27, 29 and 130 is one M, one K and one N. */
const ODD_SIZES = [
  [1, 3, 5],
  [5, 27, 1],
  [29, 1, 130],
  [3, 130, 27],
  [27, 5, 29],
  [130, 29, 3],
] as const;

const matmulCases: Case[] = [
  ...[
    [1, 1, 1],
    [2, 3, 4],
    [13, 9, 17],
    [33, 70, 19],
    [8, 129, 4],
  ].map((size) => [size, ADDED] as const),
  ...ODD_SIZES.map((size, n) => [size, [ADDED[n % 3]]] as const),
].flatMap(([[M, K, N], ways]) =>
  [false, true].flatMap((aTransposed) =>
    [false, true].flatMap((bTransposed) =>
      ways.map((added): Case => ({
        name: `matmul [${M},${K}]${aTransposed ? 'ᵀ' : ''} · [${K},${N}]${bTransposed ? 'ᵀ' : ''}${added}`,
        outputs: [[M, N]],
        inputs: [aTransposed ? [K, M] : [M, K], bTransposed ? [N, K] : [K, N], [N]],
        tolerance: sumTolerance(K),
        run: (operations, [out], [a, b, bias]) =>
          operations.matmul(
            out,
            aTransposed ? transposeOf(a) : a,
            bTransposed ? transposeOf(b) : b,
            added === ', with bias' ? { bias } : { accumulate: added === ', accumulating' },
          ),
      })),
    ),
  ),
);

const extreme = (random: Random): number => [-1000, -100, -30, -1, 0, 1e-3, 0.5, 20, 100, 1000][random.below(10)];

const cellCases: Case[] = SIZES.flatMap(([B, H]): Case[] => {
  const [state, gates] = [
    [B, H],
    [B, 4 * H],
  ];
  return [
    {
      name: `lstmCellForward B ${B} H ${H}`,
      outputs: [state, state, gates],
      inputs: [gates, state],
      run: (operations, [h, c, g], [z, cPrev]) => operations.lstmCellForward(h, c, g, z, cPrev, 0.7),
    },
    {
      name: `lstmCellForward B ${B} H ${H}, pre-activations up to ±1000`,
      outputs: [state, state, gates],
      inputs: [gates, state],
      draw: extreme,
      run: (operations, [h, c, g], [z, cPrev]) => operations.lstmCellForward(h, c, g, z, cPrev, 1),
    },
    {
      name: `lstmCellBackward B ${B} H ${H}`,
      outputs: [gates, state, state],
      inputs: [state, gates, state, state],
      tolerance: 2 * TOLERANCE, // products of up to five numbers, the largest near 3
      run: (operations, [dz, dc, dcPrev], [dh, g, c, cPrev]) =>
        operations.lstmCellBackward(dz, dc, dcPrev, dh, g, c, cPrev),
    },
  ];
});

/** Turns normal numbers into labels: one-hot rows, rows of zeros, and rows whose sum is 2. */
function asLabels(y: Tensor): void {
  const [B, C] = y.shape;
  for (let b = 0; b < B; b++) {
    const label = Math.abs(Math.round(y.get(b, 0) * 100)) % C;
    for (let k = 0; k < C; k++) y.set(b, k, k === label ? [1, 0, 0.5][b % 3] : b % 3 === 2 ? 1.5 / (C - 1) : 0);
  }
}

/** Turns normal numbers into whole numbers `least` … count - 1. */
function asClasses(values: Tensor, count: number, least = 0): void {
  for (let m = 0; m < values.size; m++) {
    values.set(m, (Math.abs(Math.round(values.get(m) * 100)) % (count - least)) + least);
  }
}

const lossCases: Case[] = SIZES.flatMap(([B, C]): Case[] => [
  {
    name: `crossEntropyForward B ${B} C ${C}`,
    outputs: [[B], [B, C]],
    inputs: [
      [B, C],
      [B, C],
    ],
    prepare: ([, y]) => asLabels(y),
    run: (operations, [losses, p], [logits, y]) => operations.crossEntropyForward(losses, p, logits, y),
  },
  {
    name: `crossEntropyForward B ${B} C ${C}, classes`,
    outputs: [[B], [B, C]],
    inputs: [[B, C], [B]],
    prepare: ([, labels]) => asClasses(labels, C, -1),
    run: (operations, [losses, p], [logits, labels]) => operations.crossEntropyForward(losses, p, logits, labels),
  },
  {
    name: `crossEntropyBackward B ${B} C ${C}, classes`,
    outputs: [[B, C]],
    inputs: [[B, C], [B]],
    prepare: ([, labels]) => asClasses(labels, C, -1),
    run: (operations, [dLogits], [p, labels]) => operations.crossEntropyBackward(dLogits, p, labels, B + 2),
  },
  {
    name: `crossEntropyForward B ${B} C ${C}, logits up to ±1000, some equal`,
    outputs: [[B], [B, C]],
    inputs: [
      [B, C],
      [B, C],
    ],
    draw: extreme,
    prepare: ([, y]) => asLabels(y),
    run: (operations, [losses, p], [logits, y]) => operations.crossEntropyForward(losses, p, logits, y),
  },
  {
    name: `crossEntropyBackward B ${B} C ${C}`,
    outputs: [[B, C]],
    inputs: [
      [B, C],
      [B, C],
    ],
    prepare: ([, y]) => asLabels(y),
    run: (operations, [dLogits], [p, y]) => operations.crossEntropyBackward(dLogits, p, y, B + 2),
  },
  {
    name: `squaredErrorForward B ${B} C ${C}`,
    outputs: [[B]],
    inputs: [[B, C], [B, C], [B]],
    prepare: ([, , mask]) => asClasses(mask, 2),
    run: (operations, [losses], [outputs, targets, mask]) =>
      operations.squaredErrorForward(losses, outputs, targets, mask),
  },
  {
    name: `squaredErrorBackward B ${B} C ${C}`,
    outputs: [[B, C]],
    inputs: [[B, C], [B, C], [B]],
    prepare: ([, , mask]) => asClasses(mask, 2),
    run: (operations, [dOutputs], [outputs, targets, mask]) =>
      operations.squaredErrorBackward(dOutputs, outputs, targets, mask, B + 2),
  },
]);

/** Operations on rows that class indices choose; some rows are chosen several times, some never. */
const indexCases: Case[] = [
  [1, 1, 1],
  [5, 7, 12],
  [130, 3, 16],
  [6, 29, 8],
  [7, 130, 5],
].flatMap(([M, K, N]): Case[] => [
  {
    name: `gatherRows [${K},${N}] at [${M}]`,
    outputs: [[M, N]],
    inputs: [[K, N], [M], [N]],
    prepare: ([, indices]) => asClasses(indices, K),
    run: (operations, [out], [a, indices, bias]) => operations.gatherRows(out, a, indices, bias),
  },
  {
    name: `scatterAddRows [${K},${N}] at [${M}]`,
    outputs: [[K, N]],
    inputs: [[M], [M, N]],
    prepare: ([indices]) => asClasses(indices, K),
    tolerance: sumTolerance(M + 1),
    run: (operations, [out], [indices, a]) => operations.scatterAddRows(out, indices, a),
  },
]);

const otherCases: Case[] = SIZES.flatMap(([M, N]): Case[] => [
  {
    name: `columnSums [${M},${N}]`,
    outputs: [[N]],
    inputs: [[M, N]],
    tolerance: sumTolerance(M),
    run: (operations, [out], [a]) => operations.columnSums(out, a),
  },
  {
    name: `columnSums [${M},${N}], accumulating`,
    outputs: [[N]],
    inputs: [[M, N]],
    tolerance: sumTolerance(M + 1),
    run: (operations, [out], [a]) => operations.columnSums(out, a, { accumulate: true }),
  },
  {
    name: `adam [${M},${N}]`,
    outputs: [
      [M, N],
      [M, N],
      [M, N],
    ],
    inputs: [[M, N]],
    draw: (random) => random.uniform(0.1, 1), // v must not be negative
    run: (operations, [p, m, v], [g]) => operations.adam(p, m, v, g, 0.01),
  },
  {
    name: `sgd [${M},${N}]`,
    outputs: [
      [M, N],
      [M, N],
    ],
    inputs: [[M, N]],
    run: (operations, [p, v], [g]) => operations.sgd(p, v, g, 0.01, 0.9),
  },
  {
    name: `multiply [${M},${N}]`,
    outputs: [[M, N]],
    inputs: [
      [M, N],
      [M, N],
    ],
    run: (operations, [out], [a, b]) => operations.multiply(out, a, b),
  },
  {
    name: `add [${M},${N}]`,
    outputs: [[M, N]],
    inputs: [[M, N]],
    run: (operations, [out], [a]) => operations.add(out, a),
  },
  { name: `fill [${M},${N}]`, outputs: [[M, N]], inputs: [], run: (operations, [out]) => operations.fill(out, 0.25) },
  {
    name: `copy [${M},${N}]`,
    outputs: [[M, N]],
    inputs: [[M, N]],
    run: (operations, [out], [a]) => operations.copy(out, a),
  },
]);

const CASES = [...matmulCases, ...cellCases, ...lossCases, ...indexCases, ...otherCases];

/** Sizes of cases that run a second time, on operands that products have computed. */
const ON_PRODUCTS =
  /matmul \[(13,9|3,130)\]| B (5 H 27|6 H 8|3 C 29|17 C 5)\b|(columnSums|adam|sgd|multiply|add|fill|copy) \[(5,27|6,8)\]|Rows \[(7,12|29,8)\]/;

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
    return { values: drawn, expected: runOn(formulas, operands).map(({ view }) => valuesOf(view)) };
  });
  const operands = shapes.map(
    (shape, n) => new Guarded(backend, shape, values[n], origin === 'upload' ? 3 : 1 + ((seed + n) % 5), origin),
  );
  for (const [n, tensor] of runOn(backend, operands).entries()) {
    expectClose(await tensor.values(), expected[n], tolerance ?? TOLERANCE);
  }
}

interface NetworkCase {
  readonly network: NetworkSizes;
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
  'both directions, the last states': {
    network: { inputs: 2, layers: [both(3)], outputs: 4 },
    sizes: { T: 3, B: 5 },
    lengths: [3, 2, 2, 2, 1],
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
  if (network.network.inputKind === 'numbers') tensors.dx = network.dx;
  for (const [n, { h, c, gates, dh, dc, dz }] of network.layers.flat().entries()) {
    for (const [name, tensor] of Object.entries({ h, c, gates, dh, dc, dz })) tensors[`${name}.${n}`] = tensor;
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
async function trainThreeSteps(backend: Backend, one: NetworkCase): Promise<Record<string, Float64Array>> {
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

export function describeBackend(name: string, computesIn: ComputesIn, open: () => Backend | Promise<Backend>): void {
  const onProducts = CASES.filter(({ name }) => ON_PRODUCTS.test(name)).map((one, n) => [one.name, n, one] as const);
  const long = [...SUM_CASES, ...PLACEMENT_CASES].map((one, n) => [one.name, n, one] as const);

  describe(name, () => {
    let backend: Backend;
    /** Each group has its own backend: a driver that computes on the CPU holds about 1 MB for each kernel until it is closed. */
    const describeGroup = (title: string, define: () => void): void =>
      describe(title, () => {
        beforeAll(async () => {
          backend = await open();
        });
        afterAll(() => backend.dispose());
        define();
      });

    describeGroup('one operation', () => {
      test.each(CASES.map((one, n) => [one.name, n, one] as const))('%s', (_, n, one) =>
        runCase(backend, n, one, 'upload'),
      );
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
      test.each(Object.entries(NETWORKS))(
        'three training steps: every activation, gradient, moment and parameter is that of the formulas: %s',
        async (name, one) => {
          const expected = await once(name, () => trainThreeSteps(createFormulaBackend(), one));
          const actual = await trainThreeSteps(backend, one);
          // Adam divides by √v: if a gradient is near 0, its relative error becomes one of the update, at most 0.01 a step.
          for (const [tensor, values] of Object.entries(expected)) expectClose(actual[tensor], values, 2e-5);
        },
      );

      test.each(Object.entries(MODELS))('repeated work gives the same bits: %s', async (_, one) => {
        expect(await trainThreeSteps(backend, one)).toEqual(await trainThreeSteps(backend, one));
      });

      test('forward and backward twice, over the same tensors, give the same gradients twice', async () => {
        const lstm = allocateLstm(backend, { T: 4, B: 3, I: 2, H: 5 }, { forgetBias: 0.4 });
        const { kernel, bias, x, h, c, dhOutside, dcOutside } = lstm;
        const inputs = [kernel, bias, x, stepOf(h, 0), stepOf(c, 0), dhOutside, dcOutside];
        randomise(backend, inputs, new Random(13));
        const gradients = async (): Promise<Float64Array[]> => {
          lstmForward(backend, lstm);
          lstmBackward(backend, lstm);
          const results = [lstm.dKernel, lstm.dBias, lstm.dx, lstm.dh, lstm.dc];
          for (const tensor of results) await backend.download(tensor);
          return results.map(valuesOf);
        };
        const first = await gradients();
        expect(await gradients()).toEqual(first);
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

export function describeWasm(threads: number, build: 'portable' | 'relaxed'): void {
  describeBackend(`wasm, ${threads} threads, ${build} SIMD`, 'the host’s memory', async () => {
    const backend = await createWasmBackend({ threads, deterministic: build === 'portable', check: true });
    expect(backend.description).toContain(`${build} SIMD`);
    return backend;
  });
}
