/** What the site's pictures with levers compute, draw and say. test/docs/site.test.ts and test/slow/docs/site.test.ts use them in a browser. */
import { typedNumber } from '../../docs/.vitepress/theme/typed-number.js';
import { explanationOf, resultOf, type Example } from '../../docs/.vitepress/theme/unrolled-words.js';
import { arrowsOf, number, unrolledGraph } from '../../docs/learn/pictures/unrolled.mjs';
import { read } from '../helpers/chapter.js';

test.each([
  ['1.5', 1.5],
  [' −.5 ', -0.5],
  ['-3', -3],
  ['5e-1', 0.5],
  ['', 'Type a number.'],
  ['1,5', 'Write a point instead of the comma.'],
  ['much', 'This is not a number.'],
  ['0x2', 'This is not a number.'],
  ['NaN', 'This is not a number.'],
  ['1e999', 'Type a number from −3 to 3.'],
  ['-3.01', 'Type a number from −3 to 3.'],
])('a reader types “%s”: %s', (text, expected) => {
  expect(typedNumber(text, { min: -3, max: 3 })).toBe(expected);
});

/** The last number of each equation. */
const results = (equations: readonly string[]): number[] =>
  equations.map((equation) => Number(/ = (\S+)$/.exec(equation)![1].replace('−', '-')));
/** The number at the end of `before`. */
const after = (text: string, before: string): number =>
  Number(
    text
      .split(before)[1]
      .split(/[ .](?!\d)/)[0]
      .replace('−', '-'),
  );

