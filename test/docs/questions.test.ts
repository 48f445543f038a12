/**
 * The numbers in the sentences of docs/questions. Each follows from the output that the page shows, or is a setting in the program's text, or
 * is none of the program's, with a reason. outputs.test.ts compares the outputs with the programs'.
 */
import { readdirSync } from 'node:fs';
import { blocksIn, read } from '../helpers/chapter.js';
import { EXPERIMENTS } from '../../src/page/experiments.js';

interface Page {
  /** Words of the page, and the text of its program that has the same numbers. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Words of the page whose numbers follow from the output: the numbers of each of its lines. */
  readonly says?: (lines: readonly string[][]) => readonly string[];
  /** What the page says of these numbers, in order. */
  readonly holds?: (lines: readonly number[][]) => readonly boolean[];
  /** Words with numbers of mathematics, of other libraries, or of other pages, which their own tests check. */
  readonly others?: readonly string[];
}

/** Characters of a program's output side by side, at 390 px. */
const OF_A_PHONE = 41;
const LN_2 = Math.LN2.toFixed(2);
const rising = (values: readonly number[]): boolean => values.every((value, n) => n === 0 || value > values[n - 1]);
const falling = (values: readonly number[]): boolean => rising([...values].reverse());
const column = (lines: readonly number[][], n: number): number[] => lines.map((line) => line[n]);
const changes = (experiment: string): number[] =>
  EXPERIMENTS.find(({ id }) => id === experiment)!.runs.flatMap(({ change }) => change.learningRate ?? []);

