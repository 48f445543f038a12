/** The shape checks of every operation refuse wrong operands by name and shape before the backend receives them. */
import fc from 'fast-check';
import { createReferenceBackend } from '../../kernels/reference/index.js';
import type { Backend, Cost, Operations } from '../../src/core/backend.js';
import { withShapeChecks } from '../../src/core/shape-checks.js';
import { type Shape, type Tensor, rowsOf, stepOf, tensorFrom, transposeOf, zeros } from '../../src/core/tensor.js';
import { errorOf } from '../helpers/failures.js';

type Operands = Readonly<Record<string, Tensor>>;

interface Check {
  /** The operands' right shapes, in the order of the call. */
  readonly shapes: Readonly<Record<string, Shape>>;
  readonly call: (backend: Backend, operands: Operands) => void;
  /** Operand, wrong shape, message. */
  readonly wrong: readonly (readonly [string, Shape, string])[];
}

const CHECKS: Record<Exclude<keyof Operations, 'fill' | 'clipByValue' | 'clipByNorm'>, Check> = {
  matmul: {
    shapes: { out: [128, 512], a: [128, 28], b: [28, 512], bias: [512] },
    call: (backend, { out, a, b, bias }) => backend.matmul(out, a, b, { bias }),
    wrong: [
      ['b', [56, 512], 'matmul: a [128,28] · b [56,512]: inner 28 ≠ 56'],
      ['a', [128, 56], 'matmul: a [128,56] · b [28,512]: inner 56 ≠ 28'],
      ['a', [28, 128], 'matmul: a [28,128] · b [28,512]: inner 128 ≠ 28'],
      ['a', [28], 'matmul: a [28] · b [28,512]: both must have 2 axes'],
      ['b', [28, 2, 256], 'matmul: a [128,28] · b [28,2,256]: both must have 2 axes'],
      ['out', [512, 128], 'matmul: a [128,28] · b [28,512]: out [512,128] must be [128,512]'],
      ['out', [65536], 'matmul: a [128,28] · b [28,512]: out [65536] must be [128,512]'],
      ['bias', [128], 'matmul: a [128,28] · b [28,512]: bias [128] must be [512]'],
      ['bias', [1, 512], 'matmul: a [128,28] · b [28,512]: bias [1,512] must be [512]'],
    ],
  },
  columnSums: {
    shapes: { out: [3], a: [5, 3] },
    call: (backend, { out, a }) => backend.columnSums(out, a),
    wrong: [
      ['out', [5], 'columnSums: out [5] must be [3]'],
      ['out', [1, 3], 'columnSums: out [1,3] must be [3]'],
      ['a', [5, 4], 'columnSums: out [3] must be [4]'],
      ['a', [3], 'columnSums: a [3] must have 2 axes'],
    ],
  },
  lstmCellForward: {
    shapes: { h: [2, 3], c: [2, 3], gates: [2, 12], z: [2, 12], cPrev: [2, 3] },
    call: (backend, { h, c, gates, z, cPrev }) => backend.lstmCellForward(h, c, gates, z, cPrev, 1),
    wrong: [
      ['h', [2, 4], 'lstmCellForward: c [2,3] must be [2,4]'],
      ['h', [6], 'lstmCellForward: h [6] must have 2 axes'],
      ['c', [3, 2], 'lstmCellForward: c [3,2] must be [2,3]'],
      ['gates', [2, 9], 'lstmCellForward: gates [2,9] must be [2,12]'],
      ['z', [2, 3], 'lstmCellForward: z [2,3] must be [2,12]'],
      ['z', [1, 2, 12], 'lstmCellForward: z [1,2,12] must be [2,12]'],
      ['cPrev', [1, 3], 'lstmCellForward: cPrev [1,3] must be [2,3]'],
    ],
  },
  lstmCellBackward: {
    shapes: { dz: [2, 12], dc: [2, 3], dcPrev: [2, 3], dh: [2, 3], gates: [2, 12], c: [2, 3], cPrev: [2, 3] },
    call: (backend, { dz, dc, dcPrev, dh, gates, c, cPrev }) =>
      backend.lstmCellBackward(dz, dc, dcPrev, dh, gates, c, cPrev),
    wrong: [
      ['dz', [12, 2], 'lstmCellBackward: dz [12,2] must be [2,12]'],
      ['dc', [2, 12], 'lstmCellBackward: dc [2,12] must be [2,3]'],
      ['dcPrev', [3], 'lstmCellBackward: dcPrev [3] must be [2,3]'],
      ['dh', [3, 3], 'lstmCellBackward: dz [2,12] must be [3,12]'],
      ['dh', [1, 2, 3], 'lstmCellBackward: dh [1,2,3] must have 2 axes'],
      ['gates', [2, 3], 'lstmCellBackward: gates [2,3] must be [2,12]'],
      ['c', [2, 2], 'lstmCellBackward: c [2,2] must be [2,3]'],
      ['cPrev', [3, 3], 'lstmCellBackward: cPrev [3,3] must be [2,3]'],
    ],
  },
  crossEntropyForward: {
    shapes: { losses: [4], probabilities: [4, 10], logits: [4, 10], labels: [4, 10] },
    call: (backend, { losses, probabilities, logits, labels }) =>
      backend.crossEntropyForward(losses, probabilities, logits, labels),
    wrong: [
      ['losses', [10], 'crossEntropyForward: losses [10] must be [4]'],
      ['probabilities', [10, 4], 'crossEntropyForward: probabilities [10,4] must be [4,10]'],
      ['logits', [5, 10], 'crossEntropyForward: losses [4] must be [5]'],
      ['logits', [4, 9], 'crossEntropyForward: probabilities [4,10] must be [4,9]'],
      ['logits', [40], 'crossEntropyForward: logits [40] must have 2 axes'],
      ['labels', [5], 'crossEntropyForward: labels [5] must be [4]'],
      ['labels', [10, 4], 'crossEntropyForward: labels [10,4] must be [4,10]'],
    ],
  },
  crossEntropyBackward: {
    shapes: { dLogits: [4, 10], probabilities: [4, 10], labels: [4, 10] },
    call: (backend, { dLogits, probabilities, labels }) =>
      backend.crossEntropyBackward(dLogits, probabilities, labels, 4),
    wrong: [
      ['dLogits', [4, 9], 'crossEntropyBackward: probabilities [4,10] must be [4,9]'],
      ['dLogits', [40], 'crossEntropyBackward: dLogits [40] must have 2 axes'],
      ['probabilities', [4], 'crossEntropyBackward: probabilities [4] must be [4,10]'],
      ['labels', [3], 'crossEntropyBackward: labels [3] must be [4]'],
      ['labels', [10, 4], 'crossEntropyBackward: labels [10,4] must be [4,10]'],
    ],
  },
  adam: {
    shapes: { p: [10, 24], m: [10, 24], v: [10, 24], g: [10, 24] },
    call: (backend, { p, m, v, g }) => backend.adam(p, m, v, g, 0.001),
    wrong: [
      ['p', [240], 'adam: m [10,24] must be [240]'],
      ['m', [24, 10], 'adam: m [24,10] must be [10,24]'],
      ['v', [10], 'adam: v [10] must be [10,24]'],
      ['g', [10, 25], 'adam: g [10,25] must be [10,24]'],
    ],
  },
  sgd: {
    shapes: { p: [10, 24], v: [10, 24], g: [10, 24] },
    call: (backend, { p, v, g }) => backend.sgd(p, v, g, 0.1, 0.9),
    wrong: [
      ['p', [240], 'sgd: v [10,24] must be [240]'],
      ['v', [10], 'sgd: v [10] must be [10,24]'],
      ['g', [10, 25], 'sgd: g [10,25] must be [10,24]'],
    ],
  },
  errorForward: {
    shapes: { losses: [4], outputs: [4, 3], targets: [4, 3], mask: [4, 3], quantiles: [3] },
    call: (backend, { losses, outputs, targets, mask, quantiles }) =>
      backend.errorForward(losses, outputs, targets, mask, { kind: 'pinball', quantiles }),
    wrong: [
      ['losses', [3], 'errorForward: losses [3] must be [4]'],
      ['outputs', [12], 'errorForward: outputs [12] must have 2 axes'],
      ['targets', [3, 4], 'errorForward: targets [3,4] must be [4,3]'],
      ['mask', [4], 'errorForward: mask [4] must be [4,3]'],
      ['quantiles', [4], 'errorForward: quantiles [4] must be [3]'],
    ],
  },
  errorBackward: {
    shapes: { dOutputs: [4, 3], outputs: [4, 3], targets: [4, 3], mask: [4, 3], quantiles: [3] },
    call: (backend, { dOutputs, outputs, targets, mask, quantiles }) =>
      backend.errorBackward(dOutputs, outputs, targets, mask, 4, { kind: 'pinball', quantiles }),
    wrong: [
      ['dOutputs', [12], 'errorBackward: dOutputs [12] must have 2 axes'],
      ['outputs', [4, 2], 'errorBackward: outputs [4,2] must be [4,3]'],
      ['targets', [4], 'errorBackward: targets [4] must be [4,3]'],
      ['mask', [3, 3], 'errorBackward: mask [3,3] must be [4,3]'],
      ['quantiles', [4], 'errorBackward: quantiles [4] must be [3]'],
    ],
  },
  embeddingForward: {
    shapes: { out: [5, 8], a: [3, 8], indices: [5], bias: [8] },
    call: (backend, { out, a, indices, bias }) => backend.embeddingForward(out, a, indices, bias),
    wrong: [
      ['out', [40], 'embeddingForward: out [40] must have 2 axes'],
      ['a', [3, 7], 'embeddingForward: a [3,7] must be [3,8]'],
      ['a', [24], 'embeddingForward: a [24] must have 2 axes'],
      ['indices', [4], 'embeddingForward: indices [4] must be [5]'],
      ['bias', [3], 'embeddingForward: bias [3] must be [8]'],
    ],
  },
  embeddingBackward: {
    shapes: { out: [3, 8], indices: [5], a: [5, 8] },
    call: (backend, { out, indices, a }) => backend.embeddingBackward(out, indices, a),
    wrong: [
      ['out', [3, 7], 'embeddingBackward: a [5,8] must be [5,7]'],
      ['indices', [3], 'embeddingBackward: indices [3] must be [5]'],
      ['a', [40], 'embeddingBackward: a [40] must have 2 axes'],
    ],
  },
  multiply: {
    shapes: { out: [3, 2], a: [3, 2], b: [3, 2] },
    call: (backend, { out, a, b }) => backend.multiply(out, a, b),
    wrong: [
      ['out', [6], 'multiply: a [3,2] must be [6]'],
      ['a', [3, 1], 'multiply: a [3,1] must be [3,2]'],
      ['b', [2, 3], 'multiply: b [2,3] must be [3,2]'],
    ],
  },
  add: {
    shapes: { out: [3, 2], a: [3, 2] },
    call: (backend, { out, a }) => backend.add(out, a),
    wrong: [
      ['out', [6], 'add: a [3,2] must be [6]'],
      ['a', [2, 3], 'add: a [2,3] must be [3,2]'],
    ],
  },
  copy: {
    shapes: { out: [3, 2], a: [3, 2] },
    call: (backend, { out, a }) => backend.copy(out, a),
    wrong: [
      ['out', [6], 'copy: a [3,2] must be [6]'],
      ['a', [2, 3], 'copy: a [2,3] must be [3,2]'],
    ],
  },
};

