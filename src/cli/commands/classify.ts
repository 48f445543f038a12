/** `longhand train --data FILE --classify COLUMN`: trains the networks of a classifier, and reports them beside what they must beat. */
import type { Command } from 'commander';
import type { Backend } from '../../core/backend.js';
import { DataError } from '../../core/errors.js';
import { assertTrained, classifierBytes, MOST_ROWS } from '../../classify/classifier-file.js';
import type { ClassifierState } from '../../classify/classifier.js';
import {
  Classifier,
  classifyOptions,
  configFor,
  inputColumns,
  likeliest,
  networksOf,
  optionsOf,
  trainClassifier,
} from '../../classify/classifier.js';
import { AT_ONCE } from '../../trained-state.js';
import { type Window, sizesOf, windowsOf } from '../../classify/windows.js';
import { type ClassifyPlan, nameOfPart, PARTS, planOf, windowsOfPart } from '../../classify/plan.js';
import type { ClassifyColumns, Recordings, TestGroups } from '../../classify/recordings.js';
import { listed, recordingsOf, repeatedColumn, testGroupsOf, wantedColumns } from '../../classify/recordings.js';
import { type TestedWindows, type TestReport, judgedBy, reportOf } from '../../classify/report.js';
import { counted } from '../../core/arguments.js';
import { loadTable } from '../../data/table-files.js';
import { elementCountOfNetwork } from '../../network/memory.js';
import type { TrainOptions } from '../../training/options.js';
import { filePath, givenFlag, isGiven, wholeNumber } from '../flag-values.js';
import { alignedRight, confusionTable, printable, table, inform, print, printJson, printLines } from '../print.js';
import { assertRoom, assertRoomToTrain } from '../memory.js';
import type { RunHooks, SetFlags } from '../set-run.js';
import { OF_ONE_NETWORK, outputsBeside, trainAndTest, writeCsv, writeReport } from '../set-run.js';

/** The flags of a classifier. */
export interface ClassifyFlags extends SetFlags {
  readonly classify?: string;
  readonly inputs: readonly string[];
  readonly time?: readonly string[];
  readonly group?: string;
  readonly test?: string;
  readonly window?: number;
  readonly stride?: number;
  readonly seeds: number;
}

/** Adds the flags that only a classifier has; those of forecasts, --time, --inputs and --seeds, are there already. */
export function withClassifyOptions(command: Command): Command {
  return command
    .option('--classify <column>', 'the class of each row of --data; docs/forecast.md', filePath)
    .option('--group <column>', 'who or which recording a row belongs to: a group is never in two parts', filePath)
    .option(
      '--window <rows>',
      'rows that are read together (default: 128, or the longest recording if each has one class)',
      wholeNumber(2, MOST_ROWS),
    )
    .option('--stride <rows>', 'rows from one window to the next (default: half a window)', wholeNumber(1));
}

/** What only other runs have: the flags' attributes. */
const NOT_OF_CLASSIFIERS = [
  ...[...OF_ONE_NETWORK, 'shift'],
  ...['ahead', 'known', 'holidays', 'fill', 'season', 'together', 'interval', 'program'],
];

/** Ends the command for flags that do not belong together. */
export function assertClassifyFlags(flags: ClassifyFlags & { readonly predict?: string }, command: Command): void {
  if (flags.classify === undefined) {
    const given = givenFlag(command, ['group', 'window', 'stride']);
    if (given !== undefined) command.error(`error: ${given} needs --classify`);
    return;
  }
  if (flags.predict !== undefined) command.error('error: --classify cannot be used with --predict: choose one');
  if (flags.resume !== undefined)
    command.error('error: --classify cannot be changed with --resume: the checkpoint sets it');
  if (flags.data === undefined) command.error('error: --classify needs --data, a CSV, TSV or NDJSON file');
  if (flags.inputs.length === 0) command.error('error: --classify needs --inputs, the columns to read');
  const other = givenFlag(command, NOT_OF_CLASSIFIERS);
  if (other !== undefined) command.error(`error: ${other} cannot be used with --classify`);
  if (isGiven(command, 'loss'))
    command.error('error: --loss cannot be used with --classify: the loss is the cross-entropy');
  if (flags.test !== undefined && flags.group === undefined)
    command.error('error: --test needs --group with --classify: whole groups are tested');
  const repeated = repeatedColumn(columnsOf(flags), testOf(flags));
  if (repeated !== undefined) {
    command.error(
      `error: the column ${JSON.stringify(repeated)} is named twice: each may be in one of --classify, --inputs, --time, --group and --test`,
    );
  }
}

