/** The guided experiments in a real Chromium: what their words say about the runs is what the runs show. */
import { EXPERIMENT_WORDS } from '../../../src/page/build/experiment-words.js';
import { testInBrowser } from '../../helpers/chromium.js';
import type { Visit } from '../../helpers/longhand-page.js';
import { servePage } from '../../helpers/longhand-page.js';

const { visit } = servePage();

const sawOf = (id: string): string => EXPERIMENT_WORDS[id].saw.join(' ');

/** The result of the test after a run of an experiment. */
async function resultOf(opened: Visit, run: string): Promise<number> {
  await opened.page.click(`#run-${run}`);
  await opened.waitForText('#test-result', '–'); // not the result of the run before
  await opened.page.waitForFunction(() =>
    /at step [1-9]/.test(document.querySelector('#test-result')?.textContent ?? ''),
  );
  return Number((await opened.text('#test-result')).split(' ')[0]);
}

/** The norm at row 0 and at the last row, from what the chart says to screen readers. */
async function normsAt(opened: Visit): Promise<[number, number]> {
  const words = await opened.page.getAttribute('#experiment-chart', 'aria-label');
  const [, zero, last] = /is (\S+) before the first row, (\S+) after the last/.exec(words!)!;
  return [Number(zero), Number(last)];
}

testInBrowser('digits: the accuracies, and the gradient at row 0', async () => {
  const opened = await visit(
    '?hidden=32&batchSize=64&learningRate=0.003&steps=400&planted=no-memory&experiment=no-later-steps',
  );
  await opened.inspected(0);
  const [zero, last] = await normsAt(opened);
  expect(zero / last).toBeLessThan(1e-15); // “less than the chart can show”
  const right = await resultOf(opened, 'no-later-steps-1');
  expect(right).toBeCloseTo(0.93, 1);
  for (const id of ['no-later-steps', 'wrong-but-it-learns']) expect(sawOf(id)).toMatch(/93% (of|without)|is 93%/);
  expect(await resultOf(opened, 'no-later-steps-0')).toBeLessThan(0.5);
  expect(await resultOf(opened, 'wrong-but-it-learns-0')).toBeGreaterThan(0.85);
  expect(await resultOf(opened, 'rate-too-high-0')).toBeLessThan(0.3);
  const [none, three] = [await resultOf(opened, 'forget-bias-0'), await resultOf(opened, 'forget-bias-1')];
  expect([none, three].every((accuracy) => accuracy > 0.85 && accuracy < right)).toBe(true);
  for (const [bias, least, most] of [
    [0, 1e-8, 1e-5],
    [1, 1e-3, 1e-2],
    [3, 0.5, 5],
  ]) {
    const fresh = await visit(`?hidden=32&batchSize=64&forgetBias=${bias}`);
    await fresh.inspected(0);
    const [dcZero, dcLast] = await normsAt(fresh);
    expect([bias, dcZero / dcLast > least * 0.05, dcZero / dcLast < most]).toEqual([bias, true, true]);
  }
});

testInBrowser('text: from the page of the digits; the validation rises while the batch falls', async () => {
  const opened = await visit('');
  await opened.page.click('#run-by-heart-0');
  await opened.page.waitForURL(/subject=text/);
  await opened.waitForStepAfter(300);
  expect(new URL(opened.page.url()).hash).toBe(''); // a reload starts nothing
  await opened.waitForTest();
  const [batch, tested] = [Number(await opened.text('#bits')), parseFloat(await opened.text('#test-result'))];
  expect(sawOf('by-heart')).toContain('from about 3.4 to 4.2 bits, and to 1.7');
  expect(tested).toBeGreaterThan(3.7);
  expect(batch).toBeLessThan(2.3);
});
