/** The tensors of an LSTM: with lengths, over existing tensors; and the errors for wrong ones. */
import { createReferenceBackend } from '../../kernels/reference/index.js';
import type { Backend } from '../../src/core/backend.js';
import { OutOfMemoryError } from '../../src/core/errors.js';
import { fillRandom, Random } from '../../src/core/rng.js';
import type { Shape, Tensor } from '../../src/core/tensor.js';
import { valuesOf, zeros } from '../../src/core/tensor.js';
import type { Lstm, LstmSizes } from '../../src/equations/lstm-tensors.js';
import { allocateLstm, bindLstm, setLengths } from '../../src/equations/lstm-tensors.js';
import { lstmBackward, lstmForward } from '../../src/equations/lstm.js';
import { countingBackend } from '../helpers/backends.js';
import { randomLstm } from '../helpers/random-model.js';

const f64 = createReferenceBackend({ dtype: 'f64' });

describe('an LSTM that does not fit into memory', () => {
  test.each([1, 7, 14])('frees the %d tensors that were allocated before the memory was full', (fitting) => {
    const { backend, held } = countingBackend({ fits: (_, tensors) => tensors.size < fitting });
    expect(() => allocateLstm(backend, { T: 2, B: 2, I: 2, H: 2 })).toThrow(OutOfMemoryError);
    expect(held.size).toBe(0);
  });
});

describe('lengths', () => {
  const sizes = { T: 5, B: 4, I: 2, H: 3 };

  test.each([
    [false, [4, 3, 3, 1, 0]],
    [true, [0, 1, 3, 3, 4]],
  ])('each step computes only the sequences that run, in reverse: %p', (reverse, counts) => {
    const rows: number[] = [];
    const lstm = allocateLstm(f64, sizes, { reverse });
    setLengths(lstm, [4, 3, 3, 1]);
    const count = ({ shape: [B] }: Tensor) => rows.push(B);
    for (const pass of [lstmForward, lstmBackward]) {
      pass({ ...f64, lstmCellForward: count, lstmCellBackward: count }, lstm);
    }
    const running = counts.filter((count) => count > 0);
    expect(rows).toEqual([...running, ...running.reverse()]);
  });
  test('may be set again: a full batch after a short one computes the bits of a new LSTM', () => {
    const lstm = randomLstm(f64, sizes);
    setLengths(lstm, [3, 2, 1, 1]);
    lstmForward(f64, lstm);
    lstmBackward(f64, lstm);
    setLengths(lstm, new Uint32Array(4).fill(5));
    const other = randomLstm(f64, sizes);
    for (const each of [lstm, other]) {
      lstmForward(f64, each);
      lstmBackward(f64, each);
    }
    for (const name of ['h', 'c', 'dh', 'dc', 'dx', 'dKernel', 'dBias'] as const) {
      expect(valuesOf(lstm[name])).toEqual(valuesOf(other[name]));
    }
  });
  test('many times, in any order, compute the bits of new LSTMs, also in reverse', () => {
    const random = new Random(1);
    for (const reverse of [false, true]) {
      const kept = allocateLstm(f64, sizes, { reverse });
      for (let n = 0; n < 30; n++) {
        const lengths = Array.from({ length: 4 }, () => 1 + random.below(5)).sort((a, b) => b - a);
        const other = allocateLstm(f64, sizes, { reverse });
        for (const lstm of [kept, other]) {
          for (const name of ['x', 'kernel', 'bias', 'h', 'c', 'dhUpstream', 'dcUpstream'] as const) {
            const draws = new Random(n);
            fillRandom(lstm[name], () => draws.normal(0, 0.5));
          }
          setLengths(lstm, lengths);
          lstmForward(f64, lstm);
          lstmBackward(f64, lstm);
        }
        for (const name of ['h', 'c', 'dh', 'dc', 'dx', 'dKernel', 'dBias'] as const) {
          expect(valuesOf(kept[name])).toEqual(valuesOf(other[name]));
        }
      }
    }
  });
  test('keep the views of the B_t that a step had before', () => {
    const lstm = allocateLstm(f64, sizes);
    const stepsFor = (lengths: number[]) => {
      setLengths(lstm, lengths);
      return lstm.steps;
    };
    const first = stepsFor([5, 3, 3, 1]); // B_t 4, 3, 3, 1, 1
    const second = stepsFor([5, 4, 3, 2]); // B_t 4, 4, 3, 2, 1
    expect(second.map((step, t) => step === first[t])).toEqual([true, false, true, false, true]);
    const again = stepsFor([5, 3, 3, 1]);
    again.forEach((step, t) => expect(step).toBe(first[t]));
  });
  test('keep the views of at most 4096 steps, those that were used last', () => {
    const lstm = allocateLstm(f64, { T: 2000, B: 4, I: 1, H: 1 }); // two B_t for each step
    const lastFor = (running: number) => {
      const lengths = [0, 1, 2, 3].map((b) => (b < running ? 2000 : 1));
      setLengths(lstm, lengths);
      return lstm.steps[1999];
    };
    const [one, two] = [lastFor(1), lastFor(2)];
    expect(lastFor(1)).toBe(one);
    lastFor(3); // in place of 2
    expect(lastFor(1)).toBe(one);
    expect(lastFor(2)).not.toBe(two);
  });
  test.each([
    [[5, 5, 5], 'lengths: 3 numbers for a batch of 4 sequences'],
    [[5, 5, 5, 5, 5], 'lengths: 5 numbers for a batch of 4 sequences'],
    [[6, 5, 5, 5], 'lengths[0] is 6: must be a whole number in 1…5'],
    [[5, 4, 3, 0], 'lengths[3] is 0: must be a whole number in 1…5'],
    [[5, 2.5, 2, 1], 'lengths[1] is 2.5: must be a whole number in 1…5'],
    [[NaN, 5, 5, 5], 'lengths[0] is NaN: must be a whole number in 1…5'],
    [[5, 2, 3, 1], 'lengths: 2 comes before 3: sort the batch, the longest first'],
  ])('%j are refused, and nothing changes', (lengths, message) => {
    const lstm = allocateLstm(f64, sizes);
    const { steps } = lstm;
    expect(() => setLengths(lstm, lengths)).toThrow(new RangeError(message));
    expect(lstm.steps).toBe(steps);
  });
});

