/** `longhand train` after its flags have been checked: trains, prints, writes the files, and tests the trained network. */
import { SingleBar } from 'cli-progress';
import { typed } from '../../core/errors.js';
import { counted } from '../../core/arguments.js';
import { type Backend, withoutVectors } from '../../core/backend.js';
import type { Examples } from '../../data/examples.js';
import type { Vocabulary } from '../../data/text.js';
import { type Split, type TrainingData, hasTargets } from '../../data/train-data.js';
import type { CompleteConfig } from '../../network/config.js';
import type { Network } from '../../network/network.js';
import { saveCheckpoint } from '../../training/checkpoint-files.js';
import type { Checkpoint, Resumable } from '../../training/checkpoint.js';
import { evaluateData } from '../../training/evaluate.js';
import { type LoopHooks, makeAllSteps } from '../../training/loop.js';
import { type TrainOptions, defaultPrime, resumedOptions, stepCount, TUTORIAL } from '../../training/options.js';
import { sample } from '../../training/sample.js';
import { type Line, type Validation, networkFor, Training } from '../../training/training.js';
import { backendLine, type BackendFlags } from '../backends.js';
import { currentRun } from '../current-run.js';
import {
  bits,
  characterLine,
  characterValidationLine,
  lossName,
  numpyShare,
  pythonFixed,
  tutorialLine,
  validationLine,
  inform,
  informLines,
  print,
  printJson,
} from '../print.js';
import { History } from '../history.js';
import { assertRoomToTrain, REDUCE, TOO_LARGE, withAdvice } from '../memory.js';
import { type Noun, type TaskFlags, nounOf } from '../tasks.js';

/** The tutorial tests on the first 128 images only. */
const TUTORIAL_TEST_COUNT = 128;

/** The flags of `longhand train` that are not options of the training. */
export interface TrainFlags extends BackendFlags, TaskFlags {
  readonly json: boolean;
  readonly checkpoint?: string;
  readonly checkpointEvery: number;
  readonly resume?: string;
  readonly best?: string;
  readonly history?: string;
  readonly plot?: string;
  readonly sampleEvery: number;
}

/** `examples`: of the training and validation data. `given`: the options that the user chose. */
export async function runTraining(
  backend: Backend,
  data: Split,
  examples: TrainingData<Examples>,
  given: Partial<TrainOptions>,
  flags: TrainFlags,
  resumed: Resumable | undefined,
  signal: AbortSignal,
): Promise<void> {
  const noun = nounOf(data.train);
  const print = printerFor(flags, noun);
  const startedAt = performance.now();
  const { model, step } = await trainWithFiles(backend, examples, noun, given, flags, resumed, signal);
  print.finished(step);
  const trainedAt = performance.now();

  const { correct, loss, count } = await evaluateData('test', model, data.test, signal);
  if (noun === 'characters') print.testedText(loss, count);
  else if (hasTargets(data.test)) print.testedError(loss, count, model.config);
  else {
    const first = correct.subarray(0, TUTORIAL_TEST_COUNT);
    if (noun === 'images') print.tested(share(first), first.length);
    print.testedAll(share(correct), correct.length, noun);
  }
  model.dispose();
  if (flags.plot !== undefined && flags.history !== undefined) {
    const { writePlot } = await import('../plot.js'); // it is slow to load
    writePlot(flags.plot, flags.history);
  }
  const seconds = (from: number, to: number): string => ((to - from) / 1000).toFixed(1);
  inform(`trained in ${seconds(startedAt, trainedAt)} s, tested in ${seconds(trainedAt, performance.now())} s`);
}

const share = (correct: Uint8Array): number => correct.reduce((sum, right) => sum + right, 0) / correct.length;

async function trainWithFiles(
  backend: Backend,
  sets: TrainingData<Examples>,
  noun: Noun,
  given: Partial<TrainOptions>,
  flags: TrainFlags,
  resumed: Resumable | undefined,
  signal: AbortSignal,
): Promise<{ model: Network; step: number }> {
  const before = resumed?.training;
  const startStep = before?.step ?? 0;
  const options = { ...(before?.options ?? TUTORIAL), ...given };
  const { train: examples } = sets;
  const steps = stepCount(options, examples.count);
  inform(backendLine(backend, flags.vectors));
  const one = noun === 'characters' ? 'sequence' : noun.slice(0, -1);
  const length = noun === 'characters' ? ` of ${counted(examples.T, 'character')}` : '';
  inform(
    `${counted(examples.count, `training ${one}`)}${length}, batches of ${options.batchSize}: ${counted(steps, 'step')}; seed ${options.seed}` +
      (before ? `; from step ${startStep}` : ''),
  );
  if (before && withoutThreads(before.backend) !== withoutThreads(backend.description)) {
    inform(`the run has used ${before.backend.slice(0, 200)}: the last digits may differ`);
  }

  const advice = resumed ? TOO_LARGE : REDUCE;
  const [network, sizes] = [networkFor(examples, options), { T: examples.T, B: options.batchSize }];
  assertRoomToTrain(network, sizes, backend, flags, advice);

  const history = flags.history === undefined ? undefined : new History(flags.history, startStep);
  const bar = progressBar(startStep, steps);
  const reporting = reportingHooks(flags, printerFor(flags, noun), bar, history);
  let step = startStep;
  let hasBest = false;
  const onStep = async (made: number, _steps: number, network: Network): Promise<void> => {
    step = made;
    bar.update(made);
    if (examples.vocabulary && flags.sampleEvery > 0 && made % flags.sampleEvery === 0) {
      bar.clear();
      informLines(`step ${made} writes: ${await sampleOf(network, examples.vocabulary)}\n`);
    }
  };
  const hooks = {
    ...reporting,
    onStep,
    signal,
    ...(reporting.onBest && {
      onBest: (state: Checkpoint) => {
        reporting.onBest?.(state);
        hasBest = true;
      },
    }),
  };
  const reportBest = (): void => {
    if (flags.best === undefined || hasBest) return;
    const earlier = before?.best
      ? `no validation had a smaller loss than that of step ${before.best.step}`
      : 'no validation was made';
    inform(`--best ${flags.best} is not written: ${earlier}`);
  };
  try {
    const model = await withAdvice(advice, () =>
      makeAllSteps(
        resumed
          ? Training.resume(backend, {
              examples: sets,
              options: resumedOptions(resumed.training, given),
              checkpoint: resumed,
            })
          : Training.start(backend, { examples: sets, options }),
        hooks,
      ),
    );
    bar.stop();
    history?.begin();
    if (step < steps) inform(`stopped early, after step ${step}`);
    reportBest();
    return { model, step };
  } catch (error) {
    bar.stop();
    const target = flags.checkpoint ?? flags.resume;
    if (signal.aborted && error === signal.reason) {
      reportBest();
      if (target !== undefined) inform(`the run is saved: ${typed(`train --resume ${target}`)} continues it`);
    }
    throw error;
  } finally {
    bar.stop();
  }
}

