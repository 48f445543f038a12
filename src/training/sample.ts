/** Writes text with a trained network: it reads a character, and the next one is drawn from its softmax. */
import type { TypeName } from '../core/arguments.js';
import { assertKinds, assertNumber, assertNumbers, assertWhole, counted, describe } from '../core/arguments.js';
import { DataError, NonFiniteError } from '../core/errors.js';
import { yieldToEventLoop } from '../core/event-loop.js';
import { LARGEST_WHOLE } from '../core/numbers.js';
import { Random } from '../core/rng.js';
import { findNonFinite, valuesOf } from '../core/tensor.js';
import { type Vocabulary, assertVocabulary, characterOf, classCount, classesIn } from '../data/text.js';
import type { CompleteConfig } from '../network/config.js';
import { Network } from '../network/network.js';
import type { NamedTensors } from '../network/parameters.js';

/** Options of `sample`. */
export interface SampleOptions {
  /** Characters to write after the prime. Default: 500. */
  readonly length?: number;
  /** The logits are divided by it: below 1 likely characters become likelier; 0 takes the likeliest. Default: 0.8. */
  readonly temperature?: number;
  /** Only this many of the likeliest characters can be drawn. Default: 40. */
  readonly top?: number;
  /** The text that the network reads first. Default: '', then the first character is any of the vocabulary. */
  readonly prime?: string;
  /** The same seed gives the same text. Default: 1. */
  readonly seed?: number;
}

const KINDS = {
  length: 'number',
  temperature: 'number',
  top: 'number',
  prime: 'string',
  seed: 'number',
} satisfies Record<keyof SampleOptions, TypeName>;

/** A character that a network wrote, and what it was drawn from. */
export interface WrittenCharacter {
  /** One code point. */
  readonly character: string;
  /** `[C]`: the distribution from which it was drawn. It is uniform for the first character if there is no prime. */
  readonly probabilities: Float64Array;
}

/** See `sample` in src/door/predict.ts. */
export function sample(network: Source, vocabulary: Vocabulary, options: SampleOptions = {}): AsyncGenerator<string> {
  const plan = checked(network.config, vocabulary, options);
  const weights = network.save();
  weights.catch(() => {}); // the first `next` rejects with it
  return charactersOf(network, weights, plan);
}

/** What is read of a network. */
type Source = Pick<Network, 'backend' | 'config' | 'save'>;

async function* charactersOf(
  { backend, config }: Source,
  weights: Promise<NamedTensors>,
  plan: Plan,
): AsyncGenerator<string> {
  const writer = new Network(backend, config, { T: 1, B: 1 });
  try {
    writer.load(await weights);
    for await (const { character } of drawWith(writer, plan)) yield character;
  } finally {
    writer.dispose();
  }
}

/**
 * As `sample`, with the distribution of each character, in the network itself, which must have T 1 and B 1. Overwrites its states, and
 * needs it alone until it returns. `options`: default {}.
 */
export const writeWith = (
  writer: Network,
  vocabulary: Vocabulary,
  options: SampleOptions = {},
): AsyncGenerator<WrittenCharacter> => drawWith(writer, checked(writer.config, vocabulary, options));

async function* drawWith(
  writer: Network,
  { vocabulary, length, temperature, top, seed, read }: Plan,
): AsyncGenerator<WrittenCharacter> {
  const random = new Random(seed);
  writer.resetState();
  for (const index of read) {
    readClass(writer, index);
    await yieldToEventLoop();
  }
  for (let n = 0; n < length; n++) {
    const isFirst = n === 0 && read.length === 0;
    const C = classCount(vocabulary);
    const probabilities = isFirst
      ? new Float64Array(C).fill(1 / C)
      : distributionOf(await logitsOf(writer, read.length + n), temperature, top);
    const index = isFirst ? random.below(C) : drawFrom(probabilities, random);
    yield { character: characterOf(vocabulary, index), probabilities };
    readClass(writer, index);
    await yieldToEventLoop();
  }
}

type Plan = ReturnType<typeof checked>;

