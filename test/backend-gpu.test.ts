/** The backend suite on every GPU.js mode that Node has; webgl2 needs a browser. */
import { createGpuBackend, MODES } from '../kernels/gpu/index.js';
import { createReferenceBackend } from '../kernels/reference/index.js';
import { BackendUnavailableError } from '../src/errors.js';
import { train } from '../src/training/loop.js';
import { describeBackend } from './helpers/backend-suite.js';
import { smallImages } from './helpers/small-images.js';

const NODE_MODES = MODES.filter((mode) => mode !== 'webgl2');

/** Why a mode cannot run here, or undefined if it can. */
async function refusalOf(mode: (typeof MODES)[number]): Promise<string | undefined> {
  try {
    await (await createGpuBackend({ mode })).dispose();
    return undefined;
  } catch (error) {
    if (error instanceof BackendUnavailableError) return error.message;
    throw error;
  }
}

for (const mode of NODE_MODES) {
  const refusal = await refusalOf(mode);
  if (refusal !== undefined) {
    // A developer's computer may lack a mode; CI may not.
    (process.env.CI ? test : test.skip)(`gpu, ${mode}: ${refusal}`, () => {
      throw new Error(refusal);
    });
    continue;
  }

  describeBackend(`gpu, ${mode}`, 'a memory of its own', () => createGpuBackend({ mode }));

  test(`gpu, ${mode}: 30 training steps have the losses of the reference backend`, async () => {
    const images = smallImages(60, 6, 5);
    const options = { batchSize: 16, trainingIters: 31 * 16, displayStep: 1, hidden: 9 };
    const losses: number[][] = [[], []];
    const backends = [await createGpuBackend({ mode }), createReferenceBackend()];
    for (const [n, backend] of backends.entries()) {
      const model = await train(backend, images, options, { onLine: ({ loss }) => losses[n].push(loss) });
      model.dispose();
      await backend.dispose();
    }
    expect(losses[0]).toHaveLength(30);
    losses[0].forEach((loss, step) => expect(Math.abs(loss / losses[1][step] - 1)).toBeLessThan(1e-3));
  });
}

test('a mode that is not available is an error that says what to do', async () => {
  await expect(createGpuBackend({ mode: 'webgl2' })).rejects.toThrow(
    /webgl2 needs a browser.*choose webgpu or headlessgl/,
  );
});

test('auto opens a mode that works, and its description names the mode', async () => {
  const backend = await createGpuBackend();
  expect(backend.description).toMatch(/^gpu: GPU\.js, mode (webgpu|headlessgl|webasm|cpu), ./);
  await backend.dispose();
});

test('a view that is not made of whole rows is refused', async () => {
  const backend = await createGpuBackend({ mode: 'cpu' });
  const tensor = backend.allocate([4, 6]);
  expect(() => backend.fill(tensor.hi(4, 3), 1)).toThrow(/not made of whole rows of 6/);
  expect(() => backend.fill(createReferenceBackend().allocate([2, 2]), 1)).toThrow(/was not allocated by this backend/);
  await backend.dispose();
});
