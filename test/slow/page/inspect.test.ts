/** “Look inside” in a real Chromium: heat maps, the slider, drawings, misread images. */
import type { Page } from 'playwright-core';
import { testInBrowser } from '../../helpers/chromium.js';
import { servePage, SMALL } from '../../helpers/longhand-page.js';

const { visit } = servePage();

/** The number of different colours on a canvas. */
const coloursOf = (page: Page, selector: string): Promise<number> =>
  page.evaluate((found) => {
    const canvas = document.querySelector<HTMLCanvasElement>(found)!;
    const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
    return new Set(new Uint32Array(data.buffer)).size;
  }, selector);

/** The pixels of a canvas. */
const pixelsOf = (page: Page, selector: string): Promise<string> =>
  page.evaluate((found) => document.querySelector<HTMLCanvasElement>(found)!.toDataURL(), selector);

testInBrowser(
  'every heat map shows values; the slider chooses the number of rows; the keyboard, the layer',
  async () => {
    const opened = await visit(`${SMALL}&layers=2&bidirectional=true&steps=50`);
    const { page } = opened;
    await opened.playToTheEnd();
    await opened.inspected(50);
    for (let n = 1; n <= 6; n++) {
      expect(await coloursOf(page, `#heatmaps figure:nth-child(${n}) canvas`)).toBeGreaterThan(30);
    }
    expect(await coloursOf(page, '#input-gradient')).toBeGreaterThan(100);
    expect(await page.getAttribute('#norms-chart', 'aria-label')).toMatch(/‖∂L\/∂h‖ is \d.* before the first row, \d/);

    const whole = await page.getAttribute('#probabilities', 'aria-label');
    await page.fill('#row', '10');
    await opened.waitForText('#row-text', '10 of 28 rows');
    expect(await opened.text('#prediction-after')).toBe('after 10 of 28 rows');
    expect(await page.getAttribute('#probabilities', 'aria-label')).not.toBe(whole);
    await page.fill('#row', '0');
    expect(await opened.text('#prediction')).toBe('nothing yet');
    await page.click('#animate');
    await opened.waitForText('#row-text', '28 of 28 rows');
    expect(await page.getAttribute('#probabilities', 'aria-label')).toBe(whole);

    const labels = ['1, forward', '1, reverse', '2, forward', '2, reverse'];
    expect(await page.locator('#lstm option').allInnerTexts()).toEqual(labels);
    const pictures = new Set<string>();
    for (const label of labels) {
      expect(await page.locator('#lstm option:checked').innerText()).toBe(label);
      pictures.add(await pixelsOf(page, '#heatmaps figure:nth-child(6) canvas'));
      const order = label.endsWith('reverse') ? /before the last row, .* after the first$/ : /before the first row, /;
      expect(await page.getAttribute('#norms-chart', 'aria-label')).toMatch(order);
      await page.focus('#lstm');
      await page.keyboard.press('ArrowDown');
    }
    expect(pictures.size).toBe(4);
    await page.waitForFunction(() => location.search.includes('lstm=3'));
  },
);

testInBrowser('a digit can be drawn with the mouse or the keyboard, and is predicted', async () => {
  const opened = await visit('?steps=200&hidden=32&batchSize=32&learningRate=0.01');
  const { page } = opened;
  await opened.playToTheEnd();
  await page.click('#draw');
  const box = (await page.locator('#pad').boundingBox())!;
  await page.mouse.move(box.x + 0.5 * box.width, box.y + 0.15 * box.height);
  await page.mouse.down();
  await page.mouse.move(box.x + 0.5 * box.width, box.y + 0.85 * box.height, { steps: 12 });
  await page.mouse.up();
  await opened.waitForText('#prediction', '1');
  expect(await opened.text('#label')).toBe('your drawing');

  await page.click('#clear');
  await page.waitForFunction(() => {
    const { data } = document.querySelector<HTMLCanvasElement>('#image')!.getContext('2d')!.getImageData(0, 0, 28, 28);
    return new Set(new Uint32Array(data.buffer)).size === 1; // no ink
  });
  const ofNothing = await opened.text('#prediction-after');
  await page.focus('#pad');
  for (let n = 0; n < 7; n++) await page.keyboard.press('ArrowUp');
  await page.keyboard.press('Space');
  for (let n = 0; n < 14; n++) await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Space');
  await page.waitForFunction(
    (before) => document.querySelector('#prediction-after')?.textContent !== before,
    ofNothing,
  );
  await opened.waitForText('#prediction', '1');
  expect(await coloursOf(page, '#image')).toBeGreaterThan(3);
  await page.click('#next');
  await opened.waitForText('#label', 'label 2');
});
