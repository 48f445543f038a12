/** The pictures with levers of chapters 1 and 3, in a real Chromium: narrow and dark, then wide and light, by touch and by keyboard. */
import { expectGood, NARROW, viewForAxe } from '../../helpers/axe.js';
import { testInBrowser } from '../../helpers/chromium.js';
import type { Visit } from '../../helpers/longhand-page.js';
import { builtSite, hostSite } from '../../helpers/site.js';

const { open } = hostSite(builtSite);

/** The text of the element that has the focus, for screen readers. */
const focused = ({ page }: Visit): Promise<string | null | undefined> =>
  page.evaluate(() => document.activeElement?.getAttribute('aria-label'));

testInBrowser('the unrolled graph, by touch and by keyboard', async () => {
  const visit = await open('learn/what-an-rnn-is.html', { ...viewForAxe(...NARROW), hasTouch: true });
  const { page } = visit;
  const graph = page.locator('.unrolled-live');
  const explanation = graph.locator('.explanation');
  const reads = (text: string): Promise<void> => explanation.getByText(text).waitFor();
  await reads('Step 0, forward: x[0]·Wx');
  await page.getByRole('radio', { name: 'Step 1, back: from h[2] to h[1]' }).tap();
  await reads('dh[1] = dz[1]·Wh = −0.4139·0.5 = −0.2069');

  // one stop for the arrows, whose keys lead along them; Wh and the summary stand before them
  await page.getByLabel('Wh, typed').focus();
  for (const _ of [1, 2]) await page.keyboard.press('Tab');
  expect(await focused(visit)).toBe('Step 1, back: from h[2] to h[1]');
  await page.keyboard.press('ArrowDown');
  await reads('dh[0] = dz[0]·Wh');
  expect(await focused(visit)).toBe('Step 0, back: from h[1] to h[0]');
  await page.keyboard.press('Home');
  await reads('Step 0, forward: h[0]·Wh');
  expect(await graph.getByRole('button', { name: 'Previous arrow' }).isDisabled()).toBe(true);
  await graph.getByRole('button', { name: 'Next arrow' }).click();
  await reads('Step 0, forward: x[0]·Wx');

  await page.getByLabel('Wh', { exact: true }).press('ArrowRight');
  expect(await page.getByLabel('Wh, typed').inputValue()).toBe('0.55');
  await graph.locator('summary').click();
  await page.getByLabel('x[0], typed').fill('-2');
  await reads('x[0]·Wx = −2·1 = −2.0000');
  await page.getByLabel('x[0], typed').fill('1e999');
  await graph.getByText('Type a number from −3 to 3.').waitFor();
  await reads('x[0]·Wx = −2·1 = −2.0000');
  await expectGood(page);
  await graph.getByRole('button', { name: 'The example again' }).click();
  await graph.getByText('dh[0] = −0.0435: 2.5% of dh[3] arrives').waitFor();
  expect(await page.getByLabel('x[0], typed').inputValue()).toBe('1');
});

testInBrowser('the cell with held gates, by touch and by keyboard', async () => {
  const visit = await open('learn/lstm.html', { ...viewForAxe(...NARROW), hasTouch: true });
  const { page } = visit;
  const cell = page.locator('.cell-live');
  const reads = (text: string): Promise<void> => cell.getByText(text).waitFor();
  await reads('f³⁰ = 58% of c[0] is left');
  await page.getByLabel('zf', { exact: true }).press('ArrowLeft');
  expect(await page.getByLabel('zf, typed').inputValue()).toBe('2.75');
  await reads('f³⁰ = 49.8% of c[0] is left');
  await cell.getByRole('button', { name: 'Read once' }).tap();
  await reads('o opens at step 20 only');
  await reads('o = 0.98'); // the cell's picture is at that step
  await page.getByLabel('Step in the picture').press('ArrowRight');
  await reads('o = 0.00');
  await cell.locator('summary').click();
  expect(await cell.locator('select').inputValue()).toBe('1');
  await expectGood(page);
  await cell.locator('select').selectOption({ label: 'none' });
  expect(await cell.getByRole('button', { name: 'Read once' }).getAttribute('aria-pressed')).toBe('false');
  await page.getByLabel('zo, typed').fill('much');
  await reads('This is not a number.');
  await page.getByLabel('c[0], typed').fill('-1');
  await reads('c[30] = −0.9');
  await page.getByLabel('zf', { exact: true }).press('Home');
  await reads('f = σ(zf + 1) = 0.0009');
  await expectGood(page);
});
