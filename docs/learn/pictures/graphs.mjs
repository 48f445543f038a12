/** Graphs of boxes and arrows: an RNN over its steps, with one loss or several, one step of an LSTM, and the two paths of its gradient. */
import { valuesOfTheEngine } from '../programs/by-hand.mjs';
import { ONE_UNIT, gradientsEveryStep, twoReaders } from '../programs/every-step.mjs';
import { gradientsOf, lossOf, SEQUENCE, statesOf, TARGET, WEIGHTS } from '../programs/one-state.mjs';
import { arrow, box, heads, picture, text } from './svg.mjs';

const [FIRST, SECOND, THIRD] = ['first', 'second', 'third'];
const number = (value) => value.toFixed(4).replace('-', '−');

const [LEFT, MIDDLE, ROW, TOP] = [58, 180, 92, 92];

/** An RNN, unrolled over its steps: docs/learn/what-an-rnn-is.md. */
export function unrolledPicture() {
  const h = statesOf(SEQUENCE, WEIGHTS);
  const { dh } = gradientsOf(SEQUENCE, WEIGHTS, h, TARGET);
  const T = SEQUENCE.length;
  const rowAt = (row) => TOP + ROW * row;
  const steps = SEQUENCE.map((x, t) => {
    const [from, to] = [rowAt(t) + 24, rowAt(t + 1) - 24];
    const middle = (from + to) / 2;
    return [
      arrow(`M${MIDDLE - 16} ${from}V${to}`, FIRST),
      arrow(`M${LEFT + 36} ${rowAt(t + 1)}H${MIDDLE - 46}`, FIRST),
      arrow(`M${MIDDLE + 16} ${to}V${from}`, SECOND),
      box(LEFT, rowAt(t + 1), `x[${t}]`, String(x).replace('-', '−'), { width: 72 }),
      text(MIDDLE - 24, middle + 4, 'Wh', { of: FIRST, anchor: 'end' }),
      text((LEFT + MIDDLE) / 2 - 5, rowAt(t + 1) - 8, 'Wx', { of: FIRST, anchor: 'middle' }),
      text(MIDDLE + 26, middle + 4, `step ${t}`, { of: 'quiet' }),
    ];
  });
  const states = h.map((value, row) => [
    box(MIDDLE, rowAt(row), `h[${row}]`, number(value)),
    text(MIDDLE + 54, rowAt(row) + 4, `dh[${row}] = ${number(dh[row])}`, { of: SECOND }),
  ]);
  const loss = rowAt(T) + ROW;
  return picture(360, loss + 40, 'An RNN of three steps, unrolled: the forward pass and the way back of the gradient', [
    heads(FIRST, SECOND),
    text(20, 30, 'forward: down', { of: FIRST }),
    text(340, 30, 'gradient: up', { of: SECOND, anchor: 'end' }),
    text(20, 50, 'Every step uses the same Wx and Wh.', { of: 'quiet' }),
    steps,
    arrow(`M${MIDDLE - 16} ${rowAt(T) + 24}V${loss - 24}`, FIRST),
    arrow(`M${MIDDLE + 16} ${loss - 24}V${rowAt(T) + 24}`, SECOND),
    states,
    box(MIDDLE, loss, 'loss', number(lossOf(h, TARGET))),
  ]);
}

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

const GATES = [
  { x: 80, name: 'i', label: 'σ(zi)' },
  { x: 156, name: 'j', label: 'tanh(zj)' },
  { x: 232, name: 'f', label: 'σ(zf + 1)' },
  { x: 308, name: 'o', label: 'σ(zo)' },
];
const [INPUTS, Z, GATE, C, H, END] = [52, 150, 250, 352, 450, 532];

/** An arrow straight down at x, with its number to the right. */
const down = (x, from, to, number, of = FIRST) => [
  arrow(`M${x} ${from + 24}V${to - 24}`, of),
  text(x + 8, (from + to) / 2 + 4, number, { of }),
];

/** One step of an LSTM; each arrow has the number of its equation: docs/learn/lstm.md. */
export const cellPicture = () =>
  picture(360, 566, 'One step of an LSTM, from x, hPrev and cPrev to c and h, with the numbers of the equations', [
    heads(FIRST, SECOND),
    down(176, INPUTS, Z, '(1)'),
    down(290, INPUTS, Z, '(1)'),
    GATES.map(({ x }) => down(x, Z, GATE, '(2)')),
    GATES.slice(0, 3).map(({ x }) => down(x, GATE, C, '(3)')),
    arrow(`M24 ${INPUTS + 24}V${C}H44`, SECOND),
    text(32, (GATE + C) / 2 + 4, '(3)', { of: SECOND }),
    down(190, C, H, '(4)'),
    arrow(`M308 ${GATE + 24}V${H - 24}`, FIRST),
    text(316, (C + H) / 2 + 4, '(4)', { of: FIRST }),
    arrow(`M80 ${C + 24}V${END - 16}`, SECOND),
    arrow(`M230 ${H + 24}V${END - 16}`, FIRST),
    box(50, INPUTS, 'cPrev', '[B,H]', { width: 76 }),
    box(176, INPUTS, 'hPrev', '[B,H]', { width: 76 }),
    box(290, INPUTS, 'x', '[B,I]', { width: 76 }),
    box(194, Z, 'z = x·Wx + hPrev·Wh + b', 'zi, zj, zf, zo: [B,4H]', { width: 292 }),
    GATES.map(({ x, name, label }) => box(x, GATE, name, label, { width: 66 })),
    box(154, C, 'c = f*cPrev + i*j', '[B,H]', { width: 220 }),
    box(230, H, 'h = o*tanh(c)', '[B,H]', { width: 220 }),
    text(80, END, 'c, to the', { of: SECOND, anchor: 'middle' }),
    text(80, END + 17, 'next step', { of: SECOND, anchor: 'middle' }),
    text(230, END, 'h, to the next step', { of: FIRST, anchor: 'middle' }),
    text(230, END + 17, 'and to the output layer', { of: FIRST, anchor: 'middle' }),
  ]);

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
