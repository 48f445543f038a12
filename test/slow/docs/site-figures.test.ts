/** What all figures of the chapters keep: their size, a page without scripts, fingers, and no motion that the reader did not start. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Locator } from 'playwright-core';
import { showIn, viewForAxe } from '../../helpers/axe.js';
import { builtSite } from '../../helpers/built-site.js';
import { testInBrowser } from '../../helpers/chromium.js';
import { addressOf, filesOf, hostSite, mistaken, named, solution, verdictOn } from '../../helpers/site.js';

const { open, work, folder, address } = hostSite(builtSite);

/** Each page that has figures, with a picture or a text that it has without scripts too. */
const WITHOUT_SCRIPTS: readonly [page: string, picture: string][] = [
  ['', 'img[src*="/reach."]'],
  ['learn/what-an-rnn-is.html', 'img[src*="/unrolled."]'],
  ['learn/plain-rnn.html', 'img[src*="/gradient-norms."]'],
  ['learn/lstm.html', 'img[src*="/cell."]'],
  ['learn/by-hand.html', 'img[src*="/two-paths."]'],
  ['learn/why-57.html', 'img[src*="/paths."]'],
  ['learn/loss-and-update.html', 'img[src*="/spike."]'],
];

const kilobytes = (names: readonly string[]): number => {
  const all = names.map((name) => gzipSync(readFileSync(path.join(folder(), name))).length);
  return all.reduce((sum, length) => sum + length, 0) / 1024;
};

/** The scripts that a page's head names for its figures: not those of all pages, and not the page's own text. */
function scriptsOfFigures(page: string): string[] {
  const preloaded = (file: string): string[] =>
    Array.from(
      readFileSync(path.join(folder(), file), 'utf8').matchAll(
        /<link rel="modulepreload" href="[./]+(assets\/[^"]+)"/g,
      ),
      ([, name]) => name,
    ).filter((name) => !name.endsWith('.lean.js'));
  const everywhere = preloaded('changelog.html');
  return preloaded(page === '' ? 'index.html' : page).filter((name) => !everywhere.includes(name));
}

testInBrowser('the figures of a page are at most 40 KB gzipped, and a training at most 100 KB more', () => {
  for (const [page] of WITHOUT_SCRIPTS) {
    const scripts = scriptsOfFigures(page);
    expect([page, scripts.length > 0, kilobytes(scripts) <= 40]).toEqual([page, true, true]);
  }
  const workers = filesOf(folder(), '.js').filter((name) => /\/training-worker[^/]*$/.test(name));
  expect(workers).toHaveLength(1);
  for (const worker of workers) expect([worker, kilobytes([worker]) <= 100]).toEqual([worker, true]);
});

testInBrowser.each(WITHOUT_SCRIPTS)('%s without scripts: the picture is there, and no lever', async (page, picture) => {
  const visit = await open(page, { javaScriptEnabled: false });
  const image = visit.page.locator(picture);
  // it may be in a box, which opens without scripts too
  const box = visit.page.locator('details', { has: image });
  if ((await box.count()) > 0) await box.locator('summary').click();
  expect(await image.isVisible()).toBe(true);
  const { width, height } = (await image.boundingBox())!;
  expect([width > 200, height > 100]).toEqual([true, true]);
  expect(await visit.page.locator('.vp-doc :is(input, select, button:not(.copy))').count()).toBe(0);
});

testInBrowser('chapters 3 to 5 without scripts: the numbers are in boxes and tables', async () => {
  const { page } = await open('learn/by-hand.html', { javaScriptEnabled: false });
  const shows = async (chapter: string, summary: string, text: string): Promise<void> => {
    await page.goto(`${address()}learn/${chapter}.html`);
    const box = page.locator('details', { hasText: text }).first();
    expect(await box.getByText(text).first().isVisible()).toBe(false);
    await box.locator('summary', { hasText: summary }).click();
    expect(await box.getByText(text).first().isVisible()).toBe(true);
  };
  await shows('by-hand', 'Check (4′)', 'do₂ = dh₂·tanh c₂ = (-0.9656)·0.8171 = -0.7890');
  await shows('lstm', 'Check your predictions', 'If zf = 3, then f = σ(4) = 0.9820');
  await page.goto(`${address()}learn/loss-and-update.html`);
  expect(await page.getByRole('cell', { name: '-0.7553', exact: true }).isVisible()).toBe(true);
});

