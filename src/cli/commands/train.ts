/**
 * `longhand train`: reads and checks the flags. run-training.ts, the next file to read, trains and reports. The flags of
 * the training itself come from the table in src/training/option-table.ts.
 */
import { Command, Option } from 'commander';
import { classifyOptions } from '../../classify/classifier.js';
import { statSync } from 'node:fs';
import { DataError } from '../../core/errors.js';
import type { Examples } from '../../data/examples.js';
import { firstRows } from '../../data/table-reader.js';
import { type Split, type TrainingData, hasTargets } from '../../data/train-data.js';
import { readIfPresent } from '../../files/disk.js';
import { assertReplaceable } from '../../files/disk-replace.js';
import { asOnlyRun } from '../../files/disk-writers.js';
import type { ForecastChoices } from '../../forecast/planning.js';
import { forecastOptions, medianFaultOf } from '../../forecast/request.js';
import type { Resumable } from '../../training/checkpoint.js';
import { loadCheckpoint } from '../../training/checkpoint-files.js';
import { type OptionEntry, GROUPS, OPTIONS } from '../../training/option-table.js';
import type { OptionName, TrainOptions } from '../../training/options.js';
import {
  faultOf,
  isChangeableOnResume,
  lengthFaultOf,
  CHRONO_CELLS,
  NEEDS,
  OPTION_NAMES,
  storedName,
  TUTORIAL,
  withOneLength,
} from '../../training/options.js';
import { examplesIn } from '../../training/run-data.js';

import { withBackend, withBackendOptions, withRecordedBuild } from '../backends.js';
import { type ClassifyFlags, assertClassifyFlags, trainOnClasses, withClassifyOptions } from './classify.js';
import { f32Number, filePath, givenFlag, isGiven, listOf, quantileList, wholeNumber } from '../flag-values.js';
import { type WrittenFile, assertAllApart, assertApart, assertApartFrom } from '../outputs.js';
import { type TrainFlags, runTraining } from './run-training.js';
import { type SeriesFlags, OF_ORIGINS, seriesChoices, trainSeries, withOrigins, withSeriesOptions } from './series.js';
import { type SavedSet, loadSet, OF_ONE_NETWORK, writtenBeside } from '../set-run.js';
import { type Task, assertTaskFlags, savedTask, taskOf, withTaskOptions } from '../tasks.js';

