/**
 * Numbers as Python and NumPy print them. Every expected text is what Python 3 printed: `'{:.6f}'.format(value)`, and
 * for shares `str(numpy.float32(value))` under `numpy.set_printoptions(legacy='1.13')`, the format of NumPy when the tutorial was written.
 */
import fc from 'fast-check';
import { lossName, numpyShare, pythonFixed, table, tutorialLine } from '../../src/cli/print.js';
import { TARGET_LOSSES } from '../../src/training/option-table.js';

describe('pythonFixed', () => {
  // the property below has the ties; here are numbers that are no multiple of 2⁻¹⁰, other digits, and what f32 computed
  test.each<[number, number, string]>([
    [0.515625, 5, '0.51562'],
    [0.9765625, 6, '0.976562'],
    [9.5367431640625e-7, 6, '0.000001'],
    [1.0000005, 6, '1.000001'],
    [0.5, 0, '0'],
    [1.5, 0, '2'],
    [2.5, 0, '2'],
    [9.5, 0, '10'],
    [9.995, 2, '9.99'],
    [2.675, 2, '2.67'],
    [1.005, 2, '1.00'],
    [0.615, 2, '0.61'],
    [1.45, 1, '1.4'],
    [8.345, 2, '8.35'],
    [0.1, 20, '0.10000000000000000555'],
    [1e-7, 6, '0.000000'],
    [5e-7, 6, '0.000000'],
    [1.5e-6, 6, '0.000002'],
    [4.9e-7, 6, '0.000000'],
    [0.9999995, 6, '1.000000'],
    [9.9999995, 6, '9.999999'],
    [2.302585092994046, 6, '2.302585'],
    [123456789.0000005, 6, '123456789.000001'],
    [1e20, 2, '100000000000000000000.00'],
    [4.35, 1, '4.3'],
    [-2.5, 0, '-2'],
    [-1e-9, 6, '-0.000000'],
    [-1.576423, 6, '-1.576423'],
    [0.14429105818271637, 6, '0.144291'],
    [0.09856100380420685, 6, '0.098561'],
  ])('%d with %d digits is %s', (value, digits, text) => {
    expect(pythonFixed(value, digits)).toBe(text);
  });

  test('rounds to the nearest, and ties to the even last digit, for every multiple of 2⁻¹⁰', () => {
    fc.assert(
      fc.property(fc.integer({ min: -(2 ** 20), max: 2 ** 20 }), fc.integer({ min: 1, max: 9 }), (n, digits) => {
        // n / 2¹⁰ = n·10ᵈ / (2¹⁰·10ᵈ), rounded half to even in whole numbers
        const scaled = BigInt(Math.abs(n)) * 10n ** BigInt(digits);
        const [whole, rest] = [scaled / 1024n, scaled % 1024n];
        const rounded = whole + (rest > 512n || (rest === 512n && whole % 2n === 1n) ? 1n : 0n);
        const text = rounded.toString().padStart(digits + 1, '0');
        const sign = n < 0 ? '-' : '';
        expect(pythonFixed(n / 1024, digits)).toBe(`${sign}${text.slice(0, -digits)}.${text.slice(-digits)}`);
      }),
      { numRuns: 2000, seed: 1 },
    );
  });
});

describe('numpyShare', () => {
  // NumPy rounds to 6 significant digits, so a share below 0.1 has more than 6 decimals
  test.each<[number, number, string]>([
    [0, 128, '0.0'],
    [13, 128, '0.101562'],
    [66, 128, '0.515625'],
    [123, 128, '0.960938'],
    [124, 128, '0.96875'],
    [128, 128, '1.0'],
    [9644, 10000, '0.9644'],
    [1, 3, '0.333333'],
    [2, 3, '0.666667'],
    [999999, 1000000, '0.999999'],
    [1, 128, '0.0078125'],
    [11, 128, '0.0859375'],
    [12, 128, '0.09375'],
    [980, 10000, '0.098'],
    [1, 10000, '0.0001'],
  ])('%d of %d is %s', (right, count, text) => {
    expect(numpyShare(right / count)).toBe(text);
  });
});

describe('tutorialLine', () => {
  test.each([
    [
      { step: 10, iter: 1280, loss: 1.576423, accuracy: 66 / 128 },
      'Iter 1280, Minibatch Loss= 1.576423, Training Accuracy= 0.51562',
    ],
    [
      { step: 780, iter: 99840, loss: 0.0234375, accuracy: 1 },
      'Iter 99840, Minibatch Loss= 0.023438, Training Accuracy= 1.00000',
    ],
    [{ step: 1, iter: 7, loss: 12.5, accuracy: 0 }, 'Iter 7, Minibatch Loss= 12.500000, Training Accuracy= 0.00000'],
  ])('prints %j as the tutorial does', (line, text) => {
    expect(tutorialLine(line)).toBe(text);
  });
});

test('a report names each loss of targets', () => {
  expect(TARGET_LOSSES.map((loss) => lossName({ loss }))).toEqual([
    ...['mean squared error', 'mean absolute error', 'mean Huber loss', 'mean pinball loss'],
  ]);
});

test('a table has columns as wide as their widest cell, and no trailing spaces', () => {
  const rows = [
    ['name', 'shape', 'verdict'],
    ['outKernel', '[6,7]', 'ok'],
    ['x', '[12,3,4]', ''],
  ];
  expect(table(rows).split('\n')).toEqual([
    'name       shape     verdict',
    'outKernel  [6,7]     ok',
    'x          [12,3,4]',
  ]);
});