testInBrowser('at 390 px, by touch: sliders, trainings and programs', async () => {
  const { page } = await open('learn/plain-rnn.html', { ...viewForAxe('light', 390), hasTouch: true });
  const tapMiddle = async (slider: Locator): Promise<void> => {
    await slider.scrollIntoViewIfNeeded();
    const { x, y, width, height } = (await slider.boundingBox())!;
    await page.touchscreen.tap(x + width / 2, y + height / 2);
  };
  await tapMiddle(page.getByLabel('Spectral radius of Wh'));
  await page.locator('.norms-slider label', { hasText: /: 1\.[45]/ }).waitFor();
  await page.getByLabel('Spectral radius of Wh').press('Home');
  await tapMiddle(page.getByLabel('Spectral radius of Wh'));
  await page.locator('.norms-slider label', { hasText: /: 1\.[45]/ }).waitFor();

  /** Starts a run, waits for its first words, and stops it. */
  const runs = async (section: Locator, start: string, first: RegExp): Promise<void> => {
    await section.getByRole('button', { name: start }).tap();
    await section.locator('[role=status]', { hasText: first }).waitFor();
    await section.getByRole('button', { name: 'Stop' }).tap();
    await section.getByRole('button', { name: start }).waitFor();
  };
  await runs(page.locator('.gap-run'), 'Train', /^Update \d+: loss/);
  await page.goto(`${address()}learn/what-an-rnn-is.html`);
  await runs(page.locator('.first-text'), 'Train it here', /^Update \d+ of 2000/);
  const program = page.locator('.program-run', { hasText: 'one-state.mjs' }).first();
  await program.getByRole('button', { name: 'Run one-state.mjs' }).tap();
  await program.locator('[role=status]', { hasText: 'one-state.mjs has ended' }).waitFor();

  await page.goto(`${address()}learn/by-hand.html`);
  await page.getByRole('button', { name: 'Go to zi₁' }).tap();
  const field = page.getByLabel('zj₁ = ?', { exact: true });
  await field.tap();
  await page.keyboard.type('0.64');
  await page.getByLabel('zf₁ = ?', { exact: true }).tap(); // leaves the field
  await page.locator('.number-field.right', { has: field }).waitFor();
});

testInBrowser('what is touched has no highlight of the browser, in the chapters and at /play', async () => {
  const { page } = await open('learn/what-an-rnn-is.html', { ...viewForAxe('light', 390), hasTouch: true });
  const highlight = (selector: string): Promise<string> =>
    page
      .locator(selector)
      .first()
      .evaluate((element) => getComputedStyle(element).getPropertyValue('-webkit-tap-highlight-color'));
  expect(await highlight('.first-text button')).toBe('rgba(0, 0, 0, 0)');
  expect(await highlight('.vp-doc a')).toBe('rgba(0, 0, 0, 0)');
  await page.goto(`${address()}play/`);
  expect(await highlight('#play')).toBe('rgba(0, 0, 0, 0)');
});

testInBrowser('wide and narrow, Run and the verdict stay in view, from the editor to the findings', async () => {
  const { page } = await work('hidden-state', viewForAxe('light', 1440));
  await verdictOn(page, mistaken('hidden-state'));
  /** The element, or a part of it, is what the reader sees at its middle. */
  const isSeen = (selector: string): Promise<boolean> =>
    page.locator(selector).evaluate((element) => {
      const { left, top, width, height } = element.getBoundingClientRect();
      const seen = document.elementFromPoint(left + width / 2, top + height / 2);
      return seen !== null && element.contains(seen);
    });
  for (const width of [1440, 390]) {
    await showIn(page, ['light', width]);
    for (const [place, block] of [
      ['.editor', 'start'],
      ['.editor', 'center'],
      ['.editor', 'end'],
      ['.verdict', 'center'],
      ['.findings', 'end'],
    ] as const) {
      await page
        .locator(place)
        .evaluate((element, at) => element.scrollIntoView({ block: at, behavior: 'instant' }), block);
      const seen = [await isSeen('button.run'), await isSeen('.short-verdict')];
      expect([width, place, block, ...seen]).toEqual([width, place, block, true, true]);
    }
  }
  expect(await page.innerText('.short-verdict')).toMatch(/^Not yet right: dz\[0, 9\] is /);
  expect(page.url()).toContain(addressOf(named('hidden-state')));
});

testInBrowser(
  'wrong is red and right is green, in a verdict and beside a planted mistake, in light and dark',
  async () => {
    const { page } = await work('sigmoid', viewForAxe('light', 1440));
    /** Which of red, green and blue is the largest part of an element's colour. */
    const colourOf = (selector: string): Promise<string> =>
      page
        .locator(selector)
        .first()
        .evaluate((element) => {
          const [red, green, blue] = getComputedStyle(element)
            .color.match(/[\d.]+/g)!
            .map(Number);
          return red > Math.max(green, blue) ? 'red' : green > Math.max(red, blue) ? 'green' : 'another';
        });
    const expectColours = async (colours: Readonly<Record<string, string>>): Promise<void> => {
      for (const scheme of ['light', 'dark'] as const) {
        await showIn(page, [scheme, 1440]);
        for (const [selector, colour] of Object.entries(colours))
          expect([scheme, selector, await colourOf(selector)]).toEqual([scheme, selector, colour]);
      }
    };
    await verdictOn(page, mistaken('sigmoid'));
    await expectColours({ '.verdict .wrong': 'red', '.short-verdict': 'red' });
    await verdictOn(page, solution('sigmoid'));
    await expectColours({ '.verdict .right': 'green', '.short-verdict': 'green' });
    await page.goto(`${address()}play/`);
    await page.check('[value="swapped-gate"]');
    await expectColours({ '#planted .wrong': 'red', '#planted .right': 'green' });
  },
);
