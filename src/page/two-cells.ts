/** Two cells learn parity side by side, in the worker: the sixth experiment. docs/learn/other-cells.md has the same task. */
import { createWasmBackend } from '../../kernels/wasm/index.js';
import { yieldToEventLoop } from '../core/event-loop.js';
import { parity } from '../data/memory-tasks.js';
import { Network } from '../network/network.js';
import { evaluateData } from '../training/evaluate.js';
import type { TrainOptions } from '../training/options.js';
import { newRun } from '../training/run-data.js';
import { Training } from '../training/training.js';

/** A cell, as the options of a run say it. */
export type CellChoice = Pick<TrainOptions, 'cell' | 'eigenvalues'>;

/** What both cells have reached: their accuracies (0 … 1) on the longer sequences. */
export interface CellLine {
  readonly step: number;
  readonly accuracies: readonly number[];
}

/** Trained with sequences of 1 to 40 steps, tested with 40 to 256. */
const [SHORT, LONG] = [40, 256];
const [BATCH, UPDATES, EVERY] = [100, 600, 20];
const OPTIONS = {
  hidden: 16,
  layers: 2,
  batchSize: BATCH,
  learningRate: 0.01,
  clipNorm: 1,
  outputInit: 'glorot',
  trainingIters: BATCH * UPDATES + 1,
} as const;

/** Trains a network of each cell in turn. Reports every `EVERY` updates, until `UPDATES` or `signal`. */
export async function trainTwoCells(
  choices: readonly CellChoice[],
  report: (line: CellLine) => void,
  signal: AbortSignal,
): Promise<void> {
  const backend = await createWasmBackend({ threads: 1, deterministic: true });
  try {
    const train = parity(20_000, SHORT, [1, SHORT], 1);
    const test = parity(2 * BATCH, LONG, [SHORT, LONG], 3);
    const runs = choices.map((choice) => {
      const training = Training.start(backend, newRun({ train, validation: undefined }, { ...OPTIONS, ...choice }));
      return { training, longer: new Network(backend, training.network.config, { T: LONG, B: BATCH }) };
    });
    for (let step = 1; step <= UPDATES; step++) {
      await yieldToEventLoop();
      if (signal.aborted) return;
      for (const { training } of runs) await training.makeStep();
      if (step % EVERY !== 0) continue;
      const accuracies: number[] = [];
      for (const { training, longer } of runs) {
        longer.load(await training.network.save());
        accuracies.push((await evaluateData('evaluate', longer, test)).accuracy);
      }
      report({ step, accuracies });
    }
  } finally {
    await backend.dispose();
  }
}
