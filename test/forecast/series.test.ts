/** From a table to the numbers that a network reads: calendars, series, windows; no input knows the future. */
import fc from 'fast-check';
import { DataError } from '../../src/core/errors.js';
import { Random } from '../../src/core/rng.js';
import type { Tensor } from '../../src/core/tensor.js';
import { zeros } from '../../src/core/tensor.js';
import type { Calendar } from '../../src/data/calendar.js';
import { calendarOf, firstIndexFrom, formatStep, indexOfTime, timeAt } from '../../src/data/calendar.js';
import { formatTime, lastTimeFrom, timeFrom, timeOfParts } from '../../src/data/times.js';
import { tableOf } from '../../src/data/table.js';
import {
  filledBy,
  HOLIDAY_COLUMNS,
  holidaysOf,
  repeatedColumn,
  seriesOf,
  wantedColumns,
} from '../../src/forecast/series.js';
import { inputColumns, plansFor } from '../../src/forecast/inputs.js';
import type { ForecastChoices } from '../../src/forecast/planning.js';
import { membersOf, trainEnd } from '../../src/forecast/plan.js';
import { planOf } from '../../src/forecast/planning.js';
import type { Series, SeriesColumns } from '../../src/forecast/series.js';
import { readingOf, strideFor, windowExamples } from '../../src/forecast/windows.js';
import { fillWindow, inputCount } from '../../src/trained-state.js';
import { errorOf, expectDataError } from '../helpers/failures.js';

const DAY = 86_400_000;
const DAYS: Calendar = { start: timeFrom('1987-01-01'), unit: 'ms', step: DAY };
const COLUMNS: SeriesColumns = { time: ['date'], predict: 'y', inputs: [], known: [], fill: null };
type Row = Record<string, unknown>;

const seriesIn = (rows: readonly Row[], columns: Partial<SeriesColumns> = {}): Series => {
  const all = { ...COLUMNS, ...columns };
  return seriesOf(tableOf('rows', rows, wantedColumns(all)), all);
};
const days = (values: readonly unknown[], more: (n: number) => Row = () => ({})): Row[] =>
  values.map((y, n) => ({ date: formatTime(timeAt(DAYS, n)), y, ...more(n) }));
const calendarIn = (...times: string[]): Calendar =>
  calendarOf(Float64Array.from(times, timeFrom), (row) => `row ${row}`);