/** A backend that computes nothing, and records the operations that reach it with their operands. */
function recordingBackend() {
  const calls: { operation: string; operands: readonly unknown[] }[] = [];
  const recorders: Partial<Operations> = {};
  for (const operation of [...Object.keys(CHECKS), 'clipByValue', 'clipByNorm'] as (keyof Operations)[])
    recorders[operation] = (...operands: readonly unknown[]) => calls.push({ operation, operands });
  const backend = withShapeChecks<Backend>({ ...createReferenceBackend(), ...recorders });
  return { backend, calls };
}

const allocateAll = (shapes: Readonly<Record<string, Shape>>): Operands =>
  Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, zeros(shape)]));

describe.each(Object.entries(CHECKS))('%s', (operation, { shapes, call, wrong }) => {
  test('passes right operands on once, unchanged', () => {
    const { backend, calls } = recordingBackend();
    const operands = allocateAll(shapes);
    call(backend, operands);
    expect(calls.map((seen) => seen.operation)).toEqual([operation]);
    const { bias, quantiles, ...positional } = operands;
    const passed = calls[0].operands;
    Object.values(positional).forEach((tensor, place) => expect(passed[place]).toBe(tensor));
    if (operation === 'matmul') expect(passed[3]).toEqual({ bias });
    if (operation.startsWith('error')) expect(passed.at(-1)).toEqual({ kind: 'pinball', quantiles });
  });

  test.each(wrong)('refuses %s %j', (name, shape, message) => {
    const { backend, calls } = recordingBackend();
    expect(() => call(backend, allocateAll({ ...shapes, [name]: shape }))).toThrow(new RangeError(message));
    expect(calls).toEqual([]);
  });

  test('is tested with a wrong shape of every operand', () => {
    expect(new Set(wrong.map(([name]) => name))).toEqual(new Set(Object.keys(shapes)));
  });

  // No other operand can make up for a wrong rank.
  test.each(Object.keys(shapes))('refuses %s with one axis too many', (name) => {
    const { backend, calls } = recordingBackend();
    expect(() => call(backend, allocateAll({ ...shapes, [name]: [1, ...shapes[name]] }))).toThrow(
      new RegExp(`^${operation}: .*\\[1,${shapes[name].join(',')}\\]`),
    );
    expect(calls).toEqual([]);
  });
});

