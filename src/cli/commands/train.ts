/**
 * `longhand train`: reads and checks the flags. run-training.ts, the next file to read, trains and reports. The flags of
 * the training itself come from the table in src/training/option-table.ts.
 */
import { Command, Option } from 'commander';
import { DataError } from '../../core/errors.js';
import type { Examples } from '../../data/examples.js';
import { type Split, type TrainingData, hasTargets } from '../../data/train-data.js';
import { assertReplaceable } from '../../files/disk-replace.js';
import { asOnlyRun } from '../../files/disk-writers.js';
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
import { f32Number, filePath, givenFlag, isGiven, listOf, quantileList, wholeNumber } from '../flag-values.js';
import { type WrittenFile, assertAllApart, assertApart, assertApartFrom } from '../outputs.js';
import { type TrainFlags, runTraining } from './run-training.js';
import { type Task, assertTaskFlags, savedTask, taskOf, withTaskOptions } from '../tasks.js';

export function trainCommand(): Command {
  const command = new Command('train').description("Train a network and test it: the tutorial's on MNIST, or another.");
  withTaskOptions(command.optionsGroup('Task:'));
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
  longhand train --checkpoint run.safetensors       save the run …
  longhand train --resume run.safetensors           … and continue it
  longhand train --json > run.ndjson                lines for other programs
  longhand train --task adding --help               with the defaults of that task`,
    )
    .action(async (flags: TrainFlags & TrainOptions) => {
      assertFlags(flags, command);
      assertTaskFlags(flags, command);
      assertOwnOutputs(flags, command);
      if (flags.plot !== undefined && !flags.plot.endsWith('.svg'))
        command.error(`error: --plot ${flags.plot}: must end in .svg`);
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
  const defaults = { ...TUTORIAL, ...taskOf(command.opts<TrainFlags>()).options };
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

function assertFlags(flags: TrainFlags & TrainOptions, command: Command): void {
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
  const options = { ...TUTORIAL, ...given };
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