describe('a calendar', () => {
  test.each([
    ['1 day', ['1987-02-27', '1987-02-28', '1987-03-01', '1987-03-04']],
    ['1 week', ['1987-01-05', '1987-01-12', '1987-01-26']],
    ['1 hour', ['1987-03-29T01:00', '1987-03-29T02:00', '1987-03-29T03:00']],
    ['15 minutes', ['1987-01-01T00:15', '1987-01-01T00:30']],
    ['1 month', ['1987-01-31', '1987-03-31', '1987-08-31', '1987-07-31'].sort().concat('1987-10-31', '1987-12-31')],
    ['1 month', ['1986-11', '1986-12', '1987-01', '1987-02', '1987-03']],
    ['3 months', ['1986-11-15', '1987-02-15', '1987-08-15']],
    ['1 year', ['1986', '1987', '1989']],
    ['500 milliseconds', ['1987-01-01T00:00:00.5', '1987-01-01T00:00:01']],
  ])('of %s', (step, times) => {
    const calendar = calendarIn(...times);
    expect(formatStep(calendar)).toBe(step);
    for (const time of times.map(timeFrom)) expect(timeAt(calendar, indexOfTime(calendar, time))).toBe(time);
  });

  test('finds each index, and the first one from a time', () => {
    const calendars = fc.record({
      start: fc.constantFrom('1987-01-01', '1988-02-28', '1969-12-28', '1987-03-28T01:30').map(timeFrom),
      unit: fc.constantFrom('ms' as const, 'month' as const),
      step: fc.integer({ min: 1, max: 100 }),
    });
    fc.assert(
      fc.property(calendars, fc.integer({ min: -200, max: 200 }), fc.nat(1000), (calendar, index, ms) => {
        const time = timeAt(calendar, index);
        expect(indexOfTime(calendar, time)).toBe(index);
        expect(firstIndexFrom(calendar, time)).toBe(index);
        const first = firstIndexFrom(calendar, time + ms);
        expect(timeAt(calendar, first)).toBeGreaterThanOrEqual(time + ms);
        expect(timeAt(calendar, first - 1)).toBeLessThan(time + ms);
        expect(timeFrom(formatTime(time))).toBe(time);
      }),
    );
  });

  test('refuses a time between two steps', () => {
    expect(() => calendarIn('1987-01-01', '1987-01-03', '1987-01-06')).toThrow(
      'row 2: 1987-01-06 is between two steps: the rows are 2 days apart, from 1987-01-01',
    );
    expect(() => calendarIn('1987-01-31', '1987-02-28', '1987-03-30')).toThrow(
      'row 2: 1987-03-30 is between two steps',
    );
  });

  test('ends a month that is too short at its last day', () => {
    const thirtieth: Calendar = { start: timeFrom('1987-12-30'), unit: 'month', step: 1 };
    expect([1, 2, 3].map((n) => formatTime(timeAt(thirtieth, n)))).toEqual(['1988-01-30', '1988-02-29', '1988-03-30']);
  });

  test('writes every time, and says if there is none', () => {
    expect(
      [NaN, 1e300, -1e300, Infinity, Date.UTC(12000, 1, 9), Date.UTC(12000, 1, 9, 5), 0, 1, 1000].map(formatTime),
    ).toEqual([
      ...Array<string>(4).fill('no time'),
      ...['+012000-02-09', '+012000-02-09T05:00:00'],
      '1970-01-01',
      '1970-01-01T00:00:00.001',
      '1970-01-01T00:00:01',
    ]);
  });

  test('knows the end of a year, a month and a day', () => {
    const ends = ['1987', '1988-02', '1988-02-29', '1988-02-29T12:30'].map((text) => formatTime(lastTimeFrom(text)));
    expect(ends).toEqual([
      '1987-12-31T23:59:59.999',
      '1988-02-29T23:59:59.999',
      '1988-02-29T23:59:59.999',
      '1988-02-29T12:30:00',
    ]);
    expect(lastTimeFrom('1987-02-29')).toBeNaN();
  });

  test('has only days that exist', () => {
    expect([timeOfParts(1988, 2, 29), timeOfParts(1987, 2, 28, 23, 59, 59)]).toEqual(
      ['1988-02-29', '1987-02-28T23:59:59'].map(timeFrom),
    );
    for (const parts of [
      [1987, 2, 29],
      [1987, 13],
      [1987, 0],
      [1987, 1, 0],
      [1987.5],
      [NaN],
      [1987, 1, 1, 24],
      [3e5],
    ]) {
      expect(timeOfParts(...(parts as [number]))).toBeNaN();
    }
  });
});

