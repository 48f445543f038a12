/** The training loop: its steps and lines, reproducibility from a seed, evaluation, and runs that are stopped, fail or diverge. */
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { tutorialLine } from '../../src/cli/print.js';
import type { Backend } from '../../src/core/backend.js';
import { DataError, NonFiniteError } from '../../src/core/errors.js';
import { Random } from '../../src/core/rng.js';
import { valuesOf } from '../../src/core/tensor.js';
import { BatchOrder, fillBatch } from '../../src/data/batches.js';
import { loadMnist } from '../../src/data/mnist-files.js';
import { sliceImages } from '../../src/data/mnist.js';
import { Model } from '../../src/door/model.js';
import type { Network } from '../../src/door/network.js';
import { evaluate } from '../../src/door/predict.js';
import { type TrainHooks, train } from '../../src/door/train.js';
import { Adam } from '../../src/training/optimisers.js';
import { type TrainOptions, stepCount, TUTORIAL } from '../../src/training/options.js';
import type { Line } from '../../src/training/training.js';
import { Training } from '../../src/door/training.js';
import { countingBackend } from '../helpers/backends.js';
import { failureOf } from '../helpers/failures.js';
import { COLUMNS, IMAGES, OPTIONS, ROWS } from '../helpers/small-data.js';

const weightsOf = (network: Network): number[] => network.parameters.flatMap(({ value }) => [...valuesOf(value)]);

const STILL_RUNNING = (call: string): string =>
  `another call on this network is still running (${call}): await it first`;

async function linesOf(options: Partial<TrainOptions>, hooks: TrainHooks = {}): Promise<Line[]> {
  const lines: Line[] = [];
  const onLine = (line: Line) => lines.push(line);
  await train(createReferenceBackend(), IMAGES, { ...OPTIONS, ...options }, { ...hooks, onLine });
  return lines;
}

test('a seed determines every weight to the last bit, however often lines are printed, and beside other runs; each option changes them', async () => {
  const weightsAfter = async (options: Partial<TrainOptions>): Promise<string> =>
    weightsOf(await train(createReferenceBackend(), IMAGES, { ...OPTIONS, ...options })).join();
  const layers = 2;
  const changes: Partial<TrainOptions>[] = [
    ...[{}, { seed: 5 }, { shuffle: 'legacy' as const }, { shuffle: 'legacy' as const, seed: 5 }],
    ...[{ layers }, { hidden: [5, 4] }, { bidirectional: true }, { layers, dropout: 0.2 }],
    ...([{ outputInit: 'glorot' }, { biasInit: 'chrono' }] as const),
    ...[0, 0.5].map((momentum) => ({ optimiser: 'sgd' as const, momentum })),
    ...[1, 2].map((shift) => ({ shift })),
  ];
  const weights: string[] = [];
  for (const change of changes) weights.push(await weightsAfter(change));
  expect(new Set(weights).size).toBe(changes.length);
  const again = [{ displayStep: 1 }, { displayStep: 1000 }, ...changes.slice(1, 4)];
  expect(await Promise.all(again.map(weightsAfter))).toEqual([weights[0], ...weights.slice(0, 4)]);
});

