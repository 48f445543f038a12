/** The replies to a wrong answer before its mistake is named, what is refused, and answers to the earlier texts of exercises. */
import { check } from '../../src/exercises/check.js';
import type { Verdict, WrongNumber } from '../../src/exercises/exercise.js';
import { isFormerFile } from '../../src/exercises/exercise.js';
import { followWords, sourceFirst } from '../../src/exercises/replies.js';
import { silentWays } from '../../src/exercises/silent-ways.js';
import { changed, exercise, FORMER_PRODUCT } from './wrong-answers.js';

const differencesIn = (verdict: Verdict): readonly WrongNumber[] =>
  verdict.outcome === 'wrong' ? verdict.differences : [];

test('what others are computed from comes first, and those that differ with it follow', () => {
  const differences = differencesIn(changed('hidden-state', 'dc.get(b, n) + ', ''));
  expect(differences[0].tensor).toBe('dc');
  const words = followWords('hidden-state', differences);
  expect(words).toBe('dc differs. dcPrev and dz are computed from it, so they can follow from it.');
  expect(
    sourceFirst('adam', [
      { ...differences[0], tensor: 'p after update 2' },
      { ...differences[0], tensor: 'm' },
    ])[0],
  ).toMatchObject({ tensor: 'm' });
});

test('of a recurrence, the wrong element of the latest step is shown', () => {
  const differences = differencesIn(changed('rnn-step', 'dh[t][b][m] += dz', 'if (t < 2) dh[t][b][m] += dz'));
  expect(differences[0].element).toMatch(/^dh\[3, /); // of four steps; row 4 comes from the output layer
  expect(followWords('rnn-step', differences)).toMatch(
    /^dh differs\. dWx, dWh, dBias and dStart are computed from it, so they can follow from it\. Of the wrong elements of dh, dh\[3, \d, \d\] belongs to the latest step/,
  );
});

test('one tensor from which no other is computed has no such sentence', () => {
  expect(followWords('hidden-state', differencesIn(changed('hidden-state', 'dh.get(b, n) * tanhC', 'tanhC')))).toBe('');
});

test.each([
  ['transposeOf(Wk)', 'Wk', 'the shapes fit with transposeOf(b)'],
  ['transposeOf(states[k])', 'states[k]', 'the shapes fit with transposeOf(a)'],
  ['dLogits, transposeOf(Wk)', 'transposeOf(dLogits), Wk', 'the shapes fit with transposeOf(a) and transposeOf(b)'],
])('a transpose is missing: %s', (right, wrong, words) => {
  expect(changed('every-step', right, wrong)).toEqual({
    outcome: 'error',
    message: expect.stringContaining(words) as string,
  });
});

test('in lists of rows a missing transpose has its name', () => {
  const missing = changed('product', 'dz[b][n] * W[k][n]', 'dz[b][n] * W[n][k]');
  expect(missing).toMatchObject({
    diagnosis: 'These are the numbers of a known mistake: a transpose is missing: dx is dz·W, and must be dz·Wᵀ.',
  });
});

test.each([
  ['const s = dh.data[n];', 'Line 2: data is a whole array, of which a tensor is only a part.'],
  ['const { data } = dh;', 'Line 2: data is a whole array'],
  ['dz = new Float64Array(3);', 'Line 2: this gives a parameter another value'],
  ['transposeOf(dh);', 'Line 2: this makes a view, and nothing uses it.'],
  ['if (n > 0)\n    rowsOf(dh, 0, 1);', 'Line 3: this makes a view, and nothing uses it.'],
  ['const a = 1\n  stepOf(dh, 1)', 'Line 3: this makes a view, and nothing uses it.'],
  ['backend.matmul(\n    dz,\n    dh,\n    transposeOf(Wx),\n  );', ''],
  ['const Wk =\n    rowsOf(kernel, 0, I);', ''],
  ['const all = [\n    ...\n    flatten(dh),\n  ];', ''],
  ['let a = 1,\n    dz = 2;', ''],
  ['// dh.data[n]', ''],
  ["const words = 'dh.data';", ''],
  ['const dz2 = dz; if (dz === dh) return;', ''],
])('%s is said', (line, words) => {
  expect(silentWays(`export function f(dz, dh) {\n  ${line}\n}\n`).slice(0, words.length || 1)).toBe(words);
});

test('no solution has such a way', () => {
  for (const name of [
    'product',
    'rnn-step',
    'hidden-state',
    'weights',
    'through-time',
    'softmax',
    'adam',
    'every-step',
    'scan',
  ])
    expect([
      name,
      silentWays(exercise(name).typescript.solution),
      silentWays(exercise(name).javascript.solution),
    ]).toEqual([name, '', '']);
});

test('`using` is refused, with its line', () => {
  expect(changed('hidden-state', 'const [B, H] = dh.shape;', 'using step = dh;\n  const [B, H] = dh.shape;')).toEqual({
    outcome: 'error',
    message: expect.stringMatching(/^line \d+: write const in place of using/) as string,
  });
});

/** An answer of version 1.0.0. */
const FORMER_ANSWER =
  "import { denseBackward, lstmBackward, matrixOf, rowsOf } from 'longhand';\nexport function everyStepBackward() {}\n";

test('an answer to the earlier text is said to belong there; its untouched start is not begun', () => {
  const old = exercise('product');
  expect(check(old, FORMER_PRODUCT, 'javascript')).toEqual({ outcome: 'untouched' });
  expect(check(old, FORMER_PRODUCT.replace('// Write', 'db.set(0, 1); // Write'), 'javascript')).toMatchObject({
    outcome: 'error',
    message: expect.stringContaining(
      'it belongs to the earlier text of this exercise, which asked for denseBackward, and stays',
    ) as string,
  });
  expect(check(exercise('every-step'), FORMER_ANSWER, 'javascript')).toMatchObject({
    message: expect.stringContaining('which asked for everyStepBackward alone') as string,
  });
  expect(isFormerFile('product', FORMER_PRODUCT)).toBe(false); // without the comment at its top it is no whole file
});
