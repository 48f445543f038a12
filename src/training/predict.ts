/** What a network computes for sequences, without their labels or targets. */
import { NonFiniteError } from '../core/errors.js';
import { yieldToEventLoop } from '../core/event-loop.js';
import type { Tensor } from '../core/tensor.js';
import { assertNotFreed, copyInto, fill, formatShape, indexOf, matrixOf, stepOf, zeros } from '../core/tensor.js';
import { fillInputs } from '../data/sequence-examples.js';
import type { Inputs } from '../data/sequences.js';
import { denseForward } from '../equations/dense.js';
import { lossRows, targetShape } from '../network/config.js';
import type { BatchTargets } from '../network/output.js';
import type { Network } from '../network/network.js';

/** What a network computes for `count` sequences, in their order. */
export interface Prediction {
  /**
   * The output layer's numbers: `[count,C]`, or `[count,T,C]` if the network reads every step. With Q quantiles, output g·Q+n is
   * quantile n of target g. A classifier's are its logits. Steps beyond a sequence's end are NaN.
   */
  readonly outputs: Tensor;
  /**
   * The class with the largest output: `[count]`, or `[count·T]` sequence by sequence if the network reads every step. Steps beyond a
   * sequence's end are -1. Default: none, the network has no classes.
   */
  readonly classes?: Int32Array;
  /** The probability of each class, softmax of `outputs` and in their shape: `[count,C]` or `[count,T,C]`. Default: none, as `classes`. */
  readonly probabilities?: Tensor;
}

/** What the network computes for checked inputs; see `predict` in src/door/predict.ts. */
export async function predictAll(network: Network, inputs: Inputs, signal?: AbortSignal): Promise<Prediction> {
  const { backend, config, activations } = network;
  const { B } = network.sizes;
  const [count, steps] = inputs.x.shape;
  const isAtEvery = config.reads === 'every';
  const tensor = (): Tensor => {
    const empty = zeros([count, ...(isAtEvery ? [steps] : []), config.outputs], backend.dtype);
    fill(empty, NaN);
    return empty;
  };
  const rows = isAtEvery ? steps : 1;
  const outputs = tensor();
  const classified = activations.probabilities && {
    classes: new Int32Array(count * rows).fill(-1),
    probabilities: tensor(),
  };
  network.resetState();
  for (let start = 0; start < count; start += B) {
    await yieldToEventLoop();
    signal?.throwIfAborted();
    const indices = Uint32Array.from({ length: Math.min(B, count - start) }, (_, n) => start + n);
    assertNotFreed('predict', activations.x); // while it was awaited
    const lengths = fillInputs(activations.x, inputs, indices);
    backend.upload(activations.x);
    network.setTargets({ ...nothingCounts(network), lengths });
    network.forward();
    /** Calls `copy` with each row of the batch's results, and its place in those of all sequences. */
    const eachRow = (copy: (row: number, at: number) => void): void =>
      indices.forEach((n, b) => {
        for (let t = 0; t < Math.min(rows, lengths[b]); t++) copy(isAtEvery ? t * B + b : b, n * rows + t);
      });
    await download(network, activations.logits, outputs, eachRow);
    if (!classified) continue;
    await download(network, activations.probabilities, classified.probabilities, eachRow);
    const predicted = await network.predictions();
    eachRow((row, at) => (classified.classes[at] = predicted[row]));
  }
  return { outputs, ...classified };
}

/** Copies the rows of a batch's results into those of all sequences. Rejects with a NonFiniteError for a number that is not finite. */
async function download(
  { backend }: Network,
  results: Tensor,
  all: Tensor,
  eachRow: (copy: (row: number, at: number) => void) => void,
): Promise<void> {
  await backend.download(results);
  assertNotFreed('predict', results); // while it was awaited
  const [from, to] = [results, all].map(matrixOf);
  const C = from.shape[1];
  eachRow((row, at) => {
    for (let k = 0; k < C; k++) {
      const value = from.get(row, k);
      if (!Number.isFinite(value))
        throw new NonFiniteError(`predict: outputs${formatShape(indexOf(at * C + k, all.shape))}`, value);
      to.set(at, k, value);
    }
  });
}

