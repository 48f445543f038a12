/**
 * The guided experiments in a real Chromium: the numbers in their words are those of the runs. The tolerances allow for the words, which
 * are rounded, and for computers whose last digits differ.
 */
import { EXPERIMENT_WORDS } from '../../../src/page/build/plugins.js';
import { testInBrowser } from '../../helpers/chromium.js';
import type { Visit } from '../../helpers/longhand-page.js';
import { servePage } from '../../helpers/longhand-page.js';

const { visit } = servePage();

/** The numbers in the words of an experiment, which must have this sentence. */
function saidIn(id: string, sentence: RegExp): number[] {
  const saw = EXPERIMENT_WORDS[id].saw.join(' ');
  expect(saw).toMatch(sentence);
  return sentence.exec(saw)!.slice(1).map(Number);
}

/** Asserts that a number is the one that the words say; `tolerance`: how much it may differ. */
const expectSaid = (found: number, said: number, tolerance: number): void =>
  expect([found, said, Math.abs(found - said) < tolerance]).toEqual([found, said, true]);

/** Of an accuracy, in percentage points: half a point is the words' rounding. */
const POINTS = 1.5;
/** Of a loss, in bits: after 1,000 steps that differ in their last digits. */
const BITS = 0.2;

/** The result of the test, which the page makes at the end of a run. `step`: how its step begins. */
async function resultAt(opened: Visit, step: string): Promise<number> {
  await opened.page.waitForFunction(
    (text) => new RegExp(text).test(document.querySelector('#test-result')?.textContent ?? ''),
    `at step ${step}`,
  );
  return parseFloat(await opened.text('#test-result'));
}

/** The accuracy after a run of an experiment, in percent. */
async function percentOf(opened: Visit, run: string): Promise<number> {
  await opened.page.click(`#run-${run}`);
  await opened.waitForText('#test-result', '–'); // not the result of the run before
  return 100 * (await resultAt(opened, '[1-9]'));
}

interface Norms {
  /** Of c and h. */
  readonly atRowZero: readonly number[];
  /** Of c: at row 0 in units of the last row. */
  readonly reach: number;
}

/** From what the chart says to screen readers. */
async function norms({ page }: Visit): Promise<Norms> {
  const words = await page.getAttribute('#experiment-chart', 'aria-label');
  const [, c, h, last] = /c‖ is (\S+) and .*h‖ is (\S+) before the first row, (\S+) and /.exec(words!)!.map(Number);
  return { atRowZero: [c, h], reach: c / last };
}

/** The norms of the new network that `change` starts. */
async function normsAfter(opened: Visit, change: () => Promise<void>): Promise<Norms> {
  const chart = opened.page.locator('#experiment-chart');
  const before = await chart.getAttribute('aria-label');
  await change();
  await opened.page.waitForFunction(
    (old) => document.querySelector('#experiment-chart')!.getAttribute('aria-label') !== old,
    before,
  );
  return norms(opened);
}

testInBrowser('digits: the gradient at row 0, and the accuracies', async () => {
  const opened = await visit('?threads=1&hidden=32&batchSize=64&planted=no-memory&experiment=no-later-steps');
  await opened.inspected(0);
  for (const norm of (await norms(opened)).atRowZero) expect(norm).toBeLessThan(1e-15); // “less than the chart can show”
  const one = (await normsAfter(opened, () => opened.page.click('#take-out'))).reach;
  const zero = (await normsAfter(opened, () => opened.set('forgetBias', '0'))).reach;
  const three = (await normsAfter(opened, () => opened.set('forgetBias', '3'))).reach;
  const [factor] = saidIn('forget-bias', /about a millionth .* multiplies it by about (0\.6)/);
  expectSaid(zero ** (1 / 28), factor, 0.02);
  expectSaid(Math.log10(zero), -6, Math.log10(2.5));
  saidIn('forget-bias', /bias 1, .* at about half a percent, and with 3 it does not shrink at all\./);
  expectSaid(Math.log10(one), Math.log10(0.005), Math.log10(2));
  expect(three).toBeGreaterThan(1);

  const [most, right] = [50, ...saidIn('no-later-steps', /fewer than half .* about (\d+)% without the mistake/)];
  const [learns, rightToo] = saidIn('wrong-but-it-learns', /(\d+)% of .* without the mistake it is (\d+)%/);
  const [atMost] = saidIn('rate-too-high', /the accuracy is below (\d+)%/);
  const [ofZero, ofOne, ofThree] = saidIn('forget-bias', /about (\d+)% with 0, (\d+)% with 1 and (\d+)% with 3/);
  // the first button of an experiment is always there, the others while its words are
  const reached = async (bias: number): Promise<number> => {
    const percent = await percentOf(opened, `forget-bias-${bias}`);
    await opened.inspected(400);
    return percent;
  };
  expect([rightToo, ofOne]).toEqual([right, right]); // the same run
  expectSaid(await reached(0), ofZero, POINTS);
  expect((await norms(opened)).reach).toBeGreaterThan(zero);
  expectSaid(await reached(1), ofThree, POINTS);
  expect((await norms(opened)).reach).toBeGreaterThan(three);
  expectSaid(await reached(2), right, POINTS);
  expect((await norms(opened)).reach).toBeGreaterThan(one);
  expect(await percentOf(opened, 'no-later-steps-0')).toBeLessThan(most);
  await opened.inspected(400);
  saidIn('no-later-steps', /after 400 steps, ‖∂L\/∂c‖ at row 0 is about a quarter of that at the last row/);
  expectSaid((await norms(opened)).reach, 0.25, 0.125);
  expectSaid(await percentOf(opened, 'wrong-but-it-learns-0'), learns, POINTS);
  expect(await percentOf(opened, 'rate-too-high-0')).toBeLessThan(atMost);
});

