/** The GPU modes of browsers in a real Chromium: a page with the engine's own modules, bundled, trains on each. */
import { build } from 'esbuild';
import { fileURLToPath } from 'node:url';
import type { PageResult } from './helpers/browser-page.js';
import { testInBrowser, trainInPage } from './helpers/chromium.js';

async function bundlePage(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('helpers/browser-page.ts', import.meta.url))],
    bundle: true,
    format: 'esm',
    platform: 'browser',
    minify: true, // minifiers must not break the kernels
    write: false,
    logLevel: 'silent',
  });
  return outputFiles[0].text;
}

testInBrowser.each(['webgl2', 'webgpu', 'webasm'])(
  'GPU mode %s in Chromium: 30 training steps have the losses of the reference backend',
  async (mode) => {
    const files = {
      '/index.html': '<!doctype html><script type="module" src="/page.js"></script>',
      '/page.js': await bundlePage(),
    };
    const { description, losses, expected, waits } = await trainInPage<PageResult>({ files }, mode);
    expect(description).toMatch(new RegExp(`^gpu: GPU\\.js, mode ${mode}, .`));
    expect(waits).toBe(mode === 'webgl2' ? true : undefined);
    expect(losses).toHaveLength(30);
    losses.forEach((loss, step) => expect(Math.abs(loss / expected[step] - 1)).toBeLessThan(1e-3));
  },
);
