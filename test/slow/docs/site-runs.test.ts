/** Every program that a chapter runs, in a real Chromium: it prints what the chapter shows, or what it prints in Node. What is wide scrolls, or has room. */
import type { Page } from 'playwright-core';
import { RUNNABLE } from '../../../docs/.vitepress/theme/places.js';
import { expectGood, NARROW, viewForAxe } from '../../helpers/axe.js';
import { outputOf, read, withoutTrailingSpaces } from '../../helpers/chapter.js';
import { testInBrowser } from '../../helpers/chromium.js';
import { builtSite, hostSite } from '../../helpers/site.js';

const { open, address } = hostSite(builtSite);

const CHAPTERS = [
  'by-hand',
  'check-it',
  'gates',
  'loss-and-update',
  'lstm',
  'min-char-rnn',
  'plain-rnn',
  'what-an-rnn-is',
];

/** They show rounding errors, or a training that depends on them: the last digits of exp and tanh are Chromium's own. */
const ROUNDED = ['which-came-first', 'truncation', 'numeric', 'fitting-mistake', 'gates'];
/** They run for 10 seconds or more: their beginning is enough. */
const LONG = ['clipping', 'min-char-rnn-solution'];

/** The section of the first button that runs a program; the buttons in closed boxes are left out. */
const sectionOf = (page: Page, name: string) =>
  page.locator('.program-run:visible', { has: page.locator(`button:has-text(" ${name}.mjs")`) }).first();

testInBrowser('every program prints in a chapter what the chapter shows, or what it prints in Node', async () => {
  const { page } = await open('');
  const run = new Set<string>();
  for (const chapter of CHAPTERS) {
    await page.goto(`${address()}learn/${chapter}.html`);
    await page.waitForSelector('.program-run button');
    const labels = await page.locator('.program-run:visible button').allInnerTexts();
    for (const name of new Set(labels.map((label) => label.replace(/^Run (.*)\.mjs$/, '$1')))) {
      await runProgram(page, chapter, name);
      run.add(name);
    }
  }
  expect([...run].sort()).toEqual([...RUNNABLE].sort());
});

const withoutNumbers = (text: string): string => text.replace(/-?\d[\d.]*(e-?\d+)?/g, '#').replace(/ +/g, ' ');

async function runProgram(page: Page, chapter: string, name: string): Promise<void> {
  const section = sectionOf(page, name);
  await section.getByRole('button', { name: `Run ${name}.mjs` }).click();
  const [status, printed] = [section.getByRole('status'), section.locator('pre')];
  if (LONG.includes(name)) {
    await printed.waitFor();
    await section.getByRole('button', { name: `Stop ${name}.mjs` }).click();
    expect(await status.innerText()).toMatch(new RegExp(`^You stopped ${name}.mjs after \\d+ lines.$`));
    return;
  }
  await status.filter({ hasText: `${name}.mjs has ended` }).waitFor();
  const shown = read(`${chapter}.md`).split(`$ node docs/learn/programs/${name}.mjs\n`).at(1)?.split('```')[0];
  const outputs = [(await printed.textContent())!, shown ?? outputOf(`${name}.mjs`)];
  const [text, expected] = outputs.map(withoutTrailingSpaces);
  if (ROUNDED.includes(name)) expect(withoutNumbers(text)).toBe(withoutNumbers(expected));
  else expect([name, text]).toEqual([name, expected]);
}

testInBrowser('axe finds nothing in a program’s output, by keyboard', async () => {
  const { page } = await open('learn/lstm.html', viewForAxe(...NARROW));
  const section = sectionOf(page, 'one-cell');
  await section.getByRole('button', { name: 'Run one-cell.mjs' }).press('Enter');
  await section.getByRole('status').filter({ hasText: 'one-cell.mjs has ended after 4 lines.' }).waitFor();
  await section.locator('pre').focus();
  await expectGood(page);
});

testInBrowser('the fade leaves an edge that is reached', async () => {
  const { page } = await open('learn/plain-rnn.html', viewForAxe('light', 390));
  const equation = page.locator('pre.indented:has-text("dBiasY")').first();
  const more = (): Promise<string | null> => equation.getAttribute('data-more');
  await page.locator('pre.indented[data-more]:has-text("dBiasY")').first().waitFor();
  expect(await more()).toBe('right');
  await equation.press('ArrowRight');
  await page.waitForFunction(() => document.querySelector('[data-more="left right"]'));
  await equation.evaluate((element) => element.scrollTo({ left: 10_000, behavior: 'instant' }));
  await page.waitForFunction(() => document.querySelector('[data-more="left"]'));
  expect(await more()).toBe('left');
});

testInBrowser('an output is compared with the one above; a wide one fades', async () => {
  const { page } = await open('learn/plain-rnn.html', viewForAxe('light', 390));
  const section = sectionOf(page, 'recompute');
  await section.getByRole('button', { name: 'Run recompute.mjs' }).click();
  await section.getByText('recompute.mjs has ended after 2 lines, the same as above.', { exact: true }).waitFor();
  await section.locator('pre[data-more=right]').waitFor();
});
