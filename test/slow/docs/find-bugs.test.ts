/** “Find the bug” in a real Chromium: narrow and dark, then wide and light, by keyboard and by touch, and without scripts. */
import { findBugs } from '../../../docs/learn/programs/find-bugs-page.mjs';
import { expectGood, NARROW, viewForAxe } from '../../helpers/axe.js';
import { testInBrowser } from '../../helpers/chromium.js';
import { builtSite, hostSite } from '../../helpers/site.js';

const { open } = hostSite(builtSite);

testInBrowser('one program by the keyboard, and one by touch', async () => {
  const { page } = await open('exercises/bugs.html', { ...viewForAxe(...NARROW), hasTouch: true });
  page.on('dialog', (dialog) => void dialog.accept());
  const [first, second] = [page.locator('.find-bug').first(), page.locator('.find-bug').nth(1)];
  await page.waitForFunction(() => document.querySelectorAll('.find-bug').length === 6);

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
  await second.getByRole('radio', { name: 'Line 20' }).tap();
  await second.getByRole('button', { name: 'Check line 20' }).tap();
  await second.getByText('Right. Line 20:').waitFor();
  await page.getByText('You have found 1 of 6').waitFor();
  await expectGood(page); // a line of the first program is refused, and the second one is found
  await page.getByRole('button', { name: 'Begin again' }).click();
  await page.getByText('You have found 0 of 6').waitFor();
  expect(await second.getByRole('radio', { name: 'Line 20' }).count()).toBe(1);
});

testInBrowser('in every program the first and the last line are refused, and the wrong one is not', async () => {
  const { page } = await open('exercises/bugs.html', viewForAxe('light', 1440));
  for (const [n, { wrongLine, choosable }] of (await findBugs()).entries()) {
    const program = page.locator('.find-bug').nth(n);
    const others = choosable.flatMap((one, at) => (one && at + 1 !== wrongLine ? [at + 1] : []));
    for (const line of [others[0], others.at(-1)]) {
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
