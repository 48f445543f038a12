/**
 * “Compute with” in a real Chromium: the GPU chosen by hand, “automatic” with a clock of the test's, a lost GPU. The browser's WebGPU
 * is SwiftShader, a software adapter; a test that needs another gives it another name.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { valuesOf } from '../../../src/core/tensor.js';
import { parseCheckpoint } from '../../../src/training/checkpoint.js';
import { testInBrowser } from '../../helpers/chromium.js';
import type { Visit } from '../../helpers/longhand-page.js';
import { beforeEngine, LonghandPage, servePage, SMALL } from '../../helpers/longhand-page.js';
import { directoryOf } from '../../helpers/temporary-directories.js';

const { visit } = servePage();
const folder = directoryOf();
const SMALL_TEXT = '?subject=text&hidden=16&batchSize=8&T=20';

/** The search of the page's address, once it has been written. */
async function addressIs(opened: Visit, search: string): Promise<void> {
  await opened.page.waitForFunction((expected) => location.search === expected, search);
}

/** The shown loss, or bits per character, after a run of `steps` steps. */
async function lossAfter(opened: Visit, steps: number): Promise<number> {
  await opened.page.click('#play');
  await opened.waitForStep(steps);
  await opened.page.waitForSelector('#play:text-is("Play")');
  return Number(await opened.text((await opened.page.isVisible('#loss')) ? '#loss' : '#bits'));
}

/** The weights and moments of the page's run. */
async function saved(opened: Visit, name: string): Promise<Record<string, number[]>> {
  const file = path.join(folder, name);
  const download = opened.page.waitForEvent('download');
  await opened.page.click('#save');
  await (await download).saveAs(file);
  const { model, training } = parseCheckpoint(readFileSync(file), file);
  const { means, squares } = training!;
  const all = Object.entries({ parameters: model.parameters, means, squares });
  return Object.fromEntries(
    all.flatMap(([kind, tensors]) =>
      Object.entries(tensors).map(([of, tensor]) => [`${kind}.${of}`, [...valuesOf(tensor)]]),
    ),
  );
}

testInBrowser.each([
  ['digits of two layers, both directions', `${SMALL}&layers=2&bidirectional=true&steps=10`, 10],
  ['a text', `${SMALL_TEXT}&steps=40`, 40],
])(
  '%s: the GPU, chosen by hand, has the losses of all cores; its code is loaded only then',
  async (_, query, steps) => {
    const expected = await lossAfter(await visit(query), steps);
    const requested: string[] = [];
    const opened = await visit(query, {
      prepare: async (page) => void page.on('request', (request) => requested.push(request.url())),
    });
    expect(requested.filter((url) => url.includes('gpu'))).toEqual([]);
    await opened.openSettings();
    await opened.page.selectOption('[name=backend]', 'gpu');
    await opened.page.waitForFunction(() => document.querySelector('#backend')?.textContent.includes('webgpu'));
    expect(await opened.text('#compute-note')).toMatch(
      /^The browser’s GPU is a software adapter \(.*swiftshader.*\): it computes on the processor, where “all cores” is usually quicker\.$/i,
    );
    await opened.page.waitForFunction(() => new URLSearchParams(location.search).get('compute') === 'gpu');
    expect(await lossAfter(opened, steps)).toBeCloseTo(expected, 3);
    expect(requested.filter((url) => url.includes('gpu'))).toHaveLength(1);
  },
);

testInBrowser('automatic never takes a software adapter, and does not load the code for it', async () => {
  const requested: string[] = [];
  const opened = await visit(`?compute=automatic&threads=1&${SMALL.slice(1)}`, {
    prepare: async (page) => void page.on('request', (request) => requested.push(request.url())),
  });
  expect(await opened.text('#compute-note')).toMatch(
    /^Automatic: the browser’s GPU is a software adapter \(.*swiftshader.*\), so the run computes on 1 thread\.$/i,
  );
  await addressIs(opened, `?threads=1&${SMALL.slice(1)}`);
  expect(await opened.page.inputValue('[name=backend]')).toBe('wasm');
  expect(requested.filter((url) => url.includes('gpu'))).toEqual([]);
});

