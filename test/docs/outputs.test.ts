/**
 * What the programs of the documents print is what the documents show, and their pictures are those that the programs draw. Other files
 * test what the documents say about the numbers. The first tier runs the quick programs, test/slow the others.
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import {
  blocksIn,
  differences,
  folder,
  outputOf,
  placeOf,
  read,
  shownIn,
  withoutTrailingSpaces,
} from '../helpers/chapter.js';
import { moduleProcess } from '../helpers/run-module.js';
import { linesOf } from '../helpers/longhand-process.js';
import { inTier } from '../helpers/needs.js';

interface Row {
  /** A chapter of docs/learn, or a page of docs/questions. */
  readonly chapter: string;
  /** In docs/learn/programs. */
  readonly program: string;
  /** How many of the chapter's blocks it prints. */
  readonly blocks: number;
  /** The chapter shows the blocks in another order. */
  readonly isReordered?: true;
  /** What differs on other computers. */
  readonly noise?: RegExp;
  /** Lines that the chapter does not show as they are. */
  readonly alone?: readonly RegExp[];
  /** What holds for an output: for what is printed, and for what the chapter shows. */
  readonly facts?: (text: string, shown: string) => void;
  readonly isSlow?: true;
}

const ROUNDING = /\d+e-\d+/g;

/** Every gradient agrees with its numeric derivative. */
function expectRightGradients(text: string): void {
  expect(Object.keys(differences(text))).toEqual(['Wx', 'Wh', 'bias', 'Wy', 'biasY']);
  for (const difference of Object.values(differences(text))) expect(difference).toBeLessThan(1e-9);
}

const ROWS: readonly Row[] = [
  { chapter: 'what-an-rnn-is', program: 'one-state.mjs', blocks: 4 },
  { chapter: '../tutorial-parity', program: 'tutorial.mjs', blocks: 1, isSlow: true },
  {
    ...{ chapter: 'plain-rnn', program: 'which-came-first.mjs', blocks: 1, noise: /\d+\.\d+|\d+e-\d+|\d+ of/g },
    facts: (text, shown) => {
      expectRightGradients(text);
      expect(Number(/update 300: loss ([\d.]+)/.exec(text)![1])).toBeLessThan(0.02);
      const [ratio, shownRatio] = [text, shown].map((one) => Number(/norm of dh.*: (.+)/.exec(one)![1]));
      expect(ratio).toBeCloseTo(shownRatio, 6);
    },
  },
  {
    ...{ chapter: 'plain-rnn', program: 'every-step.mjs', blocks: 1, noise: ROUNDING },
    facts: (text) => {
      expectRightGradients(text);
      const rows = [...text.matchAll(/^ +\d +([\d.]+) +([\d.]+) +[\d.]+$/gm)].map(([, own, next]) => +next / +own);
      expect([rows.length, rows[7]]).toEqual([8, 0]);
      for (const ratio of rows.slice(0, 7)) expect(Math.abs(ratio - 0.65)).toBeLessThan(0.25); // “0.4 to 0.9 times”
    },
  },
  { chapter: 'plain-rnn', program: 'recompute.mjs', blocks: 1 },
  { chapter: 'min-char-rnn', program: 'min-char-rnn.mjs', blocks: 1 },
  { chapter: 'min-char-rnn', program: 'min-char-rnn-solution.mjs', blocks: 1, noise: ROUNDING, isSlow: true },
  { chapter: 'lstm', program: 'one-cell.mjs', blocks: 1 },
  { chapter: 'lstm', program: 'forget-bias.mjs', blocks: 1 },
  // the first line is the table of the page
  {
    ...{ chapter: 'loss-and-update', program: 'softmax.mjs', blocks: 2, isReordered: true },
    alone: [/^logits 2, 1, 0; label 1: p 0\.6652, /],
  },
  { chapter: 'loss-and-update', program: 'updates.mjs', blocks: 3 },
  { chapter: 'loss-and-update', program: 'spike.mjs', blocks: 1 },
  { chapter: 'loss-and-update', program: 'clipping.mjs', blocks: 1, isSlow: true },
  { chapter: 'networks', program: 'networks.mjs', blocks: 4, isSlow: true }, // one thread and the portable build: the same digits everywhere
  { chapter: 'fast', program: 'fast.mjs', blocks: 2 },
  ...readdirSync(path.join(folder, '../questions')).map((file) => {
    const name = path.basename(file, '.md');
    return { chapter: `../questions/${name}`, program: `question-${name}.mjs`, blocks: 1, isSlow: true as const };
  }),
];

