/** Wrong answers to the exercises on sequences, and on Adam: see wrong-answers.ts. */
import type { WrongAnswer } from './wrong-cell-answers.js';

const H_PREV = 'backend.matmul(dhPrev, dz, WhTransposed, { accumulate: true });';
const D_WH = 'backend.matmul(dWh, hPrevTransposed, dz, { accumulate: true });';
const D_BIAS = 'backend.columnSums(dBias, dz, { accumulate: true });';
const INPUT = 'inputBackward(backend, dx, dWx, dz, xTransposed, WxTransposed);';
const DH = 'backend.copy(dh, dhUpstream);';
const DC = 'if (dcUpstream) backend.copy(dc, dcUpstream);\n  else backend.fill(dc, 0);';
const NO_KERNEL = 'backend.fill(dKernel, 0);';
const NO_BIAS = 'backend.fill(dBias, 0);';
const NO_INPUTS = 'if (!accumulate) for (const dInput of dInputs) backend.fill(dInput, 0);';
const LOOP = 'for (let n = steps.length - 1; n >= 0; n--) {';
const CALL = 'if (running) lstmStepBackward(backend, lstm, running);';
const MEAN = 'M.get(n) + (gradient - M.get(n)) * (1 - BETA1)';
const SQUARE = 'V.get(n) + (gradient * gradient - V.get(n)) * (1 - BETA2)';
const ALPHA = '(learningRate * Math.sqrt(1 - BETA2 ** t)) / (1 - BETA1 ** t)';
const MOVE = 'P.set(n, P.get(n) - (rate * mean) / (Math.sqrt(square) + EPSILON));';
const EACH = 'for (let n = 0; n < P.size; n++)';
const DENSE = 'denseBackward(backend, [readRows(dhUpstream)], dW, db, dLogits, [readRows(h)], W);';
/** In a loop over the steps, of which h of row `row` is read. */
const perStep = (loop: string, row: string): string =>
  `for (let t = ${loop}) denseBackward(backend, [dhUpstream.pick(t + 1)], dW, db,
    rowsOf(dLogits, t * lstm.sizes.B, (t + 1) * lstm.sizes.B), [h.pick(${row})], W);`;
const WHOLE = 'lstmBackward(backend, lstm);';

