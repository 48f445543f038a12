/** Host tensors: shapes, views that share memory, and messages that name operation, shapes and rule. */
import fc from 'fast-check';
import ndarray from 'ndarray';
import type { DType, Shape, Tensor } from '../../src/core/tensor.js';
import {
  addInto,
  assertMatrix,
  assertShape,
  copyInto,
  fill,
  findNonFinite,
  flatten,
  formatShape,
  norm,
  rowsOf,
  stepOf,
  tensorFrom,
  transposeOf,
  valuesOf,
  zeros,
} from '../../src/core/tensor.js';
import { errorOf } from '../helpers/failures.js';

/** A tensor whose elements are 0, 1, 2, … in row order. */
function counting(shape: Shape): Tensor {
  const tensor = zeros(shape, 'f64');
  for (let n = 0; n < tensor.size; n++) tensor.data[n] = n;
  return tensor;
}

/** The same memory from `from` to `to - 1` along the second axis, so that rows have gaps between them. */
const columnsOf = (matrix: Tensor, from: number, to: number): Tensor => matrix.hi(matrix.shape[0], to).lo(0, from);

const values = (tensor: Tensor): number[] => [...valuesOf(tensor)];

const messageOf = (work: () => unknown): string => errorOf(RangeError, work).message;

describe('new tensors', () => {
  test('zeros has the shape, the precision and only zeros', () => {
    const single = zeros([2, 3]);
    expect([single.shape, single.dtype, values(single)]).toEqual([[2, 3], 'float32', [0, 0, 0, 0, 0, 0]]);
    expect(zeros([4], 'f64').dtype).toBe('float64');
  });

  test('set refuses another number of indices than axes, in views too, and leaves the package’s prototypes alone', () => {
    const cube = zeros([2, 3, 4]);
    const refusal = (shape: string, axes: string, call: string, given: number) =>
      new TypeError(`tensor: set(${call}) of ${shape}, which has ${axes}, was called with ${given} of these`);
    const three = 'index, index, index, number';
    expect(() => cube.set(0, 1, 5)).toThrow(refusal('[2,3,4]', '3 axes', three, 3));
    expect(() => cube.set(0, 1, 2, 5, 6)).toThrow(refusal('[2,3,4]', '3 axes', three, 5));
    const views: [Tensor, string][] = [
      [cube.pick(1), '[3,4]'],
      [stepOf(cube, 1), '[3,4]'],
      [rowsOf(cube, 1, 2), '[1,3,4]'],
      [cube.hi(1, 2, 3), '[1,2,3]'],
      [cube.lo(1, 2, 3), '[1,1,1]'],
      [cube.step(1, 2, 2), '[2,2,2]'],
      [cube.transpose(2, 1, 0), '[4,3,2]'],
      [transposeOf(cube.pick(1)), '[4,3]'],
      [tensorFrom([1, 2, 3], [3]), '[3]'],
      [tensorFrom(new Float64Array(16), [2, 2, 2, 2]), '[2,2,2,2]'],
    ];
    for (const [view, shape] of views) {
      const before = values(view);
      expect(() => view.set(0)).toThrow(
        new RegExp(`^tensor: set\\(index, .*number\\) of \\${shape.replace(']', '\\]')}, which has .* called with 1 `),
      );
      expect(values(view)).toEqual(before);
      const last = view.shape.map((extent) => extent - 1);
      expect([view.set(...last, 7), view.get(...last), values(view).at(-1)]).toEqual([7, 7, 7]);
    }
    expect([...values(cube)].filter((one) => one === 7)).toHaveLength(3);
    expect(() => ndarray(new Float32Array(24), [2, 3, 4]).set(0, 1, 5)).not.toThrow();
  });

  test('a change of the array that gave the shape does not change the tensor', () => {
    const shape = [2, 3];
    const tensors = [zeros(shape), tensorFrom([1, 2, 3, 4, 5, 6], shape)];
    shape[0] = 99;
    expect(tensors.map((tensor) => tensor.shape)).toEqual([
      [2, 3],
      [2, 3],
    ]);
  });

  test('tensorFrom uses a float array without a copy, in its own precision', () => {
    for (const data of [new Float32Array([1, 2, 3, 4]), new Float64Array([1, 2, 3, 4])]) {
      const tensor = tensorFrom(data, [2, 2]);
      expect(tensor.data).toBe(data);
      tensor.set(1, 0, 30);
      expect([...data]).toEqual([1, 2, 30, 4]);
    }
  });

  test('tensorFrom copies other numbers, row by row, in the requested precision', () => {
    const numbers = [0.1, 2, 3, 4, 5, 6];
    const single = tensorFrom(numbers, [2, 3]);
    numbers[1] = 99;
    expect(values(single)).toEqual([Math.fround(0.1), 2, 3, 4, 5, 6]);
    expect(single.get(1, 0)).toBe(4);
    expect(tensorFrom(numbers, [6], 'f64').get(0)).toBe(0.1);
    expect(values(tensorFrom(new Uint8Array([255, 7]), [2]))).toEqual([255, 7]);
  });

  test.each([
    [[0], 'tensor: shape [0]: every extent must be a whole number ≥ 1'],
    [[2, -3], 'tensor: shape [2,-3]: every extent must be a whole number ≥ 1'],
    [[2, 2.5], 'tensor: shape [2,2.5]: every extent must be a whole number ≥ 1'],
    [[NaN, 2], 'tensor: shape [NaN,2]: every extent must be a whole number ≥ 1'],
    [[Infinity], 'tensor: shape [Infinity]: every extent must be a whole number ≥ 1'],
  ])('the shape %p is refused', (shape, message) => {
    expect(messageOf(() => zeros(shape))).toBe(message);
    expect(messageOf(() => tensorFrom([], shape))).toBe(message);
  });

  test.each<[unknown, string]>([
    ['f16', 'tensor: dtype "f16": must be f32 or f64'],
    ['float32', 'tensor: dtype "float32": must be f32 or f64'],
    [null, 'tensor: dtype null: must be f32 or f64'],
  ])('zeros and tensorFrom refuse the precision %p', (dtype, message) => {
    for (const data of [[1, 2], Float32Array.of(1, 2)])
      expect(messageOf(() => tensorFrom(data, [2], dtype as DType))).toBe(message);
    expect(messageOf(() => zeros([2], dtype as DType))).toBe(message);
  });

  test.each<[unknown, string]>([
    [['', '1', 'x'], 'tensor: element 0 is "": must be a number'],
    [[1, 2, null], 'tensor: element 2 is null: must be a number'],
    [[1, , 3], 'tensor: element 1 is undefined: must be a number'], // eslint-disable-line no-sparse-arrays -- the hole is what is tested
    [[1, true, 3], 'tensor: element 1 is true: must be a number'],
    [BigInt64Array.of(1n, 2n, 3n), 'tensor: element 0 is 1n: must be a number'],
    ['123', 'tensor: data: "123": must be an object'],
    [undefined, 'tensor: data: undefined: must be an object'],
  ])('tensorFrom refuses %p, which is no list of numbers', (data, message) => {
    for (const dtype of ['f32', 'f64'] as const)
      expect(errorOf(TypeError, () => tensorFrom(data as number[], [3], dtype)).message).toBe(message);
  });

  test('tensorFrom refuses too few and too many numbers', () => {
    expect(messageOf(() => tensorFrom([1, 2, 3], [2, 2]))).toBe(
      'tensor: shape [2,2] holds 4 numbers, but 3 were given',
    );
    expect(messageOf(() => tensorFrom(new Float32Array(5), [2, 2]))).toBe(
      'tensor: shape [2,2] holds 4 numbers, but 5 were given',
    );
  });
});

