/** Classifiers: what they must beat, trained, interrupted, saved, and reported. */
import { motion } from '../../docs/motion.mjs';
import { assertTrained, classifierBytes, classifierIn } from '../../src/classify/classifier-file.js';
import { Classifier, classifyOptions, inputColumns, meanOf, trainClassifier } from '../../src/classify/classifier.js';
import { windowsOf } from '../../src/classify/windows.js';
import type { Logistic, Samples } from '../../src/classify/baselines.js';
import {
  chosenLogistic,
  LAMBDAS,
  fitLogistic,
  logisticGradient,
  logisticLoss,
  logisticProbabilities,
} from '../../src/classify/baselines.js';
import type { Part } from '../../src/classify/plan.js';
import { assertOfTraining, planOf, windowsOfPart } from '../../src/classify/plan.js';
import type { Recordings } from '../../src/classify/recordings.js';
import { featuresOf, reportOf } from '../../src/classify/report.js';
import type { Range } from '../../src/core/numbers.js';
import { Random } from '../../src/core/rng.js';
import type { JsonValue } from '../../src/files/json.js';
import type { Checkpoint } from '../../src/training/checkpoint.js';
import {
  backend,
  begun,
  CHOICES,
  COLUMNS,
  OPTIONS,
  recordings,
  recordingsFrom,
  trained,
  waves,
} from '../helpers/classifiers.js';
import { dataErrorOf, expectDataError } from '../helpers/failures.js';

describe('logistic regression', () => {
  const random = new Random(3);
  const samplesOf = (count: number, features: number, classes: number): Samples => ({
    rows: Array.from({ length: count }, () => Float64Array.from({ length: features }, () => random.normal(0, 1))),
    labels: Int32Array.from({ length: count }, () => random.below(classes)),
  });
  const penalised = (model: Logistic, samples: Samples, lambda: number): number =>
    logisticLoss(model, samples) +
    (lambda / 2) * model.weights.reduce((sum, w, n) => sum + ((n + 1) % (model.features + 1) === 0 ? 0 : w * w), 0);

  test('has the gradient of its loss', () => {
    for (const [features, classes, lambda] of [
      [1, 2, 0],
      [3, 4, 0.1],
      [6, 3, 2],
    ]) {
      const samples = samplesOf(9, features, classes);
      const weights = Float64Array.from({ length: classes * (features + 1) }, () => random.normal(0, 1));
      const gradient = logisticGradient({ classes, features, weights }, samples, lambda);
      for (const n of weights.keys()) {
        const at = (h: number): number =>
          penalised({ classes, features, weights: weights.map((w, k) => (k === n ? w + h : w)) }, samples, lambda);
        expect(gradient[n]).toBeCloseTo((at(1e-5) - at(-1e-5)) / 2e-5, 7);
      }
    }
  });

  test('has probabilities, also of scores that exp makes infinite', () => {
    const model = { classes: 3, features: 1, weights: Float64Array.of(1000, 0, -1000, 0, 0, 1) };
    expect([...logisticProbabilities(model, [1])]).toEqual([1, 0, 0]);
    const even = logisticProbabilities({ ...model, weights: new Float64Array(6) }, [5]);
    for (const p of even) expect(p).toBeCloseTo(1 / 3, 12);
    expect(logisticLoss(model, { rows: [Float64Array.of(1)], labels: Int32Array.of(1) })).toBeLessThan(1000);
  });

  test('ends at the smallest loss', () => {
    const samples = samplesOf(60, 4, 3);
    for (const lambda of [1e-4, 1e-2, 1]) {
      const model = fitLogistic(samples, 3, lambda);
      const gradient = logisticGradient(model, samples, lambda);
      expect(Math.max(...gradient.map(Math.abs))).toBeLessThan(lambda < 1 ? 1e-4 : 1e-5);
    }
  });

  test('has the penalty with the smallest loss on other samples', async () => {
    const [train, validation] = [samplesOf(20, 6, 2), samplesOf(40, 6, 2)];
    const clear = (samples: Samples): Samples => ({
      ...samples,
      labels: Int32Array.from(samples.rows, ([x]) => Number(x > 0)),
    });
    for (const [one, other, best] of [
      [train, validation, 1], // there is nothing to learn
      [clear(train), clear(validation), 0.01],
    ] as const) {
      const losses = LAMBDAS.map((lambda) => logisticLoss(fitLogistic(one, 2, lambda), other));
      const model = await chosenLogistic(one, other, 2);
      expect(logisticLoss(model, other)).toBe(Math.min(...losses));
      expect(model).toEqual(fitLogistic(one, 2, best));
    }
  });

  test('reads the mean and the deviation of each column, 0 for a constant one', () => {
    const columns = [
      { name: 'x', values: Float64Array.of(1, 3, 5, 5, 9) },
      { name: 'y', values: Float64Array.of(2, 2, 2, 2, 0) },
    ];
    const windows = [
      { start: 0, length: 2, label: 1, group: null },
      { start: 2, length: 2, label: 0, group: null },
    ];
    const { rows, labels } = featuresOf(columns, windows);
    expect(rows.map((row) => [...row])).toEqual([
      [2, 1, 2, 0],
      [5, 0, 2, 0],
    ]);
    expect(labels).toEqual(Int32Array.of(1, 0));
  });
});