export const SEQUENCE_ANSWERS: Readonly<Record<string, readonly WrongAnswer[]>> = {
  weights: [
    [H_PREV, '', 'no gradient reaches the previous h'],
    [D_WH, '', 'dWh is 0 at the end'],
    [D_BIAS, '', 'db is 0 at the end'],
    [INPUT, '', 'no step adds to dx and dWx'],
    [H_PREV, 'backend.matmul(dhPrev, dz, WhTransposed);', 'dhPrev loses'],
    [D_WH, 'backend.matmul(dWh, hPrevTransposed, dz);', 'dWh is the term of one step'],
    [D_BIAS, 'backend.columnSums(dBias, dz);', 'db is the term of one step'],
    [H_PREV, H_PREV.replace('dhPrev', 'dh'), 'added to dh of the same step'],
    [D_WH, D_WH.replace('hPrevTransposed', 'step.h.transpose(1, 0)'), 'h in place of hPrev'],
    [D_WH, `${D_WH}\n  ${D_WH}`, 'dWh', '2 times'],
    [D_BIAS, `${D_BIAS}\n  ${D_BIAS}`, 'dBias', '2 times'],
    [INPUT, `${INPUT}\n  ${INPUT}`, 'twice'],
    [
      INPUT,
      'if (dx.length > 0) backend.matmul(dx[0], dz, WxTransposed[0], { accumulate: true });\n  backend.matmul(dWx[0], xTransposed[0], dz, { accumulate: true });',
      'first input',
    ],
    [
      INPUT,
      'dWx.forEach((dWxk, k) => backend.matmul(dWxk, xTransposed[k], dz, { accumulate: true }));',
      'no step adds to dx',
    ],
    [
      INPUT,
      'dx.forEach((dxk, k) => backend.matmul(dxk, dz, WxTransposed[k], { accumulate: true }));',
      'dWx is 0 at the end',
    ],
    [
      INPUT,
      'dx.forEach((dxk, k) => backend.matmul(dxk, dz, WxTransposed[k], { accumulate: true }));\n  dWx.forEach((dWxk, k) => backend.matmul(dWxk, xTransposed[k], dz));',
      'dWx is the term of one step',
    ],
    [
      `${D_WH} // dWh += hPrevᵀ·dz\n  ${D_BIAS}`,
      'backend.matmul(dWh, hPrevTransposed, dz);\n  backend.columnSums(dBias, dz);',
      'dWh is the term of one step',
      'db is the term of one step',
    ],
    [
      `${D_WH} // dWh += hPrevᵀ·dz\n  ${D_BIAS}`,
      'backend.matmul(dWh, hPrevTransposed, dz);',
      'dWh is the term of one step',
      'db is 0 at the end',
    ],
    [
      `${H_PREV} // dhPrev += dz·Whᵀ\n  ${D_WH}`,
      'backend.matmul(dhPrev, dz, WhTransposed);\n  backend.matmul(dWh, hPrevTransposed, dz);',
      'dhPrev loses',
      'dWh is the term of one step',
    ],
    [
      `${H_PREV} // dhPrev += dz·Whᵀ\n  ${D_WH} // dWh += hPrevᵀ·dz\n  ${D_BIAS}`,
      `${H_PREV}\n${D_WH}\n${D_BIAS}`.replaceAll(', { accumulate: true }', ''),
      'none of the three lines adds',
    ],
    [
      D_BIAS,
      'for (let n = 0; n < dBias.size; n++) dBias.set(n, dBias.get(n) + dz.get(0, n));',
      'db adds the terms of the first sequence only',
    ],
  ],
  'through-time': [
    [DH, '', 'dh does not begin as dhUpstream'],
    [DH, 'backend.fill(dh, 0);', 'dh begins as zero'],
    [
      DH,
      'backend.fill(dh, 0);\n  backend.copy(dh.pick(steps.length), dhUpstream.pick(steps.length));',
      'only the last row of dhUpstream',
    ],
    [DC, '', 'dc begins as the pass before left it'],
    [DC, 'backend.fill(dc, 0);', 'dc begins as zero'],
    [DC, 'if (dcUpstream) backend.copy(dc, dcUpstream);', 'dc is not set to zero'],
    [DC, `${DC}\n  backend.fill(dc, 0);`, 'dc begins as zero'],
    [DC, 'backend.copy(dc, dhUpstream);', 'dc begins as dhUpstream'],
    [NO_KERNEL, '', 'kernel gradient'],
    [NO_BIAS, '', 'bias gradient'],
    [NO_INPUTS, '', 'dx of the first'],
    [NO_INPUTS, 'for (const dInput of dInputs) backend.fill(dInput, 0);', 'second direction clears'],
    [NO_INPUTS, 'if (accumulate) for (const dInput of dInputs) backend.fill(dInput, 0);', 'accumulate'],
    [NO_INPUTS, 'if (!accumulate && dInputs.length > 0) backend.fill(dInputs[0], 0);', 'first input'],
    [`${NO_KERNEL}\n  ${NO_BIAS}`, '', 'kernel gradient', 'bias gradient'],
    [
      `${NO_BIAS}\n  if (projection) backend.fill(projection.dWr, 0);\n  ${NO_INPUTS}`,
      '',
      'bias gradient',
      'dx of the first',
    ],
    [LOOP, 'for (let n = 0; n < steps.length; n++) {', 'from the first step to the last'],
    [LOOP, 'for (const n of steps.keys()) {', 'from the first step to the last'],
    [LOOP, 'for (let n = steps.length - 1; n > 0; n--) {', 'first step is left out'],
    [LOOP, 'for (let n = steps.length - 1; n >= 1; n -= 1) {', 'first step is left out'],
    [LOOP, 'for (let n = steps.length - 2; n >= 0; n--) {', 'last step is left out'],
    [CALL, '', 'no step is computed'],
    [CALL, `${CALL}\n    break;`, 'only the last step is computed'],
    [CALL, `backend.fill(dKernel, 0);\n    ${CALL}`, 'dKernel is cleared in the loop'],
    [CALL, `backend.fill(dBias, 0);\n    ${CALL}`, 'dBias is cleared in the loop'],
    [
      CALL,
      `backend.fill(dKernel, 0);\n    backend.fill(dBias, 0);\n    ${CALL}`,
      'dKernel is cleared',
      'dBias is cleared',
    ],
    [CALL, `${CALL}\n    ${CALL}`, 'each step is computed twice'],
    [CALL, `backend.copy(dh, dhUpstream);\n    ${CALL}`, 'dh is set to dhUpstream in the loop'],
    [CALL, `backend.fill(dh, 0);\n    ${CALL}`, 'dh is set to zero in the loop'],
    [CALL, `${CALL}\n    backend.fill(dc, 0);`, 'dc is set to zero after each step'],
    [CALL, `backend.fill(running.dhPrev, 0);\n    ${CALL}`, 'only the last row of dhUpstream', 'before each step'],
    [CALL, `backend.fill(running.dcPrev, 0);\n    ${CALL}`, 'only the last row of dcUpstream', 'before each step'],
    [
      CALL,
      `backend.fill(running.dcPrev, 0);\n    backend.fill(running.dhPrev, 0);\n    ${CALL}`,
      'dhPrev and dcPrev are cleared before each step',
    ],
    [CALL, `${CALL}\n    backend.fill(running.dhPrev, 0);`, 'dhPrev is cleared after each step'],
    [CALL, `${CALL}\n    backend.fill(running.dcPrev, 0);`, 'dcPrev is cleared after each step'],
    [DH, 'backend.copy(dh, lstm.h);', 'dh begins as h'],
    [DC, 'backend.fill(dc, 0);\n  if (dcUpstream) backend.add(dh, dcUpstream);', 'Look at what dh and dc begin as'],
    [LOOP, LOOP.replace('n--', 'n -= 2'), 'Look at the loop over the steps', 'with one step, all are right'],
  ],
  adam: [
    [ALPHA, 'learningRate', 'α is lr'],
    [ALPHA, '(learningRate * (1 - BETA2 ** t)) / (1 - BETA1 ** t)', 'α without the root'],
    [ALPHA, '(learningRate * Math.sqrt(1 - BETA2 ** (t + 1))) / (1 - BETA1 ** (t + 1))', 't+1 in place of t'],
    [ALPHA, '(learningRate * Math.sqrt(1 - BETA2 ** (t - 1))) / (1 - BETA1 ** (t - 1))', 't-1 in place of t'],
    [ALPHA, 'learningRate / (1 - BETA1 ** t)', 'without the factor √(1-β₂ᵗ)'],
    [ALPHA, 'learningRate * Math.sqrt(1 - BETA2 ** t)', 'without the division by 1-β₁ᵗ'],
    [ALPHA, '(learningRate * Math.sqrt(1 - BETA1 ** t)) / (1 - BETA2 ** t)', 'β₁ and β₂ are exchanged in α'],
    [ALPHA, '(learningRate * (1 - BETA1 ** t)) / Math.sqrt(1 - BETA2 ** t)', 'upside down'],
    [ALPHA, '(learningRate * Math.sqrt(1 - BETA2)) / (1 - BETA1)', 'power t'],
    [ALPHA, '(learningRate * Math.sqrt(1 - BETA2 * t)) / (1 - BETA1 * t)', 'β·t in place of βᵗ'],
    [ALPHA, 'learningRate * Math.sqrt((1 - BETA2 ** t) / (1 - BETA1 ** t))', 'root covers'],
    [MEAN, 'gradient', 'm is the last gradient'],
    [MEAN, 'M.get(n) + (gradient - M.get(n)) * BETA1', 'β₁ and 1-β₁ are exchanged'],
    [MEAN, '(1 - BETA1) * M.get(n) + BETA1 * gradient', 'β₁ and 1-β₁ are exchanged'],
    [MEAN, 'M.get(n) + (gradient - M.get(n)) * (1 - BETA2)', 'β₂ in place of β₁'],
    [MEAN, 'M.get(n) + gradient * (1 - BETA1)', 'm does not decay'],
    [MEAN, 'BETA1 * M.get(n) + gradient', 'without the factor 1-β₁'],
    [SQUARE, 'V.get(n) + (gradient - V.get(n)) * (1 - BETA2)', 'running mean of g, not of g²'],
    [SQUARE, 'V.get(n) + (gradient * gradient - V.get(n)) * BETA2', 'β₂ and 1-β₂ are exchanged'],
    [SQUARE, 'V.get(n) + (gradient * gradient - V.get(n)) * (1 - BETA1)', 'β₁ in place of β₂'],
    [SQUARE, 'V.get(n) + gradient * gradient * (1 - BETA2)', 'v does not decay'],
    [SQUARE, 'V.get(n) + (mean * mean - V.get(n)) * (1 - BETA2)', 'square of m'],
    [SQUARE, 'V.get(n) + (2 * gradient - V.get(n)) * (1 - BETA2)', '2g in place of g²'],
    [ALPHA, '(learningRate * Math.sqrt(1 - BETA2 ** t)) / 1 - BETA1 ** t', 'parentheses'],
    [ALPHA, '(learningRate * Math.sqrt((1 - BETA2) ^ t)) / ((1 - BETA1) ^ t)', '^ is no power'],
    [ALPHA, '(learningRate * Math.sqrt((1 - BETA2) ** t)) / (1 - BETA1) ** t', '(1-β)ᵗ in place of 1-βᵗ'],
    [MEAN, 'M.get(n) - (gradient - M.get(n)) * (1 - BETA1)', 'm moves away from g'],
    [MEAN, '(gradient - M.get(n)) * (1 - BETA1)', 'm is only its change'],
    [SQUARE, 'V.get(n) + (gradient - V.get(n)) ** 2 * (1 - BETA2)', '(g - v)²'],
    ['M.set(n, mean);\n    V.set(n, square);', 'M.set(n, square);\n    V.set(n, mean);', 'stored in exchange'],
    [MOVE, '', 'p is never updated'],
    [EACH, EACH.replace('n = 0', 'n = 1'), 'In m, v and p, only element 0 is wrong, in every case'],
    [EACH, EACH.replace('size', 'size - 1'), 'only the last element is wrong'],
    ['M.set(n, mean);', '', 'm is not stored'],
    ['V.set(n, square);', '', 'v is not stored'],
    ['M.set(n, mean);\n    V.set(n, square);', '', 'm is not stored', 'v is not stored'],
    [MOVE, MOVE.replace(' - ', ' + '), 'the sign is reversed'],
    [MOVE, MOVE.replace('mean', 'gradient'), 'the gradient moves p'],
    [MOVE, MOVE.replace('Math.sqrt(square) + EPSILON', 'Math.sqrt(square + EPSILON)'), 'under the root'],
    [MOVE, MOVE.replace('(Math.sqrt(square) + EPSILON)', 'Math.sqrt(square)'), 'ε is missing'],
    [MOVE, MOVE.replace('Math.sqrt(square)', 'square'), 'divided by v'],
    [MOVE, 'P.set(n, P.get(n) - (rate * mean) / Math.sqrt(square) + EPSILON);', 'ε is added to p'],
    [MOVE, 'P.set(n, P.get(n) - rate * mean);', 'not divided by √v'],
    [MOVE, 'P.set(n, P.get(n) - mean / (Math.sqrt(square) + EPSILON));', 'α is missing in p'],
    [MOVE, 'P.set(n, -(rate * mean) / (Math.sqrt(square) + EPSILON));', 'p loses'],
    [MOVE, 'P.set(n, P.get(n) - (rate * mean) * (Math.sqrt(square) + EPSILON));', 'multiplied by √v'],
    [MOVE, MOVE.replace('EPSILON', '1e-7'), '1e-7'],
    // wrong by less than the check's tolerance, but as much as the number itself
    ['V.set(n, square);', 'V.set(n, Math.max(square, EPSILON));', 'Look at V and its new square'],
    ['V.set(n, square);', 'V.set(n, Math.max(square, EPSILON ** 2));', 'Look at V and its new square'],
    ['M.set(n, mean);', 'M.set(n, Math.abs(mean) < EPSILON ? 0 : mean);', 'Look at M and its new mean'],
    [SQUARE, SQUARE.replace('* gradient', '* gradient + EPSILON'), 'Look at V and its new square'],
    [SQUARE, `${SQUARE} + EPSILON ** 2`, 'Look at V and its new square'],
    [SQUARE, SQUARE.replace('gradient * gradient', '(gradient + EPSILON) ** 2'), 'Look at V and its new square'],
    [ALPHA, ALPHA.replace('BETA1 ** t', 'BETA1 ** t + EPSILON'), 'Look at α'],
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
      `${MEAN};\n    const square = ${SQUARE}`,
      'M.get(n) + (gradient - M.get(n)) * (1 - BETA2);\n    const square = V.get(n) + (gradient * gradient - V.get(n)) * (1 - BETA1)',
      'β₂ in place of β₁',
      'β₁ in place of β₂',
    ],
    [
      `V.set(n, square);\n    ${MOVE}`,
      `V.set(n, square);\n    ${MOVE.replace(' - ', ' + ').replace('Math.sqrt(square) + EPSILON', 'Math.sqrt(square + EPSILON)')}`,
      'the sign is reversed',
      'under the root',
    ],
  ],
  'every-step': [
    ['rowsOf(rows, 1, T + 1)', 'rowsOf(rows, 0, T)', 'rows 0 … T-1'],
    [DENSE, DENSE.replace('readRows(h)', 'matrixOf(rowsOf(h, 0, T))'), 'states are read from rows 0'],
    [DENSE, DENSE.replace('readRows(dhUpstream)', 'matrixOf(rowsOf(dhUpstream, 0, T))'), 'put into rows 0'],
    [DENSE, DENSE.replace('readRows(dhUpstream)', 'readRows(lstm.dh)'), 'which rows of dhUpstream'],
    [DENSE, DENSE.replace('readRows(h)', 'readRows(lstm.c)'), 'c in place of h'],
    [DENSE, DENSE.replace(', W)', ', dW)'), 'dW in place of W'],
    [DENSE, '', 'output layer’s own backward pass is missing'],
    [DENSE, `${DENSE}\n  backend.fill(dhUpstream, 0);`, 'dhUpstream is cleared'],
    [DENSE, perStep('0; t < T; t++', 't + 1'), 'the terms of the last step alone'],
    [DENSE, perStep('T - 1; t >= 0; t--', 't + 1'), 'the terms of the first step alone'],
    [DENSE, perStep('0; t < T; t++', 't'), 'the last step alone', 'the rows before the steps'],
    [DENSE, perStep('T - 1; t < T; t++', 't + 1'), 'only the last step goes through'],
    [DENSE, `${DENSE}\n  backend.fill(db, 1); backend.fill(dW, 1);`, 'Look at how often denseBackward is called'],
    [WHOLE, '', 'LSTM’s own backward pass is missing'],
    [WHOLE, 'backend.fill(rowsOf(dhUpstream, 0, T), 0);\n  lstmBackward(backend, lstm);', 'only the last step’s loss'],
    [WHOLE, 'lstmBackward(backend, lstm, { accumulate: true });', 'dx is added to what it held'],
    [`${DENSE}\n  ${WHOLE}`, `${WHOLE}\n  ${DENSE}`, 'dhUpstream does not hold them yet'],
    [
      `${DENSE}\n  ${WHOLE}`,
      DENSE.replace('readRows(h)', 'matrixOf(rowsOf(h, 0, T))'),
      'states are read from rows 0',
      'own backward pass is missing',
    ],
    [
      `${DENSE}\n  ${WHOLE}`,
      `${WHOLE}\n  ${DENSE.replace('readRows(h)', 'readRows(lstm.c)')}`,
      'dhUpstream does not hold them yet',
      'c in place of h',
    ],
    [DENSE, `${DENSE}\n  for (let k = 0; k < db.size; k++) db.set(k, db.get(k) / T);`, 'db', 'number of steps'],
  ],
};
