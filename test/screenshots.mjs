/** The pictures of docs/page.md, from the page itself: `npm run page:screenshots`. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { PNG } from 'pngjs';
import UPNG from 'upng-js';
import { launchChromium } from '../dist/bench/browser/chromium.js';

const project = fileURLToPath(new URL('..', import.meta.url));

const server = spawn(process.execPath, [path.join(project, 'dist/cli/main.js'), 'page', '--port', '0', '--no-open']);
const [line] = await once(server.stdout, 'data');
const address = /http:\S+/.exec(String(line))[0];
const browser = await launchChromium();

/** The page after a whole run. */
async function trainedOn(query, { colorScheme, width, height }) {
  const context = await browser.newContext({ colorScheme, viewport: { width, height }, reducedMotion: 'reduce' });
  const page = await context.newPage();
  await page.goto(address + query);
  await page.click('#play:enabled');
  await page.waitForFunction(() => /\d\.\d+/.test(document.querySelector('#test-result').textContent), null, {
    timeout: 600_000,
  });
  await page.mouse.move(0, 0);
  return page;
}

/** The page after the tutorial's run, with a misread image in view. */
async function trained(window) {
  const page = await trainedOn('?image=18', window);
  await page.waitForFunction(() =>
    document.querySelector('#prediction-after').textContent.includes('after 781 training steps'),
  );
  return page;
}

/** Writes the picture with 256 colors, in half of the bytes: the package has a limit. */
async function write(name, page) {
  const { data, width, height } = PNG.sync.read(await page.screenshot());
  writeFileSync(path.join(project, 'docs', name), Buffer.from(UPNG.encode([data.buffer], width, height, 256)));
}

const light = await trained({ colorScheme: 'light', width: 1280, height: 780 });
await light.evaluate(() => document.querySelector('#train').scrollIntoView());
await write('page-train.png', light);

const dark = await trained({ colorScheme: 'dark', width: 1280, height: 900 });
await dark.locator('#look').scrollIntoViewIfNeeded();
await dark.evaluate(() => document.querySelector('.halves').scrollIntoView());
await dark.hover('.equation[data-equation="2"]');
await write('page-look.png', dark);

// three narrow windows, side by side
const narrow = [];
for (const [colorScheme, anchor] of [
  ['light', '#train'],
  ['dark', '#look'],
  ['light', '#check'],
]) {
  const page = await trained({ colorScheme, width: 360, height: 760 });
  if (anchor === '#check') {
    await page.check('[value="dropped-term"]');
    await page.click('#run-check');
    await page.waitForSelector('#check-table:not([hidden])');
  }
  await page.evaluate((selector) => document.querySelector(selector).scrollIntoView(), anchor);
  narrow.push((await page.screenshot()).toString('base64'));
}
const album = await browser.newPage({ viewport: { width: 1140, height: 800 } });
await album.setContent(
  `<body style="margin:20px;display:flex;gap:10px;background:#888">${narrow
    .map((picture) => `<img src="data:image/png;base64,${picture}">`)
    .join('')}</body>`,
);
await write('page-narrow.png', album);

// the text: the samples, and the unit that best shows whether a word begins
const writer = await trainedOn('?subject=text&passage=10750&target=180', {
  colorScheme: 'light',
  width: 1280,
  height: 780,
});
await writer.evaluate(() => document.querySelector('#train').scrollIntoView());
await write('page-text.png', writer);
await writer.click('#sort-units');
await writer.click('#units .unit');
await writer.setViewportSize({ width: 1280, height: 1000 });
await writer.evaluate(() => document.querySelector('.halves').scrollIntoView());
await write('page-unit.png', writer);

await browser.close();
server.kill();
