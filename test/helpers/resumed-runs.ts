/** Short runs that are interrupted and resumed. */
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { createWasmBackend } from '../../kernels/wasm/index.js';
import type { Backend } from '../../src/core/backend.js';
import { sliceImages } from '../../src/data/mnist.js';
import type { Checkpoint } from '../../src/training/checkpoint.js';
import { checkpointBytes, parseCheckpoint } from '../../src/training/checkpoint.js';
import type { TrainHooks } from '../../src/training/loop.js';
import { resumeTraining, train } from '../../src/training/loop.js';
import type { TrainOptions } from '../../src/training/options.js';
import type { Line, Validation } from '../../src/training/run.js';
import { failureOf } from './failures.js';
import { IMAGES, OPTIONS } from './small-images.js';

export type Asked = Partial<TrainOptions>;

/** 64 images in batches of 10: several epochs end inside a batch. */
export const SMALL: Asked = { ...OPTIONS, batchSize: 10, trainingIters: 200, displayStep: 2, learningRate: 0.02 };
export const VALIDATION = sliceImages(IMAGES, 0, 17);

interface Recorded {
  readonly lines: Line[];
  readonly validations: Validation[];
  readonly checkpoints: Checkpoint[];
  readonly best: Checkpoint[];
}

/** Hooks that record their calls, and stop the run after step `last`. */
export function recording(last = Infinity): { recorded: Recorded; hooks: TrainHooks } {
  const recorded: Recorded = { lines: [], validations: [], checkpoints: [], best: [] };
  const controller = new AbortController();
  const hooks: TrainHooks = {
    onLine: (line) => recorded.lines.push(line),
    onValidation: (validation) => recorded.validations.push(validation),
    onBest: (checkpoint) => recorded.best.push(checkpoint),
    onCheckpoint: (checkpoint) => recorded.checkpoints.push(checkpoint),
    onStep: (step) => {
      if (step === last) controller.abort('stopped');
    },
    validation: VALIDATION,
    signal: controller.signal,
  };
  return { recorded, hooks };
}

const OPTION_SETS: readonly (readonly [string, Asked])[] = [
  ['the tutorial’s options', {}],
  ['legacy batches', { shuffle: 'legacy' }],
  ['a schedule and clipping', { schedule: 'cosine', warmUp: 5, clipNorm: 0.1, clipValue: 0.05 }],
  ['validation', { validateEvery: 3 }],
  ['validation and early stopping', { validateEvery: 1, patience: 2, learningRate: 0.5 }],
  ['epochs', { epochs: 3 }],
];

const backends: readonly (readonly [string, () => Promise<Backend>])[] = [
  ['reference', async () => createReferenceBackend()],
  ['wasm', () => createWasmBackend({ threads: 2, check: true })],
];

/** `stepsOf` gives the steps after which a run of n steps is interrupted; `when` describes them. */
export function testInterruptions(when: string, stepsOf: (steps: number) => readonly number[]): void {
  describe.each(backends)('on the backend %s', (_, make) => {
    let backend: Backend;
    beforeAll(async () => (backend = await make()));
    afterAll(() => backend.dispose());

    test.each(OPTION_SETS)(
      `a run with %s resumes to the same end after an interruption ${when}`,
      async (_name, asked) => {
        const options = { ...SMALL, ...asked };
        const whole = recording();
        const model = await train(backend, IMAGES, options, whole.hooks);
        const steps = whole.recorded.checkpoints[0].training!.step;
        model.dispose();
        expect(steps).toBeGreaterThan(4);
        const end = checkpointBytes(whole.recorded.checkpoints[0]);

        for (const last of stepsOf(steps)) {
          const first = recording(last);
          expect(await failureOf(train(backend, IMAGES, options, first.hooks))).toBe('stopped');
          expect(first.recorded.checkpoints).toHaveLength(1);
          // through the bytes of a file, as a process would
          const saved = parseCheckpoint(checkpointBytes(first.recorded.checkpoints[0]), 'saved');
          expect(saved.training?.step).toBe(last);

          const second = recording();
          (await resumeTraining(backend, IMAGES, saved, {}, second.hooks)).dispose();
          expect([...first.recorded.lines, ...second.recorded.lines]).toEqual(whole.recorded.lines);
          expect([...first.recorded.validations, ...second.recorded.validations]).toEqual(whole.recorded.validations);
          expect(checkpointBytes(second.recorded.checkpoints[0])).toEqual(end);
        }
      },
    );
  });
}
