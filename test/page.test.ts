/** The page in a real Chromium: what it trains, shows, keeps, and how it bears faults. */
import AxeBuilder from 'axe-core';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Page } from 'playwright-core';
import { PLANTED_MISTAKES } from '../src/page/mistakes.js';
import { testInBrowser } from './helpers/chromium.js';
import type { Visit } from './helpers/longhand-page.js';
import { LonghandPage } from './helpers/longhand-page.js';
import { longhand } from './helpers/longhand-process.js';
import { temporaryDirectories } from './helpers/temporary-directories.js';

const { directoryOf, remove } = temporaryDirectories();
let site: LonghandPage;
let visits: Visit[] = [];

const hasBrowser = testInBrowser === test;
beforeAll(async () => {
  if (hasBrowser) site = await LonghandPage.serve();
});
afterAll(async () => {
  remove();
  if (hasBrowser) await site.close();
});
afterEach(async () => {
  const faults = visits.flatMap((visit) => visit.faults);
  await Promise.all(visits.map((visit) => visit.close()));
  visits = [];
  expect(faults).toEqual([]);
});

async function visit(...args: Parameters<LonghandPage['visit']>): Promise<Visit> {
  const opened = await site.visit(...args);
  visits.push(opened);
  return opened;
}

/** Small and quick. */
const SMALL = '?hidden=16&batchSize=32';

