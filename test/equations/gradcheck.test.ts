/** The gradient check: its errors, the inputs that it restores, and the backends on which it works. */
import { createReferenceBackend } from '../../kernels/reference/index.js';
import type { Backend } from '../../src/core/backend.js';
import { describe as describeValue } from '../../src/core/arguments.js';
import { stepOf, tensorFrom, transposeOf, zeros } from '../../src/core/tensor.js';
import { checkGradients } from '../../src/equations/gradcheck.js';
import { checkModelGradients } from '../../src/network/network-check.js';
import { countingBackend, createDeviceBackend } from '../helpers/backends.js';
import { failureOf } from '../helpers/failures.js';

const SIZES = { T: 3, B: 2, I: 2, H: 3, C: 4 };

describe('the inputs are restored', () => {
  const VALUES = [0.5, -0, 2];

  // 3 elements need 4 calls each, then 1 direction needs 4 calls.
  test.each([1, 2, 4, 6, 12, 13, 16])('if call %d of the loss throws', async (last) => {
    const w = Float64Array.from(VALUES);
    let calls = 0;
    const problem = new Error('no loss');
    const loss = (): number => {
      if (++calls === last) throw problem;
      return w[0] * w[1] + w[2];
    };
    const gradients = () => ({ w: [w[1], w[0], 1] });
    expect(await failureOf(checkGradients({ inputs: { w }, loss, gradients, directions: 1 }))).toBe(problem);
    expect([...w]).toEqual(VALUES);
  });

  test('if no call throws', async () => {
    const w = Float64Array.from(VALUES);
    await checkGradients({ inputs: { w }, loss: () => w[0] * w[1] + w[2], gradients: () => ({ w: [-0, 0.5, 1] }) });
    expect([...w]).toEqual(VALUES);
  });
});

const w = Float64Array.of(1, 2, 3, 4, 5, 6);
const matrix = tensorFrom(w, [2, 3]);
const good = { inputs: { w }, loss: () => 0, gradients: () => ({ w: new Float64Array(6) }) };

const EITHER = new TypeError('gradcheck: give either loss, which returns a number, or outputs, which returns numbers');

test.each<[string, object, Error]>([
  ['no inputs', { inputs: {} }, new RangeError('gradcheck: inputs is empty: give at least one')],
  [
    'a misspelt option',
    { tolerence: 1 },
    new TypeError(
      'gradcheck: tolerence: unknown option; known options: inputs, loss, outputs, gradients, precision, step, tolerance, directions, seed',
    ),
  ],
  ['a loss that is a number', { loss: 0.5 }, new TypeError('gradcheck: loss 0.5: must be a function')],
  ['undefined inputs', { inputs: undefined }, new TypeError('gradcheck: inputs: undefined: must be an object')],
  [
    'a plain array, because the check would change only a copy of it',
    { inputs: { w: [1, 2] } },
    new TypeError('gradcheck: input w is an Array: must be a Float64Array, or a tensor of dtype f64'),
  ],
  [
    'an input in f32',
    { inputs: { w: new Float32Array(6) } },
    new TypeError(
      "gradcheck: input w is a Float32Array: must be a Float64Array, or a tensor of dtype f64; if the loss computes in f32, give precision: 'f32'",
    ),
  ],
  [
    'a tensor in f32',
    { inputs: { w: zeros([2, 3]) } },
    new TypeError(
      "gradcheck: input w is a Float32Array: must be a Float64Array, or a tensor of dtype f64; if the loss computes in f32, give precision: 'f32'",
    ),
  ],
  [
    'a transpose',
    { inputs: { w: transposeOf(matrix) } },
    new RangeError('gradcheck: input w: [3,2] with strides [1,3] has gaps or is transposed'),
  ],
  ['a loss beside outputs', { outputs: () => [1] }, EITHER],
  ['no loss', { loss: undefined }, EITHER],
  [
    'outputs that are a number',
    { loss: undefined, outputs: () => 3 },
    new TypeError('gradcheck: outputs is 3: must be an array of numbers, or a typed array'),
  ],
  ['a step of 0', { step: 0 }, new RangeError('gradcheck: step 0: must be a finite number above 0')],
  ...[NaN, -1, Infinity].map((tolerance): [string, object, Error] => [
    `a tolerance of ${tolerance}`,
    { tolerance },
    new RangeError(`gradcheck: tolerance ${tolerance}: must be a finite number above 0`),
  ]),
  ...[NaN, -1, 1.5].map((directions): [string, object, Error] => [
    `${directions} directions`,
    { directions },
    new RangeError(`gradcheck: directions ${directions}: must be a whole number ≥ 0`),
  ]),
  ...([null, '0.7', undefined, []] as const).map((found): [string, object, Error] => [
    `a loss that returns ${JSON.stringify(found)}, at once or later`,
    { loss: found === null ? () => Promise.resolve(found) : () => found },
    new TypeError(`gradcheck: loss returned ${describeValue(found)}: must be a number`),
  ]),
  ['a missing gradient', { gradients: () => ({ v: w }) }, new RangeError('gradcheck: no gradient for w')],
  ['no gradients', { gradients: () => undefined }, new TypeError('gradcheck: gradients: undefined: must be an object')],
  [
    'a gradient that is a number',
    { gradients: () => ({ w: 3 }) },
    new TypeError('gradcheck: gradient of w: 3: must be an object'),
  ],
  [
    'a gradient of another length',
    { gradients: () => ({ w: [1, 2, 3] }) },
    new RangeError('gradcheck: w [6] has 6 elements, its gradient 3'),
  ],
  [
    'a gradient of another shape',
    { inputs: { w: matrix }, gradients: () => ({ w: zeros([3, 2], 'f64') }) },
    new RangeError('gradcheck: gradient of w [3,2] must be [2,3]'),
  ],
  [
    'a tensor as the gradient of an array',
    { gradients: () => ({ w: zeros([2, 3], 'f64') }) },
    new RangeError('gradcheck: gradient of w [2,3] must be [6]'),
  ],
])('the error for %s names it', async (_, change, expected) => {
  const failure = await failureOf(checkGradients({ ...good, ...change }));
  expect(failure).toEqual(expected);
  expect(failure).toBeInstanceOf(expected.constructor);
});

