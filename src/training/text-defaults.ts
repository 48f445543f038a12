/** The defaults of a character model: the sizes of Karpathy's char-rnn, with Adam. The command line and the page use them. */

/** Options with which `longhand train --task text` starts, where they differ from the tutorial's. */
export const TEXT_OPTIONS = {
  layers: 2,
  hidden: 128,
  batchSize: 50,
  learningRate: 0.002,
  clipNorm: 5,
  outputInit: 'glorot',
  epochs: 5,
  displayStep: 50,
} as const;

/** T: steps of a sequence. */
export const TEXT_T = 50;