describe('a series', () => {
  test.each<[string, Row[], Partial<SeriesColumns>, string]>([
    ['one row', days([1]), {}, 'rows: has 1 row: a series needs more'],
    ['a time twice', [...days([1, 2]), { date: '1987-01-02', y: 3 }], {}, 'rows[2]: 1987-01-02 occurs twice'],
    [
      'unsorted times',
      [...days([1, 2, 3]).slice(1), ...days([1])],
      {},
      'rows[2]: 1987-01-01 comes after 1987-01-03: the rows must be in the order',
    ],
    [
      'a gap',
      days([1, 2, 3, 4]).filter((_, n) => n !== 2),
      {},
      'rows[2]: 1987-01-04 comes after 1987-01-02, but the rows are 1 day apart',
    ],
    ['a missing time', [...days([1, 2]), { y: 3 }], {}, 'rows[2]: date missing: every row needs a time'],
    ['no number', days([null, null, null]), {}, 'rows: y has no number in any row'],
    [
      'parts that are no day',
      [
        { a: 1987, b: 2, c: 28, y: 1 },
        { a: 1987, b: 2, c: 29, y: 1 },
      ],
      { time: ['a', 'b', 'c'] },
      'rows[1]: a 1987, b 2, c 29: there is no such year, month, day',
    ],
    [
      'steps of almost no rows',
      [
        { date: '1970-01-01T00:00:00.001', y: 1 },
        { date: '1970-01-01T00:00:00.002', y: 1 },
        { date: '2020', y: 1 },
      ],
      { fill: 'missing' },
      'rows: has 3 rows, but 1577836800000 steps of 1 millisecond from the first row to the last',
    ],
  ])('is refused with %s', (_, rows, columns, message) => expectDataError(() => seriesIn(rows, columns), message));

  test('is filled, but not with later numbers', () => {
    const rows = days([null, 1, null, null, 4, 0, null]).filter((_, n) => n !== 3);
    const filled = (fill: SeriesColumns['fill']): unknown[] => [...seriesIn(rows, { fill }).filled];
    expect(filled('missing')).toEqual([NaN, 1, NaN, NaN, 4, 0, NaN]);
    expect(filled('previous')).toEqual([NaN, 1, 1, 1, 4, 0, 0]); // as it is if a number follows
    expect([...seriesIn(rows, { fill: 'previous' }).y]).toEqual([NaN, 1, NaN, NaN, 4, 0, NaN]);
    for (const fill of [null, 'missing', 'previous'] as const)
      expect([...filledBy(fill, Float64Array.of(NaN))]).toEqual([NaN]);
    // another column repeats its last number to the end
    const two = days([1, 2, 3, null, 5, null], (n) => ({ x: n < 3 ? n : null, z: n === 5 ? 9 : null }));
    const { inputs } = seriesIn(two, { fill: 'previous', inputs: ['x', 'z'] });
    expect(inputs.map((values) => [...values])).toEqual([
      [0, 1, 2, 2, 2, 2],
      [NaN, NaN, NaN, NaN, NaN, 9],
    ]);
    expect([...seriesIn(two, { fill: 'missing', inputs: ['x'] }).inputs[0]]).toEqual([0, 1, 2, NaN, NaN, NaN]);
  });

  test('has rows after its last number, with what is known in advance', () => {
    const rows = days([1, 2, 3, null, null], (n) => ({ k: n % 2 === 0 ? 'a' : null, p: n / 2 }));
    const series = seriesIn(rows, { known: ['k', 'p'], inputs: [] });
    expect([series.length, series.end]).toEqual([5, 3]);
    expect(series.known.map(({ values }) => [...values])).toEqual([
      [0, NaN, 0, NaN, 0],
      [0, 0.5, 1, 1.5, 2],
    ]);
  });

  test('of a later table has the steps of the training, however few of its rows follow one another', () => {
    const later = (dates: readonly string[], calendar = DAYS, fill: 'missing' | null = 'missing'): Series => {
      const all = { ...COLUMNS, fill };
      const rows = dates.map((date, n) => ({ date, y: n }));
      return seriesOf(tableOf('rows', rows, wantedColumns(all)), all, calendar);
    };
    expect([...later(['1987-01-02', '1987-01-04', '1987-01-06']).y]).toEqual([NaN, 0, NaN, 1, NaN, 2]);
    expect(later(['1987-01-05'])).toMatchObject({ first: 4, end: 5, calendar: DAYS });
    const four = { ...DAYS, step: 28 * DAY };
    expect([...later(['1987-01-29', '1987-02-26'], four).y]).toEqual([NaN, 0, 1]);
    expect(later(['1987-03-01', '1987-04-01'], { ...DAYS, unit: 'month', step: 1 }).first).toBe(2);
    expectDataError(
      () => later(['1987-01-05', '1987-01-05T12:00', '1987-01-06']),
      'rows[1]: 1987-01-05T12:00:00 is between two steps: the forecaster was trained on rows from 1987-01-01 with steps of 1 day',
    );
    expectDataError(
      () => later(['1986-12-31', '1987-01-01']),
      'rows: begins at 1986-12-31, but the forecaster was trained on rows from 1987-01-01 with steps of 1 day',
    );
    expectDataError(
      () => later(['1987-01-05', '1987-01-07'], DAYS, null),
      /but the rows are 1 day apart: add the rows between them$/,
    );
  });

  test('may begin later than its calendar, but not by millions of steps', () => {
    const from = (before: number, step = DAY): Series => {
      const rows = [1, 2, 3].map((y, n) => ({ date: formatTime(DAYS.start + n * step), y }));
      const calendar = { ...DAYS, start: DAYS.start - before * step, step };
      return seriesOf(tableOf('new', rows, wantedColumns(COLUMNS)), COLUMNS, calendar);
    };
    const { first, length, end, y } = from(400);
    expect([first, length, end, y[402], y[0]]).toEqual([400, 403, 403, 3, NaN]);
    // a year of 10 milliseconds
    const count = 365 * 24 * 3600 * 100;
    expectDataError(
      () => from(count, 10),
      `new: has 3 steps of 10 milliseconds from 1987-01-01, but ${count} steps come before them, from 1986-01-01, where the training began`,
    );
    expect(from(9_000_000, 10).length).toBe(9_000_003);
    expectDataError(() => from(1e15, 1), 'new: has 3 steps of 1 millisecond from 1987-01-01, but');
  });

  test('uses each column once', () => {
    const columns = { time: ['a', 'b'], predict: 'c', inputs: ['d'], known: ['e'], fill: null };
    expect(repeatedColumn(columns)).toBeUndefined();
    for (const name of ['a', 'c', 'd', 'e']) expect(repeatedColumn({ ...columns, known: ['e', name] })).toBe(name);
  });
});

