/** The page “A network of your own” in the built site, below a path of a plain host, in a real Chromium. */
import type { Page } from 'playwright-core';
import type { Report } from '../../../docs/.vitepress/theme/own-network/train-answers.js';
import { trainAnswers } from '../../../docs/.vitepress/theme/own-network/train-answers.js';
import { loadMnist } from '../../../src/data/mnist-files.js';
import { EXERCISES, EVERY_STEP, exercisesOf, LAST_STEP, solutionOf } from '../../../src/exercises/exercises.js';
import { expectGood, NARROW, viewForAxe } from '../../helpers/axe.js';
import { builtSite } from '../../helpers/built-site.js';
import { keepMessages, testInBrowser, untilWorkerSends } from '../../helpers/chromium.js';
import { HANGING, hostSite, mistaken, solution, untilNoWorker } from '../../helpers/site.js';

const { open, address } = hostSite(builtSite);
const PAGE = 'exercises/network.html';

/** Before the page opens: the solutions are the reader's texts, with others in place of some. */
const withTexts =
  (others: Readonly<Record<string, string | undefined>> = {}) =>
  (page: Page): Promise<unknown> => {
    const texts = EVERY_STEP.map((name) => [name, { typescript: name in others ? others[name] : solution(name) }]);
    const stored = JSON.stringify(Object.fromEntries(texts));
    return page.addInitScript((text) => localStorage.setItem('longhand-exercises', text), stored);
  };

const button = (page: Page, name: string) => page.locator('.own-network').getByRole('button', { name, exact: true });
const row = (page: Page, number: number) => page.locator('.own-network .answers tr', { hasText: `${number}. ` });

async function train(page: Page, name = 'Train', steps = '20'): Promise<void> {
  await page.locator('.own-network select').selectOption(steps);
  await button(page, name).click();
}
const untilStatus = (page: Page, text: string): Promise<void> =>
  page.locator('.own-network [role=status]', { hasText: text }).waitFor();

testInBrowser('right answers: both curves, and the figures of the same run in Node', async () => {
  const visit = await open(PAGE, { prepare: withTexts() });
  const { page } = visit;
  await train(page);
  await untilStatus(page, 'Trained and tested, on one thread');
  expect(await page.locator('.answers .state.right').count()).toBe(8);
  const points = await page
    .locator('.curves polyline')
    .evaluateAll((all) => all.map((one) => one.getAttribute('points')!.split(' ').length));
  expect(points).toEqual([20, 20, 20, 20]);
  expect(await page.locator('.gradients tr').count()).toBe(5); // a head, and the gradients of the first update
  expect(await page.locator('.results').innerText()).toContain('Your own functions compute every gradient');

  const reports: Report[] = [];
  const { train: images, test: validation } = loadMnist();
  const { log, info, debug, warn, error } = console;
  const job = { subject: 'digits', steps: 20, answers: exercisesOf(LAST_STEP).map(solutionOf), folder: '' } as const;
  await trainAnswers(
    job,
    () => Promise.resolve({ train: images, validation }),
    (one) => reports.push(one),
  );
  Object.assign(console, { log, info, debug, warn, error });
  const [engine, own] = reports.flatMap((one) => (one.kind === 'tested' ? [100 * one.accuracy] : []));
  const shown = (await page.locator('.tested tr:has-text("10,000 test images") td').allInnerTexts())
    .slice(1)
    .map(parseFloat);
  expect(Math.max(Math.abs(shown[0] - own), Math.abs(shown[1] - engine))).toBeLessThan(0.2); // Chromium's exp and tanh are its own
});

testInBrowser('answers that are missing or wrong are named; filled, or trained with anyway', async () => {
  const prepare = withTexts({ gates: mistaken('gates', 2), adam: undefined, softmax: 'export const broken = ;' });
  const { page } = await open(PAGE, { prepare });
  await train(page);
  await untilStatus(page, 'Exercise 11 is not begun. Exercise 10 cannot be run. Exercise 7 is not yet right.');
  expect(await page.locator('.own-network .found li').allInnerTexts()).toEqual([
    expect.stringMatching(/^Exercise 7: dz\[0, \d+\] is /),
    expect.stringMatching(/^Exercise 10: Cannot be run: line 1/),
  ]);
  expect(await row(page, 7).getByRole('link').getAttribute('href')).toMatch(/exercises\/07-gates\.html$/);
  await button(page, 'Fill what is missing').click();
  expect(await row(page, 10).getByRole('checkbox').isChecked()).toBe(true);
  expect(await row(page, 7).getByRole('checkbox').isChecked()).toBe(false);
  await train(page);
  await untilStatus(page, 'or train anyway');
  await train(page, 'Train anyway');
  await untilStatus(page, 'Trained and tested');
  const words = await page.locator('.results').innerText();
  expect(words).toContain('Yours: exercises 1, 5, 6, 7, 8 and 9. The engine’s: exercises 10 and 11.');
  expect(await page.locator('.conclusion').innerText()).toContain('exercise 7 is wrong');
});

