/**
 * What the site's pictures with levers compute, draw and say; test/slow/docs uses them in a browser. And what lets the figures of a chapter be
 * drawn soon: the page's head names their files, and the first picture computes little.
 */
import { resultOf as resultOfCell } from '../../docs/.vitepress/theme/cell-run.js';
import { typedNumber } from '../../docs/.vitepress/theme/elements.js';
import { explanationOf, nudgeOf, resultOf, type Example } from '../../docs/.vitepress/theme/unrolled-graph.js';
import { cellLine, cellWithNumbers, scaleOf } from '../../docs/learn/pictures/cell.mjs';
import { number, partOf } from '../../docs/learn/pictures/svg.mjs';
import { arrowsOf, unrolledGraph } from '../../docs/learn/pictures/unrolled.mjs';
import { chapter, read } from '../helpers/chapter.js';
import { createSSRApp } from 'vue';
import { renderToString } from 'vue/server-renderer';
import { filesOfFigures } from '../../docs/.vitepress/plugins.js';
import { PLACES, type FigureName } from '../../docs/.vitepress/theme/places.js';
import normsSlider from '../../docs/.vitepress/theme/norms-slider.js';
import { gradientNorms } from '../../docs/learn/programs/gradient-norms.mjs';

test.each([
  ['1.5', 1.5],
  [' −.5 ', -0.5],
  ['-3', -3],
  ['5e-1', 0.5],
  ['', 'Type a number.'],
  ['1,5', 'Write a decimal point, not a comma.'],
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

  test('a nudge of Wh: what the gradient says, and what is measured', () => {
    for (const delta of [0.1, -0.3]) {
      const moved = lossOf({ ...example, Wh: example.Wh + delta }) - lossOf(example);
      const dWh = derivative((change) => lossOf({ ...example, Wh: example.Wh + change }));
      const [says, measured, difference] = nudgeOf(example, delta);
      expect(says.split(' = ').at(-1)).toBe(number(delta * dWh));
      expect(measured.split(' = ').at(-1)).toBe(number(moved));
      const [, apart, percent] = /^Difference: (\S+), (\S+)% of δ·dWh$/.exec(difference)!;
      expect(Number(apart.replace('−', '-'))).toBeCloseTo(moved - delta * dWh, 6);
      expect(Number(percent)).toBe(Number((100 * Math.abs(moved / (delta * dWh) - 1)).toPrecision(2)));
    }
    const first = { x: [1, 0, -1], Wx: 1, Wh: 0.5, target: 0.2 };
    expect(nudgeOf(first, 0.1)).toEqual([
      'The gradient says: δ·dWh = 0.1·(−0.6618) = −0.0662',
      'Measured: 0.6909 − 0.7641 = −0.0732',
      'Difference: −0.007021, 11% of δ·dWh',
    ]);
    expect(nudgeOf(first, 0.01)[2]).toBe('Difference: −0.000071, 1.1% of δ·dWh'); // 100 times smaller
    expect(nudgeOf(first, 0).slice(1)).toEqual(['Measured: 0.7641 − 0.7641 = 0.0000', 'Difference: 0.000000']);
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

describe('one cell with held gates', () => {
  const { says, ask } = chapter('lstm', { 'held-gates.mjs': ['CASES', 'C_BEFORE', 'holdGates', 'PRESETS'] });
  type Name = 'zi' | 'zj' | 'zf' | 'zo';
  type Levers = Record<Name, number>;
  interface Once {
    lever: Name;
    step: number;
    z: number;
  }
  interface Held {
    z: Levers[];
    cells: Record<'i' | 'j' | 'f' | 'o' | 'c' | 'h', number>[];
    c: number[];
    left: number[];
    dc: number[];
  }
  const hold = (levers: Levers, start: number, once?: Once): Promise<Held> =>
    ask(`return holdGates(${JSON.stringify(levers)}, ${start}, 30, ${JSON.stringify(once)});`) as Promise<Held>;
  const sigmoid = (z: number): number => (1 + Math.tanh(z / 2)) / 2;
  /** c and h by plain loops. */
  const plain = (levers: Levers, start: number, once?: Once): { c: number[]; h: number[] } => {
    const [c, h] = [[start], [] as number[]];
    for (let t = 0; t < 30; t++) {
      const z: Levers = { ...levers };
      if (once?.step === t) z[once.lever] = once.z;
      const { zi, zj, zf, zo } = z;
      c.push(sigmoid(zf + 1) * c[t] + sigmoid(zi) * Math.tanh(zj));
      h.push(sigmoid(zo) * Math.tanh(c[t + 1]));
    }
    return { c, h };
  };
  const LEVERS: Levers = { zi: -1, zj: -0.6, zf: 1.5, zo: 0.4 };
  const drawn = (parts: unknown[]): string => parts.flat(Infinity).join('');

  test.each([
    [0.8, undefined],
    [-2, { lever: 'zf', step: 7, z: -3 }],
    [0, { lever: 'zi', step: 29, z: 4 }],
  ] as const)('c[0] = %d, one step differs: %j. The numbers are those of plain loops', async (start, once) => {
    const held = await hold(LEVERS, start, once);
    const { c, h } = plain(LEVERS, start, once);
    held.c.forEach((value, t) => expect(value).toBeCloseTo(c[t], 12));
    held.cells.forEach((cell, t) =>
      expect([cell.c, cell.h]).toEqual([expect.closeTo(c[t + 1], 12), expect.closeTo(h[t], 12)]),
    );
    const changed = plain(LEVERS, start + 1e-4, once).c;
    held.left.forEach((value, t) => expect(value).toBeCloseTo((changed[t] - c[t]) / 1e-4, 8));
    // ∂c[30]/∂c[t] is the ratio of both parts
    held.dc.forEach((value, t) => expect(value).toBeCloseTo(held.left[30] / held.left[t], 10));
  });

  test('each preset does what its sentence says', async () => {
    const presets = (await ask(
      'return PRESETS.map((one) => ({ ...one, ...holdGates(one.levers, one.c, 30, one.once) }));',
    )) as (Held & { name: string; words: string })[];
    const [keep, forget, write, read, count] = presets;
    expect(presets.map(({ name }) => name)).toEqual(['Keep', 'Forget', 'Write once', 'Read once', 'Count']);
    for (const value of keep.c) expect(Math.abs(value - 0.8)).toBeLessThan(0.04);
    expect([keep.cells[0].f > 0.999, keep.cells[0].i < 0.003, forget.cells[0].f]).toEqual([true, true, 0.5]);
    expect(forget.left[30]).toBeCloseTo(0.5 ** 30, 15);
    expect(forget.dc[0]).toBeCloseTo(0.5 ** 30, 15);
    expect(write.words).toContain('at step 10 only');
    expect(Math.max(...write.c.slice(0, 11))).toBeLessThan(0.03);
    for (const value of write.c.slice(11)) expect(Math.abs(value - write.cells[10].j)).toBeLessThan(0.04);
    expect(read.words).toContain('at step 20 only');
    read.cells.forEach(({ c, h }, t) => expect([c > 0.7, h > 0.6, h < 0.003]).toEqual([true, t === 20, t !== 20]));
    count.c.slice(1).forEach((value, t) => expect(Math.abs(value - count.c[t] - 1)).toBeLessThan(0.04));
    const shown = count.cells.map(({ h }) => h);
    says(`h is ${shown[0].toFixed(3)}, ${shown[1].toFixed(3)} and ${shown[2].toFixed(3)} after 1, 2 and 3 steps`);
    const changes = shown.slice(1).map((h, t) => Math.abs(h - shown[t]));
    expect([changes[3] > 1e-4, Math.max(...changes.slice(4)) < 1e-4]).toEqual([true, true]); // “after the fifth”
    expect(scaleOf(count.c)).toEqual({ low: -10, high: 30, every: 10 });
    expect(scaleOf(keep.c)).toEqual({ low: -1, high: 1, every: 1 });
  });

  test('the chapter’s predictions, and the sentences beside the levers', async () => {
    const [three, zero, half] = await Promise.all([3, 0, 2.76].map((zf) => hold({ zi: -4, zj: 1, zf, zo: 2 }, 0.8)));
    says(`f = σ(4) = ${number(three.cells[0].f)}, and f³⁰ is ${partOf(three.left[30])}.`);
    says(`f = ${number(zero.cells[0].f)}, and only ${partOf(zero.left[30])} is left`);
    says(`which is ${number(0.5 ** (1 / 30))}, so zf is 2.76`);
    expect(half.left[30].toFixed(2)).toBe('0.50');
    expect((await hold({ ...LEVERS, zf: 2.75 }, 1)).left[30]).toBeLessThan(0.5);
    expect(await ask('return [CASES[0], C_BEFORE];')).toEqual([{ name: 'keep', zi: -4, zj: 1, zf: 3, zo: 2 }, 0.8]);
    expect(resultOfCell(three)).toEqual([
      'f = σ(zf + 1) = 0.9820, so f³⁰ = 58% of c[0] is left after 30 steps.',
      'Of a gradient at c[30], 58% arrives at c[0]. c[30] = 0.78, and h of the last step is 0.58.',
    ]);
    expect(resultOfCell(zero)[0]).toContain('so f³⁰ = 8.3·10⁻⁵ of c[0] is left');
  });

  test('the pictures have the numbers', async () => {
    const held = await hold(LEVERS, -2);
    const { i, j, f, o, c, h } = held.cells[3];
    const cell = drawn(cellWithNumbers(held.z[3], held.c[3], held.cells[3]));
    const fixed = (value: number): string => value.toFixed(2).replace('-', '−');
    const shown = [
      `i = ${fixed(i)}`,
      `j = ${fixed(j)}`,
      `f = ${fixed(f)}`,
      `o = ${fixed(o)}`,
      'zi −1, zj −0.6, zf 1.5, zo 0.4',
    ];
    for (const text of [...shown, fixed(held.c[3])]) expect(cell).toContain(`>${text}</text>`);
    expect(cell).toContain(`>${fixed(f)}·(${fixed(held.c[3])}) + ${fixed(i)}·(${fixed(j)}) = ${fixed(c)}</text>`);
    expect(cell).toContain(`>${fixed(o)}·(${fixed(Math.tanh(c))}) = ${fixed(h)}</text>`);
    const line = drawn(cellLine(held, 3));
    const [ofC] = [...line.matchAll(/class="second" [^>]*stroke-linejoin[^>]* d="M([^"]*)"/g)].map(([, path]) =>
      path.split('L').map((point) => point.split(' ').map(Number)),
    );
    expect(ofC.map(([, y]) => y)).toEqual(
      held.c.map((value) => expect.closeTo(50 + (120 * (1 - value)) / 3, 0) as number),
    ); // from -2 to 1
    expect(ofC.map(([x]) => x)).toEqual(held.c.map((_, t) => 44 + 10 * t));
    expect(line).toContain('class="marked" x="74.0"');
  });
});

describe('the first pictures', () => {
  const NAMES = Object.keys(PLACES) as FigureName[];

  test('the first picture of chapter 2 has the 28 steps; the 784 steps are not computed yet', async () => {
    const html = await renderToString(createSSRApp(normsSlider));
    const curves = [...html.matchAll(/<path class="first"[^>]* d="M([^"]*)"/g)].map(([, d]) => d.split('L').length);
    expect(curves).toEqual([29]);
    expect([...html.matchAll(/<dd>(.*?)<\/dd>/g)].map(([, text]) => text)).toEqual([
      gradientNorms(1.5, 28).norms[28].toExponential(1),
      '…',
      '…',
    ]);
    expect(html.match(/<svg/g)).toHaveLength(2); // the place of the second curve is there
  });

  describe('the files of the figures', () => {
    const chunk = (fileName: string, imports: string[] = [], more: object = {}) => [
      fileName,
      { fileName, imports, ...more },
    ];
    const figure = (name: string, imports: string[] = []) =>
      chunk(`${name}.js`, imports, { facadeModuleId: `/docs/.vitepress/theme/${name}.ts` });
    const bundle = (names: readonly string[]) =>
      Object.fromEntries([
        chunk('app.js', ['theme.js'], { isEntry: true, name: 'app' }),
        chunk('theme.js', ['framework.js']),
        ...['framework.js', 'svg.js'].map((name) => chunk(name)),
        chunk('lever.js', ['framework.js', 'svg.js']),
        ...names.map((name) => figure(name, name === 'spike-live' ? ['lever.js', 'theme.js'] : [])),
      ]) as Parameters<typeof filesOfFigures>[0];

    test('are its own file and what that imports, without the files of every page', () => {
      const files = filesOfFigures(bundle(NAMES));
      expect([...files.keys()]).toEqual(NAMES);
      expect(files.get('spike-live')).toEqual(['spike-live.js', 'lever.js', 'svg.js']);
      expect(files.get('cell-run')).toEqual(['cell-run.js']);
    });

    test('a figure without a file is an error', () => {
      expect(() => filesOfFigures(bundle(NAMES.slice(1)))).toThrow('the site has no file for the figure motion-button');
    });
  });

  test('a place is found in the HTML as in the document: a link to the picture’s program is none', () => {
    const { html } = PLACES['unrolled-graph'];
    expect(html.test('<p><img src="/base/assets/unrolled.C3CHI0S7.svg" alt="">')).toBe(true);
    expect(html.test('<img alt="" src="/base/assets/unrolled.C3CHI0S7.svg">')).toBe(true);
    expect(html.test('<a href="/source/docs/learn/pictures/unrolled.mjs.html">')).toBe(false);
    expect(html.test('<img src="/assets/not-unrolled.C3.svg">')).toBe(false);
    expect(PLACES['gap-run'].html.test('<div id="gap"></div>')).toBe(true);
    expect(PLACES['gap-run'].html.test('<h2 id="gap-run"><div data-id="gap">')).toBe(false);
  });
});
