/** Access to the page in a real Chromium: contrast and labels (axe), and widths. */
import { FIELDS } from '../../../src/page/settings-form.js';
import { testInBrowser } from '../../helpers/chromium.js';
import { servePage, SMALL } from '../../helpers/longhand-page.js';
import { expectAccessToDigits, expectAccessToText } from '../../helpers/page-access.js';

const site = servePage();
const { visit } = site;

testInBrowser.each([1440, 360])(
  'at %i px, in light and dark: axe finds nothing serious, and nothing scrolls sideways',
  (width) => expectAccessToDigits(site, width, ['light', 'dark']),
);

testInBrowser.each([1440, 360])(
  'the text, at %i px, in light and dark: axe finds nothing serious, and nothing scrolls sideways',
  (width) => expectAccessToText(site, width, ['light', 'dark']),
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
        expect([width, fields.filter(({ missing }) => missing > 0.5)]).toEqual([width, []]); // clientWidth is rounded
      }
  },
);
