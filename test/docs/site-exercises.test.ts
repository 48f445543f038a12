/** The exercises in the built site, below a path of a plain host, in a real Chromium. */
import type { Page } from 'playwright-core';
import { conclusionOf } from '../../docs/.vitepress/theme/exercises/training-view.js';
import { pairOf } from '../../docs/.vitepress/theme/exercises/verdict-view.js';
import { loadMnist } from '../../src/data/mnist-files.js';
import { check, withMistake } from '../../src/exercises/check.js';
import type { Exercise } from '../../src/exercises/exercise.js';
import { EXERCISES, fileNameOf } from '../../src/exercises/exercises.js';
import { answerLosses, rightLosses } from '../../src/exercises/train.js';
import { seriousFaultsOf, viewForAxe } from '../helpers/axe.js';
import { testInBrowser } from '../helpers/chromium.js';
import type { Visit } from '../helpers/longhand-page.js';
import { LonghandPage } from '../helpers/longhand-page.js';
import { BUILD_MS, builtSite } from '../helpers/site.js';

const willRun = testInBrowser === test;
let site: LonghandPage;
let visits: Visit[] = [];

beforeAll(async () => {
  if (willRun) site = await LonghandPage.host(await builtSite());
}, BUILD_MS);
afterAll(async () => {
  if (willRun) await site.close();
});
afterEach(async () => {
  const faults = visits.flatMap((visit) => visit.faults);
  await Promise.all(visits.map((visit) => visit.close()));
  visits = [];
  expect(faults).toEqual([]);
});

type Options = Parameters<LonghandPage['open']>[1];

async function open(address: string, options?: Options): Promise<Visit> {
  const visit = await site.open(address, options);
  visits.push(visit);
  return visit;
}

const named = (name: string): Exercise => EXERCISES.find((exercise) => exercise.name === name)!;
const addressOf = (exercise: Exercise): string => `exercises/${fileNameOf(exercise)}.html`;

/** A visit of an exercise whose editor is ready. */
async function work(name: string, options?: Options): Promise<Visit> {
  const visit = await open(addressOf(named(name)), options);
  await visit.page.waitForSelector('button.run');
  return visit;
}

const EDITOR = '.cm-content[contenteditable=true]';

/** Replaces the editor's text, as a paste does. */
async function paste(page: Page, text: string): Promise<void> {
  await page.focus(EDITOR);
  await page.keyboard.press('Control+a');
  await page.evaluate(
    ([selector, pasted]) => {
      const clipboardData = new DataTransfer();
      clipboardData.setData('text/plain', pasted);
      const event = new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true });
      document.querySelector(selector)!.dispatchEvent(event);
    },
    [EDITOR, text] as const,
  );
}

/** The editor's text, as a copy gives it: only lines near the window are in the document. */
async function textOf(page: Page): Promise<string> {
  await page.focus(EDITOR);
  await page.keyboard.press('Control+a');
  return page.evaluate((selector) => {
    const clipboardData = new DataTransfer();
    const event = new ClipboardEvent('copy', { clipboardData, bubbles: true, cancelable: true });
    document.querySelector(selector)!.dispatchEvent(event);
    return clipboardData.getData('text/plain');
  }, EDITOR);
}

async function untilNoWorker(page: Page): Promise<void> {
  for (let n = 0; n < 50 && page.workers().length > 0; n++) await page.waitForTimeout(50);
  expect(page.workers()).toHaveLength(0);
}

async function verdictOn(page: Page, text: string): Promise<string> {
  await paste(page, text);
  await page.click('button.run');
  return verdict(page);
}

async function verdict(page: Page): Promise<string> {
  await page.waitForFunction(() => {
    const { textContent } = document.querySelector('.verdict')!;
    return textContent !== '' && !textContent.includes('runs …');
  });
  return page.innerText('.verdict');
}

/** Waits until training has ended. */
const untilOver = (page: Page): Promise<unknown> => page.waitForSelector('button.run:text-is("Run")');

const solution = (name: string): string => named(name).typescript.solution;
/** A wrong answer: with the exercise's mistake number n. */
const mistaken = (name: string, n = 0): string => withMistake(named(name), named(name).mistakes[n]);

