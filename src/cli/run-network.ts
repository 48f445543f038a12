/**
 * The program of a process that trains a network with answers: network-process.ts starts it, and writes the job to its standard
 * input. It reports a line of JSON after each update, and ends.
 */
import { readFileSync } from 'node:fs';
import { createWasmBackend } from '../../kernels/wasm/index.js';
import type { Backend } from '../core/backend.js';
import { loadMnist } from '../data/mnist-files.js';
import { loadText } from '../data/text-files.js';
import type { Vocabulary } from '../data/text.js';
import { textTask } from '../data/text.js';
import type { TrainingData } from '../data/train-data.js';
import type { NetworkFunctions } from '../exercises/network-answers.js';
import { functionsOf } from '../exercises/network-answers.js';
import type { Network } from '../network/network.js';
import { IMAGES_TASK, TEXT_STEPS, TEXT_TASK, trainOwn } from '../own-network/own-network.js';
import { sample } from '../training/sample.js';
import type { Line } from '../training/training.js';
import { compileInRealm, endProcess, reportLine, withinTime } from './answer-realm.js';
import type { NetworkJob, Report } from './network-process.js';
import { defaultPrime } from './sample.js';

const report = (message: Report): void => reportLine(JSON.stringify(message));

const SAMPLE_LENGTH = 200;

interface OwnData {
  readonly data: TrainingData;
  /** Images of the test; 0 of a text. */
  readonly count: number;
  /** Of a text. Default: none. */
  readonly vocabulary?: Vocabulary;
}

function loadData(text: string | undefined): OwnData {
  if (text === undefined) {
    const { train, test } = loadMnist();
    return { data: { train, validation: test }, count: test.count };
  }
  const { train, validation } = textTask(loadText(text), { T: TEXT_STEPS });
  return { data: { train, validation }, count: 0, vocabulary: train.vocabulary };
}

async function textOf(network: Network, vocabulary: Vocabulary | undefined): Promise<string | undefined> {
  if (!vocabulary) return undefined;
  let text = defaultPrime(vocabulary);
  for await (const character of sample(network, vocabulary, { length: SAMPLE_LENGTH, prime: text })) text += character;
  return text;
}

/** Its own memory, so that the answers change no tensor of the other run. */
async function withBackend(work: (backend: Backend) => Promise<void>): Promise<void> {
  const backend = await createWasmBackend({ threads: 1 });
  await work(backend);
  await backend.dispose();
}

/** The functions with a limit of time for each call. */
const timed = (functions: NetworkFunctions, longestMs: number | undefined) =>
  Object.fromEntries(
    Object.entries(functions).map(([name, call]: [string, ((...of: unknown[]) => unknown) | undefined]) => [
      name,
      call && ((...of: unknown[]) => withinTime(() => call(...of), longestMs)),
    ]),
  ) as unknown as NetworkFunctions;

/** The engine's run comes first, before any line of an answer has run. */
async function train({ answers, text, steps, longestMs }: NetworkJob): Promise<void> {
  const { data, count, vocabulary } = loadData(text);
  const usual = text === undefined ? IMAGES_TASK : TEXT_TASK;
  const task = { ...usual, steps: steps ?? usual.steps };
  const onStep = (step: number): void => report({ kind: 'step', step, steps: task.steps });
  await withBackend(async (backend) => {
    const { test } = await trainOwn(backend, data, task, { onStep });
    report({ kind: 'engine', ...test });
  });
  const functions = withinTime(() => functionsOf(answers, compileInRealm()), longestMs);
  await withBackend(async (backend) => {
    const onLine = (line: Line): void => report({ kind: 'line', ...line });
    const { test, network } = await trainOwn(backend, data, task, { onStep, onLine }, timed(functions, longestMs));
    const written = await textOf(network, vocabulary);
    report({ kind: 'end', count, ...test, ...(written !== undefined && { written }) });
  });
}

try {
  await train(JSON.parse(readFileSync(0, 'utf8')) as NetworkJob);
} catch (error) {
  report({ kind: 'failed', message: error instanceof Error ? error.message : String(error) });
} finally {
  endProcess();
}