test('a copy or a sum whose output overlaps its input is refused: its result would depend on the order of work', () => {
  const { backend } = recordingBackend();
  const a = zeros([4, 4]);
  expect(() => backend.copy(rowsOf(a, 1, 4), rowsOf(a, 0, 3))).toThrow(
    'copy: out [3,4] and a [3,4] share memory: give out a tensor of its own',
  );
  expect(() => backend.columnSums(a.pick(0), a)).toThrow('columnSums: out [4] and a [4,4] share memory');
});

describe.each(['clipByValue', 'clipByNorm'] as const)('%s', (operation) => {
  const matrix = zeros([3, 4]);

  test('passes gradients of any shape on, also none, and those whose rows lie apart', () => {
    const { backend, calls } = recordingBackend();
    const lists = [[], [matrix, zeros([5]), zeros([2, 3, 4])], [rowsOf(matrix, 0, 1), rowsOf(matrix, 1, 3)]];
    for (const gradients of lists) backend[operation](gradients, Infinity);
    expect(calls.map(({ operands: [gradients] }) => gradients)).toEqual(lists);
  });

  test.each<[string, unknown, unknown, Error]>([
    ['one tensor', matrix, 1, new TypeError(`${operation}: gradients is an Object: must be a list of tensors`)],
    ['a text as limit', [], '1', new TypeError(`${operation}: limit is "1": must be a number`)],
    ['a limit of 0', [], 0, new RangeError(`${operation}: limit is 0: must be a number > 0`)],
    ['NaN', [], NaN, new RangeError(`${operation}: limit is NaN: must be a number > 0`)],
    [
      'a transpose',
      [matrix, transposeOf(zeros([2, 3]))],
      1,
      new RangeError(`${operation}: [3,2] with strides [1,3] has gaps or is transposed`),
    ],
    [
      'rows that belong to two gradients',
      [zeros([2]), rowsOf(matrix, 0, 2), rowsOf(matrix, 1, 3)],
      1,
      new RangeError(
        `${operation}: gradients[2] [2,4] and gradients[1] [2,4] share memory: give gradients[2] a tensor of its own`,
      ),
    ],
  ])('refuses %s', (_, gradients, limit, refusal) => {
    const { backend, calls } = recordingBackend();
    expect(errorOf(Error, () => (backend[operation] as (...operands: unknown[]) => void)(gradients, limit))).toEqual(
      refusal,
    );
    expect(calls).toEqual([]);
  });
});

