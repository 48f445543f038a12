/** What the reader fills in and moves in chapters 4 and 5, narrow and dark, then wide and light: by keyboard, by touch, and without storage. */
import type { Locator, Page } from 'playwright-core';
import { SECTIONS } from '../../../docs/learn/programs/by-hand-lines.mjs';
import { valuesOfTheEngine } from '../../../docs/learn/programs/by-hand.mjs';
import { expectGood, NARROW, viewForAxe } from '../../helpers/axe.js';
import { testInBrowser } from '../../helpers/chromium.js';
import { builtSite, hostSite } from '../../helpers/site.js';

const { open } = hostSite(builtSite);

/** The lines of chapter 4, in order, and their numbers. */
const HAND_NAMES = (SECTIONS as readonly { lines: string[][] }[]).flatMap(({ lines }) => lines.map(([name]) => name));
const HAND = valuesOfTheEngine() as Readonly<Record<string, number>>;

testInBrowser('the fields of chapter 4, by keyboard, and without storage', async () => {
  const forbidStorage = (page: Page): Promise<unknown> =>
    page.addInitScript(() => {
      const write = localStorage.setItem.bind(localStorage);
      Storage.prototype.setItem = (key, value) => {
        if (key === 'longhand-by-hand') throw new DOMException('full', 'QuotaExceededError');
        write(key, value); // the site's own theme writes there too
      };
    });
  const { page } = await open('learn/by-hand.html', { ...viewForAxe(...NARROW), prepare: forbidStorage });
  const idOf = (name: string): string => `by-hand-${HAND_NAMES.indexOf(name)}`;
  const field = (name: string): Locator => page.locator(`#${idOf(name)}`);
  await page.click('button:text-is("Go to zi₁")');
  for (const name of HAND_NAMES.slice(0, 8)) {
    expect(await page.evaluate(() => document.activeElement?.id)).toBe(idOf(name));
    await page.keyboard.type(HAND[name].toFixed(4));
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    if (name === 'zo₁') await field('i₁').focus(); // after the box that has opened
  }
  await page.locator('.number-summary', { hasText: '8 of your 61 numbers are right. This browser does not' }).waitFor();
  expect(await page.locator('details[open]').count()).toBe(2);
  await field('dc₁').fill(HAND['dc₁[h₁]'].toFixed(4));
  await field('dc₁').press('Enter');
  const lacks = 'dc₁ lacks the gradient that arrives from step 2';
  await page.locator('.number-field.wrong p', { hasText: `You get this number if ${lacks}` }).waitFor();
  await expectGood(page);
});

testInBrowser('the levers of chapter 5, by keyboard and touch', async () => {
  const { page } = await open('learn/loss-and-update.html', { ...viewForAxe(...NARROW), hasTouch: true });
  const first = page.getByLabel('Logit 0');
  await first.press('End');
  await page.locator('.softmax-live tbody tr').nth(1).filter({ hasText: '-0.9999' }).waitFor();
  const { x, y, width: length, height } = (await first.boundingBox())!;
  await page.touchscreen.tap(x + length / 2, y + height / 2);
  await page.waitForFunction(() => Math.abs(Number(document.querySelector<HTMLInputElement>('#logit-0')!.value)) < 1);
  const curve = (): Promise<string | null> => page.locator('.spike-live path.third').getAttribute('d');
  const before = await curve();
  await page.locator('#beta-2').press('Home');
  expect(await curve()).not.toBe(before);
  expect(await page.locator('label[for=beta-2]').innerText()).toBe('β₂: 0.9');
  await page.getByLabel('Clip to norm 1').check();
  await page.locator('.spike-live dd', { hasText: '1001' }).waitFor();
  await expectGood(page);
});