describe('views', () => {
  test.each<[string, (tensor: Tensor) => Tensor, number[]]>([
    ['step 1', (tensor) => stepOf(tensor, 1), [6, 7, 8, 9, 10, 11]],
    ['the last step', (tensor) => stepOf(tensor, 3), [18, 19, 20, 21, 22, 23]],
    ['steps 1…2', (tensor) => rowsOf(tensor, 1, 3), [6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17]],
    ['rows 1…2 of a step', (tensor) => rowsOf(stepOf(tensor, 2), 1, 3), [14, 15, 16, 17]],
    ['a step transposed', (tensor) => transposeOf(stepOf(tensor, 0)), [0, 2, 4, 1, 3, 5]],
    ['a step as a vector', (tensor) => flatten(stepOf(tensor, 3)), [18, 19, 20, 21, 22, 23]],
  ])('%s reads and writes the memory of its tensor', (_, viewOf, expected) => {
    const tensor = counting([4, 3, 2]);
    const view = viewOf(tensor);
    expect(view.data).toBe(tensor.data);
    expect(values(view)).toEqual(expected);

    fill(view, -1); // written through the view, and nowhere else
    expect(values(tensor)).toEqual(Array.from({ length: 24 }, (_, n) => (expected.includes(n) ? -1 : n)));

    fill(tensor, 8); // written through the tensor
    expect(values(view)).toEqual(expected.map(() => 8));
  });

  test('have the shapes of their parts', () => {
    const tensor = zeros([4, 3, 2]);
    expect(stepOf(tensor, 0).shape).toEqual([3, 2]);
    expect(rowsOf(tensor, 1, 3).shape).toEqual([2, 3, 2]);
    expect(flatten(tensor).shape).toEqual([24]);
    expect(transposeOf(stepOf(tensor, 1)).shape).toEqual([2, 3]);
    expect(transposeOf(transposeOf(stepOf(tensor, 1))).shape).toEqual([3, 2]);
  });

  test('a single row of a wider matrix still flattens', () => {
    expect(values(flatten(columnsOf(rowsOf(counting([3, 5]), 1, 2), 1, 4)))).toEqual([6, 7, 8]);
  });

  test.each<[string, () => unknown]>([
    ['step: t = 4 of [4,3,2]: t must be in 0…3', () => stepOf(zeros([4, 3, 2]), 4)],
    ['step: t = -1 of [4,3,2]: t must be in 0…3', () => stepOf(zeros([4, 3, 2]), -1)],
    ['step: t = 0.5 of [4,3,2]: t must be in 0…3', () => stepOf(zeros([4, 3, 2]), 0.5)],
    ['step: t = NaN of [4,3,2]: t must be in 0…3', () => stepOf(zeros([4, 3, 2]), NaN)],
    ['rows: 1…5 of [4,3]: need 0 ≤ from < to ≤ 4', () => rowsOf(zeros([4, 3]), 1, 5)],
    ['rows: -1…2 of [4,3]: need 0 ≤ from < to ≤ 4', () => rowsOf(zeros([4, 3]), -1, 2)],
    ['rows: 2…2 of [4,3]: need 0 ≤ from < to ≤ 4', () => rowsOf(zeros([4, 3]), 2, 2)],
    ['rows: 3…2 of [4,3]: need 0 ≤ from < to ≤ 4', () => rowsOf(zeros([4, 3]), 3, 2)],
    ['rows: NaN…2 of [4,3]: need 0 ≤ from < to ≤ 4', () => rowsOf(zeros([4, 3]), NaN, 2)],
    ['rows: 0.5…2 of [4,3]: need 0 ≤ from < to ≤ 4', () => rowsOf(zeros([4, 3]), 0.5, 2)],
    ['rows: 0…1.5 of [4,3]: need 0 ≤ from < to ≤ 4', () => rowsOf(zeros([4, 3]), 0, 1.5)],
    ['transpose: matrix [4,3,2] must have 2 axes', () => transposeOf(zeros([4, 3, 2]))],
    ['transpose: matrix [4] must have 2 axes', () => transposeOf(zeros([4]))],
    ['flatten: [3,4] with strides [1,3] has gaps or is transposed', () => flatten(transposeOf(zeros([4, 3])))],
    ['flatten: [4,2] with strides [3,1] has gaps or is transposed', () => flatten(columnsOf(zeros([4, 3]), 1, 3))],
    ['copyInto: source [2,3] must be [3,2]', () => copyInto(zeros([3, 2]), zeros([2, 3]))],
    ['copyInto: source [6] must be [3,2]', () => copyInto(zeros([3, 2]), zeros([6]))],
    ['lstm: kernel [10,24] must be [10,20]', () => assertShape('lstm', 'kernel', zeros([10, 24]), [10, 20])],
    ['lstm: x [2] must have 2 axes', () => assertMatrix('lstm', 'x', zeros([2]))],
  ])('a wrong argument gives the error “%s”', (message, work) => {
    expect(messageOf(work)).toBe(message);
  });

  test('a shape in a message is written [128,28]', () => {
    expect([formatShape([128, 28]), formatShape([7]), formatShape([])]).toEqual(['[128,28]', '[7]', '[]']);
  });
});

