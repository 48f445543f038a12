/** “Train” in a real Chromium: the command line's losses; play, pause, steps and reset. */
import path from 'node:path';
import { builtSite } from '../../helpers/built-site.js';
import { testInBrowser } from '../../helpers/chromium.js';
import { LonghandPage, servePage, SMALL } from '../../helpers/longhand-page.js';
import { longhand } from '../../helpers/longhand.js';

const { visit, shareVisit } = servePage();
describe('the losses of 60 steps are those of the command line', () => {
  const STEPS = [20, 40, 60];
  const QUERY = '?hidden=32&batchSize=32&learningRate=0.003';
  let expected: number[];
  beforeAll(async () => {
    const sizes = [
      '--hidden',
      '32',
      '--batch-size',
      '32',
      '--learning-rate',
      '0.003',
      '--training-iters',
      String(61 * 32),
    ];
    const { stdout } = await longhand(['train', ...sizes, '--display-step', '20', '--json', '--threads', '1']);
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { step?: number; loss?: number });
    expected = lines.flatMap(({ step, loss }) => (STEPS.includes(step ?? 0) ? [loss!] : []));
    expect(expected).toHaveLength(STEPS.length);
  });

  testInBrowser('served by longhand page, on several threads', async () => {
    const opened = await visit(QUERY);
    expect(await opened.text('#backend')).toMatch(/wasm: WebAssembly, relaxed SIMD, [2-9]\d* threads/);
    const losses: number[] = [];
    for (const steps of STEPS) {
      await opened.set('steps', String(steps));
      await opened.page.click('#play'); // ends the test of the steps before
      await opened.waitForStep(steps);
      await opened.page.waitForSelector('#play:text-is("Play")');
      losses.push(Number(await opened.text('#loss')));
    }
    await opened.waitForTest();
    expect(await opened.text('#test-result')).toContain('step 60');
    losses.forEach((loss, n) => expect(Math.abs(loss - expected[n])).toBeLessThan(1e-3));
    expect(losses[2]).toBeLessThan(0.7 * losses[0]);
  });

  testInBrowser('in a folder of a host that does not isolate the page, which a service worker then does', async () => {
    const host = await LonghandPage.host(path.join(await builtSite(), 'play'));
    try {
      const opened = await host.visit(`${QUERY}&steps=60`);
      expect(await opened.text('#backend')).toMatch(/wasm: WebAssembly, relaxed SIMD, [2-9]\d* threads/);
      await opened.playToTheEnd();
      expect(Math.abs(Number(await opened.text('#loss')) - expected[2])).toBeLessThan(1e-3);
      expect(opened.faults).toEqual([]);
      const alone = await host.visit('', { serviceWorkers: 'block' });
      expect(await alone.text('#backend')).toContain('1 thread');
      expect(alone.faults).toEqual([]);
    } finally {
      await host.close();
    }
  });
});

testInBrowser('Reset starts a new run; the address keeps the image; the length can change in a run', async () => {
  const opened = await visit(`${SMALL}&steps=100000`);
  const { page } = opened;
  await page.click('#next');
  await page.click('#play');
  await opened.waitForStepAfter(6);
  await page.click('#reset');
  await opened.waitForStep(0);
  await page.waitForSelector('#one-step:enabled');
  expect([await opened.text('#play'), await opened.text('#loss')]).toEqual(['Play', '–']);
  await page.waitForFunction(() => location.search.includes('image=1'));

  await page.click('#play');
  await opened.waitForStepAfter(6);
  const steps = Number(await opened.text('#step')) + 2000; // not reached before it is typed, even on a busy computer
  await opened.set('steps', String(steps)); // while it plays
  await opened.waitForTest();
  expect(await opened.text('#step')).toBe(String(steps));
  expect(opened.faults).toEqual([]);
});

describe('a test', () => {
  const opened = shareVisit('?hidden=256&batchSize=128&threads=1'); // large, so that it lasts

  testInBrowser('can be stopped', async () => {
    const { page } = opened();
    await page.click('#test');
    await opened().waitForText('#test', 'Stop the test');
    await page.click('#test');
    await opened().waitForText('#test', 'Test');
    expect(await opened().text('#test-result')).toBe('–');
    await page.click('#test');
    await opened().waitForTest();
    expect(await opened().text('#test-result')).toMatch(/^0\.\d{4} at step 0$/);
  });

  testInBrowser.each([
    ['#one-step', 2],
    ['#reset', 1],
  ] as const)('ends when %s is pressed, and the run continues', async (button, step) => {
    const { page } = opened();
    await page.click('#test');
    await opened().waitForText('#test', 'Stop the test');
    await page.click(button);
    await opened().waitForText('#test', 'Test');
    expect(await opened().text('#test-result')).toBe('–');
    await page.click('#one-step:enabled');
    await opened().waitForStep(step);
  });
});
