/** The editor for a kernel of the reader's own, in a real Chromium. No time is asserted. */
import type { Page } from 'playwright-core';
import { launchChromium } from '../../../bench/browser/chromium.js';
import { startsFor } from '../../../bench/kernel/starts.js';
import { expectGood, NARROW, viewForAxe } from '../../helpers/axe.js';
import { testInBrowser } from '../../helpers/chromium.js';
import { builtSite, hostSite, paste, textOf } from '../../helpers/site.js';

const { open, address } = hostSite(builtSite);
const [{ source: NAIVE }, , { source: TILE }] = startsFor('gpu');

const kernel = (page: Page) => page.locator('.own-kernel');
const says = (page: Page, words: RegExp): Promise<void> => kernel(page).getByText(words).first().waitFor();
async function run(page: Page, text: string): Promise<void> {
  await paste(page, text);
  await kernel(page).getByRole('button', { name: 'Run' }).click();
}
const RATIO = /^Your kernel is \d+\.\d\d times as fast as the house’s product/;

/** In place of /measure's worker: TensorFlow.js that multiplies in a loop, and a device with limits. It speaks bench/measure/protocol.ts. */
const MEASURE_WORKER = `onmessage = ({ data: { program, limit, ask, task, inputs } }) => {
  if (limit) return postMessage({ gflops: 1000, gigabytes: 100 });
  if (program) return postMessage(program === 'tensorflow' ? { version: '', description: '', engine: '' } : { failure: program });
  if (ask !== 'prepare') return postMessage({ ms: 1, times: [1] });
  const [a, b] = [inputs.a, inputs.b].map((text) => new Float32Array(Uint8Array.from(atob(text), (one) => one.charCodeAt(0)).buffer));
  const { M, K, N } = task;
  const out = new Float32Array(M * N);
  for (let m = 0; m < M; m++) for (let k = 0; k < K; k++) for (let n = 0; n < N; n++) out[m * N + n] += a[m * K + k] * b[k * N + n];
  let text = '';
  for (const one of new Uint8Array(out.buffer)) text += String.fromCharCode(one);
  postMessage({ outputs: { out: btoa(text) } });
};`;

/** In front of run.js, whose own workers a page cannot route. */
const WITH_MEASURE_WORKER = `const Real = Worker;
globalThis.Worker = function (address, options) {
  const isMeasure = String(address).endsWith('/measure/files/worker.js');
  return new Real(isMeasure ? 'data:text/javascript,' + encodeURIComponent(${JSON.stringify(MEASURE_WORKER)}) : address, options);
};`;

testInBrowser('a kernel is checked and timed; what is wrong is said at its line; text and tasks are kept', async () => {
  const { page } = await open('measure/', { ...viewForAxe(...NARROW), bypassCSP: false, serviceWorkers: 'block' });
  await page.route('**/own-kernel/run.js', async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: `${WITH_MEASURE_WORKER}\n${await response.text()}` });
  });
  const button = kernel(page).getByRole('button', { name: 'Run' });
  await button.waitFor();
  expect(await textOf(page)).toBe(NAIVE);

  await run(page, NAIVE.replace('k < p.K', 'k < p.K - 1'));
  await says(page, /^wrong at \[7,5\]·\[5,3\]: out at row 0, column 0 is .* only the first 4 of its 5 terms\.$/);
  await run(page, NAIVE.replace('let row = index', 'let row = indices'));
  await says(page, /^Line 12: unresolved value 'indices'/);
  expect(await page.locator('.own-kernel .error-line').innerText()).toContain('let row = indices');

  await kernel(page).getByRole('checkbox', { name: 'beside TensorFlow.js' }).check();
  await run(page, TILE);
  await says(page, RATIO);
  await says(page, /^The task (is done|needs 2 times)/);
  await says(
    page,
    /^The roofline is at 1000 GFLOPS here, because of multiply-adds; your kernel reaches [\d.e-]+% of it\.$/,
  );
  const names = await page.locator('.own-kernel td:first-child').allInnerTexts();
  expect(names).toEqual(['your kernel', 'the naive kernel', 'longhand-webgpu', 'tensorflow-webgpu']);
  await expectGood(page);

  await kernel(page)
    .getByRole('radio', { name: /^5\. Beat the house/ })
    .check();
  await says(page, /^The house measures its tiles on your device/);
  await page.reload();
  await button.waitFor();
  expect(await textOf(page)).toBe(TILE);
  expect(
    await kernel(page)
      .getByRole('radio', { name: /^5\. Beat the house/ })
      .isChecked(),
  ).toBe(true);
  await kernel(page).getByRole('combobox').selectOption({ index: 1 });
  expect(await textOf(page)).toBe(NAIVE);
});

/** In a browser of its own: its process for the GPU then computes until it is killed. */
testInBrowser('a kernel that does not end is ended, in a sentence', async () => {
  const browser = await launchChromium();
  try {
    const page = await browser.newPage();
    await page.goto(`${address()}measure/`);
    await kernel(page).getByRole('button', { name: 'Run' }).waitFor();
    await run(page, NAIVE.replace('k++', ''));
    const text = 'The kernel did not end at [7,5]·[5,3] within 10 seconds, so it was ended. Is there an endless loop';
    await page.waitForFunction((words) => document.body.innerText.includes(words), text, { polling: 100 }); // nothing may be drawn
  } finally {
    await browser.close();
  }
});
