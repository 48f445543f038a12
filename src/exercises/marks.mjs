/**
 * Where each exercise comes from: which lines of src, or of chapter 2's program, it shows, and which of them the reader writes.
 * Every quoted line must occur exactly once in its file, so an exercise cannot differ from the code. make.mjs reads this list.
 *
 * `parts`: what the exercise's file contains, in order. A text is written as it is. `{ from, first, last }` is the lines of
 * the file `from` from the one that begins with `first` to the one that begins with `last`. Without `last` it is one line. `changed`:
 * texts of these lines that stand here in another form.
 * `{ from, expression }` is the first group of a pattern. `taken`: the lines that the reader writes, and what stands there in
 * their place. `called`: the lines that another exercise asks for, and the call of a function of given-marks.mjs that stands in
 * their place, also in the solution. `hidden`: texts outside these lines that give the answer, and what the reader sees instead. `typed`:
 * signatures of a JavaScript file with the types that TypeScript needs. `list`: the file whose planted mistakes can be the
 * reader's too. `words`: what some of them are called here, because the numbers show less than their words say. `mistakes`:
 * others. Under each text of the solution stand the texts that can take its place, after its words.
 */

import { HIDDEN_STATE, CELL_STATE, GATES, LSTM, OUTPUT_LAYER, RNN, STEPS } from './given-marks.mjs';

const CELL = {
  list: 'equations/lstm.ts',
  lines: [{ from: LSTM, first: '/**\n * Equations (4′)–(2′) for one step', last: '}' }],
};

/** What stands in place of the lines of the other two exercises on the cell. */
const CELL_CALLS = {
  hiddenState: {
    ...HIDDEN_STATE,
    first: `      // (4′) from  h = o*tanh(c):  we add`,
    call: `      // (4′) from  h = o*tanh(c)
      const { dO, dC } = hiddenStateBackward(dc, dh, c, b, n, { o });
`,
  },
  cellState: {
    ...CELL_STATE,
    call: '      const { dI, dJ, dF } = cellStateBackward(dcPrev, cPrev, b, n, { i, j, f, dC });\n',
  },
  gates: {
    ...GATES,
    first: '      // (2′) from  i,f,o = σ(z)',
    call: `      // (2′) from  i,f,o = σ(z);  j = tanh(z)
      gatesBackward(dz, b, n, { i, j, f, o, dI, dJ, dF, dO });
`,
  },
};

const typesAndCalls = (...calls) =>
  `import type { Tensor } from 'longhand';\nimport { ${calls.join(', ')} } from 'longhand';\n\n`;

const TYPES = [
  [
    'export const matrix = (rows, columns, entry = () => 0) =>',
    'export const matrix = (rows: number, columns: number, entry: (r: number, c: number) => number = () => 0): Matrix =>',
  ],
  [
    'export function forward(x, { Wx, Wh, bias, Wy, biasY, start = matrix(1, Wh.length) }) {',
    'export function forward(x: Matrix[], { Wx, Wh, bias, Wy, biasY, start = matrix(1, Wh.length) }: Record<string, Matrix>) {',
  ],
  [
    'export function backward(x, labels, { Wx, Wh, Wy }, { h, p }) {',
    'export function backward(\n  x: Matrix[],\n  labels: number[],\n  { Wx, Wh, Wy }: Record<string, Matrix>,\n  { h, p }: { h: Matrix[]; p: Matrix },\n) {',
  ],
];

/** The forward and the backward pass, without the softmax. */
const plainRnn = (...calls) => ({
  parts: [
    `import type { Matrix } from 'longhand';
import { ${calls.join(', ')} } from 'longhand';

/**
 * A plain RNN, forward and backward. docs/learn/plain-rnn.md derives its equations, (a) to (e′).
`,
    { from: RNN, first: ' *\n * T steps, B sequences', last: ' */' },
    '\n',
    { from: RNN, first: '/** A matrix of zeros', last: '  Array.from' },
    '\n',
    { from: RNN, first: '/** (e), (a) to (c)', last: '}' },
    '\n',
    { from: RNN, first: '/** (d′) to (a′)', last: '}' },
  ],
  typed: TYPES,
});

const OUTPUT_LAYER_CALL = {
  ...OUTPUT_LAYER,
  call: '  outputLayerBackward({ dWy, dBiasY, dh }, labels, Wy, { h, p }); // (d′), (c′)\n',
};

