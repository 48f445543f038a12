/** The questions “On paper” at the end of each chapter: every number of their answers, computed again. */
import { chapter, read } from '../helpers/chapter.js';

const CHAPTERS = [
  'what-an-rnn-is',
  'plain-rnn',
  'lstm',
  'by-hand',
  'loss-and-update',
  'check-it',
  'mistakes',
  'gates',
  'networks',
  'other-cells',
] as const;

/** The part “On paper” of a chapter, without line breaks. */
const paper = (name: (typeof CHAPTERS)[number]): string =>
  read(`${name}.md`).split('## On paper\n')[1].split('\n## ')[0].replace(/\s+/g, ' ');
/** A whole number with commas, as the chapters write it. */
const whole = (number: number): string => number.toLocaleString('en-US');
const expectIn = (name: (typeof CHAPTERS)[number], ...texts: string[]): void => {
  for (const text of texts) expect(paper(name)).toContain(text);
};

const { ask } = chapter('by-hand', {
  'by-hand-lines.mjs': ['GIVEN'],
  'by-hand.mjs': ['valuesOfTheEngine'],
  'updates.mjs': ['adamUpdates', 'sgdUpdates'],
  'one-softmax.mjs': ['engineOf'],
});

test.each(CHAPTERS)('%s: two questions, each with an answer in a box', (name) => {
  const text = paper(name);
  expect(text.match(/\*\*[12]\.\*\* [^<]*[?.] <details>/g)).toHaveLength(2);
  expect(text.match(/<summary>Check your answer<\/summary> [^<]*\. <\/details>/g)).toHaveLength(2);
});

test('chapter 1: multiplications, and a state without tanh', () => {
  const [T, B, I, H] = [28, 128, 28, 128];
  expectIn('what-an-rnn-is', `28·128·128·156 = ${whole(T * B * H * (I + H))}`, `= ${whole((I + H) * H)} weights`);
  expectIn('what-an-rnn-is', `T·B = ${whole((T * B * H * (I + H)) / ((I + H) * H))} times`);
  const states = [1, 0, -1].reduce((all, x) => [...all, x + 0.5 * all.at(-1)!], [0]);
  expect(states).toEqual([0, 1, 0.5, -0.75]);
  expectIn('what-an-rnn-is', 'h[3] = -1 + 0.25 = -0.75', 'with 100 steps it is 6·10²⁹');
  expect((2 ** 99).toExponential(0)).toBe('6e+29');
});

test('chapter 2: multiplications of one step, and a unit that holds 0.5', () => {
  const [B, I, H] = [56, 3, 5];
  expectIn('plain-rnn', `56·5·(3 + 5) = ${whole(B * H * (I + H))}`, `56·5·(3 + 2·5) = ${whole(B * H * (I + 2 * H))}`);
  expect(B * H * (I + 2 * H) + B * H * I).toBe(2 * B * H * (I + H));
  const w = Math.atanh(0.5) / 0.5;
  expect(Math.tanh(w * 0.5)).toBeCloseTo(0.5, 12);
  const factor = (1 - 0.5 ** 2) * w;
  expectIn('plain-rnn', `w = atanh(0.5)/0.5 = ${w.toFixed(4)}`, `= ${factor.toFixed(4)}, so`);
  expectIn('plain-rnn', `${factor.toFixed(4)}¹⁰ = ${(100 * factor ** 10).toFixed(0)}% remains`);
});

test('chapter 3: tanh of 25, and the units of an LSTM with as many parameters', () => {
  expect([Math.tanh(25), (2 * Math.exp(-50)).toExponential(0)]).toEqual([1, '4e-22']); // 1 - tanh c = 2/(e²ᶜ + 1)
  const lstm = (H: number): number => 4 * H * (28 + H + 1);
  const rnn = 128 * (28 + 128 + 1);
  expect([lstm(57) <= rnn, lstm(58) > rnn]).toEqual([true, true]);
  expectIn('lstm', `128·157 = ${whole(rnn)}`, `For 57 units these are ${whole(lstm(57))}`, whole(lstm(58)));
  expectIn('lstm', 'tanh(25) differs from 1 by 4·10⁻²²');
});

