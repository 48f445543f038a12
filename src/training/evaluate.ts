/** Loss and accuracy of a network over a set of examples. */
import { DataError, NonFiniteError } from '../core/errors.js';
import { yieldToEventLoop } from '../core/event-loop.js';
import { assertNotFreed, tensorFrom } from '../core/tensor.js';
import { type DataKind, type Examples, type FillOptions, kindOf, misfitOf } from '../data/examples.js';
import { type GivenData, type TrainData, checkedData, examplesOf } from '../data/train-data.js';
import { lossRows, targetShape } from '../network/config.js';
import { assertFiniteInputs } from '../network/finite.js';
import { Network } from '../network/network.js';

/** How well a network does on a set of examples. `predict` returns what it computes for them. */
export interface Evaluation {
  /** Mean loss over all labels or targets that count: in nats, or what an error of the targets costs. */
  readonly loss: number;
  /** Share (0 … 1) of the labels that the network classifies correctly. NaN for targets, which have no classes. */
  readonly accuracy: number;
  /** How many examples or steps count. */
  readonly count: number;
  /**
   * `[count]`, or `[count·T]` sequence by sequence with a label for every step: 1 if the network is right, else 0. Empty for
   * targets.
   */
  readonly correct: Uint8Array;
  /** As `correct`: the class with the largest logit; -1 for steps that do not count. Empty for targets. */
  readonly predicted: Int32Array;
}

/** The data of an evaluation, checked. Throws a TypeError, RangeError or DataError that says what is wrong with them. */
export function dataFor({ config, sizes: { T, B } }: Pick<Network, 'config' | 'sizes'>, given: GivenData): TrainData {
  const data = checkedData('evaluate: data', given, config.classNames, T);
  assertFits('evaluate', examplesOf('evaluate: data', data, { B, toEnd: true }), kindOf(config, T));
  return data;
}

/** Whether the data are read by a network of their own, because B sequences at once would not be one stream. */
export const needsOwnReader = ({ sizes }: Pick<Network, 'sizes'>, data: TrainData): boolean =>
  'characters' in data && sizes.B > 1;

/** Loss and accuracy over data that `dataFor` has checked. `what` begins messages. See `evaluate` in src/door/predict.ts. */
export async function evaluateData(
  what: string,
  network: Network,
  data: TrainData,
  signal?: AbortSignal,
): Promise<Evaluation> {
  const { T, B } = network.sizes;
  if (needsOwnReader(network, data)) {
    const reader = new Network(network.backend, network.config, { T, B: 1 });
    try {
      reader.load(await network.save());
      return await evaluateData(what, reader, data, signal);
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
  await assertFiniteInputs(network);
  throw new NonFiniteError(what, loss, step);
}

/** Loss and accuracy over checked examples. A text's are read in B streams, side by side, each from a zero state. */
export async function evaluateExamples(
  network: Network,
  examples: Examples,
  signal?: AbortSignal,
): Promise<Evaluation> {
  const { B } = network.sizes;
  const steps = network.config.reads === 'every' ? examples.T : 1;
  const isClassifier = network.config.loss === 'crossEntropy';
  const rows = isClassifier ? examples.count * steps : 0;
  const correct = new Uint8Array(rows);
  const predicted = new Int32Array(rows).fill(-1);
  const sums = { loss: 0, divisor: 0, right: 0, count: 0 };
  if (examples.continues) network.resetState();
  for (let start = 0; start < examples.count; start += B) {
    await yieldToEventLoop();
    signal?.throwIfAborted();
    const given = Uint32Array.from({ length: Math.min(B, examples.count - start) }, (_, n) => start + n);
    const indices = loadBatch(network, examples, given);
    if (examples.continues && start > 0) network.carryState();
    network.forward();
    const predictions = isClassifier ? await network.predictions() : undefined;
    const { loss, count, divisor } = await network.metrics(given.length, predictions);
    if (count === 0) continue;
    sums.loss += loss * divisor;
    sums.divisor += divisor;
    sums.count += count;
    if (!predictions) continue;
    for (let row = 0; row < lossRows(network.config, network.sizes); row++) {
      const [t, b] = [Math.floor(row / B), row % B];
      if (b >= indices.length || network.counted.countIn(row) === 0) continue;
      const at = indices[b] * steps + t;
      predicted[at] = predictions[row];
      correct[at] = Number(predicted[at] === network.activations.y.get(row));
      sums.right += correct[at];
    }
  }
  if (examples.continues) network.resetState();
  const { loss, divisor, right, count } = sums;
  return { loss: loss / divisor, accuracy: isClassifier ? right / count : NaN, count, correct, predicted };
}

/** Throws a DataError unless the network reads and computes what the examples hold. */
export function assertFits(what: string, examples: Examples, kind: DataKind): void {
  const misfit = misfitOf(examples, kind);
  if (misfit) throw new DataError(`${what}: the data have ${misfit.examples}, but the network has ${misfit.other}`);
}

/** Puts the examples with these indices into the network's batch. Returns the example of each row. */
export function loadBatch(
  network: Network,
  examples: Examples,
  indices: Uint32Array,
  options?: FillOptions,
): Uint32Array {
  const { x } = network.activations;
  assertNotFreed('batch', x);
  const filled = examples.fill(x, indices, options);
  network.backend.upload(x);
  const { targets, ...others } = filled.targets;
  // of one step, targets for it and for the sequence are the same numbers
  const read = targets && tensorFrom(targets.data, targetShape(network.config, network.sizes));
  network.setTargets({ ...others, ...(read && { targets: read }) });
  return filled.indices;
}
