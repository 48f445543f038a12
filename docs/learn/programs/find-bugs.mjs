// @ts-check
/**
 * The programs of docs/exercises/bugs.md, in its order. Each is a part of the project's code in which one line is wrong.
 * find-bugs-page.mjs makes them, and ends with an error if a quoted text no longer occurs exactly once.
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

/**
 * The words of docs/exercises/bugs.md, by the bug's name. `shown`: what the program and its evidence are. `numbers`: the line of the
 * evidence with single numbers. `why`: why the line is wrong. `clues`: how the evidence leads to it. `{right}` and `{wrong}` are the last losses.
 */
export const TEXTS = {
  'one-tensor': {
    shown:
      'This is the backward pass of the plain RNN of [chapter 2](../learn/plain-rnn.md). The initial state, `start`, is a parameter too. The check has random biases and a random `start`.',
    why: 'The forward pass reads hPrev from row t of h, because row t is the state before step t. So dWh = hPrevᵀ·dz has to read row t too.',
    clues:
      'Only Wh fails. Wx, bias and start are computed from the same dz and pass, so dz is right. The mistake is then in the only line that no other gradient needs. The loss falls to {wrong}, and that of the right program to {right}. It jumps more often, but that of the right program jumps too, so the curve proves nothing.',
  },
  'three-gates': {
    shown:
      'This is one step of [the LSTM](../learn/lstm.md) backward. The check has one row for each gate: its columns of Wx and Wh, and its part of the bias. h0 and c0 are the initial states, which are random.',
    why: 'By (4), h = o*tanh(c). So a change of c changes h by o·(1 - tanh²c), and the factor o was missing.',
    clues:
      'At T = 1, i, j, f and the gradients of h0 and c0 fail, and o passes. All that fails is computed from dC, and dzo is not. dO passes, so dh and tanhC are right, and only the line of dC is left. At T = 3, o fails too, because the wrong dz goes through dhPrev to earlier steps. The loss falls as fast as that of the right program.',
  },
  'falling-loss': {
    shown:
      'This is the backward pass of [your own min-char-rnn](../learn/min-char-rnn.md), with its products. `T` is the number of steps in the check. The curves are the running mean of the loss while the network learns the rhyme.',
    why: 'From z = hPrev·Wh, the matrix rule gives dhPrev = dz·Whᵀ. Here the product is dz·Wh. Because Wh is square, both have the same shape, so no error appears.',
    clues:
      'At T = 1 everything passes, so each line that works inside one step is right. At T = 5, Wy and biasY pass, so dLogits is right at every step. What is left is the gradient that goes from step to step: dhNext. It is added correctly, so it is computed wrongly. The loss falls, but to {wrong} and not to {right}.',
  },
  'more-sequences': {
    shown:
      'This is softmax and the cross-entropy, forward and backward, as [chapter 5](../learn/loss-and-update.md) explains them. `B` is the number of sequences in the check, in which all tensors of an LSTM with this loss are compared.',
    why: 'Each row needs the sum of its own exponentials. With the sum of row 0, the probabilities of the other rows do not add up to 1, and they can be above 1.',
    clues:
      'With B = 1 everything passes, so each row would be right if it were alone, and some line mixes the rows. The loss becomes negative, which needs a p above 1. The forward pass computes p, so the mistake is there, and logSum is what keeps p below 1.',
  },
  'second-update': {
    shown:
      'This is [Adam](../learn/loss-and-update.md#adam). The LSTM that it trains has the right gradients, as the check shows. The last line is an experiment with a single parameter, whose gradient is always 1.',
    numbers: ([...all]) =>
      `updates 1 to 4, divided by the learning rate: ${all.map((one) => one.toFixed(4)).join('  ')}`,
    why: 'After t updates with the same gradient, v is (1 - β₂ᵗ)·g², so α needs √(1 - β₂ᵗ). Without the exponent it is right for t = 1 only. After that α stays too small, and the updates shrink like 1/√t.',
    clues:
      'The gradients are right, so the mistake is in the update. The first update is 1.0000, so everything is right at t = 1, and the mistake is in something that changes with t. The second update is 0.7073, and 0.7073² = 0.5003 = (1 - β₂)/(1 - β₂²). So the correction of v is that of t = 1. After 60 updates the loss is {wrong}, and not {right}.',
  },
  forward: {
    shown:
      'This is one step of the LSTM forward. The network has to remember which of two symbols came first, over 24 blanks. Every gradient passes. The last lines compare h with that of [another program](../learn/programs/cells.mjs), for the same random weights, inputs and h0.',
    numbers: (/** @type {number[]} */ [first, second, third]) =>
      [
        'largest difference from h of another program',
        `  c0 = 0, one step: ${first < 1e-12 ? '0' : first.toExponential(0)}`,
        `  c0 = 0, two steps: ${second.toExponential(0)}`,
        `  c0 random, one step: ${third.toExponential(0)}`,
      ].join('\n'),
    why: 'By (2), the forget bias is added. With the minus sign, a new f is near σ(-1) = 0.27 instead of σ(1) = 0.73. So the cell forgets: 0.27²⁴ is 2·10⁻¹⁴.',
    clues:
      'The gradient check compares the backward pass with its own forward pass. No backward equation contains the forget bias, so the check passes. With c0 = 0 and one step, c is i*j, so h does not depend on f, and it agrees. As soon as the old c is not 0, it differs. So f is wrong. The loss stays at {wrong}, that of a guess: ln 2 = 0.6931.',
  },
};
