/** Rows of a table as recordings, their windows, and the parts that train and measure. */
import fc from 'fast-check';
import { DataError } from '../../src/core/errors.js';
import { tableOf } from '../../src/data/table.js';
import { windowsOf } from '../../src/classify/windows.js';
import { inputColumns, windowExamples } from '../../src/classify/classifier.js';
import type { ClassifyChoices } from '../../src/classify/plan.js';
import { PARTS, planOf, windowsOfPart } from '../../src/classify/plan.js';
import type { ClassifyColumns, KnownOfRecordings, Recordings } from '../../src/classify/recordings.js';
import { recordingsOf, repeatedColumn, wantedColumns } from '../../src/classify/recordings.js';
import { zeros } from '../../src/core/tensor.js';
import { expectDataError } from '../helpers/failures.js';

type Row = Readonly<Record<string, number | string | null>>;
const COLUMNS: ClassifyColumns = { classify: 'c', inputs: ['x', 'y'], time: ['t'], group: 'g' };
const read = (
  rows: readonly Row[],
  columns: Partial<ClassifyColumns> = {},
  known: KnownOfRecordings = {},
): Recordings => {
  const all = { ...COLUMNS, ...columns };
  return recordingsOf(
    tableOf('rows', rows, wantedColumns(all, known.hasLabels === false ? 'unread' : 'text')),
    all,
    known,
  );
};
const PLAIN = { time: [], group: null };

/** Rows of several groups in any order; the time of a group jumps now and then. */
const someRows = (least: number) =>
  fc
    .array(
      fc.record({
        g: fc.constantFrom('a', 'b', 'c', 'd'),
        c: fc.constantFrom('run', 'walk', 'sit', null),
        jump: fc.constantFrom(1, 1, 1, 1, 2, 5),
      }),
      { minLength: least, maxLength: 60 },
    )
    .filter((rows) => new Set(rows.map(({ c }) => c).filter((c) => c !== null)).size >= 2)
    .map((rows) => {
      const time: Record<string, number> = {};
      return rows.map(({ g, c, jump }, n): Row => {
        time[g] = (time[g] ?? 0) + jump;
        return { g, c, t: time[g], x: n, y: -n };
      });
    })
    // the smallest distance, a step, must occur
    .map((rows) => [...rows, ...[1, 2].map((t): Row => ({ g: 'e', c: null, t, x: 0, y: 0 }))]);

const sizes = { window: fc.integer({ min: 2, max: 5 }), stride: fc.integer({ min: 1, max: 7 }) };

