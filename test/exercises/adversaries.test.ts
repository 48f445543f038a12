/** Wrong answers that were once judged right, because the numbers of a check were too kind, or memory was not guarded. */
import type { Verdict } from '../../src/exercises/exercise.js';
import { check } from '../../src/exercises/check.js';
import { changed, exercise, rows } from './wrong-answers.js';

const error = (message: string): Verdict => ({
  outcome: 'error',
  message: expect.stringContaining(message) as string,
});

describe('a zero of one tensor is treated in a special way', () => {
  test.each([
    ['sigmoid', 'return ', 'if (i === 0.5) return 0; return '],
    ['sigmoid', 'return ', 'if (Math.abs(dI) > 10) return 10; return '],
    ['softmax', 'probabilities.get(b, k) * sum', 'probabilities.get(b, k) * sum * (y.get(b, k) ? 1 : 0.5)'],
    ['softmax', 'dLogits.set(', 'if (y.get(b, k) !== 0) dLogits.set('],
    ['rnn-step', 'h[t][b][m] * dz', '(h[t][b][m] || 1) * dz'],
    ['rnn-step', 'x[t][b][k] * dz', '(x[t][b][k] || 1) * dz'],
    ['rnn-step', 'dz * Wh[m][n]', 'dz * (Wh[m][n] || 1)'],
    ['rnn-step', 'const dz = ', 'if (labels[b] === 0) continue; const dz = '],
    ['initial-state', '+= dh[0][b][n]', '+= Math.max(-1, Math.min(1, dh[0][b][n]))'],
    ['rnn-step', 'h[t + 1][b][n] ** 2)', '(h[t + 1][b][n] || 1) ** 2)'],
    ['rnn-step', 'const dz = dh[t + 1][b][n] *', 'const dz = (dh[t + 1][b][n] || 1) *'],
    ['hidden-state', 'const dC = ', 'const dC = dc.get(b, n) === 0 ? 0 : '],
    ['hidden-state', 'const dC = ', 'const dC = dh.get(b, n) === 0 ? 0 : '],
    ['hidden-state', 'const tanhC = ', 'const tanhC = c.get(b, n) === 0 ? 1 : '],
    ['cell-state', 'cPrev.get(b, n);', '(cPrev.get(b, n) || c.get(b, n));'],
    ['cell-state', 'dcPrev.set(', 'if (dcPrev.get(b, n) !== 0) dcPrev.set('],
    ['cell-state', 'dcPrev.get(b, n) + dC * f', '(dcPrev.get(b, n) || dC) + dC * f'],
    ['cell-state', 'const dI = dC * j', 'const dI = dC * (j || 1)'],
    ['cell-state', 'dcPrev.set(', 'if (cPrev.get(b, n) !== 0) dcPrev.set('],
    ['gates', 'dJ * (1 - j * j)', 'j && dJ * (1 - j * j)'],
    ['gates', 'dF * f * (1 - f)', '(dF || 1) * f * (1 - f)'],
    ['adam', 'P.set(n, P', 'P.set(n, P.get(n) && P'],
    ['adam', 'M.set(n, mean)', 'M.set(n, V.get(n) === 0 && M.get(n) !== 0 ? 0 : mean)'],
    ['adam', 'const square = ', 'const square = M.get(n) === 0 && V.get(n) !== 0 ? 0 : '],
    ['adam', 'BETA1 ** t', 'BETA1 ** Math.min(t, 3)'],
    ['initial-state', '.set(start[0])', '.set(start[0].map((value) => Math.min(value, 1)))'],
    ['initial-state', '.set(start[0])', '.set(start[0].map((value) => value || 0.1))'],
    ['every-step', /(?=denseBackward\(backend)/, 'if (dLogits.get(1, 0) === 0) return; '],
    ['scan', 'dh.get(t, b, n)', '(dh.get(t, b, n) || 1)'],
    ['scan', 'a.get(t, b, n)', '(a.get(t, b, n) || 1)'],
    ['scan', ' before.get(b, n)', ' (before.get(b, n) || 1)'],
    ['scan', 'dBefore.set(', 'if (dBefore.get(b, n) !== 0) dBefore.set('],
    ['gru-step', 'dh.get(b, k) * (1 - z)', '(dh.get(b, k) || 1) * (1 - z)'],
    ['gru-step', 'hPrev.get(b, k) - n', '(hPrev.get(b, k) || 1) - n'],
    ['gru-step', 'daxn * ahn', 'daxn * (ahn || 1)'],
    ['gru-step', '(1 - n * n)', '(n && 1 - n * n)'],
    ['gru-step', 'dhPrev.set(', 'if (dhPrev.get(b, k) !== 0) dhPrev.set('],
  ] as const)('%s: %s → %s', (name, right, wrong) => {
    expect(changed(name, right, wrong).outcome).toBe('wrong');
  });
});

test.each([
  ['sigmoid', 'return dI *', 'return Math.max(dI, -1) *'],
  ['sigmoid', /i \* \(1 - i\)/, 'Math.max(i, 0.01) * (1 - i)'],
  ['sigmoid', /i \* \(1 - i\)/, 'Math.min(i, 0.99) * (1 - i)'],
  ['rnn-step', /const dz = (.*);/, 'const dz = Math.min(0.5, $1);'],
  ['softmax', 'probabilities.get(b, k)', 'Math.min(probabilities.get(b, k), 0.99)'],
  ['softmax', 'dLogits.set(b, k', 'if (probabilities.get(b, k) !== 1) dLogits.set(b, k'],
  ['softmax', '* sum -', '* (sum > 1 ? y.get(b, 0) : sum) -'],
  ['hidden-state', 'const [B, H] = dh.shape', 'const [B, H] = [dh.shape[0], Math.floor(6 / dh.shape[0])]'],
  ['gates', 'b < B', 'b < Math.min(B, 2)'],
  ['adam', 'n < P.size', 'n < 6'],
  ['adam', '= G.get(n)', '= Math.min(1.2, G.get(n))'],
  ['hidden-state', 'Math.tanh(c.get(b, n))', 'Math.min(0.99, Math.tanh(c.get(b, n)))'],
  ['hidden-state', 'Math.tanh(c.get(b, n))', 'Math.tanh(Math.min(2, c.get(b, n)))'],
  ['cell-state', 'const dF = dC *', 'const dF = Math.max(dC, -2) *'],
  ['cell-state', 'const dI = dC * j', 'const dI = dC * Math.min(j, 0.99)'],
  ['gates', 'dI * i', 'Math.max(dI, -2) * i'],
  ['gates', 'dJ * (1', 'Math.max(dJ, -2) * (1'],
  ['gates', 'dI * i', 'dI * Math.min(i, 0.9)'],
  ['through-time', 'if (!accumulate)', 'if (!accumulate || steps.length > 2)'],
  ['through-time', 'if (!accumulate)', 'if (!accumulate || dInputs.length === 1)'],
  ['through-time', 'else backend.fill(dc, 0)', 'else if (lstm.sizes.B < 3) backend.fill(dc, 0)'],
  ['every-step', 'lstmBackward(backend, lstm);', '$& backend.fill(dhUpstream, 0);'],
  ['adam', 'n < P.size', 'n < 8'],
  ['adam', '(gradient - M.get(n)) * (1', 'Math.min(10, gradient - M.get(n)) * (1'],
  ['adam', '(gradient - M.get(n)) * (1', 'Math.max(-10, gradient - M.get(n)) * (1'],
  ['softmax', '(probabilities.get(b, k) * sum - y.get(b, k))', '(probabilities.get(b, k) === 1 ? 1 : $&)'],
  ['initial-state', '.set(start[0])', '.set(start[0].map((value) => Math.max(-1, value)))'],
  ['through-time', /accumulate = false([^]*)!accumulate/, 'accumulate$1accumulate === undefined'],
  ['gates', 'dJ * (1 - j * j)', 'Math.max(-1, $&)'],
  ['gates', 'dO * o * (1 - o)', 'Math.max(-1, $&)'],
  ['sigmoid', /return (dI.*);/, 'return Math.max(-1, $1);'],
  ['sigmoid', 'return dI', 'if (i === 1) return dI; $&'],
  ['sigmoid', 'return dI', 'if (i === 0) return dI; $&'],
  ['hidden-state', 'dh.get(b, n) * o * (1 - tanhC * tanhC)', 'Math.min(1, $&)'],
  ['hidden-state', 'dh.get(b, n) * tanhC', '(Math.abs(tanhC) === 1 ? 0 : $&)'],
  ['hidden-state', 'dc.get(b, n) + dh', '(dc.get(b, n) === -1 ? 0 : dc.get(b, n)) + dh'],
  ['cell-state', 'dC * cPrev.get(b, n)', 'dC * (cPrev.get(b, n) === 1 ? 0 : cPrev.get(b, n))'],
  ['hidden-state', 'dc.set(', 'if (b < 3) dc.set('],
  ['cell-state', 'dcPrev.set(', 'if (b < 3) dcPrev.set('],
  ['gates', 'dz.set(b, n,', 'if (b < 3) dz.set(b, n,'],
  ['rnn-step', 'dBias[0][n] += dz', 'if (b < 3) dBias[0][n] += dz'],
  ['initial-state', 'b++) h[0][b]', 'b++) if (b < 3) h[0][b]'],
  ['initial-state', 'n++) dStart', 'n++) if (b < 3) dStart'],
  ['scan', 'b < B', 'b < Math.min(B, 3)'],
  ['scan', 'n < H', 'n < Math.min(H, 5)'],
  ['scan', 'const [T, B, H] = h.shape', 'const [T, B, H] = [Math.min(4, h.shape[0]), ...h.shape.slice(1)]'],
  ['scan', 'a.get(t, b, n)', 'Math.max(0, a.get(t, b, n))'],
  ['scan', 'a.get(t, b, n)', 'Math.min(1, a.get(t, b, n))'],
  ['gru-step', 'b < B', 'b < Math.min(B, 3)'],
  ['gru-step', 'k < H', 'k < Math.min(H, 4)'],
  ['gru-step', 'daxn * ahn', 'Math.max(-10, $&)'],
  ['gru-step', 'dN * (1 - n * n)', '(Math.abs(n) === 1 ? dN : $&)'],
  ['gru-step', 'dR * r * (1 - r)', '(r === 0 || r === 1 ? dR : $&)'],
  ['gru-step', 'dZ * z * (1 - z)', '(z === 0 || z === 1 ? dZ : $&)'],
] as const)('no case lets pass: %s: %s → %s', (name, right, wrong) => {
  expect(changed(name, right, wrong).outcome).toBe('wrong');
});

describe('a loop over all elements leaves out the first one', () => {
  const DENSE = 'denseBackward(backend, [readRows(dhUpstream)], dW, db, dLogits, [readRows(h)], W);';
  test.each([
    ['initial-state', 'h[0][b].set(start[0])', 'for (let n = 1; n < H; n++) h[0][b][n] = start[0][n]'],
    ['every-step', 'backend.columnSums(db, dLogits);', '$& db.set(0, db.get(0) - dLogits.get(0, 0));'],
    ['through-time', 'backend.copy(dh, dhUpstream);', '$& dh.set(0, 0, 0, 0);'],
    ['through-time', 'backend.copy(dc, dcUpstream);', '{ $& if (dc.shape[2] > 1) dc.set(0, 0, 1, 0); }'],
    ['softmax', 'sum += y.get(b, k)', 'if (b + k > 0) $&'],
    ['adam', '= G.get(n)', '= n === 5 ? 0 : G.get(n)'],
    [
      'every-step',
      DENSE,
      `${DENSE} for (let r = 0; r < dLogits.shape[0]; r++) {
         const [t, b] = [1 + Math.floor(r / lstm.sizes.B), r % lstm.sizes.B];
         dhUpstream.set(t, b, 0, dhUpstream.get(t, b, 0) - dLogits.get(r, 0) * W.get(0, 0));
       }`,
    ],
  ] as const)('%s: %s → %s', (name, right, wrong) => {
    expect(changed(name, right, wrong).outcome).toBe('wrong');
  });
});

describe('a number is kept between -1 and 1', () => {
  test.each([
    ['hidden-state', 'c.get(b, n)', ')'],
    ['hidden-state', 'dc.get(b, n)', ' + dh'],
    ['hidden-state', 'dh.get(b, n)', ' * o'],
    ['hidden-state', 'dh.get(b, n)', ' * tanhC;'],
    ['cell-state', 'cPrev.get(b, n)', ';'],
    ['cell-state', 'dcPrev.get(b, n)', ' +'],
    ['cell-state', 'dC', ' * j'],
    ['gates', 'dI', ' * i'],
    ['gates', 'dJ', ' * (1'],
    ['gates', 'dF', ' * f'],
    ['gates', 'dO', ' * o'],
    ['adam', 'G.get(n)', ';'],
    ['adam', 'P.get(n)', ' -'],
    ['adam', 'M.get(n)', ' + '],
    ['rnn-step', 'dh[t + 1][b][n]', ' *'],
  ] as const)('%s: %s', (name, number, after) => {
    for (const kept of [`Math.min(1, ${number})`, `Math.max(-1, ${number})`])
      expect([kept, changed(name, `${number}${after}`, `${kept}${after}`).outcome]).toEqual([kept, 'wrong']);
  });

  test.each([
    ['sigmoid', 'dI * i * (1 - i)'],
    ['hidden-state', 'dh.get(b, n) * tanhC'],
    ['hidden-state', 'dc.get(b, n) + dh.get(b, n) * o * (1 - tanhC * tanhC)'],
    ['hidden-state', 'dh.get(b, n) * o * (1 - tanhC * tanhC)'],
    ['cell-state', 'dC * j'],
    ['cell-state', 'dC * i'],
    ['cell-state', 'dC * cPrev.get(b, n)'],
    ['cell-state', 'dcPrev.get(b, n)'],
    ['cell-state', 'dC * f'],
    ['gates', 'dI * i * (1 - i)'],
    ['gates', 'dJ * (1 - j * j)'],
    ['gates', 'dF * f * (1 - f)'],
    ['gates', 'dO * o * (1 - o)'],
    ['adam', 'M.get(n) + (gradient - M.get(n)) * (1 - BETA1)'],
    ['adam', 'rate * mean'],
    ['adam', '(rate * mean) / (Math.sqrt(square) + EPSILON)'],
    ['adam', 'P.get(n)'],
    ['scan', 'dh.get(t, b, n)'],
    ['scan', 'dH * before.get(b, n)'],
    ['scan', 'dH * a.get(t, b, n)'],
    ['gru-step', 'dh.get(b, k) * (1 - z)'],
    ['gru-step', 'dh.get(b, k) * (hPrev.get(b, k) - n)'],
    ['gru-step', 'dh.get(b, k) * z'],
    ['gru-step', 'dN * (1 - n * n)'],
    ['gru-step', 'daxn * ahn'],
    ['gru-step', 'daxn * r'],
    ['gru-step', 'dR * r * (1 - r)'],
    ['gru-step', 'dZ * z * (1 - z)'],
  ] as const)('%s: between -10 and 10: %s', (name, number) => {
    for (const kept of [`Math.min(10, ${number})`, `Math.max(-10, ${number})`])
      expect([kept, changed(name, number, kept).outcome]).toEqual([kept, 'wrong']);
  });

  test('a probability that is exactly 0', () => {
    const line = 'probabilities.get(b, k) * sum - y.get(b, k)';
    expect(changed('softmax', line, `probabilities.get(b, k) === 0 ? 0 : ${line}`).outcome).toBe('wrong');
    expect(changed('softmax', line, line.replace(/^.*?\)/, '($& || 1)')).outcome).toBe('wrong');
  });
});

