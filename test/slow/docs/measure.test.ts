/**
 * The page /measure in a real Chromium, on adapters that compute on the CPU: it measures within its time, in an isolated page, without another
 * host; a lost device and a hanging program stop their rows; a link is shown beside one's own result.
 */
import { cpSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { fragmentOf, resultOf } from '../../../docs/.vitepress/theme/measure/link.js';
import { type Result, resultIn } from '../../../bench/measure/result.js';
import { expectGood, NARROW, viewForAxe } from '../../helpers/axe.js';
import { builtSite } from '../../helpers/built-site.js';
import { testInBrowser } from '../../helpers/chromium.js';
import { LonghandPage } from '../../helpers/longhand-page.js';
import { measuredResult } from '../../helpers/bench-rows.js';
import { hostSite } from '../../helpers/site.js';
import { directoryOf } from '../../helpers/temporary-directories.js';

const { open, folder } = hostSite(builtSite);

const isIsolated = (page: Page): Promise<unknown> => page.waitForFunction(() => crossOriginIsolated);

/** Measures, and returns what the page offers as a file. */
async function measured(page: Page): Promise<{ result: Result; status: string }> {
  await page.getByRole('button', { name: 'Measure this device' }).click();
  const download = page.getByRole('link', { name: 'Download as JSON' });
  await download.waitFor();
  const [file] = await Promise.all([page.waitForEvent('download'), download.click()]);
  const place = path.join(directoryOf(), 'result.json');
  await file.saveAs(place);
  const json = readFileSync(place, 'utf8');
  return {
    result: resultIn(json, 'the download'),
    status: await page.locator('.measure').getByRole('status').innerText(),
  };
}

/** `longhand-wasm` and its reasons and times in all cases. */
const rowsOf = ({ cases }: Result, candidate: string) =>
  cases.flatMap(({ rows }) => rows.filter((row) => row.candidate === candidate));

testInBrowser('one button measures the device, in an isolated page and within its time', async () => {
  const { page } = await open('measure/?seconds=20');
  await isIsolated(page);
  const began = await page.evaluate('performance.timeOrigin');
  const { result, status } = await measured(page);
  expect(status).toMatch(/^(Done in \d+ s\.|Stopped after 20 s; .*)$/);
  expect(result.device).toMatchObject({
    isIsolated: true,
    webgpu: { name: expect.stringMatching(/swiftshader/i) as string },
  });
  expect(result.limits.find(({ family }) => family === 'wasm')!.gflops).toBeGreaterThan(0.1);
  const timed = rowsOf(result, 'longhand-wasm').filter(({ ms }) => ms !== null);
  expect(timed.length).toBeGreaterThan(0);
  for (const { rows } of result.cases)
    for (const { ms, reason } of rows) expect((ms === null) === (reason !== null)).toBe(true);
  expect(
    result.cases
      .flatMap(({ rows }) => rows.map(({ reason }) => reason ?? ''))
      .filter((reason) => /^wrong|^failed/.test(reason)),
  ).toEqual([]);
  expect(await page.locator('.measure svg rect.product').count()).toBeGreaterThan(0);

  const link = await page.getAttribute('.link-to-result', 'href');
  await page.getByRole('link', { name: 'Link to this result' }).click();
  await page.getByRole('heading', { name: 'The link’s device' }).waitFor();
  expect(await page.evaluate('performance.timeOrigin')).toBe(began); // the page was not loaded again
  expect(await resultOf(link!)).toEqual(result); // another browser may compress it to other characters

  await page.click('.VPNav a[href$="exercises/"]');
  await page.waitForURL('**/exercises/');
  expect(await page.evaluate('crossOriginIsolated')).toBe(false); // workers of other pages start
});

testInBrowser('a link’s result stands beside one’s own, readable in all views; a hostile link is refused', async () => {
  const visit = await open(`measure/${await fragmentOf(measuredResult())}`, viewForAxe(...NARROW));
  const { page } = visit;
  await isIsolated(page); // the page loads once more
  await page.getByText('longhand-webgpu is quickest with 12.0 ms').waitFor();
  await expectGood(page);
  const hostile = { ...measuredResult(), revision: '<img src="x" onerror="document.title = \'hacked\'">' };
  await page.evaluate((hash) => (location.hash = hash), await fragmentOf(hostile));
  await page.getByText('<img src="x"').waitFor(); // as text
  await page.evaluate(() => (location.hash = '#result=AAAA'));
  await page.getByRole('alert').getByText('The link’s result cannot be shown: the link is damaged').waitFor();
  expect(await page.locator('.measure img').count()).toBe(0);
  expect(await page.title()).not.toBe('hacked');
});

/** The site with one changed script of /measure. */
function siteWith(script: string, before: string): string {
  const changed = directoryOf();
  for (const name of readdirSync(folder()))
    if (name === 'measure') cpSync(path.join(folder(), name), path.join(changed, name), { recursive: true });
    else symlinkSync(path.join(folder(), name), path.join(changed, name));
  const file = path.join(changed, 'measure/files', script);
  writeFileSync(file, `${before}\n${readFileSync(file, 'utf8')}`);
  return changed;
}

async function inSiteWith(script: string, before: string, use: (page: Page) => Promise<void>): Promise<void> {
  const site = await LonghandPage.host(siteWith(script, before));
  try {
    const { page } = await site.open('measure/?seconds=20');
    await isIsolated(page);
    await use(page);
  } finally {
    await site.close();
  }
}

/** The fifth submission is lost with its device: a program has started by then, and is being timed. */
const LOSES_DEVICES = `{
  const { requestDevice } = GPUAdapter.prototype;
  GPUAdapter.prototype.requestDevice = async function (...given) {
    const device = await requestDevice.apply(this, given);
    const { submit } = device.queue;
    let left = 5;
    device.queue.submit = (buffers) => {
      submit.call(device.queue, buffers);
      if (--left === 0) device.destroy();
    };
    return device;
  };
}`;

testInBrowser('a lost device stops its rows, not the others', async () => {
  await inSiteWith('worker.js', LOSES_DEVICES, async (page) => {
    const { result } = await measured(page);
    const lost = rowsOf(result, 'longhand-webgpu');
    expect(lost.filter(({ ms }) => ms !== null)).toEqual([]);
    expect(lost.length).toBeGreaterThan(0);
    expect(rowsOf(result, 'longhand-wasm').some(({ ms }) => ms !== null)).toBe(true);
    await page
      .getByText(/^longhand-webgpu: ./)
      .first()
      .waitFor({ state: 'attached' });
    expect(lost.map(({ reason }) => reason)).not.toContain(null);
  });
});

testInBrowser('a measurement that hangs ends at its limit, and the page stays usable', async () => {
  await inSiteWith('laboratory.js', 'for (;;);', async (page) => {
    await page.evaluate(() => history.replaceState({}, '', '?seconds=5'));
    await page.getByRole('button', { name: 'Measure this device' }).click();
    await page.getByText('Stopped after 5 s; what was measured by then stands below.').waitFor();
    expect(await page.getByRole('button', { name: 'Measure this device' }).isEnabled()).toBe(true);
  });
});

testInBrowser('without scripts there is a sentence', async () => {
  const { page } = await open('measure/', { javaScriptEnabled: false });
  expect(await page.innerText('noscript')).toContain('it needs JavaScript');
});