test.each(ROWS.filter(({ isSlow = false }) => isSlow === inTier(false, true)))(
  '$program prints what $chapter.md shows',
  ({ chapter, program, blocks, isReordered = false, noise = /$^/g, alone = [], facts }) => {
    const plain = (text: string): string => withoutTrailingSpaces(text).replace(noise, '#');
    const output = outputOf(program);
    const shown = blocksIn(read(`${chapter}.md`));
    const printed = shown.filter((block) => plain(output).includes(plain(block)));
    expect(printed).toHaveLength(blocks);
    const places = printed.map((block) => plain(output).indexOf(plain(block)));
    if (!isReordered) expect(places).toEqual([...places].sort((a, b) => a - b));
    const lines = shown.flatMap((block) => plain(block).split('\n'));
    const left = linesOf(output).filter((line) => !lines.includes(plain(line)) && line.trim() !== '');
    expect(left).toEqual(alone.map((pattern) => expect.stringMatching(pattern) as string));
    for (const text of [output, printed[0]]) facts?.(text, printed[0]);
  },
);

/** The programs of examples/: the last number of each, and what it must stay below, or above. */
const BOUNDS = [
  { pattern: /error ([\d.]+); always/, below: 0.01 },
  { pattern: /new walks: ([\d.]+)/, above: 0.9 },
  { pattern: /epoch 4, last batch: ([\d.]+) bits/, below: 0.3 },
  { pattern: /new sequences: ([\d.]+)/, above: 0.88 },
  { pattern: /squared error ([\d.]+); of/, below: 0.01 },
  { pattern: /last h Float64Array\(2\) \[ ([\d.]+), /, below: 0.053 },
];

describe('docs/your-own.md', () => {
  const page = read('../your-own.md');
  const headings = [...page.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading);
  const programs = [
    ...page.matchAll(
      /\]\(\.\.\/(examples\/[\w-]+\.mjs)\):\n\n```js\n([\s\S]*?)```\n\nIt prints:\n\n```\n([\s\S]*?)```/g,
    ),
  ].map(([, file, code, output], n) => ({ file, code, output, title: headings[n], ...BOUNDS[n] }));
  const chosen = inTier([1, 5], [0, 2, 3, 4]);

  test.each(programs.filter((_, n) => chosen.includes(n)))('$title', ({ file, output, pattern, below, above }) => {
    const found = outputOf(file, [], '');
    const masked = (text: string): string => text.replace(/[\d.]+/g, '#');
    expect(masked(found)).toBe(masked(output));
    for (const text of [found, output]) {
      const value = Number(pattern.exec(text)?.[1]);
      expect([text, value < (below ?? Infinity), value > (above ?? -Infinity)]).toEqual([text, true, true]);
    }
  });

  if (inTier(true, false)) {
    test('why a gradient is wrong: five backward passes, each with its cause', () => {
      const [found, shown] = [outputOf('wrong-passes.mjs'), shownIn(page, 'wrong-passes.mjs')];
      const masked = (text: string): string => text.replace(/-?\d\.\d{2,}(e[+-]\d+)?/g, '#').replace(/ +/g, ' ');
      expect(masked(found)).toBe(masked(shown));
      expect(found.match(/WRONG/g)).toHaveLength(6); // the attention has two
      expect(page).toContain('y.get(r, k) * dy.get(r, k)) }; // right');
      expect(read('wrong-passes.mjs')).toContain('y.get(r, k) * dy.get(r, k)) }; // right');
    });
  }

  test('it shows the six programs as they are, each under 40 lines', () => {
    expect(programs.map(({ file }) => file).sort()).toEqual(readdirSync('examples').map((name) => `examples/${name}`));
    expect(programs).toHaveLength(6);
    for (const { file, code } of programs) {
      expect(code).toBe(readFileSync(file, 'utf8'));
      expect(code.trimEnd().split('\n').length).toBeLessThan(40);
    }
  });
});

if (inTier(true, false)) {
  const { ask, close } = moduleProcess("const { PICTURES } = await import('./docs/learn/pictures/pictures.mjs');");
  afterAll(close);
  const files = readdirSync(path.join(folder, 'pictures')).filter((name) => name.endsWith('.svg'));

  test.each(files)('%s is the picture that its program draws', async (name) => {
    expect(await ask(`return PICTURES['${name}']();`)).toBe(readFileSync(placeOf(name), 'utf8'));
  });

  test('every block of a chapter without a language is in a row, or in a test of its own', () => {
    const ofRows = (chapter: string): number =>
      ROWS.filter((row) => row.chapter === chapter).reduce((sum, { blocks }) => sum + blocks, 0);
    const chapters = [...new Set(ROWS.map(({ chapter }) => chapter))];
    const rest = chapters.map((chapter) => [chapter, blocksIn(read(`${chapter}.md`)).length - ofRows(chapter)]);
    expect(Object.fromEntries(rest)).toEqual({
      ...Object.fromEntries(chapters.map((chapter) => [chapter, 0])),
      ...{ 'what-an-rnn-is': 1, 'plain-rnn': 1 }, // the samples of first-text.json; the table of truncation.mjs, which is computed
    });
  });
}