describe('training', () => {
  const STEPS = [20, 40, 60];
  let expected: number[];
  beforeAll(async () => {
    const { stdout } = await longhand(['train', '--training-iters', String(61 * 128), '--json', '--threads', '1']);
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { step?: number; loss?: number });
    expected = lines.flatMap(({ step, loss }) => (STEPS.includes(step ?? 0) ? [loss!] : []));
    expect(expected).toHaveLength(STEPS.length);
  });

  const lossesOf = async ({ page }: Visit): Promise<number[]> => {
    const losses: number[] = [];
    for (const steps of STEPS) {
      await page.fill('[name=steps]', String(steps));
      await page.press('[name=steps]', 'Tab');
      await page.click('#play');
      await page.waitForFunction(
        (text) => document.querySelector('#test-accuracy')?.textContent.endsWith(text),
        `step ${steps}`,
      );
      losses.push(Number(await page.innerText('#loss')));
    }
    return losses;
  };

  testInBrowser('with threads: the losses of 60 steps are the command line’s', async () => {
    const opened = await visit();
    expect(await opened.text('#machine')).toMatch(/wasm: WebAssembly, relaxed SIMD, [2-9]\d* threads/);
    const losses = await lossesOf(opened);
    losses.forEach((loss, n) => expect(Math.abs(loss - expected[n])).toBeLessThan(1e-3));
    expect(losses[2]).toBeLessThan(0.7 * losses[0]);
  });

  testInBrowser('on any host’s folder, which isolates nothing: the same, on one thread', async () => {
    const folder = directoryOf({});
    const build = [
      'build',
      '--config',
      'src/page/vite.config.ts',
      '--mode',
      'site',
      '--outDir',
      folder,
      '--logLevel',
      'warn',
    ];
    const { status, stdout, stderr } = spawnSync('node_modules/.bin/vite', build, { encoding: 'utf8' });
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' });
    const host = await LonghandPage.host(folder);
    try {
      const opened = await host.visit();
      expect(await opened.text('#machine')).toContain('1 thread');
      const losses = await lossesOf(opened);
      losses.forEach((loss, n) => expect(Math.abs(loss - expected[n])).toBeLessThan(1e-3));
      expect(opened.faults).toEqual([]);
    } finally {
      await host.close();
    }
  });

  testInBrowser.each(['webgl2', 'webgpu', 'reference'])('on %s, loaded only when it is chosen', async (machine) => {
    const asked: string[] = [];
    const opened = await visit(`${SMALL}&steps=20`, {
      prepare: async (page) => void page.on('request', (request) => asked.push(request.url())),
    });
    expect(asked.filter((url) => url.includes('gpu'))).toEqual([]);
    await opened.page.selectOption('[name=machine]', machine);
    await opened.page.waitForFunction(
      (name) => document.querySelector('#machine')?.textContent.includes(name),
      machine,
    );
    const other = await visit(`${SMALL}&steps=20`);
    for (const one of [opened, other]) {
      await one.page.click('#play');
      await one.page.waitForFunction(() => document.querySelector('#step')?.textContent === '20');
    }
    expect(Number(await opened.text('#loss'))).toBeCloseTo(Number(await other.text('#loss')), 3);
    expect(asked.some((url) => url.includes('gpu'))).toBe(machine !== 'reference');
  });

  testInBrowser('a pause, single steps and a reset', async () => {
    const { page, text } = bound(await visit(SMALL));
    await page.click('#play');
    await page.waitForFunction(() => Number(document.querySelector('#step')?.textContent) > 5);
    await page.click('#play');
    await page.waitForSelector('#one-step:enabled');
    const step = Number(await text('#step'));
    await page.click('#one-step');
    await page.waitForFunction((next) => document.querySelector('#step')?.textContent === next, String(step + 1));
    const loss = await text('#loss');
    expect(Number(loss)).toBeGreaterThan(0);
    await page.click('#reset');
    await page.waitForFunction(() => document.querySelector('#step')?.textContent === '0');
    expect(await text('#loss')).toBe('–');
  });

  testInBrowser(
    'a reset while it plays is a new run, from the start; the address keeps what is looked at',
    async () => {
      const { page, text, visit: opened } = bound(await visit(`${SMALL}&steps=100000`));
      await page.click('#next');
      await page.click('#play');
      await page.waitForFunction(() => Number(document.querySelector('#step')?.textContent) > 5);
      await page.click('#reset');
      await page.waitForFunction(() => document.querySelector('#step')?.textContent === '0');
      await page.waitForSelector('#one-step:enabled');
      expect([await text('#play'), await text('#loss')]).toEqual(['Play', '–']);
      expect(new URL(page.url()).search).toContain('image=1');

      await page.click('#play');
      await page.waitForFunction(() => Number(document.querySelector('#step')?.textContent) > 5);
      const steps = Number(await text('#step')) + 2000; // not reached before it is typed, on a busy computer either
      await page.fill('[name=steps]', String(steps)); // while it plays
      await page.press('[name=steps]', 'Tab');
      await page.waitForFunction(() => /\d\.\d+/.test(document.querySelector('#test-accuracy')?.textContent ?? ''));
      expect(await text('#step')).toBe(String(steps));
      expect(opened.faults).toEqual([]);
    },
  );
});

