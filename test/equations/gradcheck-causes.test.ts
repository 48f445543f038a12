/** Why a gradient is wrong: each cause is found. The random passes are in gradcheck-random.test.ts. */
import { checkGradients } from '../../src/equations/gradcheck.js';
import type { GradientCheck } from '../../src/equations/gradcheck-problem.js';
import { type Gradients, problemOf, reportsWith, times } from '../helpers/gradient-problem.js';

const causesOf = async (change: (right: Gradients, dy: Float64Array) => Gradients, seed = 1) =>
  Object.fromEntries((await reportsWith(seed, change)).reports.map(({ name, cause }) => [name, cause]));

const turned = (list: Float64Array, N: number): Float64Array =>
  list.map((_, n) => list[(n % N) * N + Math.floor(n / N)]);
const change =
  (name: string, of: (list: Float64Array, right: Gradients) => Float64Array) =>
  (right: Gradients): Gradients => ({ ...right, [name]: of(right[name], right) });

const { gradients: partOf, values: given } = problemOf(1);

test.each<[string, (right: Gradients, dy: Float64Array) => Gradients, string, string]>([
  [
    'twice',
    change('W', times(2)),
    'W',
    'Every number of the gradient of W is 2 times the expected one: is it added twice?',
  ],
  [
    'the sign, in two tensors',
    (right) => ({ ...right, W: times(-1)(right.W), b: times(-1)(right.b) }),
    'b',
    'The gradients of W and b have the wrong sign: every number is -1 times the expected one.',
  ],
  [
    '1/B, a size',
    change('b', times(1 / 4)),
    'b',
    'Every number of the gradient of b is the expected one divided by 4: is there a division too many? 4 is the extent of axis 0 of the outputs [4,3].',
  ],
  [
    '-8, which is no size',
    change('b', times(-8)),
    'b',
    'Every number of the gradient of b is -8 times the expected one: sign, and division by 8?',
  ],
  [
    'another factor',
    change('x', times(0.37)),
    'x',
    'Every number of the gradient of x is 0.37 times the expected one.',
  ],
  [
    'a transpose',
    change('W', (list) => turned(list, 5)),
    'W',
    'The gradient of W is transposed: rows and columns are exchanged.',
  ],
  [
    'a transpose that is no square',
    change('V', (list) => list.map((_, n) => list[(n % 5) * 3 + Math.floor(n / 5)])),
    'V',
    'The gradient of V is transposed: rows and columns are exchanged.',
  ],
  [
    'zero',
    change('V', times(0)),
    'V',
    'The gradient of V is 0 everywhere: nothing is added to it, a factor of every number is 0, or 0 is written there too late.',
  ],
  ['never written', change('V', times(NaN)), 'V', 'The gradient of V is NaN everywhere: does anything write it?'],
  [
    'some rows only',
    change('V', (list) => list.map((value, n) => (n < 6 ? value : 0))),
    'V',
    'In the gradient of V, rows 2 to 4 are 0, and all other numbers are right.',
  ],
  [
    'only the last',
    change('x', (list) => list.map((value, n) => (n < 15 ? 0 : value))),
    'x',
    'In the gradient of x, rows 0 to 2 are 0, and all other numbers are right.',
  ],
  [
    'half of one column',
    change('x', (list) => list.map((value, n) => (n % 5 === 1 ? value / 2 : value))),
    'x',
    'Every number of column 1 of the gradient of x is the expected one divided by 2: is there a division too many?',
  ],
  [
    'one wrong element',
    change('W', (list) => list.map((value, n) => (n === 7 ? value + 0.1 : value))),
    'W',
    'In the gradient of W, only row 1 is wrong.',
  ],
  [
    'the last row of the outputs alone',
    (right, dy) => ({ ...right, W: partOf(dy, (row) => row === 3).W }),
    'W',
    'The gradient of W has the expected numbers of a loss of the last row of the outputs alone.',
  ],
  [
    'exchanged rows',
    change('V', (list) => list.map((_, n) => list[n < 3 ? n + 3 : n < 6 ? n - 3 : n])),
    'V',
    'In the gradient of V, row 0 has the expected numbers of row 1 and row 1 has the expected numbers of row 0.',
  ],
  [
    'exchanged rows beside a wrong one',
    change('V', (list) => list.map((value, n) => (n < 6 ? list[(n + 3) % 6] : n < 9 ? value + Math.cos(n) : value))),
    'V',
    'In the gradient of V, only rows 3 and 4 are right.',
  ],
  [
    'an added input',
    change('x', (list) => list.map((value, n) => value + given.x[n])),
    'x',
    'In the gradient of x, a term is added that equals x.',
  ],
  [
    'an added term',
    change('x', (list) => list.map((value, n) => value + 0.01 * given.x[n])),
    'x',
    'In the gradient of x, a term is added that equals 0.01 times x.',
  ],
  [
    'a constant in each row',
    change('W', (list) => list.map((value, n) => value - Math.floor(n / 5))),
    'W',
    'In the gradient of W, the difference from the expected numbers is the same in each row: is a term with a mean or a sum missing or wrong?',
  ],
])('the cause of %s', async (_, spoilt, name, cause) => {
  expect((await causesOf(spoilt))[name]).toBe(cause);
});