describe('operations on any view', () => {
  /** Every kind of view that the mathematics uses, of random extents. */
  const anyView = fc
    .record({
      rows: fc.integer({ min: 1, max: 6 }),
      columns: fc.integer({ min: 1, max: 6 }),
      before: fc.nat({ max: 3 }),
      after: fc.nat({ max: 3 }),
      transposed: fc.boolean(),
    })
    .map(({ rows, columns, before, after, transposed }) => {
      const whole = counting([before + rows + after, after + columns + before]);
      const inside = whole.hi(before + rows, after + columns).lo(before, after);
      return { whole, view: transposed ? transposeOf(inside) : inside };
    });

  const elementByElement = (view: Tensor): number[] => {
    const found: number[] = [];
    const [rows, columns] = view.shape;
    for (let m = 0; m < rows; m++) for (let n = 0; n < columns; n++) found.push(view.get(m, n));
    return found;
  };

  test('valuesOf lists the elements in row order, in a copy', () => {
    fc.assert(
      fc.property(anyView, ({ view }) => {
        const copy = valuesOf(view);
        expect([...copy]).toEqual(elementByElement(view));
        copy.fill(-1);
        expect(elementByElement(view)).not.toContain(-1);
      }),
    );
  });

  test('copyInto writes every element of the target and nothing outside it', () => {
    fc.assert(
      fc.property(anyView, ({ whole, view }) => {
        const source = transposeOf(zeros([view.shape[1], view.shape[0]]));
        for (let m = 0; m < view.shape[0]; m++) {
          for (let n = 0; n < view.shape[1]; n++) source.set(m, n, -1 - m * view.shape[1] - n);
        }
        const before = values(whole);
        const inside = new Set(elementByElement(view));
        copyInto(view, source);
        expect(elementByElement(view)).toEqual(elementByElement(source));
        expect(values(whole).filter((value) => value >= 0)).toEqual(before.filter((value) => !inside.has(value)));
      }),
    );
  });

  test('copyInto and addInto may have views of the same memory: what is read is what the source held before', () => {
    const reversed = (tensor: Tensor): Tensor => tensor.step(-1, -1);
    const views: ((whole: Tensor) => [target: Tensor, source: Tensor])[] = [
      (whole) => [whole, transposeOf(whole)],
      (whole) => [transposeOf(whole), whole],
      (whole) => [columnsOf(whole, 1, 4), columnsOf(whole, 0, 3)],
      (whole) => [columnsOf(whole, 0, 3), columnsOf(whole, 1, 4)],
      (whole) => [rowsOf(whole, 1, 4), rowsOf(whole, 0, 3)],
      (whole) => [whole, reversed(whole)],
      (whole) => [reversed(whole), whole],
    ];
    for (const viewsOf of views) {
      const [target, source] = viewsOf(counting([4, 4]));
      const [before, given] = [target, source].map(values);
      copyInto(target, source);
      expect(values(target)).toEqual(given);
      const [sum, added] = viewsOf(counting([4, 4]));
      addInto(sum, added);
      expect(values(sum)).toEqual(before.map((value, n) => value + given[n]));
    }
    const both = new Float64Array(4);
    const [double, single] = [tensorFrom(both, [4]), tensorFrom(new Float32Array(both.buffer, 0, 4), [4])];
    fill(single, 7);
    copyInto(double, single);
    expect(values(double)).toEqual([7, 7, 7, 7]);
  });

  test('copyInto rounds to the precision of the target', () => {
    const single = zeros([2]);
    copyInto(single, tensorFrom([0.1, 1 + 2 ** -30], [2], 'f64'));
    expect(values(single)).toEqual([Math.fround(0.1), 1]);
  });

  test('norm is the Euclidean length of the view alone', () => {
    const matrix = tensorFrom([1e9, 3, 1e9, 1e9, -4, 1e9], [2, 3]);
    expect(norm(columnsOf(matrix, 1, 2))).toBe(5);
    expect(norm(transposeOf(columnsOf(matrix, 1, 2)))).toBe(5);
    expect(norm(zeros([3, 4]))).toBe(0);
    expect(norm(tensorFrom([1, NaN], [2]))).toBeNaN();
  });

  test.each([NaN, Infinity, -Infinity])('findNonFinite finds %d at every place, on every view', (bad) => {
    fc.assert(
      fc.property(anyView, fc.nat(), ({ view }, anywhere) => {
        const [rows, columns] = view.shape;
        const flat = anywhere % (rows * columns);
        const index = [Math.floor(flat / columns), flat % columns];
        expect(findNonFinite(view)).toBeUndefined();
        view.set(index[0], index[1], bad);
        expect(findNonFinite(view)).toEqual({ index, value: bad });
      }),
    );
  });

  test('findNonFinite names the first in row order, and does not look outside the view', () => {
    const cube = zeros([2, 2, 3]);
    cube.set(1, 0, 2, NaN);
    cube.set(1, 1, 0, Infinity);
    expect(findNonFinite(cube)).toEqual({ index: [1, 0, 2], value: NaN });
    expect(findNonFinite(transposeOf(stepOf(cube, 1)))).toEqual({ index: [0, 1], value: Infinity });
    expect(findNonFinite(stepOf(cube, 0))).toBeUndefined();
  });
});

test('the tests compare lists of numbers as Jest does, in less time', () => {
  const [zero, minus] = [new Float64Array(3), new Float64Array(3).fill(-0)];
  for (const [one, other] of [
    [zero, minus],
    [zero, new Float64Array(4)],
    [zero, new Float32Array(6)],
    [zero, Float64Array.of(0, 0, NaN)],
    [Buffer.alloc(3), Buffer.of(0, 0, 1)],
    [
      [1, 2],
      [1, 3],
    ],
    [[0], [-0]],
  ] as const) {
    expect({ one }).not.toEqual({ one: other });
    expect(() => expect([one]).toEqual([other])).toThrow('Expected');
  }
  expect(Buffer.alloc(3)).not.toStrictEqual(new Uint8Array(3));
  expect([zero.subarray(1), Buffer.alloc(3), [1, NaN]]).toEqual([new Float64Array(2), new Uint8Array(3), [1, NaN]]);
  expect([1, 2, undefined]).toEqual([1, expect.any(Number), undefined]);
});