const columnsOf = (flags: ClassifyFlags): ClassifyColumns => ({
  classify: flags.classify ?? '',
  inputs: flags.inputs,
  time: flags.time ?? [],
  group: flags.group ?? null,
});

/** The test part of `--test p08,p09`, which are groups, or of `--test COLUMN=VALUES`. */
function testOf({ test, group }: ClassifyFlags): TestGroups | undefined {
  if (test === undefined || group === undefined) return undefined;
  const [, column = group, values = ''] = /^(?:([^=]*)=)?(.*)$/s.exec(test) ?? [];
  return { column, values: values.split(',').map((value) => value.trim()) };
}

/** The recordings of a file for a trained classifier. `hasLabels`: whether its column of classes is read. */
async function loadRecordings(
  file: string,
  { columns, classes, step }: ClassifyPlan,
  hasLabels: boolean,
  signal?: AbortSignal,
): Promise<Recordings> {
  const read = await loadTable(file, wantedColumns(columns, hasLabels ? 'text' : 'unread'), signal);
  return recordingsOf(read, columns, { classes, step, hasLabels });
}

/** Trains, prints, and writes the files. `given`: the options that the user chose. */
export async function trainOnClasses(
  flags: ClassifyFlags,
  given: Partial<TrainOptions>,
  resumed: ClassifierState | undefined,
  backend: Backend,
  signal: AbortSignal,
): Promise<void> {
  const file = flags.data;
  if (file === undefined) throw new DataError('name the data of the run with --data');
  const begun = await begin(file, flags, classifyOptions(given), resumed, signal);
  const { recordings, state } = begun;
  const { plan } = state;
  const options = optionsOf(state, classifyOptions(given));
  const windows = windowsOf(recordings, plan);
  const { length: count } = windowsOfPart(plan, windows, 'training');
  if (count < options.batchSize) {
    throw new DataError(
      `${file}: the training part has ${counted(count, 'window')}, but a batch ${options.batchSize}: reduce --batch-size or --stride`,
    );
  }
  describe(recordings, plan, windows);
  assertRoomToTrain(configFor(plan, options), { T: plan.window, B: options.batchSize }, backend, flags);
  const train = ({ begin: note, ...hooks }: RunHooks<ClassifierState>): Promise<ClassifierState> =>
    trainClassifier(backend, recordings, options, state, {
      ...hooks,
      onNetwork: ({ seed }, number, of) => note(`network ${number} of ${of}: seed ${seed}`, of - number + 1),
    });
  await trainAndTest(flags, backend, signal, state, classifierBytes, train, (trained, target) =>
    testClassifier(backend, trained, recordings, target, flags, signal),
  );
}

/** The recordings and the plan of a new run, or of one that continues. */
async function begin(
  file: string,
  flags: ClassifyFlags,
  { seed }: TrainOptions,
  resumed: ClassifierState | undefined,
  signal: AbortSignal,
): Promise<{ recordings: Recordings; state: ClassifierState }> {
  if (resumed) return { recordings: await loadRecordings(file, resumed.plan, true, signal), state: resumed };
  const columns = columnsOf(flags);
  const test = testOf(flags);
  const read = await loadTable(file, wantedColumns(columns, 'text', test), signal);
  const recordings = recordingsOf(read, columns);
  const { window, stride, verdicts } = sizesOf(recordings, flags);
  const choices = { columns, window, stride, seeds: flags.seeds, ...(verdicts && { verdicts }) };
  const groups = test && columns.group !== null ? testGroupsOf(read, columns.group, test) : undefined;
  return { recordings, state: { plan: planOf(recordings, choices, seed, groups), networks: new Map() } };
}

