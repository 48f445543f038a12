/** “Look inside” in a real Chromium: heat maps and drawings of digits, a unit’s colours in a text, how far back the gradient reaches. */
import type { Page } from 'playwright-core';
import { testInBrowser } from '../../helpers/chromium.js';
import type { Visit } from '../../helpers/longhand-page.js';
import { servePage, SMALL } from '../../helpers/longhand-page.js';

const { visit, shareVisit } = servePage();

/** The number of different colours on a canvas. */
const coloursOf = (page: Page, selector: string): Promise<number> =>
  page.evaluate((found) => {
    const canvas = document.querySelector<HTMLCanvasElement>(found)!;
    const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
    return new Set(new Uint32Array(data.buffer)).size;
  }, selector);

/** The pixels of a canvas. */
const pixelsOf = (page: Page, selector: string): Promise<string> =>
  page.evaluate((found) => document.querySelector<HTMLCanvasElement>(found)!.toDataURL(), selector);

describe('of digits', () => {
  const shared = shareVisit(`${SMALL}&layers=2&bidirectional=true&steps=50`, {
    colorScheme: 'light',
    prepare: (page) =>
      page.addInitScript(() => {
        if (!localStorage.getItem('vitepress-theme-appearance'))
          localStorage.setItem('vitepress-theme-appearance', 'dark');
      }),
  });

  testInBrowser('the page has the colours that the visitor chose for the site, in its canvases too', async () => {
    const { page } = shared();
    /** The paper, and the first pixel of the image, which has no ink. */
    const seen = (): Promise<[string, number[]]> =>
      page.evaluate(() => {
        const image = document.querySelector<HTMLCanvasElement>('#image')!.getContext('2d')!;
        return [getComputedStyle(document.body).backgroundColor, [...image.getImageData(0, 0, 1, 1).data]];
      });
    await shared().inspected(0);
    expect(await seen()).toEqual(['rgb(19, 20, 22)', [34, 37, 42, 255]]);
    await page.evaluate(() => {
      localStorage.setItem('vitepress-theme-appearance', 'light');
      dispatchEvent(new StorageEvent('storage')); // as if another tab had changed it
    });
    expect(await seen()).toEqual(['rgb(251, 250, 247)', [241, 239, 233, 255]]);
    await page.evaluate(() => {
      localStorage.setItem('vitepress-theme-appearance', 'auto');
      dispatchEvent(new StorageEvent('storage'));
    });
    await page.emulateMedia({ colorScheme: 'dark' });
    await page.waitForFunction(() => document.documentElement.classList.contains('dark')); // the browser reports it later
    expect(await seen()).toEqual(['rgb(19, 20, 22)', [34, 37, 42, 255]]);
  });

  testInBrowser('heat maps show values; the slider chooses the number of rows, the keyboard the layer', async () => {
    const opened = shared();
    const { page } = opened;
    await opened.playToTheEnd();
    await opened.inspected(50);
    for (let n = 1; n <= 6; n++) {
      expect(await coloursOf(page, `#heatmaps figure:nth-child(${n}) canvas`)).toBeGreaterThan(30);
    }
    expect(await coloursOf(page, '#input-gradient')).toBeGreaterThan(100);
    expect(await page.getAttribute('#norms-chart', 'aria-label')).toMatch(/‖∂L\/∂h‖ is \d.* before the first row, \d/);

    const whole = await page.getAttribute('#probabilities', 'aria-label');
    await page.fill('#row', '10');
    await opened.waitForText('#row-text', '10 of 28 rows');
    expect(await opened.text('#prediction-after')).toBe('after 10 of 28 rows');
    expect(await page.getAttribute('#probabilities', 'aria-label')).not.toBe(whole);
    await page.fill('#row', '0');
    expect(await opened.text('#prediction')).toBe('nothing yet');
    await page.click('#animate');
    await opened.waitForText('#row-text', '28 of 28 rows');
    expect(await page.getAttribute('#probabilities', 'aria-label')).toBe(whole);

    const labels = ['1, forward', '1, reverse', '2, forward', '2, reverse'];
    expect(await page.locator('#lstm option').allInnerTexts()).toEqual(labels);
    const pictures = new Set<string>();
    for (const label of labels) {
      expect(await page.locator('#lstm option:checked').innerText()).toBe(label);
      pictures.add(await pixelsOf(page, '#heatmaps figure:nth-child(6) canvas'));
      const order = label.endsWith('reverse') ? /before the last row, .* after the first$/ : /before the first row, /;
      expect(await page.getAttribute('#norms-chart', 'aria-label')).toMatch(order);
      await page.focus('#lstm');
      await page.keyboard.press('ArrowDown');
    }
    expect(pictures.size).toBe(4);
    await page.waitForFunction(() => location.search.includes('lstm=3'));
  });
});

const captionsOf = (page: Page, figures: string): Promise<string[]> =>
  page.locator(`${figures} figcaption`).evaluateAll((all) => all.map(({ firstChild }) => firstChild!.textContent!));

testInBrowser('a GRU has its own gates, one line of norms, and a new run of LSTMs has theirs again', async () => {
  const opened = await visit(`${SMALL}&cell=gru&steps=30`);
  const { page } = opened;
  await opened.playToTheEnd();
  await opened.inspected(30);
  expect(await page.inputValue('#settings [name=cell]')).toBe('gru');
  expect(await captionsOf(page, '#heatmaps')).toEqual(['r', 'z', 'n', 'h']);
  for (let n = 1; n <= 4; n++) {
    expect(await coloursOf(page, `#heatmaps figure:nth-child(${n}) canvas`)).toBeGreaterThan(10);
  }
  expect(await page.getAttribute('#norms-chart', 'aria-label')).toMatch(
    /^Gradient norms: ‖∂L\/∂h‖ is \S+ before the first row, \S+ after the last$/,
  );
  await opened.openSettings();
  await page.selectOption('#settings [name=cell]', 'lstm');
  await page.click('#reset');
  await opened.inspected(0);
  expect(await captionsOf(page, '#heatmaps')).toEqual(['i', 'j', 'f', 'o', 'c', 'h']);
});

