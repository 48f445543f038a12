/** The exercises in the built site, below a path of a plain host, in a real Chromium. */
import type { Page } from 'playwright-core';
import { loadMnist } from '../../../src/data/mnist-files.js';
import { EXERCISES } from '../../../src/exercises/exercises.js';
import { answerLosses, rightLosses } from '../../../src/exercises/train.js';
import { expectGood, NARROW, viewForAxe } from '../../helpers/axe.js';
import { builtSite } from '../../helpers/built-site.js';
import { testInBrowser } from '../../helpers/chromium.js';
import {
  EDITOR,
  ENDLESS,
  expectTimeLimit,
  holdTime,
  hostSite,
  mistaken,
  named,
  paste,
  solution,
  textOf,
  untilNoWorker,
  untilOver,
  verdict,
  verdictOn,
} from '../../helpers/site.js';

const { work, address } = hostSite(builtSite);

/** Before the page opens: the images with which it trains after a verdict cannot be loaded. */
const withoutImages = (page: Page): Promise<unknown> => page.context().route('**/images*.gz', (route) => route.abort());
/** The browser's own message about them. */
const ABOUT_IMAGES = /Failed to load resource/;

testInBrowser('every solution is right, in one of the two languages, and a start text is noticed', async () => {
  const visit = await work(EXERCISES[0].name, { prepare: withoutImages });
  const { page } = visit;
  for (const [n, exercise] of EXERCISES.entries()) {
    if (n > 0) await page.click(`.exercise-numbers a >> nth=${n}`);
    await page.waitForFunction((title) => document.querySelector('h1')?.textContent.includes(title), exercise.title);
    await page.waitForSelector('button.run:text-is("Run")');
    const [label, language] =
      n % 2 === 0 ? (['TypeScript', 'typescript'] as const) : (['JavaScript', 'javascript'] as const);
    await page.check(`label:has-text("${label}") input`);
    expect((await textOf(page)).trim()).toBe(exercise[language].start.trim());
    if (n < 2) {
      await page.click('button.run');
      expect(await verdict(page)).toContain('This is still the start text');
    }
    expect(await verdictOn(page, exercise[language].solution)).toMatch(/All \d+ numbers agree/);
    await page.check('label:has-text("TypeScript") input'); // the other language has no verdict yet
    if (language === 'javascript') expect(await page.innerText('.verdict')).toBe('');
  }
  visit.forgive(ABOUT_IMAGES);
});

testInBrowser('an error shows its message and its line, until the text changes', async () => {
  const { page } = await work('sigmoid');
  const text = 'export const a = 1;\nexport function sigmoidBackward( {\n';
  expect(await verdictOn(page, text)).toMatch(/cannot be run: line [23]/);
  expect(await page.locator('.error-line').count()).toBe(1);
  await page.keyboard.insertText(' ');
  expect(await page.locator('.error-line').count()).toBe(0);
  const throwing = solution('sigmoid').replace('return', 'null.x;\n  return');
  expect(await verdictOn(page, throwing)).toContain('what should have x is null');
  expect(await page.locator('.error-line').innerText()).toContain('null.x');
  for (const fault of ['const dI = 1;', 'await dI;', '1 = dI;', 'break;']) {
    const unread = solution('sigmoid').replace('return', `${fault}\n  return`);
    expect(await verdictOn(page, unread)).toMatch(/^Your code cannot be run: line \d+, column \d+: /);
    expect(await page.locator('.error-line').innerText()).toContain(fault);
  }
  const awaiting = `${solution('sigmoid')}\nawait 1;`; // modules may, but no function: the browser says so
  expect(await verdictOn(page, awaiting)).toMatch(/^Your code cannot be run: line \d+: SyntaxError: /);
  expect(await page.locator('.error-line').innerText()).toContain('await 1;');
  expect(await verdictOn(page, 'export const a = 1;')).toContain('sigmoidBackward: the file must export a function');
});

testInBrowser('what an answer changes in its worker does not reach the next run', async () => {
  const { page } = await work('sigmoid', { prepare: holdTime });
  await verdictOn(page, 'Math.exp = () => 0;\n' + solution('sigmoid'));
  expect(await verdictOn(page, solution('sigmoid'))).toContain('Right');
  await expectTimeLimit(page, 'self.close();\n' + ENDLESS);
});

