/**
 * The whole model compared with TensorFlow.js. Its basicLSTMCell follows TensorFlow 1.x's BasicLSTMCell; it runs step by step,
 * and TensorFlow.js differentiates it automatically.
 */
import * as tf from '@tensorflow/tfjs';
import { createReferenceBackend } from '../kernels/reference/index.js';
import { adamRate, BETA1, BETA2, EPSILON } from '../src/adam.js';
import type { Model, ModelSizes } from '../src/model.js';
import type { Tensor } from '../src/tensor.js';
import { stepOf, valuesOf } from '../src/tensor.js';
import { randomModel } from './helpers/random-model.js';

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
  'T $T, B $B, I $I, H $H, C $C, forget bias $forgetBias: outputs and gradients agree',
  async ({ forgetBias, ...sizes }) => {
    const model = randomModel(createReferenceBackend(), sizes, { forgetBias, seed: 7 });
    const network = new TensorFlowNetwork(model);
    model.forward();
    model.backward();

    const { logits, h, c, dh, dc } = model.activations;
    const { loss } = await model.metrics();
    const outputs = network.forward();
    expect(Math.abs(loss / outputs.loss.dataSync()[0] - 1)).toBeLessThan(TOLERANCE);
    expectAgreement('logits', logits, outputs.logits);
    expectAgreement('h', h, outputs.h);
    expectAgreement('c', c, outputs.c);

    const gradients = network.gradients();
    expectAgreement('dKernel', model.kernel.gradient, gradients.kernel);
    expectAgreement('dBias', model.bias.gradient, gradients.bias);
    expectAgreement('dOutKernel', model.outKernel.gradient, gradients.outKernel);
    expectAgreement('dOutBias', model.outBias.gradient, gradients.outBias);
    expectAgreement('dx', model.dx, gradients.x);
    expectAgreement('dh0', stepOf(dh, 0), gradients.h0);
    expectAgreement('dc0', stepOf(dc, 0), gradients.c0);
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

/** The same network in TensorFlow.js, with the same parameters and inputs. */
class TensorFlowNetwork {
  private readonly forgetBias: number;
  private readonly y: tf.Tensor2D;
  private readonly variables;

  constructor({ kernel, bias, outKernel, outBias, activations, lstm: { forgetBias } }: Model) {
    const { x, y, h, c } = activations;
    this.forgetBias = forgetBias;
    this.y = toTensorFlow<tf.Rank.R2>(y);
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
