/**
 * One step of each cell of docs/learn/other-cells.md, in the form in which cell.svg has the LSTM. The arrows have the numbers of their
 * equations, and the way from state to state has a colour of its own.
 */
import { arrow, box, heads, picture, text } from './svg.mjs';

const [FIRST, SECOND] = ['first', 'second'];
const [TOP, LEVEL, EDGE] = [44, 94, 24];

/**
 * Boxes: id, x, level from the top, name, the line below it, width. Arrows: from, to, the number of the equation. `kept`: the box of the old
 * state, the box of the new one, and the equation between them. `note`: a line below all boxes.
 */
const CELLS = {
  rnn: {
    title: 'a plain RNN',
    boxes: [
      ['hPrev', 110, 0, 'hPrev', '[B,H]', 76],
      ['x', 250, 0, 'x', '[B,I]', 76],
      ['a', 180, 1, 'a = x·Wx + hPrev·Wh + b', '[B,H]', 220],
      ['h', 180, 2, 'h = tanh(a)', '[B,H]', 140],
    ],
    arrows: [
      ['hPrev', 'a', '(20)'],
      ['x', 'a', '(20)'],
      ['a', 'h', '(20)'],
    ],
  },
  gru: {
    title: 'a GRU',
    boxes: [
      ['hPrev', 110, 0, 'hPrev', '[B,H]', 76],
      ['x', 284, 0, 'x', '[B,I]', 76],
      ['ah', 112, 1, 'ah = hPrev·Wh + bRecurrent', '[B,3H]', 188],
      ['ax', 284, 1, 'ax = x·Wx + b', '[B,3H]', 116],
      ['z', 80, 2, 'z', 'σ(axz + ahz)', 92],
      ['r', 182, 2, 'r', 'σ(axr + ahr)', 92],
      ['n', 302, 2, 'n', 'tanh(axn + r*ahn)', 124],
      ['h', 190, 3, 'h = (1-z)*n + z*hPrev', '[B,H]', 200],
    ],
    arrows: [
      ['hPrev', 'ah', '(21)'],
      ['x', 'ax', '(21)'],
      ['ah', 'z', '(22)'],
      ['ah', 'r', ''],
      ['ah', 'n', ''],
      ['ax', 'z', ''],
      ['ax', 'r', ''],
      ['ax', 'n', '(22)'],
      ['r', 'n', ''],
      ['z', 'h', '(23)'],
      ['n', 'h', '(23)'],
    ],
    kept: ['hPrev', 'h', '(23)'],
  },
  'lstm-peephole': {
    title: 'an LSTM with peepholes',
    boxes: [
      ['cPrev', 54, 0, 'cPrev', '[B,H]', 76],
      ['hPrev', 218, 0, 'hPrev', '[B,H]', 76],
      ['x', 322, 0, 'x', '[B,I]', 76],
      ['z', 268, 1, 'z = x·Wx + hPrev·Wh + b', '[B,4H]', 204],
      ['f', 92, 2, 'f', 'σ(zf + pf*cPrev + 1)', 140],
      ['i', 228, 2, 'i', 'σ(zi + pi*cPrev)', 116],
      ['j', 330, 2, 'j', 'tanh(zj)', 70],
      ['c', 160, 3, 'c = f*cPrev + i*j', '[B,H]', 150],
      ['o', 316, 3, 'o', 'σ(zo + po*c)', 96],
      ['h', 238, 4, 'h = o*tanh(c)', '[B,H]', 140],
    ],
    arrows: [
      ['hPrev', 'z', '(1)'],
      ['x', 'z', '(1)'],
      ['z', 'f', '(24)'],
      ['z', 'i', ''],
      ['z', 'j', ''],
      ['cPrev', 'f', '(24)', SECOND],
      ['cPrev', 'i', '', SECOND],
      ['f', 'c', '(3)'],
      ['i', 'c', '(3)'],
      ['j', 'c', ''],
      ['c', 'o', '(25)', SECOND],
      ['c', 'h', '(4)'],
      ['o', 'h', '(4)'],
    ],
    kept: ['cPrev', 'c', '(3)'],
    note: 'zi, zj, zf and zo are blocks of z: o reads zo',
  },
  mingru: {
    title: 'minGRU',
    boxes: [
      ['hPrev', 70, 0, 'hPrev', '[B,H]', 76],
      ['x', 220, 0, 'x', '[B,I]', 76],
      ['z', 220, 1, 'z = x·Wx + b', 'of all steps at once: [T,B,2H]', 210],
      ['u', 130, 2, 'u = σ(zu)', 'a₀ = 1-u', 96],
      ['j', 290, 2, 'b = u*j', 'j = zj', 90],
      ['h', 190, 3, 'h = a*hPrev + b', 'a = a₀, or 2·a₀ - 1', 170],
    ],
    arrows: [
      ['x', 'z', '(1)'],
      ['z', 'u', '(27)'],
      ['z', 'j', '(27)'],
      ['u', 'j', ''],
      ['u', 'h', '(28)'],
      ['j', 'h', '(26)'],
    ],
    kept: ['hPrev', 'h', '(26)'],
  },
  minlstm: {
    title: 'minLSTM',
    boxes: [
      ['hPrev', 70, 0, 'hPrev', '[B,H]', 76],
      ['x', 220, 0, 'x', '[B,I]', 76],
      ['z', 220, 1, 'z = x·Wx + b', 'of all steps at once: [T,B,3H]', 210],
      ['f', 112, 2, 'f', 'σ(zf + 1)', 80],
      ['i', 212, 2, 'i', 'σ(zi)', 80],
      ['j', 308, 2, 'j', 'zj', 70],
      ['a', 140, 3, 'a₀ = f/(f+i)', 'what stays', 110],
      ['b', 284, 3, 'b = (1-a₀)*j', 'what is new', 116],
      ['h', 190, 4, 'h = a*hPrev + b', 'a = a₀, or 2·a₀ - 1', 170],
    ],
    arrows: [
      ['x', 'z', '(1)'],
      ['z', 'f', '(29)'],
      ['z', 'i', ''],
      ['z', 'j', '(29)'],
      ['f', 'a', '(29)'],
      ['i', 'a', ''],
      ['j', 'b', '(29)'],
      ['a', 'b', ''],
      ['a', 'h', '(28)'],
      ['b', 'h', '(26)'],
    ],
    kept: ['hPrev', 'h', '(26)'],
  },
  slstm: {
    title: 'an sLSTM',
    boxes: [
      ['old', 74, 0, 'cPrev, nPrev', 'mPrev', 100],
      ['hPrev', 196, 0, 'hPrev', '[B,H]', 76],
      ['x', 296, 0, 'x', '[B,I]', 76],
      ['z', 226, 1, 'z = x·Wx + hPrev·Wh + b', '[B,4H]', 210],
      ['i', 82, 2, 'i', 'exp(zi - m)', 84],
      ['j', 164, 2, 'j', 'tanh(zj)', 66],
      ['f', 246, 2, 'f', 'exp(k - m)', 84],
      ['o', 324, 2, 'o', 'σ(zo)', 56],
      ['c', 130, 3, 'c = f*cPrev + i*j', 'n = f*nPrev + i', 148],
      ['h', 226, 4, 'h = o*c/n', '[B,H]', 120],
    ],
    arrows: [
      ['hPrev', 'z', '(1)'],
      ['x', 'z', '(1)'],
      ['z', 'i', '(31)'],
      ['z', 'j', ''],
      ['z', 'f', ''],
      ['z', 'o', '(31)'],
      ['i', 'c', '(32)'],
      ['j', 'c', ''],
      ['f', 'c', '(32)'],
      ['c', 'h', '(33)'],
      ['o', 'h', '(33)'],
    ],
    kept: ['old', 'c', '(32)'],
    note: '(30) m = max(k, zi),  k = log σ(zf + 1) + mPrev',
  },
};

