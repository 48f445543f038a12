/** Evaluation by the library; src/training/evaluate.ts computes it. */
import { assertSignal } from '../core/arguments.js';
import type { GivenData } from '../data/train-data.js';
import type { Evaluation } from '../training/evaluate.js';
import { dataFor, evaluateData, needsOwnReader } from '../training/evaluate.js';
import type { Network } from './network.js';
import { assertNetwork } from './network.js';

/**
 * Loss and accuracy over all data that are given, batch by batch, without dropout; `predict` returns the outputs, and needs no labels. The
 * initial state of every batch is the network's, zero unless set. A text is one stream from a zero state: every character is
 * predicted from all characters before it, so B has no effect. Its vocabulary must be the one of the network's training: a network
 * holds none, so another one of the same size is not noticed. Rejects with a TypeError, RangeError or DataError that says what is
 * wrong with the data, or with the reason of `signal` if that is aborted. A NonFiniteError reports a loss that is not finite. An Error
 * reports that another evaluation, or a step of training, is still running on the network. While it runs, the network's own methods
 * refuse too, except `save` and `dispose`.
 */
export async function evaluate(network: Network, given: GivenData, signal?: AbortSignal): Promise<Evaluation> {
  assertNetwork('evaluate: network', network);
  const data = dataFor(network, given);
  assertSignal('evaluate', signal);
  return network.exclusively('evaluate', (inner) => evaluateData('evaluate', inner, data, signal), {
    leaves: needsOwnReader(network, data) ? 'what it holds' : 'another batch',
  });
}
