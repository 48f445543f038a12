/**
 * One step of an LSTM, whose arrows have the numbers of their equations; and one cell over many steps, with its gates held: c and h, and
 * what is left of c[0] and of the gradient. docs/learn/lstm.md. It runs in the browser too.
 */
import { arrow, box, given, heads, next, picture, short, text } from './svg.mjs';

const [FIRST, SECOND] = ['first', 'second'];

const GATES = [
  { x: 80, name: 'i', label: 'σ(zi)' },
  { x: 156, name: 'j', label: 'tanh(zj)' },
  { x: 232, name: 'f', label: 'σ(zf + 1)' },
  { x: 308, name: 'o', label: 'σ(zo)' },
];
const [INPUTS, Z, GATE, C, H, END] = [52, 150, 250, 352, 450, 532];

/** The arrows by what they lead from and to: the corners of each, its equation, and where that stands. */
const ARROWS = {
  ...{ 'hPrev-z': straight(176, INPUTS, Z, '(1)'), 'x-z': straight(290, INPUTS, Z, '(1)') },
  ...Object.fromEntries(GATES.map(({ x, name }) => [`z-${name}`, straight(x, Z, GATE, '(2)')])),
  ...Object.fromEntries(GATES.slice(0, 3).map(({ x, name }) => [`${name}-c`, straight(x, GATE, C, '(3)')])),
  'cPrev-c': {
    corners: [
      [24, INPUTS + 24],
      [24, C],
      [44, C],
    ],
    number: '(3)',
    place: [32, (GATE + C) / 2 + 4],
  },
  'c-h': straight(190, C, H, '(4)'),
  'o-h': { ...straight(308, GATE, H, '(4)'), place: [316, (C + H) / 2 + 4] },
  'c-next': {
    corners: [
      [80, C + 24],
      [80, END - 16],
    ],
  },
  'h-next': {
    corners: [
      [230, H + 24],
      [230, END - 16],
    ],
  },
};

/** Down at x, from the lower edge of one row of boxes to the upper edge of another. */
function straight(x, from, to, number) {
  return {
    corners: [
      [x, from + 24],
      [x, to - 24],
    ],
    number,
    place: [x + 8, (from + to) / 2 + 4],
  };
}

/** The arrow with this name, and its number. `isBack`: it leads from the end to the beginning, and its number has a prime. */
function namedArrow(name, of, isBack = false) {
  const { corners, number, place } = ARROWS[name];
  const way = isBack ? corners.toReversed() : corners;
  const prime = isBack ? number?.replace(')', '′)') : number;
  return [
    arrow(`M${way.map((corner) => corner.join(' ')).join('L')}`, of),
    number ? text(...place, prime, { of }) : [],
  ];
}

/** What the boxes say about tensors: a name and a line below it. */
const TENSORS = {
  cPrev: ['cPrev', '[B,H]'],
  z: ['z = x·Wx + hPrev·Wh + b', 'zi, zj, zf, zo: [B,4H]'],
  gates: GATES.map(({ name, label }) => [name, label]),
  c: ['c = f*cPrev + i*j', '[B,H]'],
  h: ['h = o*tanh(c)', '[B,H]'],
};

const INPUT_BOXES = [box(176, INPUTS, 'hPrev', '[B,H]', { width: 76 }), box(290, INPUTS, 'x', '[B,I]', { width: 76 })];

/** The way from x and hPrev to z, which is not there if z is set by hand. */
const FROM_INPUTS = ['hPrev-z', 'x-z'];
/** The way of the cell has a colour of its own. */
const OF_CELL = ['cPrev-c', 'c-next'];

/** One step, as SVG in nested lists; each arrow has the number of its equation. `lit`: the equation whose arrows alone have a colour; '': all have one. */
const cellGraph = (texts, hasInputs, lit = '') => [
  heads(FIRST, SECOND, 'grey'),
  Object.keys(ARROWS).map((name) =>
    hasInputs || !FROM_INPUTS.includes(name) ? namedArrow(name, colourOf(name, lit)) : [],
  ),
  boxes(texts),
  hasInputs ? INPUT_BOXES : [],
  text(80, END, 'c, to the', { of: SECOND, anchor: 'middle' }),
  text(80, END + 17, 'next step', { of: SECOND, anchor: 'middle' }),
  text(230, END, 'h, to the next step', { of: FIRST, anchor: 'middle' }),
  text(230, END + 17, 'and to the output layer', { of: FIRST, anchor: 'middle' }),
];

