/** Recordings of different lengths with one class each: their windows, their verdicts, the parts that --test names, and 1-NN, which a network must beat. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { motion } from '../../docs/motion.mjs';
import { classifierBytes, classifierIn } from '../../src/classify/classifier-file.js';
import { Classifier, inputColumns, likeliest, trainClassifier, windowExamples } from '../../src/classify/classifier.js';
import { nearestScores, warpedDistance } from '../../src/classify/baselines.js';
import { planOf, PARTS, windowsOfPart } from '../../src/classify/plan.js';
import type { Recordings } from '../../src/classify/recordings.js';
import { recordingsOf, repeatedColumn, testGroupsOf, wantedColumns } from '../../src/classify/recordings.js';
import { hurdles, judgedBy, reportOf } from '../../src/classify/report.js';
import { sizesOf, verdictsOn, windowsOf } from '../../src/classify/windows.js';
import { Random } from '../../src/core/rng.js';
import { zeros } from '../../src/core/tensor.js';
import { tableOf } from '../../src/data/table.js';
import { TableReader } from '../../src/data/table-reader.js';
import type { JsonValue } from '../../src/files/json.js';
import { parseCheckpointSet } from '../../src/training/checkpoint-set.js';
import { backend, COLUMNS, OPTIONS, recordingsFrom } from '../helpers/classifiers.js';
import { expectDataError } from '../helpers/failures.js';

/** Recordings of 3 to 20 rows: a hump that is early or late. */
function humps(count = 30, lengthOf = (n: number): number => 3 + ((n * 7) % 18)) {
  const random = new Random(2);
  return Array.from({ length: count }, (_, n) => {
    const [length, kind] = [lengthOf(n), n % 2 === 0 ? 'early' : 'late'];
    return Array.from({ length }, (__, t) => ({
      who: `r${n}`,
      kind,
      x: Math.exp(-((t / length - (kind === 'early' ? 0.25 : 0.75)) ** 2) * 20) + random.normal(0, 0.1),
    }));
  }).flat();
}
const recordings = recordingsFrom(humps());
const planFor = (from = recordings, window = 12) => {
  const { verdicts, ...sizes } = sizesOf(from, { window });
  return planOf(from, { columns: COLUMNS, ...sizes, seeds: 2, ...(verdicts && { verdicts }) }, 1);
};

describe('windows of recordings with one class each', () => {
  test('cover every row, never cross groups, and are shorter only if the recording is', () => {
    const lengths = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 2, maxLength: 8 });
    const order = fc.boolean();
    fc.assert(
      fc.property(
        ...([lengths, fc.integer({ min: 2, max: 12 }), fc.integer({ min: 1, max: 9 }), order] as const),
        (of, window, stride, isMixed) => {
          const rows = of.flatMap((length, n) =>
            Array.from({ length }, (_, t) => ({ t, who: `r${n}`, kind: `k${n % 2}`, x: 1 })),
          );
          if (isMixed) rows.sort((a, b) => a.t - b.t); // no column has the time: the rows' order is that of time
          const from = recordingsFrom(rows);
          const sizes = sizesOf(from, { window, stride });
          expect(sizes).toEqual({ window, stride, verdicts: 'group' });
          for (const verdicts of ['group', undefined] as const) {
            const isRead = new Uint8Array(from.count);
            for (const { start, length, group } of windowsOf(from, { window, stride, ...(verdicts && { verdicts }) })) {
              const whole = of[Number(group?.slice(1))];
              expect(length).toBe(verdicts ? Math.min(window, whole) : window);
              for (let place = start; place < start + length; place++) {
                isRead[place] = 1;
                expect(rows[from.rows[place]].who).toBe(group);
              }
            }
            if (verdicts && stride <= window) expect(isRead.every((one) => one === 1)).toBe(true);
          }
        },
      ),
    );
  });

  test('have as many rows as the longest recording, at most 128; others have 128', () => {
    expect(sizesOf(recordings, {})).toEqual({ window: 20, stride: 10, verdicts: 'group' });
    expect(sizesOf(recordingsFrom(humps(4, (n) => 200 + n)), {})).toMatchObject({ window: 128, verdicts: 'group' });
    const rows = humps();
    const two = recordingsFrom(rows.map((row, n) => (n === 1 ? { ...row, kind: 'late' } : row)));
    expect(sizesOf(two, {})).toEqual({ window: 128, stride: 64 });
    expect(sizesOf(recordingsFrom(rows, { ...COLUMNS, group: null }), {})).toEqual({ window: 128, stride: 64 });
  });

  test('are read with their lengths, the longest first, and nothing after their end', () => {
    const plan = planFor();
    const windows = windowsOf(recordings, plan);
    const examples = windowExamples(plan, inputColumns(plan, recordings), windows);
    const x = zeros([12, 4, 1], 'f64');
    for (let b = 0; b < 4; b++) for (let t = 0; t < 12; t++) x.set(t, b, 0, 99);
    const last = windows.length - 1; // after its rows the table ends
    const { targets, indices } = examples.fill(x, Uint32Array.of(0, 3, last));
    const lengths = Array.from(indices, (n) => windows[n].length);
    expect([...indices].sort((a, b) => a - b)).toEqual([0, 3, last]);
    expect(lengths).toEqual([...lengths].sort((a, b) => b - a));
    expect(lengths[2]).toBeLessThan(lengths[0]);
    expect(targets.lengths).toEqual([...lengths, 1]);
    expect(Array.from(targets.labels ?? [])).toEqual([...Array.from(indices, (n) => windows[n].label), -1]);
    const [{ level, scale }] = plan.inputs;
    indices.forEach((n, b) => {
      for (let t = 0; t < 12; t++) {
        const value = recordings.inputs[0][windows[n].start + t];
        expect(x.get(t, b, 0)).toBe(t < lengths[b] ? (value - level) / scale : 0);
      }
    });
  });
});