/** On standard error: what the networks read, and which windows measure them. */
function describe(recordings: Recordings, plan: ClassifyPlan, windows: readonly Window[]): void {
  const { name, count, stretches, step } = recordings;
  const groups = new Set(stretches.map(({ group }) => group)).size;
  const parts = [
    counted(count, 'row'),
    ...(plan.columns.group === null ? [] : [`${groups} groups`]),
    ...(step === null ? [] : [counted(stretches.length - groups, 'gap of time', 'gaps of time')]),
  ];
  inform(`${name}: ${parts.join(', ')}; classes: ${listed(plan.classes)}`);
  const counts = PARTS.map((part) => `${part} ${windowsOfPart(plan, windows, part).length}`);
  inform(`windows of ${counted(plan.window, 'row')}, one every ${plan.stride}: ${counts.join(', ')}`);
  if (plan.verdicts) inform('each group has one class: one verdict for each; a shorter one is one shorter window');
  inform(`validation: ${nameOfPart(plan.split, 'validation')}; test: ${nameOfPart(plan.split, 'test')}`);
  inform(
    `inputs: ${inputColumns(plan, recordings)
      .map((one) => one.name)
      .join(', ')}`,
  );
}

/** Throws an OutOfMemoryError if the networks do not fit: a small file can ask for any number of steps. */
function opened(backend: Backend, state: ClassifierState): Classifier {
  const sizes = { T: state.plan.window, B: AT_ONCE };
  const configs = networksOf(state).flatMap((saved) => (saved ? [saved.model.network] : []));
  const elementCount = configs.reduce((sum, config) => sum + elementCountOfNetwork(config, sizes), 0);
  const advice = 'these networks are too large for this computer';
  for (const config of configs.slice(0, 1)) assertRoom(config, sizes, { dtype: backend.dtype, advice, elementCount });
  return new Classifier(backend, state);
}

/** Reports the classes of the test part, and writes the files beside the checkpoint. */
async function testClassifier(
  backend: Backend,
  state: ClassifierState,
  recordings: Recordings,
  checkpoint: string | undefined,
  { json }: { readonly json: boolean },
  signal: AbortSignal,
): Promise<void> {
  const classifier = opened(backend, state);
  try {
    const tested = await reportOf(classifier, recordings, signal);
    report(json, state.plan, tested.report);
    if (checkpoint !== undefined) writeFiles(checkpoint, recordings, state.plan, tested);
  } finally {
    classifier.dispose();
  }
}

/** `longhand eval` of a classifier: the report of the test part again. */
export async function evaluateClasses(
  checkpoint: string,
  state: ClassifierState,
  flags: { readonly data?: string | undefined; readonly json: boolean },
  backend: Backend,
  signal: AbortSignal,
): Promise<void> {
  assertTrained(state, checkpoint);
  if (flags.data === undefined) throw new DataError(`${checkpoint}: is a classifier: name its table with --data`);
  const recordings = await loadRecordings(flags.data, state.plan, true, signal);
  await testClassifier(backend, state, recordings, checkpoint, flags, signal);
}

/** With more classes, the confusion matrix does not fit on a screen. */
const MOST_SHOWN = 20;

const share = (value: number): string => value.toFixed(4);

