/** What the reader fills in and moves in chapters 1, 3, 4 and 5, narrow and dark, then wide and light: by keyboard, by touch, and without storage. */
import type { Locator, Page } from 'playwright-core';
import { SECTIONS } from '../../../docs/learn/programs/by-hand-lines.mjs';
import { valuesOfTheEngine } from '../../../docs/learn/programs/by-hand.mjs';
import { expectGood, NARROW, viewForAxe } from '../../helpers/axe.js';
import { builtSite } from '../../helpers/built-site.js';
import { testInBrowser } from '../../helpers/chromium.js';
import { hostSite } from '../../helpers/site.js';
import type { Visit } from '../../helpers/longhand-page.js';

const { open, address } = hostSite(builtSite);

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
  const wrong = page.locator('.number-field.wrong');
  await wrong
    .locator('p', { hasText: 'dc₁ differs, and so does what is computed from it: di₁, dj₁, df₁ and dc₀.' })
    .waitFor();
  await wrong.getByRole('button', { name: 'Name the mistake in dc₁' }).press('Enter');
  await wrong.locator('p', { hasText: `You get this number if ${lacks}` }).waitFor();
  // a line, by keyboard: the two replies, and the drawing
  const line = page.getByLabel('dc = ?', { exact: true });
  const reply = page.locator('.line-editor > div', { has: line });
  await line.fill('dh*o*(1 - tanh(c)^2)');
  await line.press('Enter');
  await reply.locator('p', { hasText: 'dc differs: it is −0.0492, but must be −0.1962.' }).waitFor();
  await reply.getByRole('button', { name: 'Name the mistake in dc' }).press('Enter');
  await reply.locator('p', { hasText: 'Your line gives these numbers if' }).waitFor();
  await line.fill('dcNext*fNext + dh*o*(1 - tanh(c)^2)');
  await line.press('Enter');
  await reply.locator('p', { hasText: 'Right: −0.1962 with the chapter’s numbers' }).waitFor();
  const drawing = page.locator('#write-dc svg');
  expect(await drawing.getAttribute('aria-label')).toContain('from the next step to c, and from h to c.');
  expect(await drawing.locator('path.third').count()).toBe(2);
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

testInBrowser(
  'chapter 4: a field says what is wrong, a box opens once its numbers are right, and they are kept',
  async () => {
    const { page } = await open('learn/by-hand.html', { ...viewForAxe('dark', 390), bypassCSP: false });
    page.on('dialog', (dialog) => void dialog.accept());
    const field = (equation: string): Locator => page.getByLabel(equation, { exact: true });
    const says = (equation: string): Locator => page.locator('.number-field', { has: field(equation) }).locator('p');
    const [zi, zj, zf, zo] = ['zi₁ = ?', 'zj₁ = ?', 'zf₁ = ?', 'zo₁ = ?'];
    const box = page.locator('details', { hasText: 'Check (1)' }).first();
    await field(zi).fill('0.31');
    await field(zi).press('Enter');
    expect(await says(zi).innerText()).toBe('zi₁ differs, and so does what is computed from it: i₁.');
    await page.getByRole('button', { name: 'Name the mistake in zi₁' }).click();
    expect(await says(zi).innerText()).toContain('You get this number if the term bi is missing.');
    expect(await page.getByText('zi₁ = x₁·Wxi + h₀·Whi + bi').first().isVisible()).toBe(false);
    await page.getByRole('button', { name: 'Show the 4 lines of (1), step 1', exact: true }).click();
    await page.locator('.shown-lines pre', { hasText: 'zi₁ = x₁·Wxi + h₀·Whi + bi' }).waitFor();
    for (const [equation, number] of [
      [zj, '0.64'],
      [zf, '0.12'],
      [zo, '0.2803'],
      [zi, '0.11'],
    ]) {
      expect(await box.getAttribute('open')).toBeNull();
      await field(equation).fill(number);
      await field(equation).press('Tab');
    }
    expect(await says(zo).innerText()).toBe('Right, but rounded: 0.2800 to four decimals.');
    await box.locator('pre').waitFor();
    await field(zi).fill('0,11');
    await field(zi).press('Enter');
    expect(await says(zi).innerText()).toBe('Write a decimal point, not a comma.');
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);

    await page.reload();
    await page.locator('.number-summary', { hasText: '4 of your 61 numbers are right. Your browser keeps' }).waitFor();
    expect(await field(zi).inputValue()).toBe('0.11');
    await box.locator('pre').waitFor();
    await page.click('button:text-is("Begin again")');
    await page.locator('.number-summary', { hasText: '0 of your 61' }).waitFor();
    expect([await field(zi).inputValue(), await box.getAttribute('open')]).toEqual(['', null]);
  },
);

