/** Why a gradient is wrong: each cause is found, and over random backward passes no sentence is untrue of a number. */
import { Random } from '../../src/core/rng.js';
import { tensorFrom } from '../../src/core/tensor.js';
import { checkGradients } from '../../src/equations/gradcheck.js';
import type { GradientCheck } from '../../src/equations/gradcheck-problem.js';
import { inTier } from '../helpers/needs.js';

type Gradients = Record<string, Float64Array>;

/** y = tanh(x·W + b)·V of shape [4,3], with x [4,5], W [5,5], b [5], V [5,3], and its right backward pass. */
function problemOf(seed: number) {
  const random = new Random(seed);
  const numbers = (count: number): Float64Array => Float64Array.from({ length: count }, () => random.normal(0, 1));
  const [x, W, b, V] = [numbers(20), numbers(25), numbers(5), numbers(15)];
  const hidden = (): Float64Array =>
    Float64Array.from({ length: 20 }, (_, n) => {
      let z = b[n % 5];
      for (let k = 0; k < 5; k++) z += x[Math.floor(n / 5) * 5 + k] * W[k * 5 + (n % 5)];
      return Math.tanh(z);
    });
  const outputs = (): Float64Array => {
    const h = hidden();
    return Float64Array.from({ length: 12 }, (_, n) => {
      let y = 0;
      for (let k = 0; k < 5; k++) y += h[Math.floor(n / 3) * 5 + k] * V[k * 3 + (n % 3)];
      return y;
    });
  };
  /** `isIn`: the rows that count. */
  const gradients = (dy: Float64Array, isIn = (_row: number): boolean => true): Gradients => {
    const h = hidden();
    const d = { x: new Float64Array(20), W: new Float64Array(25), b: new Float64Array(5), V: new Float64Array(15) };
    for (let r = 0; r < 4; r++) {
      if (!isIn(r)) continue;
      for (let n = 0; n < 5; n++) {
        let dh = 0;
        for (let k = 0; k < 3; k++) {
          dh += dy[r * 3 + k] * V[n * 3 + k];
          d.V[n * 3 + k] += dy[r * 3 + k] * h[r * 5 + n];
        }
        const dz = dh * (1 - h[r * 5 + n] ** 2);
        d.b[n] += dz;
        for (let k = 0; k < 5; k++) {
          d.W[k * 5 + n] += dz * x[r * 5 + k];
          d.x[r * 5 + k] += dz * W[k * 5 + n];
        }
      }
    }
    return d;
  };
  const inputs = { x: tensorFrom(x, [4, 5]), W: tensorFrom(W, [5, 5]), b, V: tensorFrom(V, [5, 3]) };
  return { inputs, values: { x, W, b, V }, outputs, gradients };
}

const COLUMNS: Readonly<Record<string, number>> = { x: 5, W: 5, b: 1, V: 3 };

/** The reports of a check in which `change` spoils the right gradients; and what was right. */
async function reportsWith(seed: number, change: (right: Gradients, dy: Float64Array) => Gradients) {
  const { inputs, values, outputs, gradients } = problemOf(seed);
  let [right, dOutputs]: [Gradients, Float64Array] = [{}, new Float64Array()];
  const reports = await checkGradients({
    inputs,
    outputs: () => tensorFrom(outputs(), [4, 3]),
    seed,
    gradients(dy) {
      dOutputs = dy.slice();
      right = gradients(dy);
      return Object.fromEntries(Object.entries(change(gradients(dy), dy)).map(([name, list]) => [name, [...list]]));
    },
  });
  return { reports, right, values, dOutputs, outputs: outputs(), gradients };
}

const causesOf = async (change: (right: Gradients, dy: Float64Array) => Gradients, seed = 1) =>
  Object.fromEntries((await reportsWith(seed, change)).reports.map(({ name, cause }) => [name, cause]));