let whole: Awaited<ReturnType<typeof trained>>;
beforeAll(async () => {
  whole = await trained(begun(), { checkpointEvery: 1 });
});

describe('a classifier', () => {
  test('has networks with seeds that follow one another, and the weights of the best validation', () => {
    const { networks } = whole.state;
    expect([...networks.keys()]).toEqual(['seed-1', 'seed-1-training', 'seed-2', 'seed-2-training']);
    for (const seed of [1, 2]) {
      const [best, last] = [networks.get(`seed-${seed}`), networks.get(`seed-${seed}-training`)];
      expect([best?.training, last?.training?.options.seed]).toEqual([null, OPTIONS.seed + seed - 1]);
      expect(best?.model.network.classNames).toEqual(['fast', 'slow']);
      const isLast = last?.training?.best?.step === 6;
      expect(JSON.stringify(best?.model.parameters) === JSON.stringify(last?.model.parameters)).toBe(isLast);
    }
  });

  test('keeps the weights of the step with the smallest validation loss', async () => {
    // a rate at which the last steps are worse than the first
    const options = {
      ...OPTIONS,
      learningRate: 1,
      trainingIters: 160,
      validateEvery: 1,
      schedule: 'constant',
    } as const;
    const { state, states } = await trained(begun({ seeds: 1 }), { checkpointEvery: 1 }, options);
    const { step } = state.networks.get('seed-1-training')?.training?.best ?? { step: NaN };
    const then = states[step - 1].networks.get('seed-1-training');
    expect(state.networks.get('seed-1')?.model).toEqual(then?.model);
    expect(step).toBeLessThan(19);
    const probabilitiesOf = async (network: Checkpoint | undefined) => {
      const networks = network ? new Map([['seed-1', network]]) : state.networks;
      const classifier = new Classifier(backend, { plan: state.plan, networks });
      const columns = inputColumns(state.plan, recordings);
      const found = await classifier.probabilities(columns, windowsOf(recordings, state.plan));
      classifier.dispose();
      return found;
    };
    const found = await probabilitiesOf(undefined);
    expect(found).toEqual(await probabilitiesOf(then));
    expect(found).not.toEqual(await probabilitiesOf(state.networks.get('seed-1-training')));
  });

  test('without a validation classifies with its last weights', async () => {
    const warnings: string[] = [];
    const hooks = { onWarning: (message: string) => warnings.push(message) };
    const { state } = await trained(begun({ seeds: 1 }), hooks, { ...OPTIONS, validateEvery: 100 });
    expect(warnings).toEqual(['train: validateEvery is 100, but the run has 6 steps: it ends without a validation']);
    expect([...state.networks.keys()]).toEqual(['seed-1-training']);
    assertTrained(state, 'f');
    const classifier = new Classifier(backend, state);
    const windows = windowsOf(recordings, state.plan);
    expect(await classifier.probabilities(inputColumns(state.plan, recordings), windows)).toHaveLength(windows.length);
    classifier.dispose();
  });

  test('stops early if it loses patience, and is then trained', async () => {
    const options = { ...OPTIONS, trainingIters: 800, patience: 1, learningRate: 3, clipNorm: null };
    const { state } = await trained(begun({ seeds: 1 }), {}, options);
    expect(state.networks.get('seed-1-training')?.training?.step).toBeLessThan(99);
    assertTrained(state, 'f');
    const { bytes } = await trained(state);
    expect(bytes).toEqual(classifierBytes(state));
  });

  test.each<[string, (row: Record<string, unknown>, n: number) => object]>([
    ['relabelled', (row) => ({ ...row, kind: row.kind === 'slow' ? 'fast' : 'slow' })],
    ['relabelled in one row', (row, n) => ({ ...row, kind: n === 5 ? 'fast' : row.kind })],
    ['changed', (row, n) => ({ ...row, x: n === 5 ? 9 : row.x })],
    ['divided otherwise', (row, n) => ({ ...row, who: n === 48 ? 'first' : row.who })],
  ])('that has ended is not tested again on a test part that is %s', async (_, change) => {
    const { split } = whole.state.plan;
    const [first, second] = split.parts.test as readonly string[];
    let n = 0; // counts the rows of the first two groups of the test part
    const rows = waves().map((row) => {
      if (row.who !== first && row.who !== second) return row;
      const { who, ...others } = change(row, n++) as Record<string, unknown>;
      return { ...others, who: who === 'first' ? first : who };
    });
    const ended = whole.state;
    const resumed = trainClassifier(backend, recordingsFrom(rows), OPTIONS, ended);
    await expect(resumed).rejects.toThrow(/^resume: the run began with \d+ examples, these are \d+ different ones/);
    expect(classifierBytes(await trainClassifier(backend, recordings, OPTIONS, ended))).toEqual(whole.bytes);
  });

  test('reads only the rows of a window', async () => {
    const classifier = new Classifier(backend, whole.state);
    const { plan } = classifier;
    const windows = windowsOf(recordings, plan);
    const columns = inputColumns(plan, recordings);
    const before = await classifier.probabilities(columns, windows);
    for (const row of before) expect(row.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 6);
    const at = 100;
    const other = columns.map((one) => ({ ...one, values: one.values.map((x, place) => (place === at ? x + 1 : x)) }));
    const after = await classifier.probabilities(other, windows);
    for (const [n, { start }] of windows.entries()) {
      const reads = start <= at && at < start + plan.window;
      expect([n, after[n].every((p, k) => p === before[n][k])]).toEqual([n, !reads]);
    }
    classifier.dispose();
  });
});

