/** What the checker says about wrong answers: by name, and that it says nothing untrue about random ones. */
import { Random } from '../../src/core/rng.js';
import { computeSource, verdictOf } from '../../src/exercises/check.js';
import type { Exercise, Verdict } from '../../src/exercises/exercise.js';
import { EXERCISES } from '../../src/exercises/exercises.js';
import { changed, exercise, rows } from './changed.js';

const diagnosisIn = (verdict: Verdict): string | undefined =>
  verdict.outcome === 'wrong' ? (verdict.diagnosis ?? 'no diagnosis') : undefined;

const diagnosisOf = (name: string, right: string | RegExp, wrong: string): string | undefined =>
  diagnosisIn(changed(name, right, wrong));

/** Wrong answers that were written after the checker, to see what it makes of answers that it has not been made for. */
test.each<string[]>([
  ...rows`
    sigmoid | dI * i * (1 - i) | (1 - i) * i * -dI | dzi has the wrong sign: every number is -1 times the expected one.
    sigmoid | dI * i * (1 - i) | 0.25 * dI | no diagnosis
    sigmoid | dI * i * (1 - i) | 1.0000001 * dI * i * (1 - i) | no diagnosis
    adam | G.get(n); | G.get(n) + EPSILON; | no diagnosis
    every-step | backend.columnSums(db, dLogits); | backend.fill(db, 1); | db of denseBackward and db are wrong, and dStates, dW of denseBackward, dW, dhUpstream, dWh, dWx, dBias, dx, dh and dc are right. Look at the line of db in denseBackward.
    hidden-state | dc.set(b, n, dC); | dc.set(b, n, -dC); | dc has the wrong sign: every number is -1 times the expected one.
    gates | (1 - j * j) | (1 - j) * (1 + j) / 2 | Every number of gate j of dz is 0.5 times the expected one.
    weights | dx, dWx, dz, xTransposed, | dx, dWx.slice(1), dz, xTransposed.slice(1), | Of dWx, only the first one ([0]) is wrong.
    adam | 1 - BETA1 ** t) | 1 + BETA1 ** t) | α and p are wrong, and m and v are right. Look at α.
  `,
  [
    'softmax',
    '/ count)',
    '/ (count + 1))',
    'Every number of dLogits is the expected one times a factor, which differs from case to case: 0.75, 0.8, 0.857143.',
  ],
  [
    'rnn-step',
    'dWx[k][n] += x[t][b][k] * dz',
    'dWx[k][n] += x[T - 1 - t][b][k] * dz',
    'dWx is wrong, and dWh, dBias, dStart, dWy, dBiasY and dh are right. Look at the line of dWx.',
  ],
  [
    'rnn-step',
    'dz * Wh[m][n]',
    'dz * Wh[m][m]',
    'In dh, only the last row is right, in every case. dWx, dWh, dBias, dStart and dh are wrong, and dWy and dBiasY are right. Look at the line of dh[t].',
  ],
  [
    'rnn-step', // the line of dz is right, and so is dWx in one step
    String.raw`/dBias\[0\]\[n\] \+= dz;([^]*)dh\[t\]\[b\]\[m\] \+=/`,
    'dBias[0][n] += 2 * dz;$1dh[t][b][m] =',
    'In dh, only the last row is right, in every case.',
  ],
  [
    'hidden-state',
    'dc.get(b, n) + dh',
    '2 * dc.get(b, n) + dh',
    'dc has the numbers of a known mistake: dC is added to dc, which is already a part of dC. dc, gates i, j and f of dz and dcPrev are wrong, and gate o of dz is right. Look at dC, which all of these read.',
  ],
  [
    'cell-state',
    'const dI = dC * j;\n      const dJ = dC * i;',
    'const dI = -dC * j;\n const dJ = -dC * i;',
    'Gates i and j of dz have the wrong sign: every number is -1 times the expected one.',
  ],
  [
    'through-time',
    'n >= 0; n--',
    'n >= 0; n -= 2',
    'In dx, only the last step is right, in every case. dWh, dWx, dBias, dx, dh and dc are wrong. Look at the loop over the steps, and at what it clears: with one step, all are right.',
  ],
  [
    'initial-state',
    'dStart[0][n] += dh[0][b][n]',
    'dStart[0][n] += dh[0][b][n] / T',
    'Every number of dStart is the expected one divided by T: is there a division too many? T is the number of steps.',
  ],
  [
    'every-step',
    'lstmBackward(backend, lstm);',
    'lstmBackward(backend, lstm); for (let k = 0; k < db.size; k++) db.set(k, db.get(k) / lstm.sizes.B);',
    'Every number of db is the expected one divided by B: is there a division too many? B is the number of sequences.',
  ],
])('%s: %s → %s', (name, right, wrong, diagnosis) => {
  expect(diagnosisOf(name, right, wrong)).toBe(diagnosis);
});

type Numbers = number[][][];

/** What a text of the project's own computes. */
function numbersOf(one: Exercise, source: string): Numbers | undefined {
  const computed = computeSource(one, source);
  return 'numbers' in computed
    ? computed.numbers.map((tensors) => tensors.map((tensor) => Array.from(tensor)))
    : undefined;
}

describe('what is said is true', () => {
  const CLAIMS =
    /known mistake|Every number|wrong sign|transposed|0 everywhere|not written|added to|the numbers of gate|a factor/;

  test.each(EXERCISES.map(({ name }) => name))('%s: random changes of numbers get no name', (name) => {
    const [one, random] = [exercise(name), new Random(8)];
    const right = numbersOf(one, one.typescript.solution)!;
    let wrongs = 0;
    for (let trial = 0; trial < 12; trial++) {
      const each = [0.03, 0.3, 1][trial % 3];
      const change = (value: number): number => (random.uniform(0, 1) < each ? value + random.normal(0, 0.1) : value);
      const numbers = right.map((tensors) => tensors.map((tensor) => tensor.map(change)));
      const verdict = verdictOf(one, { numbers });
      wrongs += Number(verdict.outcome === 'wrong');
      expect(diagnosisIn(verdict) ?? '').not.toMatch(CLAIMS);
    }
    expect(wrongs).toBeGreaterThan(6);
  });

  test.each(EXERCISES.filter(({ name }) => name !== 'adam').map(({ name }) => name))(
    '%s: all numbers times a factor are named with the factor',
    (name) => {
      const one = exercise(name);
      const right = numbersOf(one, one.typescript.solution)!;
      for (const ratio of [-1, 2, 0.37]) {
        const numbers = right.map((tensors) => tensors.map((tensor) => tensor.map((value) => ratio * value)));
        const words =
          ratio === -1 ? /the wrong sign|the sign is reversed/ : new RegExp(`${ratio} times the expected one`);
        expect(diagnosisIn(verdictOf(one, { numbers }))).toMatch(words);
      }
    },
  );

  test('one number that is not the multiple of the others ends the claim', () => {
    const one = exercise('softmax');
    const numbers = numbersOf(one, one.typescript.solution)!.map((all) =>
      all.map((tensor) => tensor.map((value) => 3 * value)),
    );
    expect(diagnosisIn(verdictOf(one, { numbers }))).toContain('3 times the expected one');
    numbers[1][0][2] += 1e-6;
    expect(diagnosisIn(verdictOf(one, { numbers }))).toBe('no diagnosis');
  });
});
