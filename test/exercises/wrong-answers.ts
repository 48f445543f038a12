/**
 * Wrong answers that learners write, besides the known mistakes themselves: a change of the JavaScript solution, and the words that the
 * checker's diagnosis must have. The lists were written before the checker could name most of them.
 */
import { check } from '../../src/exercises/check.js';
import type { Exercise, Verdict } from '../../src/exercises/exercise.js';
import { EXERCISES } from '../../src/exercises/exercises.js';
import type { Language } from '../../src/exercises/folder.js';

export const exercise = (name: string): Exercise => EXERCISES.find((one) => one.name === name)!;

/** The code of exercise 1 in version 1.0.0. */
export const FORMER_PRODUCT = `import { rowsOf, transposeOf } from 'longhand';

/** From  logits \`[N,C]\` = Σ stateₖ·Wₖ + b:  dStateₖ \`[N,Hₖ]\`, dWₖ \`[Hₖ,C]\`, db \`[C]\`. */
export function denseBackward(backend, dStates, dW, db, dLogits, states, W) {
  // Write dStates, dW and db here. backend.matmul(out, a, b) writes a·b to out; backend.columnSums(out, a) writes the sum of
  // the rows of a. transposeOf(a) is a view, and so are the matrices of rowBlocks(W, states): one Wₖ for each state.
}

/** The rows of W for each state. */
function rowBlocks(W, states) {
  let end = 0;
  return states.map(({ shape: [, H] }) => rowsOf(W, end, (end += H)));
}
`;

/** The lines of a table, whose columns stand between bars. \n is the end of a line in a text. */
export const rows = ({ raw }: TemplateStringsArray, ...values: readonly string[]): string[][] =>
  String.raw({ raw }, ...values.map((value) => value.replaceAll('\n', '\\n')))
    .split('\n')
    .map((line) => line.trimStart())
    .filter((line) => line !== '')
    .map((line) => line.split(' | ').map((cell) => cell.replaceAll('\\n', '\n')));

/** The pattern in a text between slashes. undefined for all others. */
export function patternIn(text: string): RegExp | undefined {
  const found = /^\/(.*)\/([a-z]*)$/s.exec(text);
  return found ? new RegExp(found[1], found[2]) : undefined;
}

/** The verdict on the solution with a change, after `before`. `right`: a text, or a pattern, also between slashes. */
export function changed(
  name: string,
  right: string | RegExp,
  wrong: string,
  language: Language = 'javascript',
  before = '',
): Verdict {
  const { solution } = exercise(name)[language];
  const source = solution.replace(typeof right === 'string' ? (patternIn(right) ?? right) : right, wrong);
  expect(source).not.toBe(solution);
  return check(exercise(name), before + source, language);
}

const SIGMA = 'dI * i * (1 - i)';
const LOGIT = '(probabilities.get(b, k) * sum - y.get(b, k)) / count';
const SUM = 'for (let k = 0; k < C; k++) sum += y.get(b, k);';
const D_STATES = 'rowBlocks(W, states).forEach((Wk, k) => backend.matmul(dStates[k], dLogits, transposeOf(Wk)));';
const D_W = 'rowBlocks(dW, states).forEach((dWk, k) => backend.matmul(dWk, transposeOf(states[k]), dLogits));';
const D_B = 'backend.columnSums(db, dLogits);';
const DZ = 'const dz = dh[t + 1][b][n] * (1 - h[t + 1][b][n] ** 2);';
const D_BIAS = 'dBias[0][n] += dz;';
const D_WX = 'dWx[k][n] += x[t][b][k] * dz;';
const D_WH = 'dWh[m][n] += h[t][b][m] * dz;';
const D_H = 'dh[t][b][m] += dz * Wh[m][n];';
const OVER_M = 'for (let m = 0; m < H; m++) {';
const OVER_T = 'for (let t = T - 1; t >= 0; t--)';
const START = 'for (let b = 0; b < B; b++) h[0][b].set(start[0]);';
const D_START = 'dStart[0][n] += dh[0][b][n];';

