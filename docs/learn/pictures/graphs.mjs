/** Graphs of boxes and arrows: an RNN with a loss at every step, and the two paths of an LSTM's gradient. */
import { valuesOfTheEngine } from '../programs/by-hand.mjs';
import { ONE_UNIT, gradientsEveryStep, twoReaders } from '../programs/every-step.mjs';
import { number } from './numbers.mjs';
import { arrow, box, heads, picture, text } from './svg.mjs';

const [FIRST, SECOND, THIRD] = ['first', 'second', 'third'];

/** An RNN with a loss at every step. Two arrows of the gradient end at each h but the last: docs/learn/plain-rnn.md. */
export function readersPicture() {
  const { x, labels, parameters } = ONE_UNIT;
  const { h, p } = gradientsEveryStep(x, labels, parameters);
  const readers = twoReaders(x, labels, parameters);
  const [T, column, output] = [x.length, 72, 268];
  const rowAt = (row) => 92 + 116 * row;
  const steps = readers.map(({ output: [[ofOutput]], next: [[ofNext]], dh: [[sum]] }, t) => {
    const [row, from, to] = [t + 1, rowAt(t) + 24, rowAt(t + 1) - 24];
    const y = rowAt(row);
    return [
      arrow(`M${column - 16} ${from}V${to}`, FIRST),
      arrow(`M${column + 16} ${to}V${from}`, SECOND),
      arrow(`M${column + 46} ${y - 10}H${output - 56}`, FIRST),
      arrow(`M${output - 56} ${y + 10}H${column + 46}`, THIRD),
      text((column + output) / 2 - 5, y + 28, number(ofOutput), { of: THIRD, anchor: 'middle' }),
      row < T ? text(column + 26, y + 62, number(ofNext), { of: SECOND }) : [],
      text(output, y + 42, `dh[${row}] = ${number(sum)}`, { anchor: 'middle' }),
      box(output, y, `loss of step ${t}`, number(-Math.log(p[t][0][labels[t][0]])), { width: 112 }),
    ];
  });
  return picture(
    360,
    rowAt(T) + 62,
    'An RNN with a loss at every step: two gradients arrive at each state but the last',
    [
      heads(FIRST, SECOND, THIRD),
      text(20, 26, 'forward', { of: FIRST }),
      text(120, 26, 'dhNext, from the next step', { of: SECOND }),
      text(120, 46, 'dLogits·Wyᵀ, from the output layer', { of: THIRD }),
      steps,
      h.map(([[value]], row) => box(column, rowAt(row), `h[${row}]`, number(value))),
    ],
  );
}

/** The two paths on which the gradient reaches dc₁: docs/learn/by-hand.md. */
export function pathsPicture() {
  const values = valuesOfTheEngine();
  const value = (name) => number(values[name]);
  const both = 'grey';
  return picture(720, 348, 'The two paths on which the gradient of the loss reaches the cell state after step 1', [
    heads(FIRST, SECOND, both),
    text(24, 30, 'The gradient moves from right to left, against the forward pass.', { of: 'quiet' }),
    // from the loss to both states
    arrow('M610 96H580', both),
    arrow('M488 96H440V250', both),
    // path through c₂
    arrow('M394 276H132', FIRST),
    // path through h₁
    arrow('M488 84H380', SECOND),
    arrow('M394 262H348V122', SECOND),
    arrow('M286 96H218', SECOND),
    arrow('M126 96H86V250', SECOND),
    box(656, 96, 'L', value('L')),
    box(534, 96, 'dh₂', value('dh₂')),
    box(440, 276, 'dc₂', value('dc₂')),
    box(333, 96, 'dz₂', 'four gates'),
    box(172, 96, 'dh₁', value('dh₁')),
    box(86, 276, 'dc₁', value('dc₁')),
    text(595, 64, '(13′)', { of: 'quiet', anchor: 'middle' }),
    text(448, 190, '(4′)', { of: 'quiet' }),
    text(434, 76, '(4′), (2′)', { of: 'quiet', anchor: 'middle' }),
    text(340, 190, '(3′), (2′)', { of: 'quiet', anchor: 'end' }),
    text(252, 86, '(1′)', { of: 'quiet', anchor: 'middle' }),
    text(96, 176, `(4′)`, { of: 'quiet' }),
    text(96, 196, `dc₁[h₁] = ${value('dc₁[h₁]')}`, { of: SECOND }),
    text(262, 300, `(3′) dc₁[c₂] = ${value('dc₁[c₂]')}`, { of: FIRST, anchor: 'middle' }),
    text(24, 330, `dc₁ = ${value('dc₁[c₂]')} + (${value('dc₁[h₁]')}) = ${value('dc₁')}: both terms are added.`),
  ]);
}
