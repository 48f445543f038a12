/** The calendars that people's tables have: month ends, quarters, weeks, workdays with holidays, rows without a time; and how tables write them. */
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { DataError } from '../../src/core/errors.js';
import type { Calendar } from '../../src/data/calendar.js';
import {
  closedBetween,
  firstIndexFrom,
  formatStep,
  indexOfTime,
  naturalPeriods,
  timeAt,
  timeName,
} from '../../src/data/calendar.js';
import { TableReader } from '../../src/data/table-reader.js';
import type { Table } from '../../src/data/table.js';
import { tableOf } from '../../src/data/table.js';
import { formatTime, timeFrom } from '../../src/data/times.js';
import { loadForecaster, trainForecaster } from '../../src/index.js';
import type { Series, SeriesColumns } from '../../src/forecast/series.js';
import { seriesOf, wantedColumns } from '../../src/forecast/series.js';
import { forecastBytes, parseForecast } from '../../src/forecast/forecast-file.js';
import { futureOf } from '../../src/forecast/future.js';
import { inputColumns, plansFor } from '../../src/forecast/inputs.js';
import { planOf } from '../../src/forecast/planning.js';
import { Forecaster } from '../../src/forecast/forecaster.js';
import { errorOf, expectDataError } from '../helpers/failures.js';
import { backend, CHOICES, trained } from '../helpers/forecasts.js';

const DAY = 86_400_000;
const COLUMNS: SeriesColumns = { time: ['date'], predict: 'y', inputs: [], known: [], fill: null };

const seriesIn = (dates: readonly string[], more: Partial<SeriesColumns> = {}, known?: Calendar): Series => {
  const columns = { ...COLUMNS, ...more };
  const table = tableOf(
    'rows',
    dates.map((date, n) => ({ date, y: n })),
    wantedColumns(columns),
  );
  return seriesOf(table, columns, known);
};
const nextOf = ({ calendar, length }: Series, count: number): string[] =>
  Array.from({ length: count }, (_, n) => timeName(calendar, length + n));

/** The days from a first one that `is` accepts. */
function daysFrom(first: string, count: number, is: (date: Date, name: string) => boolean): string[] {
  const found: string[] = [];
  for (let time = timeFrom(first); found.length < count; time += DAY) {
    if (is(new Date(time), formatTime(time))) found.push(formatTime(time));
  }
  return found;
}
const CLOSED = ['2015-12-25', '2016-01-01', '2016-01-18', '2016-02-15'];
const isTradingDay = (date: Date, name: string): boolean => date.getUTCDay() % 6 !== 0 && !CLOSED.includes(name);
const TRADING = daysFrom('2015-12-01', 70, isTradingDay);

