/** An interrupted and resumed run equals the uninterrupted run: every bit of lines, validations, weights and moments. */
import { createReferenceBackend } from '../../kernels/reference/index.js';
import type { Backend } from '../../src/core/backend.js';
import { DataError } from '../../src/core/errors.js';
import { type Tensor, valuesOf } from '../../src/core/tensor.js';
import { type LabelledImages, sliceImages } from '../../src/data/mnist.js';
import { textTask } from '../../src/data/text.js';
import type { GivenData } from '../../src/data/train-data.js';
import type { Network } from '../../src/door/network.js';
import { type NamedTensors, valuesByName } from '../../src/network/parameters.js';
import { type Checkpoint, checkpointBytes } from '../../src/training/checkpoint.js';
import { evaluate } from '../../src/door/predict.js';
import { resumeTraining, train } from '../../src/door/train.js';
import type { TrainOptions } from '../../src/training/options.js';
import { untouchable } from '../helpers/backends.js';
import { dataErrorOf, failureOf } from '../helpers/failures.js';
import {
  checkpointOf,
  describeOnBackends,
  expectInterruptible,
  recordingOf,
  IMAGES,
  OPTIONS,
} from '../helpers/small-data.js';
import { describeOnce, inTier, testOnce } from '../helpers/needs.js';

type Asked = Partial<TrainOptions>;

/** 64 images in batches of 10: several epochs end inside a batch. */
const SMALL: Asked = { ...OPTIONS, batchSize: 10, trainingIters: 200, displayStep: 2, learningRate: 0.02 };
const VALIDATION = sliceImages(IMAGES, 0, 17);

const [WHEN, stepsOf] = inTier<[string, (steps: number) => number[]]>(
  ['after the first step, in the middle, and before the last', (steps) => [1, steps >> 1, steps - 1]],
  ['at any step', (steps) => Array.from({ length: steps - 1 }, (_, n) => n + 1)],
);

describeOnBackends((backendOf) => {
  test.each<[string, Asked]>([
    ['the tutorial’s options', {}],
    ['legacy batches', { shuffle: 'legacy' }],
    ['a schedule and clipping', { schedule: 'cosine', warmUp: 5, clipNorm: 0.1, clipValue: 0.05 }],
    ['validation', { validateEvery: 3 }],
    ['validation and early stopping', { validateEvery: 1, patience: 2, learningRate: 0.5 }],
    ['epochs', { epochs: 3 }],
  ])(`a run with %s resumes to the same end after an interruption ${WHEN}`, (_, asked) =>
    expectInterruptible(
      backendOf(),
      { data: IMAGES, validation: VALIDATION, options: { ...SMALL, ...asked } },
      (steps) => {
        expect(steps).toBeGreaterThan(4);
        return stepsOf(steps);
      },
    ),
  );
});

/** Hooks that record their calls, and stop the run after step `last`. */
const recording = (last?: number, validation?: LabelledImages) => recordingOf(validation, last);

const backend = createReferenceBackend();

async function checkpointAfter(step: number, options: Asked = SMALL): Promise<Checkpoint> {
  const { recorded, hooks } = recording(step, (options.validateEvery ?? null) === null ? undefined : VALIDATION);
  await failureOf(train(backend, IMAGES, options, hooks));
  return recorded.checkpoints[0];
}

testOnce('a checkpoint is written every `checkpointEvery` steps, and once at the end', async () => {
  const stepsWith = async (checkpointEvery: number): Promise<(number | undefined)[]> => {
    const { recorded, hooks } = recording();
    (await train(backend, IMAGES, SMALL, { ...hooks, checkpointEvery })).dispose();
    return recorded.checkpoints.map(({ training }) => training?.step);
  };
  expect(await stepsWith(5)).toEqual([5, 10, 15, 19]);
  expect(await stepsWith(19)).toEqual([19]);
  expect(await stepsWith(1000)).toEqual([19]);
});