describe('memory that a product shares with its operands', () => {
  const A = zeros([4, 4]);
  const B = zeros([4, 4]);
  const cube = zeros([3, 4, 4]);

  test.each<[string, Tensor, Tensor, Tensor, string]>([
    ['out is a', A, A, B, 'matmul: out [4,4] and a [4,4] share memory: give out a tensor of its own'],
    ['out is b', B, A, B, 'matmul: out [4,4] and b [4,4] share memory: give out a tensor of its own'],
    ['out is a transposed', transposeOf(A), A, B, 'matmul: out [4,4] and a [4,4] share memory'],
    ['b is out transposed', A, B, transposeOf(A), 'matmul: out [4,4] and b [4,4] share memory'],
    ['one row is common', rowsOf(A, 0, 2), rowsOf(A, 1, 3), B, 'matmul: out [2,4] and a [2,4] share memory'],
    ['one element is common', A.hi(2, 2), A.hi(4, 4).lo(1, 1).hi(2, 3), zeros([3, 2]), 'out [2,2] and a [2,3] share'],
    ['out is a step of a', stepOf(cube, 1), rowsOf(stepOf(cube, 1), 0, 4), B, 'out [4,4] and a [4,4] share memory'],
  ])('is refused if %s', (_, out, a, b, message) => {
    const { backend, calls } = recordingBackend();
    expect(() => backend.matmul(out, a, b)).toThrow(message);
    expect(() => backend.matmul(out, a, b, { accumulate: true })).toThrow(message);
    expect(calls).toEqual([]);
  });

  test('disjoint steps and rows of one tensor are allowed, and a may be b', () => {
    const { backend, calls } = recordingBackend();
    backend.matmul(stepOf(cube, 1), stepOf(cube, 0), stepOf(cube, 2));
    backend.matmul(rowsOf(A, 0, 2), rowsOf(A, 2, 4), B);
    backend.matmul(B, A, transposeOf(A));
    expect(calls).toHaveLength(3);
  });

  test('a bias inside out is refused: out is overwritten before the bias is read', () => {
    const { backend } = recordingBackend();
    const out = zeros([4, 4]);
    expect(() => backend.matmul(out, A, B, { bias: stepOf(out, 0) })).toThrow(
      'matmul: out [4,4] and bias [4] share memory: give out a tensor of its own',
    );
  });

  test('is found in two arrays over one buffer', () => {
    const { backend } = recordingBackend();
    const buffer = new ArrayBuffer(4 * 20);
    const out = tensorFrom(new Float32Array(buffer, 0, 16), [4, 4]);
    const a = tensorFrom(new Float32Array(buffer, 16, 16), [4, 4]);
    expect(() => backend.matmul(out, a, B)).toThrow('matmul: out [4,4] and a [4,4] share memory');
  });

  test('is found for all overlapping row ranges of one tensor, and for no others', () => {
    const range = fc.tuple(fc.nat({ max: 7 }), fc.integer({ min: 1, max: 8 })).filter(([from, to]) => from < to);
    fc.assert(
      fc.property(range, range, ([outFrom, outTo], [aFrom, aTo]) => {
        const { backend } = recordingBackend();
        const whole = zeros([8, 3]);
        const out = rowsOf(whole, outFrom, outTo);
        // out `[M,3]` = a `[M,K]` · b `[K,3]`; here b is the view of `whole`, with K rows
        const multiply = () => backend.matmul(out, zeros([outTo - outFrom, aTo - aFrom]), rowsOf(whole, aFrom, aTo));
        if (outFrom < aTo && aFrom < outTo) expect(multiply).toThrow(/share memory/);
        else expect(multiply).not.toThrow();
      }),
    );
  });
});

