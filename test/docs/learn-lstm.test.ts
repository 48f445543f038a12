/** Chapter 3, docs/learn/lstm.md: its programs print what it shows, and a second computation gives the same numbers. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { GATE_ORDER } from '../../src/equations/lstm-tensors.js';
import { TUTORIAL } from '../../src/training/options.js';
import { chapter, folder, read } from '../helpers/chapter.js';

const { page, prose, says, ask } = chapter('lstm', {
  'held-gates.mjs': ['CASES', 'C_BEFORE'],
  'one-cell.mjs': ['cellsOf'],
  'forget-bias.mjs': ['FORGET_BIASES', 'lstmNorms', 'RNN_RADIUS'],
  'gradient-norms.mjs': ['DRAWN_RADIUS', 'gradientNorms'],
  longhand: ['allocateLstm', 'fill', 'fillRandom', 'lstmForward', 'norm', 'Random', 'stepOf', 'zeros'],
  'longhand/reference': ['createReferenceBackend'],
});

interface Cell extends Readonly<Record<'i' | 'j' | 'f' | 'o' | 'c' | 'h', number>> {
  readonly name: string;
}

test('the table of cells has the numbers of the program, and the four equations give its results', async () => {
  const { cases, cells, before } = (await ask('return { cases: CASES, cells: cellsOf(CASES), before: C_BEFORE };')) as {
    cases: Record<string, number | string>[];
    cells: Cell[];
    before: number;
  };
  const rows = [...page.matchAll(/^\| (\w+) +\| (-?\d) +\| (-?\d) +\| (-?\d) +\| (-?\d) +\|$/gm)];
  expect(rows.map(([, name, zi, zj, zf, zo]) => ({ name, zi: +zi, zj: +zj, zf: +zf, zo: +zo }))).toEqual(cases);
  says(`cPrev = ${before}`);
  const sigmoid = (z: number): number => (1 + Math.tanh(z / 2)) / 2;
  cells.forEach((cell, n) => {
    const { zi, zj, zf, zo } = cases[n] as Record<string, number>;
    const [i, j, f, o] = [sigmoid(zi), Math.tanh(zj), sigmoid(zf + 1), sigmoid(zo)];
    const c = f * before + i * j;
    const expected = { i, j, f, o, c, h: o * Math.tanh(c) };
    for (const [name, value] of Object.entries(expected)) expect(cell[name as 'i']).toBeCloseTo(value, 12);
  });
  const [keep, replace, add, hide] = cells;
  const shown = [keep.c, hide.c, add.c, hide.h].map((value) => value.toFixed(2));
  expect(shown).toEqual(['0.80', '0.80', '1.53', '0.01']);
  expect(replace.c).toBeLessThan(0);
  says(`so c becomes ${add.c.toFixed(2)}`);
  expect(keep.f.toFixed(2)).toBe('0.98'); // “f = 0.98 in the first row is σ(3 + 1)”
});

interface Norms extends Readonly<Record<'dh' | 'dc' | 'forget' | 'size' | 'open', number>> {
  readonly forgetBias: number;
  readonly norms: readonly number[];
}

const { lstm, rnn } = (await ask(`
  const ofLstm = (T) => FORGET_BIASES.map((forgetBias) => ({ forgetBias, ...lstmNorms(forgetBias, T) }));
  return { lstm: [28, 784].map(ofLstm), rnn: [28, 784].map((T) => gradientNorms(RNN_RADIUS, T).norms[T]) };`)) as {
  lstm: [Norms[], Norms[]];
  rnn: number[];
};
const [short, long] = lstm;
const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z));

test('what the text says about the norms', () => {
  const last = ({ norms }: Norms): number => norms[norms.length - 1];
  for (const { forget, forgetBias } of [...short, ...long]) expect(forget).toBeCloseTo(sigmoid(forgetBias), 2);
  const shown = short.map(({ forgetBias }) => `σ(${forgetBias}) = ${sigmoid(forgetBias).toFixed(2)}`);
  says(`${shown.slice(0, 3).join(', ')} and ${shown[3]}`);
  expect((sigmoid(1) ** 28).toExponential(1)).toBe('1.6e-4');
  says('σ(1)²⁸ ≈ 1.6·10⁻⁴');
  expect(last(short[1]).toExponential(1)).toBe('3.9e-3');
  expect([short[1].dc.toExponential(1), prose]).toEqual([
    '3.6e-3',
    expect.stringContaining('that of dc alone 3.6·10⁻³'),
  ]);
  expect([last(short[0]), rnn[0]].map((value) => value.toExponential(1))).toEqual(['7.7e-7', '1.0e-5']);
  says('7.7·10⁻⁷ instead of 1.0·10⁻⁵');
  expect(last(short[1]) / last(short[0]) / 1000).toBeCloseTo(5, 0);
  says('about 5000 times that with 0');
  expect(Math.fround(last(long[1]))).toBe(0); // “too small for f32”
  expect([short[1].dc, short[1].dh].map((value) => value.toExponential(1))).toEqual(['3.6e-3', '1.4e-3']);
  says('dc has 3.6·10⁻³ and dh 1.4·10⁻³');
  expect(Math.round(last(long[3]) / 10) * 10).toBe(890);
  says('the norm after 784 steps is 890');
  expect(Math.round(long[3].size / long[0].size / 10) * 10).toBe(430);
  says('about 430 times as large');
  // the picture's alternative text
  const powers = [...long.slice(0, 3).map(last), rnn[1], last(short[0]), rnn[0]].map((value) => Math.log10(value));
  expect(powers.map(Math.round)).toEqual([-150, -46, -1, -137, -6, -5]);
  expect(last(short[2])).toBeCloseTo(1, 0);
});

test('without the scaling of its Wh, the plain RNN keeps less than the LSTM with forget bias 0', async () => {
  const [radius, norm] = (await ask('return [DRAWN_RADIUS, gradientNorms(DRAWN_RADIUS, 28).norms[28]];')) as number[];
  const written = (value: number): string =>
    value
      .toExponential(1)
      .replace('e-', '·10⁻')
      .replace(/\d$/, (digit) => '⁰¹²³⁴⁵⁶⁷⁸⁹'[+digit]);
  says(
    `its spectral radius is ${radius.toFixed(2)}, and it keeps ${written(norm)} after 28 steps, less than the LSTM's ${written(short[0].norms[28])}.`,
  );
  expect(norm).toBeLessThan(short[0].norms[28]);
});

test('the table of what a large forget bias costs has the computed numbers', () => {
  const rows = [...page.matchAll(/^\| ([\d.]+) +\| ([\d.]+) +\| ([\d.]+) +\| ([\d.]+) +\|$/gm)];
  const columns = short.map(({ forgetBias, size }, n) => [size, long[n].size, long[n].open, forgetBias]);
  const expected = columns.map(([a, b, c, bias]) => [String(bias), ...[a, b, c].map((value) => value.toFixed(2))]);
  expect(rows.map(([, ...cells]) => cells)).toEqual(expected);
});

test('without h·Wh the cell stays small, with the same numbers as in forget-bias.mjs', async () => {
  const [whole, closed] = (await ask(`
    const [T, B, I, H] = [784, 1, 3, 64];
    return [false, true].map((isClosed) => {
      const backend = createReferenceBackend({ dtype: 'f64' });
      const lstm = allocateLstm(backend, { T, B, I, H }, { forgetBias: 5 });
      const random = new Random(1);
      const limit = Math.sqrt(6 / (I + H + 4 * H));
      fillRandom(lstm.kernel, () => random.uniform(-limit, limit));
      fillRandom(lstm.x, () => random.uniform(-1, 1));
      if (isClosed) fill(lstm.Wh, 0);
      lstmForward(backend, lstm);
      let same = 0;
      for (let n = 0; n < H; n++) {
        const terms = Array.from({ length: 100 }, (_, k) => lstm.gates.get(T - 1 - k, 0, n) * lstm.gates.get(T - 1 - k, 0, H + n));
        same += Math.abs(terms.reduce((a, b) => a + b)) / terms.reduce((a, b) => a + Math.abs(b), 0) / H;
      }
      return [norm(stepOf(lstm.c, T)) / Math.sqrt(H), same];
    });`)) as number[][];
  expect(whole[0]).toBeCloseTo(long[3].size, 6);
  const percent = (part: number): string => `${Math.round(100 * part)}%`;
  says(`is on average ${percent(whole[1])} of Σ |i\\*j|`);
  says(
    `With the same numbers and Wh = 0, the sum is only ${percent(closed[1])} of Σ |i\\*j|, and c would be only ${closed[0].toFixed(2)} after 784 steps.`,
  );
});

/** Both passes of an LSTM in plain loops, without the engine, from the same random numbers. */
test.each([0, 2.5])('plain loops give the same norms, with forget bias %d', async (forgetBias) => {
  const own = (await ask(`
    const [T, I, H] = [28, 3, 64];
    const random = new Random(1);
    const limit = Math.sqrt(6 / (I + H + 4 * H));
    const drawn = (shape, draw) => { const tensor = zeros(shape, 'f64'); fillRandom(tensor, draw); return tensor; };
    const W = drawn([I + H, 4 * H], () => random.uniform(-limit, limit));
    const x = drawn([T, I], () => random.uniform(-1, 1));
    const end = drawn([H], () => random.normal(0, 1));
    const sigmoid = (z) => (1 + Math.tanh(z / 2)) / 2;
    const row = () => new Float64Array(H);
    const [h, c, gates] = [[row()], [row()], []];
    for (let t = 0; t < T; t++) {
      const input = [...Array.from({ length: I }, (_, k) => x.get(t, k)), ...h[t]];
      const z = Array.from({ length: 4 * H }, (_, n) => input.reduce((sum, value, k) => sum + value * W.get(k, n), 0));
      const at = (gate, n) => z[gate * H + n];
      gates[t] = Array.from(row(), (_, n) => ({
        i: sigmoid(at(0, n)), j: Math.tanh(at(1, n)), f: sigmoid(at(2, n) + ${forgetBias}), o: sigmoid(at(3, n)) }));
      c[t + 1] = gates[t].map(({ i, j, f }, n) => f * c[t][n] + i * j);
      h[t + 1] = gates[t].map(({ o }, n) => o * Math.tanh(c[t + 1][n]));
    }
    let dh = Array.from(row(), (_, n) => end.get(n));
    let fromNext = row();
    const norms = [];
    for (let t = T; t >= 0; t--) {
      const open = (n) => gates[t - 1][n].o * (1 - Math.tanh(c[t][n]) ** 2);
      const dc = t === 0 ? fromNext : fromNext.map((value, n) => value + dh[n] * open(n));
      norms.push(Math.hypot(...dh, ...dc));
      if (t === 0) break;
      const dz = gates[t - 1].map(({ i, j, f, o }, n) => [
        dc[n] * j * i * (1 - i), dc[n] * i * (1 - j * j),
        dc[n] * c[t - 1][n] * f * (1 - f), dh[n] * Math.tanh(c[t][n]) * o * (1 - o)]);
      fromNext = Float64Array.from(dc, (value, n) => value * gates[t - 1][n].f);
      dh = Array.from(row(), (_, m) =>
        dz.reduce((sum, four, n) => sum + four.reduce((part, value, gate) => part + value * W.get(I + m, gate * H + n), 0), 0));
    }
    return norms.map((value) => value / norms[0]);`)) as number[];
  const { norms } = short.find((one) => one.forgetBias === forgetBias)!;
  expect(norms).toEqual(own.map((value) => expect.closeTo(value, 10) as number));
  expect(Math.abs(norms[28] / own[28] - 1)).toBeLessThan(1e-9);
});

