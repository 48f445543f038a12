/** Another text, another run, or an impatient visitor: the subject “Text” stays consistent, in a real Chromium. */
import path from 'node:path';
import { keepMessages, testInBrowser, untilWorkerSends } from '../../helpers/chromium.js';
import type { Visit } from '../../helpers/longhand-page.js';
import { servePage } from '../../helpers/longhand-page.js';
import { longhand } from '../../helpers/longhand.js';
import { directoryOf } from '../../helpers/temporary-directories.js';

const { open, visit, shareVisit } = servePage();
const SMALL_TEXT = '?subject=text&threads=1&hidden=16&layers=1&batchSize=4&T=10';
const SHORT = 'The quick brown fox jumps over the lazy dog. '.repeat(6);
const JAPANESE = '日本語の文章です。とても短い文です。\n'.repeat(20);

async function paste(opened: Visit, text: string): Promise<void> {
  await opened.paste(text);
  await opened.waitForText('#text-name', 'your text');
  await opened.page.waitForSelector('#play:enabled');
}

testInBrowser('while the bundled text loads, no other can be chosen; if it cannot be loaded, one can', async () => {
  let answer = (): void => {};
  const asked = new Promise<void>((resolve) => (answer = resolve));
  const opened = await open(SMALL_TEXT, {
    prepare: (page) =>
      page.route('**/moby-dick*', async (route) => {
        await asked;
        await route.fulfill({ status: 500 });
      }),
  });
  const { page } = opened;
  await page.waitForSelector('#loading:not([hidden])');
  for (const id of ['paste', 'choose-text', 'write-text', 'sort-units', 'later']) {
    expect([id, await page.isDisabled(`#${id}`)]).toEqual([id, true]);
  }
  answer();
  expect(await opened.error()).toMatch(/moby-dick\.txt\.gz: the server answers 500/);
  await paste(opened, SHORT);
  await page.click('#one-step');
  await opened.waitForStep(1);
  opened.forgive(/Failed to load resource/); // the browser's own message
});

testInBrowser('the sizes for a short text are not kept for the next text; the focus stays in the page', async () => {
  const opened = await visit(SMALL_TEXT.replace('batchSize=4&T=10', 'batchSize=40&T=30'));
  const { page } = opened;
  await page.focus('#paste');
  await page.keyboard.press('Enter');
  await page.fill('#own-text', SHORT);
  await page.focus('#use-text');
  await page.keyboard.press('Enter');
  await opened.waitForText('#text-name', 'your text');
  await page.waitForSelector('#play:enabled');
  expect(await page.evaluate(() => document.activeElement?.tagName)).toBe('BUTTON');
  expect(Number(await page.inputValue('[name=batchSize]'))).toBeLessThan(5);
  await page.click('#bundled');
  await opened.waitForText('#text-name', 'Moby-Dick');
  await page.waitForSelector('#play:enabled');
  expect([await page.inputValue('[name=batchSize]'), await page.inputValue('[name=T]')]).toEqual(['40', '30']);
  expect(await opened.text('#link-note')).toBe('The address of this page is a link that repeats this run.');
  const sizes = (): Promise<string[]> =>
    Promise.all(['batchSize', 'T'].map((name) => page.inputValue(`[name=${name}]`)));
  await opened.set('characters', '200'); // too few for 40 streams of 30 steps
  await page.waitForSelector('#play:enabled');
  expect([await sizes(), await page.isHidden('#error')]).toEqual([['1', '30'], true]);
  await opened.set('characters', '100000');
  await page.waitForSelector('#play:enabled');
  expect(await sizes()).toEqual(['40', '30']);
  await paste(opened, SHORT);
  await page.click('#run-by-heart-0'); // an experiment with 8 streams of 25 steps
  await opened.waitForStepAfter(1);
  expect([await sizes(), await page.isHidden('#error')]).toEqual([['2', '25'], true]);
});

testInBrowser('a visitor who presses the buttons of a text and of a run at once breaks nothing', async () => {
  const opened = await visit(SMALL_TEXT);
  const { page } = opened;
  await paste(opened, SHORT);
  await page.evaluate(() => {
    const press = (id: string): void => document.getElementById(id)!.click();
    for (const id of ['bundled', 'bundled', 'play', 'reset', 'one-step', 'play', 'write-text', 'bundled']) press(id);
  });
  await opened.waitForText('#text-name', 'Moby-Dick');
  await page.waitForSelector('#play:enabled');
  await page.click('#reset');
  await opened.waitForStep(0);
  await page.waitForSelector('#play:enabled');
  await opened.set('steps', '30');
  await page.click('#play');
  await opened.waitForStep(30);
  expect(await page.isHidden('#error')).toBe(true);
  expect(await page.locator('#samples li').count()).toBe(1); // before training
});

testInBrowser('a prompt and a passage that a new text does not know are dropped', async () => {
  const opened = await visit(`${SMALL_TEXT}&reading=Call+me+Ishmael&prompt=Call+me`);
  const { page } = opened;
  await page.waitForFunction(() => document.querySelectorAll('#passage [role=option]').length === 15);
  await paste(opened, JAPANESE);
  expect([await page.inputValue('#prompt'), await page.inputValue('#reading')]).toEqual(['', '']);
  await page.waitForFunction(() => document.querySelector('#passage')?.textContent.includes('文'));
  await page.click('#write-one');
  await page.waitForFunction(() => document.querySelectorAll('#written [role=option]').length === 1);
  await page.fill('#prompt', 'Call me');
  await page.click('#write-text');
  await page.waitForFunction(() =>
    document.querySelector('#write-note')?.textContent.startsWith('The prompt: character 0'),
  );
  await page.fill('#reading', 'x');
  await page.press('#reading', 'Tab');
  await page.waitForFunction(() => document.querySelector('#passage-note')?.textContent !== '');
  expect(await page.isHidden('#error')).toBe(true);
});