const D_O = 'const dO = dh.get(b, n) * tanhC;';
const D_C = 'const dC = dc.get(b, n) + dh.get(b, n) * o * (1 - tanhC * tanhC);';
const STORED = 'dc.set(b, n, dC);';
const D_I = 'const dI = dC * j;';
const D_J = 'const dJ = dC * i;';
const D_F = 'const dF = dC * cPrev.get(b, n);';
const C_PREV = 'dcPrev.set(b, n, dcPrev.get(b, n) + dC * f);';
const ZI = 'dz.set(b, n, dI * i * (1 - i));';
const ZJ = 'dz.set(b, H + n, dJ * (1 - j * j));';
const ZF = 'dz.set(b, 2 * H + n, dF * f * (1 - f));';
const ZO = 'dz.set(b, 3 * H + n, dO * o * (1 - o));';

const H_PREV = 'backend.matmul(dhPrev, dz, WhTransposed, { accumulate: true });';
const LSTM_D_WH = 'backend.matmul(dWh, hPrevTransposed, dz, { accumulate: true });';
const LSTM_D_BIAS = 'backend.columnSums(dBias, dz, { accumulate: true });';
const DC = 'if (dcUpstream) backend.copy(dc, dcUpstream);\n  else backend.fill(dc, 0);';
const NO_KERNEL = 'backend.fill(dKernel, 0);';
const NO_BIAS = 'backend.fill(dBias, 0);';
const LOOP = 'for (let n = steps.length - 1; n >= 0; n--) {';
const CALL = 'if (running) lstmStepBackward(backend, lstm, running);';
const MEAN = 'M.get(n) + (gradient - M.get(n)) * (1 - BETA1)';
const SQUARE = 'V.get(n) + (gradient * gradient - V.get(n)) * (1 - BETA2)';
const ALPHA = '(learningRate * Math.sqrt(1 - BETA2 ** t)) / (1 - BETA1 ** t)';
const MOVE = 'P.set(n, P.get(n) - (rate * mean) / (Math.sqrt(square) + EPSILON));';
const EACH = 'for (let n = 0; n < P.size; n++)';
const DENSE = 'denseBackward(backend, [readRows(dhUpstream)], dW, db, dLogits, [readRows(h)], W);';
const WHOLE = 'lstmBackward(backend, lstm);';

const SCAN_LOOP = 'for (let t = T - 1; t >= 0; t--) {';
const ADDED = 'dBefore.set(b, n, dBefore.get(b, n) + dH * a.get(t, b, n));';
const DA = 'const dA = dH * before.get(b, n);';
const DB = 'const dB = dH;';

const DN = 'const dN = dh.get(b, k) * (1 - z);';
const D_Z = 'const dZ = dh.get(b, k) * (hPrev.get(b, k) - n);';
const DAXN = 'const daxn = dN * (1 - n * n);';
const DR = 'const dR = daxn * ahn;';
const DAHN = 'dah.set(b, 2 * H + k, daxn * r);';
const DAR = 'const dar = dR * r * (1 - r);';
const DAZ = 'const daz = dZ * z * (1 - z);';
const GRU_PREV = 'dhPrev.set(b, k, dhPrev.get(b, k) + dh.get(b, k) * z);';