describe('bindLstm', () => {
  const sizes = { T: 5, B: 2, I: 4, H: 3 };
  const zerosOf = (shapes: readonly Shape[]): Tensor[] => shapes.map((shape) => zeros(shape, 'f64'));
  const bound = (inputs: readonly Shape[], dInputs: readonly Shape[] = []): Lstm =>
    bindLstm(sizes, { ...allocateLstm(f64, sizes), inputs: zerosOf(inputs), dInputs: zerosOf(dInputs) });

  /** The shapes of inputs of these widths. */
  const of = (...widths: number[]): Shape[] => widths.map((width) => [5, 2, width]);
  const INDICES: Shape[] = [[5, 2]];

  test.each<[readonly Shape[], readonly Shape[]]>([
    [of(4), []],
    [of(4), of(4)],
    [of(1, 3), []],
    [of(1, 1, 2), of(1, 1, 2)],
    [INDICES, []],
  ])('accepts the inputs %j with the gradients %j', (inputs, dInputs) => {
    const { Wx, dWx, Wh, dWh, WxTransposed, WhTransposed } = bound(inputs, dInputs);
    const rows = [...inputs.map((shape) => shape.at(2) ?? 4), 3];
    const shapesOf = (tensors: readonly Tensor[]) => tensors.map(({ shape }) => shape);
    expect(shapesOf([...Wx, Wh, ...dWx, dWh])).toEqual([...rows, ...rows].map((n) => [n, 12]));
    expect(shapesOf([...WxTransposed, WhTransposed])).toEqual(rows.map((n) => [12, n]));
  });
  test.each<[readonly Shape[], readonly Shape[], string]>([
    [of(3), [], 'lstm: inputs [5,2,3]: have 3 numbers a step, but I is 4'],
    [of(3, 2), [], 'lstm: inputs [5,2,3], [5,2,2]: have 5 numbers a step, but I is 4'],
    [[], [], 'lstm: inputs none: have 0 numbers a step, but I is 4'],
    [[[4, 2, 4]], [], 'lstm: inputs[0] [4,2,4] must be [5,2,4]'],
    [[...of(1), [5, 3, 3]], [], 'lstm: inputs[1] [5,3,3] must be [5,2,3]'],
    [[[5, 2, 2, 2]], [], 'lstm: inputs[0] [5,2,2,2] must be [5,2,2]'],
    [[[2, 5]], [], 'lstm: inputs[0] [2,5] must be [5,2]'],
    [of(4), of(3), 'lstm: dInputs[0] [5,2,3] must be [5,2,4]'],
    [of(1, 3), of(1), 'lstm: dInputs: 1 for 2 inputs: give one for each, or none'],
    [of(4), of(4, 4), 'lstm: dInputs: 2 for 1 inputs: give one for each, or none'],
    [INDICES, INDICES, 'lstm: dInputs: class indices have no gradient: leave dInputs out'],
  ])('refuses the inputs %j with the gradients %j', (inputs, dInputs, message) => {
    expect(() => bound(inputs, dInputs)).toThrow(new RangeError(message));
  });
  test('refuses a dcUpstream of another shape', () => {
    const dcUpstream = zeros([5, 2, 3], 'f64');
    expect(() => bindLstm(sizes, { ...allocateLstm(f64, sizes), dcUpstream })).toThrow(
      new RangeError('lstm: dcUpstream [5,2,3] must be [6,2,3]'),
    );
  });
  test('over the tensors of another LSTM has its own options', () => {
    const other = allocateLstm(f64, sizes, { forgetBias: 0.37, reverse: true });
    expect(bindLstm(sizes, other)).toMatchObject({ forgetBias: 1, reverse: false, initial: { h: { offset: 0 } } });
  });
});

