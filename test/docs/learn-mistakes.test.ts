/** docs/learn/mistakes.md: the table is made from the list of mistakes, and what the text says about the experiments. */
import { PLANTED_MISTAKES } from '../../src/exercises/planted-mistakes.mjs';
import { chapter } from '../helpers/chapter.js';
import { quotedExperiments, testSymptoms } from '../helpers/symptoms.js';

const { page, prose, ask } = chapter('mistakes', { 'mistakes-table.mjs': ['withTable'] });

test('the table is the one that mistakes-table.mjs makes', async () => {
  const made = await ask("return withTable((await import('node:fs')).readFileSync('docs/learn/mistakes.md', 'utf8'));");
  expect(made).toBe(page);
});

test('the table has a row for every mistake, and a link to the page for those that it offers', () => {
  const rows = [...page.matchAll(/^\| <a id="([^"]+)"><\/a>/gm)].map(([, id]) => id);
  expect([...rows].sort()).toEqual(PLANTED_MISTAKES.map(({ id }) => id).sort());
  expect(prose).toContain(`It has ${PLANTED_MISTAKES.length}, and`);
  const planted = [...page.matchAll(/href="\.\.\/play\/\?mistake=([^"]+)"/g)].map(([, id]) => id);
  expect(planted).toEqual(PLANTED_MISTAKES.filter(({ onPage }) => onPage).map(({ id }) => id));
});

const ANCHOR = /\]\(#([^)]+)\)/g;

test('every symptom leads to a mistake or to a section of this page', () => {
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

// test/slow/docs/learn.test.ts runs the experiments, and says the same about what they print
testSymptoms('the chapter quotes', quotedExperiments);
