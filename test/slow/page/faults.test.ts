/** Errors on the page, each with a button for the next action; contrast, labels (axe) and widths: in a real Chromium. */
import { gzipSync } from 'node:zlib';
import type { Subject } from '../../../src/page/common.js';
import { FIELDS, FORM } from '../../../src/page/settings.js';
import { expectAccessToDigits, expectAccessToText } from '../../helpers/axe.js';
import { testInBrowser } from '../../helpers/chromium.js';
import type { Visit } from '../../helpers/longhand-page.js';
import { beforeEngine, NO_WEBGPU, servePage, SMALL } from '../../helpers/longhand-page.js';

const site = servePage();
const { open, visit } = site;

testInBrowser('a data file that cannot be loaded is named, with the reason, and can be loaded again', async () => {
  const answers: [string, 'abort' | number | Buffer, RegExp][] = [
    ['cannot be reached', 'abort', /t10k-labels-idx1-ubyte\.gz: cannot be loaded/],
    ['does not exist', 404, /t10k-labels-idx1-ubyte\.gz: the server answers 404/],
    ['ends early', gzipSync(Buffer.alloc(10)), /t10k-labels-idx1-ubyte: ends after 10 of 10008 bytes/],
    ['is too long', gzipSync(Buffer.alloc(20000)), /t10k-labels-idx1-ubyte: longer than 10008 bytes/],
    ['has other bytes', gzipSync(Buffer.alloc(10008, 1)), /t10k-labels-idx1-ubyte: damaged \(its SHA-256 differs\)/],
    ['is not gzip', Buffer.from([0x1f, 0x8b, 1, 2, 3]), /t10k-labels-idx1-ubyte\.gz: cannot be loaded/],
  ];
  let answer = answers[0][1];
  const opened = await open(SMALL, {
    prepare: (page) =>
      page.route('**/t10k-labels*', (route) => {
        if (answer === 'abort') return route.abort();
        return route.fulfill(typeof answer === 'number' ? { status: answer } : { body: answer });
      }),
  });
  for (const [what, wrong, message] of answers) {
    if (wrong !== answer) {
      answer = wrong;
      await opened.act('Try again');
    }
    expect([what, await opened.error()]).toEqual([what, expect.stringMatching(message)]);
  }
  await opened.page.unroute('**/t10k-labels*');
  await opened.act('Try again');
  await opened.page.waitForSelector('#play:enabled');
  opened.forgive(/Failed to load resource/); // the browser's own message
});

testInBrowser('without WebGPU the page offers WebAssembly', async () => {
  const without = await open(`${SMALL}&backend=webgpu`, {
    prepare: (page) => beforeEngine(page, NO_WEBGPU),
  });
  expect(await without.error()).toContain('webgpu');
  await without.act('Use WebAssembly instead');
  await without.page.waitForSelector('#play:enabled');
  expect(await without.text('#backend')).toContain('WebAssembly');
});

testInBrowser('if training diverges, the page offers a return to the start with a tenth of the rate', async () => {
  const opened = await visit(`${SMALL}&steps=60`);
  await opened.page.click('#one-step');
  await opened.waitForStep(1);
  await opened.set('learningRate', '1e38');
  await opened.page.click('#play');
  expect(await opened.error()).toMatch(/is (NaN|-?Infinity) at step \d+: training has diverged/);
  await opened.act('Go back and use a rate of 1e+37');
  await opened.waitForStep(0);
  await opened.set('learningRate', '0.001');
  await opened.playToTheEnd();
  expect(await opened.text('#step')).toBe('60');
  expect(Number(await opened.text('#loss'))).toBeLessThan(3);
});

/** Every field of the settings and of the views shows its longest text. `others`: how many fields are outside the settings. */
async function expectRoom(opened: Visit, subject: Subject, others: number): Promise<void> {
  const { page } = opened;
  await opened.openSettings();
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
    expect(fields).toHaveLength(FORM.filter((name) => (FIELDS[name].subject ?? subject) === subject).length + others);
    expect([width, fields.filter(({ missing }) => missing > 0.5)]).toEqual([width, []]); // clientWidth is rounded
  }
}

testInBrowser(
  'digits, at 1440 and 360 px, in light and dark: axe finds nothing serious, nothing scrolls sideways, and each field has room',
  async () => expectRoom(await expectAccessToDigits(site, [1440, 360], ['light', 'dark']), 'digits', 1),
);

testInBrowser(
  'text, at 360 and 1440 px, in light and dark: axe finds nothing serious, nothing scrolls sideways, and each field has room',
  async () => expectRoom(await expectAccessToText(site, [360, 1440], ['light', 'dark']), 'text', 4),
);
