/** One step of a GRU, in the form in which cell.svg has the LSTM: docs/learn/gates.md. */
import { arrow, box, heads, picture, text } from './svg.mjs';

const [FIRST, SECOND] = ['first', 'second'];
const [INPUTS, PRODUCTS, GATES, H, END] = [52, 150, 272, 372, 452];
const [PAST, PRESENT] = [124, 304]; // the columns of hPrev and x
const ROW = [
  { x: 90, name: 'u', label: 'σ(au + qu)', width: 84 },
  { x: 194, name: 'r', label: 'σ(ar + qr)', width: 84 },
  { x: 330, name: 'j', label: 'tanh(aj + r*qj)', width: 116 },
];

/** An arrow straight down at x, with its letter to the right. */
const down = (x, from, to, letter, of = FIRST) => [
  arrow(`M${x} ${from + 24}V${to - 24}`, of),
  text(x + 8, (from + to) / 2 + 4, letter, { of }),
];

export const gruPicture = () =>
  picture(420, 488, 'One step of a GRU, from x and hPrev to h, with the letters of the equations', [
    heads(FIRST, SECOND),
    down(PAST, INPUTS, PRODUCTS, '(a)'),
    down(PRESENT, INPUTS, PRODUCTS, '(a)'),
    ROW.map(({ x }, n) => [
      arrow(`M${PAST + 30 * (n - 1)} ${PRODUCTS + 24}L${x - 10} ${GATES - 24}`, FIRST),
      arrow(`M${PRESENT + 30 * (n - 1)} ${PRODUCTS + 24}L${x + 10} ${GATES - 24}`, FIRST),
    ]),
    text(50, PRODUCTS + 54, '(b)', { of: FIRST }),
    text(372, PRODUCTS + 54, '(c)', { of: FIRST }),
    arrow(`M236 ${GATES}H270`, FIRST),
    text(253, GATES - 8, '(c)', { of: FIRST, anchor: 'middle' }),
    down(ROW[0].x, GATES, H, '(d)'),
    down(ROW[2].x, GATES, H, '(d)'),
    arrow(`M${PAST - 38} ${INPUTS}H24V${H}H46`, SECOND),
    text(32, (GATES + H) / 2 + 4, '(d)', { of: SECOND }),
    down(210, H, END - 8, ''),
    box(PAST, INPUTS, 'hPrev', '[B,H]', { width: 76 }),
    box(PRESENT, INPUTS, 'x', '[B,I]', { width: 76 }),
    box(PAST, PRODUCTS, 'q = hPrev·U + bU', 'qr, qu, qj: [B,3H]', { width: 156 }),
    box(PRESENT, PRODUCTS, 'a = x·W + b', 'ar, au, aj: [B,3H]', { width: 156 }),
    ROW.map(({ x, name, label, width }) => box(x, GATES, name, label, { width })),
    box(218, H, 'h = u*hPrev + (1-u)*j', '[B,H]', { width: 340 }),
    text(210, END, 'h, to the next step and to the output layer', { of: FIRST, anchor: 'middle' }),
  ]);
