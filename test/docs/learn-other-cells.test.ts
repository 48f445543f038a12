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
const TASKS = [...new Set(runs.map(({ task }) => task))];
const figuresOf = (task: string, row: string, of: 'figure' | 'seconds' = 'figure'): number[] =>
  runs.flatMap((run) => (run.task === task && run.row === row ? run[of] : []));
/** The median of a row's seeds. */
function median(task: string, row: string, of: 'figure' | 'seconds' = 'figure'): number {
  const sorted = figuresOf(task, row, of).sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return (sorted[Math.floor(middle)] + sorted[Math.ceil(middle)]) / 2;
}

const WITH_GATES = ['LSTM', 'LSTM, peepholes', 'GRU', 'sLSTM'];
const SIGNED = ['minGRU, signed', 'minLSTM, signed'];
const POSITIVE = ['minGRU', 'minLSTM'];
const SCANS = [...SIGNED, ...POSITIVE];
const ROWS = [...WITH_GATES, 'plain RNN', ...SCANS];

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

/** The rows for which a median is as the text says. */
const where = (task: string, is: (figure: number) => boolean): string[] => ROWS.filter((row) => is(median(task, row)));
const medians = (task: string, rows: readonly string[]): number[] => rows.map((row) => median(task, row));

describe('what the text says about the table', () => {
  test('parity: those that find the rule, and those that guess', () => {
    expect(where('parity', (percent) => percent > 99).sort()).toEqual([...WITH_GATES, ...SIGNED].sort());
    expect(where('parity', (percent) => Math.abs(percent - 50) < 5).sort()).toEqual(['plain RNN', ...POSITIVE].sort());
    expect(figuresOf('parity', 'plain RNN').filter((percent) => percent > 99)).toHaveLength(1);
    says('six times as long'); // 256 steps after at most 40
  });

  test('adding: only the plain RNN fails', () => {
    for (const task of ['adding 100', 'adding 400']) {
      expect(where(task, (error) => error < 0.01)).toEqual(ROWS.filter((row) => row !== 'plain RNN'));
      expect(median(task, 'plain RNN')).toBeGreaterThan(0.1);
    }
  });

  test('rows, births and permuted pixels: each gated cell that reads h is ahead of all scans; signed factors make images worse', async () => {
    expect(Math.max(...medians('births', WITH_GATES))).toBeLessThan(Math.min(...medians('births', SCANS)));
    for (const task of ['rows', 'permuted pixels']) {
      expect(Math.min(...medians(task, WITH_GATES))).toBeGreaterThan(Math.max(...medians(task, SCANS)));
      expect(Math.max(...medians(task, SIGNED))).toBeLessThan(Math.min(...medians(task, POSITIVE)));
    }
    expect(Math.max(...figuresOf('rows', 'plain RNN'))).toBeLessThan(12); // a guess is right in 10%
    const weekBefore = (await ask(`
      const { x, targets } = TASKS.births.data().test;
      return 1000 * x.reduce((sum, days, n) => sum + Math.abs(days[21][0] - targets[n][0]), 0) / x.length;`)) as number;
    says(`has a mean error of ${weekBefore.toFixed(0)}`);
  });

  test('the GRU beside the LSTM, and peepholes', () => {
    for (const task of ['parity', 'rows'])
      expect([task, median(task, 'GRU') >= median(task, 'LSTM')]).toEqual([task, true]);
    for (const task of ['births', 'adding 100', 'adding 400', 'Moby-Dick'])
      expect([task, median(task, 'GRU') <= median(task, 'LSTM')]).toEqual([task, true]);
    const [gru, lstm] = ['GRU', 'LSTM'].map((row) => figuresOf('permuted pixels', row));
    expect([Math.min(...gru) > Math.min(...lstm), Math.max(...gru) < Math.max(...lstm)]).toEqual([true, true]);
    const apart = TASKS.filter((task) => {
      const [without, peepholes] = ['LSTM', 'LSTM, peepholes'].map((row) => figuresOf(task, row));
      return Math.min(...peepholes) > Math.max(...without) || Math.max(...peepholes) < Math.min(...without);
    });
    expect(apart).toEqual(['Moby-Dick']);
    expect(median('Moby-Dick', 'LSTM, peepholes')).toBeGreaterThan(median('Moby-Dick', 'LSTM'));
  });

  test('Moby-Dick and time: who is first, and who is last', async () => {
    const best = [...ROWS].sort((one, other) => median('Moby-Dick', one) - median('Moby-Dick', other));
    expect(best[0]).toBe('minGRU, signed');
    expect(best.slice(-2).sort()).toEqual(['LSTM', 'LSTM, peepholes']);
    const minutes = (await ask(`
      const results = resultsOf(readRuns());
      return Object.fromEntries(Object.keys(CELLS).map((row) => [row, minutesOf(results, row)]));`)) as Record<
      string,
      number
    >;
    const byTime = [...ROWS].sort((one, other) => minutes[one] - minutes[other]);
    expect(byTime.slice(0, 2).sort()).toEqual(['minGRU', 'minGRU, signed']);
    expect(byTime.at(-1)).toBe('sLSTM');
    expect(Math.abs(minutes.sLSTM / minutes.minGRU - 2)).toBeLessThan(0.5);
    expect(Math.abs(minutes.minLSTM / minutes.LSTM - 1)).toBeLessThan(0.1);
    const units = (await ask(`
      return Object.values(TASKS).map((task) => hiddenOf(task, CELLS.minGRU) / hiddenOf(task, CELLS.LSTM));`)) as number[];
    for (const ratio of units) expect(ratio).toBeGreaterThan(2);
  });
});
