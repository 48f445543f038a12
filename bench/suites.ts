/** The suites: lists of cases, in each of which every candidate is measured. */
import type { ModelSizes } from '../src/network/tutorial-network.js';
import type { AnyCellTask, CellTask, Form, MatmulTask, ModelTask, NetworkTask, BenchmarkTask } from './tasks.js';

export interface Case {
  readonly name: string;
  readonly task: BenchmarkTask;
  /** Whether every number of threads is measured, not only one and all cores. */
  readonly comparesThreads?: boolean;
}

export interface Suite {
  readonly name: string;
  /** The report's heading. */
  readonly title: string;
  /** The report's text below the heading: what is compared. Default: none. */
  readonly about?: string;
  /** Each case starts new processes, so that the memory they use can be compared. */
  readonly usesNewProcesses: boolean;
  readonly full: readonly Case[];
  /** For `--quick`. */
  readonly quick: readonly Case[];
  /** The cases of one entry of `--sizes`. Each suite has a form of its own; without this function its cases are fixed. */
  readonly ofSize?: (size: string, isQuick: boolean) => readonly Case[];
}

/** A mistake on the command line; the message says what to write instead. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The suite's own cases, or those of `--sizes`. Each is measured once. */
export function casesOf(
  { name, full, quick, ofSize }: Suite,
  isQuick: boolean,
  sizes: readonly string[],
): readonly Case[] {
  if (sizes.length > 0 && !ofSize) throw new UsageError(`--sizes: the suite ${name} has fixed cases`);
  const own = isQuick ? quick : full;
  const cases = ofSize && sizes.length > 0 ? sizes.flatMap((size) => ofSize(size, isQuick)) : own;
  return [...new Map(cases.map((one) => [one.name, one])).values()];
}

/** `128x28x512` as numbers. */
function extentsOf(size: string, names: string): number[] {
  const extents = size.split('x').map(Number);
  if (extents.length !== names.split('x').length || extents.some((extent) => !Number.isInteger(extent) || extent < 1))
    throw new UsageError(`--sizes ${size}: write whole numbers ≥ 1 as ${names}`);
  return extents;
}

// The matrix product in the three forms that training needs: square, and with the tutorial's sizes.

const FORMS: readonly Form[] = ['A·B', 'Aᵀ·B', 'A·Bᵀ'];

function matmulCase(name: string, form: Form, M: number, K: number, N: number): Case {
  return { name: `${name} [${M},${K}]·[${K},${N}]`, task: { kind: 'matmul', form, M, K, N } satisfies MatmulTask };
}

const inAllForms = (M: number, K: number, N: number): Case[] => FORMS.map((form) => matmulCase(form, form, M, K, N));

export const matmul: Suite = {
  name: 'matmul',
  title: 'The matrix product',
  usesNewProcesses: false,
  full: [
    ...[32, 64, 128, 256, 512, 1024].flatMap((size) => inAllForms(size, size, size)),
    ...inAllForms(127, 129, 513), // none of these is a multiple of a tile's rows or columns
    // The products of an LSTM with B 128, I 28, H 128. The last one covers all 28 steps at once, as in cuDNN.
    matmulCase('x·Wx', 'A·B', 128, 28, 512),
    matmulCase('h·Wh', 'A·B', 128, 128, 512),
    matmulCase('dz·Whᵀ', 'A·Bᵀ', 128, 512, 128),
    matmulCase('xᵀ·dz', 'Aᵀ·B', 28, 128, 512),
    matmulCase('hᵀ·dz', 'Aᵀ·B', 128, 128, 512),
    matmulCase('hᵀ·dz', 'Aᵀ·B', 128, 3584, 512),
  ],
  quick: [...inAllForms(16, 16, 16), ...inAllForms(5, 17, 34)],
  ofSize(size) {
    const [M, K, N] = extentsOf(size.includes('x') ? size : `${size}x${size}x${size}`, 'MxKxN');
    return inAllForms(M, K, N);
  },
};

// The pointwise part of one LSTM step, equations (2)–(4) and (4′)–(2′).

function gatesCases(B: number, H: number): Case[] {
  return Object.entries({ forward: 'cellForward', backward: 'cellBackward' } as const).map(([direction, kind]) => ({
    name: `${direction} B ${B} H ${H}`,
    task: { kind, B, H } satisfies CellTask,
  }));
}

const gates: Suite = {
  name: 'gates',
  title: 'The gates of one step: the pointwise work',
  usesNewProcesses: false,
  full: gatesCases(128, 128),
  quick: gatesCases(8, 24),
  ofSize(size) {
    const [B, H] = extentsOf(size, 'BxH');
    return gatesCases(B, H);
  },
};

