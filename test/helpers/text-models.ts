/** Small character models, and the mathematics of src/page/text once more with plain arrays. */
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { Random } from '../../src/core/rng.js';
import { vocabularyOf } from '../../src/data/text.js';
import { Network } from '../../src/door/network.js';
import type { NamedTensors } from '../../src/network/parameters.js';
import type { TextModel } from '../../src/page/text/text-writer.js';

/** 16 characters, one of which has two units of a string. */
export const vocabulary = vocabularyOf('to be or not to be, that is the question 😀\n');
/** The number of classes. */
export const C = vocabulary.characters.length;
const sizesOf = (hidden: readonly number[]) =>
  ({
    inputs: C,
    layers: hidden.map((one) => ({ hidden: one })),
    outputs: C,
    inputKind: 'classes',
    reads: 'every',
    dropout: hidden.length > 1 ? 0.3 : 0,
  }) as const;

/** A model with layers of these units, and random weights. */
export async function modelOf(hidden: readonly number[], seed = 4): Promise<TextModel> {
  const network = new Network(createReferenceBackend(), sizesOf(hidden), { T: 1, B: 1 });
  network.initialise(new Random(seed), 'glorot');
  for (const { value } of network.parameters) {
    for (let n = 0; n < value.size; n++) value.data[n] *= 1.7; // so that gradients reach far
  }
  return { network: network.config, parameters: await network.save(), vocabulary };
}

/** Adds `by` to unit `unit` of h or c of layer `layer` after `t` characters, or to element `unit` of the one-hot x `t`. */
export interface Nudge {
  readonly of: 'h' | 'c' | 'x';
  readonly layer: number;
  readonly t: number;
  readonly unit: number;
  readonly by: number;
}

const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z));

/** Equations (1)–(5) in f64, with plain arrays: -log p `[N][C]` of every character after every character. */
export function surprises({ network, parameters }: TextModel, classes: ArrayLike<number>, nudge?: Nudge): number[][] {
  const { layers, forgetBias } = network;
  const named: NamedTensors = parameters;
  const nudged = (values: number[], of: Nudge['of'], layer: number, t: number): number[] =>
    values.map((value, unit) => {
      const isIt = nudge?.of === of && nudge.layer === layer && nudge.t === t && nudge.unit === unit;
      return isIt ? value + nudge.by : value;
    });
  const zero = (of: 'h' | 'c') => layers.map(({ hidden: H }, l) => nudged(Array<number>(H).fill(0), of, l, 0));
  const [h, c] = [zero('h'), zero('c')];
  return Array.from(classes, (index, n) => {
    const oneHot = Array.from({ length: network.inputs }, (_, k) => Number(k === index));
    let input = nudged(oneHot, 'x', 0, n);
    layers.forEach(({ hidden: H }, l) => {
      const suffix = layers.length > 1 ? `.${l}` : '';
      const [kernel, bias] = [named[`kernel${suffix}`], named[`bias${suffix}`]];
      const read = [...input, ...h[l]];
      const z = (column: number): number =>
        read.reduce((sum, value, row) => sum + value * kernel.get(row, column), bias.get(column));
      const cells = c[l].map((before, u) => {
        const [i, j, f] = [sigmoid(z(u)), Math.tanh(z(H + u)), sigmoid(z(2 * H + u) + forgetBias)];
        return f * before + i * j;
      });
      c[l] = nudged(cells, 'c', l, n + 1);
      const states = c[l].map((cell, u) => sigmoid(z(3 * H + u)) * Math.tanh(cell));
      h[l] = nudged(states, 'h', l, n + 1);
      input = h[l];
    });
    const logits = Array.from({ length: network.outputs }, (_, k) =>
      input.reduce((sum, value, row) => sum + value * named.outKernel.get(row, k), named.outBias.get(k)),
    );
    const logSum = Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit), 0));
    return logits.map((logit) => logSum - logit);
  });
}

/** The share of pairs (a position where it holds, another) in which the first value is larger; equal ones count half. */
export function countedArea(values: ArrayLike<number>, holds: Uint8Array): number {
  let [sum, pairs] = [0, 0];
  for (let a = 0; a < holds.length; a++) {
    for (let b = 0; b < holds.length; b++) {
      if (holds[a] !== 1 || holds[b] !== 0) continue;
      pairs++;
      if (values[a] > values[b]) sum += 1;
      else if (values[a] === values[b]) sum += 0.5;
    }
  }
  return sum / pairs;
}
