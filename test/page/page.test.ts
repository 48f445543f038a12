/** The page in a real Chromium, each guarantee once. test/slow/page has every case, backend and subject. */
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import type { Page } from 'playwright-core';
import { PLANTED_MISTAKES } from '../../src/page/common.js';
import { OPTIONS } from '../../src/training/option-table.js';
import { testInBrowser } from '../helpers/chromium.js';
import { type Visit, beforeEngine, NO_WEBGPU, servePage, SMALL } from '../helpers/longhand-page.js';

const { open, visit, shareVisit } = servePage();

/** Call it before the page opens. What it returns checks the size of all that the page has loaded since, without data. */
function firstLoadOf(page: Page): () => Promise<void> {
  const bodies: [string, Promise<Buffer>][] = [];
  page.on('response', (response) => {
    if (!response.url().includes('/data/')) bodies.push([response.url(), response.body()]);
  });
  return async () => {
    const sizes = await Promise.all(
      bodies.map(async ([url, body]) => (url.endsWith('.woff2') ? (await body).length : gzipSync(await body).length)),
    );
    const total = sizes.reduce((sum, size) => sum + size, 0);
    expect(total).toBeGreaterThan(50_000);
    // gzipped, with 5% for other compressors; the kernels of seven cells are a tenth of it, and the checks of cells and gradients 2 KB
    expect(total).toBeLessThanOrEqual(290_000);
    expect(bodies.map(([url]) => url).filter((url) => url.includes('gpu'))).toEqual([]);
  };
}

/** A visit whose first load is small, without the code for GPUs. */
async function smallVisit(query: string): Promise<Visit> {
  let assertSmall: (() => Promise<void>) | undefined;
  const opened = await visit(query, { prepare: async (page) => void (assertSmall = firstLoadOf(page)) });
  await assertSmall!();
  return opened;
}

testInBrowser(
  'without WebGPU a link with compute=gpu runs on all cores and says why; the choice is disabled',
  async () => {
    const query = SMALL.replace('threads=1&', '');
    const opened = await visit(`${query}&compute=gpu`, { prepare: (page) => beforeEngine(page, NO_WEBGPU) });
    const { page } = opened;
    expect(await opened.text('#compute-note')).toBe('This browser offers no WebGPU, so the run computes on all cores.');
    expect(await opened.text('#backend')).toMatch(/^Runs on wasm: WebAssembly, /);
    await page.waitForFunction((expected) => location.search === expected, query);
    await opened.openSettings();
    expect(await page.inputValue('[name=backend]')).toBe('wasm');
    const choices = page.locator('[name=backend] option');
    expect(await choices.allInnerTexts()).toEqual([
      'all cores',
      'GPU (no WebGPU)',
      'automatic (no WebGPU)',
      'GPU.js, WebGPU',
      'GPU.js, WebGL 2',
      'plain TypeScript',
    ]);
    expect(await page.locator('[name=backend] option:disabled').count()).toBe(2);
    await page.click('#one-step');
    await opened.waitForStep(1);
  },
);

testInBrowser(
  'the first load of digits is small; a run can be paused, continued by a single step, and reset; the browser asks before it is thrown away',
  async () => {
    const opened = await smallVisit(SMALL);
    const { page } = opened;
    await page.click('#play');
    await opened.waitForStepAfter(3);
    expect(await opened.askedBefore((one) => one.click('#to-text', { noWaitAfter: true }))).toBe('beforeunload');
    await opened.waitForStepAfter(6); // the answer was to stay
    await page.click('#play');
    await page.waitForSelector('#one-step:enabled');
    const step = Number(await opened.text('#step'));
    await page.click('#one-step');
    await opened.waitForStep(step + 1);
    expect(Number(await opened.text('#loss'))).toBeGreaterThan(0);
    await page.click('#reset');
    await opened.waitForStep(0);
    expect(await opened.text('#loss')).toBe('–');
  },
);