test('a plain array in row order can be the gradient of a tensor; one step of a tensor can be checked', async () => {
  const states = zeros([2, 2, 3], 'f64');
  const [, last] = [0, 1].map((t) => stepOf(states, t));
  const loss = (): number => last.get(1, 2) ** 2;
  last.set(1, 2, 0.5);
  const [report] = await checkGradients({ inputs: { last }, loss, gradients: () => ({ last: [0, 0, 0, 0, 0, 1] }) });
  expect(report).toMatchObject({ ok: true, shape: [2, 3] });
});

test('the worst element is the first whose gradient is NaN, and the check fails', async () => {
  const p = Float64Array.of(1, 2, 3, 4);
  const loss = (): number => p.reduce((sum, value) => sum + value, 0);
  const [report] = await checkGradients({ inputs: { p }, loss, gradients: () => ({ p: [1, NaN, NaN, 1] }) });
  expect(report).toMatchObject({ ok: false, largestRelative: Infinity, worst: { element: 1, backward: NaN } });
});

describe('the model, on a backend with its own memory', () => {
  const reference = createReferenceBackend({ dtype: 'f64' });

  test('the check uploads what it writes and downloads what it reads', async () => {
    const reports = await checkModelGradients(createDeviceBackend({ dtype: 'f64' }), SIZES);
    expect(reports).toEqual(await checkModelGradients(reference, SIZES));
    expect(reports.every(({ ok }) => ok)).toBe(true);
  });

  test('a backend with its own memory can be the suspect', async () => {
    const suspect = createDeviceBackend({ dtype: 'f64' });
    expect((await checkModelGradients(reference, SIZES, { suspect })).every(({ ok }) => ok)).toBe(true);
  });

  test('a suspect with a mistake is found, and a check that throws frees its tensors', async () => {
    const suspect: Backend = { ...reference, columnSums: (out) => reference.fill(out, 0) };
    const reports = await checkModelGradients(reference, SIZES, { suspect });
    expect(reports.filter(({ ok }) => !ok).map(({ name }) => name)).toEqual(['bias', 'outBias']);

    const { backend, held } = countingBackend({ dtype: 'f64' });
    const crossEntropyForward = (): void => {
      expect(held.size).toBeGreaterThan(0);
      throw new Error('no loss');
    };
    expect(await failureOf(checkModelGradients({ ...backend, crossEntropyForward }, SIZES))).toEqual(
      new Error('no loss'),
    );
    expect(held.size).toBe(0);
  });
});