describe.each(EXERCISES.map((exercise) => [fileNameOf(exercise), exercise] as const))('%s', (_, exercise) => {
  testInBrowser('the solution in both languages is right, and the start text is noticed', async () => {
    const { page } = await work(exercise.name);
    expect(await page.innerText('h1')).toContain(exercise.title);
    await page.click('button.run');
    expect(await verdict(page)).toContain('This is still the start text');
    const answer = check(exercise, exercise.typescript.solution);
    const compared = answer.outcome === 'right' ? answer.compared : NaN;
    expect(await verdictOn(page, exercise.typescript.solution)).toContain(`Right: all ${compared} numbers agree`);
    await page.check('label:has-text("JavaScript") input');
    expect(await page.innerText('.verdict')).toBe('');
    expect((await textOf(page)).trim()).toBe(exercise.javascript.start.trim());
    expect(await verdictOn(page, exercise.javascript.solution)).toContain(`Right: all ${compared} numbers agree`);
  });
});

testInBrowser('a wrong answer: the element, the numbers, and the known mistake that gives them', async () => {
  const { page } = await work('hidden-state');
  const text = await verdictOn(page, mistaken('hidden-state'));
  expect(text).toContain('Not yet right: one tensor differs.');
  const cells = await page.locator('.differences td').allInnerTexts();
  expect(cells).toEqual(['dz[0, 9] (sequence 0, gate o, unit 0)', '0.28707612', '-0.28980122', '6 of 24']);
  expect(text).toContain('These are the numbers of a known mistake: do without the factor tanh(c).');
});

test('two numbers are never shown as equal', () => {
  expect(pairOf(0.1 + 0.2, -1 / 3)).toEqual(['0.3', '-0.33333333']);
  expect(pairOf(1 + 2e-8, 1)).toEqual(['1.00000002', '1']);
  expect(pairOf(-12, NaN)).toEqual(['-12', 'NaN: never written']);
});

testInBrowser('NaN is an element that was never written', async () => {
  const { page } = await work('product');
  const text = await verdictOn(page, mistaken('product'));
  expect(text).toContain('NaN: never written');
  expect(text).toContain('15 of 15');
});

testInBrowser('an error shows its message and its line, until the text changes', async () => {
  const { page } = await work('sigmoid');
  const text = 'export const a = 1;\nexport function sigmoidBackward( {\n';
  expect(await verdictOn(page, text)).toMatch(/cannot be run: line [23]/);
  expect(await page.locator('.error-line').count()).toBe(1);
  await page.keyboard.insertText(' ');
  expect(await page.locator('.error-line').count()).toBe(0);
  const throwing = solution('sigmoid').replace('return', 'null.x;\n  return');
  expect(await verdictOn(page, throwing)).toContain('TypeError: Cannot read properties of null');
  expect(await page.locator('.error-line').innerText()).toContain('null.x');
  expect(await verdictOn(page, 'export const a = 1;')).toContain('sigmoidBackward: the file must export a function');
});

/** It makes no number. */
const ENDLESS = 'export function sigmoidBackward() {\n  for (;;);\n}\n';

testInBrowser('an endless loop ends after 10 seconds or with Stop, and the next run works', async () => {
  const { page } = await work('sigmoid');
  await paste(page, ENDLESS);
  await page.click('button.run');
  expect(await page.innerText('button.run')).toBe('Runs …');
  await page.click('button:text-is("Stop")');
  expect(await verdict(page)).toBe('You stopped this run.');
  const begin = Date.now();
  await page.click('button.run');
  expect(await verdict(page)).toBe('Your code did not end within 10 seconds. Is there an endless loop?');
  expect(Date.now() - begin).toBeGreaterThan(9_500);
  expect(await verdictOn(page, solution('sigmoid'))).toContain('Right: all 7 numbers');
});

