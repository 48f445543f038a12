/** “Find the bug” in a real Chromium: wide and narrow, light and dark, by keyboard and by touch, and without scripts. */
import { findBugs } from '../../../docs/learn/programs/find-bugs-page.mjs';
import { faultsOf, viewForAxe } from '../../helpers/axe.js';
import { testInBrowser } from '../../helpers/chromium.js';
import { builtSite, hostSite } from '../../helpers/site.js';

const { open } = hostSite(builtSite);

const SIGHTS = [
  ['light', 1440],
  ['dark', 1440],
  ['light', 390],
  ['dark', 390],
] as const;

testInBrowser.each(SIGHTS)('in %s at %i px: one program by the keyboard, and one by touch', async (scheme, width) => {
  const { page } = await open('exercises/bugs.html', { ...viewForAxe(scheme, width), hasTouch: true });
  page.on('dialog', (dialog) => void dialog.accept());
  const [first, second] = [page.locator('.find-bug').first(), page.locator('.find-bug').nth(1)];
  const fine = async (): Promise<void> => {
    expect(await faultsOf(page)).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
  };
  await page.waitForFunction(() => document.querySelectorAll('.find-bug').length === 6);
  await fine();

  // the lines are one stop, which begins at line 2; the arrow keys choose, and nothing is checked before Enter
  await first.locator('.program').focus();
  await page.keyboard.press('Tab');
  await page.keyboard.press('ArrowDown');
  await first.getByRole('button', { name: 'Check line 3' }).waitFor();
  expect(await first.locator('.find-bug-answer').innerText()).toBe('');
  await page.keyboard.press('Enter');
  await first.getByText('Line 3 is right.').waitFor();
  expect(await first.getByRole('radio', { name: 'Line 3, right' }).isChecked()).toBe(true);

  await second.getByRole('radio', { name: 'Line 19' }).tap();
  await second.getByRole('button', { name: 'Check line 19' }).tap();
  await second.getByText('This is the first part of (4′).').waitFor();
  await fine();
  await second.getByRole('radio', { name: 'Line 20' }).tap();
  await second.getByRole('button', { name: 'Check line 20' }).tap();
  await second.getByText('Right. Line 20:').waitFor();
  await page.getByText('You have found 1 of 6').waitFor();
  await fine();
  await page.getByRole('button', { name: 'Begin again' }).click();
  await page.getByText('You have found 0 of 6').waitFor();
  expect(await second.getByRole('radio', { name: 'Line 20' }).count()).toBe(1);
});

testInBrowser('every line is refused except the wrong one', async () => {
  const { page } = await open('exercises/bugs.html', viewForAxe('light', 1440));
  for (const [n, { wrongLine, choosable }] of (await findBugs()).entries()) {
    const program = page.locator('.find-bug').nth(n);
    for (const line of choosable.flatMap((one, at) => (one && at + 1 !== wrongLine ? [at + 1] : []))) {
      await program.locator(`input[value="${line}"]`).check();
      await program.getByRole('button').click();
      await program.getByText(`Line ${line} is right.`).waitFor();
    }
    await program.locator(`input[value="${wrongLine}"]`).check();
    await program.getByRole('button').click();
    await program.getByText(`Right. Line ${wrongLine}:`).waitFor();
  }
});

testInBrowser('what another program has stored does no harm', async () => {
  const { page } = await open('exercises/bugs.html', viewForAxe('light', 1440));
  await page.evaluate(() =>
    localStorage.setItem('longhand-bugs', '{"one-tensor":{"tried":[3,"x",999,-1],"found":1},"a":7}'),
  );
  await page.reload();
  await page.getByText('You have found 0 of 6').waitFor();
  const first = page.locator('.find-bug').first();
  await first.getByRole('radio', { name: 'Line 3, right' }).waitFor();
  expect(await first.locator('.find-bug-answer').innerText()).toBe('');
});

testInBrowser('without scripts: the programs, the evidence, and the answers on a page of their own', async () => {
  const { page } = await open('exercises/bugs.html', { ...viewForAxe('light', 390), javaScriptEnabled: false });
  expect(await page.locator('.vp-doc pre', { hasText: '24            dWh[m][n]' }).isVisible()).toBe(true);
  expect(await page.locator('img[src*="find-bug-6"]').isVisible()).toBe(true);
  await page.getByRole('link', { name: 'The answer' }).first().click();
  await page.locator('summary').first().click();
  expect(await page.getByText('Line 24 is wrong').isVisible()).toBe(true);
});