describe('the unrolled graph', () => {
  const example: Example = { x: [0.7, -1.3, 2], Wx: -0.8, Wh: 1.4, target: 0.2 };
  /** The states, by a second forward pass, which may start in another state. */
  const states = ({ x, Wx, Wh }: Example, row = 0, start = 0): number[] => {
    const h = [start];
    for (const value of x.slice(row)) h.push(Math.tanh(value * Wx + h[h.length - 1] * Wh));
    return h;
  };
  const lossOf = (one: Example, row?: number, start?: number): number => (states(one, row, start).at(-1)! - 0.2) ** 2;
  const derivative = (of: (change: number) => number): number => (of(1e-5) - of(-1e-5)) / 2e-5;
  const h = states(example);
  const dh = h.map((value, row) => derivative((change) => lossOf(example, row, value + change)));

  const ARROWS = arrowsOf(3);
  const explained = (kind: string, t: number) =>
    explanationOf(
      example,
      ARROWS.find((one) => one.kind === kind && one.t === t)!,
    );

  test('its arrows are in the order of the program', () => {
    expect(ARROWS.map(({ kind, t }) => `${kind}${t}`).join(' ')).toBe(
      'Wh0 Wx0 Wh1 Wx1 Wh2 Wx2 loss3 dLoss3 dh2 dh1 dh0',
    );
  });

  test('shows h and dh of each row', () => {
    const drawing = unrolledGraph(example).flat(Infinity).join('');
    h.forEach((value, row) => {
      expect(drawing).toContain(`>h[${row}]</text>`);
      expect(drawing).toContain(`>${number(value)}</text>`);
      expect(drawing).toContain(`>dh[${row}] = ${number(dh[row])}</text>`);
    });
    expect(drawing).toContain('>−1.3</text>');
  });

  test('each forward arrow: its product, the sum and the next h', () => {
    for (const t of [0, 1, 2]) {
      const [ofInput, ofState] = [example.x[t] * example.Wx, h[t] * example.Wh];
      expect(results(explained('Wx', t).equations)).toEqual(
        [ofInput, ofInput + ofState, h[t + 1]].map((value) => expect.closeTo(value, 4) as number),
      );
      expect(results(explained('Wh', t).equations)).toEqual(
        [ofState, ofInput + ofState, h[t + 1]].map((value) => expect.closeTo(value, 4) as number),
      );
    }
    expect(results(explained('loss', 3).equations)[0]).toBeCloseTo(lossOf(example), 4);
    expect(explained('Wx', 1)).toMatchObject({
      title: 'Step 1, forward: x[1]·Wx',
      equations: ['x[1]·Wx = −1.3·(−0.8) = 1.0400', expect.anything(), expect.anything()],
    });
  });

  test('each arrow of the gradient: dz and dh, and the terms of the weights', () => {
    expect(results(explained('dLoss', 3).equations)[0]).toBeCloseTo(dh[3], 4);
    const terms = [0, 1, 2].map((t) => {
      const { equations, words } = explained('dh', t);
      expect(results(equations)).toEqual(
        [dh[t] / example.Wh, dh[t]].map((value) => expect.closeTo(value, 4) as number),
      );
      expect(/by (\S+)·/.exec(words)![1]).toBe((dh[t] / dh[t + 1] / example.Wh).toFixed(4));
      const [ofWx, ofWh] = [after(words, `x[${t}]·dz[${t}] = `), after(words, `h[${t}]·dz[${t}] = `)];
      expect(explained('Wx', t).words).toContain(` = ${number(ofWx)} to dWx`);
      expect(explained('Wh', t).words).toContain(` = ${number(ofWh)} to dWh`);
      return [ofWx, ofWh];
    });
    const sums = (['Wx', 'Wh'] as const).map((name) =>
      derivative((change) => lossOf({ ...example, [name]: example[name] + change })),
    );
    sums.forEach((sum, n) => expect(terms.reduce((total, term) => total + term[n], 0)).toBeCloseTo(sum, 3));
    expect(explained('Wx', 0).words).toContain(`to dWx, which is ${number(sums[0])} after all steps`);
    expect(explained('Wh', 0).words).toContain(`to dWh, which is ${number(sums[1])} after all steps`);
  });

  test('says how much of dh[3] arrives, and what the chapter says about Wh = 1.2', () => {
    const chapter = read('what-an-rnn-is.md').replace(/\s+/g, ' ');
    const [before, now] = [0.5, 1.2].map((Wh) => resultOf({ x: [1, 0, -1], Wx: 1, Wh, target: 0.2 }));
    expect(before).toBe('h[3] = −0.6741, and the loss is 0.7641. dh[0] = −0.0435: 2.5% of dh[3] arrives at h[0].');
    expect(now).toBe('h[3] = −0.1316, and the loss is 0.1100. dh[0] = −0.2257: 34% of dh[3] arrives at h[0].');
    expect(chapter).toContain('dh[3] becomes −0.6633 instead of −1.7483, but dh[0] becomes −0.2257 instead of −0.0435');
    expect(chapter).toContain('let 34% of dh[3] arrive instead of 2.5%');
    const factors = [0.5, 1.2].map((Wh) =>
      states({ x: [1, 0, -1], Wx: 1, Wh, target: 0.2 })
        .slice(1)
        .map((value) => (1 - value ** 2) * Wh),
    );
    factors[1].forEach((factor, t) => expect(factor).toBeGreaterThan(factors[0][t])); // “All three factors grow here”
    expect(-2 * (states({ x: [1, 0, -1], Wx: 1, Wh: 1.2, target: 0.2 })[3] - 0.2)).toBeCloseTo(0.6633, 4);
  });

  test('has words for a gradient of 0, and for one that is tiny', () => {
    expect(resultOf({ x: [0, 0, 0], Wx: 1, Wh: 1, target: 0 })).toMatch(/dh\[3\] is 0, so every gradient is 0\.$/);
    expect(resultOf({ ...example, Wh: 0 })).toContain('dh[0] = 0.0000: nothing of dh[3] arrives');
    expect(resultOf({ x: [3, 3, 3], Wx: 3, Wh: 3, target: 0.2 })).toMatch(
      /dh\[0\] = \d\.\d·10⁻²⁶: less than 0\.01% of dh\[3\]/,
    );
    expect([number(-0.0002), number(-0), number(0.0005)]).toEqual(['−2.0·10⁻⁴', '0.0000', '0.0005']);
  });
});
