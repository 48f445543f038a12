/**
 * The GPU modes of browsers in a real Chromium: a page with the engine's own modules, bundled, trains on each. A part of the
 * backend suite on the webgpu backend and on webgl2: the backend runs in a page, the tests run here.
 */
import { describeBackend } from '../../helpers/backend-suite.js';
import { bundledPage, testInBrowser, trainInPage } from '../../helpers/chromium.js';
import type { PageJob, PageResult } from '../../helpers/gpu-page.js';
import { openRemoteBackend } from '../../helpers/remote-backend.js';

async function trainOn(job: PageJob): Promise<PageResult> {
  return trainInPage<PageResult>(await bundledPage('gpu-page.ts'), job);
}

testInBrowser.each(['wgsl', 'webgl2', 'webgpu', 'webasm'] as const)(
  '%s in Chromium: 30 training steps have the losses of the reference backend; resumed, they end with the same bits',
  async (mode) => {
    const options = { batchSize: 16, trainingIters: 31 * 16, displayStep: 1, hidden: 9, learningRate: 0.01 };
    const { description, lines, expected, repeats, waits, choices } = await trainOn({ mode, options });
    expect(description).toMatch(mode === 'wgsl' ? /^webgpu: ./ : new RegExp(`^gpu: GPU\\.js, mode ${mode}, .`));
    expect(waits).toBe(mode === 'webgl2' ? true : undefined);
    expect(lines).toHaveLength(30);
    expect(lines.map(({ iter }) => iter)).toEqual(expected.map(({ iter }) => iter));
    lines.forEach(({ loss }, n) => expect(Math.abs(loss / expected[n].loss - 1)).toBeLessThan(1e-3));
    expect(lines[29].loss).toBeLessThan(lines[0].loss);
    expect(repeats).toBe(true);
    if (mode !== 'wgsl') return;
    const [[measured], [kept]] = choices;
    expect(measured).toMatch(/^A·B \[80,80\]·\[80,80\]: .+ \(.+ ms\)$/);
    expect(kept).toBe(measured.replace(/ \(.*/, ' (measured before)'));
  },
);

if (testInBrowser === test) {
  // backend-webgpu.test.ts tests the same kernels with all cases, and backends.test.ts with others
  describeBackend('webgpu in Chromium', 'a memory of its own', () => openRemoteBackend('wgsl'), 'a fifth, in a page');
  describeBackend(
    'gpu, webgl2 in Chromium',
    'a memory of its own',
    () => openRemoteBackend('webgl2'),
    'a tenth, in a page',
  );
} else {
  test.skip('webgpu, and gpu in mode webgl2: there is no browser', () => undefined);
}
