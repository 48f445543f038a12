/**
 * The GPU modes of browsers in a real Chromium: a page with the engine's own modules, bundled, trains on each. The backend
 * suite on the webgpu backend and on webgl2: the backend runs in a page, the tests run here.
 */
import { describeBackend } from '../../helpers/backend-suite.js';
import { bundledPage, testInBrowser, trainInPage } from '../../helpers/chromium.js';
import type { PageJob, PageResult } from '../../helpers/gpu-page.js';
import { openRemoteBackend } from '../../helpers/remote-backend.js';

async function trainOn(job: PageJob): Promise<PageResult> {
  return trainInPage<PageResult>(await bundledPage('gpu-page.ts'), job);
}

function expectLinesOfReference({ lines, expected }: PageResult): void {
  expect(lines.map(({ iter }) => iter)).toEqual(expected.map(({ iter }) => iter));
  lines.forEach(({ loss }, n) => expect(Math.abs(loss / expected[n].loss - 1)).toBeLessThan(1e-3));
}

testInBrowser.each(['webgl2', 'webgpu', 'webasm'] as const)(
  'GPU mode %s in Chromium: 30 training steps have the losses of the reference backend, and the same bits again',
  async (mode) => {
    const options = { batchSize: 16, trainingIters: 31 * 16, displayStep: 1, hidden: 9 };
    const result = await trainOn({ mode, options });
    expect(result.description).toMatch(new RegExp(`^gpu: GPU\\.js, mode ${mode}, .`));
    expect(result.waits).toBe(mode === 'webgl2' ? true : undefined);
    expect(result.lines).toHaveLength(30);
    expectLinesOfReference(result);
    expect(result.repeats).toBe(true);
  },
);

testInBrowser('GPU mode webgl2 in Chromium: a whole run learns, with the losses of the reference backend', async () => {
  // 12 hidden units: a step of the cell is one launch
  const options = { batchSize: 16, trainingIters: 251 * 16, displayStep: 10, hidden: 12, learningRate: 0.01 };
  const result = await trainOn({ mode: 'webgl2', options });
  expect(result.lines).toHaveLength(25);
  expectLinesOfReference(result);
  expect(result.lines[24].loss).toBeLessThan(result.lines[0].loss / 2);
  expect(result.lines[24].accuracy).toBeGreaterThan(0.9);
  expect(result.repeats).toBe(true);
});

if (testInBrowser === test) {
  describeBackend('webgpu in Chromium', 'a memory of its own', () => openRemoteBackend('wgsl'));
  // backend-headlessgl.test.ts tests the same kernels with all cases
  describeBackend('gpu, webgl2 in Chromium', 'a memory of its own', () => openRemoteBackend('webgl2'), 3);
} else {
  test.skip('webgpu, and gpu in mode webgl2: there is no browser', () => undefined);
}
