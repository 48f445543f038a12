/** What a gradient check can see and what it cannot see, as docs/derivation.md describes it. */
import { createReferenceBackend } from '../../kernels/reference/index.js';
import type { Backend, Operations } from '../../src/core/backend.js';
import type { Tensor } from '../../src/core/tensor.js';
import { fill, rowsOf, stepOf, transposeOf, valuesOf, zeros } from '../../src/core/tensor.js';
import { checkGradients } from '../../src/equations/gradcheck.js';
import { lstmCellBackward, lstmCellForward } from '../../src/equations/lstm.js';
import type { Model } from '../../src/door/model.js';
import { gradientsByName } from '../../src/network/parameters.js';
import { inputsOf, randomModel } from '../helpers/random-model.js';

const H = 4;

/** Whether the check of a model with these operations passes. The inputs named in `zero` are zero, the others random. */
async function passes(mistake: Partial<Operations>, zero: readonly string[] = [], T = 4): Promise<boolean> {
  const model = modelWith(mistake, zero, T);
  const reports = await checkGradients({
    inputs: inputsOf(model),
    loss: async () => {
      model.forward();
      return (await model.metrics()).loss;
    },
    gradients: () => {
      model.forward();
      model.backward();
      const { dh, dc } = model.activations;
      return { ...gradientsByName(model.parameters), x: model.dx, h0: stepOf(dh, 0), c0: stepOf(dc, 0) };
    },
  });
  expect(reports).toHaveLength(7);
  return reports.every(({ ok }) => ok);
}

function modelWith(mistake: Partial<Operations>, zero: readonly string[], T: number): Model {
  const backend: Backend = { ...createReferenceBackend({ dtype: 'f64' }), ...mistake };
  const model = randomModel(backend, { T, B: 2, I: 3, H, C: 5 });
  for (const name of zero) fill(inputsOf(model)[name], 0);
  return model;
}

/** A copy of a `[B,4H]` tensor with two of its four blocks of columns exchanged. */
function exchanged(source: Tensor, one: number, other: number): Tensor {
  const copy = zeros(source.shape, 'f64');
  for (let b = 0; b < source.shape[0]; b++) {
    for (let block = 0; block < 4; block++) {
      const from = block === one ? other : block === other ? one : block;
      for (let n = 0; n < H; n++) copy.set(b, block * H + n, source.get(b, from * H + n));
    }
  }
  return copy;
}

/** Gates a and b use each other's pre-activation. */
const swappedForward = (one: number, other: number): Partial<Operations> => ({
  lstmCellForward: (h, c, gates, z, cPrev, forgetBias) =>
    lstmCellForward(h, c, gates, exchanged(z, one, other), cPrev, forgetBias),
});

/** The same, and the backward pass fits it. */
const swappedBoth = (one: number, other: number): Partial<Operations> => ({
  ...swappedForward(one, other),
  lstmCellBackward: (dz, ...operands) => {
    const swapped = zeros(dz.shape, 'f64');
    lstmCellBackward(swapped, ...operands);
    dz.data.set(exchanged(swapped, one, other).data);
  },
});

const withoutForgetBias: Partial<Operations> = {
  lstmCellForward: (h, c, gates, z, cPrev) => lstmCellForward(h, c, gates, z, cPrev, 0),
};

/** df = 0 in the steps for which `isMistaken` is true. */
const withoutDf = (isMistaken: (cPrev: Tensor) => boolean): Partial<Operations> => ({
  lstmCellBackward: (dz, dc, dcPrev, dh, gates, c, cPrev) => {
    lstmCellBackward(dz, dc, dcPrev, dh, gates, c, cPrev);
    if (isMistaken(cPrev)) fill(rowsOf(transposeOf(dz), 2 * H, 3 * H), 0);
  },
});

/** dWh = 0. */
const withoutDwh: Partial<Operations> = {
  matmul: (out, a, b, options) => {
    if (!(out.shape[0] === H && out.shape[1] === 4 * H)) createReferenceBackend().matmul(out, a, b, options);
  },
};

test('the check of a right backward pass passes, with random and with zero biases and states', async () => {
  expect(await passes({})).toBe(true);
  expect(await passes({}, ['bias', 'outBias', 'h0', 'c0'])).toBe(true);
});

test.each([
  [0, 1],
  [2, 3],
  [0, 3],
])('gates %i and %i swapped in the forward pass only: the check fails, with zero biases too', async (one, other) => {
  expect(await passes(swappedForward(one, other))).toBe(false);
  expect(await passes(swappedForward(one, other), ['bias', 'outBias'])).toBe(false);
});

test('zero biases hide swapped biases from a comparison of outputs', () => {
  const exchangedBias = (zero: readonly string[]): [Float64Array, Float64Array] => {
    const model = modelWith({}, zero, 4);
    model.forward();
    const before = valuesOf(model.activations.logits);
    const { value: bias } = model.bias;
    const values = valuesOf(bias);
    bias.data.set([...values.subarray(H, 2 * H), ...values.subarray(0, H)]);
    model.forward();
    return [before, valuesOf(model.activations.logits)];
  };
  const [before, after] = exchangedBias(['bias']);
  expect(after).toEqual(before);
  const [randomBefore, randomAfter] = exchangedBias([]);
  expect(randomAfter).not.toEqual(randomBefore);
});

test('zero h0 and c0 hide a mistake in dWh and df of the first step', async () => {
  expect(await passes(withoutDwh, [], 1)).toBe(false);
  expect(await passes(withoutDwh, ['h0'], 1)).toBe(true);
  const withoutAnyDf = withoutDf(() => true);
  expect(await passes(withoutAnyDf, [], 1)).toBe(false);
  expect(await passes(withoutAnyDf, ['c0'], 1)).toBe(true);

  // With more steps the check fails, unless only the first step is wrong.
  expect(await passes(withoutDwh, ['h0', 'c0'])).toBe(false);
  expect(await passes(withoutAnyDf, ['h0', 'c0'])).toBe(false);
  const isFirst = ({ offset }: Tensor): boolean => offset === 0;
  expect(await passes(withoutDf(isFirst), ['h0', 'c0'])).toBe(true);
  expect(await passes(withoutDf(isFirst))).toBe(false);
});

test('a wrong forward pass passes the check if the backward pass fits it', async () => {
  expect(await passes(withoutForgetBias)).toBe(true);
  expect(await passes(swappedBoth(0, 1))).toBe(true);
  expect(await passes(swappedBoth(2, 3))).toBe(true);

  const logits = (mistake: Partial<Operations>): Float64Array => {
    const model = modelWith(mistake, [], 4);
    model.forward();
    return valuesOf(model.activations.logits);
  };
  for (const mistake of [withoutForgetBias, swappedBoth(0, 1), swappedBoth(2, 3)]) {
    expect(logits(mistake)).not.toEqual(logits({})); // so a comparison with other programs' numbers finds it
  }
});