/** 300 days with a week, holidays, another column, and columns that are known in advance. */
const HOLIDAYS = holidaysOf(
  tableOf(
    'holidays',
    [40, 41, 95, 160, 230, 295].map((n) => ({ date: formatTime(timeAt(DAYS, n)), name: n % 2 === 0 ? 'Even' : 'Odd' })),
    HOLIDAY_COLUMNS,
  ),
);
const RICH = { inputs: ['x'], known: ['weekday', 'price', 'phase'], fill: 'missing' as const };
const richRows = (change: (n: number) => number = () => 0): Row[] => {
  const random = new Random(5);
  return days(Array<number>(300).fill(0), (n) => ({
    y: n % 41 === 17 ? null : 100 + 10 * (n % 7) + random.normal(0, 3) + change(n),
    x: n % 29 === 3 ? '' : random.uniform(0, 1) + change(n),
    weekday: ['Su', 'Mo', 'Tu', 'We', 'Th', 'Fr', 'Sa'][n % 7],
    price: random.uniform(1, 2),
    phase: n % 3,
  }));
};
const CHOICES: ForecastChoices = {
  columns: { ...COLUMNS, ...RICH },
  ahead: [1, 10],
  isTogether: false,
  seeds: 2,
  coverage: 0.9,
  test: null,
  seasons: [30, 7, 7],
  method: 'network',
  isNegative: false,
};