testInBrowser('text: from the page of the digits; the validation rises while the batch falls', async () => {
  const opened = await visit('?threads=1');
  const { page } = opened;
  await page.click('#run-by-heart-0');
  await page.waitForURL(/subject=text/);
  await opened.waitForStepAfter(1);
  await page.waitForFunction(() => location.hash === ''); // soon a reload starts nothing
  await page.click('#reset');
  await opened.waitForStep(0);
  await page.waitForSelector('#play:enabled');
  const [fallen, rises, least, most, batch] = saidIn(
    'by-heart',
    /After about (\d+) steps the points no longer fall, and after (\d+) they rise, .* about (\S+) to (\S+) bits, and to (\d\.\d)\. /,
  );
  const results: number[] = []; // what a point shows: the bits on the validation part
  for (const step of [fallen / 2, fallen, rises, 1.5 * rises, 1000]) {
    await opened.set('steps', String(step));
    await page.waitForSelector('#play:enabled');
    await page.click('#play');
    results.push(await resultAt(opened, String(step)));
  }
  const [before, first, last, after, end] = results;
  expect([before - first > BITS / 2, after - last > BITS / 2, end - after > BITS / 2]).toEqual([true, true, true]);
  expectSaid(last, first, BITS / 2);
  expectSaid(first, least, BITS / 2);
  expectSaid(end, most, BITS);
  expectSaid(Number(await opened.text('#bits')), batch, BITS);
});

interface CellsResult {
  readonly step: number;
  readonly percents: readonly number[];
}

/** What the status says when both cells have stopped. */
async function cellsResult(opened: Visit): Promise<CellsResult> {
  await opened.waitForText('#train-cells', 'Train both');
  const words = await opened.text('#two-cells-status');
  const [, step, ...percents] = /^Update (\d+): .*? ([\d.]+)%, .*? ([\d.]+)% of /.exec(words)!.map(Number);
  return { step, percents };
}

testInBrowser(
  'two cells: by keyboard, at 390 px; the LSTM and the signed minGRU learn parity, minGRU does not',
  async () => {
    const opened = await visit('?threads=1', { viewport: { width: 390, height: 844 } });
    const { page } = opened;
    await page.focus('#open-cells');
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => document.querySelector('#two-cells-status')!.textContent.startsWith('Update'));
    expect(await page.isDisabled('#first-cell')).toBe(true);
    await page.keyboard.press('Enter'); // the focus is on Stop
    expect((await cellsResult(opened)).step).toBeLessThan(600);
    await page.keyboard.press('Enter');
    await opened.waitForText('#train-cells', 'Stop');
    const { step, percents } = await cellsResult(opened);
    expect([step, percents[0] > 95, percents[1] < 60]).toEqual([600, true, true]);
    const drawn = await page.getAttribute('#two-cells-chart', 'aria-label');
    expect(drawn).toBe(
      `Accuracy on longer sequences after 600 updates: LSTM ${percents[0].toFixed(1)}%, minGRU ${percents[1].toFixed(1)}%`,
    );
    expect(
      await page
        .locator('#two-cells-chart .u-over')
        .boundingBox()
        .then((box) => box!.width > 200),
    ).toBe(true);

    await page.selectOption('#second-cell', 'minGRU, signed');
    await page.click('#train-cells');
    await opened.waitForText('#train-cells', 'Stop');
    await page.waitForFunction(() =>
      / ([\d.]+)%, .* (9[5-9]|100)\.\d% /.test(document.querySelector('#two-cells-status')!.textContent),
    );
    const [, lstm] = / ([\d.]+)%, /.exec(await opened.text('#two-cells-status'))!;
    expect(Number(lstm)).toBeLessThan(95); // “it learns the rule before the LSTM does”
    expect((await cellsResult(opened)).percents[1]).toBeGreaterThan(95);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
    expect(opened.faults).toEqual([]);
  },
);
