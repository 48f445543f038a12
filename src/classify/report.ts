/** How well a classifier does on the test part, beside what it must beat. */
import { DataError } from '../core/errors.js';
import { Random } from '../core/rng.js';
import { scaleOf } from '../data/scale.js';
import { type Classifier, type InputColumn, inputColumns, likeliest, meanOf } from './classifier.js';
import { type Window, verdictsOn, windowsOf } from './windows.js';
import { type Samples, chosenLogistic, logisticProbabilities, nearestScores, softmax } from './baselines.js';
import { type ClassifyPlan, type Part, assertOfTraining, nameOfPart, windowsOfPart } from './plan.js';
import { type Recordings, listed } from './recordings.js';

/** One class of the test part. */
export interface ClassReport {
  readonly class: string;
  /** Its windows, if each has a verdict; else its groups. */
  readonly windows?: number;
  readonly groups?: number;
  readonly right: number;
  /** The share of the class's windows, or groups, that are classified as it; null if there are none. */
  readonly recall: number | null;
}

/** The test part, by the mean probabilities of the networks unless a field says otherwise. */
export interface TestReport {
  readonly windows: number;
  /** The groups, if each has one verdict; then all counts and shares but `windows` are of groups. */
  readonly groups?: number;
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
  /** `confusion[k][j]`: how many of class k are classified as class j. */
  readonly confusion: readonly (readonly number[])[];
}

/** A report, and what it is made of. */
export interface TestedWindows {
  readonly report: TestReport;
  /** What has a verdict: windows, or groups. */
  readonly windows: readonly Window[];
  /** The probabilities `[C]` of each verdict. */
  readonly probabilities: readonly Float64Array[];
}

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
  const judged = judgedBy(plan, windows, meanOf(networks));
  const labels = labelsOf(judged.windows);
  const predicted = judged.probabilities.map(likeliest);
  const accuracy = accuracyOf(predicted, labels);
  const baselines = [
    mostFrequentOf(plan, training, judged.windows),
    ...(await hurdles(plan, columns, { training, validation, test: windows }, signal)),
  ];
  const best = baselines.reduce((a, b) => (b.accuracy > a.accuracy ? b : a));
  const [known, tested] = [training, windows].map((part) => new Set(part.map(({ label }) => label)));
  return {
    ...judged,
    report: {
      ...{ windows: windows.length, ...(plan.verdicts && { groups: judged.windows.length }), baselines, accuracy },
      networks: networks.map((rows) => accuracyOf(judgedBy(plan, windows, rows).probabilities.map(likeliest), labels)),
      beatenBy: best.accuracy >= accuracy ? best.name : null,
      unknown: plan.classes.filter((_, k) => tested.has(k) && !known.has(k)),
      ...byClass(plan, labels, predicted),
    },
  };
}

/** What has a verdict, and its probabilities `[C]`, from those of each window: a group's are their geometric mean. */
export function judgedBy(
  plan: Pick<ClassifyPlan, 'verdicts'>,
  windows: readonly Window[],
  probabilities: readonly Float64Array[],
): Pick<TestedWindows, 'windows' | 'probabilities'> {
  if (plan.verdicts === undefined) return { windows, probabilities };
  const logarithms = probabilities.map((row) => row.map((p) => Math.log(p + Number.MIN_VALUE)));
  const { of, scores } = verdictsOn(plan, windows, logarithms);
  return { windows: of, probabilities: scores.map(softmax) };
}

/** The windows of a part that must not be empty, or lack one of its groups: all had a window with a class in training. */
function partOf(plan: ClassifyPlan, recordings: Recordings, all: readonly Window[], part: Part): Window[] {
  const windows = windowsOfPart(plan, all, part);
  const { split } = plan;
  const found = new Set(windows.map(({ group }) => group));
  const missing = split.by === 'group' ? split.parts[part].filter((group) => !found.has(group)) : [];
  const isWhole = split.by === 'group' ? missing.length === 0 : split.parts[part].to <= recordings.count;
  if (windows.length > 0 && isWhole) return windows;
  const lacks = windows.length > 0 && missing.length > 0 ? `: ${listed(missing)} missing` : '';
  throw new DataError(
    `${recordings.name}: does not have the ${part} part that the classifier was trained with, ${nameOfPart(split, part)}${lacks}`,
  );
}