describe('inputs', () => {
  const series = seriesIn(richRows(), RICH);
  const plan = planOf('rows', series, CHOICES, HOLIDAYS);

  test.each(['missing', 'previous'] as const)('with --fill %s do not depend on later numbers', (fill) => {
    const columns = { ...RICH, fill };
    const before = seriesIn(richRows(), columns);
    const plans = [[1], [10], [1, 10], [3, 40]].flatMap((ahead) =>
      [[7, 30], [7], [2], []].map((seasons) => ({
        ahead,
        plan: planOf('rows', before, { ...CHOICES, ahead, seasons }, HOLIDAYS).inputs,
      })),
    );
    const T = 4;
    for (let t = 20; t < 260; t += 17) {
      const rows = richRows((n) => (n > t ? 1000 + n : 0));
      const after = seriesIn(rows, columns);
      after.y.fill(NaN, t + 1 + (t % 2) * 300);
      for (const { ahead, plan: inputs } of plans) {
        const [one, other] = [before, after].map((of): Tensor => {
          const reading = readingOf(of, inputs, HOLIDAYS, ahead);
          const x = zeros([T, 1, inputCount(reading)], 'f64');
          fillWindow(x, 0, reading, t - T + 1);
          return x;
        });
        expect(other.data).toEqual(one.data);
      }
    }
  });

  test('of the plan do not depend on the validation and test parts', () => {
    const later = planOf(
      'rows',
      seriesIn(
        richRows((n) => (n >= plan.parts.validation.from ? 500 : 0)),
        RICH,
      ),
      CHOICES,
      HOLIDAYS,
    );
    expect(later.inputs).toEqual(plan.inputs);
    expect(plan.inputs.lag).toBe(28);
    expect(plan.inputs.known.map((known) => known.kind)).toEqual(['categories', 'number', 'categories']);
    expect(plan.inputs.holidays).toEqual(['Even', 'Odd']);
  });

  test('are those of the plan, by hand', () => {
    const { past, future } = inputColumns(plan.inputs, series, HOLIDAYS);
    const at = (columns: typeof past, step: number): Record<string, number> =>
      Object.fromEntries(columns.map(({ name, at }) => [name, at(step)]));
    const { y, inputs, known } = plan.inputs;
    /** The scaled difference of the number at step t from the mean of the last 28 numbers up to it. */
    const differenceAt = (t: number, values = series.y, scale = y.scale): number => {
      const recent = [...values.subarray(Math.max(0, t - 27), t + 1)].filter((value) => !Number.isNaN(value));
      return (values[t] - recent.reduce((sum, value) => sum + value, 0) / recent.length) / scale;
    };
    expect(plan.inputs.meanOver).toBe(28);
    for (const t of [0, 1, 5, 27, 28, 29, 100]) expect(at(past, t).value).toBeCloseTo(differenceAt(t), 12);
    expect(at(past, 20)).toEqual({
      value: expect.closeTo(differenceAt(20), 12) as number,
      'value is missing': 0,
      'input 1': expect.closeTo(differenceAt(20, series.inputs[0], inputs[0].scale), 12) as number,
    });
    expect(at(past, 17)).toMatchObject({ value: 0, 'value is missing': 1 });
    expect(at(past, 3)).toMatchObject({ 'input 1': 0 });
    const price = known[1].kind === 'number' ? known[1].scale : undefined;
    expect(at(future, 41)).toMatchObject({
      'value 28 steps before': expect.closeTo(differenceAt(13), 12) as number,
      'weekday 3': 1, // 1987-02-11 was a Wednesday
      'weekday 4': 0,
      'weekday Tu': 0,
      'weekday Sa': 1, // the column's own names begin with the first row
      price: (series.known[1].values[41] - Number(price?.level)) / Number(price?.scale),
      'phase 2': 1,
      'phase 0': 0,
      Odd: 1,
      Even: 0,
      'a holiday 0 days before': 1,
      'a holiday 1 days before': 1,
      'a holiday 2 days before': 0,
      'a holiday -1 days before': 0,
      'a holiday 28 steps before': 0,
    });
    // beyond the rows, weekdays and phases repeat after a season, prices do not
    expect(at(future, 7 * 50 + 1)).toMatchObject({ 'weekday Mo': 1, 'phase 0': 1, 'phase 1': 0, price: 0 });
  });

  test('that are known in advance are few categories, or numbers', () => {
    const rows = days(Array<number>(60).fill(1), (n) => ({ k: `${n},5` }));
    expectDataError(
      () => plansFor(seriesIn(rows, { known: ['k'] }), 50, 1, [], undefined, []),
      'k, which is known in advance, has more than 24 different texts, such as "0,5": it must hold numbers',
    );
    // nothing in the training part
    const later = days(Array<number>(60).fill(1), (n) => ({ k: n < 50 ? null : 3 }));
    expectDataError(
      () => plansFor(seriesIn(later, { known: ['k'] }), 50, 1, [], undefined, []),
      'k, which is known in advance, has no value in the training part: leave it out of --known, or fill it',
    );
  });

  test('that vary by less than f64 can hold are refused, because their forecasts and drawings would have no digits', () => {
    const plan = (size: number): unknown => {
      const tiny = days(
        Array.from({ length: 120 }, (_, n) => (10 + (n % 7)) * size),
        () => ({}),
      );
      return planOf(
        'rows',
        seriesIn(tiny),
        { ...CHOICES, columns: { ...CHOICES.columns, inputs: [], known: [] } },
        undefined,
      );
    };
    expectDataError(
      () => plan(1e-310),
      'y varies by 2.0e-310, and numbers below 2.3e-308 have too few digits: multiply the column',
    );
    expect(plan(1e-300)).toBeDefined();
  });
});