describe('at the end of the text', () => {
  const shared = shareVisit(`${SMALL_TEXT}&passage=100000000&target=298`);

  testInBrowser('norms near the smallest numbers of f32 can be shown', async () => {
    // with the forget bias at 1, f is about 0.73, so the gradient is below 1e-38 before the last of these characters
    const opened = shared();
    await opened.page.waitForFunction(() =>
      document.querySelector('#text-norms-chart')?.getAttribute('aria-label')?.endsWith('after character 299'),
    );
    await opened.page.click('#one-step');
    await opened.waitForStep(1);
  });

  testInBrowser('the passages end, too', async () => {
    const { page } = shared();
    await page.waitForFunction(() => location.search.includes('passage=59216')); // 59,516 - 300
    expect([await page.isDisabled('#later'), await page.isDisabled('#earlier')]).toEqual([true, false]);
    const last = await shared().text('#passage');
    await page.click('#earlier');
    await page.waitForFunction((old) => document.querySelector<HTMLElement>('#passage')?.innerText !== old, last);
    await page.waitForFunction(() => location.search.includes('passage=58916'));
  });

  testInBrowser(
    'a word that is dropped on the prompt is no new text; a text that is dropped beside it is, and may be short',
    async () => {
      const opened = shared();
      const { page } = opened;
      const dropOn = (selector: string, text: string): Promise<boolean> =>
        page.evaluate(
          ([place, dropped]) => {
            const dataTransfer = new DataTransfer();
            dataTransfer.setData('text/plain', dropped);
            const event = new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true });
            return document.querySelector(place)!.dispatchEvent(event); // true: the browser itself handles the drop
          },
          [selector, text] as const,
        );
      expect(await dropOn('#prompt', SHORT)).toBe(true);
      expect(await opened.text('#text-name')).toBe('Moby-Dick');
      expect(await dropOn('#text-name', SHORT)).toBe(false);
      await opened.waitForText('#text-name', 'the dropped text');
      await page.waitForSelector('#play:enabled');
      await page.waitForFunction(() => document.querySelectorAll('#passage [role=option]').length === 10); // 5% of 270, from the next word on
      expect([await page.isDisabled('#later'), await page.isDisabled('#earlier')]).toEqual([true, true]);
      await page.selectOption('#property', 'in-quotes');
      await opened.waitForText(
        '#units-note',
        'After 0 steps: of 14 characters, 0 have the property: too few to sort the units by.',
      );
    },
  );
});

testInBrowser('units and samples of the run before are gone; the pace counts the new run’s characters', async () => {
  const folder = directoryOf();
  const file = path.join(folder, 'run.safetensors');
  const sizes = [
    '--task',
    'text',
    '--hidden',
    '16',
    '--layers',
    '1',
    '--batch-size',
    '4',
    '--steps',
    '10',
    '--threads',
    '1',
  ];
  const { code } = await longhand(['train', ...sizes, '--training-iters', String(101 * 4), '--checkpoint', file]);
  expect(code).toBe(0);

  const opened = await visit(`${SMALL_TEXT}&steps=100&seed=8`);
  const { page } = opened;
  await opened.playToTheEnd();
  await page.selectOption('#property', 'space');
  await page.waitForSelector('#units .unit');
  expect(await opened.text('#units-note')).toMatch(/^After 100 steps: of 20000 characters, \d+ have the property\.$/);
  expect(await page.locator('#samples li').count()).toBe(2);
  await page.setInputFiles('#file', file);
  await page.waitForFunction(() => document.querySelector('#link-note')?.textContent.includes('checkpoint'));
  expect([await page.locator('#units .unit').count(), await opened.text('#units-note')]).toEqual([0, '']);
  expect(await page.locator('#samples li').allInnerTexts()).toEqual([
    'Press Play: the network writes here every 100 steps.',
  ]);

  await opened.set('steps', '1000000');
  await page.click('#play');
  await opened.waitForStepAfter(110);
  await opened.set('batchSize', '1000'); // for the next run
  const step = Number(await opened.text('#step'));
  await opened.waitForStepAfter(step + 20);
  const [pace, characters] = (await opened.text('#pace')).split(' ').map((text) => Number(text.replaceAll(',', '')));
  expect(Math.abs(characters / (pace * 40) - 1)).toBeLessThan(0.1);
  await page.click('#play');
});

testInBrowser('units that were sorted for the run before are not shown for the next one', async () => {
  // sorting takes longer than a new run
  const opened = await visit('?subject=text&threads=1&hidden=128&batchSize=4&T=10', { prepare: keepMessages });
  const { page } = opened;
  await page.evaluate(() => {
    for (const id of ['sort-units', 'reset']) document.getElementById(id)!.click();
  });
  await page.waitForFunction(() => document.querySelector('#units-note')?.textContent === '');
  await page.waitForSelector('#play:enabled');
  await untilWorkerSends(page, '"units":');
  expect([await page.locator('#units .unit').count(), await opened.text('#units-note')]).toEqual([0, '']);
});
