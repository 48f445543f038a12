/** An RNN, unrolled over its steps: docs/learn/what-an-rnn-is.md. */
import { gradientsOf, lossOf, SEQUENCE, statesOf, TARGET, WEIGHTS } from '../programs/one-state.mjs';
import { arrow, box, heads, picture, text } from './svg.mjs';

const [FIRST, SECOND] = ['first', 'second'];
const [LEFT, MIDDLE, ROW, TOP] = [58, 180, 92, 92];

export function unrolledPicture() {
  const h = statesOf(SEQUENCE, WEIGHTS);
  const { dh } = gradientsOf(SEQUENCE, WEIGHTS, h, TARGET);
  const T = SEQUENCE.length;
  const number = (value) => value.toFixed(4).replace('-', '−');
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
