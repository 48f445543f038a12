/** One training step of a character model, as `longhand train --task text` trains it. */
import type { Sizes } from './network.js';
import { CHARACTERS, networkCase } from './network.js';
import type { Suite } from './suite.js';
import { UsageError } from './suite.js';

/** `longhand train --task text`, and a larger model. */
const FULL: readonly Sizes[] = [CHARACTERS, { ...CHARACTERS, T: 100, B: 32, H: 256 }];
const QUICK: readonly Sizes[] = [{ ...CHARACTERS, T: 5, B: 4, I: 7, H: 8, C: 7 }];

export const text: Suite = {
  name: 'text',
  title: 'One training step of a character model',
  about:
    'Each case is one training step (forward, backward and Adam) of a model that predicts the next character at every step. ' +
    'The first one has the sizes of `longhand train --task text`.\n\n' +
    'TensorFlow.js computes it as its example lstm-text-generation does: with a model of its layers, `tf.layers.lstm` and ' +
    '`tf.layers.dense`, one-hot characters, and `trainOnBatch`. PyTorch reads one-hot characters too, with one `nn.LSTM`. The ' +
    'one-hot rows are made before the timing. FLOPs do not include products with them.',
  usesNewProcesses: true,
  cases({ isQuick, sizes }) {
    if (sizes.length > 0) throw new UsageError('--sizes: the suite text has fixed cases');
    return (isQuick ? QUICK : FULL).map((one) => networkCase({ ...one, hasTensorFlowLayers: true }));
  },
};