testInBrowser('what an answer changes in its worker does not reach the next run', async () => {
  const { page } = await work('sigmoid');
  await verdictOn(page, 'Math.exp = () => 0;\n' + solution('sigmoid'));
  expect(await verdictOn(page, solution('sigmoid'))).toContain('Right');
  expect(await verdictOn(page, 'self.close();\n' + ENDLESS)).toContain('did not end within 10 seconds');
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

testInBrowser('a run does not reach the next exercise', async () => {
  const { page } = await work('sigmoid');
  await paste(page, ENDLESS);
  await page.click('button.run');
  await page.click('.exercise-numbers a:text-is("2")');
  await page.waitForFunction(() => document.querySelector('h1')?.textContent.includes('Softmax'));
  await page.waitForSelector('button.run:text-is("Run")');
  await untilNoWorker(page);
  expect(await page.innerText('.verdict')).toBe('');
  expect((await textOf(page)).trim()).toBe(named('softmax').typescript.start.trim());
});

/** The losses of exercise 5 with a text, and with the project's own functions. */
function lossesOf(source: string): { answer: number[]; right: number[] } {
  const { pixels, labels, ...sizes } = loadMnist().validation; // these begin the training file
  const images = { ...sizes, count: 960, pixels: pixels.subarray(0, 960 * 784), labels: labels.subarray(0, 960) };
  return { answer: [...answerLosses(named('hidden-state'), source, images)], right: [...rightLosses(images)] };
}

const points = async (page: Page, kind: string): Promise<number> =>
  (await page.getAttribute(`polyline.${kind}-losses`, 'points'))!.split(' ').length;

testInBrowser('then it trains with the function of exercise 5, and shows both losses', async () => {
  const wrong = mistaken('hidden-state');
  const { answer, right } = lossesOf(wrong);
  const { page } = await work('hidden-state');
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

  await verdictOn(page, solution('hidden-state'));
  await untilOver(page);
  expect(await page.innerText('.loss-curve figcaption .answer-losses')).toBe(`your function: ${right[29].toFixed(3)}`);
  expect(await page.innerText('.findings [role=status]')).not.toContain('wrong');
});

test.each([
  ['falls', [2.3, 1.9], true, /falls although the gradient is wrong/],
  ['falls a little', [2.3, 2.2], true, /does not fall/],
  ['rises', [2.3, 3], true, /does not fall/],
  ['becomes NaN', [2.3, NaN], true, /has made the loss NaN/],
  ['falls and is right', [2.3, 1.8], false, /own\.$/],
] as const)('the sentence about a loss that %s says what the numbers show', (_, [first, last], isWrong, expected) => {
  const losses = Array.from({ length: 30 }, (__, step) => ({ right: 2, answer: step < 15 ? first : last }));
  const sentence = conclusionOf(losses, isWrong);
  expect(sentence).toMatch(expected);
  expect(sentence).toContain(
    `2.300 and ${Number.isNaN(last) ? 'NaN' : last.toFixed(3)} with your function, 2.000 and 2.000`,
  );
});

testInBrowser('without the images the verdict stays, and the page says what is missing', async () => {
  const visit = await work('hidden-state', {
    prepare: (page) => page.context().route('**/images*.gz', (route) => route.abort()),
  });
  const { page } = visit;
  expect(await verdictOn(page, solution('hidden-state'))).toContain('Right');
  await untilOver(page);
  expect(await page.innerText('.findings [role=status]')).toContain('The images could not be loaded');
  visit.faults.splice(0, Infinity, ...visit.faults.filter((fault) => !fault.includes('Failed to load resource')));
});

testInBrowser('a host that forbids the evaluation of text: the page says so', async () => {
  const { page } = await work('sigmoid', {
    prepare: (page) =>
      page.context().route('**/worker*.js', async (route) => {
        const response = await route.fetch();
        const headers = { ...response.headers(), 'content-security-policy': "script-src 'self'" };
        await route.fulfill({ response, headers });
      }),
  });
  expect(await verdictOn(page, solution('sigmoid'))).toContain('This host forbids that a worker evaluates text');
});

testInBrowser('hints open one by one, the solution after a run, and all progress outlasts a reload', async () => {
  const { page } = await work('gates');
  await page.click('.open-hint');
  expect(await page.locator('.hints li').count()).toBe(1);
  await page.click('.open-hint:has-text("2 of 3")');
  expect(await page.locator('.hints li').allInnerTexts()).toEqual(
    named('gates')
      .hints.slice(0, 2)
      .map((hint) => hint.replaceAll('`', '')),
  );
  const show = page.locator('button:text-is("Show the solution")');
  await page.click('button.run');
  await verdict(page); // untouched
  expect(await show.isDisabled()).toBe(true);
  await verdictOn(page, mistaken('gates'));
  await show.click();
  await page.waitForSelector('.solution [class]');
  expect(await page.textContent('.solution')).toBe(solution('gates'));
  await page.check('label:has-text("JavaScript") input');
  await paste(page, '// mine');

  await page.reload();
  await page.waitForSelector('button.run');
  expect(await page.isChecked('label:has-text("JavaScript") input')).toBe(true);
  expect(await textOf(page)).toBe('// mine');
  await page.check('label:has-text("TypeScript") input');
  expect((await textOf(page)).trim()).toBe(mistaken('gates').trim());
  expect(await page.locator('.hints li').count()).toBe(2);
  expect(await show.isDisabled()).toBe(false);
  await verdictOn(page, solution('gates'));
  await page.waitForSelector('.exercise-numbers a:text-is("7 ✓")');

  await page.goto(site.address + 'exercises/');
  const row = page.locator('tr:has-text("Through the gates") td >> nth=2');
  await page.waitForSelector('button.forget');
  expect(await row.innerText()).toBe('✓ solved, 2 of 3 hints');
  expect(await page.innerText('.progress')).toContain('You have solved 1 of 12.');
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

testInBrowser('two tabs: each keeps its own language, and the overview follows', async () => {
  const { page } = await work('gates');
  const other = await page.context().newPage();
  await other.goto(page.url());
  await other.waitForSelector('button.run');
  await other.check('label:has-text("JavaScript") input');
  await verdictOn(other, named('gates').javascript.solution);
  await page.waitForSelector('.exercise-numbers a:text-is("7 ✓")');
  expect(await page.isChecked('label:has-text("TypeScript") input')).toBe(true);
  await paste(page, '// typed');
  await other.reload();
  await other.waitForSelector('button.run');
  expect(await textOf(other)).toBe('// typed'); // the language of the last change
  await other.check('label:has-text("JavaScript") input');
  expect(await textOf(other)).toBe(named('gates').javascript.solution);
});

testInBrowser('Reset brings the start text back, and undo the reader’s', async () => {
  const { page } = await work('adam');
  await paste(page, '// mine');
  await page.click('button:text-is("Reset")');
  expect((await textOf(page)).trim()).toBe(named('adam').typescript.start.trim());
  await page.focus(EDITOR);
  await page.keyboard.press('Control+z');
  expect(await textOf(page)).toBe('// mine');
});

testInBrowser.each([
  'null',
  '[1]',
  '{',
  '{"sigmoid":5,"__proto__":{"solved":true}}',
  '{"sigmoid":{"typescript":7,"javascript":null,"language":"c","tried":1,"solved":"yes","hints":99}}',
])('other contents of its storage do no harm: %s', async (contents) => {
  const prepare = (page: Page) =>
    page.addInitScript((text) => localStorage.setItem('longhand-exercises', text), contents);
  const { page } = await work('sigmoid', { prepare });
  expect((await textOf(page)).trim()).toBe(named('sigmoid').typescript.start.trim());
  expect(await page.locator('.hints li').count()).toBe(0);
  expect(await page.locator('button:text-is("Show the solution")').isDisabled()).toBe(true);
  expect(await page.locator('.exercise-numbers a:has-text("✓")').count()).toBe(0);
  expect(await verdictOn(page, solution('sigmoid'))).toContain('Right');
});

testInBrowser('a browser that stores nothing: the page says so, and works', async () => {
  const prepare = (page: Page) =>
    page.addInitScript(() => {
      const setItem = localStorage.setItem.bind(localStorage);
      Storage.prototype.setItem = (key, value) => {
        if (key === 'longhand-exercises') throw new DOMException('full', 'QuotaExceededError');
        setItem(key, value); // VitePress does not guard its own
      };
    });
  const { page } = await work('sigmoid', { prepare });
  expect(await verdictOn(page, solution('sigmoid'))).toContain('Right');
  expect(await page.innerText('.toolbar')).toContain('This browser does not keep your progress.');
  await page.waitForSelector('.exercise-numbers a:text-is("1 ✓")');
  await page.click('.exercise-numbers a:text-is("2")');
  await page.waitForFunction(() => document.querySelector('h1')?.textContent.includes('Softmax'));
  await page.waitForSelector('.exercise-numbers a:text-is("1 ✓")'); // as long as the site is open
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

testInBrowser('the editor follows the site from light to dark', async () => {
  const { page } = await work('sigmoid', { viewport: { width: 1440, height: 900 } });
  const colours = (): Promise<string[]> =>
    page.evaluate(() =>
      ['.cm-editor', '.cm-editor .cm-line span'].flatMap((selector) => {
        const { color, backgroundColor } = getComputedStyle(document.querySelector(selector)!);
        return [color, backgroundColor];
      }),
    );
  const light = await colours();
  await page.click('.VPNavBar .VPSwitchAppearance');
  await page.waitForSelector('html.dark');
  const dark = await colours();
  expect(dark[0]).not.toBe(light[0]);
  expect(dark[1]).not.toBe(light[1]);
  expect(dark[2]).not.toBe(light[2]);
});

testInBrowser('without scripts, the task, the equations and the start text can be read', async () => {
  const { page } = await open(addressOf(named('hidden-state')), { javaScriptEnabled: false });
  const text = await page.innerText('main');
  const { task, formula, typescript } = named('hidden-state');
  for (const part of [task, ...formula, typescript.start.split('\n')[20].trim()]) expect(text).toContain(part);
  await page.goto(site.address + 'exercises/');
  expect(await page.locator('.exercises a').count()).toBe(12);
});

testInBrowser('other pages load no exercise, and the overview no editor', async () => {
  const asked = new Set<string>();
  const { page } = await open('derivation.html', {
    prepare: async (fresh) => void fresh.on('request', (request) => asked.add(request.url())),
  });
  const loaded = async (text: string): Promise<number> => {
    await page.waitForLoadState('networkidle');
    const scripts = [...asked].filter((url) => url.endsWith('.js'));
    const contents = await Promise.all(scripts.map(async (url) => (await fetch(url)).text()));
    return contents.filter((script) => script.includes(text)).length;
  };
  const [ANSWER, EDITOR_CODE] = ['function sigmoidBackward(dI', 'cm-scroller'];
  expect([await loaded(ANSWER), await loaded(EDITOR_CODE)]).toEqual([0, 0]);
  await page.goto(site.address + 'exercises/');
  await page.waitForSelector('button.forget');
  expect([await loaded(ANSWER), await loaded(EDITOR_CODE)]).toEqual([1, 0]);
  await page.click('.exercises a >> nth=0');
  await page.waitForSelector('button.run');
  expect([await loaded(ANSWER), await loaded(EDITOR_CODE)]).toEqual([1, 1]);
});

testInBrowser.each([
  ['light', 1440],
  ['dark', 1440],
  ['light', 360],
  ['dark', 360],
] as const)('in %s at %i px: axe finds nothing serious, and nothing scrolls sideways', async (colorScheme, width) => {
  const visit = await work('hidden-state', viewForAxe(colorScheme, width));
  const { page } = visit;
  const expectGood = async (state: string): Promise<void> => {
    expect([state, await seriousFaultsOf(page)]).toEqual([state, []]);
    expect([state, await page.evaluate(() => document.documentElement.scrollWidth)]).toEqual([state, width]);
  };
  await expectGood('start');
  expect(await page.locator('.editor .cm-editor').evaluate((editor) => editor.clientHeight)).toBeLessThan(650);
  await verdictOn(page, 'export const broken = ;');
  await expectGood('error');
  await verdictOn(page, mistaken('hidden-state'));
  await page.waitForSelector('.loss-curve');
  await untilOver(page);
  for (let n = 0; n < 3; n++) await page.click('.open-hint');
  await page.click('button:text-is("Show the solution")');
  await page.waitForSelector('.solution [class]');
  await page.focus(EDITOR);
  await expectGood('wrong, with the curve, all hints and the solution');
  await page.goto(site.address + 'exercises/');
  await page.waitForSelector('button.forget');
  await expectGood('overview');
});