export function trainCommand(): Command {
  const command = new Command('train').description("Train a network and test it: the tutorial's on MNIST, or another.");
  withTaskOptions(command.optionsGroup('Task:'));
  withOrigins(withSeriesOptions(command.optionsGroup('Forecasts of your own data:')));
  withClassifyOptions(command.optionsGroup('Classes of your own data:'));
  for (const group of GROUPS) {
    for (const name of OPTION_NAMES.filter((option) => OPTIONS[option].group === group)) {
      command.addOption(flagFor(OPTIONS[name]).helpGroup(`${group}:`));
    }
  }
  command
    .optionsGroup('Reporting:')
    .option('--history <file>', 'write losses and accuracies to a .csv or .ndjson file', filePath)
    .option('--plot <file>', 'draw the history as an .svg file; needs --history', filePath)
    .option('--json', 'print each line as a JSON object', false)
    .option(
      '--sample-every <steps>',
      'with --task text: a sample of 200 characters on standard error every <steps> steps; 0: none',
      wholeNumber(0),
      500,
    )
    .optionsGroup('Files:')
    .option('--checkpoint <file>', 'write the state of the run, also on SIGINT (Ctrl-C), SIGTERM and SIGHUP', filePath)
    .option('--checkpoint-every <steps>', 'write the checkpoint every <steps> steps', wholeNumber(1), 100)
    .option(
      '--resume <file>',
      'continue the run of a checkpoint, with its options, and write to the same file unless --checkpoint names another',
      filePath,
    )
    .option('--best <file>', 'write the state with the smallest validation loss', filePath)
    .optionsGroup('Backend:');
  return withBackendOptions(command)
    .addHelpText('before', () => showDefaults(command))
    .addHelpText(
      'after',
      `
Examples:
  longhand train                                    the tutorial's run
  longhand train --training-iters 4000 --seed 7     31 steps with another seed
  longhand train --layers 2 --hidden 64 --bidirectional --dropout 0.2
  longhand train --task adding --steps 200          another task; docs/tasks.md describes them
  longhand train --task text --text book.txt        a model of a text's characters; longhand sample writes with it
  longhand train --backend gpu --gpu-mode webgpu    on a GPU, through GPU.js
  longhand train --data motion.csv --classify activity --inputs ax,ay,az --group person    classes of your own data
  longhand train --checkpoint run.safetensors       save the run …
  longhand train --resume run.safetensors           … and continue it
  longhand train --json > run.ndjson                lines for other programs
  longhand train --predict sales --help             with the defaults of forecasts; --classify and --task have their own`,
    )
    .action(async (flags: TrainFlags & TrainOptions & SeriesFlags & ClassifyFlags) => {
      assertFlags(flags, command);
      assertClassifyFlags(flags, command);
      const choices = seriesChoices(flags, command);
      assertTaskFlags(flags, command);
      assertColumnNamed(flags, command);
      assertOwnOutputs(flags, command);
      if (flags.plot !== undefined && !flags.plot.endsWith('.svg'))
        command.error(`error: --plot ${flags.plot}: must end in .svg`);
      const saved = flags.resume === undefined ? {} : loadSet(flags.resume);
      if (flags.predict !== undefined || flags.classify !== undefined || saved.forecast || saved.classifier) {
        await trainSet(flags, saved, choices, command);
        return;
      }
      const ofForecasts = givenFlag(command, OF_ORIGINS);
      if (ofForecasts !== undefined) command.error(`error: ${ofForecasts} needs --predict`);
      const resumed = flags.resume === undefined ? undefined : loadResumable(flags.resume);
      const task = resumed ? taskOfRun(resumed, flags) : taskOf(flags);
      assertApartFromData(flags, task, command);
      const own = givenOptions(command);
      const given = resumed ? own : { ...startOf(task, own), ...own };
      if (!resumed) assertConsistent(given, command);
      const data = task.load();
      if (isGiven(command, 'loss') && !hasTargets(data.train))
        command.error('error: --loss needs data with targets: these have labels, whose loss is the cross-entropy');
      const [file] = 'characters' in data.train ? task.files() : [];
      const examples = resumed
        ? examplesIn(data, { ...resumed.training.options, ...given }, { areSaved: true })
        : examplesFor(data, { ...TUTORIAL, ...given }, file, command);
      if (resumed) assertResumable(resumed, given, flags, command);
      const chosen = resumed ? withRecordedBuild(flags, resumed.training.backend) : flags;
      await asOnlyWriter(outputsOf(flags), () =>
        withBackend(chosen, command, (backend, signal) =>
          runTraining(backend, data, examples, given, flags, resumed, signal),
        ),
      );
    });
}

/** A forecaster or a classifier. `saved`: the run that `--resume` continues. */
async function trainSet(
  flags: TrainFlags & SeriesFlags & ClassifyFlags,
  { forecast, classifier }: SavedSet,
  choices: ForecastChoices | undefined,
  command: Command,
): Promise<void> {
  const given = givenOptions(command);
  const changed = OPTION_NAMES.find((name) => isGiven(command, storedName(name)));
  if (flags.resume !== undefined && changed !== undefined)
    command.error(`error: ${flagNameOf(changed)} cannot be changed with --resume: the checkpoint sets it`);
  const other = givenFlag(command, OF_ONE_NETWORK);
  if (other !== undefined) command.error(`error: ${other} cannot be used with a checkpoint of several networks`);
  const isClassifier = flags.classify !== undefined || classifier !== undefined;
  const fault = isClassifier
    ? faultOf(classifyOptions(given))
    : (faultOf(forecastOptions(given)) ?? medianFaultOf(given));
  if (fault !== undefined) command.error(`error: ${fault}`);
  const target = flags.checkpoint ?? flags.resume;
  const name = flags.checkpoint === undefined ? '--resume' : '--checkpoint';
  const outputs: WrittenFile[] =
    target === undefined
      ? []
      : [{ name, file: target, keepOld: true }, ...writtenBeside(target, { hasPlot: !isClassifier })];
  if (flags.program !== undefined) outputs.push({ name: '--program', file: flags.program, keepOld: false });
  const beside = outputs.filter((output) => output.name !== name);
  assertAllApart(command, outputs);
  assertApartFrom(command, outputs, { '--data': flags.data, '--holidays': flags.holidays });
  assertApartFrom(command, beside, { '--resume': flags.resume }); // the checkpoint itself may be the one that is resumed
  const recorded = [...((forecast ?? classifier)?.networks.values() ?? [])].find(({ training }) => training)?.training;
  const chosen = recorded ? withRecordedBuild(flags, recorded.backend) : flags;
  await asOnlyWriter(outputs, () =>
    withBackend(chosen, command, (backend, signal) =>
      isClassifier
        ? trainOnClasses(flags, given, classifier, backend, signal)
        : trainSeries(flags, given, { choices, resumed: forecast }, backend, signal),
    ),
  );
}

