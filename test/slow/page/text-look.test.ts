/** “Look inside” of a text in a real Chromium: the colours of a unit, the units sorted, how far back the gradient reaches. */
import { testInBrowser } from '../../helpers/chromium.js';
import { servePage } from '../../helpers/longhand-page.js';
import type { Visit } from '../../helpers/longhand-page.js';

const { visit } = servePage();

const SMALL_TEXT = '?subject=text&hidden=32&batchSize=8&T=20&steps=60&learningRate=0.01';

/** The background of each character. */
const coloursOf = ({ page }: Visit, list: string): Promise<string[]> =>
  page.evaluate(
    (selector) => Array.from(document.querySelectorAll<HTMLElement>(selector), ({ style }) => style.backgroundColor),
    `${list} [role=option]`,
  );

const trained = async (query = ''): Promise<Visit> => {
  const opened = await visit(SMALL_TEXT + query);
  await opened.playToTheEnd();
  await opened.page.waitForFunction(() =>
    document.querySelector('#text-prediction')?.textContent.includes('60 training steps'),
  );
  return opened;
};

testInBrowser('the keyboard alone colours the passage by another unit, and chooses a prediction', async () => {
  const opened = await trained();
  const { page } = opened;
  const before = await coloursOf(opened, '#passage');
  expect(before).toHaveLength(300);
  expect(new Set(before).size).toBeGreaterThan(20);

  await page.focus('#unit');
  await page.keyboard.press('ArrowUp'); // unit 1
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => location.search.includes('unit=1'));
  expect(await coloursOf(opened, '#passage')).not.toEqual(before);
  expect(await opened.text('#unit-value')).toMatch(/^c of unit 1 after character 41, “.+”: -?\d+\.\d{3}$/);

  await page.focus('#passage');
  await page.keyboard.press('Home');
  await page.keyboard.press('ArrowRight');
  await page.waitForFunction(() => document.querySelector('#unit-value')?.textContent.includes('after character 2,'));
  await page.waitForFunction(() => location.search.includes('target=1'));
});

testInBrowser('the gradient of one prediction reaches characters before it, and none after it', async () => {
  const opened = await trained('&target=100');
  const blank = await opened.page.evaluate(() => {
    const probe = document.createElement('i');
    probe.style.backgroundColor = getComputedStyle(document.documentElement).getPropertyValue('--zero');
    return probe.style.backgroundColor;
  });
  const reached = (await coloursOf(opened, '#reached')).map(
    (colour) => colour.replaceAll(' ', '') !== blank.replaceAll(' ', ''),
  );
  expect(reached.slice(90, 101)).toEqual(Array(11).fill(true));
  expect(reached.slice(101).some(Boolean)).toBe(false);
  expect(await opened.text('#text-prediction')).toMatch(/^After “.+”, “.+” comes: \d+\.\d\d bits\./);
  expect(await opened.page.locator('#text-choices .choice').count()).toBe(12);
  const norms = await opened.page.getAttribute('#text-norms-chart', 'aria-label');
  expect(norms).toMatch(/‖∂L\/∂h‖ is \d.* before the first character, \d.* after character 101/);
});

testInBrowser('units are sorted by how well they separate a property; a click shows the unit', async () => {
  const opened = await trained();
  const { page } = opened;
  await page.selectOption('#property', 'space');
  await page.waitForFunction(() => document.querySelector('#units-note')?.textContent.includes('have the property'));
  const aucs = (await page.locator('#units .unit > span').allInnerTexts()).map(Number);
  expect(aucs).toHaveLength(12);
  const strengths = aucs.map((auc) => Math.abs(auc - 0.5));
  expect([...strengths].sort((a, b) => b - a)).toEqual(strengths);
  expect(strengths[0]).toBeGreaterThan(0.4); // whether the last character was a space is easy to see in h
  const [state, unit] = (await page.locator('#units .unit b').first().innerText()).split(' of ');
  await page.locator('#units .unit').first().click();
  expect(await page.inputValue('#unit')).toBe(unit);
  expect(await page.inputValue('#state')).toBe(state);
  expect(await page.locator('#units .unit').first().getAttribute('aria-pressed')).toBe('true');
});

testInBrowser('a passage of the visitor is read; an unknown character is named; the next passage follows', async () => {
  const opened = await trained();
  const { page } = opened;
  const passage = await opened.text('#passage');
  await page.click('#later');
  await page.waitForFunction((old) => document.querySelector<HTMLElement>('#passage')?.innerText !== old, passage);
  await page.fill('#reading', 'He said “no” and left.');
  await page.press('#reading', 'Tab');
  await page.waitForFunction(() => document.querySelectorAll('#passage [role=option]').length === 22);
  await page.waitForFunction(() => location.search.includes('reading=He+said'));
  await page.fill('#reading', 'a ß b');
  await page.press('#reading', 'Tab');
  await page.waitForFunction(() => document.querySelector('#passage-note')?.textContent.includes('"ß" (U+00DF)'));
  // the passage of the text is shown again
  await page.waitForFunction(() => document.querySelectorAll('#passage [role=option]').length === 300);
});