/** @param {string} name @param {string} lit */
function colourOf(name, lit) {
  if (lit !== '' && ARROWS[name].number !== lit) return 'grey';
  return OF_CELL.includes(name) ? SECOND : FIRST;
}

/** The step forward, with the arrows of one equation lit: `(1)` to `(4)`. @param {string} lit */
export const cellForward = (lit) => cellGraph(TENSORS, true, lit);

const boxes = ({ cPrev, z, gates, c, h }) => [
  box(50, INPUTS, ...cPrev, { width: 76 }),
  box(194, Z, ...z, { width: 292 }),
  GATES.map(({ x }, n) => box(x, GATE, ...gates[n], { width: 66 })),
  box(154, C, ...c, { width: 220 }),
  box(230, H, ...h, { width: 220 }),
];

export const [CELL_WIDTH, CELL_HEIGHT] = [360, 566];

export const cellPicture = () =>
  picture(
    CELL_WIDTH,
    CELL_HEIGHT,
    'One step of an LSTM, from x, hPrev and cPrev to c and h, with the numbers of the equations',
    cellGraph(TENSORS, true),
  );

/** What each box holds on the way back, and the gradient of it. */
const BACKWARD = {
  cPrev: ['dcPrev', 'to c before'],
  z: ['dz', 'z = x·Wx + hPrev·Wh + b'],
  gates: GATES.map(({ name, label }) => [`d${name}`, label]),
  c: ['dc', 'c = f*cPrev + i*j'],
  h: ['dh', 'h = o*tanh(c)'],
};

/** The same step on the way back. `lit`: the names of the arrows that one line serves; all others are grey. @param {readonly string[]} lit */
export const cellBackward = (lit) => [
  heads('grey', 'third'),
  Object.keys(ARROWS).map((name) => namedArrow(name, lit.includes(name) ? 'third' : 'grey', true)),
  boxes(BACKWARD),
  box(176, INPUTS, 'dhPrev', 'to h before', { width: 86 }),
  box(290, INPUTS, 'dx', 'to the input', { width: 86 }),
  text(80, END, 'dc, from the', { of: 'quiet', anchor: 'middle' }),
  text(80, END + 17, 'next step', { of: 'quiet', anchor: 'middle' }),
  text(230, END, 'dh, from the next step', { of: 'quiet', anchor: 'middle' }),
  text(230, END + 17, 'and from the output layer', { of: 'quiet', anchor: 'middle' }),
];

/** At the bottom of each gate's box: how far it is open. j is between -1 and 1, from the middle. */
const levels = (cell) =>
  GATES.map(({ x, name }) => {
    const [from, to] = name === 'j' ? [Math.min(0, cell.j), Math.max(0, cell.j)] : [-1, 2 * cell[name] - 1];
    return `<rect class="level" x="${(x + 33 * from).toFixed(1)}" y="${GATE + 19}" width="${(33 * (to - from)).toFixed(1)}" height="5"/>`;
  });

/** One unit with its numbers, if z is set by hand. `cell` has i, j, f, o, c and h. */
export function cellWithNumbers({ zi, zj, zf, zo }, cPrev, cell) {
  const { i, j, f, o, c, h } = cell;
  const numbers = {
    cPrev: ['cPrev', short(cPrev)],
    z: ['z, set by your levers', `zi ${given(zi)}, zj ${given(zj)}, zf ${given(zf)}, zo ${given(zo)}`],
    gates: GATES.map(({ name, label }) => [`${name} = ${short(cell[name])}`, label]),
    c: ['c = f*cPrev + i*j', `${short(f)}·${next(short(cPrev))} + ${short(i)}·${next(short(j))} = ${short(c)}`],
    h: ['h = o*tanh(c)', `${short(o)}·${next(short(Math.tanh(c)))} = ${short(h)}`],
  };
  return [cellGraph(numbers, false), levels(cell)];
}

