/** What the library does with a trained network. The arguments are checked here; predict, evaluate and sample in src/training compute. */
import type { TypeName } from '../core/arguments.js';
import { assertKinds, assertNumber, assertNumbers, assertSignal, assertTensor, counted } from '../core/arguments.js';
import { DataError } from '../core/errors.js';
import { type NestedNumbers, type Tensor, assertNotFreed, copyInto, fill, formatShape, zeros } from '../core/tensor.js';
import { type Inputs, assertInputs, assertLengths } from '../data/sequences.js';
import type { Vocabulary } from '../data/text.js';
import type { GivenData } from '../data/train-data.js';
import { type Evaluation, dataFor, evaluateData, needsOwnReader } from '../training/evaluate.js';
import { type Prediction, predictAll } from '../training/predict.js';
import { type SampleOptions, sample as write } from '../training/sample.js';
import { type Network, assertNetwork } from './network.js';

/** Options of `predict`. */
export interface PredictOptions {
  /** `[count]`: steps of each sequence, 1 … T. Default: T each; those of its list, if x is lists. */
  readonly lengths?: ArrayLike<number>;
  /** Aborting it stops `predict` before the next batch; it then rejects with the signal's reason. Default: none. */
  readonly signal?: AbortSignal;
}

const OPTION_KINDS = { lengths: 'object', signal: 'object' } as const satisfies Record<keyof PredictOptions, TypeName>;

/**
 * What the network computes for any number of sequences, batch by batch, without dropout. x: `[count,T,I]`, or class indices
 * `[count,T]`, as a tensor or as nested arrays. Each array may have its own length, up to T; with `lengths`, a tensor too may have fewer
 * steps than the network. What stands beyond a sequence's end is never read. All numbers are those of the call: x may change before the result is
 * awaited. Each sequence begins with states of zero, so B has no effect.
 * Afterwards the network holds the last batch, and its initial states are zero.
 *
 * Rejects with a TypeError for an argument of another type, and with a DataError that names a wrong shape, length, number or class.
 * A NonFiniteError reports an output that is not finite. An Error reports a network that has been disposed of, or on which another
 * evaluation, prediction or step of training is still running.
 */
export async function predict(
  network: Network,
  x: Tensor | NestedNumbers,
  options: PredictOptions = {},
): Promise<Prediction> {
  assertNetwork('predict: network', network);
  assertKinds('predict: options', options, OPTION_KINDS);
  const { lengths, signal } = options;
  assertSignal('predict: options', signal);
  if (lengths !== undefined) assertNumbers('predict: lengths', lengths);
  const inputs = inputsFor(network, x, lengths && Array.from(lengths));
  return network.exclusively('predict', (inner) => predictAll(inner, inputs, signal));
}

/** The sequences as a tensor, checked. */
function inputsFor(
  { config, sizes: { T } }: Network,
  given: Tensor | NestedNumbers,
  givenLengths: PredictOptions['lengths'],
): Inputs {
  const isOfClasses = config.inputKind === 'classes';
  const x = isTensor(given) ? given : tensorOfLists(given, isOfClasses ? undefined : config.inputs, givenLengths);
  assertTensor('predict: x', x, isOfClasses ? '[count,T]' : '[count,T,I]');
  assertNotFreed('predict: x', x);
  const { shape } = x;
  const rule = `must be ${isOfClasses ? `[count,${T}], class indices` : `[count,${T},${config.inputs}]`}`;
  if (shape.length !== (isOfClasses ? 2 : 3) || shape.includes(0) || (!isOfClasses && shape[2] !== config.inputs))
    throw new DataError(`predict: x is ${formatShape(shape)}: ${rule}`);
  const [count, steps] = shape;
  const own = isTensor(given) ? undefined : Array.from<ArrayLike<unknown>, number>(given, (list) => list.length);
  const isRagged = own?.some((length) => length !== steps) ?? false;
  const lengths = givenLengths ?? (isRagged ? own : undefined);
  const isSwapped =
    count === T &&
    (lengths === undefined ? steps > T || (steps < T && !own) : steps !== count && lengths.length === steps);
  if (isSwapped) {
    const axes = isOfClasses ? '1, 0' : '1, 0, 2';
    throw new DataError(
      `predict: x is ${formatShape(shape)}: ${rule}, one sequence after another; if it is [T,count${isOfClasses ? '' : ',I'}], ` +
        `give x.transpose(${axes})`,
    );
  }
  if (steps > T) {
    throw new DataError(
      `predict: x is ${formatShape(shape)}: ${rule}; for longer sequences, load the weights into a network with another T`,
    );
  }
  if (lengths !== undefined) assertLengths('predict: lengths', { x }, lengths);
  else if (steps < T && !own) {
    throw new DataError(`predict: x is ${formatShape(shape)}: ${rule}; for shorter sequences, give lengths`);
  }
  const ends = lengths ?? (steps < T ? own : undefined);
  const inputs = { x, ...(ends && { lengths: ends }), ...(isOfClasses && { inputClasses: config.inputs }) };
  assertInputs('predict: x', inputs);
  return isTensor(given) ? { ...inputs, x: copyOf(x) } : inputs;
}

/** The caller may write the next sequences into x while the result is awaited. */
function copyOf(x: Tensor): Tensor {
  const copy = zeros(x.shape, x.dtype === 'float32' ? 'f32' : 'f64');
  copyInto(copy, x);
  return copy;
}

const isTensor = (x: Tensor | NestedNumbers): x is Tensor => !Array.isArray(x);

/** `[count,T,I]`, or `[count,T]` if `I` is undefined; NaN beyond the end of a list. T: the steps of the longest list. */
function tensorOfLists(lists: NestedNumbers, I: number | undefined, lengths: PredictOptions['lengths']): Tensor {
  const sequences = Array.from<ArrayLike<number> | readonly ArrayLike<number>[]>(lists);
  sequences.forEach((sequence, n) => assertNumbers(`predict: x[${n}]`, sequence));
  const steps = sequences.reduce((most, { length }) => Math.max(most, length), 0);
  if (steps === 0) throw new DataError(`predict: x has ${counted(sequences.length, 'sequence')}, and none has a step`);
  const empty = sequences.findIndex(({ length }) => length === 0);
  if (empty >= 0) throw new DataError(`predict: x[${empty}] is an empty list`);
  const x = zeros([sequences.length, steps, ...(I === undefined ? [] : [I])], 'f64');
  fill(x, NaN);
  sequences.forEach((sequence, n) => {
    const least = lengths?.[n] ?? 1;
    if (sequence.length < least)
      throw new DataError(`predict: x[${n}] has ${counted(sequence.length, 'step')}, but lengths[${n}] is ${least}`);
    for (let t = 0; t < sequence.length; t++) {
      const step = sequence[t];
      if (I === undefined) setNumber(x, step, n, t);
      else {
        assertNumbers(`predict: x[${n}][${t}]`, step);
        if (step.length !== I)
          throw new DataError(`predict: x[${n}][${t}] has ${counted(step.length, 'number')}: must have ${I}`);
        for (let i = 0; i < I; i++) setNumber(x, step[i], n, t, i);
      }
    }
  });
  return x;
}

/** A text, or null, would become a number. */
function setNumber(x: Tensor, value: unknown, ...index: number[]): void {
  if (typeof value !== 'number') assertNumber(`predict: x${index.map((n) => `[${n}]`).join('')}`, value);
  else x.set(...index, value);
}

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
