/**
 * Graphs of boxes and arrows. An RNN with a loss at every step, and the two paths of an LSTM's gradient. A network of two
 * layers and two directions, and a batch of three lengths.
 */
import { allocateLstm, setLengths } from 'longhand';
import { createReferenceBackend } from 'longhand/reference';
import { valuesOfTheEngine } from '../programs/by-hand.mjs';
import { ONE_UNIT, gradientsEveryStep, twoReaders } from '../programs/every-step.mjs';
import { LENGTHS } from '../programs/networks.mjs';
import { arrow, box, heads, number, picture, text } from './svg.mjs';

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

const SUBSCRIPTS = '₀₁₂₃₄₅';

/** A small box; `of` colours its edge. */
const small = (x, y, label, of = 'line') => [
  `<rect class="${of}" x="${x - 46}" y="${y - 16}" width="92" height="32" rx="6" style="fill: var(--fill)"/>`,
  text(x, y + 5, label, { anchor: 'middle' }),
];

/** An LSTM of one direction as the engine makes it. */
const lstmOf = (T, B, reverse) => allocateLstm(createReferenceBackend(), { T, B, I: 1, H: 1 }, { reverse });

/** The steps in the order in which the LSTM makes them: a row of x is read, a row of h is written. */
function stepsOf(lstm) {
  const { x, h } = lstm;
  return lstm.steps.map(({ running }) => ({
    t: (running.x[0].offset - x.offset) / x.stride[0],
    write: (running.h.offset - h.offset) / h.stride[0],
  }));
}

/** A network of two layers and two directions: docs/learn/networks.md. */
export function networksPicture() {
  const T = 4;
  const SHIFT = 35; // the reverse row stands to the right, so that lines can pass beside it
  const x = (t) => 190 + 140 * t;
  const [left, right] = [(t) => x(t) - 30, (t) => x(t) + 64]; // lines to and from the forward row, and the reverse one
  const rows = [
    { y: 300, of: 'first', name: 'layer 0, forward', reverse: false },
    { y: 240, of: 'second', name: 'layer 0, reverse', reverse: true },
    { y: 160, of: 'first', name: 'layer 1, forward', reverse: false },
    { y: 100, of: 'second', name: 'layer 1, reverse', reverse: true },
  ];
  const drawn = rows.map(({ y, of, name, reverse }) => {
    const steps = stepsOf(lstmOf(T, 1, reverse));
    const middle = (t) => x(t) + (reverse ? SHIFT : 0);
    return [
      text(20, y + 5, name, { of }),
      steps.map(({ t, write }) => small(middle(t), y, `h row ${write}`, of)),
      steps.slice(1).map(({ t }, n) => {
        const from = middle(steps[n].t) + (reverse ? -46 : 46);
        return arrow(`M${from} ${y}H${middle(t) + (reverse ? 48 : -48)}`, of);
      }),
    ];
  });
  const up = Array.from({ length: T }, (_, t) => [
    `<rect class="line" x="${x(t) - 46}" y="350" width="${92 + SHIFT}" height="32" rx="6" style="fill: var(--fill)"/>`,
    text(x(t) + SHIFT / 2, 371, `x${SUBSCRIPTS[t]}`, { anchor: 'middle' }),
    arrow(`M${left(t)} 350V318`, 'grey'),
    arrow(`M${right(t)} 350V258`, 'grey'),
    // both states of layer 0 meet in a bar, which both directions of layer 1 read
    `<path class="grey" stroke-width="2" d="M${left(t)} 284V200M${right(t)} 224V200M${left(t)} 200H${right(t)}"/>`,
    arrow(`M${left(t)} 200V178`, 'grey'),
    arrow(`M${right(t)} 200V118`, 'grey'),
  ]);
  return picture(720, 424, 'A network of two layers, each with two directions, over four steps', [
    heads('first', 'second', 'grey'),
    text(20, 28, 'Each box is a state after a step. A row of boxes is one LSTM.', { of: 'quiet' }),
    drawn,
    up,
    text(20, 371, 'inputs'),
    text(20, 205, 'both states', { of: 'quiet' }),
    arrow(`M${left(T - 1)} 144V66`, 'first'),
    arrow(`M${right(0)} 84V66`, 'second'),
    text(right(0), 58, 'output layer', { anchor: 'middle', of: 'second' }),
    text(left(T - 1), 58, 'output layer', { anchor: 'middle', of: 'first' }),
    text(20, 408, 'The output layer reads both last states: each has then read the whole sequence.', { of: 'quiet' }),
  ]);
}

/** Which cells of a batch are computed: one row for each sequence, one column for each step. */
export function lengthsPicture() {
  const T = Math.max(...LENGTHS);
  const B = LENGTHS.length;
  const grid = (left, reverse, title) => {
    const lstm = lstmOf(T, B, reverse);
    setLengths(lstm, LENGTHS);
    const place = (t) => left + 62 * t;
    return [
      text(left, 52, title, { of: reverse ? 'second' : 'first' }),
      lstm.steps.map(({ running, ended }, n) => {
        const t = reverse ? T - 1 - n : n;
        const count = running ? running.h.shape[0] : 0;
        if (count + (ended ? ended.h.shape[0] : 0) !== B) throw new Error('lengths.svg: a sequence is missing');
        return [
          LENGTHS.map((_, b) => {
            const runs = b < count;
            return [
              `<rect class="${runs ? (reverse ? 'second' : 'first') : 'line'}" x="${place(t)}" y="${68 + 44 * b}" width="54" height="36" rx="5"${runs ? ' stroke-width="2"' : ' stroke-dasharray="4 4"'} style="fill: var(--fill)"/>`,
              text(place(t) + 27, 91 + 44 * b, runs ? 'runs' : 'keeps', { anchor: 'middle', of: runs ? '' : 'quiet' }),
            ];
          }),
          text(place(t) + 27, 222, count, { anchor: 'middle' }),
          text(place(t) + 27, 244, t, { anchor: 'middle', of: 'quiet' }),
        ];
      }),
    ];
  };
  return picture(760, 262, 'A batch of three sequences with 5, 3 and 2 steps', [
    text(20, 28, 'A sequence that does not run at a step keeps its state: (14).', { of: 'quiet' }),
    LENGTHS.map((length, b) => text(20, 91 + 44 * b, `${length} steps`)),
    text(20, 222, 'B_t'),
    text(20, 244, 'step', { of: 'quiet' }),
    grid(96, false, 'forward: from step 0'),
    grid(434, true, `reverse: from step ${T - 1}`),
  ]);
}