describe('a link', () => {
  testInBrowser('repeats a run, with the learning rate that was changed in its midst', async () => {
    const first = await visit(`${SMALL}&seed=7&steps=300&rateChanges=3:0.002,200:0.5`);
    for (let step = 1; step <= 5; step++) {
      await first.page.click('#one-step:enabled');
      await first.page.waitForFunction((n) => document.querySelector('#step')?.textContent === n, String(step));
    }
    expect(await first.page.inputValue('[name=learningRate]')).toBe('0.002');
    await first.page.fill('[name=learningRate]', '0.01'); // another run from here on: the 0.5 does not come
    await first.page.press('[name=learningRate]', 'Enter');
    await first.page.click('#play');
    await first.page.waitForFunction(() => /\d\.\d+/.test(document.querySelector('#test-accuracy')?.textContent ?? ''));
    await first.page.waitForFunction(() => location.search.includes('6:0.01'));
    const { search } = new URL(first.page.url());
    expect(search).toMatch(/^\?hidden=16&batchSize=32&seed=7&steps=300&rateChanges=3:0\.002,6:0\.01$/);

    const second = await visit(search);
    expect(await second.page.inputValue('[name=learningRate]')).toBe('0.001');
    await second.playToTheEnd();
    expect(await second.page.inputValue('[name=learningRate]')).toBe('0.01');
    for (const figure of ['#loss', '#accuracy', '#test-accuracy']) {
      expect(await second.text(figure)).toBe(await first.text(figure));
    }
    expect(new URL(second.page.url()).search).toBe(search);
  });

  testInBrowser('that makes no sense is the tutorial’s run', async () => {
    const { page } = await visit(
      '?hidden=-3&batchSize=x&machine=abacus&rateChanges=,5,:,7:z&row=99&image=1e9&mistake=%3Cb%3E',
    );
    expect(await page.inputValue('[name=hidden]')).toBe('128');
    expect(await page.inputValue('[name=machine]')).toBe('wasm');
    expect(await page.inputValue('#row')).toBe('28');
  });

  testInBrowser('remembers what is looked at', async () => {
    const { page, text } = bound(await visit('?image=18&row=14&mistake=swapped-gate'));
    await page.waitForFunction(() => document.querySelector('#row-text')?.textContent === '14 of 28 rows');
    expect(await text('#label')).toBe('a 3');
    expect(await page.isChecked('[value=swapped-gate]')).toBe(true);
  });

  testInBrowser('a field out of its limits says so, and nothing changes', async () => {
    const { page, text } = bound(await visit(SMALL));
    await page.fill('[name=hidden]', '5000');
    await page.press('[name=hidden]', 'Tab');
    expect(await text('#settings-note')).toBe('5000: must be a whole number from 1 to 1024.');
    await page.waitForTimeout(300); // longer than the address waits
    expect(new URL(page.url()).search).toBe(SMALL);
  });
});

/** The same with `text` as a function of its own. */
const bound = (visit: Visit) => ({ page: visit.page, text: (selector: string) => visit.text(selector), visit });

/** How many different colours a canvas shows. */
const coloursOf = (page: Page, selector: string): Promise<number> =>
  page.evaluate((found) => {
    const canvas = document.querySelector<HTMLCanvasElement>(found)!;
    const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
    return new Set(new Uint32Array(data.buffer)).size;
  }, selector);