/** The lines of (e) and (e′). */
const START = { first: '  for (let b = 0; b < B; b++) h[0][b].set(start[0]);' };
const START_BACKWARD = {
  first: '    for (let n = 0; n < H; n++) dStart',
  before: '  for (let b = 0; b < B; b++) {\n',
  after: '  }\n',
};

export const MARKS = [
  {
    name: 'sigmoid',
    parts: [
      { from: LSTM, first: 'const sigmoid' },
      `
/** From  i = σ(zi):  ∂loss/∂zi, from dI = ∂loss/∂i and i itself. */
export function sigmoidBackward(dI: number, i: number): number {
  return `,
      { from: LSTM, expression: /dz\.set\(b, n, (dI .+)\);/ },
      ';\n}\n',
    ],
    taken: [{ first: '  return dI', stub: '  // Write the derivative here.\n  return NaN;\n' }],
    mistakes: {
      'dI * i * (1 - i)': {
        'σ′ without the factor 1-i': 'dI * i',
        'σ′ without the factor i': 'dI * (1 - i)',
        'tanh′ in place of σ′': 'dI * (1 - i * i)',
        'dI is missing: this is σ′ alone': 'i * (1 - i)',
        'σ is applied to i, which is already σ(zi)': 'dI * sigmoid(i) * (1 - sigmoid(i))',
      },
    },
  },
  {
    name: 'softmax',
    list: 'equations/cross-entropy.ts',
    parts: [
      "import type { LabelRows, Tensor } from 'longhand';\n\n",
      { from: 'src/equations/cross-entropy.ts', first: '/** (5′) from', last: '}' },
    ],
    taken: [
      {
        first: '    let sum = 0;',
        last: '    for (let k = 0; k < C; k++) dLogits.set',
        stub: '    // Write row b of dLogits here. Read with probabilities.get(b, k) and y.get(b, k); write with dLogits.set(b, k, …).\n',
      },
    ],
    hidden: [['log Σ exp(logits):  dLogits = (p*Σy - y) / count, all', 'log Σ exp(logits), all']],
    mistakes: {
      '(probabilities.get(b, k) * sum - y.get(b, k)) / count': {
        'the sign is reversed: y - p': '(y.get(b, k) - probabilities.get(b, k) * sum) / count',
        'p*(1-p) in place of p - y: a softmax has one denominator for all classes':
          '(probabilities.get(b, k) * (1 - probabilities.get(b, k))) / count',
      },
    },
  },
  {
    name: 'product',
    parts: [
      `import type { Matrix } from 'longhand';

/**
 * The three gradients of a product  z = x·W + b, which every row of z gets. A matrix is a list of rows: x \`[B,I]\`, W \`[I,H]\`, z and dz \`[B,H]\`.
 * b and db are lists of H numbers. On entry dW \`[I,H]\`, dx \`[B,I]\` and db are zero.
 */
export function productBackward(dW: Matrix, dx: Matrix, db: Float64Array, dz: Matrix, x: Matrix, W: Matrix): void {
  const [B, I, H] = [x.length, W.length, db.length];
  for (let b = 0; b < B; b++) {
    for (let n = 0; n < H; n++) {
`,
      {
        from: RNN,
        first: '      dBiasY[0][k] += dLogit;',
        last: '      }',
        changed: [
          ['dBiasY[0][k] += dLogit; // (c′) from logits = h·Wy + biasY', 'db[n] += dz[b][n];'],
          ['for (let n = 0; n < H; n++)', 'for (let k = 0; k < I; k++)'],
          ['dWy[n][k] += h[T][b][n] * dLogit;', 'dW[k][n] += x[b][k] * dz[b][n];'],
          ['dh[T][b][n] += dLogit * Wy[n][k];', 'dx[b][k] += dz[b][n] * W[k][n];'],
        ],
      },
      '    }\n  }\n}\n',
    ],
    taken: [
      {
        first: '  for (let b = 0; b < B; b++) {',
        last: '  }',
        stub: '  // Write dW[k][n], dx[b][k] and db[n] here, in loops over b, n and k.\n',
      },
    ],
  },
  {
    name: 'rnn-step',
    ...plainRnn('initialStateBackward', 'initialStateForward', 'outputLayerBackward'),
    called: [
      { ...START, call: '  initialStateForward(h, start); // (e) h[0] = start, for every sequence\n' },
      OUTPUT_LAYER_CALL,
      { ...START_BACKWARD, call: '  initialStateBackward(dStart, dh); // (e′) from h[0] = start\n' },
    ],
    taken: [
      {
        first: '        const dz = dh[t + 1][b][n]',
        last: '          dh[t][b][m] += dz * Wh[m][n];',
        after: '        }\n',
        stub: `        // Write (b′) and (a′) for one number n of sequence b at step t here: dz, then its terms in dBias[0][n], dWx[k][n],
        // dWh[m][n] and dh[t][b][m].
`,
      },
    ],
    mistakes: {
      'dh[t + 1][b][n] * (1 - h[t + 1][b][n] ** 2)': { 'dz without the factor 1 - h²': 'dh[t + 1][b][n]' },
      '(1 - h[t + 1][b][n] ** 2)': {
        '1 - h² of the state before the step (row t) in place of row t+1': '(1 - h[t][b][n] ** 2)',
        'σ′ in place of tanh′': 'h[t + 1][b][n] * (1 - h[t + 1][b][n])',
        'tanh is applied to h, which is already tanh(z)': '(1 - Math.tanh(h[t + 1][b][n]) ** 2)',
      },
      'dWx[k][n] += x[t][b][k] * dz': {
        'dWx is only its last term, not the sum over steps and sequences': 'dWx[k][n] = x[t][b][k] * dz',
      },
      'dWh[m][n] += h[t][b][m] * dz': {
        'dWh is only its last term, not the sum over steps and sequences': 'dWh[m][n] = h[t][b][m] * dz',
        'dWh reads h after the step (row t+1); the forward line reads row t': 'dWh[m][n] += h[t + 1][b][m] * dz',
      },
      'dh[t][b][m] += dz * Wh[m][n]': {
        'dh of the previous state is the term of one unit, not the sum over the units': 'dh[t][b][m] = dz * Wh[m][n]',
        'dhPrev = dz·Wh: Wh is not transposed': 'dh[t][b][m] += dz * Wh[n][m]',
      },
      'dh[t][b][m] += dz * Wh[m][n];': { 'no gradient reaches the previous h': '' },
      'dBias[0][n] += dz; // (a′)': {
        'dBias is 0 at the end: nothing is added to it, or it is cleared too late': '// (a′)',
      },
    },
  },
  {
    ...CELL,
    name: 'hidden-state',
    parts: [typesAndCalls('cellStateBackward', 'gatesBackward'), ...CELL.lines],
    called: [CELL_CALLS.cellState, CELL_CALLS.gates],
    hidden: [
      [
        'On entry dc holds the gradient from step t+1 and from outside the LSTM; on return, the complete ∂loss/∂c.',
        'On return dc holds the complete ∂loss/∂c.',
      ],
      [
        'h = o*tanh(c):  we add, because c is used twice: by h, and by step t+1, whose gradient is in dc',
        'h = o*tanh(c)',
      ],
    ],
    taken: [
      {
        ...HIDDEN_STATE,
        stub: `      // Write (4′) here: dO, and dC, which dc must hold afterwards. Read with dh.get(b, n), write with dc.set(b, n, …).
      const dO = NaN;
      const dC = NaN;
`,
      },
    ],
    mistakes: {
      'dh.get(b, n) * o * (1 - tanhC * tanhC)': { 'dc without the factor o': 'dh.get(b, n) * (1 - tanhC * tanhC)' },
      'const dC = dc.get(b, n) + dh.get(b, n) * o * (1 - tanhC * tanhC);\n      dc.set(b, n, dC);': {
        'two mistakes: dc without the term of the later steps, and not stored in dc':
          'const dC = dh.get(b, n) * o * (1 - tanhC * tanhC);',
      },
      'dc.set(b, n, dC);': { 'dC is added to dc, which is already a part of dC': 'dc.set(b, n, dc.get(b, n) + dC);' },
      '(1 - tanhC * tanhC)': { 'tanh′ is 1-tanh(c)², but c itself is squared': '(1 - c.get(b, n) * c.get(b, n))' },
      'const dO = dh.get(b, n) * tanhC;': { 'do with c in place of tanh(c)': 'const dO = dh.get(b, n) * c.get(b, n);' },
    },
  },
  {
    ...CELL,
    name: 'cell-state',
    parts: [typesAndCalls('gatesBackward', 'hiddenStateBackward'), ...CELL.lines],
    called: [CELL_CALLS.hiddenState, CELL_CALLS.gates],
    taken: [
      {
        ...CELL_STATE,
        stub: `      // Write (3′) here: dI, dJ and dF from dC, and add the term of cPrev to dcPrev.
      // cPrev.get(b, n) reads an element, and dcPrev.set(b, n, value) writes one.
      const dI = NaN;
      const dJ = NaN;
      const dF = NaN;
`,
      },
    ],
    mistakes: { 'const dF = dC * cPrev.get(b, n);': { 'df with c in place of cPrev': 'const dF = dC * c.get(b, n);' } },
  },
  {
    ...CELL,
    name: 'gates',
    parts: [typesAndCalls('cellStateBackward', 'hiddenStateBackward'), ...CELL.lines],
    called: [CELL_CALLS.hiddenState, CELL_CALLS.cellState],
    hidden: [['i,f,o = σ(z), σ′ = σ·(1-σ);  j = tanh(z), tanh′ = 1-tanh²', 'i,f,o = σ(z);  j = tanh(z)']],
    taken: [
      {
        ...GATES,
        stub: '      // Write (2′) here: dz has blocks of H columns for i, j, f, o. Write with dz.set(b, column, …).\n',
      },
    ],
    mistakes: {
      'dz.set(b, 2 * H + n, dF * f * (1 - f));\n      dz.set(b, 3 * H + n, dO * o * (1 - o));': {
        'dzf and dzo written in exchange':
          'dz.set(b, 3 * H + n, dF * f * (1 - f));\n      dz.set(b, 2 * H + n, dO * o * (1 - o));',
      },
      'dz.set(b, H + n, dJ * (1 - j * j));\n      dz.set(b, 2 * H + n, dF * f * (1 - f));': {
        'the blocks in the order i, f, j, o, as in PyTorch; here it is i, j, f, o':
          'dz.set(b, 2 * H + n, dJ * (1 - j * j));\n      dz.set(b, H + n, dF * f * (1 - f));',
      },
      'dz.set(b, n, dI * i * (1 - i));\n      dz.set(b, H + n, dJ * (1 - j * j));\n      dz.set(b, 2 * H + n, dF * f * (1 - f));\n      dz.set(b, 3 * H + n, dO * o * (1 - o));':
        {
          'the four numbers of a unit side by side, at columns 4n to 4n+3, in place of four blocks':
            'dz.set(b, 4 * n, dI * i * (1 - i));\n      dz.set(b, 4 * n + 1, dJ * (1 - j * j));\n      dz.set(b, 4 * n + 2, dF * f * (1 - f));\n      dz.set(b, 4 * n + 3, dO * o * (1 - o));',
        },
      'dJ * (1 - j * j)': { 'tanh is applied to j, which is already tanh(zj)': 'dJ * (1 - Math.tanh(j) ** 2)' },
    },
  },
  {
    name: 'weights',
    list: 'equations/lstm.ts',
    parts: [
      `import type { Backend, Lstm, RunningRows } from 'longhand';
import { inputBackward } from 'longhand';

`,
      { from: LSTM, first: '/** Equations (4′)–(1′) for one step of the sequence. */', last: '}' },
    ],
    words: {
      'dWh is not computed': 'dWh is 0 at the end: no step adds to it, or it is cleared too late',
      'db is not computed': 'db is 0 at the end: no step adds to it, or it is cleared too late',
    },
    taken: [
      {
        first: '  backend.matmul(dhPrev, dz, WhTransposed',
        last: '  inputBackward(backend, dx',
        stub: `  // Write (1′) here: add the terms of this step to dhPrev, dWh and dBias. backend.matmul(out, a, b, { accumulate: true }) adds
  // a·b to out, and backend.columnSums(out, a, { accumulate: true }) the sum of a's rows. inputBackward adds those of dx and dWx. Its
  // parameters: backend, dx, dWx, dz, xTransposed, WxTransposed.
`,
      },
    ],
    mistakes: {
      'inputBackward(backend, dx, dWx, dz, xTransposed, WxTransposed);': {
        'no step adds to dx and dWx, which inputBackward does': '',
      },
    },
  },
  {
    name: 'through-time',
    list: 'equations/lstm.ts',
    parts: [
      `import type { AccumulateOptions, Backend, Lstm } from 'longhand';
import { keepStateBackward, lstmStepBackward, projectBackward } from 'longhand';

`,
      { from: LSTM, first: '/**\n * The whole sequence backward', last: '}' },
    ],
    taken: [
      {
        first: '  // Every step adds to dh and dc',
        last: '    if (running) lstmStepBackward',
        after: '  }\n',
        stub: `  // Write backpropagation through time here: first what dh, dc and the gradients begin as, then the loop over the steps.
  // backend.copy(out, a) writes a to out; backend.fill(out, 0) writes zeros. dcUpstream is undefined if nothing outside the LSTM
  // reads c. dKernel has the rows of dWx above those of dWh. dInputs is a list. On entry all gradients hold old numbers; with \`accumulate\`, those of dInputs count.
  // steps[n] has the views of one step in \`running\`, \`projected\` and \`ended\`. Here every sequence has T steps, and there is no
  // projection. So \`running\` is always there, for lstmStepBackward, and \`ended\` and \`projected\` never are.
`,
      },
    ],
    mistakes: {
      'if (running) lstmStepBackward(backend, lstm, running);': { 'no step is computed: the loop does nothing': '' },
      'backend.copy(dh, dhUpstream);': {
        'dh begins as zero, so nothing from outside reaches the LSTM': 'backend.fill(dh, 0);',
      },
      'for (let n = steps.length - 1; n >= 0; n--) {': {
        'the loop runs from the first step to the last': 'for (let n = 0; n < steps.length; n++) {',
        'the first step is left out of the loop': 'for (let n = steps.length - 1; n > 0; n--) {',
        'the last step is left out of the loop': 'for (let n = steps.length - 2; n >= 0; n--) {',
      },
    },
  },
  {
    ...plainRnn('outputLayerBackward', 'stepsBackward'),
    name: 'initial-state',
    called: [
      OUTPUT_LAYER_CALL,
      { ...STEPS, call: '  stepsBackward({ dWx, dWh, dBias, dh }, x, Wh, h); // (b′) and (a′) of every step\n' },
    ],
    taken: [
      {
        ...START,
        stub: '  // Write (e) here: start is the initial state of every sequence. start[0] has H numbers, and so has each h[0][b].\n',
      },
      {
        ...START_BACKWARD,
        stub: '  // Write (e′) here: fill dStart `[1,H]`.\n',
      },
    ],
    mistakes: {
      'for (let b = 0; b < B; b++) h[0][b].set(start[0]);': {
        'h[0] is 0: no sequence gets the initial state, or it is cleared too late': '',
        'only the first sequence gets the initial state': 'h[0][0].set(start[0]);',
      },
      'dStart[0][n] += dh[0][b][n]': {
        'dStart is the term of one sequence, not the sum over the batch': 'dStart[0][n] = dh[0][b][n]',
        'dStart is the mean over the batch; the loss is already a mean': 'dStart[0][n] += dh[0][b][n] / B',
        'dStart reads row 1 of dh, the state after the first step': 'dStart[0][n] += dh[1][b][n]',
        'dStart reads the last row of dh': 'dStart[0][n] += dh[T][b][n]',
      },
    },
  },
  {
    name: 'adam',
    list: 'equations/adam.ts',
    parts: [
      "import type { Tensor } from 'longhand';\nimport { BETA1, BETA2, EPSILON, flatten } from 'longhand';\n\n",
      { from: 'src/equations/adam.ts', first: '/** α of update t', last: '}' },
      '\n',
      { from: 'src/equations/adam.ts', first: '/** (6) for one parameter p', last: '}' },
    ],
    taken: [
      {
        first: '  return (learningRate',
        stub: '  // Write α of update t here.\n  return NaN;\n',
      },
      {
        first: '    const gradient = G.get(n);',
        last: '    P.set(n, P.get(n)',
        stub: '    // Write the new M, V and P of element n here.\n',
      },
    ],
    mistakes: {
      'P.get(n) - (rate': { 'p moves up the gradient: the sign is reversed': 'P.get(n) + (rate' },
      '(rate * mean)': { 'the gradient moves p, not its mean m': '(rate * gradient)' },
      '(gradient - M.get(n)) * (1 - BETA1)': { 'β₁ and 1-β₁ are exchanged': '(gradient - M.get(n)) * BETA1' },
      'Math.sqrt(1 - BETA2 ** t)': { 'α without the root: it is (1-β₂ᵗ)': '(1 - BETA2 ** t)' },
      '(Math.sqrt(square) + EPSILON)': {
        'ε is missing': 'Math.sqrt(square)',
        'p is divided by v, not by its root': '(square + EPSILON)',
      },
      '(learningRate * Math.sqrt(1 - BETA2 ** t)) / (1 - BETA1 ** t)': {
        'α is that of the next update: t+1 in place of t':
          '(learningRate * Math.sqrt(1 - BETA2 ** (t + 1))) / (1 - BETA1 ** (t + 1))',
      },
      'P.set(n, P.get(n) - (rate * mean)': {
        'the old m moves p: m is updated afterwards':
          'const before = (mean - gradient * (1 - BETA1)) / BETA1;\n    P.set(n, P.get(n) - (rate * before)',
      },
    },
  },
  {
    name: 'every-step',
    list: 'equations/dense.ts',
    parts: [
      `import type { Backend, Lstm, Tensor } from 'longhand';
import { lstmBackward, matrixOf, rowsOf, transposeOf } from 'longhand';

/**
 * The backward pass of a network with a loss at every step. dLogits \`[T·B,C]\` has the rows of step 0, then those of step 1, and
 * so on; W \`[H,C]\`, dW \`[H,C]\` and db \`[C]\` belong to the output layer. rowsOf(a, from, to) is a view of the rows from … to - 1,
 * and matrixOf(a) sees \`[T,B,H]\` as \`[T·B,H]\`. On entry row 0 of dhUpstream is zero, because no loss reads the initial state.
 */
export function everyStepBackward(
  backend: Backend,
  lstm: Lstm,
  dLogits: Tensor,
  W: Tensor,
  dW: Tensor,
  db: Tensor,
): void {
  const { h, dhUpstream, sizes } = lstm;
  const { T } = sizes;
  const readRows = (rows: Tensor): Tensor => matrixOf(`,
      { from: 'src/cells/cell.ts', expression: /reverse \? .+ : (rowsOf\(rows, 1, T \+ 1\));/ },
      ');\n  ',
      { from: 'src/network/output.ts', expression: /(denseBackward)\(this/ },
      '(backend, [readRows(dhUpstream)], dW, db, dLogits, [readRows(h)], W);\n  ',
      { from: 'src/cells/lstm.ts', expression: /(lstmBackward)\(backend/ },
      '(backend, lstm);\n}\n\n',
      { from: 'src/equations/dense.ts', first: '/** From  logits', last: '}' },
      '\n',
      { from: 'src/equations/dense.ts', first: '/** The rows of W for each state. */', last: '}' },
    ],
    taken: [
      {
        first: '  const readRows',
        last: '  lstmBackward(',
        stub: `  // Write here: which rows of h has the output layer read, and which rows of dhUpstream belong to them?
  // denseBackward(backend, [dStates], dW, db, dLogits, [states], W) computes the output layer's gradients; then the LSTM's.
`,
      },
      {
        first: '  rowBlocks(W, states)',
        last: '  backend.columnSums(db',
        stub: `  // Write dStates, dW and db here. backend.matmul(out, a, b) writes a·b to out; backend.columnSums(out, a) writes the sum of
  // the rows of a. transposeOf(a) is a view, and so are the matrices of rowBlocks(W, states): one Wₖ for each state.
`,
      },
    ],
    hidden: [
      [
        ':  dStateₖ `[N,Hₖ]` = dLogits·Wₖᵀ;  dWₖ `[Hₖ,C]` = stateₖᵀ·dLogits;  db `[C]` = Σ dLogits. */',
        ':  dStateₖ `[N,Hₖ]`, dWₖ `[Hₖ,C]`, db `[C]`. */',
      ],
    ],
    mistakes: {
      'backend.columnSums(db, dLogits);': {
        'db is the mean of the rows, not their sum':
          'backend.columnSums(db, dLogits);\n  for (let k = 0; k < db.size; k++) db.set(k, db.get(k) / dLogits.shape[0]);',
        'db is dLogits of the first row only': 'backend.copy(db, dLogits.pick(0));',
        'db is added to what it held before': 'backend.columnSums(db, dLogits, { accumulate: true });',
      },
      'backend.matmul(dStates[k], dLogits, transposeOf(Wk))': {
        'the gradients of the states are added to what dStates held before':
          'backend.matmul(dStates[k], dLogits, transposeOf(Wk), { accumulate: true })',
      },
      'backend.matmul(dWk, transposeOf(states[k]), dLogits)': {
        'dW is added to what it held before':
          'backend.matmul(dWk, transposeOf(states[k]), dLogits, { accumulate: true })',
      },
      'rowsOf(rows, 1, T + 1)': {
        'rows 0 … T-1: row 0 is the initial state, which the output layer does not read': 'rowsOf(rows, 0, T)',
      },
      '[readRows(dhUpstream)]': {
        'the gradients are put into rows 0 … T-1 of dhUpstream': '[matrixOf(rowsOf(dhUpstream, 0, T))]',
      },
      '[readRows(h)]': { 'the output layer’s states are read from rows 0 … T-1 of h': '[matrixOf(rowsOf(h, 0, T))]' },
      'denseBackward(backend, [readRows(dhUpstream)], dW, db, dLogits, [readRows(h)], W);\n  lstmBackward(backend, lstm);':
        {
          'the LSTM goes backward without the output layer’s gradients: dhUpstream does not hold them yet':
            'lstmBackward(backend, lstm);\n  denseBackward(backend, [readRows(dhUpstream)], dW, db, dLogits, [readRows(h)], W);',
        },
      'lstmBackward(backend, lstm);': {
        'only the last step’s loss reaches the LSTM':
          'backend.fill(rowsOf(dhUpstream, 0, T), 0);\n  lstmBackward(backend, lstm);',
        'the LSTM’s own backward pass is missing': '',
      },
    },
  },
  {
    name: 'scan',
    list: 'equations/scan.ts',
    parts: [
      `import type { Tensor } from 'longhand';
import { stepOf } from 'longhand';

/**
 * (26′) for all steps: da and db \`[T,B,H]\`, from dh, a and h \`[T,B,H]\` and the initial state hPrev \`[B,H]\`. On entry dh and dhPrev \`[B,H]\`
 * hold what reaches h and hPrev from outside; on return, the complete gradients. stepOf(h, t) is a view of the state \`[B,H]\` that step t
 * computes.
 */
export function scanBackward(
  da: Tensor, db: Tensor, dh: Tensor, dhPrev: Tensor, a: Tensor, h: Tensor, hPrev: Tensor,
): void {
`,
      {
        from: 'src/equations/scan.ts',
        first: '  const [T, B, H] = h.shape;\n  for (let step = T - 1;',
        last: '}',
        changed: [
          [
            'for (let step = T - 1; step >= 0; step--) {\n    const t = reverse ? T - 1 - step : step;',
            'for (let t = T - 1; t >= 0; t--) {',
          ],
          ['stateBefore(h, hPrev, t, reverse)', 't > 0 ? stepOf(h, t - 1) : hPrev'],
          ['stateBefore(dh, dhPrev, t, reverse)', 't > 0 ? stepOf(dh, t - 1) : dhPrev'],
          ['aAt(t, b, n)', 'a.get(t, b, n)'],
          ['receive(t, b, n, dA, dB);', 'da.set(t, b, n, dA);\n        db.set(t, b, n, dB);'],
        ],
      },
    ],
    taken: [
      {
        first: '  for (let t = T - 1;',
        last: '  }',
        stub: '  // Write the loops over the steps, the B sequences and the H units here. Read with a.get(t, b, n), write with da.set(t, b, n, …).\n',
      },
    ],
  },
  {
    name: 'gru-step',
    list: 'equations/gru.ts',
    parts: [
      "import type { Tensor } from 'longhand';\n\n",
      { from: 'src/equations/gru.ts', first: '/**\n * Equations (23′) and (22′) for one step', last: '}' },
    ],
    taken: [
      {
        first: '      // (23′) from  h =',
        last: '      dah.set(b, H + k, daz);',
        stub: `      // Write (23′) and (22′) here: add to dhPrev at (b, k), and write the columns of r, z and n in dax and in dah: k, H + k and 2 * H + k.
`,
      },
    ],
  },
];
