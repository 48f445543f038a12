/** “Your data” without a browser: guesses, the form's texts, the drawn line, the units, and the engine beside the functions of the command line. */
import { jest } from '@jest/globals';
import fc from 'fast-check';
import { File } from 'node:buffer';
import { createWasmBackend } from '../../kernels/wasm/index.js';
import { DataError } from '../../src/core/errors.js';
import { Random } from '../../src/core/rng.js';
import { formatTime } from '../../src/data/times.js';
import { tableOf } from '../../src/data/table.js';
import { firstRows, TableReader } from '../../src/data/table-reader.js';
import { forecastBytes } from '../../src/forecast/forecast-file.js';
import { FORECAST_OPTIONS, forecastOptions } from '../../src/forecast/request.js';
import { Forecaster } from '../../src/forecast/forecaster.js';
import { trainStages } from '../../src/forecast/stages.js';
import { planOf } from '../../src/forecast/planning.js';
import { reportOf } from '../../src/forecast/report.js';
import { errorTable, verdictsOf, warningsOf } from '../../src/forecast/report-words.js';
import type { SeriesColumns } from '../../src/forecast/series.js';
import { seriesOf, wantedColumns } from '../../src/forecast/series.js';
import { fromSeriesQuery, toSeriesQuery } from '../../src/page/series/choices-form.js';
import type { Role, SettingTexts } from '../../src/page/series/choices.js';
import { columnsOf, guessedRoles, rolesOf, SETTING_DEFAULTS, settingsFrom } from '../../src/page/series/choices.js';
import { drawn, shownFor } from '../../src/page/series/drawn.js';
import type { SeriesProgress } from '../../src/page/series/progress.js';
import { readBeginning } from '../../src/page/series/read-series.js';
import { correlation } from '../../src/page/series/unit-states.js';
import { dataErrorOf, errorOf, failureOf } from '../helpers/failures.js';

jest.unstable_mockModule('virtual:series-file', () => ({ default: {} }), { virtual: true });
jest.unstable_mockModule('virtual:mnist-files', () => ({ default: {} }), { virtual: true });
jest.unstable_mockModule('virtual:text-file', () => ({ default: {} }), { virtual: true });
const { SeriesEngine } = await import('../../src/page/series/series-engine.js');

test('numbers that differ by little have the digits that tell them apart', () => {
  const shown = (values: (number | null)[], value: number): string => shownFor(values, 5)(value);
  expect(shown([8000, null, 11000], 8258.087)).toBe('8258.1');
  expect(shown([87654316, NaN, 87654326], 87654321.1234)).toBe('87654321.123');
  expect([shown([7, 7], 7), shown([], 1.5), shown([0, 0], 0), shown([3e-12, 4e-12], 3.123456e-12)]).toEqual([
    '7',
    '1.5',
    '0',
    '3.1235e-12',
  ]);
});

const DAY = 86_400_000;
const START = Date.parse('1987-01-01T00:00Z');

