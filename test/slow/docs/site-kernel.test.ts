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
const RATIO = /^Your kernel is \d+\.\d\d times as fast as Longhand’s product/;

testInBrowser('a kernel is checked and timed; what is wrong is said at its line; text and tasks are kept', async () => {
  const { page } = await open('measure/', { ...viewForAxe(...NARROW), bypassCSP: false, serviceWorkers: 'block' });
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
    /^The roofline is at [\d.e+]+ GFLOPS here, because of (multiply-adds|memory); your kernel reaches [\d.e+-]+% of it\.$/,
  );
  const names = await page.locator('.own-kernel td:first-child').allInnerTexts();
  expect(names).toEqual(['your kernel', 'the naive kernel', 'longhand-webgpu', 'tensorflow-webgpu']);
  await expectGood(page);

  await kernel(page)
    .getByRole('radio', { name: /^5\. Beat Longhand/ })
    .check();
  await says(page, /^Longhand measures its tiles on your device/);
  await page.reload();
  await button.waitFor();
  expect(await textOf(page)).toBe(TILE);
  expect(
    await kernel(page)
      .getByRole('radio', { name: /^5\. Beat Longhand/ })
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
