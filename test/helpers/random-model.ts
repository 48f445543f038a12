/** Models, LSTMs and tensors at random values; small character models, and the mathematics of src/page/text with plain arrays. */
import { createReferenceBackend } from '../../kernels/reference/index.js';
import type { CellName } from '../../src/cells/names.js';
import type { Backend } from '../../src/core/backend.js';
import { fillRandom, Random } from '../../src/core/rng.js';
import { type Tensor, stepOf, zeros } from '../../src/core/tensor.js';
import { vocabularyOf } from '../../src/data/text.js';
import { Model } from '../../src/door/model.js';
import { Network } from '../../src/door/network.js';
import { type LstmSizes, allocateLstm } from '../../src/equations/lstm-tensors.js';
import { type NetworkConfig, completeConfig, networkParameterShapes } from '../../src/network/config.js';
import { type NamedTensors, valuesByName } from '../../src/network/parameters.js';
import { type ModelSizes, modelNetwork } from '../../src/network/tutorial-network.js';
import type { TextModel } from '../../src/page/text/text-writer.js';
import type { SavedModel } from '../../src/training/checkpoint.js';

/** A model with random parameters, inputs, labels and initial states. It computes the gradient of its inputs, too. */
export function randomModel(backend: Backend, sizes: ModelSizes, { forgetBias = 1, seed = 1 } = {}): Model {
  const model = new Model(backend, sizes, { forgetBias, inputGradient: true });
  const random = new Random(seed);
  randomise(backend, Object.values(inputsOf(model)), random);
  const { y } = model.activations;
  for (let b = 0; b < sizes.B; b++) y.set(b, random.below(sizes.C), 1);
  backend.upload(y);
  return model;
}

/** What the loss depends on, apart from the labels. */
export function inputsOf({ parameters, activations: { x, h, c } }: Model): Record<string, Tensor> {
  return { ...valuesByName(parameters), x, h0: stepOf(h, 0), c0: stepOf(c, 0) };
}

/** Fills tensors with normal numbers. They are rounded to f32, so that backends of f32 and f64 compute with the same numbers. */
export function randomise(backend: Backend, tensors: readonly Tensor[], random: Random): void {
  for (const tensor of tensors) {
    fillRandom(tensor, () => Math.fround(random.normal(0, 0.7)));
    backend.upload(tensor);
  }
}

/** Fills tensors of the host with normal numbers. */
export function fillNormal(tensors: readonly Tensor[], random = new Random(2)): void {
  for (const tensor of tensors) fillRandom(tensor, () => random.normal(0, 0.7));
}

/** An LSTM of one input, with random values in everything that its passes read. All rows of h and c are random. */
export function randomLstm(backend: Backend, sizes: LstmSizes, reverse = false) {
  const lstm = allocateLstm(backend, sizes, { reverse });
  const { x, kernel, bias, h, c, dhUpstream, dcUpstream } = lstm;
  fillNormal([x, kernel, bias, h, c, dhUpstream, dcUpstream]);
  return lstm;
}

/** Parameters of zeros for a network. */
export const zeroParameters = (network: NetworkConfig): NamedTensors =>
  Object.fromEntries(Object.entries(networkParameterShapes(network)).map(([name, shape]) => [name, zeros(shape)]));

export const SIZES = { T: 5, I: 3, H: 7, C: 4 };

/** A small network of random weights, as a checkpoint holds it. */
export function savedModel(sizes = SIZES, forgetBias = 0.8): SavedModel {
  const { parameters } = randomModel(createReferenceBackend(), { ...sizes, B: 1 }, { forgetBias, seed: 11 });
  const { T, ...others } = sizes;
  return { T, network: completeConfig(modelNetwork(others, forgetBias)), parameters: valuesByName(parameters) };
}

/** Two layers, the lower one in both directions, with a loss at every step. */
export const STACK: NetworkConfig = {
  inputs: 2,
  layers: [{ hidden: 3, bidirectional: true }, { hidden: 4 }],
  outputs: 3,
  reads: 'every',
  dropout: 0.5,
};

