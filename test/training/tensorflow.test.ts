/**
 * The whole model compared with TensorFlow.js. Its basicLSTMCell follows TensorFlow 1.x's BasicLSTMCell; it runs step by step,
 * and TensorFlow.js differentiates it automatically. Networks are compared with its layers.
 */
import * as tf from '@tensorflow/tfjs';
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { Random } from '../../src/core/rng.js';
import { type Tensor, stepOf, valuesOf } from '../../src/core/tensor.js';
import { adamRate, BETA1, BETA2, EPSILON } from '../../src/equations/adam.js';
import type { NetworkConfig } from '../../src/network/config.js';
import type { Model } from '../../src/door/model.js';
import type { ModelSizes } from '../../src/network/tutorial-network.js';
import { Network } from '../../src/door/network.js';
import { gradientsByName, valuesByName } from '../../src/network/parameters.js';
import { randomise, randomModel } from '../helpers/random-model.js';

beforeAll(async () => {
  tf.enableProdMode(); // otherwise it advertises its native addon on the console
  await tf.setBackend('cpu');
});

// Both compute in f32. An element is a sum, over steps and units, of terms about as large as its tensor's largest element.
// Each side rounds each term a few times, by at most 2⁻²⁴, and most rounding errors cancel: at most 5 of them remain here.
const TOLERANCE = 32 * 2 ** -24;

test.each<ModelSizes & { forgetBias: number }>([
  { T: 4, B: 3, I: 2, H: 5, C: 6, forgetBias: 1 },
  { T: 1, B: 2, I: 6, H: 3, C: 4, forgetBias: 0 },
  { T: 9, B: 1, I: 3, H: 7, C: 2, forgetBias: 0.37 },
])(
  'T $T B $B I $I H $H C $C, forget bias $forgetBias: outputs and gradients agree',
  async ({ forgetBias, ...sizes }) => {
    const model = randomModel(createReferenceBackend(), sizes, { forgetBias, seed: 7 });
    const network = new TensorFlowNetwork(model);
    model.forward();
    model.backward();

    const { logits, h, c, dh, dc } = model.activations;
    const { loss } = await model.metrics();
    const outputs = network.forward();
    expect(Math.abs(loss / outputs.loss.dataSync()[0] - 1)).toBeLessThan(TOLERANCE);
    const found = { logits, h, c };
    for (const name of ['logits', 'h', 'c'] as const) expectAgreement(name, found[name], outputs[name]);
    const expected = network.gradients();
    const own = { ...gradientsByName(model.parameters), x: model.dx, h0: stepOf(dh, 0), c0: stepOf(dc, 0) };
    expect(Object.keys(own)).toEqual(Object.keys(expected));
    for (const [name, gradient] of Object.entries<Tensor>(own))
      expectAgreement(`d.${name}`, gradient, expected[name as keyof typeof expected]);
  },
);

test("Adam's first update: TensorFlow.js's is larger for small |g|: 16 times at |g| = ε, up to 32 times below", () => {
  const learningRate = 0.01;
  const gradients = [1e-12, 1e-9, 1e-8, 1e-7, 1e-3, 1, -1e-8];
  const backend = createReferenceBackend();
  const [p, m, v, g] = Array.from({ length: 4 }, () => backend.allocate([gradients.length]));
  g.data.set(gradients);
  backend.adam(p, m, v, g, adamRate(learningRate, 1));

  const theirs = tf.variable(tf.zeros([gradients.length]));
  const optimizer = tf.train.adam(learningRate, BETA1, BETA2, EPSILON);
  optimizer.applyGradients([{ name: theirs.name, tensor: tf.tensor1d(gradients) }]);

  // With s = √(1-β₂), TensorFlow.js's update is lr·g/(|g| + ε); TensorFlow 1.x's and Longhand's is lr·g/(|g| + ε/s).
  const s = Math.sqrt(1 - BETA2);
  const factors = [...theirs.dataSync()].map((step, n) => step / p.get(n));
  gradients.map(Math.abs).forEach((size, n) => {
    expect(factors[n] / ((size + EPSILON / s) / (size + EPSILON))).toBeCloseTo(1, 3);
  });
  expect(factors.map((factor) => Math.round(factor))).toEqual([32, 29, 16, 4, 1, 1, 16]); // 16 and 32: docs/derivation.md
});