// The whole network at the tutorial's sizes.

export const TUTORIAL: ModelSizes = { T: 28, B: 128, I: 28, H: 128, C: 10 };
/** For `--quick`: the suites share it, so that a GPU's kernels are compiled once. */
const SMALL_MODEL: ModelSizes = { T: 3, B: 4, I: 6, H: 16, C: 5 };

function modelCase(kind: ModelTask['kind'], { T, B, I, H, C }: ModelSizes): Case {
  return { name: `T ${T} B ${B} I ${I} H ${H} C ${C}`, task: { kind, T, B, I, H, C } };
}

function modelSuite(kind: ModelTask['kind'], title: string): Suite {
  return {
    name: kind,
    title,
    usesNewProcesses: true,
    full: [modelCase(kind, TUTORIAL)],
    quick: [modelCase(kind, SMALL_MODEL)],
    ofSize(size) {
      const [T, B, I, H, C] = extentsOf(size, 'TxBxIxHxC');
      return [modelCase(kind, { T, B, I, H, C })];
    },
  };
}

export const forward = modelSuite('forward', 'The forward pass: the LSTM over all steps, and the logits');
export const step = modelSuite('step', 'One training step: forward, backward and Adam');

// The training step at the tutorial's sizes, with T, B or H varied.

export const AXES = ['T', 'B', 'H'] as const;
export type Axis = (typeof AXES)[number];

/** The case at the sizes around which the suite varies compares all numbers of threads. */
function scalingCase(base: ModelSizes, axis: Axis, value: number): Case {
  return { ...modelCase('step', { ...base, [axis]: value }), comparesThreads: value === base[axis] };
}

function scalingCases(base: ModelSizes, values: Record<Axis, readonly number[]>): Case[] {
  return AXES.flatMap((axis) => values[axis].map((value) => scalingCase(base, axis, value)));
}

export const scaling: Suite = {
  name: 'scaling',
  title: 'The training step as T, B and H grow, one at a time',
  usesNewProcesses: true,
  full: scalingCases(TUTORIAL, {
    T: [1, 7, 28, 112, 784],
    B: [1, 8, 32, 128, 512],
    H: [16, 32, 64, 128, 256, 512, 1024],
  }),
  quick: scalingCases(SMALL_MODEL, { T: [1, 3], B: [1, 4], H: [4, 16] }),
  ofSize(size, isQuick) {
    const [, axis, value] = /^([TBH])([1-9]\d*)$/.exec(size) ?? [];
    if (!axis)
      throw new UsageError(`--sizes ${size}: write T, B or H and a whole number ≥ 1, as in --sizes H64,H256,T7`);
    return [scalingCase(isQuick ? SMALL_MODEL : TUTORIAL, axis as Axis, Number(value))];
  },
};

// One training step of networks beyond the tutorial's: layers, directions, lengths, classes, and longer sequences.

type NetworkCase = Omit<NetworkTask, 'kind'>;

const LAST = { layers: 1, bidirectional: false, inputKind: 'numbers', reads: 'last' } as const;
const EVERY = { layers: 2, bidirectional: false, inputKind: 'classes', reads: 'every' } as const;
/** A model of 83 characters: at every step it predicts the next one. */
const CHARACTERS: NetworkCase = { ...EVERY, T: 50, B: 50, I: 83, H: 128, C: 83 };
const BOTH_WAYS: NetworkCase = { ...LAST, T: 28, B: 128, I: 28, H: 128, C: 10, bidirectional: true };
const SMALL_NETWORK = { T: 5, B: 4, I: 6, H: 8, C: 7, layers: 2 } as const;

/** From T down to T/10, in equal steps. */
function fallingLengths({ T, B }: Pick<NetworkCase, 'T' | 'B'>): number[] {
  return Array.from({ length: B }, (_, b) => Math.max(1, Math.round(T - (0.9 * T * b) / (B - 1))));
}

function networkCase(sizes: NetworkCase): Case {
  const { T, B, I, H, C, layers, bidirectional, inputKind, reads, lengths, clipNorm } = sizes;
  const parts = [
    `${layers} × ${H}${bidirectional ? ' each way' : ''}`,
    `T ${T} B ${B} I ${I} C ${C}`,
    ...(inputKind === 'classes' ? ['classes'] : []),
    ...(reads === 'every' ? ['every step'] : []),
    ...(lengths ? [`lengths ${lengths[0]}–${lengths[B - 1]}`] : []),
    ...(clipNorm === undefined ? [] : ['clipped']),
  ];
  return { name: parts.join(', '), task: { kind: 'network', ...sizes } };
}