const labelsOf = (windows: readonly Window[]): Int32Array => Int32Array.from(windows, ({ label }) => label);

const accuracyOf = (predicted: ArrayLike<number>, labels: Int32Array): number =>
  labels.reduce((right, label, n) => right + Number(predicted[n] === label), 0) / labels.length;

function mostFrequentOf(plan: ClassifyPlan, training: readonly Window[], tested: readonly Window[]) {
  const counts = plan.classes.map(() => 0);
  const { of } = verdictsOn(
    plan,
    training,
    training.map(() => new Float64Array()),
  );
  for (const { label } of of) counts[label]++;
  const most = counts.indexOf(Math.max(...counts));
  const accuracy = accuracyOf(new Int32Array(tested.length).fill(most), labelsOf(tested));
  return { name: `the most frequent class (${plan.classes[most]})`, accuracy };
}

/** Longer windows are read as means of so many rows that they have no more steps. */
const MOST_STEPS = 256;
/** The band of dynamic time warping, as a share of a window. */
const BAND = 0.1;
/** About a second of multiplications each: they limit how many windows are compared, or train. */
const MOST_PRODUCTS = { warping: 4e8, euclid: 2e8, logistic: 4e5, moments: 1e6 };
/** Numbers of the windows that are measured at once: 160 MB. */
const MOST_NUMBERS = 2e7;
/** With fewer training windows 1-NN says little: then the test part is cut too. */
const LEAST_KNOWN = 100;

/** What learns from the training part in a second or two each, and its accuracy on the test part. */
export async function hurdles(
  plan: ClassifyPlan,
  columns: readonly InputColumn[],
  { training, validation, test }: Readonly<Record<Part, readonly Window[]>>,
  signal?: AbortSignal,
  products = MOST_PRODUCTS,
): Promise<{ name: string; accuracy: number }[]> {
  const [C, I] = [plan.classes.length, columns.length];
  const rowsOfStep = Math.ceil(plan.window / MOST_STEPS);
  const T = Math.ceil(plan.window / rowsOfStep);
  const band = Math.ceil(BAND * T);
  const stepsIn = (windows: readonly Window[]): Samples => stepsOf(columns, windows, rowsOfStep);
  const steps = rowsOfStep === 1 ? 'steps' : `means of ${rowsOfStep} rows`;
  const found: { name: string; accuracy: number }[] = [];
  const measure = async (
    name: string,
    most: { readonly known: number; readonly measured: number },
    scoresOf: (known: readonly Window[], measured: readonly Window[]) => Promise<Float64Array[]>,
  ): Promise<void> => {
    const [known, measured] = [someOf(training, most.known), someOf(test, most.measured)];
    const verdicts = verdictsOn(plan, measured, await scoresOf(known, measured));
    const parts = [
      [known, training, 'training'],
      [measured, test, 'test'],
    ] as const;
    const cut = parts.flatMap(([some, all, part]) =>
      some.length < all.length ? `, ${some.length} of ${all.length} ${part} windows` : [],
    );
    found.push({
      name: name + cut.join(''),
      accuracy: accuracyOf(verdicts.scores.map(likeliest), labelsOf(verdicts.of)),
    });
  };
  const logistic = (name: string, limit: number, features: number, read: (windows: readonly Window[]) => Samples) => {
    const most = { known: limit / (features * C), measured: MOST_NUMBERS / features };
    return measure(name, most, (known, measured) =>
      logisticScores([known, someOf(validation, most.measured), measured].map(read), C, signal),
    );
  };
  const nearest = (name: string, limit: number, width: number, read: (windows: readonly Window[]) => Samples) => {
    const pairs = limit / (T * (2 * width + 1) * (I + 2));
    const most = Math.floor(Math.max(Math.min(LEAST_KNOWN, Math.sqrt(pairs)), pairs / test.length, 1));
    return measure(name, { known: most, measured: pairs / Math.min(most, training.length) }, (known, measured) =>
      nearestScores(read(known), read(measured).rows, { classes: C, inputs: I, band: width }, signal),
    );
  };
  await logistic('logistic regression on means and deviations', products.moments, 2 * I, (windows) =>
    featuresOf(columns, windows),
  );
  const whole = (windows: readonly Window[]): Samples => padded(stepsIn(windows), T * I);
  await logistic(`logistic regression on the ${steps}`, products.logistic, T * I, whole);
  await nearest('1-NN, Euclidean distance', products.euclid, 0, whole);
  await nearest(`1-NN, dynamic time warping (band ${100 * BAND}%)`, products.warping, band, stepsIn);
  return found;
}

