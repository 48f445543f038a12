/** Loss and accuracy of a network over a set of examples. */
import { assertSignal } from '../core/arguments.js';
import { DataError, NonFiniteError } from '../core/errors.js';
import { yieldToEventLoop } from '../core/event-loop.js';
import { loadBatch, misfitOf } from '../data/examples.js';
import type { DataKind, Examples } from '../data/examples.js';
import type { TrainData } from '../data/train-data.js';
import { assertTrainData, examplesOf } from '../data/train-data.js';
import { lossRows } from '../network/config.js';
import { assertNetwork, Network } from '../network/network.js';

/** How well a network does on a set of examples. */
export interface Evaluation {
  /** Mean loss over the examples, or over all their steps that count: in nats, or the mean squared error. */
  readonly loss: number;
  /** Share (0 … 1) of these that the network classifies correctly. NaN with the squared error. */
  readonly accuracy: number;
  /** How many examples or steps count. */
  readonly count: number;
  /** `[count]`, or `[count·T]` sequence by sequence with a label for every step: 1 if the network is right, else 0. */
  readonly correct: Uint8Array;
  /** As `correct`: the class with the largest logit; -1 for steps that do not count. */
  readonly predicted: Int32Array;
}

/**
 * Loss and accuracy over all `data`, batch by batch, without dropout. The initial state of every batch is the network's, zero
 * unless set. A text is one stream from a zero state: every character is predicted from all characters before it, so B has no
 * effect. Its vocabulary must be the one of the network's training: a network holds none, so another one of the same size is not
 * noticed. Rejects with a TypeError, RangeError or DataError that says what is wrong with `data`, or with the reason of
 * `signal` if that is aborted. A NonFiniteError reports a loss that is not finite. An Error reports that another evaluation,
 * or a step of training, is still running on the network. While it runs, the network's own methods refuse too, except `save`
 * and `dispose`.
 */
export async function evaluate(network: Network, data: TrainData, signal?: AbortSignal): Promise<Evaluation> {
  assertNetwork('evaluate: network', network);
  assertTrainData('evaluate: data', data);
  assertSignal('evaluate: signal', signal);
  const examples = examplesOf('evaluate: data', data, { B: network.sizes.B, toEnd: true });
  assertFits('evaluate', examples, { ...network.config, T: network.sizes.T });
  return evaluateData('evaluate', network, data, signal);
}

/** As `evaluate`, for data that have been checked. `what` begins messages. */
export async function evaluateData(
  what: string,
  network: Network,
  data: TrainData,
  signal?: AbortSignal,
): Promise<Evaluation> {
  return network.exclusively(what, (own) => evaluateAlone(what, own, data, signal));
}

async function evaluateAlone(
  what: string,
  network: Network,
  data: TrainData,
  signal?: AbortSignal,
): Promise<Evaluation> {
  const { T, B } = network.sizes;
  if ('characters' in data && B > 1) {
    const reader = new Network(network.backend, network.config, { T, B: 1 });
    try {
      reader.load(await network.save());
      return await evaluateAlone(what, reader, data, signal);
    } finally {
      reader.dispose();
    }
  }
  const evaluation = await evaluateExamples(network, examplesOf(what, data, { B, toEnd: true }), signal);
  await assertFiniteLoss(network, `${what}: loss`, evaluation.loss);
  return evaluation;
}

/** Rejects if a loss is NaN or infinite: with a DataError if an input is too, else with a NonFiniteError. `step`: updates made. */
export async function assertFiniteLoss(network: Network, what: string, loss: number, step?: number): Promise<void> {
  if (Number.isFinite(loss)) return;
  await network.assertFiniteInputs();
  throw new NonFiniteError(what, loss, step);
}

/** Loss and accuracy over checked examples. A text's are read in B streams, side by side, each from a zero state. */
export async function evaluateExamples(
  network: Network,
  examples: Examples,
  signal?: AbortSignal,
): Promise<Evaluation> {
  const { T, B } = network.sizes;
  const steps = network.config.reads === 'every' ? T : 1;
  const correct = new Uint8Array(examples.count * steps);
  const predicted = new Int32Array(examples.count * steps).fill(-1);
  const sums = { loss: 0, right: 0, count: 0 };
  if (examples.continues) network.resetState();
  for (let start = 0; start < examples.count; start += B) {
    await yieldToEventLoop();
    signal?.throwIfAborted();
    const given = Uint32Array.from({ length: Math.min(B, examples.count - start) }, (_, n) => start + n);
    const indices = loadBatch(network, examples, given);
    if (examples.continues && start > 0) network.carryState();
    network.forward();
    const predictions = examples.loss === 'crossEntropy' ? await network.predictions() : undefined;
    const { loss, count } = await network.metrics(given.length, predictions);
    if (count === 0) continue;
    sums.loss += loss * count;
    sums.count += count;
    if (!predictions) continue;
    for (let row = 0; row < lossRows(network.config, network.sizes); row++) {
      const [t, b] = [Math.floor(row / B), row % B];
      if (b >= indices.length || !network.countsRow(row)) continue;
      const at = indices[b] * steps + t;
      predicted[at] = predictions[row];
      correct[at] = Number(predicted[at] === network.activations.y.get(row));
      sums.right += correct[at];
    }
  }
  if (examples.continues) network.resetState();
  const { loss, right, count } = sums;
  const accuracy = examples.loss === 'squaredError' ? NaN : right / count;
  return { loss: loss / count, accuracy, count, correct, predicted };
}

/** Throws a DataError unless the network reads and computes what the examples hold. */
export function assertFits(what: string, examples: Examples, kind: DataKind): void {
  const misfit = misfitOf(examples, kind);
  if (misfit) throw new DataError(`${what}: the data have ${misfit.examples}, but the network has ${misfit.other}`);
}
