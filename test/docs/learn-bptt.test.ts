/** Backpropagation through time in full, in docs/learn/plain-rnn.md: a loss at every step, truncation, and states computed again. */
import { copyFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { chapter, differences, outputOf, placeOf, read } from '../helpers/chapter.js';
import { directoryOf } from '../helpers/temporary-directories.js';

const { page, says, shownOf, ask } = chapter('plain-rnn', {
  'plain-rnn.mjs': ['matrix'],
  'random-rnn.mjs': ['gradientsOf', 'newParameters', 'normOf', 'randomNumbers', 'whichCameFirst'],
  'which-came-first.mjs': ['largestDifferences'],
  'every-step.mjs': ['forwardEveryStep', 'gradientsEveryStep', 'lossEveryStep', 'ONE_UNIT', 'twoReaders'],
  'truncation.mjs': ['columns', 'cosines', 'firstSymbol', 'trained', 'truncated'],
  'recompute.mjs': ['example', 'gradientsByRecomputing', 'sameBits'],
});
const everyStep = read('every-step.mjs');

const ODD_EVERY_STEP = `
  const [T, B, I, H, C] = [4, 3, 2, 5, 6];
  const random = randomNumbers(5);
  const parameters = newParameters({ I, H, C }, random);
  for (const bias of [parameters.bias, parameters.biasY]) bias[0].forEach((_, n) => (bias[0][n] = random()));
  const x = Array.from({ length: T }, () => matrix(B, I, () => random()));
  const labels = [[5, 0, 3], [1, 1, 2], [4, 0, 5], [2, 3, 0]];
  const lossOf = () => lossEveryStep(forwardEveryStep(x, parameters).logits, labels).loss;`;

test('a loss at every step: with odd sizes and random biases, every gradient agrees with its numeric derivative', async () => {
  const found = (await ask(`${ODD_EVERY_STEP}
    return largestDifferences(lossOf, parameters, gradientsEveryStep(x, labels, parameters).gradients);`)) as Largest[];
  expect(found.map(({ count }) => count)).toEqual([2 * 5, 5 * 5, 5, 5 * 6, 6]);
  for (const { largest } of found) expect(largest).toBeLessThan(1e-9);
});

interface Largest {
  readonly name: string;
  readonly count: number;
  readonly largest: number;
}

test('a loss at every step: without dhNext, the three gradients that the page names are wrong, and the loss falls', async () => {
  const place = directoryOf();
  for (const file of ['which-came-first.mjs', 'random-rnn.mjs', 'plain-rnn.mjs'])
    copyFileSync(placeOf(file), path.join(place, file));
  const line = everyStep.split('\n').find((one) => one.includes('// (f′)'))!;
  const lost = line.replace('+=', '=');
  expect(lost).not.toBe(line);
  writeFileSync(path.join(place, 'every-step.mjs'), everyStep.replace(line, lost));
  const { Wx, Wh, bias, Wy, biasY } = differences(outputOf('every-step.mjs', [], place));
  for (const wrong of [Wx, Wh, bias]) expect(wrong).toBeGreaterThan(1e-4);
  expect(Math.max(Wy, biasY)).toBeLessThan(1e-9);
  const [first, last] = (await ask(`
    const mistaken = await import('${path.join(place, 'every-step.mjs')}');
    const { x, labels } = mistaken.whichCameFirstSoFar(8);
    const parameters = newParameters({ I: 3, H: 5, C: 3 }, randomNumbers(2));
    const losses = [];
    for (let update = 0; update < 100; update++) {
      const { loss, gradients } = mistaken.gradientsEveryStep(x, labels, parameters);
      losses.push(loss);
      for (const [name, rows] of Object.entries(parameters))
        rows.forEach((row, r) => row.forEach((_, c) => (row[c] -= 0.2 * gradients[name][r][c])));
    }
    return [losses[0], losses[99]];`)) as number[];
  expect(last).toBeLessThan(first / 1.2);
});

test('the two readers: their sum is dh, also of every number in the picture', async () => {
  const [odd, small] = (await ask(`${ODD_EVERY_STEP}
    const rest = (all) => all.flatMap(({ output, next, dh }) =>
      output.flatMap((row, b) => [...row].map((value, n) => Math.abs(value + next[b][n] - dh[b][n]))));
    const one = twoReaders(ONE_UNIT.x, ONE_UNIT.labels, ONE_UNIT.parameters);
    return [rest(twoReaders(x, labels, parameters)), one.map(({ output, next, dh }) => [output, next, dh].map(([[value]]) => value))];
  `)) as [number[], number[][]];
  expect(Math.max(...odd)).toBeLessThan(1e-15);
  const [output, next, dh] = small[0].map((value) => value.toFixed(4).replace('-', '−'));
  expect(page).toContain(`For h[1] the two are ${output} and ${next}, and dh[1] = ${dh} is their sum.`);
});

interface Columns {
  readonly 'which came first': number[][];
  readonly 'first symbol': number[][];
}

test('the table of truncation has the computed numbers, and the text says what they show', async () => {
  const found = (await ask('return columns();')) as Columns;
  const [pair, one] = [found['which came first'], found['first symbol']];
  const rows = shownOf('truncation.mjs').trim().split('\n').slice(2);
  expect(rows).toHaveLength(8);
  rows.forEach((row, n) => {
    const [k, ...cells] = row.trim().split(/ +/).map(Number);
    expect(k).toBe(n + 1);
    [...pair, ...one].forEach((column, c) =>
      expect(Math.abs(cells[c] - column[n])).toBeLessThan(c % 3 === 2 ? 1e-3 : 2e-3),
    );
  });
  says(`k = 3 has a cosine of ${pair[0][2].toFixed(3)}`);
  says(`the same k is worse:** ${pair[1][2].toFixed(3)}`);
  for (const loss of pair[2]) expect(loss).toBeLessThan(0.015);
  expect(one[2].slice(0, 7).every((loss) => loss > 0.65)).toBe(true); // “only k = 8 has a loss below 0.65”
  expect(one[2][7]).toBeLessThan(0.65);
  expect(one[2][6]).toBeCloseTo(Math.log(2), 3);
  expect(one[0][6]).toBe(1);
  says(`has a loss of ${one[2][7].toFixed(4)}`);
  says(`k = 2 has a cosine of ${one[1][1].toFixed(3)}`);
});

test('the second task, with k from 1 to 4: both answers are right, but hardly', async () => {
  const p = (await ask(`
    const one = firstSymbol(8);
    return [1, 2, 3, 4].map((k) => truncated(one, trained(one, 300, k), 8).p.map((row, b) => row[one.labels[b]]));
  `)) as number[][];
  for (const one of p.flat()) expect(one).toBeGreaterThan(0.5);
  expect(Math.max(...p.flat())).toBeLessThan(0.506);
});

test('with a short gradient the first task is learned from the last symbol alone', async () => {
  const counts = (await ask(`
    const pair = whichCameFirst(8);
    const isBlank = (row) => row[2] === 1;
    const left = (isFirst) => pair.x.map((rows, t) => rows.map((row, b) => {
      const at = pair.x.findIndex((others) => !isBlank(others[b]));
      return isBlank(row) || (t === at) === isFirst ? row : Float64Array.of(0, 0, 1);
    }));
    return [1, 2, 3, 4, 8].map((k) => {
      const parameters = trained(pair, 300, k);
      return [false, true].map((isFirst) => {
        const { p } = truncated({ x: left(isFirst), labels: pair.labels }, parameters, 8);
        return pair.labels.filter((label, b) => p[b][label] > 0.5).length;
      });
    });`)) as number[][];
  expect(counts.slice(0, 4)).toEqual(Array(4).fill([56, 0]));
  const [last, first] = counts[4];
  says(`With k = 8 it gives ${last} right answers from the last symbol, and ${first} from the first.`);
});

test('truncation: a last digit of one weight changes the columns after a training', async () => {
  const changed = (await ask(`
    const task = whichCameFirst(8);
    const parameters = newParameters({ I: 3, H: 5, C: 2 }, randomNumbers(2));
    parameters.Wh[0][0] *= 1 + 1e-15;
    for (let update = 0; update < 300; update++) {
      const { gradients } = truncated(task, parameters, 8);
      for (const [name, rows] of Object.entries(parameters))
        rows.forEach((row, r) => row.forEach((_, c) => (row[c] -= 0.2 * gradients[name][r][c])));
    }
    return [cosines(task, parameters)[0], cosines(task, trained(task, 300))[0]];`)) as number[];
  const [other, shown] = changed.map((cosine) => cosine.toFixed(3));
  says(`larger by 10⁻¹⁵ of itself, the first cos 300 is ${other} instead of ${shown}`);
});

test('truncation: what the text says of dh after training, of Wx, and of 1000 updates', async () => {
  const { ratio, rows, at50, losses, last } = (await ask(`
    const pair = whichCameFirst(8);
    const { dh } = gradientsOf(pair.x, pair.labels, trained(pair, 300));
    const one = firstSymbol(8);
    const rows = truncated(one, trained(one, 50), 7).gradients.Wx.slice(0, 2).flatMap((row) => [...row]);
    const full = gradientsOf(pair.x, pair.labels, trained(pair, 5)).gradients;
    return { ratio: normOf(dh[0]) / normOf(dh[8]), rows, at50: truncated(one, trained(one, 50), 8).loss, losses: [[6, 500], [6, 1000], [7, 3000], [7, 10_000]].map(([k, updates]) => truncated(one, trained(one, updates, k), 8).loss),
      last: sameBits(truncated(pair, trained(pair, 5), 8).gradients, full) };`)) as {
    ratio: number;
    rows: number[];
    at50: number;
    losses: number[];
    last: boolean;
  };
  says(`dh[0] is now ${ratio.toFixed(1)} times as large as dh[8]`);
  expect(rows).toEqual(Array(10).fill(0));
  expect(Math.abs(at50 - Math.log(2))).toBeLessThan(0.001); // “within 0.001 of log 2”
  // “after 1000 updates, but not after 500, and with k = 7 after 10,000, but not after 3000”
  expect(losses.map((loss) => (loss < 0.01 ? 'solved' : loss > 0.65))).toEqual([true, 'solved', true, 'solved']);
  expect(last).toBe(true); // k = T is the whole gradient
});

test('recomputing gives equal bits, at distances that divide T and that do not, and holds as many states as the page says', async () => {
  const found = (await ask(`
    const { x, labels, parameters } = example({ T: 10, H: 4 });
    const { gradients, loss } = gradientsOf(x, labels, parameters);
    return [1, 3, 4, 10].map((every) => {
      const again = gradientsByRecomputing(x, labels, parameters, every);
      const changed = { ...gradients, Wh: gradients.Wh.map((row) => row.map((value) => value * (1 + 1e-15))) };
      return [sameBits(again.gradients, { ...gradients, start: undefined }), sameBits(again.gradients, changed), again.loss === loss, again.steps, again.held];
    });`)) as unknown[][];
  expect(found.map((one) => one.slice(0, 4))).toEqual(Array(4).fill([true, false, true, 20]));
  expect(found.map(([, , , , held]) => held)).toEqual([11, 6, 6, 11]);
  const megabytes = (states: number): string => ((states * 128 * 128 * 4) / 1e6).toFixed(1);
  says(`785·128·128·4 bytes = ${megabytes(785)} MB`);
  says(`These are ${megabytes(56)} MB, ${Math.round(785 / 56)} times less, and`);
});