describe('networks of tf.layers.lstm', () => {
  test.each<[string, NetworkConfig]>([
    ['two layers', { inputs: 2, layers: [{ hidden: 5 }, { hidden: 3 }], outputs: 4 }],
    [
      'both directions, mergeMode concat',
      { inputs: 3, layers: [{ hidden: 4, bidirectional: true }], outputs: 5, forgetBias: 0.37 },
    ],
  ])('%s: logits and gradients agree', async (_, sizes) => {
    const network = new Network(createReferenceBackend(), sizes, { T: 4, B: 3 }, { inputGradient: true });
    randomise(
      network.backend,
      [network.activations.x, ...Object.values(valuesByName(network.parameters))],
      new Random(8),
    );
    network.setTargets({ labels: [2, 0, 3] });
    network.forward();
    network.backward();

    const model = layersOf(network);
    const { x, y, logits } = network.activations;
    const batch = tf.variable(tf.transpose(toTensorFlow<tf.Rank.R3>(x), [1, 0, 2])); // layers read [B,T,I]
    const apply = (): tf.Tensor2D => model.apply(batch) as tf.Tensor2D;
    expectAgreement('logits', logits, apply());
    const labels = oneHot(y, network.config.outputs);
    const { grads } = tf.variableGrads(() => tf.losses.softmaxCrossEntropy<tf.Tensor, tf.Scalar>(labels, apply()));
    expectAgreement('dx', network.dx, tf.transpose(grads[batch.name], [1, 0, 2]));
    const theirs = model.trainableWeights.map(({ name }) => grads[name]);
    for (const { name, gradient } of network.parameters) {
      // A kernel has the rows of their kernel, then those of their recurrent kernel.
      const parts = theirs.splice(0, name.startsWith('kernel') ? 2 : 1);
      expectAgreement(
        `d.${name}`,
        gradient,
        name.startsWith('out') ? tf.concat(parts) : exchangeGates(tf.concat(parts)),
      );
    }
    expect(theirs).toEqual([]);
  });
});

const oneHot = (classes: Tensor, count: number): tf.Tensor =>
  tf.oneHot(tf.cast(toTensorFlow<tf.Rank.R1>(classes), 'int32'), count);

/** A model of layers with a network's parameters. Each LSTM's weights: kernel, recurrent kernel, bias with the forget bias. */
function layersOf({ config, parameters }: Network): tf.Sequential {
  const model = tf.sequential();
  config.layers.forEach(({ hidden, bidirectional }, n) => {
    const inputShape = n === 0 ? { inputShape: [null, config.inputs] } : {};
    const returnSequences = n < config.layers.length - 1;
    const lstm = { units: hidden, returnSequences, recurrentActivation: 'sigmoid', activation: 'tanh' } as const;
    model.add(
      bidirectional
        ? tf.layers.bidirectional({ ...inputShape, layer: tf.layers.lstm(lstm), mergeMode: 'concat' })
        : tf.layers.lstm({ ...inputShape, ...lstm }),
    );
  });
  model.add(tf.layers.dense({ units: config.outputs }));
  const weights = parameters.flatMap(({ name, value }) => {
    if (name.startsWith('out')) return [toTensorFlow(value)];
    const theirs = exchangeGates(toTensorFlow(value));
    if (name.startsWith('bias')) return [tf.add(theirs, onForgetGate(value.size / 4, config.forgetBias))];
    const H = value.shape[1] / 4;
    return tf.split(theirs, [value.shape[0] - H, H]);
  });
  model.setWeights(weights);
  return model;
}