testInBrowser('an experiment sets and starts its run, says with which mistake it trains, and saves none', async () => {
  const opened = await visit('?image=3', { viewport: { width: 390, height: 844 }, hasTouch: true });
  const { page } = opened;
  await page.tap('#run-no-later-steps-0');
  await opened.waitForStepAfter(5);
  expect(await opened.text('#planted-words')).toBe(
    'This run trains with the mistake “dc without the term of the later steps” in (4′). It cannot be saved.',
  );
  expect(await opened.text('#experiment')).toContain('Watch the left end of the lines, row 0');
  expect(await page.isVisible('#experiment-norms .u-over')).toBe(true);
  expect(await page.isVisible('[name=hidden]')).toBe(false); // the settings are folded
  expect(await opened.text('#settings-summary')).toBe(
    '1 layer of 32 units, learning rate 0.003, batch size 64, 400 steps',
  );
  await page.tap('#play');
  await page.waitForSelector('#one-step:enabled');
  expect(await page.isDisabled('#save')).toBe(true);
  const query = new URL(page.url()).searchParams;
  expect([query.get('planted'), query.get('experiment'), query.get('image')]).toEqual([
    'no-memory',
    'no-later-steps',
    '3',
  ]);
  await page.tap('#take-out');
  await opened.waitForStep(0);
  await page.waitForSelector('#save:enabled');
  expect(await page.isVisible('#planted-note')).toBe(false);
  await page.waitForFunction(() => !location.search.includes('planted'));
  // “Check it” plants, too
  await page.check('[value="swapped-gate"]');
  await page.tap('#train-mistaken');
  await opened.waitForStepAfter(1);
  expect(await opened.text('#planted-words')).toContain('“i in place of j” in (3′)');
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
});

/** The first test makes the steps, and the second one looks at their end. */
describe('on a page whose run ends after 30 steps', () => {
  const opened = shareVisit(`${SMALL}&steps=30`);

  testInBrowser('the keyboard alone can train, move through the rows, and choose a mistake', async () => {
    const { page } = opened();
    await page.focus('#play');
    await page.keyboard.press('Enter');
    await opened().waitForStep(30);
    await page.focus('#row');
    await page.keyboard.press('ArrowLeft');
    expect(await opened().text('#row-text')).toBe('27 of 28 rows');
    await page.focus('[name=mistake]');
    await page.keyboard.press('ArrowDown');
    expect(await page.isChecked('[value=no-forget-bias]')).toBe(true); // the first mistake of the list
  });

  testInBrowser('a test lists the misread images; a click on one looks inside it', async () => {
    const { page } = opened();
    await page.waitForSelector('#misread button');
    const name = await page.getAttribute('#misread button', 'aria-label');
    const [, image, label, predicted] = /test image (\d+), a (\d) read as (\d)/.exec(name!)!;
    await page.click('#misread button');
    await page.waitForFunction((n) => new URLSearchParams(location.search).get('image') === n, image);
    await opened().waitForText('#label', `label ${label}`);
    expect(await opened().text('#prediction')).toBe(predicted);
    expect(await page.inputValue('#image-number')).toBe(image);
    const accuracy = Number((await opened().text('#test-result')).split(' ')[0]);
    expect(await opened().text('#misread-count')).toContain(`${Math.round(10000 * (1 - accuracy))} of 10000`);
  });
});