/** The options with their defaults, and the classes of the prime. Throws the errors of `sample`. */
function checked(network: CompleteConfig, vocabulary: Vocabulary, options: SampleOptions) {
  assertKinds('sample', options, KINDS);
  const { length = 500, temperature = 0.8, top = 40, prime = '', seed = 1 } = options;
  assertWhole('sample: length', length, 0);
  assertRange('sample', temperature, top);
  assertWhole('sample: seed', seed, 0, LARGEST_WHOLE);
  assertVocabulary('sample: vocabulary', vocabulary);
  assertWrites(network, vocabulary);
  return { vocabulary, length, temperature, top, seed, read: classesIn(prime, vocabulary, 'prime') };
}

function assertRange(what: string, temperature: number, top: number): void {
  assertNumber(`${what}: temperature`, temperature);
  assertWhole(`${what}: top`, top, 1);
  if (temperature >= 0 && temperature < Infinity) return;
  throw new RangeError(`${what}: temperature ${describe(temperature)}: must be a finite number ≥ 0`);
}

/**
 * The probability of each class, `[C]`: softmax of logits / temperature over the `top` largest, 0 for the others. With
 * temperature 0 it is 1 for the largest, the first of them if several are equal. A logit may be -Infinity: its class has probability
 * 0. Throws a TypeError or a RangeError for a wrong argument, such as a logit that is NaN.
 */
export function distributionOf(logits: ArrayLike<number>, temperature: number, top: number): Float64Array {
  assertNumbers('distributionOf: logits', logits);
  const wrong = Array.from<unknown>(logits).findIndex((logit) => !(typeof logit === 'number' && logit < Infinity));
  if (wrong >= 0) {
    throw new RangeError(
      `distributionOf: logits[${wrong}] is ${describe(logits[wrong])}: must be a finite number, or -Infinity for a class of probability 0`,
    );
  }
  assertRange('distributionOf', temperature, top);
  const order = Array.from(logits, (_, index) => index).sort((a, b) => logits[b] - logits[a] || a - b);
  if (!(logits[order[0]] > -Infinity))
    throw new RangeError(`distributionOf: logits has ${counted(logits.length, 'number')}: one at least must be finite`);
  const probabilities = new Float64Array(logits.length);
  if (temperature === 0) {
    probabilities[order[0]] = 1;
    return probabilities;
  }
  const kept = order.slice(0, top);
  let sum = 0;
  for (const index of kept) sum += probabilities[index] = Math.exp((logits[index] - logits[order[0]]) / temperature);
  for (const index of kept) probabilities[index] /= sum;
  return probabilities;
}

/** A class, drawn with these probabilities. */
export function drawFrom(probabilities: Float64Array, random: Random): number {
  let rest = random.uniform(0, 1);
  let last = 0;
  for (let index = 0; index < probabilities.length; index++) {
    if (probabilities[index] === 0) continue;
    last = index;
    rest -= probabilities[index];
    if (rest < 0) break;
  }
  return last; // the sum of the probabilities may be a little below 1
}

function readClass(writer: Network, index: number): void {
  const { x } = writer.activations;
  x.set(0, 0, index);
  writer.backend.upload(x);
  writer.forward();
  writer.carryState();
}

/** Rejects with a NonFiniteError for NaN or an infinity, which no character could be drawn from. */
async function logitsOf({ backend, activations: { logits } }: Network, read: number): Promise<ArrayLike<number>> {
  await backend.download(logits);
  const found = findNonFinite(logits);
  if (found)
    throw new NonFiniteError(`sample: after ${counted(read, 'character')}, logit ${found.index.at(-1)}`, found.value);
  return valuesOf(logits);
}

/**
 * Throws a DataError unless the network predicts the next character of this vocabulary at every step. `what` begins it
 * (default: 'sample').
 */
export function assertWrites(network: CompleteConfig, vocabulary: Vocabulary, what = 'sample'): void {
  const classes = classCount(vocabulary);
  const { inputs, outputs, inputKind, reads, loss } = network;
  if (loss !== 'crossEntropy') {
    throw new DataError(
      `${what}: the network's loss is ${loss}: it must be crossEntropy, which gives characters a probability`,
    );
  }
  if (inputKind === 'classes' && reads === 'every' && inputs === classes && outputs === classes) return;
  throw new DataError(
    `${what}: a vocabulary of ${counted(classes, 'class', 'classes')}, but the network reads ${inputs} ${inputKind} and has ${counted(outputs, 'output')} ` +
      `at ${reads} step: it must predict the next character at every step`,
  );
}