describe('a calendar', () => {
  test.each<[string, string[], string, string[]]>([
    ['month ends', ['2015-11-30', '2015-12-31', '2016-01-31', '2016-02-29'], '1 month', ['2016-03-31', '2016-04-30']],
    ['month ends from February', ['2015-02-28', '2015-03-31', '2015-04-30'], '1 month', ['2015-05-31', '2015-06-30']],
    ['ends of even months', ['2015-02-28', '2015-04-30', '2015-06-30'], '2 months', ['2015-08-31', '2015-10-31']],
    ['ends of quarters', ['2015-06-30', '2015-09-30', '2015-12-31'], '3 months', ['2016-03-31', '2016-06-30']],
    [
      'ends of February',
      ['2015-02-28', '2016-02-29', '2017-02-28'],
      '1 year',
      ['2018-02-28', '2019-02-28', '2020-02-29'],
    ],
    ['the 30th, or the end', ['2015-01-30', '2015-02-28', '2015-03-30'], '1 month', ['2015-04-30', '2015-05-30']],
    ['the 28th', ['2015-01-28', '2015-02-28', '2015-03-28'], '1 month', ['2015-04-28', '2015-05-28']],
    ['quarters', ['1960Q3', '1960Q4', '1961Q1'], '3 months', ['1961Q2', '1961Q3', '1961Q4', '1962Q1']],
    ['halves of years', ['1960Q1', '1960Q3', '1961Q1'], '6 months', ['1961Q3', '1962Q1']],
    ['weeks', ['2015-W51', '2015-W52', '2015-W53'], '1 week', ['2016-W01', '2016-W02']],
    ['weeks of a year of 52', ['2016-W51', '2016-W52'], '1 week', ['2017-W01', '2017-W02']],
    ['weeks that end on Fridays', ['2015-12-18', '2015-12-25'], '1 week', ['2016-01-01']],
    [
      'workdays',
      daysFrom('2015-12-21', 9, (date) => date.getUTCDay() % 6 !== 0),
      '1 workday',
      ['2016-01-01', '2016-01-04'],
    ],
    [
      'days of trading',
      TRADING,
      '1 workday',
      ['2016-03-14', '2016-03-15', '2016-03-16', '2016-03-17', '2016-03-18', '2016-03-21'],
    ],
    ['days of a shop', daysFrom('2015-12-21', 20, (date) => date.getUTCDay() !== 0), '1 workday', ['2016-01-13']],
    [
      'days of a week from Sunday',
      daysFrom('2015-12-20', 20, (date) => date.getUTCDay() < 5),
      '1 workday',
      ['2016-01-17'],
    ],
    [
      'lessons',
      daysFrom('2015-12-21', 9, (date) => [1, 3, 5].includes(date.getUTCDay())),
      '1 workday',
      ['2016-01-11', '2016-01-13'],
    ],
    ['every day', daysFrom('2015-12-21', 20, () => true), '1 day', ['2016-01-10', '2016-01-11']],
    [
      'every third day',
      daysFrom('1970-01-01', 20, (date) => (date.getTime() / DAY) % 3 === 0),
      '3 days',
      ['1970-03-02'],
    ],
  ])('of %s', (_, dates, step, next) => {
    const series = seriesIn(dates);
    expect(formatStep(series.calendar)).toBe(step);
    expect([series.length, timeName(series.calendar, 0)]).toEqual([dates.length, dates[0]]); // no row is invented
    expect(dates.map((_date, n) => timeName(series.calendar, n))).toEqual(dates);
    expect(nextOf(series, next.length)).toEqual(next);
  });

  test('of workdays finds each index, before, in and after its table, and the first one from a time', () => {
    const { calendar } = seriesIn(TRADING);
    fc.assert(
      fc.property(fc.integer({ min: -400, max: 800 }), fc.integer({ min: 1, max: 4 * DAY }), (index, ms) => {
        const time = timeAt(calendar, index);
        expect(new Date(time).getUTCDay() % 6).not.toBe(0);
        expect(CLOSED).not.toContain(formatTime(time));
        expect([indexOfTime(calendar, time), firstIndexFrom(calendar, time)]).toEqual([index, index]);
        expect(timeAt(calendar, index + 1)).toBeGreaterThan(time);
        const first = firstIndexFrom(calendar, time + ms);
        expect(timeAt(calendar, first)).toBeGreaterThanOrEqual(time + ms);
        expect(timeAt(calendar, first - 1)).toBeLessThan(time + ms);
      }),
    );
    for (const date of [...CLOSED, '2016-02-20', '2016-02-17T01:00'])
      expect(indexOfTime(calendar, timeFrom(date))).toBeNaN();
  });

  test('of workdays has steps for days without a row if they are filled, or if many days are missing', () => {
    expect([seriesIn(TRADING).length, seriesIn(TRADING, { fill: 'missing' }).length]).toEqual([70, 74]);
    const late = daysFrom('2016-04-04', 20, isTradingDay); // three weeks without a row
    expectDataError(
      () => seriesIn([...TRADING, ...late]),
      'rows[70]: 2016-04-04 comes after 2016-03-11, but the rows are 1 workday apart: add the rows between them, or fill them',
    );
    expect(seriesIn([...TRADING, ...late], { fill: 'missing' }).length).toBe(74 + 15 + 20);
  });

  test('is none of workdays if most of them have no row, or if the table is too short to show it', () => {
    const moved = ['2015-01-05', '2015-01-12', '2015-01-20', '2015-01-26', '2015-02-02'];
    expectDataError(() => seriesIn(moved), 'rows[1]: 2015-01-12 is between two steps: the rows are 6 days apart');
    expectDataError(() => seriesIn(moved, { fill: 'missing' }), 'is between two steps');
    expect(
      formatStep(seriesIn(['2015-01-01', '2015-01-02', '2015-01-04', '2015-01-06'], { fill: 'missing' }).calendar),
    ).toBe('1 day');
    const hours = TRADING.flatMap((date) => [`${date}T09:00`, `${date}T15:00`]);
    expect(formatStep(seriesIn(hours, { fill: 'missing' }).calendar)).toBe('6 hours');
  });

  test('of a later table keeps the closed days of the training, and closes its own', () => {
    const { calendar } = seriesIn(TRADING);
    const more = daysFrom('2016-03-14', 20, (date, name) => isTradingDay(date, name) && name !== '2016-03-25');
    const later = seriesIn([...TRADING, ...more], {}, calendar);
    expect([later.length, later.y[69], later.y[89]]).toEqual([90, 69, 89]);
    expect([timeName(later.calendar, 79), nextOf(later, 1)]).toEqual(['2016-03-28', ['2016-04-12']]);
    expect(later.notes).toEqual(['its rows are on Monday to Friday only; 1 of these days has no row, and so no step']);
    const tail = seriesIn([...TRADING.slice(-3), ...more], {}, calendar);
    expect([tail.first, tail.length, timeName(tail.calendar, 79)]).toEqual([67, 90, '2016-03-28']);
    expectDataError(
      () => seriesIn(['2016-02-15', '2016-02-16'], {}, calendar),
      'rows: begins at 2016-02-15, but the forecaster',
    );
    expectDataError(
      () =>
        seriesIn(
          TRADING.filter((date) => date !== '2016-02-17'),
          {},
          calendar,
        ),
      'rows[52]: 2016-02-18 comes after 2016-02-16, but the rows are 1 workday apart', // a step of the training is missing
    );
    expectDataError(
      () => seriesIn(['2016-02-12', '2016-02-15', '2016-02-16'], {}, calendar),
      'rows[1]: 2016-02-15 is between two steps', // the training has no such step
    );
    expect(closedBetween(calendar, Float64Array.from(TRADING, timeFrom), false)).toEqual(calendar);
  });

  test('of a later table has the month ends of the training, wherever it begins', () => {
    const { calendar } = seriesIn(['2016-01-31', '2016-02-29', '2016-03-31']);
    const later = seriesIn(['2016-02-29', '2016-03-31', '2016-04-30'], {}, calendar);
    expect([later.first, later.length, nextOf(later, 3)]).toEqual([1, 4, ['2016-05-31', '2016-06-30', '2016-07-31']]);
    expect(seriesIn(['2016-01-31', '2016-02-29'], {}, calendar).calendar).toEqual(calendar); // the digest of a run that resumes
    expectDataError(
      () => seriesIn(['2016-02-29', '2016-03-29'], {}, calendar),
      'rows[1]: 2016-03-29 is between two steps',
    );
  });

  test('has weekdays as inputs, and the week as a season', () => {
    const series = seriesIn(TRADING);
    expect(naturalPeriods(series.calendar)).toEqual({ week: 5, year: (365.2425 * 5) / 7 });
    const { future } = inputColumns(plansFor(series, 60, 1, [5], undefined, [])[0], series, undefined);
    const names = future.map(({ name }) => name).filter((name) => name.startsWith('weekday'));
    expect(names).toEqual(['weekday 1', 'weekday 2', 'weekday 3', 'weekday 4', 'weekday 5']);
    const friday = future.find(({ name }) => name === 'weekday 5');
    expect(TRADING.map((_, d) => friday?.at(d))).toEqual(
      TRADING.map((date) => Number(new Date(date).getUTCDay() === 5)),
    );
  });
});

