/**
 * A network that trains with a reader's gradients and Adam, and before it the engine's, for the comparison. The forward pass, the data and the products of matrices are the engine's;
 * (15′), the gradient of a class's row of Wx, is in no exercise, so a text uses the engine's too.
 */
import type { Backend } from '../core/backend.js';
import { matrixOf, valuesOf } from '../core/tensor.js';
import { labelRows } from '../equations/cross-entropy.js';
import type { NetworkFunctions } from '../exercises/network-answers.js';
import { outputViews } from '../network/layers.js';
import { type Network, lstmsIn } from '../network/network.js';
import type { TrainingData } from '../data/train-data.js';
import { newRun } from '../training/run-data.js';
import { type Line, type Validation, Training } from '../training/training.js';
import { type GivenOptions, defaultPrime } from '../training/options.js';
import { sample } from '../training/sample.js';
import { type NamedGradient, type Tested, gradientRow } from './words.js';

/** What is trained, and for how long. */
export interface OwnTask {
  readonly options: GivenOptions;
  /** Updates. */
  readonly steps: number;
  /** From one line to the next, in updates. */
  readonly displayStep: number;
}

const COMMON = { hidden: 32, batchSize: 32, outputInit: 'glorot', learningRate: 0.005 } as const;

/** The tutorial's network with fewer units, on MNIST. */
export const IMAGES_TASK: OwnTask = { options: COMMON, steps: 500, displayStep: 50 };
/** A character model, which is trained on sequences of `TEXT_STEPS` characters. */
export const TEXT_TASK: OwnTask = { options: { ...COMMON, hidden: 64 }, steps: 1000, displayStep: 100 };
export const TEXT_STEPS = 25;

/** What a run reports. */
interface Hooks {
  /** The gradients of the first update. */
  readonly onFirst?: (gradients: readonly NamedGradient[]) => void;
  readonly onLine?: (line: Line) => void;
  /** After each update. */
  readonly onStep?: (step: number) => void;
}

/** A trained network, which the caller disposes of, and its loss and accuracy on the data that it was not trained on. */
interface Trained {
  readonly network: Network;
  readonly test: Validation;
}

/** `data.validation`: what the network is tested on. With `functions`, the backward pass and the update are theirs, otherwise the engine's. */
export async function trainOwn(
  backend: Backend,
  data: TrainingData,
  { options, steps, displayStep }: OwnTask,
  { onFirst, onLine, onStep }: Hooks = {},
  functions?: NetworkFunctions,
): Promise<Trained> {
  const own = functions && withFunctions(backend, functions, () => training);
  const training: Training = Training.start(own ?? backend, newRun(data, options));
  try {
    if (functions) replaceBackward(training.network, functions);
    for (let step = 1; step <= steps; step++) {
      await training.makeStep();
      if (step === 1) onFirst?.(await gradientsOf(training.network));
      onStep?.(step);
      if (step % displayStep !== 0) continue;
      const line = await training.line();
      onLine?.(line);
    }
    return { test: await training.validate(), network: training.takeNetwork() };
  } catch (error) {
    training.dispose();
    throw error;
  }
}

async function gradientsOf({ backend, parameters }: Network): Promise<NamedGradient[]> {
  const all: NamedGradient[] = [];
  for (const { name, gradient } of parameters) {
    await backend.download(gradient);
    all.push({ name, shape: [...gradient.shape], values: valuesOf(gradient) });
  }
  return all;
}

/** `backend` with the functions in place of its own. They write on the host, so it must compute there. */
function withFunctions(backend: Backend, functions: NetworkFunctions, training: () => Training): Backend {
  const own: Pick<Backend, 'lstmCellBackward' | 'adam'> = {
    lstmCellBackward(dz, dc, dcPrev, ...inputs) {
      functions.lstmCellBackward(dz, dc, dcPrev, ...inputs);
      for (const written of [dz, dc, dcPrev]) backend.upload(written);
    },
    adam(p, m, v, g) {
      const { learningRate, step } = training();
      functions.adam(p, m, v, g, functions.adamRate(learningRate, step + 1));
      for (const written of [p, m, v]) backend.upload(written);
    },
  };
  return Object.assign(Object.create(backend) as Backend, own); // a class's methods cannot be copied with { ...backend }
}

