/** docs/learn/notation.md lists the letters of the chapters, and what it says of f = 0.73 and of rows is true. */
import { readdirSync } from 'node:fs';
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { Model } from '../../src/door/model.js';
import { folder, read } from '../helpers/chapter.js';

const page = read('notation.md');
const prose = page.replace(/\s+/g, ' ');
const [letters] = page.split('## The same LSTM in other texts');

/** The names in the first cell of each row of the tables of letters. */
const listed = new Set(
  [...letters.matchAll(/^\| (.+?) +\|/gm)].flatMap(
    ([, cell]) => cell.replace(/\(.*?\)/g, ' ').match(/[A-Za-zα-ω]+/g) ?? [],
  ),
);

const WITHOUT_FORMULAS = ['notation.md', 'mistakes.md', 'mistakes-table.md', 'questions.md', 'fast.md'];
const chapters = readdirSync(folder).filter((file) => file.endsWith('.md') && !WITHOUT_FORMULAS.includes(file));

/** The indented formulas of a chapter, and those between dollars. */
function formulasOf(file: string): string[] {
  const text = read(file).replace(/```[\s\S]*?```/g, '');
  return text.match(/^ {4}(?!npm|npx|node ).*$|\$\$[\s\S]*?\$\$|\$[^$\n]+\$/gm) ?? [];
}

const WORDS = ['Algorithm', 'PyTorch', 'LEARNING', 'RATE']; // of remarks in formulas, and of a constant
/** LaTeX, such as \frac, and what a gradient is of: dX has the letter of X. */
const isListed = (name: string): boolean =>
  listed.has(name) ||
  (name.startsWith('d') && [name.slice(1), name.charAt(1).toLowerCase() + name.slice(2)].some((of) => listed.has(of)));

test.each([...chapters, '../derivation.md'])('every letter of the formulas in %s is listed', (file) => {
  const formulas = formulasOf(file).map((formula) => formula.replace(/\\[a-z]+/g, ' '));
  // single letters, and names with a capital letter; the rest are words
  const names = formulas.flatMap(
    (one) => one.match(/(?<![A-Za-zα-ω′])([A-Za-zα-ω]|[a-z]*[A-Z][A-Za-z]*)(?![A-Za-zα-ω])/g) ?? [],
  );
  expect(names.filter((name) => !isListed(name) && !WORDS.includes(name))).toEqual([]);
});

test('the formulas of the chapters have the letters that the list was made for', () => {
  const all = [...chapters, '../derivation.md'].flatMap(formulasOf).join('\n');
  for (const name of ['Wy', 'biasY', 'dhNext', 'bU', 'lr(s)', 'decayRate', 'l_{k}', 'W_{kn}'])
    expect(all).toContain(name);
});

test('f in a new network is about 0.73, and with it a cell halves in 2.2 steps', () => {
  const f = 1 / (1 + Math.exp(-1));
  expect(prose).toContain(
    `f is then about ${f.toFixed(2)}, so what a cell holds halves in ${(Math.log(0.5) / Math.log(f)).toFixed(1)} steps`,
  );
});

test('step t reads row t and writes row t+1: the engine’s states and gates have these rows', () => {
  const T = 5;
  const model = new Model(createReferenceBackend(), { T, B: 2, I: 3, H: 4, C: 2 });
  const { x, h, c, gates } = model.activations;
  expect([x, gates].map(({ shape: [rows] }) => rows)).toEqual([T, T]);
  expect([h, c].map(({ shape: [rows] }) => rows)).toEqual([T + 1, T + 1]);
});
