/** Times as texts: quarters, ISO weeks, formats of one's own, and the sentences that refuse what could mean two days. */
import fc from 'fast-check';
import {
  formatTime,
  formOf,
  lastTimeFrom,
  LAST_TIME,
  monthsLater,
  rowRangeFrom,
  timeFault,
  timeFrom,
  timeInForm,
  timeRangeFrom,
  timeReader,
} from '../../src/data/times.js';

const DAY = 86_400_000;
const days = fc.integer({ min: Date.UTC(1600, 0) / DAY, max: Math.floor(LAST_TIME / DAY) - 400 }).map((n) => n * DAY);
const MONDAY = 4 * DAY; // 1970-01-05

describe('a week of ISO 8601', () => {
  test('follows the one before: its number rises by 1, or is the first of the next year after 52 or 53', () => {
    fc.assert(
      fc.property(fc.integer({ min: -15_000, max: 400_000 }), (n) => {
        const [before, week] = [n, n + 1].map((k) => timeInForm('week', MONDAY + 7 * k * DAY));
        expect(timeFrom(week)).toBe(MONDAY + 7 * (n + 1) * DAY);
        const [[year, number], [nextYear, next]] = [before, week].map((text) => text.split('-W').map(Number));
        if (nextYear === year) expect(next).toBe(number + 1);
        else {
          expect([nextYear, next]).toEqual([year + 1, 1]);
          expect([52, 53]).toContain(number);
        }
      }),
    );
  });

  test('has number 53 in the years that begin or end with a Thursday', () => {
    const long = Array.from({ length: 40 }, (_, n) => 2000 + n).filter(
      (year) => !Number.isNaN(timeFrom(`${year}-W53`)),
    );
    expect(long).toEqual([2004, 2009, 2015, 2020, 2026, 2032, 2037]);
    expect(['2015-W53', '2016W01', '2009-W01', '2020-w53'].map((text) => formatTime(timeFrom(text)))).toEqual([
      '2015-12-28',
      '2016-01-04',
      '2008-12-29',
      '2020-12-28',
    ]);
    for (const text of ['2015-W00', '2016-W53', '2015-W54', '2015-W1', '15-W01']) expect(timeFrom(text)).toBeNaN();
  });
});

test('a quarter begins every third month, and is written as it is read', () => {
  expect(['1960Q1', '1960-Q2', '1960 q3', '1960Q4'].map((text) => formatTime(timeFrom(text)))).toEqual([
    '1960-01-01',
    '1960-04-01',
    '1960-07-01',
    '1960-10-01',
  ]);
  for (const text of ['1960Q0', '1960Q5', '60Q1', 'Q1 1960']) expect(timeFrom(text)).toBeNaN();
  expect(timeInForm('quarter', timeFrom('1960-11-30'))).toBe('1960Q4');
  expect(['1960Q1', '1960-W07', '1960', '1960-02'].map(formOf)).toEqual(['quarter', 'week', undefined, undefined]);
  expect(['1960Q1', '2015-W53'].map((text) => formatTime(lastTimeFrom(text) + 1))).toEqual([
    '1960-04-01',
    '2016-01-04',
  ]);
  expect(timeRangeFrom('1981Q1..1982Q4')?.map((time) => formatTime(time ?? NaN))).toEqual([
    '1981-01-01',
    '1982-12-31T23:59:59.999',
  ]);
});

test('months later is the same day, or the last one of a shorter month', () => {
  const later = (text: string, months: number, day?: number): string =>
    formatTime(monthsLater(timeFrom(text), months, day));
  expect([later('2015-01-31', 1), later('2016-01-31', 1), later('2016-02-29', 12), later('2015-03-31', -1)]).toEqual([
    '2015-02-28',
    '2016-02-29',
    '2017-02-28',
    '2015-02-28',
  ]);
  expect([later('2015-02-28', 1, 31), later('2015-02-28T06:30', 2, 31), later('0096-02-29', 48, 31)]).toEqual([
    '2015-03-31',
    '2015-04-30T06:30:00',
    '0100-02-28', // as 1900, no leap year
  ]);
});

