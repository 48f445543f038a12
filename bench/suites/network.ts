/** One training step of networks beyond the tutorial's: layers, directions, lengths, classes, and longer sequences. */
import type { NetworkTask } from '../tasks.js';
import type { Case, Suite } from './suite.js';
import { UsageError } from './suite.js';

export type Sizes = Omit<NetworkTask, 'kind'>;

const LAST = { layers: 1, bidirectional: false, inputKind: 'numbers', reads: 'last' } as const;
/** A model of 83 characters: at every step it predicts the next one. */
export const CHARACTERS: Sizes = {
  ...LAST,
  T: 50,
  B: 50,
  I: 83,
  H: 128,
  C: 83,
  layers: 2,
  inputKind: 'classes',
  reads: 'every',
};
const BOTH_WAYS: Sizes = { ...LAST, T: 28, B: 128, I: 28, H: 128, C: 10, bidirectional: true };

const FULL: readonly Sizes[] = [
  CHARACTERS,
  { ...CHARACTERS, lengths: fallingLengths(CHARACTERS) },
  BOTH_WAYS,
  { ...BOTH_WAYS, H: 64, layers: 2 },
  { ...LAST, T: 784, B: 128, I: 1, H: 128, C: 10 },
];

const SMALL = { T: 5, B: 4, I: 6, H: 8, C: 7, layers: 2 } as const;
const QUICK: readonly Sizes[] = [
  { ...CHARACTERS, ...SMALL, lengths: fallingLengths(SMALL) },
  { ...BOTH_WAYS, ...SMALL },
];

/** From T down to T/10, in equal steps. */
function fallingLengths({ T, B }: Pick<Sizes, 'T' | 'B'>): number[] {
  return Array.from({ length: B }, (_, b) => Math.max(1, Math.round(T - (0.9 * T * b) / (B - 1))));
}

export function networkCase(sizes: Sizes): Case {
  const { T, B, I, H, C, layers, bidirectional, inputKind, reads, lengths } = sizes;
  const parts = [
    `${layers} × ${H}${bidirectional ? ' each way' : ''}`,
    `T ${T} B ${B} I ${I} C ${C}`,
    ...(inputKind === 'classes' ? ['classes'] : []),
    ...(reads === 'every' ? ['every step'] : []),
    ...(lengths ? [`lengths ${lengths[0]}–${lengths[B - 1]}`] : []),
  ];
  return { name: parts.join(', '), task: { kind: 'network', ...sizes } };
}

export const network: Suite = {
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
  cases({ isQuick, sizes }) {
    if (sizes.length > 0) throw new UsageError('--sizes: the suite network has fixed cases');
    return (isQuick ? QUICK : FULL).map(networkCase);
  },
};