describe('the guess of what each column is for', () => {
  const guessOf = (text: string, name = 'table.csv'): Role[] => guessedRoles(firstRows(name, text, true, 50));

  test('finds a column of times, known days of the week, and the last column of numbers', () => {
    const text = 'day_of_week,when,place,price,sales\nThu,2024-02-28,A,1,5\nFri,2024-02-29,A,1,6\n';
    expect(guessOf(text)).toEqual(['known', 'time', 'none', 'none', 'predict']);
  });

  test('finds the parts of a time, which do not rise alone', () => {
    const text = 'year,month,date_of_month,day_of_week,births\n1969,1,1,3,8486\n1969,1,2,4,9002\n';
    expect(guessOf(text)).toEqual(['year', 'month', 'day', 'known', 'predict']);
    expect(guessOf('year,sunspots\n1700,5\n1701,11\n')).toEqual(['time', 'predict']);
  });

  test('finds times with the newest first, dates whose format is to be chosen, and numbers with other signs', () => {
    expect(guessOf('t,y\n2024-01-02,1\n2024-01-01,2\n')).toEqual(['time', 'predict']);
    expect(guessOf('q;y\n1960Q1;1.234,5\n1960Q2;-12,5\n')).toEqual(['time', 'predict']);
    expect(guessOf('d;y\n01.02.2024;1 000\n02.02.2024;7\n')).toEqual(['time', 'predict']);
    expect(guessOf('v;y\n1.2.3;1\n1.2.4;7\n')).toEqual(['none', 'predict']); // versions
  });

  test('reads NDJSON, semicolons and tabs', () => {
    expect(guessOf('{"t":"2024-01-01","y":1}\n{"t":"2024-01-02","y":null}\n')).toEqual(['time', 'predict']);
    expect(guessOf('t;y\n2024-01-01;1\n2024-01-02;2\n')).toEqual(['time', 'predict']);
    expect(guessOf('t\ty\n2024-01-01\t1\n2024-01-02\t2\n', 'a.tsv')).toEqual(['time', 'predict']);
  });

  test('of texts, or of nothing, guesses nothing', () => {
    expect(guessOf('Call me Ishmael.\nSome years ago\n')).toEqual(['none']);
    expect(guessOf('')).toEqual([]);
  });

  test('drops a last line that is cut', () => {
    const { rows } = firstRows('a.csv', 't,y\n2024-01-01,10\n2024-01-02,2', false, 50);
    expect(rows).toEqual([['2024-01-01', '10']]);
    expect(firstRows('a.ndjson', '{"y":1}\n{"y":', false, 50).rows).toEqual([['1']]);
  });
});

describe('the beginning of a file', () => {
  const read = (text: string, name = 'a.csv') => readBeginning({ name, file: new Blob([text]) });
  const fault = async (text: string): Promise<string> => ((await failureOf(read(text))) as Error).message;
  const SOME = 't,y\n2024-01-01,1\n';

  /** What the command says of the same text. */
  const ofCommand = (text: string): string =>
    errorOf(DataError, () => {
      const reader = new TableReader('a.csv', {});
      reader.add(text);
      reader.end();
    }).message;

  test.each([
    ['an open quotation mark in the first row', `t,y\n"2024-01-01,1\n${'2024-01-02,1\n'.repeat(40_000)}`, 2],
    ['an open quotation mark in the second row', `${SOME}"2024-01-02,2\n`, 3],
    ['a long line', `t,y\n${'1'.repeat(2 ** 21)}`, 2],
    ['a cell too many', `${SOME.slice(0, 4)}2024-01-01,1,2\n`, 2],
    ['no rows', 't,y\n', undefined],
  ])('with %s is refused in the words of the command, which name the line', async (_, text, line) => {
    expect(await fault(text)).toBe(ofCommand(text));
    if (line !== undefined) expect(await fault(text)).toMatch(new RegExp(`^a\\.csv, line ${line}: `));
  });

  test('may have long rows', async () => {
    const { titles, rows } = await read(`t,y,words\n${`2024,1,${'w'.repeat(300_000)}\n`.repeat(3)}`);
    expect([titles, rows.length > 1]).toEqual([['t', 'y', 'words'], true]);
  });
});

describe('the columns', () => {
  const faultOf = (roles: Role[]): string => errorOf(DataError, () => columnsOf(['a', 'b', 'c'], roles, null)).message;

  test('without one to forecast, or with half a time, are refused in a sentence', () => {
    expect(faultOf(['time', 'none', 'none'])).toMatch(/^which column is to be forecast\?/);
    expect(faultOf(['time', 'year', 'predict'])).toBe('the time is in one column, or in parts: not both');
    expect(faultOf(['year', 'day', 'predict'])).toBe('the time has a day, but no month: choose its column');
  });

  test('are in the order of the parts, and can be found again in the table', () => {
    const titles = ['d', 'm', 'y', 'x', 'p', 'out'];
    const roles: Role[] = ['day', 'month', 'year', 'input', 'known', 'predict'];
    const columns = columnsOf(titles, roles, 'previous');
    expect(columns).toEqual({ time: ['y', 'm', 'd'], predict: 'out', inputs: ['x'], known: ['p'], fill: 'previous' });
    expect(rolesOf(titles, columns)).toEqual(roles);
    expect(rolesOf(titles.slice(1), columns)).toBeUndefined();
    const forms = { timeFormat: 'unix', decimal: ',' } as const;
    expect(columnsOf(['t', 'y'], ['time', 'predict'], null, forms)).toMatchObject({ time: ['t'], ...forms });
    expect(columnsOf(['t', 'y'], ['none', 'predict'], null)).toMatchObject({ time: [], predict: 'y' }); // rows are steps
  });
});