describe('a format', () => {
  const written = (time: number, format: string): string => {
    const [day, clock] = new Date(time).toISOString().slice(0, 19).split('T');
    const [YYYY, MM, DD] = day.split('-');
    const [HH, mm, ss] = clock.split(':');
    const parts: Record<string, string> = { YYYY, MM, DD, HH, mm, ss };
    return format.replace(/YYYY|MM|DD|HH|mm|ss/g, (part) => parts[part]);
  };

  test.each(['DD/MM/YYYY', 'MM/DD/YYYY', 'DD.MM.YYYY', 'YYYYMMDD', 'YYYY/MM/DD', 'DD. MM. YYYY', 'YYYY.DD.MM'])(
    '%s reads its days',
    (format) => {
      const read = timeReader(format);
      fc.assert(fc.property(days, (time) => expect(read?.(written(time, format))).toBe(time)));
    },
  );

  test.each(['DD.MM.YYYY HH:mm:ss', 'HH:mm:ss MM/DD/YYYY', 'YYYYMMDDTHHmmss', 'YYYY-MM-DD HH.mm.ss'])(
    '%s reads its seconds',
    (format) => {
      const read = timeReader(format);
      fc.assert(
        fc.property(days, fc.integer({ min: 0, max: 86_399 }), (day, second) => {
          const time = day + 1000 * second;
          expect(read?.(written(time, format))).toBe(time);
        }),
      );
    },
  );

  test('reads days and months of one digit if there are marks, and refuses what does not exist', () => {
    const read = (format: string, text: string): string => formatTime(timeReader(format)?.(text) ?? NaN);
    expect([read('DD/MM/YYYY', '3/4/2015'), read('MM/DD/YYYY', '3/4/2015'), read('MM/YYYY', '2/2015')]).toEqual([
      '2015-04-03',
      '2015-03-04',
      '2015-02-01',
    ]);
    const faults: [string, string][] = [
      ['YYYYMMDD', '2015111'],
      ['DD/MM/YYYY', '29/02/2015'],
      ['DD/MM/YYYY', '12/13/2015'],
      ['DD.MM.YYYY', '01/02/2015'],
      ['DD.MM.YYYY', '01x02x2015'], // a point is no wildcard
      ['DD.MM.YYYY', '01.02.15'],
      ['DD.MM.YYYY', ''],
      ['unix', '01.02.2015'],
      ['unix', '1e300'],
    ];
    for (const [format, text] of faults) expect(read(format, text)).toBe('no time');
  });

  test('unix counts seconds, unix-ms milliseconds, also before 1970', () => {
    const [seconds, milliseconds] = ['unix', 'unix-ms'].map(timeReader);
    expect([seconds?.('1420070400'), seconds?.('-1.5'), milliseconds?.('1420070400123')]).toEqual([
      Date.UTC(2015, 0),
      -1500,
      1420070400123,
    ]);
  });

  test.each(['', 'DD/MM', 'YYYY-DD', 'YY/MM/DD', 'YYYY-MM-DD YYYY', 'month', 'MM/DD/YYYYx', 'toString', 'YYYY HH'])(
    '%s is none',
    (format) => expect(timeReader(format)).toBeUndefined(),
  );
});

test('what could mean two days, or is a count, is refused with the flag that says what it means', () => {
  for (const mark of ['/', '.', '-']) {
    expect(timeFault(['01', '02', '2015'].join(mark), undefined)).toBe(
      `does the day or the month come first? Add --time-format DD${mark}MM${mark}YYYY or --time-format MM${mark}DD${mark}YYYY`,
    );
  }
  expect(timeFault('13/02/2015 10:00', undefined)).toContain('--time-format DD/MM/YYYY');
  expect(timeFault('1420070400', undefined)).toMatch(/--time-format unix$/);
  expect(timeFault('1420070400000', undefined)).toMatch(/--time-format unix-ms$/);
  expect(timeFault('Feb 2015', undefined)).toContain('must be a day that exists, in the form 1987, 1987-02,');
  expect(timeFault('2015-02-01', 'DD.MM.YYYY')).toContain('in the form DD.MM.YYYY, as --time-format says');
});

test('a range of rows has one end or two', () => {
  expect(['101..', '..200', '101..200', '..', '101', '1987-01-01..', '1..2..3', 'a..'].map(rowRangeFrom)).toEqual([
    [101, null],
    [null, 200],
    [101, 200],
    ...Array<undefined>(5).fill(undefined),
  ]);
});