describe('class indices', () => {
  const backend = withShapeChecks(createReferenceBackend());
  test.each([3, -1, 0.5, NaN])('%p is none of 3 rows', (index) => {
    const indices = tensorFrom([0, index], [2]);
    const message = `indices[1] is ${index}: must be a whole number in 0…2`;
    expect(() => backend.embeddingForward(zeros([2, 4]), zeros([3, 4]), indices, zeros([4]))).toThrow(
      new RangeError(`embeddingForward: ${message}`),
    );
    expect(() => backend.embeddingBackward(zeros([3, 4]), indices, zeros([2, 4]))).toThrow(
      new RangeError(`embeddingBackward: ${message}`),
    );
  });
});

test.each([-2, 3, 0.5, NaN])('the class %p of 3 is refused', (label) => {
  const backend = withShapeChecks(createReferenceBackend());
  const labels = tensorFrom([0, label], [2]);
  const message = `labels[1] is ${label}: must be a whole number in -1…2`;
  expect(() => backend.crossEntropyForward(zeros([2]), zeros([2, 3]), zeros([2, 3]), labels)).toThrow(
    new RangeError(`crossEntropyForward: ${message}`),
  );
  expect(() => backend.crossEntropyBackward(zeros([2, 3]), zeros([2, 3]), labels, 2)).toThrow(
    new RangeError(`crossEntropyBackward: ${message}`),
  );
});