testInBrowser('a change of the text ends a run, and an older verdict says that it is older', async () => {
  const { page } = await work('sigmoid');
  await paste(page, ENDLESS);
  await page.click('button.run');
  await page.waitForFunction(() => document.querySelector('.verdict')?.textContent.includes('runs'));
  await paste(page, solution('sigmoid'));
  expect(await verdict(page)).toContain('The text has changed, so this run was stopped.');
  await untilNoWorker(page);
  await page.click('button.run');
  await page.waitForSelector('.verdict .right');
  await page.focus(EDITOR);
  await page.keyboard.insertText('x');
  await page.waitForSelector('.findings.older .age');
  await page.keyboard.press('Backspace');
  await page.waitForSelector('.findings:not(.older)');
});

/** The losses of exercise 5 with a text, and with the project's own functions. */
function lossesOf(source: string): { answer: number[]; right: number[] } {
  const { pixels, labels, ...sizes } = loadMnist().validation; // these begin the training file
  const images = { ...sizes, count: 960, pixels: pixels.subarray(0, 960 * 784), labels: labels.subarray(0, 960) };
  return { answer: [...answerLosses(named('hidden-state'), source, images)], right: [...rightLosses(images)] };
}

const points = async (page: Page, kind: string): Promise<number> =>
  (await page.getAttribute(`polyline.${kind}-losses`, 'points'))!.split(' ').length;

/** The editor scrolls, so that what follows it is near. */
async function expectLowEditor(page: Page): Promise<void> {
  expect(await page.locator('.editor .cm-editor').evaluate((editor) => editor.clientHeight)).toBeLessThan(650);
}

testInBrowser('then it trains with the function of exercise 5, and shows both losses; axe finds nothing', async () => {
  const wrong = mistaken('hidden-state');
  const { answer, right } = lossesOf(wrong);
  const { page } = await work('hidden-state', viewForAxe(...NARROW));
  await verdictOn(page, 'export const broken = ;');
  await expectGood(page);
  await expectLowEditor(page);
  await verdictOn(page, wrong);
  await page.waitForSelector('.loss-curve');
  await untilOver(page);
  expect([await points(page, 'right'), await points(page, 'answer')]).toEqual([30, 30]);
  const label = await page.getAttribute('.loss-curve svg', 'aria-label');
  expect(label).toBe(
    `Loss of 30 of 30 training steps. Last loss: ${answer[29].toFixed(3)} with your function, ${right[29].toFixed(3)} with the project’s own.`,
  );
  const text = await page.innerText('.findings [role=status]');
  const mean = (losses: number[]): number => losses.reduce((sum, one) => sum + one, 0) / losses.length;
  const falls = mean(answer.slice(-5)) < 0.9 * mean(answer.slice(0, 5));
  expect(text).toContain(mean(answer.slice(-5)).toFixed(3));
  expect(text).toContain(mean(right.slice(0, 5)).toFixed(3));
  expect(text.includes('a falling loss proves nothing')).toBe(falls);

  for (let n = 0; n < 3; n++) await page.click('.open-hint');
  await page.click('button:text-is("Show the solution")');
  await page.waitForSelector('.solution [class]');
  await page.focus(EDITOR);
  await expectGood(page);
  await expectLowEditor(page);

  await verdictOn(page, solution('hidden-state'));
  await untilOver(page);
  expect(await page.innerText('.loss-curve figcaption .answer-losses')).toBe(`your function: ${right[29].toFixed(3)}`);
  expect(await page.innerText('.findings [role=status]')).not.toContain('wrong');

  await page.goto(address() + 'exercises/');
  await page.waitForSelector('button.forget');
  await expectGood(page);
});