describe('looking inside', () => {
  testInBrowser('every heatmap shows something, and the scrubber decides how far', async () => {
    const { page, text, visit: opened } = bound(await visit(`${SMALL}&steps=50`));
    await opened.playToTheEnd();
    await opened.seen(50);
    for (let n = 1; n <= 6; n++) {
      expect(await coloursOf(page, `#heatmaps figure:nth-child(${n}) canvas`)).toBeGreaterThan(30);
    }
    expect(await coloursOf(page, '#input-gradient')).toBeGreaterThan(100);
    expect(await page.getAttribute('#norms-chart', 'aria-label')).toMatch(/at h \d.* before the first row, \d/);

    const whole = await page.getAttribute('#probabilities', 'aria-label');
    await page.fill('#row', '10');
    await page.waitForFunction(() => document.querySelector('#row-text')?.textContent === '10 of 28 rows');
    expect(await text('#says-after')).toBe('after 10 of its 28 rows');
    expect(await page.getAttribute('#probabilities', 'aria-label')).not.toBe(whole);
    await page.fill('#row', '0');
    expect(await text('#says')).toBe('nothing yet');
    await page.click('#animate');
    await page.waitForFunction(() => document.querySelector('#row-text')?.textContent === '28 of 28 rows');
    expect(await page.getAttribute('#probabilities', 'aria-label')).toBe(whole);
  });

  testInBrowser('a digit drawn with the mouse, and one with the keyboard', async () => {
    const { page, text, visit: opened } = bound(await visit('?steps=200&hidden=64'));
    await opened.playToTheEnd();
    await page.click('#draw');
    const box = (await page.locator('#pad').boundingBox())!;
    await page.mouse.move(box.x + 0.5 * box.width, box.y + 0.15 * box.height);
    await page.mouse.down();
    await page.mouse.move(box.x + 0.5 * box.width, box.y + 0.85 * box.height, { steps: 12 });
    await page.mouse.up();
    await page.waitForFunction(() => document.querySelector('#says')?.textContent === '1');
    expect(await text('#label')).toBe('yours');

    await page.click('#clear');
    await page.waitForFunction(() => {
      const { data } = document
        .querySelector<HTMLCanvasElement>('#image')!
        .getContext('2d')!
        .getImageData(0, 0, 28, 28);
      return new Set(new Uint32Array(data.buffer)).size === 1; // no ink
    });
    const ofNothing = await text('#says-after');
    await page.focus('#pad');
    for (let n = 0; n < 7; n++) await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Space');
    for (let n = 0; n < 14; n++) await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Space');
    await page.waitForFunction((before) => document.querySelector('#says-after')?.textContent !== before, ofNothing);
    await page.waitForFunction(() => document.querySelector('#says')?.textContent === '1');
    expect(await coloursOf(page, '#image')).toBeGreaterThan(3);
    await page.click('#next');
    await page.waitForFunction(() => document.querySelector('#label')?.textContent === 'a 2');
  });

  testInBrowser('the images that a test found read wrongly: a click looks inside one', async () => {
    const { page, text, visit: opened } = bound(await visit(`${SMALL}&steps=30`));
    await opened.playToTheEnd();
    await page.waitForSelector('#wrong button');
    const name = await page.getAttribute('#wrong button', 'aria-label');
    const [, image, label, predicted] = /test image (\d+), a (\d) read as (\d)/.exec(name!)!;
    await page.click('#wrong button');
    await page.waitForFunction((n) => new URLSearchParams(location.search).get('image') === n, image);
    await page.waitForFunction((one) => document.querySelector('#label')?.textContent === one, `a ${label}`);
    expect(await text('#says')).toBe(predicted);
    expect(await page.inputValue('#image-number')).toBe(image);
    const accuracy = Number((await text('#test-accuracy')).split(' ')[0]);
    expect(await text('#wrong-count')).toContain(`${Math.round(10000 * (1 - accuracy))} of 10000`);
  });
});

describe('the mathematics', () => {
  testInBrowser('shows for each equation the lines of src/lstm.ts that the derivation links', async () => {
    const { page } = await visit(SMALL);
    const lines = readFileSync('src/lstm.ts', 'utf8').split('\n');
    const shown = await page.evaluate(() =>
      [...document.querySelectorAll('.equation')].map((article) => ({
        equation: article.getAttribute('data-equation'),
        formulas: article.querySelectorAll('.katex-html').length,
        lines: [...article.querySelectorAll('.line')].map((line) => line.textContent),
      })),
    );
    expect(shown.map(({ equation }) => equation)).toEqual(['1', '2', '3', '4', '4′', '3′', '2′', '1′']);
    for (const { equation, formulas, lines: own } of shown) {
      expect(formulas).toBeGreaterThan(0);
      expect(own[0]).toContain(`(${equation})`);
      for (const line of own) {
        const [, number, code] = /^(\d+)(.*)$/.exec(line)!;
        expect(lines[Number(number) - 1].trim()).toBe(code.trim());
      }
    }
  });

  testInBrowser('pointing at an equation lights its heatmaps, and the other way round', async () => {
    const { page } = await visit(SMALL);
    const lit = (): Promise<string[]> =>
      page.evaluate(() =>
        [...document.querySelectorAll('.lit')].map((node) => node.tagName + (node.getAttribute('data-equation') ?? '')),
      );
    await page.hover('.equation[data-equation="3"]');
    expect(await lit()).toEqual(['FIGURE3', 'ARTICLE3']);
    await page.hover('#heatmaps figure:nth-child(6)');
    expect(await lit()).toEqual(['FIGURE4', 'ARTICLE4']);
    await page.focus('.equation[data-equation="1′"] .formulas');
    expect(await lit()).toEqual(['FIGURE1′', 'ARTICLE1′']);
  });
});