describe('windows', () => {
  test('and their classes are those that a slow search finds, whatever the rows', () => {
    fc.assert(
      fc.property(someRows(2), sizes.window, sizes.stride, (rows, window, stride) => {
        const recordings = read(rows);
        const windows = windowsOf(recordings, { window, stride });
        const found = windows.map(({ start, label, group }) => ({
          group,
          rows: [...recordings.rows.slice(start, start + window)],
          label: label < 0 ? null : recordings.classes[label],
        }));
        const expected: typeof found = [];
        for (const group of ['a', 'b', 'c', 'd', 'e']) {
          const own = [...rows.keys()].filter((n) => rows[n].g === group);
          let since = 0; // rows since the last gap
          own.forEach((row, at) => {
            const isAfterGap = at > 0 && Number(rows[row].t) - Number(rows[own[at - 1]].t) > 1;
            since = isAfterGap ? 0 : since;
            if (since % stride === 0) {
              const those = own.slice(at, at + window);
              const isWhole =
                those.length === window && Number(rows[those[window - 1]].t) - Number(rows[row].t) === window - 1;
              if (isWhole) expected.push({ group, rows: those, label: labelOf(those.map((n) => rows[n].c)) });
            }
            since++;
          });
        }
        const byRow = (a: { rows: number[] }, b: { rows: number[] }): number => a.rows[0] - b.rows[0];
        expect(found.sort(byRow)).toEqual(expected.sort(byRow));
      }),
    );
    function labelOf(values: readonly (number | string | null)[]): string | null {
      const score = (value: number | string | null): number =>
        1000 * values.filter((one) => one === value).length + values.lastIndexOf(value);
      return [...values].sort((a, b) => score(b) - score(a))[0] as string | null;
    }
  });

  test('are read as scaled numbers, with a column that says what is missing', () => {
    const rows = Array.from({ length: 40 }, (_, n) => ({
      c: n % 5 < 2 ? 'p' : 'q',
      x: n === 3 || n === 38 ? null : n % 5,
      y: n === 38 ? null : 7,
    }));
    const columns = { ...COLUMNS, ...PLAIN };
    const recordings = read(rows, PLAIN);
    const plan = planOf(recordings, { columns, window: 2, stride: 1, seeds: 1 }, 1);
    expect(plan.split).toEqual({
      by: 'row',
      parts: { training: { from: 0, to: 20 }, validation: { from: 22, to: 30 }, test: { from: 32, to: 40 } },
    });
    // 20 rows of 0 … 4 without a 3; the mean of the constant column is subtracted
    expect(plan.inputs[0].level).toBeCloseTo((2 * 20 - 3) / 19, 12);
    expect(plan.inputs.map(({ hasMissing }) => hasMissing)).toEqual([true, false]);
    expect(plan.inputs[1]).toEqual({ level: 7, scale: 1, hasMissing: false });
    const read2 = inputColumns(plan, recordings);
    expect(read2.map(({ name }) => name)).toEqual(['x', 'x is missing', 'y']);
    const { level, scale } = plan.inputs[0];
    const all = windowsOf(recordings, plan);
    const examples = windowExamples(plan, read2, all);
    const x = zeros([2, 3, 3], 'f64');
    x.set(1, 2, 2, 99);
    const { targets } = examples.fill(x, Uint32Array.of(2, 37));
    expect(targets.labels).toEqual(Int32Array.of(1, 1, -1));
    const row = (t: number, b: number): number[] => [0, 1, 2].map((i) => x.get(t, b, i));
    expect([row(0, 0), row(1, 0)]).toEqual([
      [(2 - level) / scale, 0, 0],
      [0, 1, 0],
    ]);
    expect([row(0, 1), row(1, 1), row(1, 2)]).toEqual([
      [(2 - level) / scale, 0, 0],
      [0, 1, 0],
      [0, 0, 0],
    ]);
  });
});