test('chapter 4: the other sign of dh₂, and the loss after a small step', async () => {
  const [before, opposite, after] = (await ask(`
    const before = valuesOfTheEngine();
    const given = { ...GIVEN };
    GIVEN.y = 2 * before['h₂'] - given.y;
    const opposite = valuesOfTheEngine();
    GIVEN.y = given.y;
    for (const name of ['Wx', 'Wh', 'b']) for (const gate of 'ijfo') GIVEN[name + gate] -= 0.1 * before['d' + name + gate];
    const after = valuesOfTheEngine();
    Object.assign(GIVEN, given);
    return [before, opposite, after];`)) as Record<string, number>[];
  expect((2 * before['h₂'] - 1).toFixed(3)).toBe('0.034');
  expect((2 * 0.5172 - 1).toFixed(4)).toBe('0.0344'); // with the rounded number of the page
  const gradients = Object.keys(before).filter((name) => name.startsWith('d'));
  for (const name of gradients) expect(opposite[name]).toBeCloseTo(-before[name], 12);
  expectIn('by-hand', `dh₂ = 2·(0.5172 - 0.0344) = ${(2 * (0.5172 - 0.0344)).toFixed(4)}`);
  expectIn('by-hand', `dWxi = ${opposite.dWxi.toFixed(4)}, and dbo = ${opposite.dbo.toFixed(4)}`);
  const parameters = gradients.filter((name) => /^d(Wx|Wh|b)[ijfo]$/.test(name));
  const squares = parameters.reduce((sum, name) => sum + before[name] ** 2, 0);
  expect(parameters).toHaveLength(12);
  expectIn('by-hand', `is ${squares.toFixed(4)}, so L should change by -${(0.1 * squares).toFixed(4)}`);
  expectIn('by-hand', `from ${before.L.toFixed(4)} to ${(before.L - 0.1 * squares).toFixed(4)}`);
  expectIn('by-hand', `A new forward pass gives ${after.L.toFixed(4)}`);
});

test('chapter 5: equal logits, the largest norm, and Adam with an alternating gradient', async () => {
  const { equal, sure, updates, sgd } = (await ask(`
    const alternating = Array.from({ length: 30000 }, (_, n) => (-1) ** n);
    const ones = alternating.map(() => 1);
    return {
      equal: engineOf(Array(10).fill(3), 4), sure: engineOf([40, 0, 0], 1),
      updates: [alternating, ones].map((all) => adamUpdates(all).at(-1).update),
      sgd: [alternating, ones].map((all) => sgdUpdates(all, 0.9).at(-1)),
    };`)) as { equal: Result; sure: Result; updates: number[]; sgd: number[] };
  const norm = ({ dLogits }: Result): number => Math.hypot(...dLogits);
  expectIn('loss-and-update', `ln 10 = ${equal.loss.toFixed(4)}`, `= ${norm(equal).toFixed(4)}. In general`);
  equal.dLogits.forEach((one, k) => expect(one).toBeCloseTo(k === 4 ? -0.9 : 0.1, 12));
  expectIn('loss-and-update', `√2 = ${Math.SQRT2.toFixed(4)}`);
  expect([norm(sure) <= Math.SQRT2, norm(sure)]).toEqual([true, expect.closeTo(Math.SQRT2, 6)]);
  const [alternating, constant] = updates.map(Math.abs);
  expectIn('loss-and-update', `a = 1/19 = ${alternating.toFixed(4)}`);
  expect([alternating, constant]).toEqual([expect.closeTo(1 / 19, 5), expect.closeTo(1, 5)]);
  expect(Math.abs(sgd[1] / sgd[0])).toBeCloseTo(19, 4);
});

interface Result {
  readonly loss: number;
  readonly dLogits: readonly number[];
}

