/**
 * The program of a process that trains a network with answers: child-process.ts starts it, and writes the job to its standard
 * input. It reports a line of JSON after each update, and ends.
 */
import { createWasmBackend } from '../../../kernels/wasm/index.js';
import { loadMnist } from '../../data/mnist-files.js';
import { loadText } from '../../data/text-files.js';
import { textTask } from '../../data/text.js';
import type { TrainingData } from '../../data/train-data.js';
import { type NetworkFunctions, functionsOf } from '../../exercises/network-answers.js';
import { trainBoth, IMAGES_TASK, TEXT_STEPS, TEXT_TASK } from '../../own-network/own-network.js';
import { compileInRealm, endProcess, readJob, withinTime } from './realm.js';
import type { NetworkJob, Report } from './child-process.js';

const { job, reportLine } = readJob();
const report = (message: Report): void => reportLine(JSON.stringify(message));

function loadData(text: string | undefined): TrainingData {
  if (text !== undefined) return textTask(loadText(text), { T: TEXT_STEPS });
  const { train, test } = loadMnist();
  return { train, validation: test };
}

/** The functions with a limit of time for each call. */
const timed = (functions: NetworkFunctions, longestMs: number | undefined) =>
  Object.fromEntries(
    Object.entries(functions).map(([name, call]: [string, ((...of: unknown[]) => unknown) | undefined]) => [
      name,
      call && ((...of: unknown[]) => withinTime(() => call(...of), longestMs)),
    ]),
  ) as unknown as NetworkFunctions;

async function train({ answers, text, steps, longestMs }: NetworkJob): Promise<void> {
  const usual = text === undefined ? IMAGES_TASK : TEXT_TASK;
  const count = steps ?? usual.steps;
  await trainBoth(
    {
      createBackend: () => createWasmBackend({ threads: 1 }),
      makeFunctions: () =>
        timed(
          withinTime(() => functionsOf(answers, compileInRealm()), longestMs),
          longestMs,
        ),
    },
    loadData(text),
    { ...usual, steps: count, displayStep: Math.ceil(count / 10) },
    report,
  );
}

try {
  await train(job as NetworkJob);
} catch (error) {
  report({ kind: 'failed', message: error instanceof Error ? error.message : String(error) });
} finally {
  endProcess();
}
