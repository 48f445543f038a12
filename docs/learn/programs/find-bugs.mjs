// @ts-check
/**
 * The programs of docs/exercises/bugs.md, in its order. Each is a part of the project's code in which one line is wrong.
 * find-bug-programs.mjs makes them, and ends with an error if a quoted text no longer occurs exactly once.
 *
 * @typedef {object} Bug
 * @property {string} name
 * @property {string} title The heading in the page.
 * @property {string} file The file that the program comes from, from the project's folder.
 * @property {readonly (readonly [first: string, last: string])[]} parts Which lines are shown: each part begins with the line that begins with
 *   `first`, and ends with the next one that begins with `last`.
 * @property {string} right The text in the file; it occurs exactly once, and is in one line.
 * @property {string} wrong The text that replaces it.
 */

const LSTM = 'src/equations/lstm.ts';

/** @type {readonly Bug[]} */
export const BUGS = [
  {
    name: 'one-tensor',
    title: 'One tensor fails',
    file: 'docs/learn/programs/plain-rnn.mjs',
    parts: [['/** (d′) to (a′), (e′)', '}']],
    right: 'dWh[m][n] += h[t][b][m] * dz;',
    wrong: 'dWh[m][n] += h[t + 1][b][m] * dz;',
  },
  {
    name: 'three-gates',
    title: 'Three gates fail, and one does not',
    file: LSTM,
    parts: [
      ['/**\n * Equations (4′)–(2′) for one step', '}'],
      ['/** Equations (4′)–(1′) for one step of', '}'],
    ],
    right: 'const dC = dc.get(b, n) + dh.get(b, n) * o * (1 - tanhC * tanhC);',
    wrong: 'const dC = dc.get(b, n) + dh.get(b, n) * (1 - tanhC * tanhC);',
  },
  {
    name: 'falling-loss',
    title: 'A loss that falls nicely',
    file: 'docs/learn/programs/min-char-rnn-solution.mjs',
    parts: [
      ['/** row·W */', 'export const addRow'],
      ['/** The gradient of every parameter.', '  const { Wx: dWx'],
      ['  const T = inputs.length;', '}'],
    ],
    right: 'dhNext = productTransposed(dz, parameters.Wh);',
    wrong: 'dhNext = product(dz, parameters.Wh);',
  },
  {
    name: 'more-sequences',
    title: 'One sequence passes, three fail',
    file: 'src/equations/cross-entropy.ts',
    parts: [
      ['/**\n * Softmax cross-entropy', ' */'],
      ['/** (5) for each row', '}'],
      ['/** (5′) from', '}'],
    ],
    right: 'sum += Math.exp(logits.get(b, k) - max);',
    wrong: 'sum += Math.exp(logits.get(0, k) - max);',
  },
  {
    name: 'second-update',
    title: 'All gradients are right',
    file: 'src/equations/adam.ts',
    parts: [
      ['/**\n * Adam, as TensorFlow', ' */'],
      ['/** β₁', 'export const EPSILON'],
      ['/** α of update', '}'],
      ['/** (6) for one', '}'],
    ],
    right: 'learningRate * Math.sqrt(1 - BETA2 ** t)',
    wrong: 'learningRate * Math.sqrt(1 - BETA2)',
  },
  {
    name: 'forward',
    title: 'Everything passes',
    file: LSTM,
    parts: [
      ['const sigmoid', 'const sigmoid'],
      ['/** Equations (2)–(4) for one step', '}'],
      ['/** Equations (1)–(4) for one step', '}'],
    ],
    right: 'sigmoid(z.get(b, 2 * H + n) + forgetBias)',
    wrong: 'sigmoid(z.get(b, 2 * H + n) - forgetBias)',
  },
];
