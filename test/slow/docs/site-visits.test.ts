/** The pages of the site as a reader uses them, built and served by a plain host, in a real Chromium. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Locator } from 'playwright-core';
import { PLACES } from '../../../docs/.vitepress/theme/places.js';
import { viewForAxe } from '../../helpers/axe.js';
import { testInBrowser } from '../../helpers/chromium.js';
import {
  builtSite,
  ENDLESS,
  expectTimeLimit,
  holdTime,
  hostSite,
  mistaken,
  paste,
  solution,
  verdict,
  verdictOn,
} from '../../helpers/site.js';

const { open, work, folder, address } = hostSite(builtSite);

/** The names of the figures' files. */
const FIGURES = Object.keys(PLACES).map((name) => path.basename(name));

testInBrowser('the head of a page names the files of its figures, and of no others', () => {
  const figuresOf = (page: string): string[] => {
    const html = readFileSync(path.join(folder(), page), 'utf8');
    const files = Array.from(
      html.matchAll(/<link rel="modulepreload" href="[./]+assets\/chunks\/([\w-]+)\./g),
      ([, name]) => name,
    );
    return files.filter((name) => FIGURES.includes(name)).sort();
  };
  expect(figuresOf('index.html')).toEqual(['motion-button']);
  expect(figuresOf('learn/what-an-rnn-is.html')).toEqual(['first-text', 'unrolled-graph']);
  expect(figuresOf('learn/plain-rnn.html')).toEqual(['gap-run', 'norms-slider']);
  expect(figuresOf('learn/lstm.html')).toEqual(['cell-run', 'gap-run']);
  expect(figuresOf('learn/by-hand.html')).toEqual(['number-fields']);
  expect(figuresOf('learn/loss-and-update.html')).toEqual(['softmax-live', 'spike-live']);
  expect(figuresOf('derivation.html')).toEqual([]);
});

testInBrowser('the whole page becomes light at once: only the switch itself moves', async () => {
  const { page } = await open('', viewForAxe('dark', 1440));
  const moving = await page.evaluate(async () => {
    document.querySelector<HTMLElement>('.VPNavBar .VPSwitchAppearance')!.click();
    for (const _ of [1, 2]) await new Promise(requestAnimationFrame);
    const moved = document.getAnimations().map(({ effect }) => (effect as KeyframeEffect).target!);
    return moved.filter((element) => !element.closest('.VPSwitch')).map(({ className }) => className);
  });
  expect([moving, await page.getAttribute('html', 'class')]).toEqual([[], '']);
});

testInBrowser(
  'the first page says where to begin; its picture stands still for readers who want no motion',
  async () => {
    const { page } = await open('#VPContent', viewForAxe('dark', 390)); // an anchor of its own: it stays
    const picture = page.locator('img[src*="/reach."]');
    await page.click('button:text-is("Move the picture")');
    const moving = await picture.evaluate(({ src }: HTMLImageElement) => src);
    expect(moving).toMatch(/#moving$/);
    await page.click('button:text-is("Stop the motion")');
    expect(await picture.getAttribute('src')).toMatch(/#still$/);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
    const places = await page
      .locator('.way')
      .evaluateAll((links) => links.map((link) => (link as HTMLAnchorElement).href));
    expect(places).toEqual(['learn/what-an-rnn-is.html', 'play/', 'exercises/'].map((place) => address() + place));
    await page.click('.way:text-is("Begin")');
    await page.waitForFunction(() => document.querySelector('h1')?.textContent.includes('From text to state'));
    await page.goto(`${address()}#use`); // the README was here
    await page.waitForURL(`${address()}readme.html#use`);
    // where the browser applies the picture's own rule for these readers, the button is an exception to it
    for (const [hash, motion] of [
      ['', 'none'],
      ['#still', 'none'],
      ['#moving', 'show'],
    ]) {
      await page.goto(moving.replace('#moving', hash));
      const frames = await page
        .locator('.frame')
        .evaluateAll((all) => all.map((one) => getComputedStyle(one).animationName));
      expect([hash, new Set(frames)]).toEqual([hash, new Set([motion])]);
    }
  },
);

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

testInBrowser('an endless loop ends after 10 seconds or with Stop, and the next run works', async () => {
  const { page } = await work('sigmoid', { prepare: holdTime });
  await paste(page, ENDLESS);
  await page.click('button.run');
  expect(await page.innerText('button.run')).toBe('Runs …');
  await page.click('button:text-is("Stop")');
  expect(await verdict(page)).toBe('You stopped this run.');
  await expectTimeLimit(page, ENDLESS);
  expect(await verdictOn(page, solution('sigmoid'))).toMatch(/All \d+ numbers agree/);
});

testInBrowser('a right answer: why, what it printed, and the next exercise; later hints do not count', async () => {
  const { page } = await work('hidden-state');
  const shown = await page.locator('.cm-line').allInnerTexts();
  expect(shown.some((line) => line.includes('Write (4′) here'))).toBe(true);
  expect(shown.some((line) => line.startsWith('import type'))).toBe(false); // folded
  const printing = solution('hidden-state').replace('const dC =', 'console.log(b, n);\n      const dC =');
  const text = await verdictOn(page, printing);
  expect(text).toContain('Right, because h is a product of o and tanh(c)');
  expect(await page.innerText('.toolbar .short-verdict')).toBe('Right.');
  expect(await page.innerText('.printed')).toMatch(/^0 0\n0 1\n/);
  for (let n = 0; n < 3; n++) await page.click('.open-hint');
  await page.waitForSelector('.hints li >> nth=2');
  await page.click('.verdict a');
  await page.waitForFunction(() => document.querySelector('h1')?.textContent.includes('From c back'));
  await page.click('.exercise-numbers a:text-is("5 ✓")');
  await page.waitForSelector('.open-hint:has-text("hint 1 of 3")');
});

testInBrowser('a wrong answer: the element, the numbers, and the known mistake that gives them', async () => {
  const { page } = await work('hidden-state');
  const text = await verdictOn(page, mistaken('hidden-state'));
  expect(text).toContain('Not yet right: one tensor differs.');
  expect(text).toMatch(/The inputs behind each expected number.*\s+dz\[0, 9\]: dh = .*; dc on entry = /);
  const cells = await page.locator('.differences td').allInnerTexts();
  expect(cells).toEqual(['dz[0, 9] (sequence 0, gate o, unit 0)', '0.081744056', '-0.37694854', '5 of 36']);
  expect(text).toContain('These are the numbers of a known mistake: do without the factor tanh(c).');
});

testInBrowser(
  'chapter 4: a field says what is wrong, a box opens once its numbers are right, and they are kept',
  async () => {
    const { page } = await open('learn/by-hand.html', { ...viewForAxe('dark', 390), bypassCSP: false });
    page.on('dialog', (dialog) => void dialog.accept());
    const field = (equation: string): Locator => page.getByLabel(equation, { exact: true });
    const says = (equation: string): Locator => page.locator('.number-field', { has: field(equation) }).locator('p');
    const [zi, zj] = ['zi₁ = x₁·Wxi + h₀·Whi + bi', 'zj₁ = x₁·Wxj + h₀·Whj + bj'];
    const [zf, zo] = [zj.replaceAll('j', 'f'), zj.replaceAll('j', 'o')];
    const box = page.locator('details', { hasText: 'Check (1)' }).first();
    await field(zi).fill('0.31');
    await field(zi).press('Enter');
    expect(await says(zi).innerText()).toBe('Wrong. You get this number if the term bi is missing.');
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

testInBrowser('find the bug: a wrong choice, the right one, and the progress after a reload', async () => {
  const { page } = await open('exercises/bugs.html', { ...viewForAxe('light', 390), bypassCSP: false });
  const program = page.locator('.find-bug').first();
  await program.getByRole('radio', { name: 'Line 25: dh[t][b][m] += dz * Wh[m][n];' }).check();
  await program.getByRole('button', { name: 'Check line 25' }).click();
  await program.getByText('Line 25 is right.').waitFor();
  expect(await program.innerText()).toContain('It takes the gradient to the state before.');
  await program.getByRole('radio', { name: 'Line 24' }).check();
  await program.getByRole('button', { name: 'Check line 24' }).click();
  await program.getByText('So dWh = hPrevᵀ·dz has to read row t too.').waitFor();
  await page.evaluate(() => {
    const kept = JSON.parse(localStorage.getItem('longhand-bugs')!) as object; // another program of this origin writes there
    localStorage.setItem('longhand-bugs', JSON.stringify({ ...kept, other: { found: true } }));
  });
  await page.reload();
  await page.getByText('You have found 1 of 6 wrong lines.').waitFor();
  expect(await program.innerText()).toMatch(/The wrong line is line 24[^]*You needed 2 choices\./);
  expect(await page.locator('.find-bug').count()).toBe(6);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
});