describe('the check', () => {
  /** Which gradients each mistake spoils. */
  const SPOILT: Record<string, string> = {
    none: 'Every gradient agrees with the slope of the loss to seven digits or more.',
    'swapped-gate': 'Wrong: ∂L/∂kernel, ∂L/∂bias, ∂L/∂x, ∂L/∂h0, ∂L/∂c0. The others agree.',
    'dropped-term': 'Wrong: ∂L/∂kernel, ∂L/∂bias, ∂L/∂x, ∂L/∂h0, ∂L/∂c0. The others agree.',
    'no-memory': 'Wrong: ∂L/∂kernel, ∂L/∂bias, ∂L/∂x, ∂L/∂h0, ∂L/∂c0. The others agree.',
    'no-forget-bias': 'Wrong: ∂L/∂kernel, ∂L/∂bias, ∂L/∂outKernel, ∂L/∂outBias, ∂L/∂x, ∂L/∂h0, ∂L/∂c0.',
    'no-forget-gate': 'Wrong: ∂L/∂kernel, ∂L/∂bias, ∂L/∂x, ∂L/∂h0, ∂L/∂c0. The others agree.',
    'sigmoid-for-tanh': 'Wrong: ∂L/∂kernel, ∂L/∂bias, ∂L/∂x, ∂L/∂h0, ∂L/∂c0. The others agree.',
  };

  testInBrowser('finds nothing in the engine, and every planted mistake', async () => {
    const { page, text } = bound(await visit(SMALL));
    expect(Object.keys(SPOILT).sort()).toEqual(['none', ...PLANTED_MISTAKES.map(({ id }) => id)].sort());
    for (const [id, summary] of Object.entries(SPOILT)) {
      await page.check(`[value="${id}"]`);
      const planted = PLANTED_MISTAKES.find((mistake) => mistake.id === id);
      if (planted) expect(await text('#planted')).toBe(`- ${planted.right}\n+ ${planted.wrong}`);
      await page.click('#run-check');
      await page.waitForSelector('#check-table:not([hidden])');
      expect([id, await text('#check-summary')]).toEqual([id, summary]);
      expect(await page.locator('#check-table tbody tr').count()).toBe(7);
    }
  });
});

describe('a checkpoint', () => {
  testInBrowser('is saved, is the command line’s, and goes on to the same end', async () => {
    const file = path.join(directoryOf({}), 'page.safetensors');
    const whole = await visit(`${SMALL}&steps=40`);
    await whole.playToTheEnd();

    const first = await visit(`${SMALL}&steps=20`);
    await first.playToTheEnd();
    const download = first.page.waitForEvent('download');
    await first.page.click('#save');
    expect((await download).suggestedFilename()).toBe('longhand-step-20.safetensors');
    await (await download).saveAs(file);
    const { code, stdout } = await longhand(['eval', file, '--json']);
    expect(code).toBe(0);
    const { accuracy } = JSON.parse(stdout) as { accuracy: number };
    expect((await first.text('#test-accuracy')).split(' ')[0]).toBe(accuracy.toFixed(4));

    const second = await visit('');
    await second.page.setInputFiles('#file', file);
    await second.page.waitForFunction(() => document.querySelector('#step')?.textContent === '20');
    expect(await second.page.inputValue('[name=hidden]')).toBe('16');
    await second.page.fill('[name=steps]', '40');
    await second.page.press('[name=steps]', 'Tab');
    await second.playToTheEnd();
    for (const figure of ['#loss', '#accuracy', '#test-accuracy']) {
      expect(await second.text(figure)).toBe(await whole.text(figure));
    }
  });

  testInBrowser('that is damaged is refused, and the run goes on', async () => {
    const { page, text } = bound(await visit(SMALL));
    await page.click('#one-step');
    await page.waitForFunction(() => document.querySelector('#step')?.textContent === '1');
    await page.setInputFiles('#file', {
      name: 'bad.safetensors',
      mimeType: '',
      buffer: Buffer.from('not a checkpoint'),
    });
    await page.waitForSelector('#problem:not([hidden])');
    expect(await text('#problem-text')).toMatch(/^bad\.safetensors: /);
    await page.click('#problem-ways button');
    await page.click('#one-step');
    await page.waitForFunction(() => document.querySelector('#step')?.textContent === '2');
  });
});