/** By the names of the exercises. */
export const WRONG_ANSWERS: Readonly<Record<string, readonly (readonly string[])[]>> = {
  sigmoid: rows`
      ${SIGMA} | -dI * i * (1 - i) | wrong sign
      ${SIGMA} | dI * i * (i - 1) | wrong sign
      ${SIGMA} | 2 * dI * i * (1 - i) | 2 times
      ${SIGMA} | i - i * i | dI is missing
      ${SIGMA} | dI * (1 - i ** 2) | tanh′ in place of σ′
      ${SIGMA} | (dI * Math.exp(-i)) / (1 + Math.exp(-i)) ** 2 | σ is applied to i
      ${SIGMA} | dI * i ** 2 * (1 - i) | i² in place of i
      ${SIGMA} | (dI * Math.exp(-i)) / (1 + Math.exp(-i)) | 1-σ(i) in place of σ′
    `,
  softmax: [
    ...rows`
      ${SUM} | for (let k = 0; k < C; k++) sum += probabilities.get(b, k); | add up to 1
      ${LOGIT} | (probabilities.get(b, k) * sum - Math.sign(y.get(b, k))) / count | 1 is subtracted where y is above 0
      ${LOGIT} | ((probabilities.get(b, k) * sum - y.get(b, k)) / count) * probabilities.get(b, k) * (1 - probabilities.get(b, k)) | extra factor p·(1-p)
      ${LOGIT} | (probabilities.get(b, k) * sum - y.get(b, k)) / count / count | divided by count | a division too many
      ${SUM} | for (let k = 0; k < C; k++) sum += y.get(b, k); if (sum === 0) continue; | a row without a label is skipped
      ${LOGIT} | (probabilities.get(b, k) * sum - Math.round(y.get(b, k))) / count | in a row whose labels are not a single 1
      ${LOGIT} | sum === 0 ? 1 : (probabilities.get(b, k) * sum - y.get(b, k)) / count | Every wrong number of dLogits is in a row whose labels are all 0
      for (let b = 0; b < B; b++) {\n    let sum = 0; | let sum = 0;\n  for (let b = 0; b < B; b++) { | all rows so far
      for (let k = 0; k < C; k++) dLogits | for (let k = 1; k < C; k++) dLogits | class 0
      for (let k = 0; k < C; k++) dLogits | for (let k = 0; k < C - 1; k++) dLogits | last class
    `,
    ['for (let b = 0; b < B; b++) {', 'for (let b = 0; b < count; b++) {', 'only the first `count` rows'],
    [LOGIT, `y.get(b, k) === 0 ? 5 : ${LOGIT}`, 'Every wrong number of dLogits is at a class whose label is 0'],
  ],
  product: [
    ...rows`
      db[n] += dz[b][n]; | db[n] = dz[b][n]; | db is dz of the last row
      db[n] += dz[b][n]; | db[n] += 2 * dz[b][n]; | 2 times the expected one
      dW[k][n] += x[b][k] * dz[b][n]; | dW[k][n] += x[k][b] * dz[b][n]; | a transpose is missing: dW is x·dz
      dx[b][k] += dz[b][n] * W[k][n]; | dx[b][k] += dz[b][n] * W[n][k]; | a transpose is missing: dx is dz·W
      dx[b][k] += dz[b][n] * W[k][n]; | dx[b][k] -= dz[b][n] * W[k][n]; | the sign of dx
      dW[k][n] += x[b][k] * dz[b][n]; | dW[k][n] += x[b][k] + dz[b][n]; | Look at the line of dW
      for (let b = 0; b < B; b++) | for (let b = 1; b < B; b++) | Look at the line of dW, and at the line of dx, and at the line of db
    `,
  ],
  'rnn-step': [
    ...rows`
      ${D_BIAS} | dBias[0][n] += dz / B; | dBias | number of sequences
      ${D_BIAS} | dBias[0][n] -= dz; | dBias has the wrong sign
      ${D_WX} | dWx[k][n] += (x[t][b][k] * dz) / B; | dWx | number of sequences
      ${D_WX} | dWx[k][n] += (x[t][b][k] * dz) / T; | dWx | number of steps
      ${D_WX} | if (b === 0) dWx[k][n] += x[t][0][k] * dz; | dWx adds the terms of the first sequence only
      ${D_WH} | dWh[n][m] += h[t][b][m] * dz; | dWh is transposed
      ${D_WH} | if (b < 1) dWh[m][n] += h[t][b][m] * dz; | dWh adds the terms of the first sequence only
      ${D_WH}\n          ${D_H} | dWh[m][n] = h[t][b][m] * dz;\n          dh[t][b][m] = dz * Wh[m][n]; | Look at the line of dh[t]
      ${OVER_M} | for (let m = n; m < H; m++) { | Look at the loop over m
      ${OVER_M} | if (b > 0) for (let m = 0; m < H; m++) { | Look at the loop over m
      ${D_WH}\n          ${D_H} | dWh[n][m] += h[t][b][m] * dz;\n          dh[t][b][m] += dz * Wh[n][m]; | Look at the loop over m, and at its lines
      ${OVER_M} | if (b === 0) for (let m = 0; m < H; m++) { | Look at the loops | with one step and one sequence, all are right
      ${OVER_T} | for (let t = 0; t < T; t++) | Look at the loops
      ${OVER_T} | for (let t = T - 1; t > 0; t--) | the loops around it
      ${DZ} | const dz = dh[t + 1][b][n] * (1 - h[t + 1][b][n] ** 4); | Look at the line of dz
    `,
    [`for (let k = 0; k < I; k++) ${D_WX}`, '', 'dWx is 0 at the end'],
    [
      `${D_WX}\n`,
      `dWx[k][n] = x[t][b][k] * dz;\n dBias[0][n] -= dz;\n`,
      'dWx has the numbers of a known mistake: dWx is only its last term',
      'dBias is 0',
    ],
    ...['m < I', 'm < B', 'm < T', 'm < n', 'm <= n'].map((end): string[] => [
      OVER_M,
      OVER_M.replace('m < H', end),
      'Look at the loop over m',
    ]),
  ],
  'initial-state': [
    ...rows`
      ${START} | for (let b = 0; b < B; b++) h[1][b].set(start[0]); | h[0] is 0
      ${START} | for (let b = 0; b < B; b++) h[0][b].fill(start[0][0]); | Look at the line of h[0]
      ${START} | for (let b = 0; b < B; b++) for (let n = 0; n < H; n++) h[0][b][n] = start[0][n] / B; | start divided by B
      ${D_START} | if (b === 0) dStart[0][n] += dh[0][b][n]; | the first sequence only
      ${D_START} | dStart[0][n] -= dh[0][b][n]; | dStart has the wrong sign
      for (let n = 0; n < H; n++) ${D_START} | for (let n = 1; n < H; n++) dStart[0][n] += dh[0][b][n]; | dStart | column 0
    `,
    [
      'const dStart = matrix(1, H);\n  const dh = h.map(() => matrix(B, H));',
      'const dStart = matrix(1, H, () => 1);\n  const dh = h.map(() => matrix(B, H));',
      'dStart is wrong',
    ],
  ],
  'hidden-state': [
    ...rows`
      ${D_O} | const dO = -dh.get(b, n) * tanhC; | Gate o | wrong sign
      ${D_C} | const dC = dc.get(b, n) + dh.get(b, n) * o * (1 - c.get(b, n) ** 2); | c itself is squared
      ${D_C} | const dC = dc.get(b, n) + dh.get(b, n) * o * tanhC ** 2; | tanh² in place of 1 - tanh²
      Math.tanh(c.get(b, n)); | Math.atan(c.get(b, n)); | Look at tanhC
      ${D_C}\n      ${STORED} | const dC = dc.get(b, n) + dh.get(b, n) * o; | dc has the numbers of a known mistake: dc is used, but not stored | Look at dC
    `,
    [
      `${D_O}\n      ${D_C}`,
      'const dO = dh.get(b, n);\n const dC = dc.get(b, n) + dh.get(b, n) * (1 - tanhC * tanhC);',
      'dc and dcPrev have the numbers of a known mistake: dc without the factor o',
      'Look at tanhC, and at dO and dC',
    ],
  ],
  'cell-state': [
    ...rows`
      ${D_I} | const dI = -dC * j; | Gate i | wrong sign
      ${D_F} | const dF = dC * cPrev.get(b, n) * f; | df with the factor f too
      ${D_F} | const dF = 2 * dC * cPrev.get(b, n); | gate f | 2 times
      ${D_I}\n      ${D_J} | const dI = dC;\n      const dJ = dC; | Look at dI, and at dJ.
    `,
    [C_PREV, '', 'no gradient reaches the previous c directly'],
    [
      `${D_F}\n      ${C_PREV}`,
      'const dF = dC * c.get(b, n);\n      dcPrev.set(b, n, dC * f);',
      'dz has the numbers of a known mistake: df with c in place of cPrev',
      'dcPrev has the numbers of a known mistake: dcPrev loses',
    ],
  ],
  gates: [
    ...rows`
      ${ZF} | dz.set(b, H + n, dF * f * (1 - f)); | Of dz, gate j has the numbers of gate f, f is not written
      ${ZJ} | dz.set(b, H + n, dJ * (j * j - 1)); | Gate j | wrong sign
      ${ZF} | dz.set(b, 2 * H + n, dF * (f - f + f * f)); | f² in place of
      ${ZO} | dz.set(b, 3 * H + n, dz.get(b, 3 * H + n) + dO * o * (1 - o)); | added to what was there before
    `,
    [
      `${ZJ}\n      ${ZF}\n      ${ZO}`,
      `${ZJ}\n${ZF}\n${ZO}`.replaceAll('H +', '2 +'),
      'dz is right if H, the number of units, is 2, and wrong with every other H',
    ],
    [
      `${ZI}\n      ${ZJ}\n      ${ZF}\n      ${ZO}`,
      'dz.set(b, n, dO * o * (1 - o));\n dz.set(b, H + n, dI * i * (1 - i));\n dz.set(b, 2 * H + n, dF * f * (1 - f));\n dz.set(b, 3 * H + n, dJ * (1 - j * j));',
      'the numbers of gate',
    ],
    [
      `${ZJ}\n      ${ZF}`,
      'dz.set(b, H + n, dJ * j * (1 - j));\n dz.set(b, 2 * H + n, dF * f);',
      'Look at the line of dz for gate j, and at the line of dz for gate f',
    ],
  ],
  weights: [
    ...rows`
      ${LSTM_D_BIAS} | backend.columnSums(dBias, dz, { accumulate: true });\n  backend.columnSums(dBias, dz, { accumulate: true }); | dBias | 2 times
    `,
    [LSTM_D_WH, `${LSTM_D_WH}\n  ${LSTM_D_WH}`, 'dWh', '2 times'],
    [
      `${LSTM_D_WH} // dWh += hPrevᵀ·dz\n  ${LSTM_D_BIAS}`,
      'backend.matmul(dWh, hPrevTransposed, dz);\n  backend.columnSums(dBias, dz);',
      'dWh has the numbers of a known mistake: dWh is the term of one step',
      'dBias has the numbers of a known mistake: db is the term of one step',
    ],
    [
      `${LSTM_D_WH} // dWh += hPrevᵀ·dz\n  ${LSTM_D_BIAS}`,
      'backend.matmul(dWh, hPrevTransposed, dz);',
      'dWh has the numbers of a known mistake: dWh is the term of one step',
      'dBias is 0 everywhere',
    ],
    [
      `${H_PREV} // dhPrev += dz·Whᵀ\n  ${LSTM_D_WH}`,
      'backend.matmul(dhPrev, dz, WhTransposed);\n  backend.matmul(dWh, hPrevTransposed, dz);',
      'Look at the line of dhPrev',
    ],
  ],
  'through-time': [
    ...rows`
      ${DC} | if (dcUpstream) backend.copy(dc, dcUpstream);\n  else backend.fill(dc, 0);\n  backend.fill(dc, 0); | dc begins as zero
      ${LOOP} | for (const n of steps.keys()) { | from the first step to the last
      ${LOOP} | for (let n = steps.length - 1; n >= 1; n -= 1) { | first step is left out
      ${CALL} | if (running) lstmStepBackward(backend, lstm, running);\n    backend.fill(running.dhPrev, 0); | dhPrev is cleared after each step
      ${CALL} | if (running) lstmStepBackward(backend, lstm, running);\n    backend.fill(running.dcPrev, 0); | dcPrev is cleared after each step
      ${DC} | backend.fill(dc, 0);\n  if (dcUpstream) backend.add(dh, dcUpstream); | Look at what dh and dc begin as
      ${LOOP} | for (let n = steps.length - 1; n >= 0; n -= 2) { | Look at the loop over the steps | with one step, all are right
    `,
    [`${NO_KERNEL}\n  ${NO_BIAS}`, '', 'dWh, dWx and dBias are added to what was there before'],
    [
      CALL,
      `backend.fill(dKernel, 0);\n    backend.fill(dBias, 0);\n    ${CALL}`,
      'dWh and dWx have the numbers of a known mistake: dKernel is cleared',
      'dBias has the numbers of a known mistake: dBias is cleared',
    ],
    [CALL, `backend.fill(running.dhPrev, 0);\n    ${CALL}`, 'only the last row of dhUpstream', 'before each step'],
    [CALL, `backend.fill(running.dcPrev, 0);\n    ${CALL}`, 'only the last row of dcUpstream', 'before each step'],
    [
      CALL,
      `backend.fill(running.dcPrev, 0);\n    backend.fill(running.dhPrev, 0);\n    ${CALL}`,
      'dhPrev and dcPrev are cleared before each step',
    ],
  ],
  adam: [
    ...rows`
      ${MEAN} | (1 - BETA1) * M.get(n) + BETA1 * gradient | β₁ and 1-β₁ are exchanged
      ${EACH} | for (let n = 1; n < P.size; n++) | In m, v and p, only element 0 is wrong, in every case
      ${EACH} | for (let n = 0; n < P.size - 1; n++) | only the last element is wrong
      ${MOVE} | P.set(n, P.get(n) - (rate * mean) * (Math.sqrt(square) + EPSILON)); | multiplied by √v
      V.set(n, square); | V.set(n, Math.max(square, EPSILON)); | Look at V and its new square
      V.set(n, square); | V.set(n, Math.max(square, EPSILON ** 2)); | Look at V and its new square
      M.set(n, mean); | M.set(n, Math.abs(mean) < EPSILON ? 0 : mean); | Look at M and its new mean
      ${SQUARE} | V.get(n) + (gradient * gradient + EPSILON - V.get(n)) * (1 - BETA2) | Look at V and its new square
      ${SQUARE} | V.get(n) + (gradient * gradient - V.get(n)) * (1 - BETA2) + EPSILON ** 2 | Look at V and its new square
      ${SQUARE} | V.get(n) + ((gradient + EPSILON) ** 2 - V.get(n)) * (1 - BETA2) | Look at V and its new square
      ${ALPHA} | (learningRate * Math.sqrt(1 - BETA2 ** t)) / (1 - BETA1 ** t + EPSILON) | Look at α
    `,
    [MOVE, '', 'p is never updated'],
    ['M.set(n, mean);\n    V.set(n, square);', '', 'no diagnosis'],
    [
      `M.set(n, mean);\n    V.set(n, square);\n    ${MOVE}`,
      `${MOVE.replace('mean', 'M.get(n)')}\n    M.set(n, mean);\n    V.set(n, square);`,
      'the old m moves p',
    ],
    [
      `M.set(n, mean);\n    V.set(n, square);\n    ${MOVE}`,
      `${MOVE.replace('square', 'V.get(n)')}\n    M.set(n, mean);\n    V.set(n, square);`,
      'the old v',
    ],
    [
      `V.set(n, square);\n    ${MOVE}`,
      `V.set(n, square);\n    ${MOVE.replace(' - ', ' + ').replace('Math.sqrt(square) + EPSILON', 'Math.sqrt(square + EPSILON)')}`,
      'p is wrong, and α, m and v are right. Look at the line of P.',
    ],
  ],
  'every-step': [
    ...rows`
      ${D_B} | for (let n = 0; n < dLogits.shape[0]; n++) for (let k = 0; k < db.size; k++) db.set(k, dLogits.get(n, k)); | db is dLogits of the last row
      ${D_B} | backend.columnSums(db, dLogits);\n  for (let k = 0; k < db.size; k++) db.set(k, -db.get(k)); | db have the wrong sign
      ${D_STATES} | states.forEach((state, k) => backend.matmul(dStates[k], dLogits, transposeOf(rowsOf(W, 0, state.shape[1])))); | first rows of W
    `,
    [`${D_W}\n  ${D_B}`, '', 'dW and db are not written'],
    [
      D_B,
      'for (let n = 0; n < dLogits.shape[0]; n++) for (let k = 0; k < db.size; k++) db.set(k, db.get(k) + dLogits.get(n, k));',
      'db is added to what it held',
    ],
    [
      D_B,
      `${D_B}\n  for (let r = 0; r < dW.shape[0]; r++)
    for (let k = 0; k < db.size; k++) dW.set(r, k, dW.get(r, k) / dLogits.shape[0]);`,
      'dW',
      'number of rows',
    ],
    [
      D_B,
      `backend.fill(db, 0);
  for (let n = 1; n < dLogits.shape[0]; n++) for (let k = 0; k < db.size; k++) db.set(k, db.get(k) + dLogits.get(n, k));`,
      'without the first row',
    ],
    [
      D_W,
      `rowBlocks(dW, states).forEach((dWk, k) => {
    for (let n = 0; n < dLogits.shape[0]; n++)
      for (let m = 0; m < dWk.shape[0]; m++)
        for (let c = 0; c < dWk.shape[1]; c++) dWk.set(m, c, states[k].get(n, m) * dLogits.get(n, c));
  });`,
      'dW',
      'last row',
    ],
    [
      D_STATES,
      `rowBlocks(W, states).forEach((Wk, k) => {
    for (let n = 0; n < dLogits.shape[0]; n++)
      for (let m = 0; m < Wk.shape[0]; m++)
        for (let c = 0; c < Wk.shape[1]; c++) dStates[k].set(n, m, dLogits.get(n, c) * Wk.get(m, c));
  });`,
      'last class',
    ],
    ...rows`
      ${DENSE} | denseBackward(backend, [readRows(lstm.dh)], dW, db, dLogits, [readRows(h)], W); | which rows of dhUpstream
    `,
    [DENSE, `${DENSE}\n  backend.fill(db, 1); backend.fill(dW, 1);`, 'Look at how often denseBackward is called'],
    [
      `${DENSE}\n  ${WHOLE}`,
      DENSE.replace('readRows(h)', 'matrixOf(rowsOf(h, 0, T))'),
      'dW has the numbers of a known mistake: the output layer’s states are read from rows 0',
      'dx, dh and dc are not written',
    ],
    [
      `${DENSE}\n  ${WHOLE}`,
      `${WHOLE}\n  ${DENSE.replace('readRows(h)', 'readRows(lstm.c)')}`,
      'dW has the numbers of a known mistake: the output layer reads c in place of h',
      'have the numbers of a known mistake: the LSTM goes backward without the output layer’s gradients',
    ],
    [DENSE, `${DENSE}\n  for (let k = 0; k < db.size; k++) db.set(k, db.get(k) / T);`, 'db', 'number of steps'],
  ],
  scan: rows`
      ${ADDED} | dBefore.set(b, n, dH * a.get(t, b, n)); | overwritten, not added to
      ${ADDED} |  | no gradient reaches the state before
      ${ADDED} | dBefore.set(b, n, dBefore.get(b, n) + dH * a.get(t > 0 ? t - 1 : 0, b, n)); | a of the step before, a[t-1]
      ${ADDED} | if (t >= 1) stepOf(dh, t - 1).set(b, n, stepOf(dh, t - 1).get(b, n) + dH * a.get(t, b, n)); | the initial state is forgotten
      ${ADDED} | dBefore.set(b, n, dBefore.get(b, n) + dH * a.get(t, b, n) / B); | Look at what each step adds
      ${ADDED} | dBefore.set(b, n, dBefore.get(b, n) + Math.tanh(dH) * a.get(t, b, n)); | Look at what each step adds
      ${ADDED} | if (b === 0) dBefore.set(b, n, dBefore.get(b, n) + dH * a.get(t, b, n)); | Look at what each step adds
      ${SCAN_LOOP} | for (const t of Array(T).keys()) { | from the first step to the last
      ${SCAN_LOOP} | for (let t = T - 1; t >= 1; t -= 1) { | the first step is left out
      ${SCAN_LOOP} | for (let t = T - 1; t >= 0; t -= 2) { | Look at the loop over the steps
      ${DA} | const dA = dH * h.get(t, b, n); | da is a product with h in place of hPrev
      ${DA} | const dA = -dH * before.get(b, n); | da has the wrong sign
      ${DA} | const dA = t === 0 ? 0 : dH * h.get(t - 1, b, n); | da is 0 in the first step
      ${DA} | const dA = dH * before.get(0, n); | da is wrong | Look at what is written into da
      ${DA} | const dA = dH * h.get(Math.max(t - 1, 0), b, n); | the first step reads the state of the first step
      ${DA} | const dA = dH * before.get(b, n) + a.get(t, b, n); | Look at what is written into da
      ${DB} | const dB = 2 * dH; | Every number of db is 2 times
      ${DB} | const dB = dH * dH; | db is wrong | Look at what is written into db
      ${DB} | const dB = dh.get(0, b, n); | db is wrong | Look at what is written into db
      ${DA}\n        ${DB} | const dA = dH;\n const dB = dH * before.get(b, n); | da and db are exchanged
      da.set(t, b, n, dA); | da.set(t, b, n, da.get(t, b, n) + dA); | da is added to what was there before
      da.set(t, b, n, dA); | da.set(T - 1 - t, b, n, dA); | da is wrong | Look at what is written into da
      n < H | n < H - 1 | only the last unit is wrong
      n = 0 | n = 1 | only unit 0 is wrong
      b < B | b < 1 | only sequence 0 is right
    `,
  'gru-step': rows`
      ${DN} | const dN = dh.get(b, k) * z; | dn with z in place of 1-z
      ${DN} | const dN = dh.get(b, k); | dn is dh
      ${DN} | const dN = dh.get(b, k) * (1 - z * z); | Look at dn and daxn
      ${DN} | const dN = dh.get(b, k) * (1 - z) - 0.5; | Look at dn and daxn
      ${D_Z} | const dZ = dh.get(b, k) * (n - hPrev.get(b, k)); | the sign of dz, or of daz, is reversed
      ${D_Z} | const dZ = dh.get(b, k) * hPrev.get(b, k); | dz is a product with hPrev alone
      ${D_Z} | const dZ = dh.get(b, k) * z * (hPrev.get(b, k) - n); | h[t], the new state, in place of h[t-1]
      ${D_Z} | const dZ = dh.get(b, k) * (hPrev.get(b, k) - n * r); | Look at dz
      ${GRU_PREV} | dhPrev.set(b, k, dh.get(b, k) * z); | dhPrev loses what reaches h from outside
      ${GRU_PREV} |  | no gradient reaches hPrev through z*hPrev
      ${GRU_PREV} | dhPrev.set(b, k, dhPrev.get(b, k) + dh.get(b, k) * (1 - z)); | dhPrev with 1-z in place of z
      ${GRU_PREV} | dhPrev.set(b, k, dhPrev.get(b, k) + dh.get(b, k) * z * r); | dhPrev is wrong | Look at what is added to dhPrev
      ${GRU_PREV} | dhPrev.set(b, k, 0); | dhPrev is 0 everywhere, but held other numbers before
      ${DAXN} | const daxn = dN * (1 - n); | n is not squared
      ${DAXN} | const daxn = dN * (1 - n ** 4); | Look at dn and daxn
      ${DR} | const dR = daxn * n; | dr with n in place of ahn
      ${DR} | const dR = daxn * (ahn + r); | Look at dr
      ${DAHN} | dah.set(b, 2 * H + k, daxn); | dahn is daxn
      ${DAHN} | dah.set(b, 2 * H + k, daxn * r * r); | Gate n of dah is wrong | Look at what is written into gate n of dah
      ${DAHN} | dax.set(b, 2 * H + k, daxn * r); | daxn has the factor r | dahn is not written
      ${DAR} | const dar = dR * z * (1 - z); | it is the derivative of another gate
      ${DAR} | const dar = dR * r * (1 - r) / 2; | gate r of dax and gate r of dah is 0.5 times
      ${DAZ} | const daz = -dZ * z * (1 - z); | the sign of dz, or of daz, is reversed
      ${DAZ} | const daz = dZ * z * (1 - z) * r; | Look at dz
      ${DAR}\n      ${DAZ} | const daz = dR * r * (1 - r);\n const dar = dZ * z * (1 - z); | r and z are exchanged
      dah.set(b, k, dar); | dah.set(b, k, daz); | Of dah, gate r has the numbers of gate z
      dah.set(b, k, dar); | dah.set(b, k, dar + daxn); | Look at what is written into gate r of dah
      dax.set(b, k, dar); |  | Gate r of dax is not written
      dax.set(b, H + k, daz); | dax.set(b, H + k, dax.get(b, H + k) + daz); | added to what was there before
    `,
};