/** A network with random parameters, initial states and x. */
export function randomNetwork(backend: Backend, config: NetworkConfig, { T = 4, B = 2 } = {}): Network {
  const network = new Network(backend, config, { T, B }, { inputGradient: true });
  fillNormal(Object.values(valuesByName(network.parameters)));
  fillNormal(network.layers.flat().flatMap(({ initial }) => [initial.h, initial.c]));
  if (network.config.inputKind === 'numbers') fillNormal([network.activations.x]);
  return network;
}

const layersAre = (what: unknown): string => `network: layers is ${String(what)}: must be a list of one layer or more`;
const LAYER = { hidden: 3, bidirectional: true };
const ONE_OR_MORE = 'must be a whole number ≥ 1';

/** Changes of a network of two layers that JSON can hold, and the messages that refuse it. */
export const WRONG_NETWORKS: readonly (readonly [change: object, message: string])[] = [
  [{ inputs: 0 }, `network: inputs is 0: ${ONE_OR_MORE}`],
  [{ inputs: 2.5 }, `network: inputs is 2.5: ${ONE_OR_MORE}`],
  [{ inputs: '5' }, 'network: inputs "5": must be a number'],
  [{ inputs: null }, 'network: inputs null: must be a number'],
  [{ outputs: -1 }, `network: outputs is -1: ${ONE_OR_MORE}`],
  [{ layers: [] }, layersAre('an Array')],
  [{ layers: null }, layersAre('null')],
  [{ layers: { length: 2 } }, layersAre('an Object')],
  [{ layers: [3] }, 'network: layers[0]: 3: must be an object'],
  [{ layers: [LAYER, null] }, 'network: layers[1]: null: must be an object'],
  [{ layers: [LAYER, []] }, 'network: layers[1]: an Array: must be an object with names'],
  [{ layers: [LAYER, {}] }, `network: layers[1]: hidden is undefined: ${ONE_OR_MORE}`],
  [{ layers: [LAYER, { hidden: 0 }] }, `network: layers[1]: hidden is 0: ${ONE_OR_MORE}`],
  [{ layers: [LAYER, { hidden: 2, bidirectional: 1 }] }, 'network: layers[1]: bidirectional 1: must be a boolean'],
  [{ layers: [LAYER, { ...LAYER, reverse: true }] }, 'network: layers[1]: reverse: unknown option'],
  [{ inputKind: 'words' }, 'network: inputKind is "words": must be one of numbers, classes'],
  [{ loss: 'mse' }, 'network: loss is "mse": must be one of crossEntropy, squaredError, absoluteError, huber, pinball'],
  [{ loss: true }, 'network: loss true: must be a string'],
  [{ reads: 'first' }, 'network: reads is "first": must be one of last, every'],
  [{ dropout: 1 }, 'network: dropout is 1: must be in 0 … 0.99'],
  [{ dropout: -0.5 }, 'network: dropout is -0.5: must be in 0 … 0.99'],
  [{ hidden: 3 }, 'network: hidden: unknown option'],
];

/** 16 characters, one of which has two units of a string. */
export const vocabulary = vocabularyOf('to be or not to be, that is the question 😀\n');
/** The number of classes. */
export const C = vocabulary.characters.length;
const sizesOf = (hidden: readonly number[], cell: CellName) =>
  ({
    inputs: C,
    layers: hidden.map((one) => ({ hidden: one, cell })),
    outputs: C,
    inputKind: 'classes',
    reads: 'every',
    dropout: hidden.length > 1 ? 0.3 : 0,
  }) as const;

/** A model with layers of these units, and random weights. */
export async function modelOf(hidden: readonly number[], seed = 4, cell: CellName = 'lstm'): Promise<TextModel> {
  const network = new Network(createReferenceBackend(), sizesOf(hidden, cell), { T: 1, B: 1 });
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