test('two tensors exchanged, and a term that is the gradient of another one', async () => {
  const list = (...values: number[]): Float64Array => Float64Array.from(values);
  const [p, q] = [list(0.3, -0.2, 0.9), list(1.1, 0.4, -0.7)];
  const loss = (): number => p.reduce((sum, value, n) => sum + Math.sin(value) * q[n] ** 2, 0);
  const right = () => ({
    p: p.map((value, n) => Math.cos(value) * q[n] ** 2),
    q: q.map((value, n) => 2 * Math.sin(p[n]) * value),
  });
  const causes = async (spoil: (of: ReturnType<typeof right>) => ReturnType<typeof right>) =>
    (await checkGradients({ inputs: { p, q }, loss, gradients: () => spoil(right()) })).map(({ cause }) => cause);
  const exchanged = 'The gradients of p and q are exchanged: each has the expected numbers of the other.';
  expect(await causes((of) => ({ p: of.q, q: of.p }))).toEqual([exchanged, exchanged]);
  expect(await causes((of) => ({ p: of.p.map((value, n) => value - of.q[n]), q: of.p }))).toEqual([
    'In the gradient of p, a term is missing that equals the gradient of q.',
    'The gradient of q has the expected numbers of the gradient of p.',
  ]);
  expect(await causes((of) => of)).toEqual([undefined, undefined]);
});