const times = (factor: number) => (list: Float64Array) => list.map((value) => factor * value);
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
    'Every number of the gradient of b is the expected one divided by 4: is there a division too many? 4 is the extent of axis 0 of x [4,5].',
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
    'In the gradient of W, the difference from the expected numbers is the same in each row: is a term with a mean or a sum missing?',
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

  test('a step too large, too small, and a loss too large for its precision', async () => {
    const wave = ([a, b]: Float64Array): number => Math.sin(40 * a) + b;
    const right = [40 * Math.cos(20), 1];
    expect(await causeOf(wave, right, { step: 0.1 })).toBe(
      'The step 0.1 is too large for this loss: with 0.000195 the gradient agrees.',
    );
    expect(await causeOf(wave, right, { step: 1e-11 })).toMatch(
      /^The step 1e-11 is too small for this loss: with .* agrees\.$/,
    );
    expect(await causeOf(([a, b]) => a ** 2 + b + 1e9, [1, 1])).toMatch(
      /within the rounding .* for numbers near 1000000000 in f64/,
    );
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
  const print = jest.spyOn(console, 'log').mockImplementation(() => {});
  const [a, b] = [Float64Array.of(1), Float64Array.of(2)];
  const check = { inputs: { a, b }, loss: () => a[0] * b[0], gradients: () => ({ a: [-2], b: [-1] }) };
  await checkGradients(check);
  expect(print).not.toHaveBeenCalled();
  await checkGradients(check, { report: 'text' });
  const text = String(print.mock.calls[0][0]);
  print.mockRestore();
  expect(text).toMatch(/^tensor +shape .*\na +\[1\] .* WRONG: element 0: backward -2, numeric [12]/);
  expect(text.match(/The gradients of a and b have the wrong sign/g)).toHaveLength(1);
});

const PASSES = inTier(25, 200);

