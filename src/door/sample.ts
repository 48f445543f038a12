/** Writing text by the library; src/training/sample.ts writes it. */
import type { Vocabulary } from '../data/text.js';
import type { SampleOptions } from '../training/sample.js';
import { sample as write } from '../training/sample.js';
import type { Network } from './network.js';
import { assertNetwork } from './network.js';

/**
 * Writes one character after another, from a zero state. The weights are those of `network` at the call, which is not
 * changed. Throws a TypeError or RangeError for a wrong option. Throws a DataError if the network has other classes than the
 * vocabulary or another loss than cross-entropy, or if the vocabulary lacks a character of the prime. `next` rejects with a
 * NonFiniteError if a logit is NaN or infinite.
 */
export function sample(network: Network, vocabulary: Vocabulary, options: SampleOptions = {}): AsyncGenerator<string> {
  assertNetwork('sample: network', network);
  return write(network, vocabulary, options);
}
