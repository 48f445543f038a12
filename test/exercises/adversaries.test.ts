/** Wrong answers that were once judged right, because the numbers of a check were too kind, or memory was not guarded. */
import type { Verdict } from '../../src/exercises/exercise.js';
import { check } from '../../src/exercises/check.js';
import { changed, exercise, rows } from './changed.js';

const error = (message: string): Verdict => ({
  outcome: 'error',
  message: expect.stringContaining(message) as string,
});

const AT_LOOP = /(?=for \(let n = steps\.length)/;

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
    ['through-time', 'backend.copy(dh, dhUpstream)', 'dh.data.set(dhUpstream.data)', 'before the beginning of dh'],
    ['through-time', 'backend.fill(dKernel, 0)', 'dKernel.data.fill(0)', 'before the beginning of dKernel'],
    ['every-step', /(?=lstmBackward\()/, 'lstm.dInputs[0].data[0] = 7; ', 'before the beginning of dx'],
    ['every-step', /(?=lstmBackward\()/, 'db.data[db.data.length - 1] = 7; ', 'beyond the end of db'],
  ] as const)('%s: %s → %s', (name, right, wrong, place) => {
    expect(changed(name, right, wrong)).toEqual(error(`it writes ${place}`));
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
    softmax | y.get(b, k); | y.get(b, C); | RangeError: tensor: get(3, 5): there is no such element in [4,5]
    gates | dz.set(b, n, | dz.set(b, n / 2, | RangeError: tensor: set(0, 0.5, …): there is no such element
    gates | gates.get(b, n) | gates[b][n] | TypeError: tensor: [0] is none of its numbers
    gates | dz.set(b, n, | dz.pick(b + B).set(n, | RangeError: tensor: pick(3): there is no such part of [3,12]
    every-step | columnSums(db, dLogits | columnSums(db, dLogits.lo(6) | RangeError: tensor: lo(6): there is no such part of [5,4]
    gates | const [B, H] = dh.shape | const [B, H] = dh.sizes | undefined is no list
    every-step | rowBlocks(W, states).forEach((Wk, k) | for (const one of W) k; rowBlocks(W, states).forEach((Wk, k) | W is no list
    adam | G.get(n) | G[n] | TypeError: tensor: [0] is none of its numbers: get(n) reads one, set(n, value) writes one
    every-step | columnSums(db, dLogits | columnSums(db, dLogits, true | TypeError: columnSums: options is true: must be an object, as { accumulate: true }
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