test.each([
  [{ T: 0, B: 1, I: 1, H: 1 }, 'lstm: T is 0: must be a whole number ≥ 1'],
  [{ T: 1, B: 1.5, I: 1, H: 1 }, 'lstm: B is 1.5: must be a whole number ≥ 1'],
  [{ T: 1, B: 1, H: 1 }, 'lstm: I is undefined: must be a whole number ≥ 1'],
  [{ T: 1, B: 1, I: 1, H: '4' }, 'lstm: H is "4": must be a whole number ≥ 1'],
])('the error for sizes %j names the wrong one', (sizes, message) => {
  expect(() => allocateLstm(createReferenceBackend(), sizes as LstmSizes)).toThrow(new RangeError(message));
});

test('a promise in place of a backend is a TypeError that says so', () => {
  const promised = Promise.resolve(createReferenceBackend()) as unknown as Backend;
  expect(() => allocateLstm(promised, { T: 1, B: 1, I: 1, H: 1 })).toThrow(
    new TypeError('backend: a Promise: must be a backend, as in await createWasmBackend()'),
  );
});

describe('the options of an LSTM', () => {
  const sizes = { T: 2, B: 2, I: 2, H: 2 };
  const tensors = { ...allocateLstm(f64, sizes) };
  const { backend, held } = countingBackend();
  const makers: [string, (options: object) => unknown][] = [
    ['allocateLstm', (options) => allocateLstm(backend, sizes, options)],
    ['bindLstm', (options) => bindLstm(sizes, tensors, options)],
  ];

  test.each(makers)('are checked by %s, before anything is allocated', (_, make) => {
    const refusals: [object | null, Error][] = [
      [{ forgetbias: 5 }, new TypeError('lstm: forgetbias: unknown option; did you mean forgetBias?')],
      [{ reversed: true }, new TypeError('lstm: reversed: unknown option; did you mean reverse?')],
      [{ forgetBias: '5' }, new TypeError('lstm: forgetBias "5": must be a number')],
      [{ reverse: 1 }, new TypeError('lstm: reverse 1: must be a boolean')],
      [{ forgetBias: NaN }, new RangeError('lstm: forgetBias is NaN: must be finite')],
      [{ forgetBias: Infinity }, new RangeError('lstm: forgetBias is Infinity: must be finite')],
      [null, new TypeError('lstm: null: must be an object')],
    ];
    for (const [options, error] of refusals) expect(() => make(options!)).toThrow(error);
    expect(held.size).toBe(0);
  });
  test('have defaults, also if they are undefined', () => {
    const lstm = bindLstm(sizes, tensors, { forgetBias: undefined, reverse: undefined } as object);
    expect([lstm.forgetBias, lstm.reverse]).toEqual([1, false]);
  });
  test('have indices only if the input is allocated', () => {
    expect(allocateLstm(f64, sizes, { indices: true }).x.shape).toEqual([2, 2]);
    const bind = () => bindLstm(sizes, tensors, { indices: true } as object);
    expect(bind).toThrow(new TypeError('lstm: indices: unknown option; known options: forgetBias, reverse'));
    expect(() => allocateLstm(f64, sizes, { indices: 1 } as object)).toThrow('lstm: indices 1: must be a boolean');
  });
});