describe('the number of steps', () => {
  const stepsOf = (batchSize: number, trainingIters: number): number =>
    stepCount({ ...TUTORIAL, batchSize, trainingIters }, 55_000);

  /** The tutorial's loop. */
  function tutorialSteps(batchSize: number, trainingIters: number): number {
    let step = 1;
    while (step * batchSize < trainingIters) step++;
    return step - 1;
  }

  test('is the tutorial’s, for all small numbers', () => {
    for (let batchSize = 1; batchSize <= 60; batchSize++) {
      for (let trainingIters = 1; trainingIters <= 400; trainingIters++) {
        const steps = stepsOf(batchSize, trainingIters);
        if (steps !== tutorialSteps(batchSize, trainingIters))
          throw new Error(`batches of ${batchSize}, ${trainingIters} iterations: ${steps} steps`);
      }
    }
  });

  test('is 781 with the tutorial’s numbers, with 78 lines', () => {
    const steps = stepsOf(128, 100_000);
    expect([steps, Math.floor(steps / 10)]).toEqual([781, 78]);
    expect(tutorialSteps(128, 100_000)).toBe(781);
  });

  test('is exact for the largest numbers that the command accepts', () => {
    const most = 2 ** 32 - 1;
    expect(stepsOf(1, most)).toBe(most - 1);
    expect(stepsOf(3, most)).toBe(1_431_655_764); // 3 divides 2³² - 1
    expect(stepsOf(most, most)).toBe(0);
    expect(stepsOf(most - 1, most)).toBe(1);
  });

  test.each([
    ['tf1', 1, 55_000, 128, 429], // 429.7: the remaining examples belong to the next epoch
    ['tf1', 3, 55_000, 128, 1289],
    ['legacy', 3, 55_000, 128, 3 * 429], // the remaining examples are dropped
    ['tf1', 2, 64, 16, 8],
  ] as const)(
    'with %s batches, %d epochs of %d images in batches of %d: %d',
    (shuffle, epochs, count, batchSize, steps) => {
      expect(stepCount({ ...TUTORIAL, shuffle, epochs, batchSize }, count)).toBe(steps);
    },
  );

  test.each([
    [200, 16, 12, [3, 6, 9, 12]],
    [192, 16, 11, [3, 6, 9]],
    [17, 16, 1, []],
    [16, 16, 0, []],
  ])('%d iterations in batches of %d: %d steps, lines at %j', async (trainingIters, batchSize, steps, printed) => {
    const seen: number[] = [];
    const onStep = (step: number, of: number): void => {
      expect(of).toBe(steps);
      seen.push(step);
    };
    const lines = await linesOf({ trainingIters, batchSize }, { onStep });
    expect(seen).toEqual(Array.from({ length: steps }, (_, n) => n + 1));
    expect(lines.map(({ step, iter }) => [step, iter])).toEqual(printed.map((step) => [step, step * batchSize]));
  });
});

describe('the lines', () => {
  test('hold the loss and accuracy of the step’s batch after its update, as computed here step by step', async () => {
    const random = new Random(9);
    const batches = new BatchOrder(IMAGES.count, 16, 'tf1', random);
    const model = new Model(createReferenceBackend(), { T: ROWS, B: 16, I: COLUMNS, H: 5, C: 10 }, { forgetBias: 0.5 });
    const { x, y } = model.activations;
    model.initialise(random);
    const adam = new Adam(model.backend, model.parameters);
    const expected: Line[] = [];
    const before: number[] = [];
    for (let step = 1; step <= 12; step++) {
      fillBatch(x, y, IMAGES, batches.next());
      model.forward();
      before.push((await model.metrics()).loss);
      model.backward();
      adam.update(0.01);
      model.forward();
      const { loss, accuracy } = await model.metrics();
      expected.push({ step, iter: 16 * step, loss, accuracy });
    }
    const lines = await linesOf({ seed: 9, forgetBias: 0.5, learningRate: 0.01, displayStep: 1 });
    expect(lines).toEqual(expected);
    expect(lines.filter(({ loss }, n) => loss === before[n])).toEqual([]);
  });

  test('show a falling loss and a rising accuracy', async () => {
    const lines = await linesOf({ hidden: 16, learningRate: 0.03, trainingIters: 6000, displayStep: 10 });
    expect(lines[0].loss).toBeGreaterThan(1.5);
    expect(lines.at(-1)!.loss).toBeLessThan(lines[0].loss / 5);
    expect(lines.at(-1)!.accuracy).toBe(1);
  });

  test('of a run on MNIST with seed 1 are these', async () => {
    const lines: string[] = [];
    const options = { hidden: 16, batchSize: 32, trainingIters: 32 * 31, seed: 1 };
    const onLine = (line: Line) => lines.push(tutorialLine(line));
    await train(createReferenceBackend(), loadMnist().train, options, { onLine });
    expect(lines).toEqual([
      'Iter 320, Minibatch Loss= 2.459753, Training Accuracy= 0.12500',
      'Iter 640, Minibatch Loss= 2.380666, Training Accuracy= 0.06250',
      'Iter 960, Minibatch Loss= 2.234678, Training Accuracy= 0.09375',
    ]);
  });
});