/** Calls `work`, unless an output cannot be written or another run writes it. */
function asOnlyWriter(outputs: readonly WrittenFile[], work: () => Promise<void>): Promise<void> {
  for (const { file, keepOld } of outputs) assertReplaceable(file, { keepOld });
  return asOnlyRun(
    outputs.map(({ file }) => file),
    work,
  );
}

/** The flag of an entry of the table. */
function flagFor(option: OptionEntry): Option {
  const flag = new Option(option.flag, option.help);
  if (option.kind === 'choice') return flag.choices(option.choices).default(option.default);
  if (option.kind === 'switch') return flag.default(option.default);
  if (option.kind === 'quantiles') return flag.argParser(quantileList).default(option.default, option.default.join());
  const { kind, least, most } = option;
  if (kind === 'list') return flag.argParser(listOf(wholeNumber(least, most))).default(option.default);
  flag.argParser(kind === 'whole' ? wholeNumber(least, most) : f32Number(least, most, kind === 'positive'));
  return option.default === null ? flag.default(null, option.whenNull) : flag.default(option.default);
}

/** Before the help is written: each option has the default of the task that the other flags choose. */
function showDefaults(command: Command): string {
  const defaults = defaultsOf(command.opts<TrainFlags & SeriesFlags & ClassifyFlags>());
  for (const name of OPTION_NAMES) {
    const value = defaults[name];
    if (value === null) continue; // the table has words for it
    const option = command.options.find((one) => one.attributeName() === storedName(name));
    option?.default(value, Array.isArray(value) ? value.join() : undefined);
  }
  return '';
}

/** The options with which a task starts; without its chrono biases, if the given cell has none. */
const startOf = ({ options }: Task, { cell = 'lstm' }: Partial<TrainOptions>): Partial<TrainOptions> =>
  CHRONO_CELLS.includes(cell) ? options : { ...options, biasInit: 'zeros' };

function defaultsOf(flags: TrainFlags & SeriesFlags & ClassifyFlags): TrainOptions {
  if (flags.predict !== undefined) return forecastOptions({});
  return flags.classify === undefined ? { ...TUTORIAL, ...taskOf(flags).options } : classifyOptions({});
}

/** Longer lists of columns are no help, or no columns. */
const LONGEST_TITLES = 500;

/** Ends the command if `--data` is a table, but no flag says what to do with it. */
function assertColumnNamed(
  { data, task, resume, predict, classify }: TrainFlags & SeriesFlags & ClassifyFlags,
  command: Command,
): void {
  const isOfImages = task === 'mnist' || task === 'pixels';
  if (data === undefined || !isOfImages || (resume ?? predict ?? classify) !== undefined) return;
  if (statSync(data, { throwIfNoEntry: false })?.isFile() !== true) return;
  const beginning = new TextDecoder().decode(readIfPresent(data)?.subarray(0, 65_536));
  const titles = firstRows(data, beginning, false, 1)
    .titles.map((title) => JSON.stringify(title))
    .join(', ');
  const columns = titles.length > 0 && titles.length < LONGEST_TITLES ? ` It has ${titles}.` : '';
  command.error(
    `error: --data ${data} is a file: which column?${columns} --predict forecasts a column, --classify learns its classes. ` +
      'The files of MNIST are named by their directory',
  );
}

/** `--batch-size`, without the placeholder. */
const flagNameOf = (name: OptionName): string => OPTIONS[name].flag.split(' ')[0];

function loadResumable(file: string): Resumable {
  const { model, training, metadata } = loadCheckpoint(file);
  if (!training)
    throw new DataError(`${file}: holds only a network, not the state of its training, so it cannot be resumed`);
  return { model, training, metadata };
}

const taskOfRun = ({ model, training }: Resumable, flags: TrainFlags): Task =>
  savedTask(training.task, model, flags, flags.resume ?? '');

function assertResumable(
  { model, training }: Resumable,
  given: Partial<TrainOptions>,
  { best }: TrainFlags,
  command: Command,
): void {
  if (isGiven(command, 'sampleEvery') && !model.vocabulary)
    command.error('error: --sample-every needs a run on a text');
  if (best !== undefined && training.options.validateEvery === null)
    command.error('error: --best needs a run with --validate-every');
  const fault = lengthFaultOf(training, given, flagNameOf);
  if (fault !== undefined) command.error(`error: ${fault}`);
}