const network: Suite = {
  name: 'network',
  title: 'One training step of larger networks',
  about:
    'Each case is one training step (forward, backward and Adam) of a network that is larger than the tutorial’s, or of a ' +
    'longer sequence. “classes” means that a step reads the index of one of I classes, in place of I numbers. ' +
    '“every step” means that the loss is computed at every step, otherwise after the last one. The lengths of sequences ' +
    'fall evenly from the first number to the last.\n\n' +
    'PyTorch computes all layers and directions with one `nn.LSTM`, TensorFlow.js with a `basicLSTMCell` for each step. ' +
    'Both read classes as one-hot rows, which are made before the timing. With lengths, both compute every sequence to ' +
    'step T, and the loss leaves out what is beyond an end. For PyTorch this is the quickest way: packed sequences, and ' +
    'picking rows of the weights by index, take several times as long. PyTorch flushes denormal numbers to 0; otherwise 784 ' +
    'steps take it several times as long on some processors.\n\n' +
    'FLOPs are only those that the task needs: none for a product with one-hot rows, and none beyond an end.',
  usesNewProcesses: true,
  full: [
    CHARACTERS,
    { ...CHARACTERS, lengths: fallingLengths(CHARACTERS) },
    BOTH_WAYS,
    { ...BOTH_WAYS, H: 64, layers: 2 },
    { ...LAST, T: 784, B: 128, I: 1, H: 128, C: 10 },
  ].map(networkCase),
  quick: [
    { ...CHARACTERS, ...SMALL_NETWORK, lengths: fallingLengths(SMALL_NETWORK) },
    { ...BOTH_WAYS, ...SMALL_NETWORK },
  ].map(networkCase),
};

/** A character model, as `longhand train --task text` trains it, and a larger one. */
const text: Suite = {
  name: 'text',
  title: 'One training step of a character model',
  about:
    'Each case is one training step (forward, backward, clipping by norm and Adam) of a model that predicts the next character ' +
    'at every step. The first one has the sizes of `longhand train --task text`. The norm is lower than the gradient’s, so the ' +
    'check sees whether it is clipped.\n\n' +
    'TensorFlow.js computes it with a model of its layers, as its example lstm-text-generation does: `tf.layers.lstm` and ' +
    '`tf.layers.dense`. Its `trainOnBatch` cannot clip, so `variableGrads`, a few operations and `applyGradients` take its place. ' +
    'PyTorch has one `nn.LSTM` and `clip_grad_norm_`; jax-js unrolls the steps, as in the tutorial’s network. All three read one-hot ' +
    'characters, which are made before the timing. FLOPs do not include products with them.',
  usesNewProcesses: true,
  full: [CHARACTERS, { ...CHARACTERS, T: 100, B: 32, H: 256 }].map((sizes) => textCase(sizes, 1)),
  quick: [textCase({ ...CHARACTERS, T: 5, B: 4, I: 7, H: 8, C: 7 }, 0.2)],
  ofSize(size) {
    const [layers, H, T, B] = extentsOf(size, 'LxHxTxB');
    return [textCase({ ...CHARACTERS, layers, H, T, B }, 1)];
  },
};

function textCase(sizes: NetworkCase, clipNorm: number): Case {
  return networkCase({ ...sizes, clipNorm, hasTensorFlowLayers: true });
}

// One training step of each cell: short sequences at the tutorial's sizes, and long ones, where a scan pays.

const anyCellCase = (cell: AnyCellTask['cell'], sizes: ModelSizes): Case => {
  const { T, B, I, H, C } = sizes;
  return { name: `${cell} T ${T} B ${B} I ${I} H ${H} C ${C}`, task: { kind: 'anyCell', cell, ...sizes } };
};
const LONG: ModelSizes = { ...TUTORIAL, T: 784, I: 1 };

const cells: Suite = {
  name: 'cells',
  title: 'One training step of other cells',
  about:
    'Each case is one training step (forward, backward and Adam) of one layer of a cell, whose last state is classified. PyTorch computes ' +
    'it with `nn.LSTM`, `nn.GRU` or `nn.RNN`, and has no minGRU and minLSTM. The ratio to PyTorch can be compared with that of the LSTM, in ' +
    'the first case.',
  usesNewProcesses: true,
  full: [
    ...(['lstm', 'gru', 'rnn', 'mingru', 'minlstm'] as const).map((cell) => anyCellCase(cell, TUTORIAL)),
    ...(['lstm', 'mingru', 'minlstm'] as const).map((cell) => anyCellCase(cell, LONG)),
  ],
  quick: [anyCellCase('gru', SMALL_MODEL)],
};

export const SUITES = [matmul, gates, forward, step, scaling, network, text, cells];
