/**
 * More mistakes that readers make in the lines of the exercises, besides those of marks.mjs and planted-mistakes.mjs. They have the
 * form of marks.mjs. Under each text of the solution stand the texts that can take its place, after their words.
 */
import { LSTM_SLIPS } from './lstm-slips.mjs';
import { OTHER_CELL_SLIPS } from './other-cell-slips.mjs';

const LOGIT = '(probabilities.get(b, k) * sum - y.get(b, k)) / count';
const D_STATES = 'rowBlocks(W, states).forEach((Wk, k) => backend.matmul(dStates[k], dLogits, transposeOf(Wk)));';
const D_W = 'rowBlocks(dW, states).forEach((dWk, k) => backend.matmul(dWk, transposeOf(states[k]), dLogits));';
const DZ = 'const dz = dh[t + 1][b][n] * (1 - h[t + 1][b][n] ** 2);';
const ALPHA = '(learningRate * Math.sqrt(1 - BETA2 ** t)) / (1 - BETA1 ** t)';
const MOVE = 'P.get(n) - (rate * mean) / (Math.sqrt(square) + EPSILON)';

/** The loops of a product over n, m and c with `line` inside. */
const product = (views, line) =>
  `${views} {
    for (let n = 0; n < dLogits.shape[0]; n++)
      for (let m = 0; m < states[k].shape[1]; m++)
        for (let c = 0; c < dLogits.shape[1]; c++) ${line}
  });`;

/** Labels as a single class: what counts as one, in the slip's words and in code. */
const COUNTED = {
  'y is 1': 'y.get(b, k) === 1',
  'y is above 0': 'y.get(b, k) > 0',
  'y is above ½': 'y.get(b, k) > 0.5',
};
const LABEL_SLIPS = Object.fromEntries(
  Object.entries(COUNTED).flatMap(([words, test]) => [
    [
      `only a class whose ${words} gets a gradient, p - 1: the others must get p`,
      `${test} ? (probabilities.get(b, k) - 1) / count : 0`,
    ],
    [
      `1 is subtracted where ${words}, and 0 elsewhere: y itself must be`,
      `(probabilities.get(b, k) * sum - (${test} ? 1 : 0)) / count`,
    ],
    [
      `two mistakes: 1 is subtracted where ${words}, and 0 elsewhere, in place of y; and p is not multiplied by Σy`,
      `(probabilities.get(b, k) - (${test} ? 1 : 0)) / count`,
    ],
  ]),
);

/** Of denseBackward, which a loss at every step needs. */
const DENSE_SLIPS = {
  'backend.columnSums(db, dLogits);': {
    'db is dLogits of the last row only': 'backend.copy(db, dLogits.pick(dLogits.shape[0] - 1));',
    'db is the sum without the first row':
      'backend.columnSums(db, dLogits);\n  for (let k = 0; k < db.size; k++) db.set(k, db.get(k) - dLogits.get(0, k));',
    'db is the sum without the last row':
      'backend.columnSums(db, dLogits);\n  for (let k = 0; k < db.size; k++) db.set(k, db.get(k) - dLogits.get(dLogits.shape[0] - 1, k));',
  },
  [D_STATES]: {
    'only the first state gets its gradient':
      'backend.matmul(dStates[0], dLogits, transposeOf(rowBlocks(W, states)[0]));',
    'every state uses the first rows of W':
      'states.forEach(({ shape: [, H] }, k) => backend.matmul(dStates[k], dLogits, transposeOf(rowsOf(W, 0, H))));',
    'dStates has only the term of the last class, not the sum over the classes': product(
      'rowBlocks(W, states).forEach((Wk, k) =>',
      'dStates[k].set(n, m, dLogits.get(n, c) * Wk.get(m, c));',
    ),
  },
  [D_W]: {
    'of dW, only the rows of the first state are computed':
      'backend.matmul(rowBlocks(dW, states)[0], transposeOf(states[0]), dLogits);',
    'every state writes the first rows of dW':
      'states.forEach((state, k) => backend.matmul(rowsOf(dW, 0, state.shape[1]), transposeOf(state), dLogits));',
    'dW has only the term of the last row, not the sum over the rows': product(
      'rowBlocks(dW, states).forEach((dWk, k) =>',
      'dWk.set(m, c, states[k].get(n, m) * dLogits.get(n, c));',
    ),
  },
};