/** The log-probabilities of the last samples, by logistic regression that is fitted to the first, with the λ that has the smallest loss on the second. */
async function logisticScores(
  parts: readonly Samples[],
  classes: number,
  signal?: AbortSignal,
): Promise<Float64Array[]> {
  const scales = Array.from(parts[0].rows[0], (_, i) => scaleOf(Float64Array.from(parts[0].rows, (row) => row[i])));
  const [train, validate, measure] = parts.map(({ rows, labels }): Samples => ({
    rows: rows.map((row) => row.map((value, i) => (value - scales[i].level) / scales[i].scale)),
    labels,
  }));
  const model = await chosenLogistic(train, validate, classes, signal);
  return measure.rows.map((row) => logisticProbabilities(model, row).map((p) => Math.log(p + Number.MIN_VALUE)));
}

/** At most so many windows, drawn at random, always the same. */
function someOf(windows: readonly Window[], most: number): readonly Window[] {
  if (windows.length <= most) return windows;
  const order = Uint32Array.from(windows.keys());
  new Random(1).shuffle(order);
  const chosen = order.subarray(0, Math.max(1, Math.floor(most))).sort();
  return Array.from(chosen, (n) => windows[n]);
}

/** The steps of each window, `[steps,I]`: each the mean of so many rows. */
function stepsOf(columns: readonly InputColumn[], windows: readonly Window[], rowsOfStep: number): Samples {
  const I = columns.length;
  const rows = windows.map(({ start, length }) => {
    const steps = new Float64Array(Math.ceil(length / rowsOfStep) * I);
    for (let t = 0; t < length; t++) {
      const first = t - (t % rowsOfStep);
      const count = Math.min(rowsOfStep, length - first);
      for (let i = 0; i < I; i++) steps[(first / rowsOfStep) * I + i] += columns[i].values[start + t] / count;
    }
    return steps;
  });
  return { rows, labels: labelsOf(windows) };
}

/** With zeros, which are the means of the inputs, at the ends of shorter rows. */
const padded = ({ rows, labels }: Samples, length: number): Samples => ({
  labels,
  rows: rows.map((row) => {
    const whole = new Float64Array(length);
    whole.set(row);
    return whole;
  }),
});

/** The mean and the deviation of each column over each window. */
export const featuresOf = (columns: readonly InputColumn[], windows: readonly Window[]): Samples => ({
  labels: labelsOf(windows),
  rows: windows.map(({ start, length }) =>
    Float64Array.from(
      columns.flatMap(({ values }) => {
        const { level, scale } = deviationOf(values.subarray(start, start + length));
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
  { classes, verdicts }: ClassifyPlan,
  labels: Int32Array,
  predicted: readonly number[],
): Pick<TestReport, 'classes' | 'confusion'> {
  const confusion = classes.map(() => classes.map(() => 0));
  labels.forEach((label, n) => confusion[label][predicted[n]]++);
  return {
    confusion,
    classes: classes.map((name, k) => {
      const count = confusion[k].reduce((sum, one) => sum + one, 0);
      const right = confusion[k][k];
      const counts = verdicts ? { groups: count } : { windows: count };
      return { class: name, ...counts, right, recall: count > 0 ? right / count : null };
    }),
  };
}
