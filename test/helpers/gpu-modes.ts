/** Tests in a mode of GPU.js, if this computer has it. */
import { type Mode, createGpuBackend } from '../../kernels/gpu/index.js';
import { createReferenceBackend } from '../../kernels/reference/index.js';
import type { Backend } from '../../src/core/backend.js';
import { BackendUnavailableError } from '../../src/core/errors.js';
import { train } from '../../src/door/train.js';
import type { TrainOptions } from '../../src/training/options.js';
import { type Part, describeBackend } from './backend-suite.js';
import { needs } from './needs.js';
import { expectAsOnReference, smallImages, smallSequences } from './small-data.js';

/** Why a mode cannot run here, or undefined if it can. */
async function refusalOf(mode: Mode): Promise<string | undefined> {
  try {
    await (await createGpuBackend({ mode })).dispose();
    return undefined;
  } catch (error) {
    if (error instanceof BackendUnavailableError) return error.message;
    throw error;
  }
}

/** Defines tests in the mode if this computer has it. */
export async function describeMode(mode: Mode, define: () => void): Promise<void> {
  const refusal = await refusalOf(mode);
  if (refusal === undefined) {
    define();
    return;
  }
  needs(
    `GPU.js mode ${mode}`,
    false,
    refusal,
  )(`gpu, ${mode}`, () => {
    throw new Error(refusal);
  });
}

/** Tests that train and predict on a backend, against the reference backend. `name` begins their titles. */
export function describeTraining(name: string, open: () => Promise<Backend>): void {
  test(`${name}: predictions, and missing targets, are as on the reference backend`, async () => {
    const backend = await open();
    const kind = { inputs: 'numbers', answers: 'targets', reads: 'every', ends: 'lengths' } as const;
    const { targets, ...others } = smallSequences(kind, 7);
    targets.set(1, 0, 1, NaN);
    const options = { hidden: 3, batchSize: 4, epochs: 2, loss: 'pinball' } as const;
    await expectAsOnReference(backend, { ...others, targets }, options);
    const labelled = smallSequences({ ...kind, answers: 'labels', reads: 'last' }, 7);
    await expectAsOnReference(backend, labelled, { hidden: 3, batchSize: 4, epochs: 2 });
    await backend.dispose();
  });

  test.each<[string, Partial<TrainOptions>]>([
    ['training steps', {}],
    // with SGD an update is as long as the gradient, and with Adam nearly the same for every limit
    ['clipped steps', { clipValue: 0.1, clipNorm: 0.25, optimiser: 'sgd', learningRate: 0.5 }],
  ])(`${name}: 30 %s have the losses of the reference backend`, async (_, more) => {
    const images = smallImages(60, 6, 5);
    const options = { batchSize: 16, trainingIters: 31 * 16, displayStep: 1, hidden: 9, ...more };
    const losses: number[][] = [[], []];
    const backends = [await open(), createReferenceBackend()];
    for (const [n, backend] of backends.entries()) {
      const model = await train(backend, images, options, { onLine: ({ loss }) => losses[n].push(loss) });
      model.dispose();
      await backend.dispose();
    }
    expect(losses[0]).toHaveLength(30);
    losses[0].forEach((loss, step) => expect(Math.abs(loss / losses[1][step] - 1)).toBeLessThan(1e-3));
  });
}

/** The backend suite, or a part of it, and 30 steps of training, in the mode. */
export async function describeWholeMode(mode: Mode, part?: Part): Promise<void> {
  const open = (): Promise<Backend> => createGpuBackend({ mode });
  await describeMode(mode, () => {
    describeBackend(`gpu, ${mode}`, 'a memory of its own', open, part);
    describeTraining(`gpu, ${mode}`, open);
  });
}