testOnce('a run that is stopped before its first step is saved too, and resumes from there', async () => {
  const { recorded, hooks } = recording();
  const signal = AbortSignal.abort('early');
  expect(await failureOf(train(backend, IMAGES, SMALL, { ...hooks, signal, checkpointEvery: 5 }))).toBe('early');
  expect(recorded.checkpoints.map(({ training }) => training?.step)).toEqual([0]);
  const [whole, resumed] = [recording(), recording()];
  (await train(backend, IMAGES, SMALL, whole.hooks)).dispose();
  (await resumeTraining(backend, IMAGES, recorded.checkpoints[0], {}, resumed.hooks)).dispose();
  expect(checkpointBytes(resumed.recorded.checkpoints[0])).toEqual(checkpointBytes(whole.recorded.checkpoints[0]));
});

testOnce('a validation loss of NaN ends the run', async () => {
  const crossEntropyForward: Backend['crossEntropyForward'] = (losses, ...rest) => {
    backend.crossEntropyForward(losses, ...rest);
    losses.set(0, NaN);
  };
  const options = { ...SMALL, displayStep: 1000, validateEvery: 3 };
  const failure = await failureOf(
    train({ ...backend, crossEntropyForward }, IMAGES, options, { validation: VALIDATION }),
  );
  expect((failure as Error).message).toMatch(/^validation loss is NaN at step 3: training has diverged/);
});

testOnce('a checkpoint is a copy: further training does not change it', async () => {
  const seen: [Checkpoint, Uint8Array][] = [];
  const onCheckpoint = (checkpoint: Checkpoint) => seen.push([checkpoint, checkpointBytes(checkpoint)]);
  (await train(backend, IMAGES, SMALL, { onCheckpoint, checkpointEvery: 4 })).dispose();
  expect(seen.map(([{ training }]) => training?.step)).toEqual([4, 8, 12, 16, 19]);
  for (const [checkpoint, bytes] of seen) expect(checkpointBytes(checkpoint)).toEqual(bytes);
  expect(new Set(seen.map(([, bytes]) => bytes.join())).size).toBe(seen.length);
});

/** What a caller gives to a run, and how it could change that afterwards. */
interface Given {
  readonly data: GivenData;
  readonly options: Asked;
  readonly validation?: GivenData;
  readonly changes?: readonly (() => unknown)[];
}

const TEXT = textTask('to be or not to be, that is the question', { T: 2 }).train;
const withLists = () => ({ x: [[[0.1], [0.2]], [[0.3]], [[0.4], [0.5]]], lengths: [2, 1, 2] });
const ON_LISTS = { ...SMALL, hidden: [2], batchSize: 2, trainingIters: 20 };

const GIVEN: Readonly<Record<string, () => Given>> = {
  layers() {
    const hidden = [3, 2];
    const options = { ...SMALL, trainingIters: 90, validateEvery: 2, hidden };
    return { data: IMAGES, options, validation: VALIDATION, changes: [() => (hidden[0] = 7)] };
  },
  vocabulary() {
    const characters = [...TEXT.vocabulary.characters];
    const options = { ...SMALL, trainingIters: 18, batchSize: 2, hidden: [3, 2] };
    const data = { ...TEXT, vocabulary: { characters, hasOther: false } };
    return { data, options, changes: [() => characters.reverse()] };
  },
  'labels, lengths and classes'() {
    const data = { ...withLists(), labels: [0, 1, -1], classes: ['no', 'yes'] };
    const changes = [() => data.lengths.fill(9), () => data.labels.fill(7), () => data.classes.reverse()];
    return { data, options: ON_LISTS, changes };
  },
  'targets and quantiles'() {
    const [data, quantiles] = [{ ...withLists(), targets: [1, 2, NaN] }, [0.2, 0.8]];
    const changes = [() => data.targets.fill(NaN), () => quantiles.fill(0.5)];
    return { data, options: { ...ON_LISTS, loss: 'pinball', quantiles }, changes };
  },
};

