/** The list of planted mistakes fits the code, the tests, and docs/learn/mistakes.md; docs/learn/mistakes-table.md is made from it. `npm run test:mutations` plants them. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { PLANTED_MISTAKES } from '../../src/mistakes/planted-mistakes.mjs';
import { chapter, quotedExperiments, read as readChapter, testSymptoms } from '../helpers/chapter.js';

const { page, prose, ask } = chapter('mistakes', { 'mistakes-table.mjs': ['withTable'], 'symptoms.mjs': ['failures'] });
const table = readChapter('mistakes-table.md');

test('the table is the one that mistakes-table.mjs makes', async () => {
  const made = await ask(
    "return withTable((await import('node:fs')).readFileSync('docs/learn/mistakes-table.md', 'utf8'));",
  );
  expect(made).toBe(table);
});

test('the table has a row for every mistake, and a link to the page for those that it offers', () => {
  const rows = [...table.matchAll(/^\| <a id="([^"]+)"><\/a>/gm)].map(([, id]) => id);
  expect([...rows].sort()).toEqual(PLANTED_MISTAKES.map(({ id }) => id).sort());
  expect(prose).toContain(`It has ${PLANTED_MISTAKES.length}, and`);
  const planted = [...table.matchAll(/href="\.\.\/play\/\?mistake=([^"]+)"/g)].map(([, id]) => id);
  expect(planted).toEqual(PLANTED_MISTAKES.filter(({ onPage }) => onPage).map(({ id }) => id));
});

const ANCHOR = /\]\((?:mistakes-table\.md)?#([^)]+)\)/g;

test('every symptom leads to a mistake of the table or to a section of this page', () => {
  const headings = [...page.matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} -]/gu, '')
      .replaceAll(' ', '-'),
  );
  const places = new Set([...headings, ...PLANTED_MISTAKES.map(({ id }) => id)]);
  const linked = [...page.matchAll(ANCHOR)].map(([, anchor]) => anchor);
  expect(linked.filter((anchor) => !places.has(anchor))).toEqual([]);
  expect(linked.length).toBeGreaterThan(30);
});

// test/slow/docs/figures.test.ts runs the experiments, and says the same about what they print
testSymptoms('the chapter quotes', quotedExperiments);

/** What the tensors that fail at T = 1 say: test/slow/docs/figures.test.ts checks it for every mistake of the LSTM. */
test.each([
  ['i-and-j-exchanged-in-3′', ['Wx', 'Wh', 'b', 'x', 'h0']],
  ['dropped-term', ['Wx', 'Wh', 'b', 'x', 'h0', 'c0']],
  ['no-dc-prev', ['c0']],
  ['no-memory', []],
])('the gradient check of %s fails in %j', async (id, names) => {
  const failed = (await ask(`return failures(${JSON.stringify(id)}, 1);`)) as { name: string }[];
  expect(failed.map(({ name }) => name)).toEqual(names);
});

const project = fileURLToPath(new URL('../..', import.meta.url));
const read = (file: string): string => readFileSync(path.join(project, file), 'utf8');
const tests = readdirSync(path.join(project, 'test/equations'))
  .filter((name) => name.startsWith('equations-'))
  .map((name) => read(`test/equations/${name}`))
  .join('');

/** The equations that have tests: `describe('(3′)', …)`; and the output layer, directions, layers. */
const tested = [...tests.matchAll(/^describe\('\(?([^')]+)\)?', /gm)].map(([, equation]) => equation);

test('each id occurs once', () => {
  const ids = PLANTED_MISTAKES.map(({ id }) => id);
  expect(ids).toEqual([...new Set(ids)]);
});

test.each(PLANTED_MISTAKES)('$id: its file has the right text exactly once', ({ file, right, wrong }) => {
  expect(read(`src/${file}`).split(right)).toHaveLength(2);
  expect(wrong).not.toBe(right);
});

test.each(PLANTED_MISTAKES)('$id: a test titled by its equation must fail', ({ equation, fails, test: other }) => {
  expect(tested).toContain(equation);
  const title = /\d/.test(equation) ? `(${equation})` : equation;
  expect(fails.some((name) => name.startsWith(title))).toBe(true);
  if (other !== undefined) expect(existsSync(path.join(project, `test/${other}.test.ts`))).toBe(true);
});

test('every equation has a mistake, and the page’s are in the cell of src/equations/lstm.ts', () => {
  expect(tested).toHaveLength(35);
  const broken = new Set(PLANTED_MISTAKES.map(({ equation }) => equation));
  expect([...broken].sort()).toEqual([...tested].sort());
  const offered = PLANTED_MISTAKES.filter(({ onPage }) => onPage);
  expect(offered.length).toBeGreaterThanOrEqual(6);
  for (const { file, equation } of offered)
    expect([file, equation]).toEqual(['equations/lstm.ts', expect.stringMatching(/^[2-4]/)]);
});