describe('the parts', () => {
  const choices = (window: number, stride: number, columns: ClassifyColumns): ClassifyChoices => ({
    ...{ window, stride, columns },
    seeds: 1,
  });
  const planned = (
    rows: readonly Row[],
    columns: Partial<ClassifyColumns>,
    window: number,
    stride: number,
    seed = 1,
  ) => {
    const recordings = read(rows, columns);
    const plan = planOf(recordings, choices(window, stride, { ...COLUMNS, ...columns }), seed);
    const windows = windowsOf(recordings, plan);
    const parts = PARTS.map((part) => windowsOfPart(plan, windows, part));
    const rowsOf = parts.map(
      (part) => new Set(part.flatMap(({ start }) => [...recordings.rows.slice(start, start + window)])),
    );
    return { recordings, plan, windows, parts, rowsOf };
  };
  const orRefused = <Result>(work: () => Result): Result | undefined => {
    try {
      return work();
    } catch (error) {
      if (error instanceof DataError) return undefined;
      throw error;
    }
  };

  test('never share a group or a row, and have every window with a class', () => {
    let count = 0;
    fc.assert(
      fc.property(someRows(30), fc.constantFrom(2, 3), sizes.stride, fc.nat(9), (rows, window, stride, seed) => {
        const found = orRefused(() => planned(rows, {}, window, stride, seed));
        if (!found) return;
        count++;
        const { parts, rowsOf, windows, plan } = found;
        const groups = parts.map((part) => new Set(part.map(({ group }) => group)));
        for (const [one, other] of [
          [0, 1],
          [0, 2],
          [1, 2],
        ]) {
          expect([...groups[one]].filter((group) => groups[other].has(group))).toEqual([]);
          expect([...rowsOf[one]].filter((row) => rowsOf[other].has(row))).toEqual([]);
        }
        expect(parts.flat()).toHaveLength(windows.filter(({ label }) => label >= 0).length);
        expect(parts.every((part) => part.length > 0)).toBe(true);
        if (plan.split.by === 'group') expect(plan.split.parts.test).toHaveLength(1);
      }),
    );
    expect(count).toBeGreaterThan(10);
  });

  test('of rows lie one after the other, with the rows of a window between them', () => {
    let count = 0;
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('p', 'q', null), { minLength: 30, maxLength: 90 }),
        fc.constantFrom(2, 3),
        sizes.stride,
        (classes, window, stride) => {
          const rows = classes.map((c, n) => ({ c, x: n, y: 0 }));
          const found = orRefused(() => planned(rows, PLAIN, window, stride));
          if (!found) return;
          count++;
          const [training, validation, test] = found.rowsOf.map((own) => [...own]);
          expect(Math.min(...validation) - Math.max(...training)).toBeGreaterThan(window);
          expect(Math.min(...test) - Math.max(...validation)).toBeGreaterThan(window);
          expect(Math.max(...test)).toBeLessThan(rows.length);
        },
      ),
    );
    expect(count).toBeGreaterThan(10);
  });

  const groupsOf = (count: number, length = 6): Row[] =>
    Array.from({ length: count * length }, (_, n) => ({
      g: `g${Math.floor(n / length)}`,
      c: n % length < length / 2 ? 'p' : 'q',
      t: n,
      x: Math.floor(n / length),
      y: 0,
    }));

  test('are about a fifth of the groups each, drawn with the seed, whatever the order of the rows', () => {
    for (const [count, share] of [
      [3, 1],
      [5, 1],
      [8, 2],
      [20, 4],
      [33, 7],
    ]) {
      const { plan } = planned(groupsOf(count), {}, 3, 3);
      const { parts } = plan.split;
      expect(PARTS.map((part) => (parts[part] as string[]).length)).toEqual([count - 2 * share, share, share]);
    }
    const drawn = [1, 2, 3, 4].map((seed) => JSON.stringify(planned(groupsOf(20), {}, 3, 3, seed).plan.split));
    expect(new Set(drawn).size).toBe(4);
    const mixed = Array.from({ length: 6 }, (_, t) => groupsOf(20).filter((_row, n) => n % 6 === t))
      .flat()
      .reverse();
    const sorted = [...mixed].sort((a, b) => Number(a.t) - Number(b.t) || 0);
    expect(JSON.stringify(planned(sorted, {}, 3, 3, 2).plan.split)).toBe(drawn[1]);
  });

  test('give their numbers to the scales only if they train', () => {
    const rows = groupsOf(20);
    const { plan } = planned(rows, {}, 3, 3);
    const training = (plan.split.parts.training as string[]).map((group) => Number(group.slice(1)));
    const mean = training.reduce((sum, x) => sum + x, 0) / training.length;
    expect(plan.inputs[0].level).toBeCloseTo(mean, 12);
    const changed = rows.map((row) => (training.includes(Number(row.x)) ? row : { ...row, x: 1e6, y: null }));
    expect(planned(changed, {}, 3, 3).plan.inputs).toEqual(plan.inputs);
  });

  test.each<[string, readonly Row[], Partial<ClassifyColumns>, string]>([
    [
      'two groups',
      groupsOf(2),
      {},
      'rows: 2 groups have a window of 3 rows with a class: training, validation and test',
    ],
    [
      'a group without a class',
      groupsOf(3).map((row) => (row.g === 'g1' ? { ...row, c: null } : row)),
      {},
      'rows: 2 groups have a window',
    ],
    ['short groups', groupsOf(20, 2), {}, 'rows: a window has 3 rows, but at most 2 follow one another of one group'],
    [
      'gaps everywhere',
      groupsOf(4).map((row, n) => ({ ...row, t: 10 * n + 8 * (n % 2) })),
      {},
      'at most 2 follow one another of one group without a gap in steps of 2: choose a smaller --window',
    ],
    [
      'one class in the training part',
      Array.from({ length: 50 }, (_, n) => ({ c: n < 40 ? 'p' : 'q', x: n, y: 0 })),
      PLAIN,
      'rows: every window of the training part is p: name the column of the recordings with --group',
    ],
    [
      'few rows',
      Array.from({ length: 8 }, (_, n) => ({ c: n % 2 === 0 ? 'p' : 'q', x: n, y: 0 })),
      PLAIN,
      'rows: no window of 3 rows with a class of c lies in the training part, no rows of 8',
    ],
    [
      'an input without numbers',
      groupsOf(5).map((row) => ({ ...row, y: null })),
      {},
      'rows: y has no number in the training part',
    ],
  ])('refuse %s', (_, rows, columns, message) => expectDataError(() => planned(rows, columns, 3, 1), message));
});

