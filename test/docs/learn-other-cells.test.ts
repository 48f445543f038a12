/** docs/learn/other-cells.md: its tables are those of the program, and its sentences those of the tables. */
import { CELL_NAMES } from '../../src/cells/names.js';
import { chapter, read } from '../helpers/chapter.js';

const { page, says, ask } = chapter('other-cells', {
  'other-cells.mjs': [
    ...['CELLS', 'PLAN', 'SEEDS', 'TASKS', 'cellText', 'chapterWith', 'hiddenOf'],
    ...['minutesOf', 'parameterCount', 'readRuns', 'resultsOf', 'tablesOf'],
  ],
});

/** A run of other-cells.json. */
interface Run {
  readonly task: string;
  readonly row: string;
  readonly seed: number;
  readonly figure: number;
  readonly seconds: number;
}
const runs = JSON.parse(read('programs/other-cells.json')) as Run[];
const figures = (task: string, row: string): number[] =>
  runs.filter((run) => run.task === task && run.row === row).map(({ figure }) => figure);

test('the tables are what the program makes of other-cells.json, in which every run is one of the plan', async () => {
  const [made, planned] = (await ask(`
    const { readFileSync } = await import('node:fs');
    const chapter = readFileSync('docs/learn/other-cells.md', 'utf8');
    const key = ({ task, row, seed, updates, hidden }) => JSON.stringify([task, row, seed, updates, hidden]);
    const all = new Set(PLAN.map(key));
    const found = readRuns().map(key);
    return [chapterWith(chapter, readRuns()), new Set(found).size === found.length && found.every((one) => all.has(one))];`)) as [
    string,
    boolean,
  ];
  expect(planned).toBe(true);
  expect(page).toBe(made);
});

test('another number of a run changes the tables, and so does a missing run', async () => {
  const different = (await ask(`
    const runs = readRuns();
    const changed = runs.with(0, { ...runs[0], figure: runs[0].figure / 2 });
    return [tablesOf(runs), tablesOf(changed), tablesOf(runs.slice(1))];`)) as string[];
  expect(new Set(different).size).toBe(3);
});

test('every cell of the engine has a row; no network has more parameters than the LSTM, nor less than 90%', async () => {
  const { cells, counts } = (await ask(`
    const counts = Object.values(TASKS).map((task) =>
      Object.values(CELLS).map((cell) => parameterCount(task, cell, hiddenOf(task, cell))));
    return { cells: Object.values(CELLS).map(({ cell }) => cell), counts };`)) as {
    cells: string[];
    counts: number[][];
  };
  expect([...new Set(cells)].sort()).toEqual([...CELL_NAMES].sort());
  for (const [most, ...others] of counts)
    for (const count of others) expect([count <= most, count > 0.9 * most]).toEqual([true, true]);
});

test('a number of the table is the median with the range', async () => {
  const texts = await ask('return [[3, 1, 2], [4, 1], [5], [], [2, 2]].map((list) => cellText(list, 1));');
  expect(texts).toEqual(['2.0 (1.0–3.0)', '2.5 (1.0–4.0)', '5.0', '–', '2.0']);
});

test('the chapter has at most 1,500 words, without its tables, equations and text alternatives', () => {
  const prose = page
    .replace(/<!--[^]*?-->/g, '')
    .replace(/^(?:\||    |!\[).*$/gm, '')
    .replace(/\]\([^)]*\)/g, ']');
  const words = prose.match(/[\p{L}\d]+(?:[’'.,-][\p{L}\d]+)*/gu)!;
  expect(words.length).toBeGreaterThan(600);
  expect(words.length).toBeLessThanOrEqual(1500);
});
