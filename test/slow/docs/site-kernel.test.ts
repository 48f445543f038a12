/** The editor for a kernel of the reader's own, in a real Chromium. No time is asserted. */
import type { Page } from 'playwright-core';
import { launchChromium } from '../../../bench/browser/chromium.js';
import { type Language, LANGUAGE_NAMES } from '../../../bench/kernel/languages.js';
import { startsIn } from '../../../bench/kernel/starts.js';
import { expectGood, NARROW, viewForAxe } from '../../helpers/axe.js';
import { builtSite } from '../../helpers/built-site.js';
import { testInBrowser } from '../../helpers/chromium.js';
import { hostSite, paste, textOf } from '../../helpers/site.js';

const { open, address } = hostSite(builtSite);
const [{ source: NAIVE }, , { source: TILE }] = startsIn('wgsl', 'webgl2');
const STARTS = LANGUAGE_NAMES.flatMap((language) =>
  startsIn(language, 'webgl2').map((start) => ({ language, ...start })),
);

const kernel = (page: Page) => page.locator('.own-kernel');
const says = (page: Page, words: RegExp): Promise<void> => kernel(page).getByText(words).first().waitFor();
async function run(page: Page, text: string): Promise<void> {
  await paste(page, text);
  await kernel(page).getByRole('button', { name: 'Run' }).click();
}
async function expectRows(page: Page, ...others: string[]): Promise<void> {
  const names = await page.locator('.own-kernel td:first-child').allInnerTexts();
  const words = await kernel(page).getByRole('status').innerText();
  expect({ names, words }).toEqual({ names: ['your kernel', 'the naive kernel', ...others], words });
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
  await expectRows(page, 'longhand-webgpu', 'tensorflow-webgpu');
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
  await kernel(page).getByRole('combobox').selectOption('0');
  expect(await textOf(page)).toBe(NAIVE);
});

interface Attempt {
  readonly language: Language;
  readonly start: number;
  readonly mistake: readonly [from: string, to: string, message: RegExp];
  readonly executor: RegExp;
  readonly rows: readonly string[];
}
const ATTEMPTS: readonly Attempt[] = [
  {
    language: 'gpu.js',
    start: 3, // several outputs per launch
    mistake: ['// tile', '// tiles', /^no line says which rows and columns a thread computes/],
    executor: /^It runs on .*webgl2/,
    rows: ['longhand-gpu-webgl2', 'tensorflow-webgl'],
  },
  {
    language: 'assemblyscript',
    start: 1,
    mistake: ['const nextA', 'const next', /^Line 12: TS2304: Cannot find name 'nextA'\.$/],
    executor: /^It runs on WebAssembly with SIMD, 1 thread\.$/,
    rows: ['longhand-wasm', 'tensorflow-wasm'],
  },
];

testInBrowser(
  'kernels in GPU.js and AssemblyScript are compiled, checked and timed; a text in each language is kept',
  async () => {
    const { page } = await open('measure/', { bypassCSP: false, serviceWorkers: 'block' });
    await kernel(page).getByRole('button', { name: 'Run' }).waitFor();
    await kernel(page).getByRole('checkbox', { name: 'beside TensorFlow.js' }).check();
    for (const { language, start, mistake, executor, rows } of ATTEMPTS) {
      const [from, to, message] = mistake;
      const { source } = startsIn(language, 'webgl2')[start];
      const index = STARTS.findIndex((one) => one.language === language) + start;
      await kernel(page).getByRole('combobox').selectOption(String(index));
      expect(await textOf(page)).toBe(source);
      expect(source).toContain(from);
      await run(page, source.replace(from, to));
      await says(page, message);
      await run(page, source);
      await says(page, RATIO);
      await says(page, executor);
      await says(page, /^The task (is done|needs 2 times)/);
      await expectRows(page, ...rows);
      await page.reload();
      await kernel(page).getByRole('button', { name: 'Run' }).waitFor();
      await kernel(page).getByRole('checkbox', { name: 'beside TensorFlow.js' }).check();
      expect(await textOf(page)).toBe(source);
    }
    await kernel(page).getByRole('combobox').selectOption('gpu.js');
    expect(await textOf(page)).toBe(startsIn('gpu.js', 'webgl2')[ATTEMPTS[0].start].source);
    await kernel(page).getByRole('combobox').selectOption('assemblyscript');
    // the language is that of the text: it is not compiled as WGSL
    await run(page, startsIn('assemblyscript', 'webgl2')[0].source.replace('k < K', 'k < K - 1'));
    await says(page, /^wrong at \[7,5\]·\[5,3\]: .*only the first 4 of its 5 terms\.$/);
  },
);

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