describe('the report', () => {
  test('is of the mean probabilities on the test part', async () => {
    const classifier = new Classifier(backend, whole.state);
    const { plan } = classifier;
    const { report, windows, probabilities } = await reportOf(classifier, recordings);
    const [tested, training] = (['test', 'training'] as const).map((part) =>
      windowsOfPart(plan, windowsOf(recordings, plan), part),
    );
    expect(windows).toEqual(tested);
    const networks = await classifier.byNetwork(inputColumns(plan, recordings), tested);
    expect(probabilities).toEqual(networks[0].map((row, n) => row.map((p, k) => (p + networks[1][n][k]) / 2)));
    expect(meanOf(networks)).toEqual(probabilities);
    const labels = tested.map(({ label }) => label);
    const share = (rows: readonly Float64Array[]): number =>
      rows.filter((row, n) => (row[1] > row[0] ? 1 : 0) === labels[n]).length / labels.length;
    expect(report.accuracy).toBeCloseTo(share(probabilities), 12);
    expect(report.networks).toEqual(networks.map(share));
    expect([report.windows, report.unknown]).toEqual([22, []]);
    const counts = [0, 1].map((k) => training.filter(({ label }) => label === k).length);
    const most = counts[1] > counts[0] ? 1 : 0;
    expect(report.baselines.map(({ name }) => name)).toEqual([
      `the most frequent class (${plan.classes[most]})`,
      'logistic regression on means and deviations',
      'logistic regression on the steps',
      '1-NN, Euclidean distance',
      '1-NN, dynamic time warping (band 10%)',
    ]);
    expect(report.baselines[0].accuracy).toBe(labels.filter((label) => label === most).length / labels.length);
    for (const [k, one] of report.classes.entries()) {
      const own = labels.filter((label) => label === k).length;
      expect(one).toEqual({
        class: plan.classes[k],
        windows: own,
        right: report.confusion[k][k],
        recall: report.confusion[k][k] / own,
      });
    }
    expect(report.confusion.flat().reduce((sum, count) => sum + count, 0)).toBe(22);
    const best = Math.max(...report.baselines.map(({ accuracy }) => accuracy));
    expect(report.beatenBy === null).toBe(report.accuracy > best);
    classifier.dispose();
  });

  test('names classes that do not train', async () => {
    // only the groups of the test part, which the seed draws, have the class
    const { plan } = begun();
    const test = plan.split.parts.test as readonly string[];
    const rows = waves(10, (group, kind) => (test.includes(`w${group}`) && kind === 'slow' ? 'new' : kind));
    const other = recordingsFrom(rows);
    const state = await trainClassifier(backend, other, OPTIONS, begun({ seeds: 1 }, other));
    const classifier = new Classifier(backend, state);
    const { report } = await reportOf(classifier, other);
    expect(report.unknown).toEqual(['new']);
    expect(report.classes.map(({ windows = 0 }) => windows > 0)).toEqual([true, true, false]);
    classifier.dispose();
  });

  test('needs every group, or all rows, of the training', async () => {
    const classifier = new Classifier(backend, whole.state);
    const { parts } = whole.state.plan.split;
    for (const part of ['training', 'test'] as const) {
      const [, missing] = parts[part] as readonly string[];
      const some = recordingsFrom(waves().filter(({ who }) => who !== missing));
      await expect(reportOf(classifier, some)).rejects.toThrow(
        new RegExp(
          `^rows: does not have the ${part} part that the classifier was trained with, .*: ${missing} missing$`,
        ),
      );
    }
    const others = recordingsFrom(waves().map((row) => ({ ...row, who: `x${row.who}` })));
    await expect(reportOf(classifier, others)).rejects.toThrow(
      /^rows: does not have the test part that the classifier was trained with, w\d, w\d$/,
    );
    classifier.dispose();
  });

  test('needs the numbers and classes of the training and the validation part, in any order of the groups', async () => {
    const classifier = new Classifier(backend, whole.state);
    const parts = whole.state.plan.split.parts as Readonly<Record<Part, readonly string[]>>;
    type Row = ReturnType<typeof waves>[number];
    const exchanged = ({ kind }: Row): string => (kind === 'fast' ? 'slow' : 'fast');
    for (const part of ['training', 'validation'] as const) {
      const place = waves().findIndex(({ who }) => who === parts[part][0]);
      for (const [change, what] of [
        [(row: Row) => ({ ...row, x: row.x + 1e-12 }), 'x has other numbers'],
        [(row: Row) => ({ ...row, kind: exchanged(row) }), 'kind or the gaps between rows differ'],
      ] as const) {
        const changed = recordingsFrom(waves().map((row, n) => (n === place ? change(row) : row)));
        expect(await dataErrorOf(reportOf(classifier, changed))).toBe(
          `rows: is not the table of the training: in its training part, ${parts.training.join(', ')}, ` +
            `or its validation part, ${parts.validation.join(', ')}, ${what}`,
        );
      }
    }
    // the end of a group of the training part moves to the beginning of one of the validation part
    const moved = recordingsFrom(waves());
    const [last, next] = [parts.training.at(-1), parts.validation[0]];
    const cut = moved.stretches.flatMap((one) =>
      one.group === last
        ? [
            { ...one, to: one.to - 8 },
            { ...one, from: one.to - 8, group: next },
          ]
        : [one],
    );
    await expect(reportOf(classifier, { ...moved, stretches: cut })).rejects.toThrow(
      'kind or the gaps between rows differ',
    );
    const { report } = await reportOf(classifier, recordings);
    const groups = [...new Set(waves().map(({ who }) => who))].reverse();
    const added = waves().map((row) => ({ ...row, who: `new ${row.who}` }));
    const reordered = [...added, ...groups.flatMap((group) => waves().filter(({ who }) => who === group))];
    const again = await reportOf(classifier, recordingsFrom(reordered));
    expect([again.report.windows, again.report.accuracy]).toEqual([report.windows, report.accuracy]);
    classifier.dispose();
  });

  test('without groups, is not measured on a table with another gap before the test part', () => {
    const columns = { ...COLUMNS, time: ['t'], group: null };
    const withGapAt = (place: number): Recordings =>
      recordingsFrom(
        waves().map((row, n) => ({ ...row, t: n >= place ? n + 100 : n })),
        columns,
      );
    const table = withGapAt(Infinity);
    const plan = planOf(table, { ...CHOICES, columns }, OPTIONS.seed);
    const { training, validation, test: last } = plan.split.parts as Readonly<Record<Part, Range>>;
    assertOfTraining(plan, table);
    assertOfTraining(plan, withGapAt(last.from + 1)); // a correction of the test part
    for (const place of [9, training.to + 3, validation.from + 1, validation.to + 3, last.from])
      expectDataError(() => assertOfTraining(plan, withGapAt(place)), 'rows: is not the table of the training');
  });

  test('a network learns waves, of which means and deviations say nothing; shuffled classes give chance', async () => {
    const options = classifyOptions({ hidden: 6, batchSize: 8, trainingIters: 1600, displayStep: 1000 });
    const random = new Random(8);
    const found: number[] = [];
    for (const isShuffled of [false, true]) {
      const rows = waves(16);
      // whole stretches of a class, so that windows keep one class
      const kinds = rows.map((_, n) =>
        isShuffled && n % 24 === 0 ? random.below(2) : Number(rows[n].kind === 'fast'),
      );
      const from = recordingsFrom(rows.map((row, n) => ({ ...row, kind: `k${kinds[isShuffled ? n - (n % 24) : n]}` })));
      const state = await trainClassifier(backend, from, options, begun({ seeds: 1 }, from));
      const classifier = new Classifier(backend, state);
      const { report } = await reportOf(classifier, from);
      found.push(report.accuracy);
      if (!isShuffled) {
        expect(report.beatenBy).toBe('1-NN, Euclidean distance'); // a wave’s shape is all that these classes are
        expect(report.baselines[1].accuracy).toBeLessThan(0.8);
      }
      classifier.dispose();
    }
    expect(found[0]).toBeGreaterThan(0.9);
    expect(found[1]).toBeLessThan(0.75);
  });
});

