/** The replies to a wrong answer before its mistake is named, what is refused, and answers to the earlier texts of exercises. */

import type { Verdict, WrongNumber } from '../../src/exercises/exercise.js';
import { followWords, sourceFirst } from '../../src/exercises/replies.js';
import { silentWays } from '../../src/exercises/silent-ways.js';
import { changed, exercise } from './changed.js';

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