test('chapter 6: both rules for w⁴, and the best δ', () => {
  const two = (delta: number): number => ((1 + delta) ** 4 - (1 - delta) ** 4) / (2 * delta);
  for (const delta of [0.5, 0.1]) {
    expect(two(delta)).toBeCloseTo(4 + 4 * delta ** 2, 10);
    expect((4 * two(delta) - two(2 * delta)) / 3).toBeCloseTo(4, 10);
  }
  const power = (number: number): string => {
    const [digits, exponent] = number.toExponential(1).split('e');
    return `${digits}·10⁻${Array.from(exponent.slice(1), (digit) => '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(digit)]).join('')}`;
  };
  for (const [type, epsilon] of [
    ['In f64 this', 1e-16],
    ['In f32 it', 6e-8],
  ] as const) {
    const errorAt = (delta: number): number => delta ** 2 / 6 + epsilon / delta;
    const best = (3 * epsilon) ** (1 / 3);
    for (const other of [0.9, 1.1]) expect(errorAt(other * best)).toBeGreaterThan(errorAt(best));
    expectIn('check-it', `${type} gives δ = ${power(best)}, with an error of ${power(errorAt(best))}`);
  }
});

test('chapter 7: relative errors', () => {
  const relative = (found: number, right: number): number =>
    Math.abs(found - right) / Math.max(Math.abs(found), Math.abs(right));
  expect([-1, 0, 2, 0.5].map((found) => relative(found, 1))).toEqual([2, 1, 0.5, 0.5]);
  expectIn('mistakes', `1 - 1/3 = ${relative(1 / 3, 1).toFixed(2)}`, '= 2, and 0 gives 1', '= 0.5, and half as large');
});

test('chapter 8: the parameters of a GRU, and a coupled cell', () => {
  const gru = (H: number): number => 3 * H * (14 + H) + 6 * H;
  const lstm = 4 * 16 * (14 + 16 + 1);
  expectIn(
    'gates',
    `= ${whole(lstm)} parameters`,
    `it has ${whole(gru(16))}`,
    `${whole(gru(18))}, and with 19 units ${whole(gru(19))}`,
  );
  expect([gru(18) <= lstm, gru(19) > lstm]).toEqual([true, true]);
  let [coupled, full] = [0, 0];
  for (let n = 0; n < 10; n++) [coupled, full] = [0.9 * coupled + 0.1, 0.9 * full + 0.9];
  expect([coupled, full]).toEqual([expect.closeTo(1 - 0.9 ** 10, 12), expect.closeTo(9 * (1 - 0.9 ** 10), 12)]);
  expectIn('gates', `After 10 steps these are ${coupled.toFixed(2)} and ${full.toFixed(2)}`);
});

test('chapter 9: the parameters of two directions, and rows with and without padding', () => {
  const lstm = 4 * 8 * (1 + 8 + 1);
  const [one, both] = [lstm + 8 * 2 + 2, 2 * lstm + 16 * 2 + 2];
  expectIn('networks', `= ${lstm} parameters, and two of them have ${2 * lstm}`);
  expect(read('networks.md')).toMatch(new RegExp(`forward ${one} parameters: .*\\n  both    ${both} parameters`));
  const counts = [0, 1, 2, 3, 4].map((t) => [5, 3, 2].filter((length) => length > t).length);
  expectIn('networks', `the sum of B_t: ${counts.join(' + ')}`, `T·B = ${5 * 3}`);
  expect(counts.reduce((sum, count) => sum + count)).toBe(10);
});

test('chapter 10: the parameters of an LSTM and a minGRU of two layers, and parity by one unit', () => {
  const lstm = (I: number, H: number): number => 4 * H * (I + H + 1);
  const minGru = (I: number, H: number): number => 2 * H * (I + 1);
  const [ofLstm, ofMinGru] = [
    [lstm(2, 16), lstm(16, 16), 2 * 17],
    [minGru(2, 38), minGru(38, 38), 2 * 39],
  ];
  for (const terms of [ofLstm, ofMinGru])
    expectIn('other-cells', `${terms.map(whole).join(' + ')} = ${whole(terms.reduce((sum, term) => sum + term))}`);
  const states = [0];
  for (const x of [1, 0, 1, 1]) {
    const [u, j] = [x, 1];
    states.push((2 * (1 - u) - 1) * states.at(-1)! + u * j); // (28), (27) and (26)
  }
  expectIn('other-cells', `h is ${states.slice(1).join(', ')}`);
});
