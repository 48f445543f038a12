/**
 * “Compute with” in a real Chromium: the GPU chosen by hand, “automatic” with a clock of the test's, a lost GPU. The browser's WebGPU
 * is SwiftShader, a software adapter; a test that needs another gives it another name.
 */
import { testInBrowser } from '../../helpers/chromium.js';
import type { Visit } from '../../helpers/longhand-page.js';
import {
  beforeEngine,
  LonghandPage,
  numbersIn,
  recordRequests,
  servePage,
  SMALL,
} from '../../helpers/longhand-page.js';
import { directoryOf } from '../../helpers/temporary-directories.js';

const { visit } = servePage();
const folder = directoryOf();

/** The search of the page's address, once it has been written. */
async function addressIs(opened: Visit, search: string): Promise<void> {
  await opened.page.waitForFunction((expected) => location.search === expected, search);
}

const runsOn = ({ page }: Visit, name: string): Promise<unknown> =>
  page.waitForFunction((part) => document.querySelector('#backend')?.textContent.includes(part), name);

/** The shown loss, or bits per character, after a run of `steps` steps. Its test is stopped: software adapters and plain TypeScript are slow. */
async function lossAfter(opened: Visit, steps: number): Promise<number> {
  await opened.page.click('#play:enabled');
  await opened.waitForStep(steps);
  await opened.page.waitForSelector('#play:text-is("Play")');
  await opened.page.waitForFunction(() => {
    const test = document.querySelector<HTMLButtonElement>('#test')!;
    const isTesting = test.textContent === 'Stop the test';
    if (isTesting) test.click();
    return isTesting || /\d/.test(document.querySelector('#test-result')!.textContent);
  });
  return Number(await opened.text((await opened.page.isVisible('#loss')) ? '#loss' : '#bits'));
}

/** The same for a new run on a backend that is chosen by hand. */
async function lossOn(opened: Visit, backend: string, steps: number): Promise<number> {
  await opened.openSettings();
  await opened.page.selectOption('[name=backend]', backend);
  await opened.page.click('#reset');
  await runsOn(opened, backend === 'gpu' ? 'webgpu' : backend);
  await opened.waitForStep(0);
  return lossAfter(opened, steps);
}

const ofGpus = (requested: readonly string[]): string[] => requested.filter((url) => url.includes('gpu'));

testInBrowser.each([
  ['digits of two layers, both directions', `${SMALL}&layers=2&bidirectional=true&steps=10`, 10],
  ['a text', '?subject=text&threads=1&hidden=16&batchSize=8&T=20&steps=40', 40],
])(
  '%s: plain TypeScript and the GPU, chosen by hand, have the losses of all cores; the code of a GPU is loaded only then',
  async (_, query, steps) => {
    const requested: string[] = [];
    const opened = await visit(query, recordRequests(requested));
    const expected = await lossAfter(opened, steps);
    expect(await lossOn(opened, 'reference', steps)).toBeCloseTo(expected, 3);
    expect(ofGpus(requested)).toEqual([]);
    expect(await lossOn(opened, 'gpu', steps)).toBeCloseTo(expected, 3);
    expect(await opened.text('#compute-note')).toMatch(
      /^The browser’s GPU is a software adapter \(.*swiftshader.*\): it computes on the processor, where “all cores” is usually quicker\.$/i,
    );
    await opened.page.waitForFunction(() => new URLSearchParams(location.search).get('compute') === 'gpu');
    expect(ofGpus(requested)).toHaveLength(1);
  },
);

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
  const query = `${SMALL}&steps=10`; // several threads would read the clock while they wait
  let weights: unknown;
  let loss: number;

  testInBrowser('never takes a software adapter, and does not load the code for it', async () => {
    const requested: string[] = [];
    const opened = await visit(`?compute=automatic&${query.slice(1)}`, recordRequests(requested));
    expect(await opened.text('#compute-note')).toMatch(
      /^Automatic: the browser’s GPU is a software adapter \(.*swiftshader.*\), so the run computes on 1 thread\.$/i,
    );
    await addressIs(opened, query);
    expect(await opened.page.inputValue('[name=backend]')).toBe('wasm');
    expect(ofGpus(requested)).toEqual([]);
    weights = numbersIn(await opened.save(folder));
    loss = await lossAfter(opened, 10);
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
      expect(numbersIn(await opened.save(folder))).toEqual(weights);
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

      await runsOn(playing, 'wasm');
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
      await runsOn(paused, 'wasm');
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

testInBrowser('runs on GPU.js have the loss of all cores, and continue there when they lose the GPU', async () => {
  const own = await LonghandPage.serveAlone();
  try {
    const runs: Visit[] = [];
    for (const backend of ['webgl2', 'webgpu']) {
      const requested: string[] = [];
      const run = await own.visit(`${SMALL}&steps=10`, recordRequests(requested));
      const expected = await lossAfter(run, 10);
      expect(ofGpus(requested)).toEqual([]);
      expect(await lossOn(run, backend, 10)).toBeCloseTo(expected, 3);
      expect(ofGpus(requested)).not.toEqual([]);
      runs.push(run);
    }
    for (const run of runs) {
      await run.set('steps', '100000');
      await run.page.click('#play');
      await run.waitForStepAfter(12);
    }
    await own.killGpu();
    for (const run of runs) {
      expect(await run.error()).toMatch(/^The GPU failed: /);
      await run.act('Continue in WebAssembly');
      await runsOn(run, 'wasm');
      const from = Number(await run.text('#step'));
      await run.set('steps', String(from + 20));
      await run.playToTheEnd();
      expect(Number(await run.text('#loss'))).toBeGreaterThan(0.1);
    }
  } finally {
    await own.close();
  }
});
