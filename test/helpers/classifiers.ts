/** Recordings of waves, and classifiers that are trained on them. */
import { createWasmBackend } from '../../kernels/wasm/index.js';
import { classifierBytes } from '../../src/classify/classifier-file.js';
import type { ClassifierHooks, ClassifierState } from '../../src/classify/classifier.js';
import { classifyOptions, trainClassifier } from '../../src/classify/classifier.js';
import { type ClassifyChoices, planOf } from '../../src/classify/plan.js';
import { type ClassifyColumns, type Recordings, recordingsOf, wantedColumns } from '../../src/classify/recordings.js';
import { Random } from '../../src/core/rng.js';
import { tableOf } from '../../src/data/table.js';

export const COLUMNS: ClassifyColumns = { classify: 'kind', inputs: ['x'], time: [], group: 'who' };
export const CHOICES: ClassifyChoices = { columns: COLUMNS, window: 8, stride: 4, seeds: 2 };

/** Slow and fast waves of the same strength: means and deviations do not tell them apart. */
export function waves(groups = 10, change: (group: number, kind: string) => string = (_, kind) => kind) {
  const random = new Random(5);
  return Array.from({ length: groups }, (_, group) =>
    ['slow', 'fast'].flatMap((kind) => {
      const phase = random.uniform(0, 6);
      return Array.from({ length: 24 }, (__, t) => ({
        who: `w${group}`,
        kind: change(group, kind),
        x: Math.sin(phase + t * (kind === 'slow' ? 0.8 : 2.2)) + random.normal(0, 0.1),
      }));
    }),
  ).flat();
}
export const recordingsFrom = (rows: readonly Record<string, unknown>[], columns = COLUMNS): Recordings =>
  recordingsOf(tableOf('rows', rows, wantedColumns(columns)), columns);

export const backend = await createWasmBackend({ threads: 1 });
export const recordings = recordingsFrom(waves());
export const OPTIONS = classifyOptions({
  ...{ hidden: 3, batchSize: 8, trainingIters: 56, displayStep: 1000, validateEvery: 2 },
});
export const begun = (choices: Partial<ClassifyChoices> = {}, from = recordings): ClassifierState => ({
  plan: planOf(from, { ...CHOICES, ...choices }, OPTIONS.seed),
  networks: new Map(),
});

/** A whole run, and the state at each of its checkpoints. */
export async function trained(before: ClassifierState, hooks: ClassifierHooks = {}, options = OPTIONS) {
  const states: ClassifierState[] = [];
  const state = await trainClassifier(backend, recordings, options, before, {
    ...hooks,
    onState: (now) => states.push(now),
  });
  return { state, states, bytes: classifierBytes(state) };
}