/** Gates i, j, f, o become i, f, j, o, in the last axis; a second call undoes it. */
function exchangeGates(tensor: tf.Tensor): tf.Tensor {
  const axis = tensor.rank - 1;
  const [i, second, third, o] = tf.split(tensor, 4, axis);
  return tf.concat([i, third, second, o], axis);
}

/** `[4H]`, in their order of gates: zero, but on f. */
const onForgetGate = (H: number, forgetBias: number): tf.Tensor =>
  tf.concat([tf.zeros([H]), tf.fill([H], forgetBias), tf.zeros([2 * H])]);

/** The same network in TensorFlow.js, with the same parameters and inputs. */
class TensorFlowNetwork {
  private readonly forgetBias: number;
  private readonly y: tf.Tensor;
  private readonly variables;

  constructor({ kernel, bias, outKernel, outBias, activations, lstm: { forgetBias } }: Model) {
    const { x, y, h, c } = activations;
    this.forgetBias = forgetBias;
    this.y = oneHot(y, outBias.value.size);
    this.variables = {
      kernel: tf.variable(toTensorFlow<tf.Rank.R2>(kernel.value)),
      bias: tf.variable(toTensorFlow<tf.Rank.R1>(bias.value)),
      outKernel: tf.variable(toTensorFlow<tf.Rank.R2>(outKernel.value)),
      outBias: tf.variable(toTensorFlow<tf.Rank.R1>(outBias.value)),
      x: tf.variable(toTensorFlow<tf.Rank.R3>(x)),
      h0: tf.variable(toTensorFlow<tf.Rank.R2>(stepOf(h, 0))),
      c0: tf.variable(toTensorFlow<tf.Rank.R2>(stepOf(c, 0))),
    };
  }

  forward() {
    const { kernel, bias, outKernel, outBias, x, h0, c0 } = this.variables;
    const h: tf.Tensor2D[] = [h0];
    const c: tf.Tensor2D[] = [c0];
    const [T, B, I] = x.shape;
    for (let t = 0; t < T; t++) {
      const xStep = tf.reshape<tf.Rank.R2>(tf.slice(x, t, 1), [B, I]); // tf.unstack has no gradient if T is 1
      [c[t + 1], h[t + 1]] = tf.basicLSTMCell(this.forgetBias, kernel, bias, xStep, c[t], h[t]);
    }
    const logits = tf.add(tf.matMul(h[T], outKernel), outBias);
    const loss = tf.losses.softmaxCrossEntropy<tf.Tensor, tf.Scalar>(this.y, logits);
    return { loss, logits, h: tf.stack(h), c: tf.stack(c) };
  }

  gradients(): Record<keyof typeof this.variables, tf.Tensor> {
    const { grads } = tf.variableGrads(() => this.forward().loss);
    const named = Object.entries(this.variables).map(([name, variable]) => [name, grads[variable.name]]);
    return Object.fromEntries(named) as Record<keyof typeof this.variables, tf.Tensor>;
  }
}

function toTensorFlow<R extends tf.Rank>(tensor: Tensor): tf.Tensor<R> {
  return tf.tensor<R>(Float32Array.from(valuesOf(tensor)), tensor.shape as tf.ShapeMap[R]);
}

function expectAgreement(name: string, actual: Tensor, expected: tf.Tensor): void {
  expect({ name, shape: actual.shape }).toEqual({ name, shape: expected.shape });
  const values = valuesOf(actual);
  const numbers = expected.dataSync();
  const scale = Math.max(...numbers.map(Math.abs));
  const error = Math.max(...Array.from(numbers, (number, n) => Math.abs(values[n] - number))) / scale;
  expect({ name, error: error <= TOLERANCE ? 'none' : error }).toEqual({ name, error: 'none' });
}