describe('the parts', () => {
  test('have their share of every class', () => {
    const from = recordingsFrom(humps(40));
    const plan = planFor(from);
    const windows = windowsOf(from, plan);
    for (const [part, share] of [
      ['training', 12],
      ['validation', 4],
      ['test', 4],
    ] as const) {
      const own = windowsOfPart(plan, windows, part);
      const { of } = verdictsOn(
        plan,
        own,
        own.map(() => new Float64Array()),
      );
      expect([part, ...[0, 1].map((k) => of.filter(({ label }) => label === k).length)]).toEqual([part, share, share]);
    }
  });

  const rows = humps(10).map((row) => ({ ...row, part: row.who < 'r4' ? 'test' : row.who < 'r6' ? null : 'train' }));
  const read = (test: { column: string; values: string[] }) => {
    const table = tableOf('rows', rows, wantedColumns(COLUMNS, 'text', test));
    return { from: recordingsOf(table, COLUMNS), groups: testGroupsOf(table, 'who', test) };
  };

  test.each<[string, { column: string; values: string[] }, string[]]>([
    ['a list of groups', { column: 'who', values: ['r7', 'r2'] }, ['r2', 'r7']],
    ['a column', { column: 'part', values: ['test'] }, ['r0', 'r1', 'r2', 'r3']],
  ])('are chosen by %s', (_, test, expected) => {
    const { from, groups } = read(test);
    const { split } = planOf(from, { columns: COLUMNS, window: 12, stride: 6, seeds: 1, verdicts: 'group' }, 1, groups);
    expect(split.parts.test).toEqual(expected);
    const all = PARTS.flatMap((part) => split.parts[part] as readonly string[]);
    expect(all.sort()).toEqual(Array.from({ length: 10 }, (__, n) => `r${n}`));
    expect(split.parts.validation).toHaveLength(Math.ceil((10 - expected.length) / 4));
  });

  test('are refused if no row is meant, or a group is in two', () => {
    expectDataError(() => read({ column: 'part', values: ['tset'] }), 'rows: part is never "tset": it is test, train');
    expectDataError(() => read({ column: 'kind', values: ['x'] }), 'rows: kind is never "x": it is early, late');
    rows[1].part = 'train';
    expectDataError(
      () => read({ column: 'part', values: ['test'] }),
      'rows[1]: who r0 has rows with and without part test: a group is in one part',
    );
    expect(repeatedColumn(COLUMNS, { column: 'x', values: [] })).toBe('x');
    expect(repeatedColumn(COLUMNS, { column: 'who', values: [] })).toBeUndefined();
  });
});