/** By the names of the exercises. */
export const SLIPS = {
  sigmoid: {
    'dI * i * (1 - i)': {
      'dI is divided by σ′, not multiplied': 'dI / (i * (1 - i))',
      'dI is added to σ′, not multiplied': 'dI + i * (1 - i)',
      'parentheses are missing: dI·i - i² is not dI·(i - i²)': 'dI * i - i * i',
      '1+i in place of 1-i': 'dI * i * (1 + i)',
      'σ′ is missing': 'dI',
      'σ′ is missing, and so is dI: this is i, the result of σ': 'i',
      'tanh′ of i, which is already σ(zi)': 'dI * (1 - Math.tanh(i) ** 2)',
      'σ′ of dI in place of σ′: dI in place of i': 'dI * dI * (1 - dI)',
      'i² in place of i·(1-i)': 'dI * i * i',
      '(1-i)² in place of i·(1-i)': 'dI * (1 - i) * (1 - i)',
      'parentheses are missing around 1-i: this is dI·i - i': 'dI * i * 1 - i',
      'σ′ without the factor i, and i-1 in place of 1-i': 'dI * (i - 1)',
      'σ′ with i² in place of i': 'dI * i * i * (1 - i)',
      'σ(i) in place of σ′; and i is already σ(zi)': 'dI * sigmoid(i)',
      '1-σ(i) in place of σ′; and i is already σ(zi)': 'dI * (1 - sigmoid(i))',
      'σ′ is subtracted from dI, not multiplied': 'dI - i * (1 - i)',
      '1-dI in place of 1-i': 'dI * i * (1 - dI)',
    },
  },
  softmax: {
    [LOGIT]: {
      'two mistakes: it is right only for labels that add up to 1, and the divisor is the number of all rows, as in chapter 2':
        '(probabilities.get(b, k) - y.get(b, k)) / B',
      'two mistakes: it is right only for labels that add up to 1, and it is the gradient of the sum over the batch':
        'probabilities.get(b, k) - y.get(b, k)',
      'two mistakes: the sign is reversed, and it is right only for labels that add up to 1':
        '(y.get(b, k) - probabilities.get(b, k)) / count',
      'the divisor is the number of classes, not count': '(probabilities.get(b, k) * sum - y.get(b, k)) / C',
      'the divisor is the number of elements, not count': '(probabilities.get(b, k) * sum - y.get(b, k)) / (B * C)',
      'it is multiplied by count, not divided': '(probabilities.get(b, k) * sum - y.get(b, k)) * count',
      'only y is divided by count: parentheses are missing': 'probabilities.get(b, k) * sum - y.get(b, k) / count',
      'p*(Σy - y): the parentheses stand around the wrong difference':
        '(probabilities.get(b, k) * (sum - y.get(b, k))) / count',
      'it is divided by Σy, not by count': '(probabilities.get(b, k) * sum - y.get(b, k)) / sum',
      'y is multiplied by Σy, in place of p': '(probabilities.get(b, k) - y.get(b, k) * sum) / count',
      'p - 1 in every class, with 1 in place of y': '(probabilities.get(b, k) * sum - 1) / count',
      'the gradient with respect to p, not to the logits': '-y.get(b, k) / probabilities.get(b, k) / count',
      'the gradient with respect to p, not to the logits, with the wrong sign':
        'y.get(b, k) / probabilities.get(b, k) / count',
      'y in place of p - y': 'y.get(b, k) / count',
      ...LABEL_SLIPS,
      'p + y in place of p - y': '(probabilities.get(b, k) * sum + y.get(b, k)) / count',
      'the labels are missing: this is p·Σy alone': '(probabilities.get(b, k) * sum) / count',
      'y is multiplied by Σy too: only p has this factor': '((probabilities.get(b, k) - y.get(b, k)) * sum) / count',
      'y is divided by Σy; p must be multiplied by it': '(probabilities.get(b, k) - y.get(b, k) / sum) / count',
      'p - y has an extra factor p·(1-p), as if each class had a σ of its own':
        '((probabilities.get(b, k) * sum - y.get(b, k)) * probabilities.get(b, k) * (1 - probabilities.get(b, k))) / count',
      'two mistakes: p - y has an extra factor p·(1-p), and p is not multiplied by Σy':
        '((probabilities.get(b, k) - y.get(b, k)) * probabilities.get(b, k) * (1 - probabilities.get(b, k))) / count',
      'every row reads p of row 0': '(probabilities.get(0, k) * sum - y.get(b, k)) / count',
      'two mistakes: every row reads p of row 0, and p is not multiplied by Σy':
        '(probabilities.get(0, k) - y.get(b, k)) / count',
      'every row reads y of row 0': '(probabilities.get(b, k) * sum - y.get(0, k)) / count',
      'log p in place of p': '(Math.log(probabilities.get(b, k)) * sum - y.get(b, k)) / count',
      'two mistakes: log p in place of p, and without the factor Σy':
        '(Math.log(probabilities.get(b, k)) - y.get(b, k)) / count',
      'this is the loss of each class, -y·log p, not its gradient':
        '(-y.get(b, k) * Math.log(probabilities.get(b, k))) / count',
    },
    'for (let k = 0; k < C; k++) dLogits': {
      'a row without a label is skipped: its gradient, 0, must be written too':
        'if (sum !== 0) for (let k = 0; k < C; k++) dLogits',
      'only the first `count` rows are written: dLogits has B rows':
        'if (b < count) for (let k = 0; k < C; k++) dLogits',
    },
    'sum += y.get(b, k);': {
      'Σy is only the last label of the row': 'sum = y.get(b, k);',
      'every row has the Σy of row 0': 'sum += y.get(0, k);',
    },
    'for (let k = 0; k < C; k++) sum': {
      'Σy is without the last label of the row': 'for (let k = 0; k < C - 1; k++) sum',
      'Σy is without the first label of the row': 'for (let k = 1; k < C; k++) sum',
    },
    'let sum = 0;': {
      'Σy begins at 1': 'let sum = 1;',
      'Σy is the sum of all rows so far: it is not set to 0 for each row':
        'let sum = 0;\n    for (let r = 0; r < b; r++) for (let k = 0; k < C; k++) sum += y.get(r, k);',
    },
  },
  product: {
    'db[n] += dz[b][n];': {
      'db is dz of the last row, not the sum of the rows': 'db[n] = dz[b][n];',
      'db is the mean of the rows, not their sum': 'db[n] += dz[b][n] / B;',
      'db is not written': '',
    },
    'dW[k][n] += x[b][k] * dz[b][n];': {
      'dW has only the term of the last row, not the sum over the rows': 'dW[k][n] = x[b][k] * dz[b][n];',
      'a transpose is missing: dW is x·dz, and must be xᵀ·dz': 'dW[k][n] += x[k][b] * dz[b][n];',
      'the two indices of dW are exchanged: this is its transpose': 'dW[n][k] += x[b][k] * dz[b][n];',
      'x is missing in dW': 'dW[k][n] += dz[b][n];',
      'dW reads W in place of x': 'dW[k][n] += W[k][n] * dz[b][n];',
      'the sign of dW is reversed': 'dW[k][n] -= x[b][k] * dz[b][n];',
      'dW is divided by B: the loss is already what dz belongs to': 'dW[k][n] += (x[b][k] * dz[b][n]) / B;',
      'dW is not written': '',
    },
    'dx[b][k] += dz[b][n] * W[k][n];': {
      'dx has only the term of the last column, not the sum over the columns': 'dx[b][k] = dz[b][n] * W[k][n];',
      'a transpose is missing: dx is dz·W, and must be dz·Wᵀ': 'dx[b][k] += dz[b][n] * W[n][k];',
      'W is missing in dx': 'dx[b][k] += dz[b][n];',
      'dx reads x in place of W': 'dx[b][k] += dz[b][n] * x[b][k];',
      'the sign of dx is reversed': 'dx[b][k] -= dz[b][n] * W[k][n];',
      'dx is not written': '',
    },
  },
  'rnn-step': {
    [DZ]: {
      // so does each answer whose dz is 0
      'every step adds only 0, as when dz reads dh of row t, which is still 0, in place of row t+1':
        'const dz = dh[t][b][n] * (1 - h[t + 1][b][n] ** 2);',
      'h is not squared: tanh′ is 1 - h²': 'const dz = dh[t + 1][b][n] * (1 - h[t + 1][b][n]);',
      'h itself in place of its derivative 1 - h²': 'const dz = dh[t + 1][b][n] * h[t + 1][b][n];',
      'h² in place of 1 - h²': 'const dz = dh[t + 1][b][n] * h[t + 1][b][n] ** 2;',
      'the sign of dz is reversed: h² - 1': 'const dz = dh[t + 1][b][n] * (h[t + 1][b][n] ** 2 - 1);',
      'dz is divided by B; the loss is already a mean': 'const dz = (dh[t + 1][b][n] * (1 - h[t + 1][b][n] ** 2)) / B;',
      'dh is missing in dz: this is tanh′ alone': 'const dz = 1 - h[t + 1][b][n] ** 2;',
      'parentheses are missing around 1 - h²: this is dh - h²': 'const dz = dh[t + 1][b][n] * 1 - h[t + 1][b][n] ** 2;',
      'dz reads dh of the last row at every step': 'const dz = dh[T][b][n] * (1 - h[t + 1][b][n] ** 2);',
      'dz reads h of the last row at every step': 'const dz = dh[t + 1][b][n] * (1 - h[T][b][n] ** 2);',
    },
    'dBias[0][n] += dz;': {
      'dBias is only its last term, not the sum over steps and sequences': 'dBias[0][n] = dz;',
      'dBias adds dh in place of dz': 'dBias[0][n] += dh[t + 1][b][n];',
      'dBias adds the terms of the first sequence only': 'if (b === 0) dBias[0][n] += dz;',
    },
    'dWx[k][n] += x[t][b][k] * dz;': {
      'dWx is 0 at the end: nothing is added to it, or it is cleared too late': ';',
      'dWx uses dh in place of dz': 'dWx[k][n] += x[t][b][k] * dh[t + 1][b][n];',
      'dWx reads Wx in place of x': 'dWx[k][n] += Wx[k][n] * dz;',
      'x is missing in dWx': 'dWx[k][n] += dz;',
      'dWx reads x of the first step at every step': 'dWx[k][n] += x[0][b][k] * dz;',
      'dWx reads x of the first sequence for every sequence': 'dWx[k][n] += x[t][0][k] * dz;',
      'dWx adds the terms of the first sequence only': 'if (b === 0) dWx[k][n] += x[t][b][k] * dz;',
    },
    'for (let k = 0; k < I; k++) dWx': {
      'row 0 of dWx is 0 at the end: nothing is added to it, or it is cleared too late':
        'for (let k = 1; k < I; k++) dWx',
      'the last row of dWx is 0 at the end: nothing is added to it, or it is cleared too late':
        'for (let k = 0; k < I - 1; k++) dWx',
    },
    'dWh[m][n] += h[t][b][m] * dz;': {
      'dWh is 0 at the end: nothing is added to it, or it is cleared too late': '',
      'dWh reads h of unit n in place of unit m': 'dWh[m][n] += h[t][b][n] * dz;',
      'dWh uses dh in place of dz': 'dWh[m][n] += h[t][b][m] * dh[t + 1][b][n];',
      'dWh reads Wh in place of h': 'dWh[m][n] += Wh[m][n] * dz;',
      'h is missing in dWh': 'dWh[m][n] += dz;',
      'dWh reads h of the first sequence for every sequence': 'dWh[m][n] += h[t][0][m] * dz;',
      'dWh adds the terms of the first sequence only': 'if (b === 0) dWh[m][n] += h[t][b][m] * dz;',
    },
    'dh[t][b][m] += dz * Wh[m][n];': {
      'the term of unit m is added to unit n of dh': 'dh[t][b][n] += dz * Wh[m][n];',
      'dh uses dh of the next row in place of dz': 'dh[t][b][m] += dh[t + 1][b][n] * Wh[m][n];',
      'the term is added to dh of row t+1, in place of row t': 'dh[t + 1][b][m] += dz * Wh[m][n];',
      'the sign of the term in dh is reversed': 'dh[t][b][m] -= dz * Wh[m][n];',
      'Wh is missing in dh': 'dh[t][b][m] += dz;',
      'tanh′ twice: dh is not dz, the next step multiplies it by 1 - h²':
        'dh[t][b][m] += dz * Wh[m][n] * (1 - h[t][b][m] ** 2);',
      'dh reads h in place of Wh': 'dh[t][b][m] += dz * h[t][b][m];',
      'every sequence adds to dh of the first one': 'dh[t][0][m] += dz * Wh[m][n];',
    },
    'for (let m = 0; m < H; m++) {': {
      'the loop over m leaves out unit 0': 'for (let m = 1; m < H; m++) {',
      'the loop over m leaves out the last unit': 'for (let m = 0; m < H - 1; m++) {',
    },
  },
  'initial-state': {
    'for (let b = 0; b < B; b++) h[0][b].set(start[0]);': {
      'the first sequence does not get the initial state': 'for (let b = 1; b < B; b++) h[0][b].set(start[0]);',
      'the last sequence does not get the initial state': 'for (let b = 0; b < B - 1; b++) h[0][b].set(start[0]);',
      'h[0] is tanh(start); it is start itself': 'for (let b = 0; b < B; b++) h[0][b].set(start[0].map(Math.tanh));',
      'h[0] is start divided by B': 'for (let b = 0; b < B; b++) h[0][b].set(start[0].map((one) => one / B));',
    },
    'dStart[0][n] += dh[0][b][n];': {
      'dStart is 0 at the end: nothing is added to it, or it is cleared too late': ';',
      'dStart reads the first sequence B times': 'dStart[0][n] += dh[0][0][n];',
      'dStart has the term of the first sequence only': 'dStart[0][n] = dh[0][0][n];',
      'dStart has the factor tanh′, but start goes through no tanh':
        'dStart[0][n] += dh[0][b][n] * (1 - h[0][b][n] ** 2);',
      'dStart is multiplied by the initial state': 'dStart[0][n] += dh[0][b][n] * h[0][b][n];',
      'dStart is the sum of the rows of all steps': 'for (let t = 0; t <= T; t++) dStart[0][n] += dh[t][b][n];',
      'dStart adds h in place of dh': 'dStart[0][n] += h[0][b][n];',
      'dStart is the term of one sequence times B, not the sum over the batch': 'dStart[0][n] = dh[0][b][n] * B;',
    },
  },
  adam: {
    [ALPHA]: {
      'α is that of the update before: t-1 in place of t':
        '(learningRate * Math.sqrt(1 - BETA2 ** (t - 1))) / (1 - BETA1 ** (t - 1))',
      'α without the factor √(1-β₂ᵗ)': 'learningRate / (1 - BETA1 ** t)',
      'α without the division by 1-β₁ᵗ': 'learningRate * Math.sqrt(1 - BETA2 ** t)',
      'β₁ and β₂ are exchanged in α': '(learningRate * Math.sqrt(1 - BETA1 ** t)) / (1 - BETA2 ** t)',
      'the factor of α is upside down': '(learningRate * (1 - BETA1 ** t)) / Math.sqrt(1 - BETA2 ** t)',
      'α without the power t': '(learningRate * Math.sqrt(1 - BETA2)) / (1 - BETA1)',
      'α with β·t in place of βᵗ': '(learningRate * Math.sqrt(1 - BETA2 * t)) / (1 - BETA1 * t)',
      'the root covers 1-β₁ᵗ too': 'learningRate * Math.sqrt((1 - BETA2 ** t) / (1 - BETA1 ** t))',
      'α without the learning rate': 'Math.sqrt(1 - BETA2 ** t) / (1 - BETA1 ** t)',
      'the factor of α is upside down, and without the root': '(learningRate * (1 - BETA1 ** t)) / (1 - BETA2 ** t)',
      'parentheses are missing around 1-β₁ᵗ: α is divided by 1, and β₁ᵗ is subtracted':
        '(learningRate * Math.sqrt(1 - BETA2 ** t)) / 1 - BETA1 ** t',
      '^ in place of **: in JavaScript ^ is no power':
        '(learningRate * Math.sqrt((1 - BETA2) ^ t)) / ((1 - BETA1) ^ t)',
      '(1-β)ᵗ in place of 1-βᵗ': '(learningRate * Math.sqrt((1 - BETA2) ** t)) / (1 - BETA1) ** t',
    },
    'M.get(n) + (gradient - M.get(n)) * (1 - BETA1)': {
      'm with β₂ in place of β₁': 'M.get(n) + (gradient - M.get(n)) * (1 - BETA2)',
      'm does not decay: -m is missing': 'M.get(n) + gradient * (1 - BETA1)',
      'm without the factor 1-β₁ of g': 'BETA1 * M.get(n) + gradient',
      'm is the sum of the gradients': 'M.get(n) + gradient',
      'm without the m before': '(1 - BETA1) * gradient',
      'm is never updated': 'M.get(n)',
      'm moves away from g: the sign is reversed': 'M.get(n) - (gradient - M.get(n)) * (1 - BETA1)',
      'm is only its change: the m before is not added': '(gradient - M.get(n)) * (1 - BETA1)',
    },
    'V.get(n) + (gradient * gradient - V.get(n)) * (1 - BETA2)': {
      'v is g², not the running mean': 'gradient * gradient',
      'v is never updated': 'V.get(n)',
      'β₂ and 1-β₂ are exchanged': 'V.get(n) + (gradient * gradient - V.get(n)) * BETA2',
      'v with β₁ in place of β₂': 'V.get(n) + (gradient * gradient - V.get(n)) * (1 - BETA1)',
      'v does not decay: -v is missing': 'V.get(n) + gradient * gradient * (1 - BETA2)',
      'v without the factor 1-β₂ of g²': 'BETA2 * V.get(n) + gradient * gradient',
      'v is the running mean of the square of m, not of g²': 'V.get(n) + (mean * mean - V.get(n)) * (1 - BETA2)',
      'v with 2g in place of g²': 'V.get(n) + (2 * gradient - V.get(n)) * (1 - BETA2)',
      'v with (g - v)² in place of g² - v': 'V.get(n) + (gradient - V.get(n)) ** 2 * (1 - BETA2)',
      'v is only its change: the v before is not added': '(gradient * gradient - V.get(n)) * (1 - BETA2)',
    },
    'M.set(n, mean);': { 'm is not stored': '' },
    'V.set(n, square);': { 'v is not stored': '' },
    'M.set(n, mean);\n    V.set(n, square);': {
      'm and v are stored in exchange': 'M.set(n, square);\n    V.set(n, mean);',
    },
    'Math.sqrt(square) + EPSILON': {
      'the old v moves p: v is updated afterwards':
        'Math.sqrt((square - gradient * gradient * (1 - BETA2)) / BETA2) + EPSILON',
    },
    [MOVE]: {
      'ε is added to p, not to √v: parentheses are missing': 'P.get(n) - (rate * mean) / Math.sqrt(square) + EPSILON',
      'm is not divided by √v': 'P.get(n) - rate * mean',
      'α is missing in p': 'P.get(n) - mean / (Math.sqrt(square) + EPSILON)',
      'p is never updated': 'P.get(n)',
      'p loses its value: the step replaces it': '-(rate * mean) / (Math.sqrt(square) + EPSILON)',
      'm is multiplied by √v, not divided': 'P.get(n) - rate * mean * (Math.sqrt(square) + EPSILON)',
      'ε is 1e-7, as in Keras, in place of 1e-8': 'P.get(n) - (rate * mean) / (Math.sqrt(square) + 1e-7)',
      'the plain gradient moves p, without m and v': 'P.get(n) - rate * gradient',
    },
  },
  ...LSTM_SLIPS,
  'every-step': { ...DENSE_SLIPS, ...LSTM_SLIPS['every-step'] },
  ...OTHER_CELL_SLIPS,
};
