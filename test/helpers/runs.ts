/** Short runs: their last checkpoints, what they report, and what an interruption may not change. */
import { createReferenceBackend } from '../../kernels/reference/index.js';
import type { Backend } from '../../src/core/backend.js';
import { valuesOf } from '../../src/core/tensor.js';
import type { Sequences } from '../../src/data/sequences.js';
import type { GivenData } from '../../src/data/train-data.js';
import type { Checkpoint } from '../../src/training/checkpoint.js';
import { checkpointBytes, parseCheckpoint } from '../../src/training/checkpoint.js';
import type { TrainHooks } from '../../src/door/train.js';
import { evaluate } from '../../src/door/evaluate.js';
import { resumeTraining, train } from '../../src/door/train.js';
import { predict } from '../../src/door/predict.js';
import type { TrainOptions } from '../../src/training/options.js';
import type { Line, Validation } from '../../src/training/training.js';
import { failureOf } from './failures.js';

/** The last checkpoint of a run. */
export async function checkpointOf(
  data: GivenData,
  options: Partial<TrainOptions>,
  hooks: TrainHooks = {},
  backend = createReferenceBackend(),
): Promise<Checkpoint> {
  const saved: Checkpoint[] = [];
  const onCheckpoint = (checkpoint: Checkpoint) => saved.push(checkpoint);
  (await train(backend, data, options, { ...hooks, onCheckpoint })).dispose();
  return saved.at(-1)!;
}

interface Recorded {
  readonly lines: Line[];
  readonly validations: Validation[];
  readonly checkpoints: Checkpoint[];
  readonly best: Checkpoint[];
  readonly warnings: string[];
}

/** Hooks that record their calls, and stop the run after step `last`. */
export function recordingOf(
  validation: GivenData | undefined,
  last = Infinity,
): { recorded: Recorded; hooks: TrainHooks } {
  const recorded: Recorded = { lines: [], validations: [], checkpoints: [], best: [], warnings: [] };
  const controller = new AbortController();
  const hooks: TrainHooks = {
    onLine: (line) => recorded.lines.push(line),
    onValidation: (one) => recorded.validations.push(one),
    onBest: (checkpoint) => recorded.best.push(checkpoint),
    onCheckpoint: (checkpoint) => recorded.checkpoints.push(checkpoint),
    onStep: (step) => {
      if (step === last) controller.abort('stopped');
    },
    onWarning: (message) => recorded.warnings.push(message),
    ...(validation && { validation }),
    signal: controller.signal,
  };
  return { recorded, hooks };
}

/** Defines tests on the reference backend, and on two threads of WebAssembly. */
export function describeOnBackends(define: (backend: () => Backend) => void): void {
  describe.each<[string, () => Promise<Backend>]>([
    ['reference', async () => createReferenceBackend()],
    ['wasm', async () => (await import('../../kernels/wasm/index.js')).createWasmBackend({ threads: 2, check: true })],
  ])('on the backend %s', (_, make) => {
    let backend: Backend;
    beforeAll(async () => (backend = await make()));
    afterAll(() => backend.dispose());
    define(() => backend);
  });
}

/** A run on a backend, and what the trained network predicts and costs, are those on the reference backend, but for rounding. */
export async function expectAsOnReference(
  backend: Backend,
  data: Sequences,
  options: Partial<TrainOptions>,
): Promise<void> {
  const results: number[][] = [];
  for (const one of [backend, createReferenceBackend()]) {
    const network = await train(one, data, options);
    const { outputs, probabilities } = await predict(network, data.x, data.lengths && { lengths: data.lengths });
    const { loss, count } = await evaluate(network, data);
    results.push([
      count,
      loss,
      ...[outputs, ...(probabilities ? [probabilities] : [])].flatMap((all) => [...valuesOf(all)]),
    ]);
    network.dispose();
  }
  const [found, expected] = results;
  expect(found).toHaveLength(expected.length);
  expected.forEach((value, n) => {
    if (Number.isNaN(value)) expect(found[n]).toBeNaN();
    else expect(Math.abs(found[n] - value)).toBeLessThan(1e-3);
  });
}

/** A run, and the data that it reads. */
export interface Run {
  readonly data: GivenData;
  /** Used if the options validate. */
  readonly validation: GivenData;
  readonly options: Partial<TrainOptions>;
}

/**
 * A run that is interrupted after one of its steps, and resumed, has the lines, the validations and the last bytes of the
 * whole run. `stepsOf` gives the steps after which a run of n steps is interrupted.
 */
export async function expectInterruptible(
  backend: Backend,
  { data, validation: given, options }: Run,
  stepsOf: (steps: number) => readonly number[],
): Promise<void> {
  const validation = (options.validateEvery ?? null) === null ? undefined : given;
  const whole = recordingOf(validation);
  (await train(backend, data, options, whole.hooks)).dispose();
  const end = whole.recorded.checkpoints[0];
  const lasts = stepsOf(end.training!.step);
  expect(lasts.length).toBeGreaterThan(2);
  for (const last of lasts) {
    const first = recordingOf(validation, last);
    expect(await failureOf(train(backend, data, options, first.hooks))).toBe('stopped');
    expect(first.recorded.checkpoints).toHaveLength(1);
    // through the bytes of a file, as a process would
    const saved = parseCheckpoint(checkpointBytes(first.recorded.checkpoints[0]), 'saved');
    expect(saved.training?.step).toBe(last);

    const second = recordingOf(validation);
    (await resumeTraining(backend, data, saved, {}, second.hooks)).dispose();
    expect([...first.recorded.lines, ...second.recorded.lines]).toEqual(whole.recorded.lines);
    expect([...first.recorded.validations, ...second.recorded.validations]).toEqual(whole.recorded.validations);
    expect(Buffer.compare(checkpointBytes(second.recorded.checkpoints[0]), checkpointBytes(end))).toBe(0);
  }
}