describe('the settings', () => {
  const faultOf = (texts: Partial<SettingTexts>): string =>
    errorOf(Error, () => settingsFrom({ ...SETTING_DEFAULTS, ...texts })).message;

  test('have the defaults of the command line, but one network', () => {
    const { hidden, seeds, test: range, fill } = settingsFrom(SETTING_DEFAULTS);
    expect([hidden, seeds, range, fill]).toEqual([FORECAST_OPTIONS.hidden, 1, null, null]);
  });

  test('of a test part are one time or two, the last day included', () => {
    const rangeOf = (text: string) => settingsFrom({ ...SETTING_DEFAULTS, test: text }).test;
    expect(rangeOf('1985')).toBe('1985..');
    expect(rangeOf(' 1985-01-01..1986-12-31 ')).toBe('1985-01-01..1986-12-31');
  });

  test('of numbers and times are signs and a format', () => {
    const of = (texts: Partial<SettingTexts>) => {
      const { timeFormat, decimal, thousands } = settingsFrom({ ...SETTING_DEFAULTS, ...texts });
      return [timeFormat, decimal, thousands];
    };
    expect(of({})).toEqual([null, null, null]);
    expect(of({ timeFormat: 'DD.MM.YYYY', decimal: ',', thousands: 'space' })).toEqual(['DD.MM.YYYY', ',', ' ']);
    expect(of({ timeFormat: 'unix', thousands: "'" })).toEqual(['unix', null, "'"]);
  });

  test.each<[Partial<SettingTexts>, RegExp]>([
    [{ timeFormat: 'DD/MM' }, /^Time format DD\/MM: must be as DD\/MM\/YYYY/],
    [{ ahead: '1, x' }, /^Steps ahead 1, x: must be up to 12 whole numbers from 1 to 10000/],
    [{ ahead: '' }, /^Steps ahead \(empty\): must be /],
    [{ ahead: '0' }, /^Steps ahead 0: must be /],
    [{ test: 'soon' }, /^Test part from soon: must be a time such as/],
    [{ hidden: '5000' }, /^Hidden units 5000: must be a whole number from 1 to 1024$/],
    [{ seasons: '7, 1' }, /^Seasons 7, 1: must be whole numbers from 2, such as 7, 365, or none$/],
    [{ seeds: '1.5' }, /^Networks 1\.5: must be a whole number from 1 to 20$/],
    [{ threads: '0' }, /^Threads 0: must be /],
  ])('%j is refused', (texts, message) => {
    expect(faultOf(texts)).toMatch(message);
  });

  test('and the columns are in the link, which restores them', () => {
    const columns = fc
      .uniqueArray(fc.string({ minLength: 1 }), { minLength: 3, maxLength: 9 })
      .map(([predict, first, ...names]) => ({
        time: [first, names[0]],
        predict,
        inputs: names.slice(1, 3),
        known: names.slice(3),
        fill: null,
      }));
    const own = { ahead: '7', test: '1985', fill: 'previous', hidden: '9', threads: '2' };
    const texts = fc
      .subarray(Object.entries(own))
      .map((some) => ({ ...SETTING_DEFAULTS, ...Object.fromEntries(some) }));
    fc.assert(
      fc.property(fc.record({ texts, columns, isExample: fc.boolean() }), (link) => {
        expect(read(toSeriesQuery(link))).toEqual({ ...link, faults: [] });
      }),
      { numRuns: 50 },
    );
  });

  /** What an address says, and the sentences about what was not understood. */
  const read = (query: string) => {
    const faults: string[] = [];
    return { ...fromSeriesQuery(query, (fault) => faults.push(fault)), faults };
  };

  test.each(['data', 'time', 'inputs', 'known', ...Object.keys(SETTING_DEFAULTS)])(
    '%s: a bad value in the link has no effect, and is named',
    (name) => {
      for (const text of ['zzz', '-1', '__proto__', '[1]', '{}']) {
        const { faults, ...link } = read(`?subject=series&${name}=${text}`);
        expect(link).toEqual({ texts: SETTING_DEFAULTS, isExample: false, columns: undefined });
        expect(faults).toHaveLength(1);
        expect(faults[0]).toMatch(new RegExp(`^${name}=.*: (must |has an effect only)`));
      }
    },
  );

  test('a link with unknown fields, or with columns of which one has two roles, is not understood', () => {
    const rows = { time: [], predict: 'y', inputs: [], known: [], fill: null }; // without a time each row is a step
    expect(read('?subject=series&predict=y')).toMatchObject({ columns: rows, faults: [] });
    expect(read('?subject=series&hiden=5').faults).toEqual(['hiden=5: unknown field; did you mean hidden?']);
    expect(read('?subject=series&predict=y&time=["y"]')).toMatchObject({
      columns: undefined,
      faults: ['time=["y"]: names a column that has another role'],
    });
  });
});

