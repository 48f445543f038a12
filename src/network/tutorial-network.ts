/** The tutorial's network: an LSTM reads a sequence, and a dense layer computes class scores from its last hidden state. */
import type { LstmSizes } from '../equations/lstm-tensors.js';
import type { NetworkConfig } from './config.js';

/** The sizes of the tutorial's network, each a whole number ≥ 1. */
export interface ModelSizes extends LstmSizes {
  /** Classes that the output layer scores. */
  readonly C: number;
}

/** The tutorial's network as a plain object of sizes. */
export const modelNetwork = ({ I, H, C }: Pick<ModelSizes, 'I' | 'H' | 'C'>, forgetBias = 1): NetworkConfig => ({
  inputs: I,
  layers: [{ hidden: H }],
  outputs: C,
  forgetBias,
});
