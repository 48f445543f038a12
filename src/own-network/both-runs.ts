/**
 * Two runs on the same data, with the same first weights and the same batches: the engine's, and then the same with a reader's
 * functions. The terminal and the site report both.
 */
import type { Backend } from '../core/backend.js';
import type { TrainingData } from '../data/train-data.js';
import type { NetworkFunctions } from '../exercises/network-answers.js';
import type { Network } from '../network/network.js';
import { defaultPrime } from '../training/options.js';
import { sample } from '../training/sample.js';
import type { Line } from '../training/training.js';
import type { NamedGradient, OwnTask } from './own-network.js';
import { trainOwn } from './own-network.js';
import type { Tested } from './words.js';
import { gradientRow } from './words.js';

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

export type { Tested };

/** Where the runs compute, and whose functions they use. */
export interface Means {
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