/** The accuracy of every method as a table, then each class. */
function report(json: boolean, { split, seeds }: ClassifyPlan, tested: TestReport): void {
  const { windows, groups, baselines, networks, accuracy, beatenBy, unknown, classes, confusion } = tested;
  const [unit, verdicts] =
    groups === undefined
      ? ['window', counted(windows, 'window')]
      : ['group', `${counted(groups, 'group')}, ${counted(windows, 'window')}`];
  if (json) printJson({ event: 'test', ...tested });
  else {
    const mean = networks.reduce((sum, one) => sum + one, 0) / networks.length;
    print(`Accuracy on the test part, ${nameOfPart(split, 'test')}, ${verdicts}:`);
    printLines(
      table([
        ...baselines.map((one) => [one.name, share(one.accuracy)]),
        [
          `network, each of ${seeds}`,
          `${share(mean)} (${share(Math.min(...networks))} … ${share(Math.max(...networks))})`,
        ],
        ['network, mean of the probabilities', share(accuracy)],
      ]),
    );
    print('');
    printLines(
      alignedRight([
        ['class', `${unit}s`, 'right', 'recall'],
        ...classes.map((one) => [
          ...[one.class, String(one.groups ?? one.windows), String(one.right)],
          one.recall === null ? '–' : share(one.recall),
        ]),
      ]),
    );
    if (classes.length <= MOST_SHOWN) {
      print('');
      print(`Confusion matrix. Rows: the class of the ${unit}; columns: the predicted class.`);
      const names = classes.map((one) => one.class);
      printLines(confusionTable(names, confusion));
    }
  }
  if (unknown.length > 0) inform(`WARNING: the training part has no window of ${listed(unknown)}`);
  const best = baselines.find(({ name }) => name === beatenBy);
  if (best) {
    const loses = best.accuracy > accuracy ? 'loses against' : 'is no better than';
    inform(`WARNING: the network ${loses} ${best.name}: use that, or more data`);
  }
}

/** `motion.report.json` and `motion.test.csv` beside `motion.safetensors`. */
function writeFiles(
  checkpoint: string,
  recordings: Recordings,
  { split, columns, classes }: ClassifyPlan,
  { report: tested, windows, probabilities }: TestedWindows,
): void {
  const files = outputsBeside(checkpoint);
  writeReport(files.report, 'test', { test: split.parts.test, ...tested });
  const hasGroups = columns.group !== null;
  const head = [...(hasGroups ? ['group'] : []), 'from', 'to', 'class', 'predicted', 'probability'];
  const lines = probabilities.map((row, n) => {
    const { group, from, to } = spanOf(recordings, windows[n]);
    const best = likeliest(row);
    return [...(hasGroups ? [group] : []), from, to, classes[windows[n].label], classes[best], row[best]];
  });
  writeCsv(files.test, [head, ...lines]);
}

/** The group of a window, and its first and last row, or time. */
function spanOf({ nameOf }: Recordings, { start, length, group }: Window) {
  return { group: group ?? '', from: nameOf(start), to: nameOf(start + length - 1) };
}

/** `longhand predict` of a classifier: a line for each verdict on the tables, without their classes. */
export async function predictClasses(
  checkpoint: string,
  state: ClassifierState,
  files: readonly string[],
  { json }: { readonly json: boolean },
  backend: Backend,
  signal: AbortSignal,
): Promise<void> {
  assertTrained(state, checkpoint);
  const { plan } = state;
  const all: Recordings[] = [];
  for (const file of files) all.push(await loadRecordings(file, plan, false, signal)); // a faulty file ends the command here
  const classifier = opened(backend, state);
  try {
    for (const recordings of all) await predictTable(classifier, recordings, files.length > 1, json, signal);
  } finally {
    classifier.dispose();
  }
}

async function predictTable(
  classifier: Classifier,
  recordings: Recordings,
  isOneOfSeveral: boolean,
  json: boolean,
  signal: AbortSignal,
): Promise<void> {
  const { plan } = classifier;
  const read = windowsOf(recordings, plan);
  if (read.length === 0) inform(`${recordings.name}: no window: ${plan.window} rows never follow one another`);
  const byWindow = await classifier.probabilities(inputColumns(plan, recordings), read, signal);
  const { windows, probabilities } = judgedBy(plan, read, byWindow);
  for (const [n, row] of probabilities.entries()) {
    const { group, from, to } = spanOf(recordings, windows[n]);
    const [label, probability] = [plan.classes[likeliest(row)], Math.max(...row)];
    const named = { ...(isOneOfSeveral && { name: recordings.name }), ...(plan.columns.group !== null && { group }) };
    if (json) {
      const byName = Object.fromEntries(plan.classes.map((one, k) => [one, row[k]]));
      printJson({ ...named, from, to, label, probability, probabilities: byName });
    } else {
      const where = [...Object.values(named), `${from} … ${to}`].map(printable).join(', ');
      print(`${where}: ${label} (${share(probability)})`);
    }
  }
}
