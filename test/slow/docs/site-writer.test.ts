/** The network that the reader writes in min-char-rnn, and the trained one that comes with the site, in a real Chromium. */
import { expectGood, NARROW, viewForAxe } from '../../helpers/axe.js';
import { builtSite } from '../../helpers/built-site.js';
import { read } from '../../helpers/chapter.js';
import { testInBrowser } from '../../helpers/chromium.js';
import { hostSite, paste, textOf } from '../../helpers/site.js';
import { startIn } from '../../../docs/.vitepress/theme/own-writer/results.js';

const { open, address } = hostSite(builtSite);

testInBrowser(
  'min-char-rnn in the editor: a wrong gradient is named, a right one learns, and the text is kept',
  async () => {
    const { page } = await open('learn/min-char-rnn.html', { ...viewForAxe(...NARROW), bypassCSP: false });
    const writer = page.locator('.own-writer');
    const says = (words: string | RegExp): Promise<void> => writer.getByText(words).first().waitFor();
    const run = async (text: string): Promise<void> => {
      await paste(page, text);
      await writer.getByRole('button', { name: 'Run' }).click();
    };
    await writer.getByRole('button', { name: 'Run' }).click();
    await says('The gradients are not written yet: all of them are 0.');
    const solution = startIn(read('min-char-rnn-solution.mjs'));
    await run(solution.replace('addProduct(dWh, h[t], dz)', 'addProduct(dWh, h[t + 1], dz)'));
    await says(/^Wrong: dWh \(off by up to \de-\d\)\.$/);
    await says('Right: dWx, dBias, dWy, dBiasY.');
    await run(solution.replace(/ {2}for \(let n = 0; n < w.*/, ''));
    await says('The update is not written yet: no weight has changed.');
    await run(solution.replace('const T', 'const T = 1; const T'));
    await says(/^Your code fails: SyntaxError/);
    await run(solution);
    await says('All gradients are right, so the network learns the rhyme with your update.');
    await says(/update \d{2,3}: loss [0-3]\.\d\d/);
    const before = await writer.locator('pre').innerText();
    await says(/update \d{4}: loss [01]\.\d\d/);
    expect(await writer.locator('pre').innerText()).not.toBe(before);
    await writer.getByRole('button', { name: 'Stop' }).click();
    await page.reload();
    await page.locator('.own-writer button:enabled:text-is("Reset")').waitFor();
    expect(await textOf(page)).toBe(solution);
    await page.click('.own-writer button:text-is("Reset")');
    expect(await textOf(page)).toBe(startIn(read('min-char-rnn.mjs')));
  },
);

testInBrowser('the Moby-Dick network answers on hover and by keyboard, in chapters 1 and 3', async () => {
  const { page } = await open('learn/what-an-rnn-is.html', viewForAxe(...NARROW));
  const figure = page.locator('.moby-dick');
  const status = figure.getByRole('status');
  const text = figure.getByRole('listbox');
  const coloured = (): Promise<number> =>
    text.getByRole('option').evaluateAll((all) => {
      const isBlank = (one: Element): boolean => /(?:\/ 0|, 0)\)$/.test(getComputedStyle(one).backgroundColor);
      return all.filter((one) => !isBlank(one)).length;
    });
  await figure.scrollIntoViewIfNeeded();
  await status.getByText(/^After .* it expects /).waitFor();
  await text.getByRole('option').nth(20).hover();
  await status
    .getByText(/^The farthest character with 1% of the largest gradient stands (?:1\d|2[01]|\d) characters/)
    .waitFor();
  expect(await coloured()).toBeLessThanOrEqual(21); // only what comes before the prediction
  await text.focus();
  await page.keyboard.press('ArrowRight');
  expect(await text.getAttribute('aria-activedescendant')).toMatch(/-21$/);
  await figure.locator('summary').click();
  await figure.getByRole('textbox').fill('“Aye, aye, sir!');
  await status.getByText('After “r” it expects').waitFor();
  await expectGood(page);

  await page.goto(`${address()}learn/lstm.html`);
  await figure.scrollIntoViewIfNeeded();
  await status.getByText(/^c = f\*cPrev \+ i\*j = /).waitFor();
  const first = await status.innerText();
  await text.press('ArrowRight');
  expect(await status.innerText()).not.toBe(first);
  const colours = (): Promise<string | null> => text.getByRole('option').nth(8).getAttribute('style');
  const before = await colours();
  await figure.locator('select').selectOption({ index: 1 });
  expect(await colours()).not.toBe(before);
});