testInBrowser('hints open one by one, the solution after a run, and all progress outlasts a reload', async () => {
  const { page } = await work('sigmoid');
  await page.click('.open-hint');
  expect(await page.locator('.hints li').count()).toBe(1);
  await page.click('.open-hint:has-text("2 of 3")');
  expect(await page.locator('.hints li').allInnerTexts()).toEqual(
    named('sigmoid')
      .hints.slice(0, 2)
      .map((hint) => hint.replaceAll('`', '')),
  );
  const show = page.locator('button:text-is("Show the solution")');
  await page.click('button.run');
  await verdict(page); // untouched
  expect(await show.isDisabled()).toBe(true);
  await verdictOn(page, mistaken('sigmoid'));
  await show.click();
  await page.waitForSelector('.solution [class]');
  expect(await page.textContent('.solution')).toBe(solution('sigmoid'));
  await page.check('label:has-text("JavaScript") input');
  await paste(page, '// mine');

  await page.reload();
  await page.waitForSelector('button.run');
  expect(await page.isChecked('label:has-text("JavaScript") input')).toBe(true);
  expect(await textOf(page)).toBe('// mine');
  await page.check('label:has-text("TypeScript") input');
  expect((await textOf(page)).trim()).toBe(mistaken('sigmoid').trim());
  expect(await page.locator('.hints li').count()).toBe(2);
  expect(await show.isDisabled()).toBe(false);
  await verdictOn(page, solution('sigmoid'));
  await page.waitForSelector('.exercise-numbers a:text-is("4 ✓")');

  await page.goto(address() + 'exercises/');
  const row = page.locator('tr:has-text("The derivative of σ") td >> nth=2');
  await page.waitForSelector('button.forget');
  expect(await row.innerText()).toBe('✓ solved, 2 of 3 hints');
  expect(await page.innerText('.progress')).toContain('You have solved 1 of 14.');
  page.once('dialog', (dialog) => void dialog.dismiss());
  await page.click('button.forget');
  expect(await row.innerText()).toBe('✓ solved, 2 of 3 hints');
  page.once('dialog', (dialog) => void dialog.accept());
  await page.click('button.forget');
  expect(await row.innerText()).toBe('');
  await page.reload();
  await page.waitForSelector('button.forget');
  expect(await row.innerText()).toBe('');
});

testInBrowser('other contents of its storage do no harm', async () => {
  const { page } = await work('sigmoid');
  for (const contents of [
    ...['null', '[1]', '{', '{"sigmoid":5,"__proto__":{"solved":true}}'],
    '{"sigmoid":{"typescript":7,"javascript":null,"language":"c","tried":1,"solved":"yes","hints":99}}',
  ]) {
    await page.addInitScript((text) => localStorage.setItem('longhand-exercises', text), contents); // after those before
    await page.reload();
    await page.waitForSelector('button.run');
    const found = {
      text: (await textOf(page)).trim(),
      hints: await page.locator('.hints li').count(),
      hasNoSolution: await page.locator('button:text-is("Show the solution")').isDisabled(),
      ticks: await page.locator('.exercise-numbers a:has-text("✓")').count(),
    };
    const start = named('sigmoid').typescript.start.trim();
    expect([contents, found]).toEqual([contents, { text: start, hints: 0, hasNoSolution: true, ticks: 0 }]);
    expect(await verdictOn(page, solution('sigmoid'))).toContain('Right');
  }
});

testInBrowser('by the keyboard alone: to the editor, type, run, and out of the editor', async () => {
  const { page } = await work('sigmoid');
  const focus = (): Promise<string> =>
    page.evaluate(() => `${document.activeElement!.tagName} ${document.activeElement!.className}`);
  await page.focus('.exercise-numbers a:last-child');
  for (let n = 0; n < 5 && !(await focus()).includes('cm-content'); n++) await page.keyboard.press('Tab');
  expect(await focus()).toContain('cm-content');
  await page.keyboard.press('Control+End');
  for (let n = 0; n < 3; n++) await page.keyboard.press('ArrowUp'); // above the line of `return`
  await page.keyboard.press('End');
  await page.keyboard.press('Enter');
  await page.keyboard.type('return dI * i * (1 - i);');
  await page.keyboard.press('Control+Enter');
  await page.waitForSelector('.verdict .right');
  await page.keyboard.press('Tab');
  expect(await focus()).toContain('cm-content'); // Tab indents
  await page.keyboard.press('Escape');
  await page.keyboard.press('Tab');
  expect(await focus()).toContain('BUTTON run');
  await page.keyboard.press('Enter');
  await page.waitForSelector('.findings:not(.older) .right');
});