test('a table with the newest row first is the same series, and says so; any other order is refused', () => {
  const dates = daysFrom('2015-01-01', 20, () => true);
  const rows = dates.map((date, n) => ({ date, y: n, k: n % 3 === 0 ? 'a' : 'b', x: n === 4 ? null : -n }));
  const columns = { ...COLUMNS, known: ['k'], inputs: ['x'] };
  const read = (of: typeof rows): Series => seriesOf(tableOf('rows', of, wantedColumns(columns)), columns);
  const [straight, turned] = [read(rows), read([...rows].reverse())];
  expect([turned.calendar, turned.y, turned.inputs]).toEqual([straight.calendar, straight.y, straight.inputs]);
  const wordsOf = ({ known: [{ values, words }] }: Series) => Array.from(values, (code) => words?.[code]);
  expect(wordsOf(turned)).toEqual(wordsOf(straight));
  expect(turned.notes).toEqual([
    'the newest row comes first, so the rows are read from the last to the first',
    'x is missing in 1 of 20 rows: empty, NA or the like',
  ]);
  const gap = [...rows].reverse().filter((_, n) => n !== 6);
  expectDataError(() => read(gap), 'rows[5]: 2015-01-15 comes after 2015-01-13'); // the row of the table as it is
  expectDataError(() => read([...rows.slice(10), ...rows.slice(0, 10)]), 'rows[10]: 2015-01-01 comes after 2015-01-20');
});