testInBrowser('a digit can be drawn with the mouse or the keyboard, and is predicted', async () => {
  const opened = await visit('?threads=1&steps=200&hidden=32&batchSize=32&learningRate=0.01');
  const { page } = opened;
  await opened.playToTheEnd();
  await page.click('#draw');
  const box = (await page.locator('#pad').boundingBox())!;
  await page.mouse.move(box.x + 0.5 * box.width, box.y + 0.15 * box.height);
  await page.mouse.down({ button: 'right' });
  await page.mouse.move(box.x + 0.5 * box.width, box.y + 0.5 * box.height, { steps: 5 });
  await page.mouse.up({ button: 'right' });
  const inked = await page.evaluate(() => {
    const pad = document.querySelector<HTMLCanvasElement>('#pad')!;
    return pad
      .getContext('2d')!
      .getImageData(0, 0, pad.width, pad.height)
      .data.some((value) => value > 0);
  });
  expect(inked).toBe(false); // the right button draws nothing
  await page.mouse.move(box.x + 0.5 * box.width, box.y + 0.15 * box.height);
  await page.mouse.down();
  await page.mouse.move(box.x + 0.5 * box.width, box.y + 0.85 * box.height, { steps: 12 });
  await page.mouse.up();
  await opened.waitForText('#prediction', '1');
  expect(await opened.text('#label')).toBe('your drawing');

  await page.click('#clear');
  await page.waitForFunction(() => {
    const { data } = document.querySelector<HTMLCanvasElement>('#image')!.getContext('2d')!.getImageData(0, 0, 28, 28);
    return new Set(new Uint32Array(data.buffer)).size === 1; // no ink
  });
  const ofNothing = await opened.text('#prediction-after');
  await page.focus('#pad');
  for (let n = 0; n < 7; n++) await page.keyboard.press('ArrowUp');
  await page.keyboard.press('Space');
  for (let n = 0; n < 14; n++) await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Space');
  await page.waitForFunction(
    (before) => document.querySelector('#prediction-after')?.textContent !== before,
    ofNothing,
  );
  await opened.waitForText('#prediction', '1');
  expect(await coloursOf(page, '#image')).toBeGreaterThan(3);
  await page.click('#next');
  await opened.waitForText('#label', 'label 2');
});

const SMALL_TEXT = '?subject=text&threads=1&hidden=32&batchSize=8&T=20&steps=60&learningRate=0.01';

/** The background of each character. */
const backgroundsOf = ({ page }: Visit, list: string): Promise<string[]> =>
  page.evaluate(
    (selector) => Array.from(document.querySelectorAll<HTMLElement>(selector), ({ style }) => style.backgroundColor),
    `${list} [role=option]`,
  );

testInBrowser('an RNN that reads a text is coloured by h, because it has no c', async () => {
  const opened = await visit(`${SMALL_TEXT}&cell=rnn`);
  const { page } = opened;
  await page.waitForFunction(() => document.querySelector('#unit-value')?.textContent.startsWith('h of unit 0 after'));
  expect(
    await page.locator('#state option').evaluateAll((all) => all.map((one) => (one as HTMLOptionElement).disabled)),
  ).toEqual([true, false]);
  expect(await captionsOf(page, '#text-heatmaps')).toEqual(['h']);
});

describe('of a text, after 60 steps', () => {
  const shared = shareVisit(SMALL_TEXT);
  beforeAll(async () => {
    if (testInBrowser !== test) return;
    await shared().playToTheEnd();
    await shared().page.waitForFunction(() =>
      document.querySelector('#text-prediction')?.textContent.includes('60 training steps'),
    );
  });

  testInBrowser('the keyboard alone colours the passage by another unit, and chooses a prediction', async () => {
    const opened = shared();
    const { page } = opened;
    const before = await backgroundsOf(opened, '#passage');
    expect(before).toHaveLength(300);
    expect(new Set(before).size).toBeGreaterThan(20);

    await page.focus('#unit');
    await page.keyboard.press('ArrowUp'); // unit 1
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => location.search.includes('unit=1'));
    expect(await backgroundsOf(opened, '#passage')).not.toEqual(before);
    expect(await opened.text('#unit-value')).toMatch(/^c of unit 1 after character 41, “.+”: -?\d+\.\d{3}$/);

    await page.focus('#passage');
    await page.keyboard.press('Home');
    await page.keyboard.press('ArrowRight');
    await page.waitForFunction(() => document.querySelector('#unit-value')?.textContent.includes('after character 2,'));
    await page.waitForFunction(() => location.search.includes('target=1'));
  });

  testInBrowser('the gradient of one prediction reaches characters before it, and none after it', async () => {
    const opened = shared();
    await opened.page.locator('#passage [role=option]').nth(100).click();
    await opened.page.waitForFunction(() =>
      document.querySelector('#text-norms-chart')?.getAttribute('aria-label')?.endsWith('after character 101'),
    );
    const blank = await opened.page.evaluate(() => {
      const probe = document.createElement('i');
      probe.style.backgroundColor = getComputedStyle(document.documentElement).getPropertyValue('--zero');
      return probe.style.backgroundColor;
    });
    const reached = (await backgroundsOf(opened, '#reached')).map(
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
    const opened = shared();
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

  testInBrowser(
    'a passage of the visitor is read; an unknown character is named; the next passage follows',
    async () => {
      const opened = shared();
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
    },
  );
});