/** Labels or targets of which none counts. */
function nothingCounts({ config, sizes }: Network): BatchTargets {
  if (config.loss === 'crossEntropy') return { labels: new Int32Array(lossRows(config, sizes)).fill(-1) };
  const targets = zeros(targetShape(config, sizes));
  fill(targets, NaN);
  return { targets };
}

/**
 * The probabilities `[C]` of the first sequence in x, as if it ended after step 1, 2, … T. For networks that read the last
 * state. `what` begins the message of a NonFiniteError (default: 'network'). Overwrites all results; a bidirectional network also overwrites y and the other sequences, and its lengths are T
 * afterwards.
 *
 * In one direction, no state depends on later steps, so one forward pass is enough. In both directions each length needs a
 * pass of its own: B of them are computed as one batch, so a larger B is faster.
 */
export async function probabilitiesByRow(network: Network, what = 'network'): Promise<Float64Array[]> {
  const isBidirectional = network.config.layers.some(({ bidirectional }) => bidirectional);
  return isBidirectional ? byLengths(network, what) : byStates(network, what);
}

/** The output layer reads the state after each step. */
async function byStates(network: Network, what: string): Promise<Float64Array[]> {
  const { backend, sizes, layers, parameters } = network;
  const { y, logits, losses } = network.activations;
  const probabilities = probabilitiesIn(network);
  const [outKernel, outBias] = parameters.slice(-2);
  const [top] = layers[layers.length - 1];
  network.forward();
  const rows: Float64Array[] = [];
  for (let t = 0; t < sizes.T; t++) {
    denseForward(backend, logits, [stepOf(top.outputs.h, t)], outKernel.value, outBias.value);
    backend.crossEntropyForward(losses, probabilities, logits, y);
    rows.push(await firstProbabilities(network, what));
  }
  return rows;
}

/** Every sequence of the batch is a copy of the first one, with another length. */
async function byLengths(network: Network, what: string): Promise<Float64Array[]> {
  const { backend, activations } = network;
  const { T, B } = network.sizes;
  const { x } = activations;
  const probabilities = probabilitiesIn(network);
  const labels = new Uint8Array(B);
  for (let b = 1; b < B; b++) copyInto(x.pick(null, b), x.pick(null, 0));
  backend.upload(x);
  const rows: Float64Array[] = [];
  for (let longest = T; longest > 0; longest -= B) {
    network.setTargets({ labels, lengths: Array.from(labels, (_, b) => Math.max(longest - b, 1)) });
    network.forward();
    await backend.download(probabilities);
    for (let b = 0; b < Math.min(B, longest); b++) rows[longest - b - 1] = probabilitiesOf(network, b, what);
  }
  network.setTargets({ labels });
  return rows;
}

/**
 * The probabilities `[C]` of the first sequence in the last forward pass. Rejects with a NonFiniteError, which begins with
 * `what` (default: 'network'), if one is NaN.
 */
export async function firstProbabilities(network: Network, what = 'network'): Promise<Float64Array> {
  await network.backend.download(probabilitiesIn(network));
  return probabilitiesOf(network, 0, what);
}

/** Those of sequence b, on the host. */
function probabilitiesOf(network: Network, b: number, what: string): Float64Array {
  const probabilities = probabilitiesIn(network);
  assertNotFreed(what, probabilities); // while it was awaited
  const values = Float64Array.from({ length: network.config.outputs }, (_, k) => probabilities.get(b, k));
  const wrong = values.findIndex((value) => !Number.isFinite(value));
  if (wrong >= 0) throw new NonFiniteError(`${what}: the probability of class ${wrong}`, values[wrong]);
  return values;
}

function probabilitiesIn({ config, activations: { probabilities } }: Network): Tensor {
  if (!probabilities) throw new Error(`network: no probabilities: its loss is ${config.loss}`);
  return probabilities;
}