describe('what is wrong with the measurement', () => {
  const causeOf = async (
    loss: (w: Float64Array) => number,
    gradient: number[],
    options: Partial<GradientCheck> = {},
  ) => {
    const w = Float64Array.of(0.5, 1e-4);
    const check = { inputs: { w }, loss: () => loss(w), gradients: () => ({ w: gradient }), ...options };
    const [{ ok, cause }] = await checkGradients(check);
    if (ok) expect(cause).toBe(undefined);
    expect([...w]).toEqual([0.5, 1e-4]);
    return cause;
  };

  test('a kink, a jump, and a loss that is not deterministic or not finite', async () => {
    const relu = ([a, b]: Float64Array): number => a ** 2 + Math.max(0, b);
    expect(await causeOf(relu, [1, 1])).toBe(
      'The loss has a kink if w[1] moves by -0.0001, within the difference: there its derivative with respect to w[1] changes from 0 to 1. Take other inputs, or a smaller step.',
    );
    expect(await causeOf(([a, b]) => a + Math.abs(b - 1e-4), [1, 0])).toBe(undefined);
    expect(await causeOf(([a, b]) => a + Math.max(0, b - 1e-4), [1, 1])).toMatch(
      /^The loss has a kink at the given inputs, .* changes from 0 to 1\./,
    );
    expect(await causeOf(([a, b]) => a + (b > 0 ? b + 1 : b), [1, 1])).toBe(
      'The loss jumps by 1 if w[1] moves by -0.0001, within the difference: there it has no derivative.',
    );
    const atInputs = 'The loss jumps by 1 at the given inputs, within the difference: there it has no derivative.';
    expect(await causeOf(([, b]) => Math.floor(b + 1 - 1e-4), [0, 0])).toBe(atInputs);
    expect(await causeOf(([a, b]) => Math.floor(2 * a) + Math.floor(b + 1 - 1e-4), [0, 0])).toBe(atInputs);
    expect(await causeOf(([, b]) => Number(b === 1e-4), [0, 3])).toBe(atInputs); // a single point above its neighbours
    let calls = 0;
    expect(await causeOf(([a, b]) => a + b + 0.01 * Math.sin(++calls), [1, 1])).toMatch(
      /^The loss is not deterministic: at the same point it was [\d.]+ and then [\d.]+\.$/,
    );
    expect(await causeOf(([, b]) => Math.log(b), [0, 1e4])).toBe(
      'The loss is not finite if w[1] moves by 0.001 or 0.002: take a smaller step, or other inputs.',
    );
    expect(await causeOf(() => NaN, [0, 0])).toBe('The loss is NaN at the given inputs.');
  });

  test('beside a kink, nothing is said about the numbers of a wrong gradient', async () => {
    const notExact =
      /^The numeric derivative with respect to w\[1\] is not exact: .* Take other inputs, or another step\.$/;
    expect(await causeOf(([a, b]) => a ** 2 + Math.max(0, b), [2, 1])).toMatch(notExact);
    expect(await causeOf(([a, b]) => a + Math.max(0, b), [1, 3])).toMatch(notExact);
    expect(await causeOf(([a, b]) => a + Math.max(0, b - 1e-4), [1, 3])).toMatch(/ on the left and .* on the right\./);
    expect(await causeOf(([a, b]) => a ** 2 + Math.max(0, b), [0, 0])).toContain('is 0 everywhere');
  });

  test('a gradient of 0 is no sign of a step that is too large, nor too small, for a loss in f32', async () => {
    for (const at of [0, 0.1, 0.2, 0.3, 0.4]) {
      const tanh = ([a, b]: Float64Array): number => Math.fround(Math.tanh(a + b + at));
      for (const step of [2 ** -5, 2 ** -20])
        expect(await causeOf(tanh, [0, 0], { precision: 'f32', step })).toContain('is 0 everywhere');
    }
  });

  test('a step too large; one too small, or a loss too large for its precision, makes no right gradient wrong', async () => {
    const wave = ([a, b]: Float64Array): number => Math.sin(40 * a) + b;
    const right = [40 * Math.cos(20), 1];
    expect(await causeOf(wave, right, { step: 0.1 })).toBe(
      'The step 0.1 is too large for this loss: with 0.000195 the gradient agrees.',
    );
    expect(await causeOf(wave, right, { step: 1e-11 })).toBeUndefined();
    expect(await causeOf(wave, [0, 0], { step: 1e-11 })).toMatch(/0 everywhere/);
    const large = ([a, b]: Float64Array): number => a ** 2 + b + 1e9;
    expect(await causeOf(large, [1, 1])).toBeUndefined();
    expect(await causeOf(large, [1, 3])).toBe('In the gradient of w, only element 1 is wrong.');
  });
});

test('a kernel in f32 is checked against f64, and against itself', async () => {
  const x = Float64Array.of(0.25, -0.5, 0.75);
  const kernel = (of: ArrayLike<number>): Float32Array =>
    Float32Array.from(of, (value) => Math.fround(Math.sin(Math.fround(3 * value))));
  const backward = (factor: number) => (dy: Float64Array) => ({
    x: Float32Array.from(x, (value, n) => Math.fround(factor * Math.cos(3 * value) * dy[n])),
  });
  const against64 = { inputs: { x }, outputs: () => x.map((value) => Math.sin(3 * value)) };
  const against32 = { inputs: { x: Float32Array.from(x) }, precision: 'f32' } as const;
  for (const check of [against64, { ...against32, outputs: () => kernel(against32.inputs.x) }]) {
    expect(await checkGradients({ ...check, gradients: backward(3) })).toMatchObject([{ ok: true }]);
    const [{ ok, cause }] = await checkGradients({ ...check, gradients: backward(6) });
    expect([ok, cause]).toEqual([
      false,
      'Every number of the gradient of x is 2 times the expected one: is it added twice?',
    ]);
  }
});

test('the text has the table and each cause once', async () => {
  const lines: unknown[] = [];
  const { log } = console;
  console.log = (line: unknown) => void lines.push(line);
  try {
    const [a, b] = [Float64Array.of(1), Float64Array.of(2)];
    const check = { inputs: { a, b }, loss: () => a[0] * b[0], gradients: () => ({ a: [-2], b: [-1] }) };
    await checkGradients(check);
    expect(lines).toEqual([]);
    await checkGradients(check, { report: 'text' });
  } finally {
    console.log = log;
  }
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(/^tensor +shape .*\na +\[1\] .* WRONG: element 0: backward -2, numeric [12]/);
  expect(String(lines[0]).match(/The gradients of a and b have the wrong sign/g)).toHaveLength(1);
});