test('the drawn line keeps the smallest and the largest number of each bin, in order, and gaps', () => {
  const number = fc.oneof(fc.double({ min: -9, max: 9 }), fc.constant(NaN));
  fc.assert(
    fc.property(fc.array(number, { maxLength: 300 }), fc.integer({ min: 1, max: 20 }), (numbers, bins) => {
      const { at, values } = drawn(Float64Array.from(numbers), bins);
      expect(at).toEqual([...at].sort((a, b) => a - b));
      expect(at.length).toBeLessThanOrEqual(2 * bins);
      for (const [n, t] of at.entries()) if (values[n] !== null) expect(values[n]).toBe(numbers[t]);
      for (let bin = 0; bin < bins; bin++) {
        const [from, to] = [bin, bin + 1].map((edge) => Math.floor((edge * numbers.length) / bins));
        const own = numbers.slice(from, to).filter((value) => !Number.isNaN(value));
        const kept = values.filter((value, n) => value !== null && at[n] >= from && at[n] < to) as number[];
        if (own.length > 0)
          expect([Math.min(...kept), Math.max(...kept)]).toEqual([Math.min(...own), Math.max(...own)]);
        else expect(kept).toEqual([]);
      }
    }),
  );
});

test('the correlation is that of Pearson; of a constant it is 0', () => {
  expect(correlation([1, 2, 3, 4], [2, 4, 6, 8])).toBeCloseTo(1, 12);
  expect(correlation([1, 2, 3, 4], [8, 6, 4, 2])).toBeCloseTo(-1, 12);
  expect(correlation([1, 2, 3, 4], [1, -1, -1, 1])).toBeCloseTo(0, 12);
  expect(correlation([1, 2, 3], [5, 5, 5])).toBe(0);
});