const AT_LOOP = /(?=for \(let n = steps\.length)/;

describe('the place of one tensor is that of another', () => {
  test.each([
    ['hidden-state', 'c.get(b, n)', 'c.data[dh.offset + b * H + n]'],
    ['hidden-state', 'dc.set(b, n, dC)', 'dc.data[dh.offset + b * H + n] = dC'],
    ['cell-state', 'cPrev.get(b, n)', 'cPrev.data[dh.offset + b * H + n]'],
    ['cell-state', /dcPrev\.set\(b, n, (.*)\);/, 'dcPrev.data[dh.offset + b * H + n] = $1;'],
    ['gates', 'gates.get(b, n)', 'gates.data[dz.offset + b * 4 * H + n]'],
    [
      'through-time',
      'backend.copy(dh, dhUpstream)',
      'for (let n = dh.offset; n < dh.offset + dh.size; n++) dh.data[n] = dhUpstream.data[n]',
    ],
    ['softmax', 'probabilities.get(b, k)', 'probabilities.data[dLogits.offset + b * C + k]'],
    ['adam', 'G.get(n)', 'g.data[p.offset + n]'],
    ['every-step', 'lstmBackward(backend, lstm);', '$& lstm.dc.data[lstm.dh.offset] = lstm.dc.get(0, 0, 0);'],
  ] as const)('%s: %s → %s', (name, right, wrong) => {
    expect(['wrong', 'error']).toContain(changed(name, right, wrong).outcome);
  });
});

describe('memory that surrounds a tensor', () => {
  test.each([
    ['through-time', 'backend.fill(dInput, 0)', 'dInput.data.fill(0)', 'before the beginning of dx'],
    [
      'weights',
      /(?=backend\.columnSums)/,
      'for (const d of dx) d.data[d.data.length - 1] = 7; ',
      'beyond the end of dx',
    ],
    ['through-time', AT_LOOP, 'for (const d of dInputs) d.data[d.data.length - 1] = 7; ', 'beyond the end of dx'],
    ['through-time', AT_LOOP, 'lstm.dz.data[0] = 7; ', 'before the beginning of dz'],
    ['through-time', 'backend.copy(dh, dhUpstream)', 'dh.data.set(dhUpstream.data)', 'before the beginning of dh'],
    ['through-time', 'backend.copy(dc, dcUpstream)', 'dc.data.set(dcUpstream.data)', 'before the beginning of dc'],
    ['through-time', 'backend.fill(dKernel, 0)', 'dKernel.data.fill(0)', 'before the beginning of dKernel'],
    ['through-time', 'backend.fill(dBias, 0)', 'dBias.data.fill(0)', 'before the beginning of dBias'],
    ['every-step', /(?=lstmBackward\()/, 'lstm.dInputs[0].data[0] = 7; ', 'before the beginning of dx'],
    ['every-step', /(?=lstmBackward\()/, 'dhUpstream.data[0] = 7; ', 'before the beginning of dhUpstream'],
    ['every-step', /(?=lstmBackward\()/, 'db.data[db.data.length - 1] = 7; ', 'beyond the end of db'],
  ] as const)('%s: %s → %s', (name, right, wrong, place) => {
    expect(changed(name, right, wrong)).toEqual(error(`it writes ${place}`));
  });

  test.each([
    ['gates', /(?=const \[B, H\])/, 'dz.data', 'dz'],
    ['gates', /(?=const \[B, H\])/, 'dh.data', 'dh'],
    ['adam', /(?=const \[P, M)/, 'p.data', 'p'],
    ['rnn-step', /(?=const dStart)/, 'x[0][1]', 'x[0][1]'],
  ] as const)('%s: it is transferred: %s, %s', (name, right, data, of) => {
    const line = `structuredClone(${data}.buffer, { transfer: [${data}.buffer] }); `;
    expect(changed(name, right, line)).toEqual(error(`it transfers the memory of ${of}, which then has no numbers`));
  });

  test('the row of dhUpstream that belongs to the initial state', () => {
    expect(changed('every-step', 'lstmBackward(backend, lstm);', '$& dhUpstream.set(0, 0, 1, 5);')).toMatchObject({
      outcome: 'wrong',
      differences: [{ element: 'dhUpstream[0, 0, 1] (row 0, sequence 0, unit 1)', expected: 0, found: 5 }],
    });
  });

  test('the array of a tensor is not the tensor', () => {
    expect(changed('softmax', 'probabilities.get(b, k)', 'probabilities.data[b * C + k]').outcome).toBe('wrong');
    const read = 'dLogits.data[r * dLogits.shape[1]]';
    const sum = `db.set(0, 0); for (let r = 0; r < dLogits.shape[0]; r++) db.set(0, db.get(0) + ${read}); `;
    expect(changed('every-step', /(?=lstmBackward\()/, sum).outcome).toBe('wrong');
  });
});

describe('through-time: a call without options', () => {
  const name = 'through-time';
  const given = '{ accumulate = false } = {}';
  test('a parameter without a default', () => {
    expect(changed(name, given, '{ accumulate }')).toEqual(error('what should have accumulate is undefined'));
    expect(changed(name, given, '{ accumulate } = {}').outcome).toBe('right');
  });
  test('another default', () => {
    expect(changed(name, given, '{ accumulate = true } = {}').outcome).toBe('wrong');
    expect(changed(name, given, '{ accumulate } = { accumulate: true }').outcome).toBe('wrong');
  });
});

describe('a slip has its line, and plain words', () => {
  test.each<string[]>([
    ...rows`
    hidden-state | gates.get(b, n) | gates.get(n) | TypeError: tensor: get(index, index) of [3,12], which has 2 axes, was called with 1 of these
    adam | G.get(n) | G.get() | TypeError: tensor: get(index) of [8], which has 1 axis, was called with 0 of these
    softmax | y.get(b, k); | y.get(b); | TypeError: tensor: get(index, index) of [4,5]
    softmax | y.get(b, k); | y.get(b, C); | RangeError: tensor: get(3, 5): there is no such element in [4,5]
    gates | dz.set(b, n, | dz.set(n, | TypeError: tensor: set(index, index, number) of [3,12]
    gates | dz.set(b, n, | dz.set(b, n - 1, | RangeError: tensor: set(0, -1, …): there is no such element in [3,12]
    gates | dz.set(b, n, | dz.set(b, n / 2, | RangeError: tensor: set(0, 0.5, …): there is no such element
    gates | gates.get(b, n) | gates[b][n] | TypeError: tensor: [0] is none of its numbers
    gates | dz.set(b, n, | dz.pick(b + B).set(n, | RangeError: tensor: pick(3): there is no such part of [3,12]
    gates | dz.set(b, n, | dz.pick(b - 1).set(n, | RangeError: tensor: pick(-1): there is no such part of [3,12]
    gates | dz.set(b, n, | dz.pick(b, n, 0).set( | RangeError: tensor: pick(0, 0, 0): there is no such part of
    every-step | columnSums(db, dLogits | columnSums(db, dLogits.lo(6) | RangeError: tensor: lo(6): there is no such part of [5,4]
    every-step | columnSums(db, dLogits | columnSums(db, dLogits.hi(5, 8) | RangeError: tensor: hi(5, 8): there is no such part of [5,4]
    every-step | columnSums(db, dLogits | columnSums(db, dLogits.hi(1.5) | RangeError: tensor: hi(1.5): there is no such part of [5,4]
    gates | const [B, H] = dh.shape | const [B, H] = dh.sizes | undefined is no list
    every-step | rowBlocks(W, states).forEach((Wk, k) | for (const one of W) k; rowBlocks(W, states).forEach((Wk, k) | W is no list
    adam | G.get(n) | G[n] | TypeError: tensor: [0] is none of its numbers: get(n) reads one, set(n, value) writes one
    every-step | dLogits, transposeOf(Wk) | dLogits, transposeOf(Wk), { add: true } | TypeError: matmul: add: unknown option; known options: accumulate, bias
    every-step | columnSums(db, dLogits | columnSums(db, dLogits, true | TypeError: columnSums: options is true: must be an object, as { accumulate: true }
    weights | xTransposed, WxTransposed) | xTransposed, WxTransposed, true) | TypeError: inputBackward: options is true: must be
  `,
    [
      'gates',
      'dz.set(b, n, dI * i * (1 - i))',
      'dz[b, n] = dI * i * (1 - i)',
      'TypeError: tensor: [0] is none of its numbers: get(b, n) reads one, set(b, n, value) writes one',
    ],
    [
      'gates',
      'dz.set(b, n, dI * i * (1 - i))',
      'dz.pick(b, n)[0] = dI * i * (1 - i)',
      'TypeError: tensor: [0] is none of its numbers: get() reads one, set(value) writes one',
    ],
    [
      'every-step',
      'dLogits, transposeOf(Wk)',
      'dLogits, transposeOf(Wk), { acumulate: true }',
      'TypeError: matmul: acumulate: unknown option; did you mean accumulate?',
    ],
    [
      'every-step',
      'lstmBackward(backend, lstm',
      'lstmBackward(backend, lstm, { acumulate: false }',
      'TypeError: lstmBackward: acumulate: unknown option; did you mean accumulate?',
    ],
  ])('%s: %s → %s', (name, right, wrong, message) => {
    const verdict = changed(name, right, wrong);
    expect(verdict).toEqual(error(message));
    expect(verdict).toMatchObject({ message: expect.stringMatching(/^line \d+: /) as string });
  });

  test.each([
    ["import * as fs from 'node:fs';", 1, "import from 'node:fs': only 'longhand' can be imported here"],
    ["\nexport * from './helpers.js';", 2, "import from './helpers.js': only 'longhand' can be imported here"],
    ["\nexport * as all from './helpers.js';", 2, "import from './helpers.js'"],
    ["\n\nconst fs = require('node:fs');", 3, "import from 'node:fs'"],
    [
      "import * as longhand from 'longhand';\n\nexport const a = longhand.sigmoid(1);",
      3,
      'longhand has no sigmoid here',
    ],
    ["import * as longhand from 'longhand';\n\nlonghand.Tensor;", 3, 'Tensor is only a type'],
  ])('%j', (source, line, message) => {
    const verdict = check(exercise('sigmoid'), `${source}\n${exercise('sigmoid').javascript.solution}`, 'javascript');
    expect(verdict).toEqual(error(`line ${line}: ${message}`));
  });

  test('of a function that has not run to its end', () => {
    const declared = 'export function sigmoidBackward';
    expect(changed('sigmoid', declared, declared.replace('function', 'async function'))).toEqual(
      error('it returns a promise: the function must not be async'),
    );
    expect(changed('sigmoid', declared, declared.replace('function', 'function*'))).toEqual(
      error('it returns a generator: the function must not have a *'),
    );
  });
});

describe('the library’s own function is no answer', () => {
  test.each([
    ['every-step', "export { denseBackward } from 'longhand';", 'denseBackward'],
    ['every-step', "export const denseBackward = require('longhand').denseBackward;", 'denseBackward'],
    ['weights', "export { lstmBackward } from 'longhand';", 'lstmBackward'],
    ['through-time', "export { lstmBackward } from 'longhand';", 'lstmBackward'],
    ['through-time', "import * as all from 'longhand'; export const lstmBackward = all.lstmBackward;", 'lstmBackward'],
    [
      'through-time',
      "import { lstmBackward as l } from 'longhand'; export const lstmBackward = (...a) => l(...a);",
      'lstmBackward',
    ],
  ])('%s: %s', (name, source, asked) => {
    for (const language of ['typescript', 'javascript'] as const)
      expect(check(exercise(name), source, language)).toEqual(
        error(`line 1: longhand has no ${asked} here: this exercise asks you to write it`),
      );
  });

  test('not even one step of it', () => {
    const cheat = "import { lstmStepBackward as step } from 'longhand';\nimport {";
    expect(changed('weights', 'import {', cheat)).toEqual(error('longhand has no lstmStepBackward here'));
    const all = check(exercise('every-step'), "export * from 'longhand';", 'javascript');
    expect(all).toEqual(error('everyStepBackward: the file must export a function of this name'));
  });
});

test.each([
  ['hidden-state', 'dh.get(b, n) * tanhC', 'dh.get(0, b * H + n) * tanhC'],
  ['every-step', 'backend.columnSums(db, dLogits)', 'backend.columnSums(db, dLogits, {})'],
  ['every-step', 'backend.columnSums(db, dLogits)', 'backend.columnSums(db, dLogits, { accumulate: false })'],
  ['weights', 'xTransposed, WxTransposed)', 'xTransposed, WxTransposed, { accumulate: true })'],
  ['adam', 'M.set(n, mean)', 'm.data[m.offset + n] = mean'],
  ['gates', 'dz.set(b, n, dI', 'dz.pick(b).set(n, dI'],
  ['gates', 'dz.set(b, n, dI * i * (1 - i))', 'dz.pick(b, n).set(dI * i * (1 - i))'],
  ['gates', 'dz.set(b, n, dI', 'dz.pick(null, n).set(b, dI'],
  ['every-step', 'columnSums(db, dLogits)', 'columnSums(db, dLogits.lo(0).hi(dLogits.shape[0], null))'],
  ['gates', 'gates.get(b, n)', 'gates.transpose(1, 0).get(n, b)'],
  ['gates', 'gates.get(b, n)', 'gates.data[gates.index(b, n)]'],
  ['every-step', 'matrixOf(rowsOf(rows, 1, T + 1))', 'matrixOf(rows.lo(1))'],
  ['every-step', 'import {', "export * from 'longhand';\nimport {"],
] as const)('%s: %s → %s is right', (name, right, other) => {
  expect(changed(name, right, other).outcome).toBe('right');
});