describe('windows', () => {
  const series = seriesIn(richRows(), RICH);
  const { inputs } = planOf('rows', series, CHOICES, undefined);

  test('have the numbers that lie ahead as targets, up to the end of their part', () => {
    for (const ahead of [[1], [10], [1, 10]]) {
      const reading = readingOf(series, inputs, undefined, ahead);
      const [T, end] = [12, 200];
      const examples = windowExamples(reading, T, end);
      const x = zeros([T, 3, examples.inputs], 'f64');
      const filled = examples.fill(x, Uint32Array.of(0, examples.count - 1));
      const { targets } = filled.targets as { targets: Tensor };
      const firsts = [28 - ahead[0], end - ahead[0] - T];
      expect(examples.count).toBe(firsts[1] - firsts[0] + 1);
      for (const [b, first] of firsts.entries()) {
        for (let t = 0; t < T; t++) {
          expect(x.get(t, b, 0)).toBe(reading.columns.past[0].at(first + t));
          for (const [g, distance] of ahead.entries()) {
            const d = first + t + distance;
            const scaled = (series.y[d] - inputs.y.level) / inputs.y.scale;
            expect(targets.get(t, b, g)).toBe(d < end ? scaled - reading.columns.meanAt(first + t) : NaN);
          }
        }
      }
      // a part of a batch that is left over
      expect([x.get(0, 2, 0), targets.get(0, 2, 0)]).toEqual([0, NaN]);
    }
  });

  test('have a digest of the words that they read, not of their order alone', () => {
    const { inputs } = planOf('rows', seriesIn(richRows(), RICH), CHOICES, HOLIDAYS);
    const digestOf = (rows: Row[]): string => {
      const reading = readingOf(seriesIn(rows, RICH), inputs, HOLIDAYS, [1]);
      return Buffer.concat([...windowExamples(reading, 8, 240).bytes]).toString('base64');
    };
    const renamed = richRows().map((row) => ({ ...row, weekday: `${String(row.weekday)}.` }));
    expect(digestOf(richRows())).toBe(digestOf(richRows()));
    expect(digestOf(renamed)).not.toBe(digestOf(richRows()));
  });

  test('before the series are empty', () => {
    const reading = readingOf(series, inputs, undefined, [1]);
    const x = zeros([4, 1, inputCount(reading)], 'f64');
    fillWindow(x, 0, reading, -3);
    for (let i = 0; i < inputCount(reading); i++) expect([x.get(0, 0, i), x.get(2, 0, i)]).toEqual([0, 0]);
    expect(x.get(3, 0, 0)).toBe(reading.columns.past[0].at(0));
  });

  test('never begin whole seasons apart', () => {
    fc.assert(
      fc.property(
        fc.nat(5_000_000),
        fc.uniqueArray(fc.integer({ min: 2, max: 400 }), { maxLength: 3 }),
        (count, seasons) => {
          const stride = strideFor(count, 200_000, seasons);
          expect(count / stride).toBeLessThanOrEqual(200_000);
          expect(stride > 1 && seasons.some((season) => stride % season === 0)).toBe(false);
        },
      ),
    );
    expect(strideFor(7 * 200_000, 200_000, [7])).toBe(8);
  });
});