describe('a number that is none is refused at the call, so no later download fails', () => {
  const backend = withShapeChecks(createReferenceBackend());
  const [a, b, c, d] = [zeros([2, 3]), zeros([2, 3]), zeros([2, 3]), zeros([2, 3])];
  const [gates, z, labels] = [zeros([2, 12]), zeros([2, 12]), zeros([2])];
  const CALLS: Readonly<Record<string, (value: number) => void>> = {
    'fill: value is': (value) => backend.fill(a, value),
    'adam: rate is': (value) => backend.adam(a, b, c, zeros([2, 3]), value),
    'clipByValue: limit is': (value) => backend.clipByValue([a], value),
    'clipByNorm: limit is': (value) => backend.clipByNorm([a], value),
    'sgd: rate is': (value) => backend.sgd(a, b, c, value, 0.9),
    'sgd: momentum is': (value) => backend.sgd(a, b, c, 0.1, value),
    'lstmCellForward: forgetBias is': (value) => backend.lstmCellForward(a, b, gates, z, c, value),
    'crossEntropyBackward: count': (value) => backend.crossEntropyBackward(a, b, labels, value),
    'errorBackward: count': (value) => backend.errorBackward(a, b, c, d, value, { kind: 'squared' }),
    'errorForward: delta': (value) => backend.errorForward(labels, a, b, c, { kind: 'huber', delta: value }),
    'errorBackward: delta': (value) => backend.errorBackward(a, b, c, d, 1, { kind: 'huber', delta: value }),
  };
  test.each(Object.entries(CALLS))('%s', (what, call) => {
    for (const [value, shown] of [
      [undefined, 'undefined'],
      [null, 'null'],
      ['3', '"3"'],
      [[3], 'an Array'],
    ]) {
      expect(() => call(value as unknown as number)).toThrow(
        new TypeError(`${what} ${shown as string}: must be a number`),
      );
    }
    expect(() => call(1)).not.toThrow();
  });
});

test.each([0, -1, NaN])('a loss over %p rows is refused', (count) => {
  const backend = withShapeChecks(createReferenceBackend());
  const [a, b] = [zeros([2, 3]), zeros([2, 3])];
  expect(() => backend.crossEntropyBackward(zeros([2, 3]), a, b, count)).toThrow(
    new RangeError(`crossEntropyBackward: count ${count}: must be how many rows or numbers count, > 0`),
  );
});

test.each([
  [undefined, 'cost: undefined: must be an object'],
  ['squared', 'cost: "squared": must be an object'],
  [{}, 'cost undefined: must be one of squared, absolute, huber, pinball'],
  [{ kind: 'cubed' }, 'cost "cubed": must be one of squared, absolute, huber, pinball'],
])('the cost %j is refused', (cost, message) => {
  const backend = withShapeChecks(createReferenceBackend());
  const [losses, a] = [zeros([2]), zeros([2, 3])];
  expect(() => backend.errorForward(losses, a, a, a, cost as Cost)).toThrow(`errorForward: ${message}`);
  expect(() => backend.errorBackward(a, a, a, a, 1, cost as Cost)).toThrow(`errorBackward: ${message}`);
});