/** Gives a network, which the caller has made, the functions' backward pass in place of the engine's. */
const replaceBackward = (network: Network, functions: NetworkFunctions): void =>
  void Object.assign(network, { backward: () => backwardWith(network, functions) });

/** The backward pass of a network of one layer. */
function backwardWith(network: Network, functions: NetworkFunctions): void {
  const { activations, backend, config, parameters } = network;
  const { probabilities, y } = activations;
  const [[lstm]] = lstmsIn(network);
  const [kernel, bias] = parameters.slice(-2);
  const dLogits = matrixOf(activations.dLogits);
  if (!probabilities) throw new Error('the network’s loss is not cross-entropy');

  functions.crossEntropyBackward(dLogits, matrixOf(probabilities), labelRows(y), y.size);
  backend.upload(dLogits);
  if (config.reads === 'last') {
    const { states, dStates } = outputViews(config, [lstm]);
    functions.denseBackward(backend, dStates, kernel.gradient, bias.gradient, dLogits, states, kernel.value);
    functions.lstmBackward(backend, lstm);
  } else if (functions.everyStepBackward) {
    functions.everyStepBackward(backend, lstm, dLogits, kernel.value, kernel.gradient, bias.gradient);
  } else throw new Error('the network has a loss at every step, but there is no answer to every-step');
}

export type Whose = 'engine' | 'own';

/** What is reported of each run. */
export type RunReport = { readonly whose: Whose } &
  /** After each update. */
  (
    | { readonly kind: 'step'; readonly step: number; readonly steps: number }
    /** Every `displayStep` updates. */
    | ({ readonly kind: 'line' } & Line)
    | ({ readonly kind: 'tested' } & Tested)
    /** After the first update of the reader's network: a row of `GRADIENT_HEAD` for each gradient. */
    | { readonly kind: 'gradients'; readonly rows: readonly (readonly string[])[] }
  );

/** Where the runs compute, and whose functions they use. */
interface Means {
  /** Each run has a backend of its own, so that the answers change no tensor of the other run. */
  readonly createBackend: () => Promise<Backend>;
  /** Is called after the engine's run, before which no line of an answer has run. */
  readonly makeFunctions: () => NetworkFunctions;
}

/** `data.validation`: what both networks are tested on. */
export async function trainBoth(
  { createBackend, makeFunctions }: Means,
  data: TrainingData,
  task: OwnTask,
  report: (report: RunReport) => void,
): Promise<void> {
  let engines: readonly NamedGradient[] = [];
  await trainOne('engine');
  await trainOne('own', makeFunctions());

  async function trainOne(whose: Whose, functions?: NetworkFunctions): Promise<void> {
    const backend = await createBackend();
    const onFirst = (gradients: readonly NamedGradient[]): void => {
      if (whose === 'engine') engines = gradients;
      else report({ kind: 'gradients', whose, rows: gradients.map((own, k) => gradientRow(own, engines[k])) });
    };
    const onStep = (step: number): void => report({ kind: 'step', whose, step, steps: task.steps });
    const onLine = (line: Line): void => report({ kind: 'line', whose, ...line });
    try {
      const { test, network } = await trainOwn(backend, data, task, { onStep, onLine, onFirst }, functions);
      const { step, loss, accuracy } = test;
      const written = await textOf(network, data);
      const count = data.validation && 'count' in data.validation ? data.validation.count : 0;
      report({ kind: 'tested', whose, step, loss, accuracy, count, ...(written !== undefined && { written }) });
    } finally {
      await backend.dispose();
    }
  }
}

/** In characters. */
const SAMPLE_LENGTH = 200;

async function textOf(network: Network, { train }: TrainingData): Promise<string | undefined> {
  if (!('vocabulary' in train)) return undefined;
  const { vocabulary } = train;
  let text = defaultPrime(vocabulary);
  for await (const character of sample(network, vocabulary, { length: SAMPLE_LENGTH, prime: text })) text += character;
  return text;
}