/**
 * @typedef {object} Line
 * @property {readonly { readonly h: number }[]} cells T of them.
 * @property {readonly number[]} c T+1 numbers.
 * @property {readonly number[]} left
 * @property {readonly number[]} dc
 */

export const [LINE_WIDTH, LINE_HEIGHT] = [360, 400];
const [X, WIDTH, HEIGHT] = [44, 300, 120];
/** Where the two diagrams begin. */
const TOPS = [50, 232];

/** The distance of the lines in a diagram. @param {number} span */
const spaceOf = (span) => (span <= 4 ? 1 : span <= 16 ? 5 : 10);

/** The scale of c and h: it holds -1 to 1, and every number of c. @param {readonly number[]} c */
export function scaleOf(c) {
  const [least, most] = [Math.min(-1, ...c), Math.max(1, ...c)];
  const every = spaceOf(most - least);
  return { low: Math.floor(least / every) * every, high: Math.ceil(most / every) * every, every };
}

/**
 * A diagram whose upper edge is at y: its lines, and `up`, the height of a number in it.
 *
 * @param {number} y
 * @param {{ low: number, high: number, every: number }} scale
 * @param {(value: number) => string} nameOf
 */
function diagram(y, { low, high, every }, nameOf) {
  /** @param {number} value */
  const up = (value) => (y + (HEIGHT * (high - value)) / (high - low)).toFixed(1);
  const count = Math.round((high - low) / every) + 1;
  const lines = Array.from({ length: count }, (_, n) => {
    const value = low + n * every;
    return [
      `<path class="line" d="M${X} ${up(value)}h${WIDTH}"${value === 0 ? ' stroke-width="2"' : ''}/>`,
      text(X - 8, Number(up(value)) + 4, nameOf(value).replace('-', '−'), { of: 'quiet', anchor: 'end' }),
    ];
  });
  return { up, lines };
}

/** Line, step by step, with a dot for each number. @param {string} of @param {readonly string[]} points */
const curve = (of, points) => [
  `<path class="${of}" stroke-width="1.5" stroke-linejoin="round" d="M${points.join('L')}"/>`,
  `<path class="${of}" stroke-width="5" stroke-linecap="round" d="${points.map((point) => `M${point}h0`).join('')}"/>`,
];

/** The SVG of both diagrams, in nested lists. `step`: the one that is marked. @param {Line} line @param {number} step */
export function cellLine({ cells, c, left, dc }, step) {
  const T = cells.length;
  /** @param {number} t */
  const across = (t) => (X + (WIDTH * t) / T).toFixed(1);
  const states = diagram(TOPS[0], scaleOf(c), String);
  const parts = diagram(TOPS[1], { low: 0, high: 1, every: 0.5 }, (value) => `${100 * value}%`);
  return [
    TOPS.map((y) => `<rect class="marked" x="${across(step)}" y="${y}" width="${WIDTH / T}" height="${HEIGHT}"/>`),
    text(X, 18, 'c, the cell', { of: 'second' }),
    text(X, 38, 'h, what it shows', { of: 'first' }),
    states.lines,
    curve(
      'first',
      cells.map(({ h }, t) => `${across(t + 1)} ${states.up(h)}`),
    ),
    curve(
      'second',
      c.map((value, t) => `${across(t)} ${states.up(value)}`),
    ),
    text(X, TOPS[1] - 32, 'of c[0] is left: forward, to the right', { of: 'second' }),
    text(X, TOPS[1] - 12, `of dc[${T}] arrives: back, to the left`, { of: 'third' }),
    parts.lines,
    curve(
      'third',
      dc.map((value, t) => `${across(t)} ${parts.up(value)}`),
    ),
    curve(
      'second',
      left.map((value, t) => `${across(t)} ${parts.up(value)}`),
    ),
    [0, T / 3, (2 * T) / 3, T].map((t) =>
      text(across(t), TOPS[1] + HEIGHT + 20, String(t), { of: 'quiet', anchor: 'middle' }),
    ),
    text(X + WIDTH / 2, TOPS[1] + HEIGHT + 40, 'row of c', { of: 'quiet', anchor: 'middle' }),
  ];
}
