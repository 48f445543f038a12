/**
 * The book's main line is short, and has something to do on every screen or two. What stands open counts: no code, formulas, pictures'
 * descriptions, tables of numbers, closed boxes, or links to the code.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { isRunnable, programsIn } from '../../docs/.vitepress/theme/places.js';

/** The most words of a page, or of several together. The whole has at most 14,000, a page at most 2,000. */
const MOST: readonly (readonly [pages: readonly string[], words: number])[] = [
  [['what-an-rnn-is'], 1500],
  [['plain-rnn'], 1900],
  [['min-char-rnn'], 700],
  [['lstm'], 1500],
  [['by-hand'], 1700],
  [['why-57'], 900],
  [['loss-and-update'], 1600],
  [['check-it'], 1000],
  [['mistakes'], 900],
  [['gates', 'networks', 'other-cells'], 3000],
];
const TOGETHER = 14_000;
const OF_ONE_PAGE = 2000;
/** The most words from one thing to do to the next. */
const WITHOUT_A_DEED = 400;

const OF_A_QUESTION = 400;

const pathOf = (page: string): string => `docs/learn/${page}.md`;
const ofLearn = (page: string): string => readFileSync(pathOf(page), 'utf8');

/** A word has a letter: numbers and signs are none. */
const listOf = (text: string): string[] => text.split(/\s+/).filter((word) => /\p{L}/u.test(word));
const wordsIn = (text: string): number => listOf(text).length;

/** What the reader does, where the page has it: a component, a program with a button, a prediction, a question, an exercise. */
const DEED =
  /<div id="[\w-]+"><\/div>|<[A-Z]\w+\b|<summary>Check|\bPredict\b|\]\(\.\.\/exercises\/|!\[[^\]]*\]\(pictures\/(?:unrolled|gradient-norms|reach)\./g;
const DONE = '\0';

/** The page's open words; a thing to do is \0. */
function openText(page: string): string {
  const withoutBoxes = page
    .replace(/^---\n[^]*?\n---\n/, '')
    .replace(/<!--[^]*?-->/g, '')
    .replace(DEED, (found) => ` ${DONE} ${found}`)
    .replace(/^```[^]*?^```$|(?<=\n\n)(?: {4}.*\n)+/gm, (code) =>
      programsIn(dedented(code)).some(isRunnable) ? DONE : '',
    )
    .replace(/<details>[^]*?<\/details>|^::: details[^]*?^:::$/gm, (box) => (box.includes(DONE) ? DONE : ''))
    .replace(/\$\$[^]*?\$\$|\$[^$\n]+\$/g, ' ');
  return withoutBoxes
    .split(/\n{2,}/)
    .filter((paragraph) => !paragraph.startsWith('The code: ') && !isOfNumbers(paragraph))
    .join('\n\n')
    .replace(/!\[[^\]]*\]\([^)]*\)/g, ' ')
    .replace(/\]\([^)]*\)/g, ' ')
    .replace(/<[^>]*>|^\|[-:| ]+\|$/gm, ' ');
}

const dedented = (code: string): string => code.replace(/^ {4}/gm, '');

/** A table in which most cells below the head have a digit. */
function isOfNumbers(paragraph: string): boolean {
  const [, , ...rows] = paragraph.split('\n').filter((line) => line.startsWith('|'));
  const cells = rows.flatMap((row) => row.split('|').slice(1, -1));
  return cells.length > 0 && cells.filter((cell) => /\d/.test(cell)).length > cells.length / 2;
}

/** The longest way, in words, in which nothing is to do. */
const longestWithoutDeed = (text: string): number => Math.max(...text.split(DONE).map(wordsIn));

test('what counts as a word, and as a thing to do', () => {
  const page = [
    'Two words, `h₁` = 0.5 and [a link](x.md#words-that-do-not-count).',
    '![A picture of many words](pictures/cell.svg)',
    '    code is none',
    '| name | value |\n| ---- | ----- |\n| one | 1 |\n| 2 | 3 |',
    '| name | means |\n| ---- | ----- |\n| word | a sentence |',
    '<details>\n<summary>For the curious</summary>\n\nNot these.\n\n</details>',
    'Predict: what then?',
    '<details>\n<summary>Check your prediction</summary>\n\nNor these.\n\n</details>',
    '    node docs/learn/programs/softmax.mjs\n',
    'The code: [a file](a.ts) and its tests.',
    'The end.\n',
  ].join('\n\n');
  const parts = openText(page)
    .split(DONE)
    .map((part) => listOf(part).join(' '));
  expect(parts).toEqual([
    'Two words, `h₁` and [a link name means word a sentence',
    'Predict: what then?',
    '',
    'The end.',
  ]);
});

test.each(MOST)('%j: at most %d words stand open', (pages, most) => {
  const counts = pages.map((page) => wordsIn(openText(ofLearn(page))));
  const sum = counts.reduce((total, count) => total + count, 0);
  expect({ counts, tooMany: Math.max(0, sum - most) }).toEqual({ counts, tooMany: 0 });
  expect(Math.max(...counts)).toBeLessThanOrEqual(OF_ONE_PAGE);
});

test.each(MOST.flatMap(([pages]) => pages))('%s: something to do at least every 400 words', (page) => {
  expect(longestWithoutDeed(openText(ofLearn(page)))).toBeLessThanOrEqual(WITHOUT_A_DEED);
});

test('the main line has at most 14,000 words', () => {
  const pages = MOST.flatMap(([names]) => names);
  expect(pages.reduce((sum, page) => sum + wordsIn(openText(ofLearn(page))), 0)).toBeLessThanOrEqual(TOGETHER);
});

test.each(readdirSync('docs/questions'))('%s: a prediction, a program with a button, and at most 400 words', (file) => {
  const page = readFileSync(`docs/questions/${file}`, 'utf8');
  const program = `question-${file.replace('.md', '')}`;
  expect([programsIn(dedented(page))[0], isRunnable(program)]).toEqual([program, true]);
  expect(page.indexOf('\nPredict: ')).toBeLessThan(page.indexOf(program));
  expect(wordsIn(page.replace(/^```[^]*?^```$/gm, ''))).toBeLessThanOrEqual(OF_A_QUESTION); // its boxes count, too
});