describe('recordings', () => {
  const rows = (values: readonly (number | string | null)[]): Row[] => values.map((c, n) => ({ c, x: n, y: 0 }));
  const classesOf = (values: readonly (number | string | null)[]) => read(rows(values), PLAIN).classes;

  test('have sorted classes, of numbers in their order', () => {
    expect(classesOf(['b', 'a', null, 'B', 'a'])).toEqual(['B', 'a', 'b']);
    expect(classesOf([10, 9, -1, 9, null, 0.5])).toEqual(['-1', '0.5', '9', '10']);
    expect(classesOf(['10', '010', '9', '9007199254740993', '9007199254740992', '1e1'])).toEqual(
      ['9', '010', '10', '1e1', '9007199254740992', '9007199254740993'], // a class is its text
    );
    expect(classesOf(['10', 'x', '9'])).toEqual(['10', '9', 'x']);
    expect(classesOf(['__proto__', 'constructor', ' toString '])).toEqual(['__proto__', 'constructor', 'toString']);
    const { labels } = read(rows(['b', 'a', null, 'b']), PLAIN);
    expect(labels).toEqual(Int32Array.of(1, 0, -1, 1));
  });

  test.each<[string, readonly (number | string | null)[], string]>([
    ['one class', ['a', 'a', null], 'rows: c has only the value "a": a classifier needs at least two classes'],
    ['no class', [null, null], 'rows: c has no value in any row'],
    ['numbers', Array.from({ length: 1001 }, (_, n) => n / 7), 'rows: c has more than 1000 different values'],
    ['texts', Array.from({ length: 1001 }, (_, n) => `t${n}`), 'rows: c has more than 1000 different values'],
  ])('refuse %s', (_, values, message) => expectDataError(() => read(rows(values), PLAIN), message));

  test('of a trained classifier have its classes, or none', () => {
    const known = { classes: ['a', 'b', 'c'] };
    expect(read(rows(['b', null]), PLAIN, known)).toMatchObject({
      labels: Int32Array.of(1, -1),
      classes: known.classes,
    });
    expectDataError(() => read(rows(['b', 'd']), PLAIN, known), 'rows[1]: c is "d": the classes are a, b, c');
    // its cells decide nothing: 2 is 2 whether another cell is a text or not
    const texts = { classes: ['01', '2', 'x'] };
    expect(read(rows(['01', '2', 2]), PLAIN, texts).labels).toEqual(Int32Array.of(0, 1, 1));
    expectDataError(() => read(rows(['2', '1']), PLAIN, texts), 'rows[1]: c is "1": the classes are 01, 2, x');
    const numbers = { classes: ['-1', '0.5', '10'] };
    expect(read(rows(['10', 0.5, -1, null]), PLAIN, numbers).labels).toEqual(Int32Array.of(2, 1, 0, -1));
    for (const other of ['010', '10.0', 'x'])
      expectDataError(
        () => read(rows(['10', other]), PLAIN, numbers),
        `rows[1]: c is "${other}": the classes are -1, 0.5, 10`,
      );
    const without = rows([0, 0]).map(({ x, y }) => ({ x, y }));
    expect(read(without, PLAIN, { ...known, hasLabels: false }).labels).toEqual(Int32Array.of(-1, -1));
  });

  const timed = (times: readonly (number | string | null)[], groups = 'a'): Row[] =>
    times.map((t, n) => ({ t, g: groups[n % groups.length], c: n % 2, x: 0, y: 0 }));

  test('have times as numbers or in ISO 8601, whose smallest distance is a step', () => {
    const numbers = read(timed([0.02, 0.04, 0.06, 0.08, 0.2]));
    expect(numbers.step).toBeCloseTo(0.02, 12);
    expect(numbers.stretches.map(({ to }) => to)).toEqual([4, 5]);
    expect([numbers.nameOf(0), numbers.nameOf(4)]).toEqual([0.02, 0.2]);
    // a clock that is not exact
    expect(read(timed([0, 1, 2.4, 3.5, 5.1])).stretches.map(({ to }) => to)).toEqual([4, 5]);
    const times = read(timed(['2024-02-29T12:00:00', '2024-02-29T12:00:01', '2024-02-29T12:00:03']));
    expect([times.step, times.stretches.length, times.nameOf(2)]).toEqual([1000, 2, '2024-02-29T12:00:03']);
    // two groups, whose rows are mixed
    const two = read(timed([5, 1, 6, 2, 7, 3], 'ab'));
    expect([two.step, [...two.rows], two.stretches]).toEqual([
      1,
      [0, 2, 4, 1, 3, 5],
      [
        { from: 0, to: 3, group: 'a' },
        { from: 3, to: 6, group: 'b' },
      ],
    ]);
    const parts = read(
      [1, 2, 4].map((day) => ({ year: 2024, month: 2, day, c: day, x: 0, y: 0 })),
      { time: ['year', 'month', 'day'], group: null },
    );
    expect([parts.step, parts.nameOf(2)]).toEqual([86_400_000, '2024-02-04']);
    expect(read(rows(['a', 'b']), PLAIN).nameOf(1)).toBe(2);
  });

  test.each<[string, readonly Row[], string]>([
    ['a time that occurs twice', timed([1, 2, 2]), 'rows[2]: 2 occurs twice: the rows must be in the order of time'],
    ['a time before another', timed([1, 3, 2]), 'rows[2]: 2 comes after 3: the rows must be in the order of time'],
    ['no time', timed([1, null, 2]), 'rows[1]: t missing: every row needs a time'],
    ['no times', timed([null, null]), 'rows[0]: t missing'],
    ['numbers, then a date', timed([1, '2024-01-01']), 'rows[1]: t is "2024-01-01": must be a number'],
    ['a date, then a number', timed(['2024-01-01', 2.5]), 'rows[1]: t is "2.5": must be a day that exists'],
    ['a day that does not exist', timed(['2023-02-29', '2023-03-01']), 'rows[0]: t is "2023-02-29"'],
    [
      'no group',
      timed([1, 2]).map((row, n) => ({ ...row, g: n === 1 ? null : 'a' })),
      'rows[1]: g is missing: every row needs its group',
    ],
    ['a text as a number', [{ t: 1, g: 'a', c: 0, x: '1,5', y: 0 }], 'rows[0]: x is "1,5": must be a number'],
  ])('refuse %s', (_, bad, message) => expectDataError(() => read(bad), message));

  test('have the distance in time that the classifier was trained with', () => {
    expect(read(timed([0, 1, 2]), {}, { step: 1.2 }).step).toBe(1.2);
    expect(read(timed([0], 'a'), {}, { step: 1, hasLabels: false }).stretches).toHaveLength(1);
    for (const step of [0.5, 2]) {
      expectDataError(
        () => read(timed([0, 1, 2]), {}, { step }),
        `rows: its rows are 1 apart, but the classifier was trained on rows ${step} apart`,
      );
    }
  });

  test('name each column once', () => {
    expect(repeatedColumn(COLUMNS)).toBeUndefined();
    expect(repeatedColumn({ ...COLUMNS, group: null })).toBeUndefined();
    for (const change of [{ inputs: ['x', 'c'] }, { inputs: ['x', 'x'] }, { time: ['g'] }, { group: 'x' }])
      expect(repeatedColumn({ ...COLUMNS, ...change })).toBeDefined();
  });
});
