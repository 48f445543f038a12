/** How well a classifier does on the test part, beside what it must beat. */
import { DataError } from '../core/errors.js';
import { scaleOf } from '../data/scale.js';
import type { Classifier, InputColumn } from './classifier.js';
import { inputColumns, likeliest, meanOf } from './classifier.js';
import type { Windows } from './windows.js';
import { windowsOf, windowsWhere } from './windows.js';
import type { Samples } from './logistic.js';
import { chosenLogistic, logisticProbabilities } from './logistic.js';
import type { ClassifyPlan, Part } from './plan.js';
import { assertOfTraining, nameOfPart, windowsOfPart } from './plan.js';
import type { Recordings } from './recordings.js';
import { listed } from './recordings.js';

/** One class of the test part. */
export interface ClassReport {
  readonly class: string;
  readonly windows: number;
  readonly right: number;
  /** The share of the class's windows that are classified as it; null if there are none. */
  readonly recall: number | null;
}

/** The test part, by the mean probabilities of the networks unless a field says otherwise. */
export interface TestReport {
  readonly windows: number;
  /** The share of windows that each method classifies correctly. */
  readonly baselines: readonly { readonly name: string; readonly accuracy: number }[];
  /** Each network's accuracy. */
  readonly networks: readonly number[];
  readonly accuracy: number;
  /** A baseline with the same or a greater accuracy, if there is one: the networks then are not worth their cost. */
  readonly beatenBy: string | null;
  /** Classes of the test part of which the training part has no window. */
  readonly unknown: readonly string[];
  readonly classes: readonly ClassReport[];
  /** `confusion[k][j]`: windows of class k that are classified as class j. */
  readonly confusion: readonly (readonly number[])[];
}

/** A report, and what it is made of. */
export interface TestedWindows {
  readonly report: TestReport;
  readonly windows: Windows;
  /** The mean probabilities `[C]` of each window. */
  readonly probabilities: readonly Float64Array[];
}

/** More training windows would hardly change the weights of logistic regression. */
const MOST_SAMPLES = 10_000;

/** Tests a classifier on the test part of recordings. Throws a DataError if they do not have the parts of its training, or other numbers in its training part. */
export async function reportOf(
  classifier: Classifier,
  recordings: Recordings,
  signal?: AbortSignal,
): Promise<TestedWindows> {
  const { plan } = classifier;
  const all = windowsOf(recordings, plan);
  const columns = inputColumns(plan, recordings);
  const windows = partOf(plan, recordings, all, 'test');
  const [training, validation] = [
    partOf(plan, recordings, all, 'training'),
    partOf(plan, recordings, all, 'validation'),
  ];
  assertOfTraining(plan, recordings);
  const networks = await classifier.byNetwork(columns, windows, signal);
  const probabilities = meanOf(networks);
  const predicted = probabilities.map(likeliest);
  const accuracy = accuracyOf(predicted, windows.labels);
  const baselines = [
    mostFrequentOf(plan, training, windows),
    {
      name: 'logistic regression on means and deviations',
      accuracy: await logisticAccuracy(plan, columns, [fewOf(training), validation, windows], signal),
    },
  ];
  const best = baselines.reduce((a, b) => (b.accuracy > a.accuracy ? b : a));
  const [known, tested] = [training, windows].map(({ labels }) => new Set(labels));
  return {
    windows,
    probabilities,
    report: {
      ...{ windows: windows.count, baselines, accuracy },
      networks: networks.map((rows) => accuracyOf(rows.map(likeliest), windows.labels)),
      beatenBy: best.accuracy >= accuracy ? best.name : null,
      unknown: plan.classes.filter((_, k) => tested.has(k) && !known.has(k)),
      ...byClass(plan.classes, windows.labels, predicted),
    },
  };
}

/** The windows of a part that must not be empty, or lack one of its groups: all had a window with a class in training. */
function partOf(plan: ClassifyPlan, recordings: Recordings, all: Windows, part: Part): Windows {
  const windows = windowsOfPart(plan, all, part);
  const { split } = plan;
  const found = new Set(windows.groups);
  const missing = split.by === 'group' ? split.parts[part].filter((group) => !found.has(group)) : [];
  const isWhole = split.by === 'group' ? missing.length === 0 : split.parts[part].to <= recordings.count;
  if (windows.count > 0 && isWhole) return windows;
  const lacks = windows.count > 0 && missing.length > 0 ? `: ${listed(missing)} missing` : '';
  throw new DataError(
    `${recordings.name}: does not have the ${part} part that the classifier was trained with, ${nameOfPart(split, part)}${lacks}`,
  );
}

const accuracyOf = (predicted: ArrayLike<number>, labels: Int32Array): number =>
  labels.reduce((right, label, n) => right + Number(predicted[n] === label), 0) / labels.length;

function mostFrequentOf({ classes }: ClassifyPlan, training: Windows, test: Windows) {
  const counts = classes.map(() => 0);
  for (const label of training.labels) counts[label]++;
  const most = counts.indexOf(Math.max(...counts));
  const predicted = new Int32Array(test.count).fill(most);
  return { name: `the most frequent class (${classes[most]})`, accuracy: accuracyOf(predicted, test.labels) };
}

/** Logistic regression that is fitted to the training part, with the λ that has the smallest loss on the validation part. */
async function logisticAccuracy(
  { classes, window }: ClassifyPlan,
  columns: readonly InputColumn[],
  parts: readonly Windows[],
  signal?: AbortSignal,
): Promise<number> {
  const raw = parts.map((windows) => featuresOf(columns, windows, window));
  const scales = Array.from(raw[0].rows[0], (_, i) => scaleOf(Float64Array.from(raw[0].rows, (row) => row[i])));
  const [train, validate, measure] = raw.map(({ rows, labels }): Samples => ({
    rows: rows.map((row) => row.map((value, i) => (value - scales[i].level) / scales[i].scale)),
    labels,
  }));
  const model = await chosenLogistic(train, validate, classes.length, signal);
  const predicted = measure.rows.map((row) => likeliest(logisticProbabilities(model, row)));
  return accuracyOf(predicted, measure.labels);
}

/** Of many windows every few, evenly. */
function fewOf(windows: Windows): Windows {
  const every = Math.max(1, Math.ceil(windows.count / MOST_SAMPLES));
  return windowsWhere(windows, (n) => n % every === 0);
}

/** The mean and the deviation of each column over each window. */
export const featuresOf = (columns: readonly InputColumn[], { starts, labels }: Windows, window: number): Samples => ({
  labels,
  rows: Array.from(starts, (start) =>
    Float64Array.from(
      columns.flatMap(({ values }) => {
        const { level, scale } = deviationOf(values.subarray(start, start + window));
        return [level, scale];
      }),
    ),
  ),
});

/** `scaleOf`, but a constant column has the deviation 0. */
function deviationOf(values: Float64Array): { level: number; scale: number } {
  const { level, scale } = scaleOf(values);
  return { level, scale: values.every((value) => value === values[0]) ? 0 : scale };
}

function byClass(
  classes: readonly string[],
  labels: Int32Array,
  predicted: readonly number[],
): Pick<TestReport, 'classes' | 'confusion'> {
  const confusion = classes.map(() => classes.map(() => 0));
  labels.forEach((label, n) => confusion[label][predicted[n]]++);
  return {
    confusion,
    classes: classes.map((name, k) => {
      const windows = confusion[k].reduce((sum, count) => sum + count, 0);
      const right = confusion[k][k];
      return { class: name, windows, right, recall: windows > 0 ? right / windows : null };
    }),
  };
}