describe('1-NN', () => {
  /** The same by its definition: every path, one step after another. */
  const slowly = (x: number[][], y: number[][], band: number): number => {
    const width = Math.max(band, Math.abs(x.length - y.length));
    const from = (s: number, t: number): number => {
      if (s >= x.length || t >= y.length || Math.abs(s - t) > width) return Infinity;
      const cost = x[s].reduce((sum, value, i) => sum + (value - y[t][i]) ** 2, 0);
      if (s === x.length - 1 && t === y.length - 1) return cost;
      return cost + Math.min(from(s + 1, t), from(s, t + 1), from(s + 1, t + 1));
    };
    return from(0, 0);
  };
  const flat = (rows: readonly (readonly number[])[]): Float64Array => Float64Array.from(rows.flat());
  const series = (I: number) =>
    fc.array(fc.array(fc.integer({ min: -9, max: 9 }), { minLength: I, maxLength: I }), { minLength: 1, maxLength: 6 });

  test('warps as every path would, whatever the lengths and the band', () => {
    const cases = fc.integer({ min: 1, max: 3 }).chain((I) => fc.tuple(fc.constant(I), series(I), series(I)));
    fc.assert(
      fc.property(cases, fc.nat(5), fc.nat(2000), ([I, x, y], band, limit) => {
        const expected = slowly(x, y, band);
        expect(warpedDistance(flat(x), flat(y), I, band)).toBe(expected);
        // a limit may only end what would not be less
        const cut = warpedDistance(flat(x), flat(y), I, band, limit);
        expect(cut === expected || (cut === Infinity && expected >= limit)).toBe(true);
      }),
    );
  });

  test('with the band 0 is Euclidean', () => {
    expect(warpedDistance(Float64Array.of(1, 2, 3), Float64Array.of(2, 0, 7), 1, 0)).toBe(1 + 4 + 16);
    expect(warpedDistance(Float64Array.of(0, 0, 5, 0), Float64Array.of(0, 5, 0, 0), 1, 0)).toBe(50);
    expect(warpedDistance(Float64Array.of(0, 0, 5, 0), Float64Array.of(0, 5, 0, 0), 1, 1)).toBe(0);
  });

  test('scores each class by its nearest sample', async () => {
    const known = { rows: [[0], [10], [4]].map(flatRow), labels: Int32Array.of(0, 0, 2) };
    const scores = await nearestScores(known, [[3], [9]].map(flatRow), { classes: 3, inputs: 1, band: 1 });
    expect(scores.map((row) => [...row])).toEqual([
      [-9, -Infinity, -1],
      [-1, -Infinity, -25],
    ]);
    expect(scores.map(likeliest)).toEqual([2, 0]);
    function flatRow(row: number[]): Float64Array {
      return Float64Array.from(row);
    }
  });
});

test('the hurdles of many long windows use some of them, read as means of several rows, and say so', async () => {
  const [groups, length] = [40, 300];
  const from: Recordings = {
    ...{ name: 'rows', count: groups * length, rows: Uint32Array.from({ length: groups * length }, (_, n) => n) },
    inputs: [Float64Array.from({ length: groups * length }, (_, n) => Math.floor(n / length) % 2)],
    labels: Int32Array.from({ length: groups * length }, (_, n) => Math.floor(n / length) % 2),
    ...{ classes: ['low', 'high'], step: null, nameOf: (place) => place },
    stretches: Array.from({ length: groups }, (_, n) => ({ from: n * length, to: (n + 1) * length, group: `g${n}` })),
  };
  const plan = planOf(from, { columns: COLUMNS, window: length, stride: 150, seeds: 1, verdicts: 'group' }, 1);
  const windows = windowsOf(from, plan);
  const [training, validation, tested] = PARTS.map((part) => windowsOfPart(plan, windows, part));
  const found = await hurdles(plan, inputColumns(plan, from), { training, validation, test: tested }, undefined, {
    warping: 2e5,
    euclid: 1e6,
    logistic: 3000,
    moments: 1e6,
  });
  expect(found.map(({ name }) => name)).toEqual([
    'logistic regression on means and deviations',
    'logistic regression on the means of 2 rows, 10 of 24 training windows',
    '1-NN, Euclidean distance',
    '1-NN, dynamic time warping (band 10%), 3 of 24 training windows, 4 of 8 test windows',
  ]);
  expect([found[0].accuracy, found[2].accuracy]).toEqual([1, 1]);
});