describe('evaluate', () => {
  const modelOf = async (B: number, trained: Network): Promise<Model> => {
    const model = new Model(createReferenceBackend(), { T: ROWS, B, I: COLUMNS, H: 5, C: 10 });
    model.load(await trained.save());
    return model;
  };

  test('in batches of every size gives the result of each image alone, and changes no weight', async () => {
    const options = { ...OPTIONS, trainingIters: 3000, learningRate: 0.01 };
    const trained = await train(createReferenceBackend(), IMAGES, options);
    const weights = weightsOf(trained);
    const alone: number[] = [];
    for (let n = 0; n < IMAGES.count; n++)
      alone.push((await evaluate(trained, sliceImages(IMAGES, n, n + 1))).accuracy);
    expect(new Set(alone).size).toBe(2); // some are right and some wrong, otherwise the test would prove little
    const inOne = await evaluate(await modelOf(64, trained), IMAGES);
    for (const B of [1, 7, 16, 32, 63, 64, 100]) {
      const whole = await evaluate(await modelOf(B, trained), IMAGES);
      expect([...whole.correct]).toEqual(alone);
      expect(whole.accuracy).toBe(alone.reduce((sum, right) => sum + right, 0) / 64);
      expect(whole.loss / inOne.loss).toBeCloseTo(1, 14); // the same f32 losses, added in another order in f64
    }
    expect(weightsOf(trained)).toEqual(weights);
  });

  test('is refused beside another evaluation on the same network, which keeps its result; it can be aborted', async () => {
    const model = await train(createReferenceBackend(), IMAGES, OPTIONS);
    const alone = await evaluate(model, IMAGES);
    const other = sliceImages(IMAGES, 0, 40);
    const [first, error] = await Promise.all([evaluate(model, IMAGES), failureOf(evaluate(model, other))]);
    expect(first).toEqual(alone);
    expect(String(error)).toBe(`Error: evaluate: ${STILL_RUNNING('evaluate')}`);
    expect(await failureOf(evaluate(model, IMAGES, AbortSignal.abort('stop')))).toBe('stop');
    expect(await evaluate(model, IMAGES)).toEqual(alone); // also after one that has failed
  });

  test('and calls of Training use the network alone: it refuses what would change their results, or read theirs', async () => {
    const run = Training.start(createReferenceBackend(), { train: IMAGES, validation: undefined }, OPTIONS);
    await run.makeStep();
    const { network } = run;
    const { states } = network;
    const { B } = network.sizes;
    const saved = await network.save();
    const { hn: h0, cn: c0 } = await states.final();
    const labels = Array<number>(B).fill(0);
    const uses: Readonly<Record<string, () => unknown>> = {
      setBatch: () => network.setBatch({ x: network.activations.x, labels }),
      setTargets: () => network.setTargets({ labels }),
      forward: () => network.forward(),
      backward: () => network.backward(),
      load: () => network.load(saved),
      initialise: () => network.initialise(new Random(1)),
      drawMasks: () => network.drawMasks(new Random(1)),
      carryState: () => network.carryState(),
      resetState: () => network.resetState(),
      states: () => network.states,
      'states.setInitial': () => states.setInitial({ h0, c0 }),
      metrics: () => network.metrics(),
      predictions: () => network.predictions(),
    };
    const alone = await evaluate(network, IMAGES);
    for (const [call, start] of [
      ['evaluate', () => evaluate(network, IMAGES)],
      ['train: makeStep', () => run.makeStep()],
    ] as const) {
      const running = start();
      const failures = Object.values(uses).map((use) => failureOf((async () => await use())()));
      const whileRunning = network.save(); // reads the weights alone
      expect((await Promise.all(failures)).map(String)).toEqual(
        Object.keys(uses).map((name) => `Error: network: ${name}: ${STILL_RUNNING(call)}`),
      );
      expect(await whileRunning).toEqual(saved);
      const result = await running;
      if (call === 'evaluate') expect(result).toEqual(alone);
    }
    for (const use of Object.values(uses)) await use();
  });
});