testOnce.each(Object.entries(GIVEN))(
  'a run keeps its %s, its options and its checkpoint, though the caller changes what it gave and got',
  async (_, make) => {
    type Spoil = (state: Checkpoint, changes: readonly (() => unknown)[]) => unknown;
    const run = async (spoil: Spoil, changed: (given: Given) => unknown = () => {}): Promise<Uint8Array[]> => {
      const seen: Uint8Array[] = [];
      const given = make();
      const { data, options, validation, changes = [] } = given;
      const onCheckpoint = (state: Checkpoint): void => {
        seen.push(checkpointBytes(state));
        spoil(state, changes);
      };
      const network = train(backend, data, options, {
        ...(validation && { validation }),
        onCheckpoint,
        checkpointEvery: 4,
      });
      changed(given);
      (await network).dispose();
      return seen;
    };
    const changeAll = (changes: readonly (() => unknown)[] = []): void => changes.forEach((change) => change());
    const expected = await run(() => {});
    expect(
      await run(
        () => {},
        ({ changes }) => changeAll(changes),
      ),
    ).toEqual(expected);
    const spoils: Spoil[] = [
      (__, changes) => changeAll(changes),
      ({ model }) => Object.assign(model.network.layers[0], { hidden: 9 }),
      ({ training }) => Object.assign(training!.best ?? {}, { loss: -1 }),
    ];
    for (const spoil of spoils) expect(await run(spoil)).toEqual(expected);
    const refused: Spoil[] = [
      ({ training }) => Object.assign(training!.options, { displayStep: 1 }),
      ({ training }) => Object.assign(training!.options.hidden, [7]),
      ({ training }) => Object.assign(training!.options.quantiles, [7]),
      ({ model }) => Object.assign(model.vocabulary?.characters ?? Object.freeze(['']), ['x']),
    ];
    for (const spoil of refused)
      expect(await run((...given) => expect(() => spoil(...given)).toThrow(TypeError))).toEqual(expected);
  },
);

testOnce(
  'onBest saves the step with the smallest validation loss, and training stops after `patience` larger losses',
  async () => {
    const { recorded, hooks } = recording(Infinity, VALIDATION);
    const options = { ...SMALL, trainingIters: 3000, learningRate: 0.3, validateEvery: 2, patience: 3 };
    (await train(backend, IMAGES, options, hooks)).dispose();
    const smallest = recorded.validations.reduce((best, one) => (one.loss < best.loss ? one : best));
    expect(recorded.best.at(-1)?.training?.step).toBe(smallest.step);
    const steps = recorded.checkpoints.at(-1)!.training!.step;
    expect(steps).toBe(smallest.step + 3 * 2);
    expect(recorded.validations.filter(({ isBest }) => isBest).map(({ step }) => step)).toEqual(
      recorded.best.map(({ training }) => training?.step),
    );
    expect(steps).toBeLessThan(299);
  },
);