describe('a table', () => {
  const read = (text: string, more: Partial<SeriesColumns>): Series => {
    const columns = { ...COLUMNS, ...more };
    const reader = new TableReader('t.csv', wantedColumns(columns));
    reader.add(text);
    return seriesOf(reader.end(), columns);
  };
  const numbersIn = (cells: readonly string[], more: Partial<SeriesColumns>): number[] => [
    ...read(`date;y\n${cells.map((cell, n) => `2015-01-${String(n + 1).padStart(2, '0')};${cell}`).join('\n')}`, more)
      .y,
  ];

  test.each<[string, Partial<SeriesColumns>, string[], number[]]>([
    [
      'German numbers',
      { decimal: ',', thousands: '.' },
      ['1.234,5', '-12,5', '1.000.000', '7', ',5', '1234,5', '1e3'],
      [1234.5, -12.5, 1e6, 7, 0.5, 1234.5, 1000],
    ],
    ['decimal commas alone', { decimal: ',' }, ['1234,5', '-0,25', '3'], [1234.5, -0.25, 3]],
    [
      'English thousands',
      { thousands: ',' },
      ['1,234.5', '-1,234,567', '0.125', '999'],
      [1234.5, -1234567, 0.125, 999],
    ],
    ['Swiss numbers', { thousands: "'" }, ["1'234.5", "12'000"], [1234.5, 12000]],
    [
      'French numbers',
      { decimal: ',', thousands: ' ' },
      ['1 234,5', '1\u202f000\u00a0000', '-1 000'],
      [1234.5, 1e6, -1000],
    ],
  ])('reads %s', (_, forms, cells, numbers) => expect(numbersIn(cells, forms)).toEqual(numbers));

  test.each<[Partial<SeriesColumns>, string]>([
    [{}, '1,5'],
    [{}, '1.234,5'],
    [{ decimal: ',' }, '1.5'],
    [{ decimal: ',', thousands: '.' }, '12.34'],
    [{ decimal: ',', thousands: '.' }, '1.234.56'],
    [{ decimal: ',', thousands: '.' }, '1,234.5'],
    [{ decimal: ',', thousands: '.' }, '1,234,5'],
    [{ thousands: ',' }, '12,34'],
    [{ thousands: ',' }, '1,234.567,8'],
    [{ thousands: ',' }, '1234,567'],
    [{ thousands: ' ' }, '1 23'],
  ])('with %j refuses %s, and names the flags', (forms, cell) => {
    const { message } = errorOf(DataError, () => numbersIn(['1', cell], forms));
    expect(message).toMatch(/^t\.csv, line 3: y is ".*": must be a number within f32/);
    expect(message).toMatch(/unless --decimal and --thousands say otherwise$/);
  });

  test('of objects keeps their numbers, whatever sign texts have', () => {
    const columns = { ...COLUMNS, decimal: ',', thousands: '.', timeFormat: 'DD.MM.YYYY' } as const;
    const rows = [
      { date: '01.02.2015', y: 1.5 },
      { date: new Date('2015-02-02'), y: '2,5' },
      { date: '03.02.2015', y: 1234.567 },
    ];
    const { y, calendar } = seriesOf(tableOf('rows', rows, wantedColumns(columns)), columns);
    expect([[...y], timeName(calendar, 0)]).toEqual([[1.5, 2.5, 1234.567], '2015-02-01']);
  });

  test.each<[string, string, string[], string]>([
    ['the day first', 'DD/MM/YYYY', ['30/01/2015', '31/01/2015', '01/02/2015'], '2015-01-30'],
    ['the month first', 'MM/DD/YYYY', ['01/30/2015', '01/31/2015', '02/01/2015'], '2015-01-30'],
    ['points', 'DD.MM.YYYY', ['30.01.2015', '31.01.2015', '1.2.2015'], '2015-01-30'],
    ['seconds since 1970', 'unix', ['1422576000', '1422662400', '1422748800'], '2015-01-30'],
  ])('has times with %s', (_, timeFormat, dates, first) => {
    const text = `date;y\n${dates.map((date, n) => `${date};${n}`).join('\n')}`;
    const { calendar, length } = read(text, { timeFormat });
    expect([timeName(calendar, 0), formatStep(calendar), length]).toEqual([first, '1 day', 3]);
    const { message } = errorOf(DataError, () => read(text, {}));
    expect(message).toContain('t.csv, line 2: date is ');
    expect(message).toContain(`--time-format ${timeFormat}`);
  });

  test('counts what is missing, up to the last number to forecast', () => {
    const rows = ['1,NA', '?,2', ',', '4,4', 'n/a,', ',6'];
    const text = `date,y,x\n${rows.map((row, n) => `2015-01-0${n + 1},${row}`).join('\n')}`;
    expect(read(text, { inputs: ['x'] }).notes).toEqual([
      'y is missing in 2 of 4 rows: empty, NA or the like',
      'x is missing in 2 of 4 rows: empty, NA or the like',
    ]);
    expect(read('date,y\n2015-01-01,1\n2015-01-02,2', {}).notes).toEqual([]);
  });
});

