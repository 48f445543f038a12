/**
 * The whole model compared with PyTorch: outputs, every gradient, and training with Adam. test/fixtures/pytorch.py computed
 * the expected numbers in f64, and describes them.
 */
import { readFileSync } from 'node:fs';
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { type DType, type Tensor, copyInto, stepOf, tensorFrom, valuesOf } from '../../src/core/tensor.js';
import { adamRate } from '../../src/equations/adam.js';
import type { ModelSizes } from '../../src/network/tutorial-network.js';
import { type ParameterName, Model } from '../../src/door/model.js';
import { gradientsByName, valuesByName } from '../../src/network/parameters.js';
import { Adam } from '../../src/training/optimisers.js';

type Numbers = ArrayLike<number>;
type Parameters = Record<ParameterName, number[]>;

interface Case {
  readonly sizes: ModelSizes;
  readonly forgetBias: number;
  readonly inputs: Parameters & Record<'x' | 'h0' | 'c0' | 'labels', number[]>;
  readonly outputs: { readonly loss: number } & Record<'logits' | 'h' | 'c', number[]>;
  readonly gradients: Parameters & Record<'x' | 'dh' | 'dc', number[]>;
}

interface Fixture {
  readonly cases: readonly Case[];
  readonly adam: {
    readonly learningRate: number;
    readonly steps: readonly { x: number[]; labels: number[]; loss: number; parameters: Parameters }[];
  };
  readonly tinyGradients: {
    readonly learningRate: number;
    readonly steps: readonly { gradient: number[]; tf1: number[]; pytorch: number[] }[];
  };
}

const fixture = JSON.parse(readFileSync(new URL('../fixtures/pytorch.json', import.meta.url), 'utf8')) as Fixture;

describe.each([
  ['f64', 2 ** -53],
  ['f32', 2 ** -24],
] as const)('in %s', (dtype, rounding) => {
  // An element is a sum, over steps and units, of terms about as large as its tensor's largest element. Each term is rounded
  // a few times, and most rounding errors cancel: at most 4 of them remain here. In f64 these include PyTorch's own. The inputs
  // are exact in f32 too, so both precisions use the same expected numbers.
  const tolerance = 32 * rounding;

  test.each(fixture.cases)(
    'T $sizes.T, B $sizes.B, I $sizes.I, H $sizes.H, C $sizes.C, forget bias $forgetBias: outputs and gradients agree',
    async (example) => {
      const model = modelOf(example, dtype);
      model.forward();
      model.backward();

      const { logits, h, c, dh, dc } = model.activations;
      const { loss } = await model.metrics();
      const actual = allValuesOf({ ...gradientsByName(model.parameters), x: model.dx, logits, h, c, dh, dc });
      const { outputs, gradients } = example;
      const expected = { ...gradients, ...outputs, loss: [outputs.loss] };
      expect(disagreements({ ...actual, loss: [loss] }, expected, tolerance)).toEqual([]);
    },
  );

  test('every loss and every parameter after every update with Adam agree', async () => {
    const { learningRate, steps } = fixture.adam;
    const model = modelOf(fixture.cases[0], dtype);
    const optimiser = new Adam(model.backend, model.parameters);
    for (const { x, labels, loss, parameters } of steps) {
      write(model.activations.x, x);
      write(model.activations.y, labels);
      model.forward();
      const before = await model.metrics();
      model.backward();
      optimiser.update(learningRate);

      const actual = { ...allValuesOf(valuesByName(model.parameters)), loss: [before.loss] };
      expect(disagreements(actual, { ...parameters, loss: [loss] }, tolerance)).toEqual([]);
    }
    expect(optimiser.updates).toBe(6);
  });

  test("for gradients from 1e-9 to 1, Adam's updates are TensorFlow 1.x's; PyTorch's differ for small gradients", () => {
    const { learningRate, steps } = fixture.tinyGradients;
    const backend = createReferenceBackend({ dtype });
    const [p, m, v, g] = Array.from({ length: 4 }, () => backend.allocate([6]));
    for (const [n, { gradient, tf1, pytorch }] of steps.entries()) {
      write(g, gradient);
      backend.adam(p, m, v, g, adamRate(learningRate, n + 1));

      // Each element has its own scale, because they differ by factors of thousands.
      expect(disagreements(apart(valuesOf(p)), apart(tf1), tolerance)).toEqual([]);
      expect(Math.abs(pytorch[0] / p.get(0))).toBeGreaterThan(10);
      expect(Math.abs(pytorch[5] / p.get(5))).toBeCloseTo(1, 5);
    }
  });
});

function modelOf({ sizes, forgetBias, inputs }: Case, dtype: DType): Model {
  const model = new Model(createReferenceBackend({ dtype }), sizes, { forgetBias, inputGradient: true });
  const { x, y, h, c } = model.activations;
  for (const name of ['kernel', 'bias', 'outKernel', 'outBias'] as const) write(model[name].value, inputs[name]);
  write(x, inputs.x);
  write(stepOf(h, 0), inputs.h0);
  write(stepOf(c, 0), inputs.c0);
  write(y, inputs.labels);
  return model;
}

function write(target: Tensor, values: readonly number[]): void {
  copyInto(target, tensorFrom(values, target.shape, 'f64'));
}

function allValuesOf(tensors: Record<string, Tensor>): Record<string, Numbers> {
  return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, valuesOf(tensor)]));
}

/** Each element as a separate entry. */
function apart(values: Numbers): Record<string, Numbers> {
  return Object.fromEntries(Array.from(values, (value, n) => [`[${n}]`, [value]]));
}

/** A line for each tensor with an error of more than `tolerance` times its largest expected element. */
function disagreements(
  actual: Record<string, Numbers>,
  expected: Record<string, Numbers>,
  tolerance: number,
): string[] {
  expect(Object.keys(actual).sort()).toEqual(Object.keys(expected).sort());
  return Object.entries(expected).flatMap(([name, numbers]) => {
    expect(actual[name]).toHaveLength(numbers.length);
    const scale = Math.max(...Array.from(numbers, Math.abs));
    const error = Math.max(...Array.from(numbers, (number, n) => Math.abs(actual[name][n] - number))) / scale;
    return error <= tolerance ? [] : [`${name} is wrong by ${error.toExponential(1)} of its largest element`];
  });
}