test('a hook may use the network between two steps', async () => {
  const alone = await train(createReferenceBackend(), IMAGES, OPTIONS);
  const onStep = async (_: number, __: number, network: Network): Promise<void> => {
    network.load(await network.save());
    await evaluate(network, IMAGES);
    network.forward();
    network.backward();
    network.resetState();
  };
  expect(weightsOf(await train(createReferenceBackend(), IMAGES, OPTIONS, { onStep }))).toEqual(weightsOf(alone));
});

describe('a run that makes one step at a time', () => {
  test('refuses what needs its network during a step or an evaluation, which is refused during a step', async () => {
    const data = { train: IMAGES, validation: IMAGES };
    const start = () => Training.start(createReferenceBackend(), data, OPTIONS);
    const [alone, run] = [start(), start()];
    await alone.makeStep();
    const methods = ['makeStep', 'line', 'validate', 'checkpoint'] as const;
    const refusals = (call: string) => methods.map((method) => `Error: train: ${method}: ${STILL_RUNNING(call)}`);
    const failures = () => methods.map((method) => failureOf(run[method]()));
    const [, evaluation, ...others] = await Promise.all([
      run.makeStep(),
      failureOf(evaluate(run.network, IMAGES)),
      ...failures(),
    ]);
    expect(String(evaluation)).toBe(`Error: evaluate: ${STILL_RUNNING('train: makeStep')}`);
    expect(others.map(String)).toEqual(refusals('train: makeStep'));
    expect(run.step).toBe(1);
    expect(await run.validate()).toEqual(await alone.validate());
    const [, ...during] = await Promise.all([evaluate(run.network, IMAGES), ...failures()]);
    expect(during.map(String)).toEqual(refusals('evaluate'));
    for (const method of methods) await run[method]();
  });

  test('has a line only for a step whose batch and initial states the network still holds', async () => {
    const run = Training.start(createReferenceBackend(), { train: IMAGES, validation: IMAGES }, OPTIONS);
    const refused = async (): Promise<void> =>
      expect(await failureOf(run.line())).toEqual(
        new Error('train: line: the network does not hold the batch of a step: call makeStep first'),
      );
    await refused();
    await run.makeStep();
    const line = await run.line();
    await run.checkpoint();
    expect(await run.line()).toEqual(line);
    const { network } = run;
    const uses: (() => unknown)[] = [
      () => run.validate(),
      () => evaluate(network, IMAGES),
      () => network.setTargets({ labels: Array<number>(network.sizes.B).fill(0) }),
      () => network.carryState(),
      () => network.resetState(),
      async () => network.states.setInitial(await network.states.final().then(({ hn: h0, cn: c0 }) => ({ h0, c0 }))),
    ];
    for (const use of uses) {
      await run.makeStep();
      await use();
      await refused();
    }
    await run.makeStep();
    await run.line();
    const resumed = Training.resume(network.backend, { train: IMAGES, validation: IMAGES }, await run.checkpoint());
    expect(String(await failureOf(resumed.line()))).toContain('call makeStep first');
  });
});