describe('faults', () => {
  const problem = async (opened: Visit): Promise<string> => {
    await opened.page.waitForSelector('#problem:not([hidden])');
    return opened.text('#problem-text');
  };

  const way = (opened: Visit, words: string): Promise<void> =>
    opened.page.click(`#problem-ways button:text("${words}")`);

  /** The browser's own words about a request that failed. */
  const forgive = (opened: Visit, words: RegExp): void => {
    const rest = opened.faults.filter((fault) => !words.test(fault));
    opened.faults.splice(0, Infinity, ...rest);
  };

  testInBrowser.each([
    ['cannot be reached', 'abort', /t10k-labels-idx1-ubyte\.gz: cannot be loaded/],
    ['is not there', 404, /t10k-labels-idx1-ubyte\.gz: the server answers 404/],
    ['is damaged', gzipSync(Buffer.alloc(10008, 1)), /t10k-labels-idx1-ubyte: damaged: its checksum is another/],
    ['ends early', gzipSync(Buffer.alloc(10)), /t10k-labels-idx1-ubyte: ends after 10 of 10008 bytes/],
    ['is too long', gzipSync(Buffer.alloc(20000)), /t10k-labels-idx1-ubyte: longer than 10008 bytes/],
    ['is no gzip', Buffer.from([0x1f, 0x8b, 1, 2, 3]), /t10k-labels-idx1-ubyte\.gz: cannot be loaded/],
  ])('a data file that %s: says so, and tries again', async (_, answer, message) => {
    const opened = await site.open(SMALL, {
      prepare: (page) =>
        page.route('**/t10k-labels*', (route) => {
          if (answer === 'abort') return route.abort();
          return typeof answer === 'number'
            ? route.fulfill({ status: answer })
            : route.fulfill({ body: answer as Buffer });
        }),
    });
    visits.push(opened);
    expect(await problem(opened)).toMatch(message);
    await opened.page.unroute('**/t10k-labels*');
    await way(opened, 'Try again');
    await opened.page.waitForSelector('#play:enabled');
    forgive(opened, /Failed to load resource/);
  });

  testInBrowser('no WebGPU: says so, and goes on in WebAssembly', async () => {
    const without = await site.open(`${SMALL}&machine=webgpu`, {
      // the worker's navigator cannot be reached from here, so its script begins with this
      prepare: (page) =>
        page.route('**/worker-*.js', async (route) => {
          const response = await route.fetch();
          const body = `Object.defineProperty(navigator, 'gpu', { value: undefined });${await response.text()}`;
          await route.fulfill({ response, body });
        }),
    });
    visits.push(without);
    expect(await problem(without)).toContain('webgpu');
    await way(without, 'Use WebAssembly instead');
    await without.page.waitForSelector('#play:enabled');
    expect(await without.text('#machine')).toContain('WebAssembly');
  });

  testInBrowser('a learning rate that lets training diverge: says so, and goes back', async () => {
    const opened = await visit(`${SMALL}&steps=60`);
    const { page, text } = bound(opened);
    await page.click('#one-step');
    await page.waitForFunction(() => document.querySelector('#step')?.textContent === '1');
    const setRate = async (rate: string): Promise<void> => {
      await page.fill('[name=learningRate]', rate);
      await page.press('[name=learningRate]', 'Tab');
    };
    await setRate('1e38');
    await page.click('#play');
    expect(await problem(opened)).toMatch(/is (NaN|-?Infinity) at step \d+: training has diverged/);
    await way(opened, 'Go back, with a rate of 1e+37');
    await page.waitForFunction(() => document.querySelector('#step')?.textContent === '0');
    await setRate('0.001');
    await opened.playToTheEnd();
    expect(await text('#step')).toBe('60');
    expect(Number(await text('#loss'))).toBeLessThan(3);
  });

  testInBrowser.each(['webgl2', 'webgpu'])(
    'a GPU that is lost, %s: says so, and goes on in WebAssembly',
    async (machine) => {
      const own = await LonghandPage.serve();
      try {
        const opened = await own.visit(`${SMALL}&steps=5000&machine=${machine}`);
        const { page } = opened;
        await page.click('#play');
        await page.waitForFunction(() => Number(document.querySelector('#step')?.textContent) >= 3);
        await own.killGpu();
        expect(await problem(opened)).toMatch(/^The GPU has failed: /);
        await way(opened, 'Go on in WebAssembly');
        await page.waitForFunction(() => document.querySelector('#machine')?.textContent.includes('wasm'));
        const from = Number(await opened.text('#step'));
        await page.fill('[name=steps]', String(from + 20));
        await page.press('[name=steps]', 'Tab');
        await opened.playToTheEnd();
        expect(Number(await opened.text('#loss'))).toBeGreaterThan(0.1);
      } finally {
        await own.close();
      }
    },
  );

  testInBrowser('an engine that cannot be loaded: says so', async () => {
    const opened = await site.open('', { prepare: (page) => page.route('**/worker-*.js', (route) => route.abort()) });
    visits.push(opened);
    expect(await problem(opened)).toMatch(/^The engine has stopped: /);
    expect(await opened.text('#problem-ways')).toContain('Load the page again');
    forgive(opened, /Failed to load resource|ERR_FAILED/);
  });
});