describe('a plan', () => {
  const series = seriesIn(richRows(), RICH);
  const partsFor = (test: ForecastChoices['test']) => planOf('rows', series, { ...CHOICES, test }, undefined).parts;
  const at = (n: number): number => timeAt(DAYS, n);

  test('has parts that follow one another', () => {
    expect(partsFor(null)).toEqual({ validation: { from: 240, to: 270 }, test: { from: 270, to: 300 } });
    expect(partsFor({ from: at(280), to: null })).toEqual({
      validation: { from: 260, to: 280 },
      test: { from: 280, to: 300 },
    });
    expect(partsFor({ from: at(260), to: at(279) })).toEqual({
      validation: { from: 240, to: 260 },
      test: { from: 260, to: 280 },
    });
    expect(partsFor({ from: null, to: at(249) })).toEqual({
      validation: { from: 200, to: 225 },
      test: { from: 225, to: 250 },
    });
  });

  test('trains on nothing that a later part has', () => {
    const plan = planOf('rows', series, CHOICES, undefined);
    for (const isTogether of [false, true]) {
      for (const { ahead } of membersOf({ ...plan, isTogether })) {
        const largest = ahead[ahead.length - 1];
        // at the first forecast of a part, step from - largest is the last one that is known
        expect(trainEnd(plan, ahead, 'calibration')).toBe(plan.parts.validation.from - largest + 1);
        expect(trainEnd(plan, ahead, 'final')).toBe(plan.parts.test.from - largest + 1);
      }
    }
  });

  test('sorts its seasons', () => expect(planOf('rows', series, CHOICES, undefined).inputs.seasons).toEqual([7, 30]));

  test('names its networks, also those of many horizons', () => {
    const ahead = Array.from({ length: 60 }, (_, n) => n + 1);
    const plan = planOf('rows', series, { ...CHOICES, ahead }, undefined);
    const names = [true, false].flatMap((isTogether) =>
      (['calibration', 'final'] as const).flatMap((stage) =>
        membersOf({ ...plan, isTogether }, stage).map(({ name }) => name),
      ),
    );
    expect(new Set(names).size).toBe(2 * 2 + 2 * 2 * 60);
    for (const name of names) expect(name).toMatch(/^[\w+.-]{1,100}$/);
  });

  test.each<[string, Partial<ForecastChoices>, string]>([
    [
      'an empty test part',
      { test: { from: timeAt(DAYS, 300), to: null } },
      'rows: from 1987-01-01 to 1987-10-27: the test part is empty',
    ],
    ['a test part before the series', { test: { from: timeAt(DAYS, -1), to: null } }, 'the test part is empty'],
    [
      'a test part of half the series',
      { test: { from: timeAt(DAYS, 150), to: null } },
      'the test part has 150 steps, and the validation part before it as many: nothing is left',
    ],
    [
      'too long a horizon',
      { ahead: [117] },
      'rows: 240 steps before the validation part: a forecast of 117 steps ahead needs 242: choose fewer ahead, or a shorter test',
    ],
    [
      'a season without a second one',
      { seasons: [7, 121] },
      'rows: the season of 121 steps is longer than half of the training part, which has 240 steps: choose shorter seasons',
    ],
  ])('is refused with %s', (_, choices, message) => {
    expectDataError(() => planOf('rows', series, { ...CHOICES, ...choices }, undefined), message);
  });

  test('needs holidays up to the test part', () => {
    const holidaysIn = (year: number) =>
      holidaysOf(
        tableOf(
          'h',
          ['02-05', '03-05', '12-25'].map((day) => ({ date: `${year}-${day}`, name: 'x' })),
          HOLIDAY_COLUMNS,
        ),
      );
    expect(planOf('rows', series, CHOICES, holidaysIn(1987)).holidays).toHaveLength(3);
    expectDataError(
      () => planOf('rows', series, CHOICES, holidaysIn(1986)),
      'rows: the forecaster knows holidays up to 1986, but reads those of 1987-10-27 and of the 2 days after it: train it with later holidays',
    );
    expectDataError(
      () => planOf('rows', series, CHOICES, holidaysIn(2021)),
      'rows: no holiday occurs on two days of the training part, 1987-01-01 … 1987-08-28: leave out --holidays',
    );
  });

  test('has shorter windows if the series is short, so that there are as many windows', () => {
    const windows = [100, 96, 92].map((ahead) => planOf('rows', series, { ...CHOICES, ahead: [ahead] }, undefined).T);
    expect(windows).toEqual([20, 24, 28]); // half of 240 - 2·ahead
  });

  test('is refused for a part without numbers', () => {
    for (const [part, from, to] of [
      ['training', 0, 240],
      ['validation', 240, 270],
      ['test', 270, 299],
    ] as const) {
      const rows = richRows().map((row, n) => ({
        ...row,
        ...(n >= from && n < to && { y: null }),
        ...(n === 299 && part !== 'test' && { y: 1 }),
      }));
      const choices =
        part === 'test' ? { ...CHOICES, test: { from: timeAt(DAYS, 270), to: timeAt(DAYS, 298) } } : CHOICES;
      const error = errorOf(DataError, () => planOf('rows', seriesIn(rows, RICH), choices, undefined));
      expect(error.message).toContain(`rows: y has no number in the ${part} part`);
    }
  });

  test('is refused if a network would learn from no number, although the training part has some', () => {
    const late = (first: number): Row[] =>
      days(Array.from({ length: 100 }, (_, t) => (t < first ? null : 10 + (t % 7))));
    const planFrom = (first: number) => () =>
      planOf(
        'rows',
        seriesIn(late(first), COLUMNS),
        { ...CHOICES, columns: COLUMNS, seasons: null, ahead: [14] },
        undefined,
      );
    const error = errorOf(DataError, planFrom(77));
    expect(error.message).toContain('rows: y has no number that the network for 14 ahead could learn from, ');
    expect(planFrom(40)).not.toThrow();
  });
});

