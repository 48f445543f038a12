/**
 * Wrong answers that learners write: a change of the JavaScript solution, and the words that the checker's diagnosis must have. Several
 * words: several mistakes at once. The lists were written before the checker could name most of them.
 */
import type { WrongAnswer } from './wrong-cell-answers.js';
import { CELL_ANSWERS } from './wrong-cell-answers.js';
import { SEQUENCE_ANSWERS } from './wrong-sequence-answers.js';

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

export const WRONG_ANSWERS: Readonly<Record<string, readonly WrongAnswer[]>> = {
  sigmoid: [
    [SIGMA, '-dI * i * (1 - i)', 'wrong sign'],
    [SIGMA, 'dI * i * (i - 1)', 'wrong sign'],
    [SIGMA, '2 * dI * i * (1 - i)', '2 times'],
    [SIGMA, 'dI * i', 'without the factor 1-i'],
    [SIGMA, 'dI * (1 - i)', 'without the factor i'],
    [SIGMA, 'i * (1 - i)', 'dI is missing'],
    [SIGMA, 'i - i * i', 'dI is missing'],
    [SIGMA, 'dI * (1 - i * i)', 'tanh′ in place of σ′'],
    [SIGMA, 'dI * (1 - i ** 2)', 'tanh′ in place of σ′'],
    [SIGMA, 'dI * sigmoid(i) * (1 - sigmoid(i))', 'σ is applied to i'],
    [SIGMA, '(dI * Math.exp(-i)) / (1 + Math.exp(-i)) ** 2', 'σ is applied to i'],
    [SIGMA, 'dI / (i * (1 - i))', 'divided by σ′'],
    [SIGMA, 'dI + i * (1 - i)', 'added to σ′'],
    [SIGMA, 'dI * i - i * i', 'parentheses'],
    [SIGMA, 'dI * i * (1 + i)', '1+i in place of 1-i'],
    [SIGMA, 'dI', 'σ′ is missing'],
    [SIGMA, 'dI * (1 - Math.tanh(i) ** 2)', 'tanh′ of i'],
    [SIGMA, 'dI * dI * (1 - dI)', 'dI in place of i'],
    [SIGMA, 'i', 'the result of σ'],
    [SIGMA, 'dI * i * 1 - i', 'parentheses', 'dI·i - i'],
    [SIGMA, 'dI * (i - 1)', 'i-1 in place of 1-i'],
    [SIGMA, 'dI * i ** 2 * (1 - i)', 'i² in place of i'],
    [SIGMA, '(dI * Math.exp(-i)) / (1 + Math.exp(-i))', '1-σ(i) in place of σ′'],
    [SIGMA, 'dI * sigmoid(i)', 'σ(i) in place of σ′'],
    [SIGMA, 'dI - i * (1 - i)', 'subtracted'],
    [SIGMA, 'dI * i * (1 - dI)', '1-dI in place of 1-i'],
  ],
  softmax: [
    [LOGIT, '(probabilities.get(b, k) - y.get(b, k)) / count', 'add up to 1'],
    [LOGIT, '(probabilities.get(b, k) - y.get(b, k)) / B', 'add up to 1', 'number of all rows'],
    [LOGIT, 'probabilities.get(b, k) - y.get(b, k)', 'add up to 1', 'sum over the batch'],
    [LOGIT, 'probabilities.get(b, k) * sum - y.get(b, k)', 'sum over the batch'],
    [LOGIT, '(probabilities.get(b, k) * sum - y.get(b, k)) / B', 'number of all rows'],
    [LOGIT, '(probabilities.get(b, k) * sum - y.get(b, k)) / C', 'number of classes'],
    [LOGIT, '(probabilities.get(b, k) * sum - y.get(b, k)) / (B * C)', 'number of elements'],
    [LOGIT, '(probabilities.get(b, k) * sum - y.get(b, k)) * count', 'multiplied by count'],
    [LOGIT, 'probabilities.get(b, k) * sum - y.get(b, k) / count', 'only y is divided'],
    [LOGIT, '(probabilities.get(b, k) * (sum - y.get(b, k))) / count', 'parentheses'],
    [LOGIT, '(probabilities.get(b, k) * sum - y.get(b, k)) / sum', 'divided by Σy'],
    [LOGIT, '(probabilities.get(b, k) - y.get(b, k) * sum) / count', 'y is multiplied by Σy'],
    [LOGIT, '(probabilities.get(b, k) * sum - 1) / count', '1 in place of y'],
    [LOGIT, '(y.get(b, k) - probabilities.get(b, k) * sum) / count', 'the sign is reversed'],
    [LOGIT, '(y.get(b, k) - probabilities.get(b, k)) / count', 'sign', 'add up to 1'],
    [LOGIT, '(probabilities.get(b, k) * (1 - probabilities.get(b, k))) / count', 'p*(1-p)'],
    [LOGIT, 'probabilities.get(b, k) / count', 'without the labels'],
    [LOGIT, '-y.get(b, k) / probabilities.get(b, k) / count', 'with respect to p'],
    [LOGIT, 'y.get(b, k) / probabilities.get(b, k) / count', 'with respect to p', 'sign'],
    [SUM, 'for (let k = 0; k < C; k++) sum = y.get(b, k);', 'only the last label'],
    [SUM, 'for (let k = 0; k < C - 1; k++) sum += y.get(b, k);', 'without the last label'],
    [SUM, 'for (let k = 1; k < C; k++) sum += y.get(b, k);', 'without the first label'],
    [SUM, 'for (let k = 0; k < C; k++) sum += probabilities.get(b, k);', 'add up to 1'],
    ['let sum = 0;', 'let sum = 1;', 'begins at 1'],
    [LOGIT, 'y.get(b, k) === 1 ? (probabilities.get(b, k) - 1) / count : 0', 'only a class whose y is 1', 'p - 1'],
    [LOGIT, '(probabilities.get(b, k) - (y.get(b, k) > 0.5 ? 1 : 0)) / count', 'where y is above ½', 'not multiplied'],
    [LOGIT, '(probabilities.get(b, k) * sum - Math.sign(y.get(b, k))) / count', '1 is subtracted where y is above 0'],
    [LOGIT, `(${LOGIT}) * probabilities.get(b, k) * (1 - probabilities.get(b, k))`, 'extra factor p·(1-p)'],
    [LOGIT, '((probabilities.get(b, k) - y.get(b, k)) * sum) / count', 'y is multiplied by Σy too'],
    [LOGIT, '(probabilities.get(b, k) - y.get(b, k) / sum) / count', 'y is divided by Σy'],
    [LOGIT, '(probabilities.get(0, k) * sum - y.get(b, k)) / count', 'p of row 0'],
    [LOGIT, '(Math.log(probabilities.get(b, k)) * sum - y.get(b, k)) / count', 'log p in place of p'],
    [LOGIT, '(-y.get(b, k) * Math.log(probabilities.get(b, k))) / count', 'the loss of each class'],
    [LOGIT, '(probabilities.get(b, k) * sum + y.get(b, k)) / count', 'p + y'],
    [LOGIT, `${LOGIT} / count`, 'divided by count', 'a division too many'],
    [SUM, `${SUM} if (sum === 0) continue;`, 'a row without a label is skipped'],
    [SUM, SUM.replace('get(b', 'get(0'), 'Σy of row 0'],
    ['for (let b = 0; b < B; b++) {', 'for (let b = 0; b < count; b++) {', 'only the first `count` rows'],
    [
      LOGIT,
      '(probabilities.get(b, k) * sum - Math.round(y.get(b, k))) / count',
      'in a row whose labels are not a single 1',
    ],
    [LOGIT, `sum === 0 ? 1 : ${LOGIT}`, 'Every wrong number of dLogits is in a row whose labels are all 0'],
    [LOGIT, `y.get(b, k) === 0 ? 5 : ${LOGIT}`, 'Every wrong number of dLogits is at a class whose label is 0'],
    [
      'for (let b = 0; b < B; b++) {\n    let sum = 0;',
      'let sum = 0;\n  for (let b = 0; b < B; b++) {',
      'all rows so far',
    ],
    ['for (let k = 0; k < C; k++) dLogits', 'for (let k = 1; k < C; k++) dLogits', 'class 0'],
    ['for (let k = 0; k < C; k++) dLogits', 'for (let k = 0; k < C - 1; k++) dLogits', 'last class'],
  ],
  product: [
    [D_B, '', 'db is not computed'],
    [D_W, '', 'dW is not computed'],
    [D_STATES, '', 'no gradient reaches the last h'],
    [`${D_W}\n  ${D_B}`, '', 'dW is not computed', 'db is not computed'],
    [D_STATES, D_STATES.replace('(Wk))', '(Wk), { accumulate: true })'), 'added to what dStates held'],
    [D_W, D_W.replace('dLogits)', 'dLogits, { accumulate: true })'), 'dW is added to what it held'],
    [D_B, 'backend.columnSums(db, dLogits, { accumulate: true });', 'db is added to what it held'],
    [
      D_B,
      'for (let n = 0; n < dLogits.shape[0]; n++) for (let k = 0; k < db.size; k++) db.set(k, db.get(k) + dLogits.get(n, k));',
      'db is added to what it held',
    ],
    [
      D_B,
      'for (let n = 0; n < dLogits.shape[0]; n++) for (let k = 0; k < db.size; k++) db.set(k, dLogits.get(n, k));',
      'db is dLogits of the last row',
    ],
    [D_B, 'backend.copy(db, dLogits.pick(0));', 'db is dLogits of the first row'],
    [
      D_B,
      `${D_B}\n  for (let k = 0; k < db.size; k++) db.set(k, db.get(k) / dLogits.shape[0]);`,
      'db is the mean of the rows',
    ],
    [D_B, `${D_B}\n  for (let k = 0; k < db.size; k++) db.set(k, -db.get(k));`, 'db has the wrong sign'],
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
      D_STATES,
      'backend.matmul(dStates[0], dLogits, transposeOf(rowBlocks(W, states)[0]));',
      'only the first state gets its gradient',
    ],
    [
      D_W,
      'backend.matmul(rowBlocks(dW, states)[0], transposeOf(states[0]), dLogits);',
      'only the rows of the first state',
    ],
    [
      D_STATES,
      'states.forEach((state, k) => backend.matmul(dStates[k], dLogits, transposeOf(rowsOf(W, 0, state.shape[1]))));',
      'first rows of W',
    ],
    [
      D_W,
      'states.forEach((state, k) => backend.matmul(rowsOf(dW, 0, state.shape[1]), transposeOf(state), dLogits));',
      'first rows of dW',
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
  ],
  'rnn-step': [
    [DZ, 'const dz = dh[t + 1][b][n];', '1 - h²'],
    [DZ, 'const dz = dh[t + 1][b][n] * (1 - h[t][b][n] ** 2);', 'row t'],
    [DZ, 'const dz = dh[t + 1][b][n] * h[t + 1][b][n] * (1 - h[t + 1][b][n]);', 'σ′ in place of tanh′'],
    [DZ, 'const dz = dh[t + 1][b][n] * (1 - Math.tanh(h[t + 1][b][n]) ** 2);', 'tanh is applied to h'],
    [DZ, 'const dz = dh[t + 1][b][n] * (1 - h[t + 1][b][n]);', 'not squared'],
    [DZ, 'const dz = dh[t + 1][b][n] * h[t + 1][b][n];', 'h itself'],
    [DZ, 'const dz = dh[t + 1][b][n] * (h[t + 1][b][n] ** 2 - 1);', 'sign of dz'],
    [DZ, 'const dz = (dh[t + 1][b][n] * (1 - h[t + 1][b][n] ** 2)) / B;', 'dz is divided by B'],
    [DZ, 'const dz = dh[t][b][n] * (1 - h[t + 1][b][n] ** 2);', 'dh of row t'],
    [DZ, 'const dz = 1 - h[t + 1][b][n] ** 2;', 'dh is missing'],
    [DZ, 'const dz = dh[t + 1][b][n] * 1 - h[t + 1][b][n] ** 2;', 'parentheses'],
    [DZ, 'const dz = dh[T][b][n] * (1 - h[t + 1][b][n] ** 2);', 'dh of the last row'],
    [D_WX, 'dWx[k][n] += x[0][b][k] * dz;', 'x of the first step'],
    [D_WH, 'dWh[m][n] += h[t][0][m] * dz;', 'h of the first sequence'],
    [D_H, 'dh[t][b][m] += dz * Wh[m][n] * (1 - h[t][b][m] ** 2);', 'tanh′ twice'],
    [D_H, 'dh[t][0][m] += dz * Wh[m][n];', 'dh of the first one'],
    [D_BIAS, '', 'dBias is 0 at the end'],
    [D_BIAS, 'dBias[0][n] = dz;', 'dBias is only its last term'],
    [D_BIAS, 'dBias[0][n] += dz / B;', 'dBias', 'number of sequences'],
    [D_BIAS, 'dBias[0][n] += dh[t + 1][b][n];', 'dBias adds dh'],
    [D_BIAS, 'dBias[0][n] -= dz;', 'dBias has the wrong sign'],
    [D_BIAS, 'if (b === 0) dBias[0][n] += dz;', 'dBias adds the terms of the first sequence only'],
    [D_WX, 'dWx[k][n] = x[t][b][k] * dz;', 'dWx is only its last term'],
    [D_WX, 'dWx[k][n] += x[t][b][k] * dh[t + 1][b][n];', 'dWx uses dh'],
    [D_WX, 'dWx[k][n] += (x[t][b][k] * dz) / B;', 'dWx', 'number of sequences'],
    [D_WX, 'dWx[k][n] += (x[t][b][k] * dz) / T;', 'dWx', 'number of steps'],
    [D_WX, 'dWx[k][n] += Wx[k][n] * dz;', 'dWx reads Wx'],
    [D_WX, 'dWx[k][n] += dz;', 'x is missing'],
    [D_WX, 'if (b === 0) dWx[k][n] += x[t][0][k] * dz;', 'dWx adds the terms of the first sequence only'],
    [`for (let k = 0; k < I; k++) ${D_WX}`, '', 'dWx is 0 at the end'],
    [`for (let k = 0; k < I; k++) ${D_WX}`, `for (let k = 1; k < I; k++) ${D_WX}`, 'row 0 of dWx'],
    [`for (let k = 0; k < I; k++) ${D_WX}`, `for (let k = 0; k < I - 1; k++) ${D_WX}`, 'last row of dWx'],
    [D_WH, '', 'dWh is 0 at the end'],
    [D_WH, 'dWh[m][n] = h[t][b][m] * dz;', 'dWh is only its last term'],
    [D_WH, 'dWh[m][n] += h[t + 1][b][m] * dz;', 'h after the step'],
    [D_WH, 'dWh[n][m] += h[t][b][m] * dz;', 'dWh is transposed'],
    [D_WH, 'dWh[m][n] += h[t][b][n] * dz;', 'h of unit n'],
    [D_WH, 'dWh[m][n] += h[t][b][m] * dh[t + 1][b][n];', 'dWh uses dh'],
    [D_WH, 'if (b < 1) dWh[m][n] += h[t][b][m] * dz;', 'dWh adds the terms of the first sequence only'],
    [D_H, '', 'no gradient reaches the previous h'],
    [D_H, 'dh[t][b][m] = dz * Wh[m][n];', 'not the sum over the units'],
    [D_H, 'dh[t][b][m] += dz * Wh[n][m];', 'Wh is not transposed'],
    [D_H, 'dh[t][b][n] += dz * Wh[m][n];', 'added to unit n'],
    [D_H, 'dh[t][b][m] += dh[t + 1][b][n] * Wh[m][n];', 'dh uses dh'],
    [`${D_WX}\n`, `dWx[k][n] = x[t][b][k] * dz;\n dBias[0][n] -= dz;\n`, 'dWx is only its last term', 'dBias'],
    [
      `${D_WH}\n          ${D_H}`,
      'dWh[m][n] += h[t + 1][b][m] * dz;\n          dh[t][b][m] += dz * Wh[n][m];',
      'h after the step',
      'Wh is not transposed',
    ],
    [
      `${D_WH}\n          ${D_H}`,
      'dWh[m][n] = h[t][b][m] * dz;\n          dh[t][b][m] = dz * Wh[m][n];',
      'dWh is only its last term',
      'not the sum over the units',
    ],
    ...['m < I', 'm < B', 'm < T', 'm < n', 'm <= n'].map((end): WrongAnswer => [
      OVER_M,
      OVER_M.replace('m < H', end),
      'Look at the loop over m',
    ]),
    [OVER_M, 'for (let m = n; m < H; m++) {', 'Look at the loop over m'],
    [OVER_M, `if (b > 0) ${OVER_M}`, 'Look at the loop over m'],
    [
      `${D_WH}\n          ${D_H}`,
      'dWh[n][m] += h[t][b][m] * dz;\n          dh[t][b][m] += dz * Wh[n][m];',
      'Look at the loop over m, and at its lines',
    ],
    [
      `${D_WH}\n          ${D_H}`,
      'dWh[m][n] += h[t + 1][b][m] * dz;\n          dh[t][b][m] += dz * h[t][b][m];',
      'h after the step',
      'dh reads h in place of Wh',
    ],
    [OVER_M, `if (b === 0) ${OVER_M}`, 'Look at the loops', 'with one step and one sequence, all are right'],
    [OVER_T, 'for (let t = 0; t < T; t++)', 'Look at the loops'],
    [OVER_T, 'for (let t = T - 1; t > 0; t--)', 'the loops around it'],
    [DZ, DZ.replace('** 2', '** 4'), 'Look at the line of dz'],
  ],
  'initial-state': [
    [START, '', 'h[0] is 0'],
    [START, 'for (let b = 0; b < B; b++) h[1][b].set(start[0]);', 'h[0] is 0'],
    [START, 'h[0][0].set(start[0]);', 'only the first sequence'],
    [START, 'for (let b = 1; b < B; b++) h[0][b].set(start[0]);', 'the first sequence does not get'],
    [START, 'for (let b = 0; b < B - 1; b++) h[0][b].set(start[0]);', 'the last sequence does not get'],
    [START, 'for (let b = 0; b < B; b++) h[0][b].fill(start[0][0]);', 'Look at the line of h[0]'],
    [START, 'for (let b = 0; b < B; b++) h[0][b].set(start[0].map(Math.tanh));', 'tanh'],
    [D_START, ';', 'dStart is 0 at the end'],
    [D_START, 'dStart[0][n] = dh[0][b][n];', 'the term of one sequence'],
    [D_START, 'dStart[0][n] += dh[0][b][n] / B;', 'mean over the batch'],
    [D_START, 'dStart[0][n] = dh[0][b][n] * B;', 'one sequence times B'],
    [
      START,
      'for (let b = 0; b < B; b++) for (let n = 0; n < H; n++) h[0][b][n] = start[0][n] / B;',
      'start divided by B',
    ],
    [D_START, 'dStart[0][n] += dh[0][0][n];', 'reads the first sequence B times'],
    [D_START, 'dStart[0][n] = dh[0][0][n];', 'the first sequence only'],
    [D_START, 'if (b === 0) dStart[0][n] += dh[0][b][n];', 'the first sequence only'],
    [D_START, 'dStart[0][n] += dh[1][b][n];', 'row 1 of dh'],
    [D_START, 'dStart[0][n] += dh[T][b][n];', 'last row of dh'],
    [D_START, 'dStart[0][n] -= dh[0][b][n];', 'dStart has the wrong sign'],
    [D_START, 'dStart[0][n] += dh[0][b][n] * (1 - h[0][b][n] ** 2);', 'tanh′'],
    [D_START, 'dStart[0][n] += dh[0][b][n] * h[0][b][n];', 'multiplied by the initial state'],
    [D_START, 'for (let t = 0; t <= T; t++) dStart[0][n] += dh[t][b][n];', 'rows of all steps'],
    [D_START, 'dStart[0][n] += h[0][b][n];', 'adds h'],
    [`for (let n = 0; n < H; n++) ${D_START}`, `for (let n = 1; n < H; n++) ${D_START}`, 'dStart', 'column 0'],
    [
      'const dStart = matrix(1, H);\n  const dh = h.map(() => matrix(B, H));',
      'const dStart = matrix(1, H, () => 1);\n  const dh = h.map(() => matrix(B, H));',
      'dStart is wrong',
    ],
  ],
  ...CELL_ANSWERS,
  ...SEQUENCE_ANSWERS,
};