describe('on a page whose run has not begun', () => {
  const opened = shareVisit(SMALL);

  testInBrowser('a field describes its option; a value out of its range is refused, and nothing changes', async () => {
    const { page } = opened();
    expect(await page.getAttribute('[name=hidden]', 'title')).toContain(OPTIONS.hidden.help);
    expect(await page.getAttribute('[name=hidden]', 'max')).toBe('1024');
    await opened().set('hidden', '5000');
    expect(await opened().text('#settings-note')).toBe('Hidden units 5000: must be a whole number from 1 to 1024.');
    await page.click('#next');
    await page.waitForFunction(() => location.search.includes('image=1'));
    expect(new URL(page.url()).search).toBe(`${SMALL}&image=1`);
  });

  testInBrowser('each equation stands beside its lines of src/equations/lstm.ts, as in the derivation', async () => {
    const { page } = opened();
    const lines = readFileSync('src/equations/lstm.ts', 'utf8').split('\n');
    const shown = await page.evaluate(() =>
      [...document.querySelectorAll('.equation')].map((article) => ({
        equation: article.getAttribute('data-equation'),
        formulas: article.querySelectorAll('.katex-html').length,
        lines: [...article.querySelectorAll('.line')].map((line) => line.textContent),
      })),
    );
    expect(shown.map(({ equation }) => equation)).toEqual(['1', '2', '3', '4', '4′', '3′', '2′', '1′']);
    for (const { equation, formulas, lines: own } of shown) {
      expect(formulas).toBeGreaterThan(0);
      expect(own[0]).toContain(`(${equation})`);
      for (const line of own) {
        const [, number, code] = /^(\d+)(.*)$/.exec(line)!;
        expect(lines[Number(number) - 1].trim()).toBe(code.trim());
      }
    }

    // the build keeps only some of KaTeX's fonts
    const fonts = await page.evaluate(() => {
      const nameOf = ({ fontFamily, fontStyle, fontWeight }: Readonly<Record<string, string>>): string =>
        `${fontFamily.replace(/["']|,.*/g, '')} ${fontStyle} ${fontWeight}`;
      const faces = [...document.fonts].map(({ family, style, weight }) =>
        nameOf({ fontFamily: family, fontStyle: style, fontWeight: weight.replace('normal', '400') }),
      );
      const used = [...document.querySelectorAll('.katex-html *')].map((node) => {
        const { fontFamily, fontStyle, fontWeight } = getComputedStyle(node);
        return nameOf({ fontFamily, fontStyle, fontWeight });
      });
      return { faces, used: [...new Set(used)] };
    });
    expect(fonts.used).toHaveLength(3);
    expect(fonts.faces).toEqual(expect.arrayContaining(fonts.used));
  });

  testInBrowser('pointing at an equation highlights its heat maps, and at a heat map its equation', async () => {
    const { page } = opened();
    const highlighted = (): Promise<string[]> =>
      page.evaluate(() =>
        [...document.querySelectorAll('.highlighted')]
          .filter((node) => !node.closest('[hidden]')) // the other subject's pictures
          .map((node) => node.tagName + (node.getAttribute('data-equation') ?? '')),
      );
    await page.hover('.equation[data-equation="3"]');
    expect(await highlighted()).toEqual(['FIGURE3', 'ARTICLE3']);
    await page.hover('#heatmaps figure:nth-child(6)');
    expect(await highlighted()).toEqual(['FIGURE4', 'ARTICLE4']);
    await page.focus('.equation[data-equation="1′"] .formulas');
    expect(await highlighted()).toEqual(['FIGURE1′', 'ARTICLE1′']);
  });

  const RECURRENT = 'Wrong: ∂L/∂kernel, ∂L/∂bias, ∂L/∂x, ∂L/∂h0, ∂L/∂c0. The others agree.';

  /** The summary of the check for each mistake: the gradients that it makes wrong, and a cause if one is true of every number. */
  const SUMMARIES: Record<string, string> = {
    none: 'Every gradient agrees with its numeric gradient to seven digits or more.',
    'no-forget-bias': 'Wrong: ∂L/∂kernel, ∂L/∂bias, ∂L/∂outKernel, ∂L/∂outBias, ∂L/∂x, ∂L/∂h0, ∂L/∂c0.',
    'sigmoid-for-tanh': RECURRENT,
    'swapped-gate': RECURRENT,
    'no-forget-gate': `${RECURRENT} In the gradient of x, only the last index of axis 0 is right.`,
    'dropped-term': `${RECURRENT} The gradient of c0 is 0 everywhere: nothing is added to it, a factor of every number is 0, or 0 is written there too late.`,
    'no-memory': `${RECURRENT} In the gradient of x, only the last index of axis 0 is right.`,
  };

  testInBrowser('the check finds nothing in the engine, and every planted mistake', async () => {
    const { page } = opened();
    expect(Object.keys(SUMMARIES)).toEqual(['none', ...PLANTED_MISTAKES.map(({ id }) => id)]);
    for (const [id, summary] of Object.entries(SUMMARIES)) {
      await page.check(`[value="${id}"]`);
      const planted = PLANTED_MISTAKES.find((mistake) => mistake.id === id);
      if (planted) expect(await opened().text('#planted')).toBe(`right: ${planted.right}\nwrong: ${planted.wrong}`);
      await page.click('#run-check');
      await page.waitForSelector('#check-table:not([hidden])');
      expect([id, await opened().text('#check-summary')]).toEqual([id, summary]);
      expect(await page.locator('#check-table tbody tr').count()).toBe(7);
    }
  });
});