describe('holidays', () => {
  test('are those of a table, by day', () => {
    const rows = [
      { date: '1987-12-25T00:00', name: 'Christmas Day' },
      { date: '1987-12-25', name: 'Christmas Day' },
      { date: '1987-12-25', name: 'Friday' },
      { date: '1969-12-25', name: 'Christmas Day' },
    ];
    const found = [...holidaysOf(tableOf('h', rows, HOLIDAY_COLUMNS))];
    expect(found.map(([day, names]) => [formatTime(day * DAY), ...names])).toEqual([
      ['1987-12-25', 'Christmas Day', 'Friday'],
      ['1969-12-25', 'Christmas Day'],
    ]);
    for (const row of [
      { date: null, name: 'x' },
      { date: '1987-12-25', name: '' },
    ]) {
      expectDataError(
        () => holidaysOf(tableOf('h', [row], HOLIDAY_COLUMNS)),
        'h[0]: a holiday needs a date and a name',
      );
    }
    expectDataError(
      () => holidaysOf(tableOf('h', [{ date: '1987-12-25T00:00+02:00', name: 'x' }], HOLIDAY_COLUMNS)),
      'h[0]: a holiday is a day, such as 1987-12-25, without a time and its zone',
    );
  });

  test('have a column if two days of the training part have them, whatever the step', () => {
    const hourly = Array.from({ length: 24 * 10 }, (_, n) => ({ date: formatTime(DAYS.start + n * (DAY / 24)), y: n }));
    const once = holidaysOf(
      tableOf(
        'h',
        [
          ['1987-01-02', 'once'],
          ['1987-01-03', 'twice'],
          ['1987-01-05', 'twice'],
        ].map(([date, name]) => ({ date, name })),
        HOLIDAY_COLUMNS,
      ),
    );
    expect(plansFor(seriesIn(hourly), 240, 1, [], once, [])[0].holidays).toEqual(['twice']);
  });
});