const PAGES: Readonly<Record<string, Page>> = {
  constant: {
    settings: { 'each value is 0.9 times the last one': '0.9 * value', '0.9ᵏ times': '0.9 ** k' },
    says: (lines) => [
      `be after ${lines.at(-1)![0]} steps`,
      `continues it for ${lines.at(-1)![0]} steps`,
      'the mean 0.',
    ],
    holds: (lines) => {
      const ahead = lines.slice(2);
      const between = ahead.filter(([k]) => k >= 5 && k <= 20);
      return [
        Math.max(...ahead.at(-1)!.slice(1, 3).map(Math.abs)) < 0.05,
        between.length === 3 && between.every(([, network, best]) => network < best), // sooner than the best one
        ahead.every(([, , , network, best]) => Math.abs(network - best) < 0.015),
      ];
    },
  },
  dropout: {
    settings: {
      'two layers of 16 units': 'hidden: [16, 16]',
      'learn 40 examples': 'noisySums(40, 1)',
      'that of 500 others': 'noisySums(500, 2)',
      'The loss of the 40 becomes larger': 'noisySums(40, 1)',
      'the loss of the 40 and': 'noisySums(40, 1)',
      'if 30% or 60% are dropped': '[0, 0.3, 0.6]',
    },
    says: () => [`far above ${LN_2}`],
    holds: (lines) => [
      rising(column(lines, 1)),
      falling(column(lines, 2)),
      lines.every(([, , others]) => others > 2 * Math.LN2),
    ],
    others: ['0.7³⁰ in 30 steps', '(12′)'],
  },
  'initial-weights': {
    settings: { 'a network of 8 units': 'H] = [8, 8]', 'times 0, 0.01, 1 and 10': '[0, 0.01, 1, 10]' },
    says: ([, zero, , , ten]) => [
      ...[
        'after 100 updates',
        'within 100 updates',
        'With 0, all units',
        'even 0',
        'ln 2',
        'With 0.01 the units differ',
      ],
      `With 10 the first loss is ${Number(ten[1]).toFixed(1)}, `,
      ...(zero[1] === Math.LN2.toFixed(3) ? [] : ['the loss with 0 is not ln 2']),
    ],
    holds: ([, zero, small, one, ten]) => [
      new Set(zero.slice(1, 4)).size === 1 && zero[4] === 1,
      [small, one, ten].every(([, , , last, units]) => units === 8 && last < 0.01),
      ten[3] > Math.max(small[3], one[3]), // it learns more slowly
    ],
    others: ['±√(6/(rows + columns))', '(2010)', 'sets each bias to 0', 'forget bias 1', '(2)', '(chapter 3', '±1/√H'],
  },
  'last-value': {
    says: ([, [walk], [lastOfWalk]]) => [`error is ${Math.round(100 * (+walk / +lastOfWalk - 1))}% larger`],
    holds: ([, [walk], , [distance], , [wave], [lastOfWave], [fromLast]]) => [
      distance < walk / 2 && fromLast > 2 * wave, // near the last value, and far from it
      wave < lastOfWave / 3,
    ],
    others: ['is the forecast 0'],
  },
  longer: {
    settings: {
      'learns 100 examples': 'noisySums(100, 1)',
      'the learning rates 0.01 and 0.3': '[0.01, 0.3]',
      'between update 100 and 400': '[25, 100, 400]',
    },
    says: ([, , [, , from], [, , to], ...rest]) => [
      `With 0.01 the loss of the examples falls, and that of the others rises from ${from} to ${to}`,
      'With 0.3 both rise',
      `returns those weights: ${rest.at(-1)!.at(-1)!}.`,
    ],
    holds: ([, , [, low, lowOthers], [, lower, moreOthers], , , [, high, highOthers], [, higher, others]]) => [
      lower < low && moreOthers > lowOthers,
      higher > high && others > highOthers,
    ],
  },
  'loss-stays': {
    settings: { 'four learning rates': '[1e-5, 1e-3, 1e-2, 1]', 'With 10⁻⁵': '1e-5', 'with 1 it falls': '1e-2, 1]' },
    says: () => [
      `ln 2 = ${Math.LN2.toFixed(3)}`,
      `trains with ${changes('rate-too-high').join(' in place of ')} (`, // the third experiment
    ],
    holds: ([, [, ...stays], , [, ...learns], [, ...one], random, wrong]) => [
      stays[0] - stays[2] < 0.002 && learns[2] < 0.01,
      one[1] < one[0] && one[2] > one[1],
      falling(random) && random[2] < 0.05,
      rising(wrong),
      changes('rate-too-high')[0] === 1,
    ],
    others: ['divide it by 10', 'multiply it by 3', 'around 1', 'come near 0'],
  },
  'other-framework': {
    holds: (lines) => {
      const [right, ...readings] = lines;
      const [order, , , transposed] = readings.map(([a, b]) => Math.hypot(a - right[0], b - right[1]));
      const all = readings.map(([a, b]) => Math.hypot(a - right[0], b - right[1]));
      return [
        transposed === Math.min(...all),
        order === Math.max(...all),
        lines.flat().every((h) => Math.abs(h) < 0.5),
      ];
    },
    others: ['TF 1', 'a forget bias of 1', 'that of f begins at 1', '10⁻⁷ of a number, not 10⁻²'],
  },
  overfitting: {
    settings: {
      'the sum of eight numbers': 'noisySums(count, 1)',
      'It sees 40 examples, or 1,000.': '[40, 1000]',
      'With 40 examples': '[40, 1000]',
      'that of the 40': '[40, 1000]',
      'With 1,000 examples': '[40, 1000]',
      'loss of 500 other examples': 'noisySums(500, 2)',
      'between update 50 and 800': '[50, 100, 200, 400, 800]',
    },
    says: (lines) => [
      `the others rises from ${lines[1][2]} to ${lines[5][2]}, while`,
      'falls to 0:',
      `A guess has ${LN_2}.`,
      'a text of 5,000 characters',
    ],
    holds: (lines) => [
      lines[5][1] === 0,
      lines.slice(7).every(([, own, others]) => others - own < 0.05),
      EXPERIMENTS[4].runs[0].change.characters === 5000 || EXPERIMENTS[4].runs[1].change.characters === 5000,
    ],
  },
  scaling: {
    settings: {
      'a mean of 1000': 'MEAN, SPREAD] = [300, 10, 1000, 100]',
      'mean 1000 and spread 100': '1000, 100]',
      'after 40 epochs': 'epochs: 40',
      'The noise alone makes 10': 'random.normal(0, 0.1)', // of a spread of 100
    },
    holds: ([[raw], [centred], [scaled]]) => [
      raw > 900 && raw < 1000,
      Math.round(centred / 10) === 4,
      scaled > 10 && scaled < 13,
    ],
    others: ['are not around 1.', 'far from 1.', 'derivatives are 0', 'near 0', 'pixels by 255', 'if x is 1000'],
  },
  stateful: {
    settings: { 'a one after every five zeros': 'PERIOD, BATCHES] = [4, 6, ', 'in batches of four steps': '[4, 6, ' },
    holds: ([, [carried], [reset], [other]]) => [carried === 100, other < reset && reset < carried],
  },
};

test.each(readdirSync('docs/questions').map((file) => file.replace('.md', '')))('%s', (name) => {
  const { settings = {}, says, holds, others = [] } = PAGES[name];
  const [page, program] = [read(`../questions/${name}.md`), read(`question-${name}.mjs`)];
  const output = blocksIn(page)[0].trimEnd().split('\n');
  expect(output.filter((line) => line.length > OF_A_PHONE)).toEqual([]);
  const lines = output.map((line) => line.match(/-?\d+(\.\d+)?/g) ?? []);
  for (const text of Object.values(settings)) expect(program).toContain(text);
  const numbers = lines.map((line) => line.map(Number));
  const isTrue = holds?.(numbers) ?? [];
  expect(isTrue).toEqual(isTrue.map(() => true));
  let prose = page
    .replace(/^```[^]*?^```$|^ {4}.*$|^\d\. |`[^`\n]*`|\]\([^)]*\)/gm, ' ')
    .replace(/[[\]]/g, '')
    .replace(/\s+/g, ' ');
  for (const words of [...Object.keys(settings), ...(says?.(lines) ?? []), ...others]) {
    expect(prose).toContain(words);
    prose = prose.split(words).join(' ');
  }
  expect(prose.match(/.{0,30}(?<![a-z]\d*)[\d⁰-⁹²³].{0,20}/g) ?? []).toEqual([]);
});