testInBrowser('if the engine cannot be loaded, the page offers a reload', async () => {
  const opened = await open('', { prepare: (page) => page.route('**/engine-*.js', (route) => route.abort()) });
  expect(await opened.error()).toMatch(/^The engine stopped: /);
  expect(await opened.text('#error-actions')).toContain('Reload the page');
  opened.forgive(/Failed to load resource|ERR_FAILED/);
});

testInBrowser(
  'the first load of text is small; the network continues a prompt; a character shows its alternatives, and can be replaced',
  async () => {
    const opened = await smallVisit(
      `?subject=text&threads=1&hidden=32&batchSize=8&T=20&steps=20&prompt=The%20whale&temperature=0.55`,
    );
    const { page } = opened;
    await opened.playToTheEnd();
    expect(await page.inputValue('#prompt')).toBe('The whale');
    expect(await opened.text('#temperature-text')).toBe('0.55'); // as it is used, not rounded
    await page.click('#write-one');
    await page.waitForFunction(() => document.querySelectorAll('#written [role=option]').length === 1);
    await page.waitForSelector('#write-one:enabled');
    await page.click('#write-text');
    await page.waitForFunction(() => document.querySelectorAll('#written [role=option]').length === 400);
    expect(await opened.text('#prompt-read')).toBe('The whale');
    await page.waitForSelector('#write-one:enabled');

    await page.focus('#written');
    await page.keyboard.press('Home');
    for (let n = 0; n < 5; n++) await page.keyboard.press('ArrowRight');
    expect(await opened.text('#written-about')).toMatch(/^character 6: /);
    const written = await page.locator('#written [role=option]').allTextContents();
    const choices = await page.locator('#written-choices .choice').allInnerTexts();
    expect(choices.length).toBeGreaterThan(1);
    const shares = choices.map((text) => parseFloat(text.split('\n').at(-1)!));
    expect([...shares].sort((a, b) => b - a)).toEqual(shares);

    const other = page.locator('#written-choices .choice:not(.best)').first();
    const name = (await other.locator('b').innerText()).trim();
    await other.click();
    await page.waitForFunction(() => document.querySelectorAll('#written [role=option]').length === 400);
    await page.waitForSelector('#write-one:enabled');
    const changed = await page.locator('#written [role=option]').allTextContents();
    expect(changed.slice(0, 5)).toEqual(written.slice(0, 5));
    expect(changed[5] === name || ['space', 'new line'].includes(name)).toBe(true);
    expect(changed[5]).not.toBe(written[5]);

    await page.fill('#prompt', 'ß'); // not a character of Moby-Dick
    await page.click('#write-text');
    await page.waitForFunction(() => document.querySelector('#write-note')?.textContent.includes('"ß" (U+00DF)'));
  },
);