describe('the engine', () => {
  const random = new Random(4);
  const rows = Array.from({ length: 140 }, (_, n) => ({
    date: formatTime(START + n * DAY),
    sales: Number((100 + 10 * (n % 7) + random.normal(0, 1)).toFixed(2)),
  }));
  const csv = ['date,sales', ...rows.map(({ date, sales }) => `${date},${sales}`)].join('\n');
  const columns: SeriesColumns = { time: ['date'], predict: 'sales', inputs: [], known: [], fill: null };
  const texts = { ...SETTING_DEFAULTS, ahead: '1, 7', hidden: '4', steps: '12', threads: '1', seeds: '1' };
  const settings = settingsFrom(texts);
  const file = (text: string | Uint8Array, name = 'sales.csv') => new File([text], name) as unknown as globalThis.File;

  async function prepared(text = csv): Promise<InstanceType<typeof SeriesEngine>> {
    const engine = new SeriesEngine();
    await engine.open(file(text));
    await engine.prepare(columns, settings);
    return engine;
  }

  /** The bytes, the table and the warnings of the command line's functions. */
  async function ofCommandLine() {
    const backend = await createWasmBackend({ threads: 1 });
    const series = seriesOf(tableOf('sales.csv', rows, wantedColumns(columns)), columns);
    const choices = {
      columns,
      ahead: [1, 7],
      seeds: 1,
      test: null,
      isTogether: false,
      coverage: 0.9,
      seasons: null,
      method: 'network',
      isNegative: false,
    };
    const state = { plan: planOf('sales.csv', series, choices, undefined), networks: new Map() };
    const options = forecastOptions({ hidden: 4, trainingIters: 12 * 64 + 1, displayStep: 10 });
    const trained = await trainStages(backend, series, options, state);
    const forecaster = new Forecaster(backend, trained);
    const reports = await reportOf(forecaster, series, 'test');
    await backend.dispose();
    return {
      bytes: forecastBytes(trained),
      table: errorTable(trained.plan, reports),
      verdicts: verdictsOf(reports),
      warnings: warningsOf(trained.plan, reports),
    };
  }

  test('gives the bytes and the errors of the command line, also if it was paused; a file continues', async () => {
    const expected = await ofCommandLine();
    const engine = await prepared();
    const reports: SeriesProgress[] = [];
    // the first report comes after the first step; the others wait 100 ms
    const isOver = await engine.play((progress) => {
      reports.push(progress);
      if (reports.length === 1) void engine.pause();
    });
    expect(isOver).toBe(false);
    const half = await engine.save();
    expect(await engine.play((progress) => void reports.push(progress))).toBe(true);
    const { step, steps } = reports.at(-1)!;
    expect([step, steps]).toEqual([48, 48]);
    const points = reports.flatMap(({ lines }) => lines);
    const losses = points.filter(({ loss }) => loss !== null);
    expect(losses.map((point) => point.step)).toEqual([10, 22, 34, 46]);
    expect(Buffer.from(await engine.save()).equals(expected.bytes)).toBe(true);
    const results = await engine.results();
    const { table, verdicts, warnings } = results;
    expect({ table, verdicts, warnings, bytes: expected.bytes }).toEqual(expected);
    expect(results.future).toHaveLength(7);
    expect(results.truth.times).toHaveLength(14);
    expect(results.horizons.map(({ bands, baselines }) => [bands.length, baselines.length])).toEqual([
      [14, 7],
      [14, 7],
    ]);

    const other = await prepared();
    const loaded = await other.load(half, 'half.safetensors', 1);
    expect([loaded.isOver, loaded.step]).toEqual([false, reports[0].step]);
    expect(loaded.settings).toEqual({
      ...{ ahead: '1, 7', seeds: '1', batchSize: '64', hidden: '4', steps: '12', seed: '1', fill: '', seasons: '7' },
      ...{ timeFormat: '', decimal: '', thousands: '' },
      test: '1987-05-07..1987-05-20',
    });
    expect(await other.play(() => {})).toBe(true);
    expect(Buffer.from(await other.save()).equals(expected.bytes)).toBe(true);

    const { units, columns: read, times } = await other.units(7);
    expect([units.length, times.length]).toEqual([4, 14]);
    expect(read.map(({ name }) => name)).toContain('weekday 0');
    for (const { column, r, h } of units) {
      expect(Math.abs(r)).toBeCloseTo(Math.max(...read.map(({ values }) => Math.abs(correlation(values, h)))), 12);
      expect(correlation(read[column].values, h)).toBe(r);
      expect(Math.max(...h.map(Math.abs))).toBeLessThan(1);
    }
  });

  test.each<[string, string | Uint8Array, RegExp]>([
    ['is empty', '', /^bad\.csv: has no rows$/],
    ['has only a header', 'date,sales\n', /^bad\.csv: has no rows$/],
    [
      'is binary',
      Uint8Array.from({ length: 2 ** 20 }, (_, n) => (n * 7919) & 255),
      /^bad\.csv: is not a text in UTF-8$/,
    ],
    [
      'is 1 MB of zeros',
      new Uint8Array(2 ** 20),
      /^bad\.csv(, line 1: the name of a column has \d+ characters|: has no rows)/,
    ],
    [
      'has more columns than the page has fields',
      `${'a,'.repeat(2000)}\n1\n`,
      /^bad\.csv: has 2001 columns: at most 1000$/,
    ],
  ])('refuses a file that %s, and keeps the series before', async (_, text, message) => {
    const engine = await prepared();
    expect(await dataErrorOf(engine.open(file(text, 'bad.csv')))).toMatch(message);
    expect((await engine.prepare(columns, settings)).words).toBe('140 steps of 1 day, 1987-01-01 … 1987-05-20');
  });

  test.each<[string, string, RegExp]>([
    [
      'two rows',
      'date,sales\n2024-01-01,1\n2024-01-02,2\n',
      /the validation part before it as many|steps before the validation part/,
    ],
    ['a gap', csv.replace(/1987-03-01.*\n/, ''), /^sales\.csv, line 61: 1987-03-02 comes after 1987-02-28/],
    ['a text to forecast', csv.replace('1987-01-03,', '1987-01-03,many '), /^sales\.csv, line 4: sales is "many/],
    ['other columns', csv.replace('sales', 'sale'), /^sales\.csv, line 1: there is no column "sales"/],
  ])('refuses a series with %s, and names the line', async (_, text, message) => {
    const engine = new SeriesEngine();
    await engine.open(file(text));
    expect(((await failureOf(engine.prepare(columns, settings))) as DataError).message).toMatch(message);
  });

  test('of a table without a time, each row is a step', async () => {
    const engine = new SeriesEngine();
    await engine.open(file(csv));
    const facts = await engine.prepare({ ...columns, time: [] }, settingsFrom({ ...texts, test: '127..139' }));
    expect(facts.words).toBe('140 steps of 1 row, 1 … 140; each row is a step, because no column is the time');
    expect([facts.isRows, facts.line.times[0], facts.parts.map(({ from }) => from)]).toEqual([true, 1, [1, 114, 127]]);
    expect(await engine.play(() => {})).toBe(true);
    const { settings: loaded } = await engine.load(await engine.save(), 'rows.safetensors', 1);
    expect(loaded.test).toBe('127..139');
    const { test: shown, truth, future } = await engine.results();
    expect([shown, truth.times[0]]).toEqual(['127 … 139, 13 steps', 127]);
    expect(future).toMatchObject([141, 142, 143, 144, 145, 146, 147].map((time) => ({ time })));
    const { times, isRows } = await engine.units(7);
    expect([times[0], isRows]).toEqual([127, true]);
  });

  test('reads all windows of a short series at once; a larger batch is refused', async () => {
    const engine = await prepared();
    await engine.open(file(csv.split('\n').slice(0, 91).join('\n')));
    await engine.prepare(columns, settings);
    expect(await engine.play(() => {})).toBe(true);
    const loaded = await engine.load(await engine.save(), 'short.safetensors', 1);
    expect(Number(loaded.settings.batchSize)).toBeLessThan(64);
    const error = await failureOf(engine.prepare(columns, { ...settings, batchSize: 64 }));
    expect((error as DataError).message).toMatch(
      /^batch size 64: a network has only \d\d windows to learn from: choose/,
    );
  });

  test('refuses a checkpoint without a series, a damaged one, and one of another series', async () => {
    const engine = await prepared();
    const bytes = await engine.save();
    const none = await failureOf(new SeriesEngine().load(bytes, 'a.safetensors', 1));
    expect((none as DataError).message).toBe('choose a series first: a file, or the example');
    const damaged = bytes.slice();
    damaged[damaged.length >> 1] ^= 1;
    expect(await failureOf(engine.load(damaged, 'a.safetensors', 1))).toBeInstanceOf(DataError);
    const short = await prepared(csv.split('\n').slice(0, 130).join('\n'));
    const other = await failureOf(short.load(bytes, 'a.safetensors', 1));
    expect((other as DataError).message).toBe(
      'sales.csv: does not hold the test part, 1987-05-07 … 1987-05-20, and numbers before it',
    );
  });

  test('a new run ends the one that plays', async () => {
    const engine = await prepared();
    let again: Promise<unknown> | undefined;
    const isOver = await engine.play(() => void (again ??= engine.prepare(columns, settings)));
    await again;
    expect(isOver).toBe(false);
    expect(await engine.play(() => {})).toBe(true);
  });
});