describe('rows without a time', () => {
  const ROWS: SeriesColumns = { ...COLUMNS, time: [] };
  const tableFor = (values: readonly number[], of = ROWS): Table =>
    tableOf(
      'rows',
      values.map((y) => ({ y })),
      wantedColumns(of),
    );
  const values = Array.from({ length: 120 }, (_, n) => 50 + 5 * (n % 7) + Math.sin(n * n));

  test('are steps, which their numbers name', () => {
    const series = seriesOf(tableFor(values), ROWS);
    expect([series.length, formatStep(series.calendar), timeName(series.calendar, 0)]).toEqual([120, '1 row', '1']);
    expect([nextOf(series, 2), naturalPeriods(series.calendar)]).toEqual([['121', '122'], {}]);
    const parts = (from: number | null, to: number | null) =>
      planOf('rows', series, { ...CHOICES, columns: ROWS, test: { from, to } }, undefined).parts.test;
    expect([parts(101, null), parts(101, 110), parts(null, 110)]).toEqual([
      { from: 100, to: 120 },
      { from: 100, to: 110 },
      { from: 99, to: 110 },
    ]);
    expectDataError(
      () => planOf('rows', series, { ...CHOICES, columns: ROWS }, new Map([[0, ['x']]])),
      'rows: holidays are days, so they need the column of the time (--time)',
    );
  });

  test('are forecast from a table that begins with those of the training, and from no other', async () => {
    const rows = values.map((y) => ({ y }));
    const small = { hidden: 2, batchSize: 8, trainingIters: 24 };
    const { bytes } = await trainForecaster(
      backend,
      rows,
      { predict: 'y', ahead: [1, 3], seeds: 1, test: '109..' },
      small,
    );
    const loaded = loadForecaster(backend, bytes);
    const next = await loaded.forecast([...rows, { y: 50 }]);
    expect(next.map(({ date, ahead }) => [date, ahead])).toEqual([
      ['122', 1],
      ['123', 2],
      ['124', 3],
    ]);
    for (const other of [rows.slice(1), rows.slice(0, 50), [{ y: 1 }, ...rows.slice(1)]]) {
      await expect(loaded.forecast(other)).rejects.toThrow(
        'rows: must begin with the 108 rows of the training, with the same values, because its rows have no time',
      );
    }
    loaded.dispose();
  });
});