test('the file of a classifier is refused if a network is of another kind', () => {
  const { networks, plan } = whole.state;
  const [seed1] = networks.values();
  const { model } = seed1;
  const wrong = { ...seed1, model: { ...model, network: { ...model.network, reads: 'every' as const } } };
  const metadata = { classifier: plan as unknown as JsonValue };
  expectDataError(
    () => classifierIn({ networks: new Map([['seed-1', wrong]]), metadata }, 'f'),
    'f: network seed-1: reads numbers, with crossEntropy at every step: it does not classify windows',
  );
});

describe('docs/motion.mjs', () => {
  test('writes a table of every person and activity, the same each time', () => {
    const lines = [...motion({ persons: 2, bouts: 1, seconds: 1 })];
    expect([...motion({ persons: 2, bouts: 1, seconds: 1 })]).toEqual(lines);
    expect(lines[0]).toBe('person,time,ax,ay,az,activity');
    const cells = lines.slice(1).map((line) => line.split(','));
    expect(new Set(cells.map(([person, , , , , activity]) => `${person} ${activity}`)).size).toBe(8);
    for (const row of cells) for (const cell of row.slice(1, 5)) expect(Number(cell)).not.toBeNaN();
    expect(cells.length).toBeGreaterThan(2 * 4 * 25);
  });
});
