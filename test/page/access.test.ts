/** Access to the page in a real Chromium: its size, contrast and labels (axe), widths, and the keyboard. */
import { gzipSync } from 'node:zlib';
import { FIELDS } from '../../src/page/settings-fields.js';
import { seriousFaultsOf, viewForAxe } from '../helpers/axe.js';
import { testInBrowser } from '../helpers/chromium.js';
import { servePage, SMALL } from '../helpers/longhand-page.js';

const { visit } = servePage();

testInBrowser.each([
  ['digits', ''],
  ['text', '?subject=text'],
])('the first load of %s without data is at most 250 KB gzipped, without GPU.js', async (_, query) => {
  const bodies: [string, Promise<Buffer>][] = [];
  await visit(query, {
    prepare: async (page) =>
      void page.on('response', (response) => {
        if (!response.url().includes('/data/')) bodies.push([response.url(), response.body()]);
      }),
  });
  const sizes = await Promise.all(
    bodies.map(async ([url, body]) => (url.endsWith('.woff2') ? (await body).length : gzipSync(await body).length)),
  );
  const total = sizes.reduce((sum, size) => sum + size, 0);
  expect(total).toBeGreaterThan(50_000);
  expect(total).toBeLessThanOrEqual(250_000);
});

testInBrowser.each([
  ['light', 1440],
  ['dark', 1440],
  ['light', 360],
  ['dark', 360],
] as const)('in %s at %i px: axe finds nothing serious, and nothing scrolls sideways', async (colorScheme, width) => {
  const query = `${SMALL}&layers=2&bidirectional=true&lstm=1&steps=20&mistake=swapped-gate`;
  const opened = await visit(query, viewForAxe(colorScheme, width));
  const { page } = opened;
  await opened.playToTheEnd();
  await page.waitForSelector('#lstm-choice:not([hidden])');
  await page.click('#run-check');
  await page.waitForSelector('#check-table:not([hidden])');
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
  expect(await seriousFaultsOf(page)).toEqual([]);
});

testInBrowser.each([
  ['light', 1440],
  ['dark', 1440],
  ['light', 360],
  ['dark', 360],
] as const)(
  'the text, in %s at %i px: axe finds nothing serious, and nothing scrolls sideways',
  async (scheme, width) => {
    const opened = await visit('?subject=text&hidden=32&batchSize=8&T=20&steps=20', viewForAxe(scheme, width));
    const { page } = opened;
    await opened.playToTheEnd();
    await page.click('#paste');
    await page.click('#sort-units');
    await page.waitForSelector('#units .unit');
    await page.click('#write-text');
    await page.waitForSelector('#written-choices .choice');
    await page.waitForSelector('#write-one:enabled');
    await page.focus('#written');
    await page.keyboard.press('Home');
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
    expect(await seriousFaultsOf(page)).toEqual([]);
  },
);

testInBrowser(
  'every field of the settings, and of the views, shows its longest text, from 360 to 1440 px',
  async () => {
    const digits = await visit(`${SMALL}&layers=2&bidirectional=true`);
    await digits.page.waitForSelector('#lstm-choice:not([hidden])');
    const text = await visit('?subject=text&hidden=16&batchSize=8&T=20');
    const views = [[digits.page, 'digits', 1] as const, [text.page, 'text', 4] as const]; // how many fields outside the settings
    for (const [page, subject, others] of views)
      for (const width of [360, 700, 1024, 1300, 1440]) {
        await page.setViewportSize({ width, height: 900 });
        const fields = await page.evaluate(() => {
          const ARROWS = 20; // px, of a select and of an input for numbers
          const context = document.createElement('canvas').getContext('2d')!;
          const found = document.querySelectorAll<HTMLSelectElement | HTMLInputElement>(
            '#settings select, #settings input, #lstm, #text-layer, #unit, #state, #property',
          );
          const shown = Array.from(found).filter((field) => !field.closest('[hidden]'));
          return shown.map((field) => {
            const { font, paddingLeft, paddingRight } = getComputedStyle(field);
            context.font = font;
            const isSelect = field instanceof HTMLSelectElement;
            const texts = isSelect ? Array.from(field.options, ({ text }) => text) : [field.placeholder, field.value];
            const longest = Math.max(...texts.map((text) => context.measureText(text).width));
            const room = field.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight) - ARROWS;
            return { name: field.name || field.id, missing: Math.max(0, longest - room) };
          });
        });
        expect(fields).toHaveLength(FIELDS.filter((field) => (field.subject ?? subject) === subject).length + others);
        expect([width, fields.filter(({ missing }) => missing > 0)]).toEqual([width, []]);
      }
  },
);

testInBrowser('the keyboard alone can train, move through the rows, and choose a mistake', async () => {
  const opened = await visit(`${SMALL}&steps=10`);
  const { page } = opened;
  await page.focus('#play');
  await page.keyboard.press('Enter');
  await opened.waitForStep(10);
  await page.focus('#row');
  await page.keyboard.press('ArrowLeft');
  expect(await opened.text('#row-text')).toBe('27 of 28 rows');
  await page.focus('[name=mistake]');
  await page.keyboard.press('ArrowDown');
  expect(await page.isChecked('[value=no-forget-bias]')).toBe(true); // the first mistake of the list
});