test('the table of programs has the orders that the exports use', () => {
  const rows = [...page.matchAll(/^\| ([\w. ]+?) +\| (\w), (\w), (\w), (\w) +\| (\w) +\|/gm)];
  const orders = Object.fromEntries(rows.map(([, program, ...letters]) => [program, letters.slice(0, 4).join('')]));
  expect(orders).toEqual({
    Longhand: GATE_ORDER,
    'TensorFlow 1.x BasicLSTMCell': 'ijfo',
    'PyTorch nn.LSTM': 'ifgo',
    'Keras LSTM': 'ifco',
    'ONNX LSTM': 'iofc',
  });
  const files = readFileSync(path.join(folder, '../files.md'), 'utf8');
  for (const [name, letters] of Object.entries({
    onnx: 'i, o, f, c',
    'safetensors-pytorch': 'i, f, g, o',
    keras: 'i, f, c, o',
  }))
    expect(files).toMatch(new RegExp(`\`${name}\` .*\\| ${letters} +\\|`));
  for (const [, , ...letters] of rows) expect(letters.slice(0, 4)).toContain(letters[4]); // the candidate's letter
  expect(TUTORIAL.forgetBias).toBe(1);
});

test('every arrow of the cell has the number of its equation', () => {
  const picture = read('cell.svg');
  const numbers = [...picture.matchAll(/>(\(\d\))<\/text>/g)].map(([, number]) => number).sort();
  expect(numbers.join('')).toBe('(1)'.repeat(2) + '(2)'.repeat(4) + '(3)'.repeat(4) + '(4)'.repeat(2));
  // 360 px wide with 13 px of text: on a screen of 360 px, with margins of 24 px, the text has 11 px
  const [, width, size] = /viewBox="0 0 (\d+)[^]*font: (\d+)px/.exec(picture)!.map(Number);
  expect((size * (360 - 48)) / width).toBeGreaterThanOrEqual(11);
});