describeOnce('a run that validates returns the weights of the best validation', () => {
  const DIVERGING = { ...SMALL, trainingIters: 210, learningRate: 0.3, validateEvery: 3 };
  const valuesIn = (tensors: NamedTensors) => Object.values(tensors).map((tensor) => valuesOf(tensor));
  const valuesFrom = ({ parameters }: Network) => valuesIn(valuesByName(parameters));

  test('from train; its checkpoints are those of each step', async () => {
    const { recorded, hooks } = recording(Infinity, VALIDATION);
    const network = await train(backend, IMAGES, DIVERGING, hooks);
    const [best, last] = [recorded.best.at(-1)!, recorded.checkpoints.at(-1)!];
    expect([best.training!.step < last.training!.step, last.training?.step]).toEqual([true, 20]);
    expect(valuesFrom(network)).toEqual(valuesIn(best.model.parameters));
    expect(valuesFrom(network)).not.toEqual(valuesIn(last.model.parameters));
    expect((await evaluate(network, VALIDATION)).loss).toBe(best.training?.best?.loss);
    network.dispose();

    const without = recording();
    const plain = await train(backend, IMAGES, { ...DIVERGING, validateEvery: null }, without.hooks);
    expect(valuesFrom(plain)).toEqual(valuesIn(last.model.parameters));
    expect([recorded.warnings, without.recorded.warnings]).toEqual([[], []]);
  });

  test('from resumeTraining, if they are of this part of the run; otherwise it says that they are the last', async () => {
    const whole = recording(Infinity, VALIDATION);
    (await train(backend, IMAGES, DIVERGING, { ...whole.hooks, checkpointEvery: 1 })).dispose();
    const { best, checkpoints } = whole.recorded;
    const bestStep = best.at(-1)!.training!.step;
    const resumedFrom = async (step: number) => {
      const again = recording(Infinity, VALIDATION);
      const network = await resumeTraining(backend, IMAGES, checkpoints[step - 1], {}, again.hooks);
      const values = valuesFrom(network);
      network.dispose();
      return { values, warnings: again.recorded.warnings };
    };
    expect(bestStep).toBeGreaterThan(1);
    for (const step of [bestStep - 1, bestStep])
      expect(await resumedFrom(step)).toEqual({ values: valuesIn(best.at(-1)!.model.parameters), warnings: [] });
    for (const step of [bestStep + 1, 20]) {
      expect(await resumedFrom(step)).toEqual({
        values: valuesIn(checkpoints[19].model.parameters),
        warnings: [
          `resume: the best validation, of step ${bestStep}, was made before the checkpoint, which does not hold its weights: ` +
            'the network has those of the last step, 20',
        ],
      });
    }
  });

  test('and validation data that no step would evaluate are refused', async () => {
    const hooks = { validation: VALIDATION };
    expect(await failureOf(train(untouchable, IMAGES, SMALL, hooks))).toEqual(
      new RangeError(
        'train: hooks.validation is given, but not the option validateEvery, so it would never be evaluated: ' +
          'set validateEvery, in steps (6 is once an epoch), or leave hooks.validation out',
      ),
    );
    expect(await failureOf(resumeTraining(backend, IMAGES, await checkpointAfter(3), {}, hooks))).toEqual(
      new RangeError('resume: hooks.validation is given, but the run has no validateEvery: leave it out'),
    );
  });

  test('and a run that ends before its first validation says so', async () => {
    const { recorded, hooks } = recording(Infinity, VALIDATION);
    (await train(backend, IMAGES, { ...SMALL, validateEvery: 20 }, hooks)).dispose();
    expect(recorded.warnings).toEqual([
      'train: validateEvery is 20, but the run has 19 steps: it ends without a validation',
    ]);
  });
});

testOnce(
  'a resumed run can be made longer, and then equals the longer run; trainingIters replaces the epochs of a saved run',
  async () => {
    const longer = await checkpointOf(IMAGES, { ...SMALL, trainingIters: 300, epochs: null });
    const ofEpochs = await checkpointAfter(3, { ...SMALL, epochs: 1 });
    for (const saved of [await checkpointAfter(7), ofEpochs]) {
      const resumed = recording();
      (await resumeTraining(backend, IMAGES, saved, { trainingIters: 300 }, resumed.hooks)).dispose();
      expect(checkpointBytes(resumed.recorded.checkpoints[0])).toEqual(checkpointBytes(longer));
    }
    const both = recording();
    (await resumeTraining(backend, IMAGES, ofEpochs, { trainingIters: 300, epochs: 2 }, both.hooks)).dispose();
    expect(both.recorded.checkpoints[0].training?.step).toBe(12);
  },
);

testOnce('a length at whose end a step schedule leaves f32 is refused before any step', async () => {
  const growing: Asked = { ...SMALL, schedule: 'step', decayEvery: 10, decayRate: 1e10, learningRate: 1 };
  const saved = await checkpointAfter(7, growing);
  const seen: number[] = [];
  const onStep = (step: number) => seen.push(step);
  expect(await failureOf(resumeTraining(backend, IMAGES, saved, { trainingIters: 600 }, { onStep }))).toEqual(
    new RangeError(
      'resume: decayRate 10000000000: every 10 steps (decayEvery) it multiplies the learning rate, which is 1e+50 at the ' +
        'end of 59 steps: must be within f32 (±3.4028235e+38)',
    ),
  );
  expect(seen).toEqual([]);
});

testOnce('a finished run that is resumed makes no step', async () => {
  const { recorded, hooks } = recording();
  (await train(backend, IMAGES, SMALL, hooks)).dispose();
  const again = recording();
  (await resumeTraining(backend, IMAGES, recorded.checkpoints[0], {}, again.hooks)).dispose();
  expect([again.recorded.checkpoints[0].training?.step, again.recorded.lines]).toEqual([19, []]);
});