describe('stopping', () => {
  test.each([0, 1, 3, 7])(
    'an abort in step %d (0: before the first) ends training before the next step, with its reason, and frees all tensors',
    async (last) => {
      const { backend, held } = countingBackend();
      const controller = new AbortController();
      const reason = new Error('enough');
      if (last === 0) controller.abort(reason);
      const seen: number[] = [];
      const onStep = (step: number): void => {
        seen.push(step);
        if (step === last) controller.abort(reason);
      };
      expect(await failureOf(train(backend, IMAGES, OPTIONS, { onStep, signal: controller.signal }))).toBe(reason);
      expect(seen).toEqual(Array.from({ length: last }, (_, n) => n + 1));
      expect(held.size).toBe(0);
    },
  );

  test('a timer can abort training, because the loop yields to the event loop', async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort('late'), 60);
    const options = { ...OPTIONS, trainingIters: 2 ** 32 - 1 }; // months
    const { signal } = controller;
    expect(await failureOf(train(createReferenceBackend(), IMAGES, options, { signal }))).toBe('late');
  });

  test('an error in a hook ends training and frees all tensors', async () => {
    const { backend, held } = countingBackend();
    const problem = new Error('the disk is full');
    const onLine = (): void => {
      throw problem;
    };
    expect(await failureOf(train(backend, IMAGES, OPTIONS, { onLine }))).toBe(problem);
    expect(held.size).toBe(0);
  });

  test('a batch larger than the set is a DataError, and no tensor remains', async () => {
    const { backend, held } = countingBackend();
    expect(await failureOf(train(backend, IMAGES, { ...OPTIONS, batchSize: 65 }))).toBeInstanceOf(DataError);
    expect(held.size).toBe(0);
  });

  test('a finished run keeps its tensors until the model is disposed of', async () => {
    const { backend, held } = countingBackend();
    const model = await train(backend, IMAGES, OPTIONS);
    expect(held.size).toBeGreaterThan(0);
    model.dispose();
    expect(held.size).toBe(0);
  });
});

describe('diverging throws a NonFiniteError, and frees all tensors', () => {
  const HELP = 'training has diverged; try a smaller learning rate';
  const reference = createReferenceBackend();
  /** The fifth update of the parameter of this shape leaves `value` in it. */
  const spoilt = (shape: readonly number[], index: readonly number[], value: number): Partial<Backend> => {
    let updates = 0;
    return {
      adam: (p, ...rest) => {
        reference.adam(p, ...rest);
        if (String(p.shape) === String(shape) && ++updates === 5) p.set(...index, value);
      },
    };
  };
  const crossEntropyForward: Backend['crossEntropyForward'] = (losses, ...rest) => {
    reference.crossEntropyForward(losses, ...rest);
    losses.set(3, NaN);
  };
  const atOnce = (step: string) =>
    new RegExp(`^(loss|(kernel|bias|outKernel|outBias)\\[[\\d,]+\\]) is (NaN|-?Infinity) at step ${step}: ${HELP}$`);

  test.each<[string | RegExp, Partial<TrainOptions>, Partial<Backend>]>([
    [atOnce('\\d+'), { learningRate: 1e38, displayStep: 1 }, {}],
    [atOnce('3'), { learningRate: 1e38, displayStep: 3 }, {}],
    [atOnce('12'), { learningRate: 1e38, displayStep: 1000 }, {}], // the last step
    // the first weight that is not finite; the loss if all are
    [`kernel[6,19] is NaN at step 5: ${HELP}`, { displayStep: 5 }, spoilt([8, 20], [6, 19], NaN)],
    [`bias[7] is Infinity at step 5: ${HELP}`, { displayStep: 5 }, spoilt([20], [7], Infinity)],
    [`outKernel[4,0] is -Infinity at step 5: ${HELP}`, { displayStep: 5 }, spoilt([5, 10], [4, 0], -Infinity)],
    [`outBias[9] is NaN at step 5: ${HELP}`, { displayStep: 5 }, spoilt([10], [9], NaN)],
    [`loss is NaN at step 4: ${HELP}`, { displayStep: 4 }, { crossEntropyForward }],
  ])('%s', async (message, options, operations) => {
    const { backend, held } = countingBackend();
    const failure = await failureOf(train({ ...backend, ...operations }, IMAGES, { ...OPTIONS, ...options }));
    expect(failure).toBeInstanceOf(NonFiniteError);
    expect((failure as Error).message).toMatch(message);
    expect(held.size).toBe(0);
  });
});