describe('a file', () => {
  const FORMS = { timeFormat: 'DD.MM.YYYY', decimal: ',', thousands: '.' } as const;
  const stateOf = (dates: readonly string[], columns: SeriesColumns) => {
    const rows = dates.map((date, n) => ({ date, y: 50 + 5 * (n % 5) + Math.sin(n * n) }));
    const series = seriesOf(tableOf('rows', rows, wantedColumns(columns)), columns);
    const plan = planOf('rows', series, { ...CHOICES, columns, seasons: [5], seeds: 1 }, undefined);
    return { series, before: { plan, networks: new Map() } };
  };

  test('of 1.0.0 gives the forecasts of 1.0.0', async () => {
    const bytes = readFileSync(new URL('../fixtures/checkpoint-1.0.0-forecast.safetensors', import.meta.url));
    const loaded = loadForecaster(backend, bytes);
    const rows = Array.from({ length: 60 }, (_, n) => ({
      day: formatTime(Date.UTC(2026, 0, 1 + n)),
      y: n < 55 ? (10 + (n % 7) + Math.sin(n * n)).toFixed(3) : '',
      price: n % 3,
    }));
    const next = await loaded.forecast(rows, 4);
    loaded.dispose();
    // as `longhand forecast --deterministic` of 1.0.0 prints them
    expect(next.map(({ date }) => date)).toEqual(['2026-02-25', '2026-02-26', '2026-02-27', '2026-02-28']);
    for (const [n, forecast] of [12.685921, 12.3825325, 12.3590136, 12.395201].entries())
      expect(next[n].forecast).toBeCloseTo(forecast, 4);
  });

  test('holds each calendar and form, and gives the same forecasts', async () => {
    const german = (date: string): string => date.split('-').reverse().join('.');
    const year = (n: number): number => 1960 + Math.floor(n / 4);
    const cases: [string[], Partial<SeriesColumns>][] = [
      [TRADING, {}],
      [TRADING.map(german), FORMS],
      [Array.from({ length: 70 }, (_, n) => `${year(n)}Q${(n % 4) + 1}`), {}],
      [Array.from({ length: 70 }, (_, n) => formatTime(Date.UTC(2010, n + 2, 0))), {}],
      [TRADING, { time: [] }],
    ];
    for (const [dates, more] of cases) {
      const columns = { ...COLUMNS, ...more };
      const { series, before } = stateOf(dates, columns);
      const { state } = await trained(before, {}, series);
      const bytes = forecastBytes(state);
      const read = parseForecast(bytes, 'f');
      expect(read.plan).toEqual(state.plan);
      expect(JSON.stringify(read.plan)).toBe(JSON.stringify(state.plan)); // the digest of a run that resumes
      const forecasters = [state, read].map((one) => new Forecaster(backend, one));
      const [own, again] = await Promise.all(forecasters.map((one) => futureOf(one, series, 3, 'rows')));
      expect(again).toEqual(own);
      expect(own.map(({ date }) => date)).toEqual(nextOf(series, 3));
      for (const one of forecasters) one.dispose();
    }
  });

  test('of workdays dates its forecasts after the days that a later table closes', async () => {
    const { series, before } = stateOf(TRADING, COLUMNS);
    const loaded = loadForecaster(backend, forecastBytes((await trained(before, {}, series)).state));
    const more = daysFrom('2016-03-14', 20, (date, name) => isTradingDay(date, name) && name !== '2016-03-25');
    const rows = [...TRADING, ...more].map((date, n) => ({ date, y: 50 + 5 * (n % 5) + Math.sin(n * n) }));
    expect((await loaded.forecast(rows, 2)).map(({ date }) => date)).toEqual(['2016-04-12', '2016-04-13']);
    const nearest = (await loaded.predict(rows)).filter(({ ahead }) => ahead === 1);
    expect(nearest[nearest.length - 1].date).toBe('2016-04-11');
    loaded.dispose();
  });

  test.each<[string, (plan: Stored) => void, string]>([
    [
      'another unit',
      ({ calendar }) => (calendar.unit = 'fortnight'),
      'calendar.unit is "fortnight": must be one of ms, month, workday, row',
    ],
    [
      'no workdays',
      ({ calendar }) => delete calendar.workdays,
      'calendar.unit is "workday": must be workday with workdays',
    ],
    [
      'workdays of another unit',
      ({ calendar }) => (calendar.unit = 'ms'),
      'must be workday with workdays, and only then',
    ],
    [
      'rows with a time',
      ({ calendar }) => {
        calendar.unit = 'row';
        delete calendar.workdays;
      },
      'must be row without a column of the time',
    ],
    ['a longer step', ({ calendar }) => (calendar.step = 2), 'calendar.step is 2: must be 1'],
    ['day 32', ({ calendar }) => (calendar.day = 32), 'calendar.day is 32: must be a number from 1 to 31'],
    [
      'weekdays that fall',
      ({ calendar }) => (calendar.workdays = { ...calendar.workdays, weekdays: [2, 1] }),
      'must be numbers that rise',
    ],
    [
      'no weekday',
      ({ calendar }) => (calendar.workdays = { ...calendar.workdays, weekdays: [] }),
      'must be at least one day',
    ],
    [
      'closed days that repeat',
      ({ calendar }) => (calendar.workdays = { ...calendar.workdays, closed: [3, 3] }),
      'must be numbers that rise',
    ],
    [
      'another form',
      ({ calendar }) => (calendar.form = 'decade'),
      'calendar.form is "decade": must be one of quarter, week',
    ],
    [
      'another format',
      ({ columns }) => (columns.timeFormat = 'DD'),
      'columns.timeFormat is "DD": must be as DD/MM/YYYY',
    ],
    ['another sign', ({ columns }) => (columns.decimal = ';'), 'columns.decimal is ";": must be one of'],
  ])('with %s is refused', (_, change, message) => {
    const { before } = stateOf(TRADING, COLUMNS);
    const plan = structuredClone(before.plan) as unknown as Stored;
    change(plan);
    const bytes = forecastBytes({ ...before, plan: plan as never });
    expectDataError(() => parseForecast(bytes, 'f'), message);
  });
});

interface Stored {
  calendar: Record<string, unknown> & { workdays?: Record<string, unknown> };
  columns: Record<string, unknown>;
}
