/** The switches of docs/learn/why-57.md, by keyboard and by pointer: what the browser computes with the saved networks is what paths.json has. */
import type { Locator, Page } from 'playwright-core';
import { wordsOfGates, written } from '../../../docs/.vitepress/theme/why-57/drawing.js';
import type { Found } from '../../../docs/.vitepress/theme/why-57/worker.js';
import { CASES } from '../../../docs/learn/programs/path-switches.mjs';
import { expectGood, NARROW, viewForAxe } from '../../helpers/axe.js';
import { builtSite } from '../../helpers/built-site.js';
import { read } from '../../helpers/chapter.js';
import { testInBrowser } from '../../helpers/chromium.js';
import { hostSite } from '../../helpers/site.js';

const { open, address } = hostSite(builtSite);

interface Frame {
  readonly task: string;
  readonly earlyJ: number;
  readonly norms: Readonly<Record<string, readonly number[]>>;
  readonly f: Found['f'];
}
const frames = (JSON.parse(read('programs/paths.json')) as Frame[]).filter(({ task }) => task === 'mnist');
const { norms } = frames[3];
const status = (page: Page): Locator => page.locator('.paths-live p[role=status]', { hasText: 'row 28' });
const afterRow1 = (share: number): string => `After row 1: ${written(share)} of ‖∂L/∂c‖ after row 28.`;
const saysAfterRow1 = (page: Page, share: number): Promise<void> =>
  page.getByText(afterRow1(share), { exact: true }).waitFor();

testInBrowser('by keyboard, at 390 px in the dark: the four questions, and no request to another host', async () => {
  const { page } = await open('learn/why-57.html', viewForAxe(...NARROW));
  const requests: string[] = [];
  page.on('request', (request) => requests.push(request.url()));
  const live = page.locator('.paths-live');
  const button = (name: string): Locator => live.getByRole('button', { name });
  const toggle = (name: string): Promise<void> => live.getByRole('checkbox', { name, exact: true }).press('Space');
  await button('Open the direct path alone').waitFor();
  const isOff = await live.getByLabel('the direct path').isDisabled();
  expect([isOff, requests.filter((one) => one.endsWith('.bin'))]).toEqual([true, []]);

  await live.getByLabel('Row 1', { exact: true }).press('ArrowRight');
  await saysAfterRow1(page, norms.all[0]);
  await live.getByLabel('Row 1, typed').fill('0.25');
  await button('Open the direct path alone').press('Enter');
  await live.getByText(`You expected 0.25. The direct path alone leaves ${written(norms.direct[0])}.`).waitFor();
  expect(await page.evaluate(() => document.activeElement?.tagName)).toBe('OL'); // not lost with the button
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await live.getByText(`Without the direct path, ${written(norms['without direct'][0])} remains.`).waitFor();
  await toggle('the direct path');
  for (const gate of ['j', 'f', 'o']) await toggle(gate);
  await saysAfterRow1(page, norms['direct and i'][0]);
  expect(await live.getByRole('listitem').count()).toBe(3); // i is not the answer
  await toggle('i');
  await toggle('j');
  await live
    .getByText(`The direct path and the block of j leave ${written(norms['direct and j'][0])} together.`)
    .waitFor();
  await expectGood(page);
  await button("Load update 1's block of j").press('Enter');
  await live.getByText(`57% becomes ${Math.round(100 * frames[3].earlyJ)}%.`).waitFor();
  await live.getByLabel('logarithmic scale').press('Space');
  await live.getByLabel('Row: 1').press('End');
  await live.getByText('Row 28: 1.0 of ‖∂L/∂c‖ after row 28.').waitFor();
  expect(requests.filter((one) => !one.startsWith(address()) && !one.startsWith('blob:'))).toEqual([]);
  expect(requests.filter((one) => one.endsWith('.bin'))).toHaveLength(3); // two networks and the images
});

testInBrowser('by pointer: the bar is drawn, a row is chosen, and each saved network has its numbers', async () => {
  const { page } = await open('learn/why-57.html', viewForAxe('light', 1440));
  const live = page.locator('.paths-live');
  await page.route('**/*.bin', (route) => route.abort());
  const rows = live.locator('.rows');
  /** The place is a part of the picture's size, wherever the page has been scrolled to. */
  const pointAt = async (across: number, down: number): Promise<void> => {
    const { width, height } = (await rows.boundingBox())!;
    await rows.hover({ position: { x: across * width, y: down * height } });
  };
  await pointAt(0.8, 0.12);
  await live.getByText('This could not be computed: ').waitFor();
  await page.unroute('**/*.bin');
  await pointAt(0.8, 0.12);
  await page.mouse.down();
  await pointAt(0.75, 0.12);
  await page.mouse.up();
  const expected = Number(await live.getByLabel('Row 1, typed').inputValue());
  expect([expected > 0.3, expected < 0.5]).toEqual([true, true]);

  const slider = live.getByLabel('Updates of training');
  for (const [n, frame] of frames.entries()) {
    await slider.fill(String(n));
    await saysAfterRow1(page, frame.norms.all[0]);
  }
  expect(await live.innerText()).not.toContain('The mean of f'); // it answers the first prediction
  await live.getByRole('button', { name: 'Open the direct path alone' }).click();
  await live.getByText(`You expected ${written(expected)}.`).waitFor();
  for (const n of [0, 1, 2, 3]) {
    await slider.fill(String(n));
    await live.getByText(wordsOfGates(frames[n].f)).waitFor();
  }
  for (const gate of ['i', 'f', 'o']) await live.getByRole('checkbox', { name: gate, exact: true }).check();
  await saysAfterRow1(page, norms['without j'][0]);
  expect(Object.keys(norms)).toEqual(Object.keys(CASES));
  await pointAt(0.3, 0.5);
  await live.getByText(/Row 1\d: .* of ‖∂L\/∂c‖ after row 28\. ‖∂L\/∂x‖ of this row is/).waitFor();
  expect(await status(page).innerText()).toBe(afterRow1(norms['without j'][0]));
});