/** Options that are right one by one can contradict each other. */
function assertConsistent(given: Partial<TrainOptions>, command: Command): void {
  const fault = faultOf({ ...TUTORIAL, ...given });
  if (fault !== undefined) command.error(`error: ${fault}`);
}

/** Ends the command for options that do not suit the data. `textFile`: where a text comes from. */
function examplesFor(
  data: Split,
  options: TrainOptions,
  textFile: string | undefined,
  command: Command,
): TrainingData<Examples> {
  try {
    return examplesIn(data, options);
  } catch (error) {
    if (error instanceof DataError && textFile !== undefined)
      throw new DataError(error.message.replace(/^train: data/, `${textFile}: its first 95%`));
    if (!(error instanceof RangeError)) throw error;
    command.error(`error: ${error.message.replace(/^train: /, '')}`);
  }
}

/** The options of the training that the user gave; the others keep their default, or the checkpoint's value. */
function givenOptions(command: Command): Partial<TrainOptions> {
  const given = OPTION_NAMES.filter((name) => isGiven(command, storedName(name)));
  const entries = given.map((name): [string, unknown] => [name, command.getOptionValue(storedName(name))]);
  return withOneLength(Object.fromEntries<unknown>(entries));
}

function assertFlags(flags: TrainFlags & TrainOptions & Pick<SeriesFlags, 'predict'>, command: Command): void {
  if (isGiven(command, 'epochs') && isGiven(command, 'trainingIters')) {
    command.error("error: option '--epochs <count>' cannot be used with option '--training-iters <count>'");
  }
  if (flags.resume !== undefined) {
    const fixed = OPTION_NAMES.find((name) => isGiven(command, storedName(name)) && !isChangeableOnResume(name));
    const flag = fixed === undefined ? givenFlag(command, ['task', 'permute', 'steps', 'rare']) : flagNameOf(fixed);
    if (flag !== undefined) command.error(`error: ${flag} cannot be changed with --resume: the checkpoint sets it`);
  } else {
    if (flags.patience !== null && flags.validateEvery === null)
      command.error('error: --patience needs --validate-every');
    if (flags.best !== undefined && flags.validateEvery === null) command.error('error: --best needs --validate-every');
    if (isGiven(command, 'checkpointEvery') && flags.checkpoint === undefined) {
      command.error('error: --checkpoint-every needs --checkpoint');
    }
  }
  const given = givenOptions(command);
  const options = flags.predict === undefined ? { ...TUTORIAL, ...given } : forecastOptions(given);
  for (const [name, [other, ...values]] of Object.entries(NEEDS) as [
    keyof typeof NEEDS,
    readonly [OptionName, ...string[]],
  ][]) {
    if (name in given && !values.some((value) => options[other] === value))
      command.error(`error: ${flagNameOf(name)} needs ${flagNameOf(other)} ${values.join(' or ')}`);
  }
  if (flags.plot !== undefined && flags.history === undefined) command.error('error: --plot needs --history');
  if (flags.history !== undefined && !/\.(csv|ndjson)$/.test(flags.history)) {
    command.error(`error: --history ${flags.history}: must end in .csv or .ndjson`);
  }
}

function outputsOf({ checkpoint, resume, best, history, plot }: TrainFlags): WrittenFile[] {
  const checkpointName = checkpoint === undefined ? '--resume' : '--checkpoint';
  return [
    { name: checkpointName, file: checkpoint ?? resume, keepOld: true },
    { name: '--best', file: best, keepOld: true },
    { name: '--history', file: history, keepOld: false },
    { name: '--plot', file: plot, keepOld: false },
  ].filter((output): output is WrittenFile => output.file !== undefined);
}

/** An output may be neither another output nor the checkpoint that the run reads. */
function assertOwnOutputs(flags: TrainFlags, command: Command): void {
  const { resume } = flags;
  const outputs = outputsOf(flags);
  assertAllApart(command, outputs);
  if (resume === undefined) return;
  for (const output of outputs) {
    // a run may continue its own checkpoint, or the previous one if that is damaged
    const isCheckpoint = output.file === (flags.checkpoint ?? resume);
    const accepted = isCheckpoint ? (['', '.previous'] as const) : [];
    assertApart(command, output, { name: '--resume', file: resume }, accepted);
  }
}

/** An output may be no file of data that the run reads. */
function assertApartFromData(flags: TrainFlags, task: Task, command: Command): void {
  const name = flags.text === undefined ? '--data' : '--text';
  for (const file of task.files()) assertApartFrom(command, outputsOf(flags), { [name]: file });
}
