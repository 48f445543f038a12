/** The live page of docs/learn/why-57.md: its questions, with the numbers of paths.json, and its pictures. test/slow/docs uses it in a browser. */
import {
  gatesPicture,
  gradientOfRow,
  HEIGHT,
  rowAt,
  rowsPicture,
  shareAt,
  SIDE,
  WIDTH,
  wordsOfGates,
  wordsOfRow,
  written,
} from '../../docs/.vitepress/theme/why-57/drawing.js';
import { QUESTIONS, START, type View } from '../../docs/.vitepress/theme/why-57/questions.js';
import { CASES, STEPS } from '../../docs/learn/programs/path-switches.mjs';
import { chapter, read } from '../helpers/chapter.js';

interface Frame {
  readonly task: string;
  readonly step: number;
  readonly earlyJ: number;
  readonly norms: Readonly<Record<string, readonly number[]>>;
  readonly f: { readonly mean: number; readonly range: number[]; readonly units: number[]; readonly single: number[] };
}
const frames = (JSON.parse(read('programs/paths.json')) as Frame[]).filter(({ task }) => task === 'mnist');
const { norms, earlyJ, f } = frames.at(-1)!;
const { says } = chapter('why-57');

describe('the questions', () => {
  const answered = QUESTIONS.map(({ does }) => does?.view ?? { ...START, open: CASES['direct and j'] });
  const parts = [norms.direct[0], norms['without direct'][0], norms['direct and j'][0], earlyJ];

  test('each is answered by its own view, with the number of paths.json', () => {
    const said = QUESTIONS.map((question, n) => {
      const by = answered.map((view, k) => question.isAnsweredBy(view, parts[k]));
      expect(by).toEqual(answered.map((_, k) => k === n));
      return question.says({ view: answered[n], part: parts[n], expected: 0.25 });
    });
    expect(said).toEqual([
      'You expected 0.25. The direct path alone leaves 9.4·10⁻⁴.',
      'Without the direct path, 1.8·10⁻¹² remains. Neither carries the gradient alone.',
      'The direct path and the block of j leave 0.41 together.',
      '57% becomes 4%. The forward pass, and so f, is the same as before.',
    ]);
    expect(Math.round(100 * norms.all[0])).toBe(57);
    says('9.4·10⁻⁴', '1.8·10⁻¹²', 'leave 0.41 together', '57% becomes 4%');
  });

  test('none is answered at the start, by an earlier network, or by another gate', () => {
    const others: [View, number][] = [
      [START, norms.all[0]],
      ...answered.map((view): [View, number] => [{ ...view, network: 0 }, 0.5]),
      ...['i', 'f', 'o'].map((gate): [View, number] => {
        const name = `direct and ${gate}`;
        return [{ ...START, open: CASES[name] }, norms[name][0]];
      }),
      ...answered.slice(0, 3).map((view): [View, number] => [{ ...view, hasEarlyJ: true }, 0.5]),
    ];
    for (const [view, part] of others)
      expect(QUESTIONS.map((question) => question.isAnsweredBy(view, part))).toEqual(QUESTIONS.map(() => false));
  });

  test('the slider has the networks of paths.json', () => {
    expect(frames.map(({ step }) => step)).toEqual(STEPS);
  });
});

test.each([
  [0.5664, '0.57'],
  [9.43e-4, '9.4·10⁻⁴'],
  [-6.62e-23, '−6.6·10⁻²³'],
  [0.0119, '0.012'],
  [-0.5, '−0.50'],
  [0, '0'],
])('%d is written %s', (value, expected) => {
  expect(written(value)).toBe(expected);
});

describe('the pictures', () => {
  const found = {
    norms: norms.all,
    f,
    dx: Array.from({ length: SIDE }, (_, t) => Float64Array.from({ length: SIDE }, (_, k) => (k === 3 ? t - 2 : 0))),
    pixels: Uint8Array.from({ length: SIDE * SIDE }, (_, n) => (n === 5 ? 255 : 0)),
  };
  const lengths = (drawing: string): number[] =>
    Array.from(/class="level" d="([^"]*)"/.exec(drawing)![1].matchAll(/h([\d.]+)v/g), ([, length]) => Number(length));

  test.each([false, true])('a bar reaches the place that says its share; logarithmic: %p', (isLog) => {
    const drawing = rowsPicture({ found, expected: 0.001, row: 27, isLog });
    const ends = lengths(drawing);
    expect(ends).toHaveLength(SIDE);
    ends.forEach((length, t) => {
      const share = shareAt((272 + length) / WIDTH, isLog);
      expect(Math.abs(share / norms.all[t] - 1)).toBeLessThan(isLog ? 0.5 : 0.02); // one digit; a hundredth
    });
    expect(drawing).toMatch(/class="second"[^>]* d="M272 /);
    expect(lengths(rowsPicture({ found: undefined, expected: undefined, row: 0, isLog }))).toEqual([]);
    expect([shareAt(0, isLog), shareAt(1, isLog)]).toEqual([isLog ? 1e-24 : 0, 1]);
  });

  test('each row is found at its place', () => {
    const y = Array.from({ length: SIDE }, (_, row) =>
      Number(/class="marked"[^>]* y="(\d+)"/.exec(rowsPicture({ found, expected: 0, row, isLog: false }))![1]),
    );
    expect(y.map((place) => rowAt((place + 4) / HEIGHT))).toEqual([...y.keys()]);
    expect([rowAt(0), rowAt(1)]).toEqual([0, SIDE - 1]);
  });

  test('dx of a row: its sign, its size beside the largest of the image, and the words', () => {
    expect(gradientOfRow(found, 0)).toMatch(/class="level" x="51" y="60.0" width="12" height="4.5"/);
    expect(gradientOfRow(found, 27)).toMatch(/class="bar" x="51" y="4.0" width="12" height="56.0"/);
    expect(gradientOfRow(found, 0)).toContain('class="ink" opacity="1.00" x="78"');
    expect(wordsOfRow(found, 0)).toBe(
      'Row 1: 0.57 of ‖∂L/∂c‖ after row 28. ‖∂L/∂x‖ of this row is 2.0, and its largest entry is −2.0, at pixel 4.',
    );
  });

  test('f: all units are drawn, and the words are those of the page', () => {
    const bars = /class="level" d="([^"]*)"/.exec(gatesPicture(f))![1];
    const heights = Array.from(bars.matchAll(/ 148V([\d.]+)h/g), ([, top]) => (148 - Number(top)) / 120);
    const first = 44.5 + 320 * ((f.units.findIndex((count) => count > 0) / 50 - 0.5) / 0.5); // 0.5 to 1 are 320 wide
    expect(Number(/^M([\d.]+) /.exec(bars)![1])).toBeCloseTo(first, 1);
    expect(heights.reduce((sum, height) => sum + height, 0) * 0.8).toBeCloseTo(1, 2);
    expect(wordsOfGates(f)).toBe(
      "The mean of f is 0.733. The units' means lie between 0.64 and 0.81; 0 of 128 are above 0.9.",
    );
  });
});