testInBrowser('chapter 5: logits, and a spike, that the reader moves', async () => {
  const { page } = await open('learn/loss-and-update.html', { ...viewForAxe('dark', 390), bypassCSP: false });
  const cells = (): Promise<string[]> => page.locator('.softmax-live tbody td').allInnerTexts();
  const words = page.locator('.softmax-live p');
  await words.filter({ hasText: 'Loss = -log p[label] = 1.4076. The sum of the three dLogits is 0.0000.' }).waitFor();
  const before = await cells();
  expect(before).toEqual('2.0 0.6652 0.6652 1.0 0.2447 -0.7553 0.0 0.0900 0.0900'.split(' '));
  await page.getByLabel('Added to all three').press('End');
  expect(await cells()).toEqual(before.map((text, n) => (n % 3 === 0 ? `10${text}` : text)));
  await page.selectOption('#softmax-label', 'class 0');
  await words.filter({ hasText: '= 0.4076.' }).waitFor();

  const numbers = (): Promise<string[]> => page.locator('.spike-live dd').allInnerTexts();
  expect(await numbers()).toEqual(['3.29', '14', '0.31, 73 after the spike', '2.16', '409']);
  await page.getByLabel('Size of the spike').press('End');
  expect((await numbers())[3]).toMatch(/^19\d\.\d\d$/);
  await page.getByLabel('Clip to norm 1').press('Space');
  expect(await numbers()).toEqual(['1.00', '0', '1.00', '1.00', '1001']);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
});

/** The text of the element that has the focus, for screen readers. */
const focused = ({ page }: Visit): Promise<string | null | undefined> =>
  page.evaluate(() => document.activeElement?.getAttribute('aria-label'));

testInBrowser('the unrolled graph, by touch and by keyboard', async () => {
  const visit = await open('learn/what-an-rnn-is.html', { ...viewForAxe(...NARROW), hasTouch: true });
  const { page } = visit;
  const graph = page.locator('.unrolled-live');
  const explanation = graph.locator('.explanation');
  await page.getByLabel('δ', { exact: true }).press('ArrowRight');
  await graph.getByText('The gradient says: δ·dWh = 0.11·(−0.6618) = −0.0728').waitFor();
  await page.getByLabel('δ, typed').fill('0.01');
  await graph.getByText('Difference: −0.000071, 1.1% of δ·dWh').waitFor();
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

testInBrowser('the unrolled graph and the cell answer a drag, a click and a preset', async () => {
  const { page } = await open('learn/what-an-rnn-is.html');
  await page.getByLabel('Wh', { exact: true }).fill('1.2');
  await page.getByRole('radio', { name: 'Step 2, back' }).click();
  const graph = page.locator('.unrolled-live');
  await graph.getByText('dh[2] = dz[2]·Wh = −0.6518·1.2 = −0.7821').waitFor();
  expect(await graph.innerText()).toContain('34% of dh[3] arrives at h[0]');
  expect(await page.locator('img[src*="/unrolled."]').isVisible()).toBe(false);
  await page.getByLabel('Wh, typed').fill('1,3');
  expect(await graph.innerText()).toMatch(/Write a decimal point, not a comma\.[^]*34% of dh/);
  // the engine's cell computes under the site's Content-Security-Policy
  await page.goto(`${address()}learn/lstm.html`);
  await page.getByRole('button', { name: 'Forget', exact: true }).click();
  await page.locator('.cell-live').getByText('f³⁰ = 9.3·10⁻¹⁰ of c[0] is left after 30 steps').waitFor();
});