/** Gives the worker a GPU with another name, and a clock on which three steps last as long as this. */
const racing = (onGpuMs: number, onCoresMs: number): string => `
  const requestAdapter = navigator.gpu.requestAdapter.bind(navigator.gpu);
  navigator.gpu.requestAdapter = async (options) => Object.defineProperty(await requestAdapter(options), 'info', {
    value: { vendor: 'acme', architecture: 'one', device: '', description: '', isFallbackAdapter: false },
  });
  const { submit } = GPUQueue.prototype;
  let [submits, time] = [0, 0];
  GPUQueue.prototype.submit = function (...lists) {
    submits++;
    return submit.apply(this, lists);
  };
  performance.now = () => {
    time += submits > 0 ? ${onGpuMs} : ${onCoresMs};
    submits = 0;
    return time;
  };`;

describe('automatic', () => {
  const query = `?threads=1&${SMALL.slice(1)}&steps=10`; // several threads would read the clock while they wait
  let weights: Record<string, number[]>;
  let loss: number;
  beforeAll(async () => {
    if (testInBrowser !== test) return;
    const site = await LonghandPage.serve();
    const opened = await site.visit(query);
    weights = await saved(opened, 'cores.safetensors');
    loss = await lossAfter(opened, 10);
    await site.close();
  });

  testInBrowser.each([
    [
      'takes the GPU if it is quicker',
      9,
      19.2,
      /^Automatic: GPU 3\.0 ms, 1 thread 6\.4 ms a step, so the run computes on the GPU\.$/,
    ],
    [
      'takes all cores if they are',
      192,
      9,
      /^Automatic: GPU 64 ms, 1 thread 3\.0 ms a step, so the run computes on 1 thread\.$/,
    ],
  ])(
    '%s, says why, leaves the weights, and writes its choice into the address',
    async (_, onGpuMs, onCoresMs, note) => {
      const opened = await visit(`?compute=automatic&${query.slice(1)}`, {
        prepare: (page) => beforeEngine(page, racing(onGpuMs, onCoresMs)),
      });
      const isGpu = onGpuMs < onCoresMs;
      expect(await opened.text('#compute-note')).toMatch(note);
      expect(await opened.text('#backend')).toMatch(
        isGpu ? /^Runs on webgpu: acme one\.$/ : /^Runs on wasm: WebAssembly, /,
      );
      await addressIs(opened, isGpu ? `?compute=gpu&${query.slice(1)}` : query);
      expect(await opened.page.inputValue('[name=backend]')).toBe(isGpu ? 'gpu' : 'wasm');
      expect(await opened.text('#step')).toBe('0');
      expect(await saved(opened, `automatic-${isGpu}.safetensors`)).toEqual(weights);
      const own = await lossAfter(opened, 10);
      if (isGpu) expect(own).toBeCloseTo(loss, 3);
      else expect(own).toBe(loss);
    },
  );
});

testInBrowser(
  'a run that loses the GPU continues on all cores from its last copy, and says so; one that pauses begins again, and waits',
  async () => {
    const own = await LonghandPage.serveAlone();
    try {
      const [playing, paused] = [
        await own.visit(`${SMALL}&steps=100000&compute=gpu`),
        await own.visit(`${SMALL}&compute=gpu`),
      ];
      await paused.page.click('#one-step');
      await paused.waitForStep(1);
      await playing.page.click('#play');
      await playing.waitForStepAfter(52);
      await own.killGpu();

      const onCores = ({ page }: Visit): Promise<unknown> =>
        page.waitForFunction(() => document.querySelector('#backend')?.textContent.includes('wasm'));
      await onCores(playing);
      expect(await playing.text('#compute-note')).toMatch(
        /^The GPU was lost at step \d+, so the run continues from its copy after step \d*[05]0, on all cores\.$/,
      );
      await playing.waitForStepAfter(300); // it plays
      expect(await playing.text('#play')).toBe('Pause');
      expect(await playing.page.isVisible('#error')).toBe(false);
      await addressIs(playing, `${SMALL}&steps=100000`);
      expect(Number(await playing.text('#loss'))).toBeLessThan(2);
      await playing.page.click('#play');

      await paused.page.click('#one-step:enabled'); // the step finds it
      await onCores(paused);
      // the browser may report the loss after the step
      expect(await paused.text('#compute-note')).toMatch(
        /^The GPU was lost at step [12], so the run begins again, on all cores\.$/,
      );
      await paused.page.waitForSelector('#one-step:enabled');
      expect([await paused.text('#step'), await paused.text('#play')]).toEqual(['0', 'Play']);
      await paused.page.click('#one-step');
      await paused.waitForStep(1);
    } finally {
      await own.close();
    }
  },
);