/** Where a box of the table is. */
const placeOf = ([, x, level, , , width]) => ({ x, y: TOP + LEVEL * level, width });

/** An arrow between two boxes: sideways if they are side by side, else down; the number stands beside its middle. */
function between(from, to, number, of = FIRST) {
  if (from.y === to.y) {
    const [start, end] = [from.x + from.width / 2, to.x - to.width / 2];
    return [
      arrow(`M${start} ${from.y}H${end}`, of),
      text((start + end) / 2, from.y - 8, number, { of, anchor: 'middle' }),
    ];
  }
  const clamp = (x, { x: middle, width }) => Math.max(middle - width / 2 + 12, Math.min(middle + width / 2 - 12, x));
  const [start, end] = [clamp(to.x, from), clamp(from.x, to)];
  const side = { of, anchor: end < start ? 'end' : 'start' };
  return [
    arrow(`M${start} ${from.y + EDGE}L${end} ${to.y - EDGE}`, of),
    text((start + end) / 2 + (end < start ? -8 : 8), (from.y + to.y) / 2 + 4, number, side),
  ];
}

/** The way of a state past the gates, along the left edge. */
function past(from, to, number) {
  const [start, end] = [from.x - from.width / 2, to.x - to.width / 2];
  return [arrow(`M${start} ${from.y}H10V${to.y}H${end}`, SECOND), text(16, to.y - 10, number, { of: SECOND })];
}

/** One step of a cell. */
export function otherCellPicture(name) {
  const { title, boxes, arrows, kept, note } = CELLS[name];
  const places = Object.fromEntries(boxes.map((one) => [one[0], placeOf(one)]));
  const bottom = TOP + LEVEL * boxes.at(-1)[2] + 2 * EDGE;
  return picture(384, bottom + (note ? 20 : 0), `One step of ${title}, with the numbers of the equations`, [
    heads(FIRST, SECOND),
    arrows.map(([from, to, number, of]) => between(places[from], places[to], number, of)),
    kept ? past(places[kept[0]], places[kept[1]], kept[2]) : [],
    note ? text(192, bottom, note, { of: 'quiet', anchor: 'middle' }) : [],
    boxes.map(([, x, level, first, second, width]) => box(x, TOP + LEVEL * level, first, second, { width })),
  ]);
}

/** The files, and what draws them. */
export const OTHER_CELLS = Object.fromEntries(
  Object.keys(CELLS).map((name) => [`cell-${name}.svg`, () => otherCellPicture(name)]),
);
