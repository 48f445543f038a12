/** Training that is stopped, fails or diverges: it reports the reason and frees its tensors. */
import { createReferenceBackend } from '../../kernels/reference/index.js';
import type { Backend } from '../../src/core/backend.js';
import { DataError, NonFiniteError } from '../../src/core/errors.js';
import { train } from '../../src/training/loop.js';
import type { TrainOptions } from '../../src/training/options.js';
import { countingBackend } from '../helpers/counting-backend.js';
import { failureOf } from '../helpers/failures.js';
import { IMAGES, OPTIONS } from '../helpers/small-images.js';

describe('stopping', () => {
  test.each([1, 3, 7])(
    'an abort in step %d ends training before the next step, with its reason, and frees all tensors',
    async (last) => {
      const { backend, held } = countingBackend();
      const controller = new AbortController();
      const reason = new Error('enough');
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

  test('a signal that is already aborted ends training before the first step', async () => {
    const { backend, held } = countingBackend();
    const seen: number[] = [];
    const onStep = (step: number) => seen.push(step);
    const failure = await failureOf(train(backend, IMAGES, OPTIONS, { onStep, signal: AbortSignal.abort('no') }));
    expect([failure, seen, held.size]).toEqual(['no', [], 0]);
  });

  test('a timer can abort training, because the loop yields to the event loop', async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort('late'), 60);
    const options = { ...OPTIONS, trainingIters: 2 ** 32 - 1 }; // months
    expect(await failureOf(train(createReferenceBackend(), IMAGES, options, { signal: controller.signal }))).toBe(
      'late',
    );
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
  /** The message with which training ends if the operations in `spoiled` replace those of the backend. */
  async function messageWith(spoiled: Partial<Backend>, options: Partial<TrainOptions>): Promise<string> {
    const { backend, held } = countingBackend();
    const failure = await failureOf(train({ ...backend, ...spoiled }, IMAGES, { ...OPTIONS, ...options }));
    expect(failure).toBeInstanceOf(NonFiniteError);
    expect(held.size).toBe(0);
    return (failure as Error).message;
  }
  const HELP = 'training has diverged; try a smaller learning rate';
  const reference = createReferenceBackend();

  test.each([
    [1, '\\d+'],
    [3, '3'],
    [1000, '12'], // the last step
  ])('at a learning rate of 1e38 and a line every %d steps', async (displayStep, step) => {
    expect(await messageWith({}, { learningRate: 1e38, displayStep })).toMatch(
      new RegExp(`^(loss|(kernel|bias|outKernel|outBias)\\[[\\d,]+\\]) is (NaN|-?Infinity) at step ${step}: ${HELP}$`),
    );
  });

  test.each([
    ['kernel[6,19]', [8, 20], [6, 19], NaN],
    ['bias[7]', [20], [7], Infinity],
    ['outKernel[4,0]', [5, 10], [4, 0], -Infinity],
    ['outBias[9]', [10], [9], NaN],
  ])('and the error names the first non-finite weight: %s', async (name, shape, index, value) => {
    let updates = 0;
    const adam: Backend['adam'] = (p, ...rest) => {
      reference.adam(p, ...rest);
      if (String(p.shape) === String(shape) && ++updates === 5) p.set(...index, value);
    };
    expect(await messageWith({ adam }, { displayStep: 5 })).toBe(`${name} is ${value} at step 5: ${HELP}`);
  });

  test('and the error names the loss if all weights are finite', async () => {
    const crossEntropyForward: Backend['crossEntropyForward'] = (losses, ...rest) => {
      reference.crossEntropyForward(losses, ...rest);
      losses.set(3, NaN);
    };
    expect(await messageWith({ crossEntropyForward }, { displayStep: 4 })).toBe(`loss is NaN at step 4: ${HELP}`);
  });
});