describeOnce('resuming is refused', () => {
  const resume = async (images = IMAGES, checkpoint?: Checkpoint): Promise<string> =>
    dataErrorOf(resumeTraining(backend, images, checkpoint ?? (await checkpointAfter(3))));

  const began = (count: number) =>
    new RegExp(`^resume: the run began with 64 examples, these are ${count} different ones`);

  test('with fewer images, other labels, or images of another size', async () => {
    expect(await resume(sliceImages(IMAGES, 0, 63))).toMatch(began(63));
    const labels = IMAGES.labels.map((label, n) => (n === 5 ? (label + 1) % 10 : label));
    expect(await resume({ ...IMAGES, labels })).toMatch(began(64));
    expect(await resume({ ...IMAGES, rows: 3, columns: 4 })).toBe(
      'resume: the data have T 3, inputs 4, but the network has T 4, inputs 3',
    );
  });

  test('with other pixels, or with another validation set if the run is validated', async () => {
    const pixels = IMAGES.pixels.map((value, n) => (n === 100 ? value ^ 1 : value));
    expect(await resume({ ...IMAGES, pixels })).toMatch(began(64));
    const checkpoint = await checkpointAfter(3, { ...SMALL, validateEvery: 2 });
    const other = { validation: sliceImages(IMAGES, 1, 18) };
    expect(await failureOf(resumeTraining(backend, IMAGES, checkpoint, {}, other))).toBeInstanceOf(DataError);
    await resumeTraining(backend, IMAGES, checkpoint, {}, { validation: VALIDATION });
  });

  test('with another number of classes', async () => {
    const { model, training } = await checkpointAfter(3);
    const checkpoint = { training, model: { ...model, network: { ...model.network, outputs: 7 } } };
    expect(await resume(IMAGES, checkpoint)).toBe('resume: the data have classes 10, but the network has classes 7');
  });

  test('with another length if a cosine schedule depends on it', async () => {
    for (const epochs of [null, 3]) {
      const checkpoint = await checkpointAfter(3, { ...SMALL, schedule: 'cosine', epochs });
      for (const change of [{ trainingIters: 300 }, { epochs: 5 }, { epochs: null }, { epochs: 3 }]) {
        expect(await failureOf(resumeTraining(backend, IMAGES, checkpoint, change))).toEqual(
          new RangeError(
            'resume: a cosine schedule depends on the length of its run, so trainingIters and epochs cannot change it',
          ),
        );
      }
      (await resumeTraining(backend, IMAGES, checkpoint, { displayStep: 1 })).dispose();
    }
  });

  test('with a length that is below the steps already made', async () => {
    const checkpoint = await checkpointAfter(7);
    for (const [change, steps] of [[{ trainingIters: 61 }, 6] as const, [{ epochs: 1 }, 6] as const]) {
      expect(await failureOf(resumeTraining(backend, IMAGES, checkpoint, change))).toEqual(
        new RangeError(`resume: the new length is ${steps} steps, but the run is at step 7: choose a greater length`),
      );
    }
    const whole = await checkpointAfter(15, { ...SMALL, trainingIters: 30, epochs: 3 });
    expect(String(await failureOf(resumeTraining(backend, IMAGES, whole, { epochs: null })))).toContain(
      'the new length is 2 steps, but the run is at step 15',
    );
  });

  test('from a copy of its JSON, or of a tensor without its methods', async () => {
    const { model, training } = await checkpointAfter(4);
    const copy = JSON.parse(JSON.stringify({ model, training })) as Checkpoint;
    expect(await resume(IMAGES, copy)).toBe('checkpoint: training.order is an Object: must be a Uint32Array');
    const parameters = { ...model.parameters, kernel: { ...model.parameters.kernel } as Tensor };
    const failure = await failureOf(resumeTraining(backend, IMAGES, { model: { ...model, parameters }, training }));
    expect(failure).toBeInstanceOf(TypeError);
    expect((failure as TypeError).message).toMatch(/^load: kernel is a copy of a tensor/);
  });

  test('from a checkpoint that holds only a network', async () => {
    const { model } = await checkpointAfter(3);
    expect(await resume(IMAGES, { model, training: null })).toMatch(/^resume: the checkpoint holds only a network/);
  });
});