describe(`${PASSES} random backward passes`, () => {
  const NAMES = ['x', 'W', 'b', 'V'];
  type Found = Awaited<ReturnType<typeof reportsWith>>;

  /** What can be done to a gradient: some of it has a name, some has none. */
  const SPOILS: readonly ((list: Float64Array, all: Gradients, random: Random, N: number) => Float64Array)[] = [
    (list, _, random) => times([2, -1, 1 / 4, 5, -3, 0.5, 1.1, 0, Math.sqrt(5)][random.below(9)])(list),
    (list, _, random) => times(random.normal(0, 1))(list),
    (list, _, random) => list.map((value) => value + random.normal(0, 0.1)),
    (list, _, random, N) => changedAt(list, N, random, () => random.normal(0, 1)),
    (list, _, random, N) => changedAt(list, N, random, (value) => 3 * value),
    (list, _, random, N) => changedAt(list, N, random, () => 0),
    (list, _, random) => list.map((value) => value + random.normal(0, 1) * value ** 2),
    (list) => list.slice().reverse(),
    (list, _, __, N) => list.map((___, n) => list[(n + N) % list.length]),
    (list, all, random) => list.map((value, n) => value + (all.x[n] ?? 0) * [1, -1, 0.3][random.below(3)]),
    (list, _, random) => list.map((value) => value + [0.1, 1e-3, 1e-6][random.below(3)]),
    (list, _, random, N) => list.map((value, n) => value + (n < N ? 0 : 0.01 * (random.below(2) + 1))),
    (list, _, random) => {
      const one = list.slice();
      one[random.below(list.length)] += 1e-4;
      return one;
    },
    (list, _, __, N) => list.map((___, n) => list[(n % (list.length / N)) * N + Math.floor(n / (list.length / N))]),
    (list) => list.map((value) => Math.abs(value)),
    (list) => list.map((value) => Math.fround(value) * 1.001),
  ];

  /** The rows or columns of a random axis that are chosen at random are changed. */
  function changedAt(list: Float64Array, N: number, random: Random, to: (value: number) => number): Float64Array {
    const isRow = random.below(2) === 0;
    const chosen = Array.from({ length: 20 }, () => random.below(2) === 0);
    return list.map((value, n) => (chosen[isRow ? Math.floor(n / N) : n % N] ? to(value) : value));
  }

  const near = (a: ArrayLike<number>, b: ArrayLike<number>): boolean =>
    Array.from(a).every((value, n) => Math.abs(value - b[n]) <= 2e-7 * Math.max(Math.abs(b[n]), 1e-2));

  /** The sentence, checked by formulas of its own against the analytic gradients. undefined: it is not known here. */
  function isTrue(
    sentence: string,
    name: string,
    { right, values, outputs, dOutputs, gradients }: Found,
    found: Gradients,
  ) {
    const [own, all, N] = [found[name], right[name], COLUMNS[name]];
    const numbersIn = (text: string): number[] => {
      const [, from, to] = /(\d+) to (\d+)/.exec(text) ?? [];
      if (to !== undefined) return Array.from({ length: +to - +from + 1 }, (_, n) => +from + n);
      return /last/.test(text) ? [NaN] : (text.match(/\d+/g) ?? []).map(Number);
    };
    const rows = own.length / N;
    /** Whether an element is at one of these places: `rows 1 and 2`, `the last column`, `all but row 0`. */
    const placesIn = (text: string) => {
      const last = /column/.test(text) ? N - 1 : rows - 1;
      const chosen = numbersIn(text).map((one) => (Number.isNaN(one) ? last : one));
      return (n: number): boolean =>
        chosen.includes(/column/.test(text) ? n % N : Math.floor(n / N)) !== /all but/i.test(text);
    };
    const isOutside = (isIn: (n: number) => boolean): boolean =>
      near(
        own.filter((_, n) => !isIn(n)),
        all.filter((_, n) => !isIn(n)),
      );
    const factorIn = (text: string): number | undefined => {
      if (/wrong sign/.test(text)) return -1;
      const [, sign, root, by] = /divided by (-?)(√?)(\d+)/.exec(text) ?? [];
      if (by !== undefined) return (sign ? -1 : 1) / (root ? Math.sqrt(+by) : +by);
      const [, negative, square, times] = /is (-?)(√?)([\d.e-]+) times/.exec(text) ?? [];
      return times === undefined ? undefined : (negative ? -1 : 1) * (square ? Math.sqrt(+times) : +times);
    };
    const factor = factorIn(sentence);
    if (factor !== undefined) {
      const where =
        /^(?:Every number of )?((?:all but )?(?:rows?|columns?|elements?|the last \w+) ?.*?) of the gradient/i.exec(
          sentence,
        )?.[1];
      const isIn = where === undefined || where.startsWith('the gradient') ? () => true : placesIn(where);
      const close = (a: number, b: number): boolean => Math.abs(a - factor * b) <= 1e-5 * Math.max(Math.abs(a), 1e-3);
      return isOutside(isIn) && own.every((value, n) => !isIn(n) || close(value, all[n]));
    }
    if (/ is 0 everywhere/.test(sentence)) return own.every((value) => value === 0);
    const zeros = /^In the gradient of \w, (.+) (?:is|are) 0, and all other/.exec(sentence);
    if (zeros) return isOutside(placesIn(zeros[1])) && own.every((value, n) => !placesIn(zeros[1])(n) || value === 0);
    const only = /, only (.+) (?:is|are) (wrong|right)\.$/.exec(sentence);
    if (only)
      return only[2] === 'wrong'
        ? isOutside(placesIn(only[1]))
        : near(
            own.filter((_, n) => placesIn(only[1])(n)),
            all.filter((_, n) => placesIn(only[1])(n)),
          );
    if (/transposed/.test(sentence))
      return near(
        own,
        all.map((_, n) => all[(n % rows) * N + Math.floor(n / rows)]),
      );
    if (/reverse order\./.test(sentence)) return near(own, all.slice().reverse());
    const reversed = /reverse order along ax[ei]s (.+)\.$/.exec(sentence);
    if (reversed) {
      const [byRow, byColumn] = ['0', '1'].map((axis) => reversed[1].includes(axis));
      const from = (n: number): number => {
        const [r, k] = [Math.floor(n / N), n % N];
        return (byRow ? rows - 1 - r : r) * N + (byColumn ? N - 1 - k : k);
      };
      return near(
        own,
        all.map((_, n) => all[from(n)]),
      );
    }
    if (/ha(?:s|ve) the expected numbers of (?:row|column|element|the last)/.test(sentence)) {
      const isColumn = /column/.test(sentence);
      const length = isColumn ? N : rows;
      const places = (text: string): number[] => numbersIn(text).map((one) => (Number.isNaN(one) ? length - 1 : one));
      const sources = Array.from({ length }, (_, n) => n);
      for (const [, to, from] of sentence.matchAll(
        /((?:rows?|columns?|elements?|the last \w+)[ \dto]*(?:and \d+)?) ha(?:s|ve) the expected numbers of ((?:rows?|columns?|elements?|the last \w+)[ \dto]*(?:and \d+)?(?! has))/g,
      ))
        places(to).forEach((place, n) => (sources[place] = places(from)[n]));
      const indexOf = (n: number): number =>
        isColumn ? Math.floor(n / N) * N + sources[n % N] : sources[Math.floor(n / N)] * N + (n % N);
      return near(
        own,
        all.map((_, n) => all[indexOf(n)]),
      );
    }
    const named = (text: string): ArrayLike<number> | undefined => {
      if (text === 'the outputs') return outputs;
      if (text === 'the gradient of the outputs') return dOutputs;
      const [, gradient] = /^the gradient of (\w)$/.exec(text) ?? [];
      if (gradient !== undefined) return right[gradient];
      const [, alone] = /^a loss of the last row of the outputs alone$/.exec(text) ? ['', 'last'] : [];
      if (alone !== undefined) return gradients(dOutputs, (row) => row === 3)[name];
      return values[text as keyof typeof values];
    };
    const whole = /has the (?:expected )?numbers of (.+)\.$/.exec(sentence);
    if (whole) return near(own, named(whole[1]) ?? []);
    const exchanged = /^The gradients of (\w) and (\w) are exchanged/.exec(sentence);
    if (exchanged)
      return near(found[exchanged[1]], right[exchanged[2]]) && near(found[exchanged[2]], right[exchanged[1]]);
    const term = /a term is (added|missing) that equals (?:([\d.e-]+) times )?(.+)\.$/.exec(sentence);
    const difference = own.map((value, n) => value - all[n]);
    if (term) {
      const c = (term[1] === 'added' ? 1 : -1) * Number(term[2] ?? 1);
      const of = named(term[3]) ?? [];
      return difference.every((value, n) => Math.abs(value - c * of[n]) <= 1e-2 * Math.abs(c * of[n]) + 1e-7);
    }
    const line =
      /the difference from the expected numbers is (?:the same|a multiple of (.+?))( in each (row|column))?: is/.exec(
        sentence,
      );
    if (!line) return undefined;
    const of = line[1] === undefined ? own.map(() => 1) : (named(line[1]) ?? []);
    const lineOf = (n: number): number => (line[3] === 'row' ? Math.floor(n / N) : line[3] === 'column' ? n % N : 0);
    return difference.every((value, n) =>
      difference.every((other, k) => lineOf(n) !== lineOf(k) || Math.abs(value * of[k] - other * of[n]) <= 1e-6),
    );
  }

  test('each sentence is true of every number, and a right gradient has none', async () => {
    const random = new Random(7);
    let [named, unnamed, rights] = [0, 0, 0];
    for (let seed = 1; seed <= PASSES; seed++) {
      let found: Gradients = {};
      const result = await reportsWith(seed, (right) => {
        found = { ...right };
        for (const name of NAMES) {
          if (random.below(3) > 0) continue;
          found[name] = SPOILS[random.below(SPOILS.length)](right[name], right, random, COLUMNS[name]);
        }
        if (random.below(8) === 0)
          [found.x, found.W] = [found.W.subarray(0, 20), Float64Array.from([...found.x, ...found.b])];
        return found;
      });
      for (const { name, ok, cause } of result.reports) {
        const isRight = near(found[name], result.right[name]);
        if (cause === undefined) {
          if (ok) rights++;
          else unnamed++;
          continue;
        }
        named++;
        expect([seed, name, cause, isTrue(cause, name, result, found), isRight && ok]).toEqual([
          seed,
          name,
          cause,
          true,
          false,
        ]);
      }
    }
    expect(rights).toBeGreaterThan(2 * PASSES);
    expect(unnamed).toBeGreaterThan(PASSES / 10); // noise has no name
    expect(named).toBeGreaterThan(PASSES / 2);
  });
});
