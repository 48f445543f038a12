/** One step of an LSTM; each arrow has the number of its equation: docs/learn/lstm.md. It runs in the browser too. */
import { arrow, box, heads, picture, text } from './svg.mjs';

const [FIRST, SECOND] = ['first', 'second'];

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