/** It passes the check, whose LSTMs are smaller, and does not end in the training. */
const LOOPS_IN_TRAINING = solution('gates').replace('dz.set(', `if (dz.shape[1] === 128) ${HANGING}\n      dz.set(`);

testInBrowser('an endless loop ends with Stop, or after 10 seconds, and the next run works', async () => {
  const prepare = async (page: Page): Promise<void> => {
    await page.clock.install();
    await keepMessages(page);
    await withTexts({ gates: LOOPS_IN_TRAINING })(page);
  };
  const { page } = await open(PAGE, { prepare });
  await train(page);
  await untilWorkerSends(page, '"kind":"tested"'); // the engine's run is over
  await button(page, 'Stop').click();
  await untilStatus(page, 'You stopped the training.');
  await untilNoWorker(page);
  await page.evaluate('fromWorkers.splice(0)');
  await page.clock.pauseAt(Date.now() + 3_600_000);
  await button(page, 'Train').click();
  await untilWorkerSends(page, '"kind":"tested"');
  await page.clock.runFor(9_000);
  await untilStatus(page, 'Yours is trained …');
  await page.clock.runFor(1_100);
  await untilStatus(page, 'An update of your network did not end within 10 seconds. Is there an endless loop?');
  await page.clock.resume();
  await row(page, 7).getByRole('checkbox').check();
  await train(page);
  await untilStatus(page, 'Trained and tested');
});

testInBrowser('by the keyboard: axe finds nothing serious, and nothing scrolls sideways', async () => {
  const texts = withTexts({ gates: mistaken('gates', 2) });
  const { page } = await open(PAGE, { ...viewForAxe(...NARROW), prepare: texts });
  await page.getByRole('radio', { name: 'Digits' }).focus();
  await page.keyboard.press('ArrowRight'); // to the text
  await page.locator('.own-network select').selectOption('20');
  await button(page, 'Train').press('Enter');
  await untilStatus(page, 'or train anyway');
  await expectGood(page);
  await button(page, 'Train anyway').press('Enter');
  await untilStatus(page, 'Trained and tested');
  expect(await page.locator('.written pre').allInnerTexts()).toEqual(Array(2).fill(expect.stringMatching(/^Call me/)));
  await expectGood(page);
});

testInBrowser('without the data the page says so; without scripts it says what it needs', async () => {
  const prepare = async (page: Page): Promise<void> => {
    await page.context().route('**/play/data/**', (route) => route.abort());
    await withTexts()(page);
  };
  const visit = await open(PAGE, { prepare });
  await train(visit.page);
  await untilStatus(visit.page, 'Your network was not trained to the end. ');
  visit.faults.splice(0, Infinity, ...visit.faults.filter((fault) => !fault.includes('Failed to load resource')));
  const { page } = await open(PAGE, { javaScriptEnabled: false });
  expect(await page.innerText('main')).toContain('The training on this page needs scripts.');
});

testInBrowser(
  'the last right answer and /play lead to the page; an exercise that is not solved comes first',
  async () => {
    const next = async (others: { readonly solved?: true }) => {
      const progress = EXERCISES.map(({ name, typescript }) => [
        name,
        { typescript: typescript.solution, ...(name !== 'gru-step' && others) },
      ]);
      const stored = JSON.stringify(Object.fromEntries(progress));
      const prepare = (page: Page) =>
        page.addInitScript((text) => localStorage.setItem('longhand-exercises', text), stored);
      const { page } = await open('exercises/14-gru-step.html', { prepare });
      await page.click('button.run');
      await page.waitForSelector('.verdict a:text-is("train a network with them"), .verdict p:has-text("Next: 1. ")');
      return page;
    };
    expect(await (await next({})).locator('.verdict').innerText()).toContain('Next: 1. ');
    const page = await next({ solved: true });
    await page.click('.verdict a:text-is("train a network with them")');
    await page.waitForFunction(() => document.querySelector('h1')?.textContent.includes('A network of your own'));
    await page.goto(`${address()}play/`);
    await page.click('nav[aria-label="Site"] a:text-is("Your own gradients")');
    await page.waitForURL(`${address()}${PAGE}`);
  },
);