describe('fit and finish', () => {
  testInBrowser('the first load without data is at most 250 KB gzipped, GPU.js not among it', async () => {
    const bodies: [string, Promise<Buffer>][] = [];
    await visit('', {
      prepare: async (page) =>
        void page.on('response', (response) => {
          if (!response.url().includes('/data/')) bodies.push([response.url(), response.body()]);
        }),
    });
    const sizes = await Promise.all(
      bodies.map(async ([url, body]) => (url.endsWith('.woff2') ? (await body).length : gzipSync(await body).length)),
    );
    const total = sizes.reduce((sum, size) => sum + size, 0);
    expect(total).toBeGreaterThan(50_000);
    expect(total).toBeLessThanOrEqual(250_000);
  });

  testInBrowser.each([
    ['light', 1440],
    ['dark', 1440],
    ['light', 360],
    ['dark', 360],
  ] as const)('in %s at %i px: nothing serious for axe, and no sideways scrolling', async (colorScheme, width) => {
    const { page, visit: opened } = bound(
      await visit(`${SMALL}&steps=20&mistake=swapped-gate`, {
        colorScheme,
        viewport: { width, height: 900 },
        reducedMotion: 'reduce',
        bypassCSP: true, // for axe's own script
      }),
    );
    await opened.playToTheEnd();
    await page.click('#run-check');
    await page.waitForSelector('#check-table:not([hidden])');
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
    await page.addScriptTag({ content: AxeBuilder.source });
    const { violations } = await page.evaluate(() => (globalThis as unknown as { axe: typeof AxeBuilder }).axe.run());
    const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
    expect(serious.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)).toEqual([]);
  });

  testInBrowser('by keyboard alone: train, read, check', async () => {
    const { page, text } = bound(await visit(`${SMALL}&steps=10`));
    await page.focus('#play');
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => document.querySelector('#step')?.textContent === '10');
    await page.focus('#row');
    await page.keyboard.press('ArrowLeft');
    expect(await text('#row-text')).toBe('27 of 28 rows');
    await page.focus('[name=mistake]');
    await page.keyboard.press('ArrowDown');
    expect(await page.isChecked('[value=swapped-gate]')).toBe(true);
  });
});