describe('a verdict on a group', () => {
  test('is the mean of the log-probabilities of its windows', () => {
    const windows = [
      { start: 0, length: 8, label: 1, group: 'a' },
      { start: 4, length: 8, label: 1, group: 'a' },
      { start: 20, length: 5, label: 0, group: 'b' },
    ];
    const probabilities = [
      [0.9, 0.1],
      [0.2, 0.8],
      [0.3, 0.7],
    ].map((row) => Float64Array.from(row));
    expect(judgedBy({}, windows, probabilities)).toEqual({ windows, probabilities });
    const judged = judgedBy({ verdicts: 'group' }, windows, probabilities);
    expect(judged.windows).toEqual([{ ...windows[0], length: 12 }, windows[2]]);
    const [early, late] = [Math.sqrt(0.9 * 0.2), Math.sqrt(0.1 * 0.8)];
    expect(judged.probabilities[0][0]).toBeCloseTo(early / (early + late), 12);
    expect(judged.probabilities[1][1]).toBeCloseTo(0.7, 12);
  });

  test('is that of its rows alone, and the report has one for each', async () => {
    const plan = planFor();
    const state = await trainClassifier(backend, recordings, OPTIONS, { plan, networks: new Map() });
    const classifier = new Classifier(backend, state);
    const columns = inputColumns(plan, recordings);
    const windows = windowsOf(recordings, plan);
    const all = await classifier.probabilities(columns, windows);
    const longest = Math.max(...windows.map(({ length }) => length));
    expect(longest).toBe(12);
    // each alone, by networks that have as many steps as the window has rows
    for (const n of [0, 1, 2, 3, windows.length - 1]) {
      const window = Math.max(2, windows[n].length);
      const alone = new Classifier(backend, { ...state, plan: { ...plan, window } });
      const [found] = await alone.probabilities(columns, [windows[n]]);
      found.forEach((p, k) => expect(p).toBeCloseTo(all[n][k], 5));
      alone.dispose();
    }
    const { report, windows: tested, probabilities } = await reportOf(classifier, recordings);
    const test = plan.split.parts.test as readonly string[];
    expect([tested.map(({ group }) => group).sort(), report.groups]).toEqual([[...test].sort(), test.length]);
    expect(report.windows).toBeGreaterThan(test.length);
    expect(report.classes.map(({ windows: none, groups }) => [none, groups])).toEqual([
      [undefined, 3],
      [undefined, 3],
    ]);
    const right = probabilities.filter((row, n) => likeliest(row) === tested[n].label).length;
    expect(report.accuracy).toBeCloseTo(right / test.length, 12);
    expect(report.baselines.map(({ name }) => name)).toEqual([
      expect.stringMatching(/^the most frequent class/),
      'logistic regression on means and deviations',
      'logistic regression on the steps',
      '1-NN, Euclidean distance',
      '1-NN, dynamic time warping (band 10%)',
    ]);
    // the hump is early or late: its place says everything
    const [, , steps, , warped] = report.baselines;
    expect(Math.min(steps.accuracy, warped.accuracy)).toBeGreaterThan(0.6);
    classifier.dispose();
  });

  test('is stored, and refused if it is another', () => {
    const plan = planFor();
    const stateOf = (changed: object) =>
      classifierIn(
        { networks: new Map(), metadata: { classifier: { ...plan, ...changed } as unknown as JsonValue } },
        'f',
      );
    expect(stateOf({})?.plan).toEqual(plan);
    expect(JSON.stringify(stateOf({})?.plan)).toBe(JSON.stringify(plan));
    expectDataError(() => stateOf({ verdicts: 'window' }), 'f: classifier.verdicts is "window": must be one of group');
    expectDataError(() => stateOf({ verdicts: null }), 'f: classifier.verdicts is null: must be one of group');
  });
});

test('a classifier of 1.0.0 gives the same verdicts, and is written again with the same bytes', async () => {
  const bytes = readFileSync(new URL('../fixtures/checkpoint-1.0.0-classifier.safetensors', import.meta.url));
  const set = parseCheckpointSet(bytes, 'f');
  const state = set && classifierIn(set, 'f');
  if (!state) throw new Error('it is no classifier');
  const { plan } = state;
  expect(Buffer.compare(classifierBytes(state), bytes)).toBe(0);
  const reader = new TableReader('motion', wantedColumns(plan.columns));
  for (const line of motion({ persons: 5, bouts: 1, seconds: 1 })) reader.add(`${line}\n`);
  const from = recordingsOf(reader.end(), plan.columns, plan);
  const classifier = new Classifier(backend, state);
  const windows = windowsOf(from, plan);
  const probabilities = await classifier.probabilities(inputColumns(plan, from), windows);
  // as 1.0.0 printed them
  expect(probabilities.map((row) => plan.classes[likeliest(row)][0]).join('')).toBe(
    'ccscccccccsscscswsccccccsssssssssssssssssssssssscwccccccwssscssssssswwsccccccccccccccccccwwwwwswcsccccccccccc',
  );
  const mean = probabilities.reduce((sum, row) => sum + Math.max(...row), 0) / windows.length;
  expect(mean).toBeCloseTo(0.317459662846469, 6);
  const { report } = await reportOf(classifier, from);
  expect(report).toMatchObject({ windows: 23, accuracy: 3 / 23, networks: [7 / 23, 3 / 23] });
  expect(report.baselines.slice(0, 2).map(({ accuracy }) => accuracy)).toEqual([2 / 23, 15 / 23]);
  classifier.dispose();
});