const SAMPLE_LENGTH = 200;

async function sampleOf(network: Network, vocabulary: Vocabulary): Promise<string> {
  const options = { length: SAMPLE_LENGTH, prime: defaultPrime(vocabulary) };
  let text = options.prime;
  for await (const character of sample(network, vocabulary, options)) text += character;
  return text;
}

/** Neither the number of threads nor the width of the vectors changes a bit of the results. */
const withoutThreads = (description: string): string =>
  withoutVectors(description).replace(/, \d+ threads?( \(.*\))?$/, '');

function reportingHooks(
  { checkpoint, resume, checkpointEvery, best }: TrainFlags,
  print: Printer,
  bar: Bar,
  history: History | undefined,
): LoopHooks {
  const target = checkpoint ?? resume;
  const save = (file: string, state: Checkpoint): void => {
    history?.begin(); // otherwise a resumed run could find another run's rows in the old file
    saveCheckpoint(file, state);
  };
  return {
    onLine: (line) => {
      bar.clear();
      print.line(line);
      history?.add({ set: 'train', ...line, accuracy: numberOrNull(line.accuracy) });
    },
    onValidation: (validation) => {
      bar.clear();
      print.validation(validation);
      history?.add({ set: 'validation', ...validation, accuracy: numberOrNull(validation.accuracy) });
    },
    onWarning: (message) => {
      bar.clear();
      inform(`warning: ${message}`);
    },
    ...(best !== undefined && { onBest: (state) => save(best, state) }),
    ...(target !== undefined && { onCheckpoint: (state) => save(target, state), checkpointEvery }),
  };
}

/** JSON has no NaN. */
const numberOrNull = (value: number): number | null => (Number.isNaN(value) ? null : value);

const textPrinter = {
  line: (line: Line) => print(tutorialLine(line)),
  validation: (validation: Validation) => print(validationLine(validation)),
  finished: (_steps: number) => print('Optimization Finished!'),
  tested: (accuracy: number, _images: number) => print(`Testing Accuracy: ${numpyShare(accuracy)}`),
  testedAll: (accuracy: number, count: number, noun: Noun) =>
    print(`Testing Accuracy on all ${counted(count, noun.slice(0, -1))}: ${numpyShare(accuracy)}`),
  testedText: (loss: number, characters: number) =>
    print(`Bits per character on the last ${counted(characters + 1, 'character')}: ${bits(loss)}`),
  testedError: (loss: number, sequences: number, config: CompleteConfig) => {
    const name = lossName(config).replace(/\b[a-z]/g, (letter) => letter.toUpperCase());
    print(`Testing ${name} on all ${counted(sequences, 'sequence')}: ${pythonFixed(loss, 6)}`);
  },
};

type Printer = typeof textPrinter;

/** For a text: bits per character in place of the accuracy. */
const characterPrinter: Printer = {
  ...textPrinter,
  line: (line) => print(characterLine(line)),
  validation: (validation) => print(characterValidationLine(validation)),
};

function printerFor({ json }: TrainFlags, noun: Noun): Printer {
  if (json) return jsonPrinter;
  return noun === 'characters' ? characterPrinter : textPrinter;
}

const printEvent = (event: string, fields: object): void => printJson({ event, ...fields });

const jsonPrinter: Printer = {
  line: (line) => printEvent('step', line),
  validation: (validation) => printEvent('validation', validation),
  finished: (steps) => printEvent('finished', { steps }),
  tested: (accuracy, images) => printEvent('test', { images, accuracy }),
  testedAll: (accuracy, count, noun) => printEvent('test', { [noun]: count, accuracy }),
  testedText: (loss, characters) =>
    printEvent('test', { characters: characters + 1, loss, bitsPerCharacter: loss / Math.LN2 }),
  testedError: (loss, sequences, { loss: lossName }) => printEvent('test', { sequences, loss, lossName }),
};

type Bar = ReturnType<typeof progressBar>;

/** A progress bar on standard error, if that is a terminal; it is cleared at the end. */
export function progressBar(startStep: number, steps: number) {
  const { stderr } = currentRun();
  if (!stderr.isTTY) return { update: () => {}, clear: () => {}, stop: () => {} };
  const bar = new SingleBar({
    format: '{bar} step {value}/{total}, {eta_formatted} left',
    stream: stderr,
    clearOnComplete: true,
    hideCursor: true,
  });
  bar.start(steps, startStep);
  return {
    update: (step: number) => bar.update(step),
    clear: () => stderr.write('\r\u001b[K'),
    stop: () => bar.stop(),
  };
}
