// @ts-check
/** The graph of an RNN with one unit, unrolled over its steps: docs/learn/what-an-rnn-is.md. It runs in the browser too. */
import { gradientsOf, lossOf, nudge, SEQUENCE, statesOf, TARGET, WEIGHTS } from '../programs/one-unit.mjs';
import { arrow, box, given, heads, number, picture, text } from './svg.mjs';

const [FIRST, SECOND] = ['first', 'second'];
const [LEFT, MIDDLE, ROW, TOP] = [58, 180, 92, 92];
export const WIDTH = 360;

/** @param {number} row */
const rowAt = (row) => TOP + ROW * row;

/** The height of a picture of T steps. @param {number} T */
export const heightOf = (T) => rowAt(T + 1) + 40;

/**
 * An arrow: forward, it carries x[t] by Wx to h[t+1], or h[t] by Wh to h[t+1], or h[T] to the loss; on the way back, the loss's gradient
 * to h[T], or that of h[t+1] to h[t].
 *
 * @typedef {object} Arrow
 * @property {'Wx' | 'Wh' | 'loss' | 'dLoss' | 'dh'} kind
 * @property {number} t The step; T for the arrows of the loss.
 * @property {string} path
 * @property {{ x: number, y: number, width: number, height: number }} place Its place for a finger.
 */

/** @param {Arrow['kind']} kind @param {number} t @param {number} x @param {number} from @param {number} to @returns {Arrow} */
const vertical = (kind, t, x, from, to) => ({
  ...{ kind, t, path: `M${x} ${from}V${to}` },
  place: { x: x - 15, y: Math.min(from, to), width: 30, height: Math.abs(to - from) },
});

/** The arrows in the order in which a program computes them. @param {number} T @returns {Arrow[]} */
export function arrowsOf(T) {
  const steps = Array.from({ length: T + 1 }, (_, t) => ({ t, from: rowAt(t) + 24, to: rowAt(t + 1) - 24 }));
  const down = steps.map(({ t, from, to }) => vertical(t === T ? 'loss' : 'Wh', t, MIDDLE - 16, from, to));
  const up = steps.map(({ t, from, to }) => vertical(t === T ? 'dLoss' : 'dh', t, MIDDLE + 16, to, from));
  const [start, end] = [LEFT + 36, MIDDLE - 46];
  const across = steps.slice(0, T).map(({ t }) => {
    const y = rowAt(t + 1);
    /** @type {Arrow} */
    const one = {
      ...{ kind: 'Wx', t, path: `M${start} ${y}H${end}` },
      place: { x: start, y: y - 20, width: end - start, height: 40 },
    };
    return one;
  });
  return [...down.flatMap((one, t) => [one, ...across.slice(t, t + 1)]), ...up.reverse()];
}

/**
 * The boxes, arrows and numbers, as SVG in nested lists. `extra`: SVG beside the number of each dh.
 *
 * @param {{ x: readonly number[], Wx: number, Wh: number, target: number }} example
 * @param {(dh: readonly number[], row: number, x: number, y: number) => unknown} [extra]
 */
export function unrolledGraph({ x, Wx, Wh, target }, extra = () => []) {
  const T = x.length;
  const h = statesOf(x, { Wx, Wh });
  const { dh } = gradientsOf(x, { Wh }, h, target);
  const drawn = (/** @type {(arrow: Arrow) => boolean} */ which) =>
    arrowsOf(T)
      .filter(which)
      .map(({ kind, path }) => arrow(path, kind.startsWith('d') ? SECOND : FIRST));
  const steps = x.map((value, t) => {
    const middle = (rowAt(t) + rowAt(t + 1)) / 2;
    return [
      drawn((one) => one.t === t),
      box(LEFT, rowAt(t + 1), `x[${t}]`, given(value), { width: 72 }),
      text(MIDDLE - 24, middle + 4, 'Wh', { of: FIRST, anchor: 'end' }),
      text((LEFT + MIDDLE) / 2 - 5, rowAt(t + 1) - 8, 'Wx', { of: FIRST, anchor: 'middle' }),
      text(MIDDLE + 26, middle + 4, `step ${t}`, { of: 'quiet' }),
    ];
  });
  const states = h.map((value, row) => [
    box(MIDDLE, rowAt(row), `h[${row}]`, number(value)),
    text(MIDDLE + 54, rowAt(row) + 4, `dh[${row}] = ${number(dh[row])}`, { of: SECOND }),
    extra(dh, row, MIDDLE + 54, rowAt(row) + 10),
  ]);
  return [
    heads(FIRST, SECOND),
    text(20, 30, 'forward: down', { of: FIRST }),
    text(WIDTH - 20, 30, 'gradient: up', { of: SECOND, anchor: 'end' }),
    text(20, 50, 'Every step uses the same Wx and Wh.', { of: 'quiet' }),
    steps,
    drawn((one) => one.t === T),
    states,
    box(MIDDLE, rowAt(T + 1), 'loss', number(lossOf(h, target))),
  ];
}

/** The chapter's example. */
export const unrolledPicture = () =>
  picture(
    WIDTH,
    heightOf(SEQUENCE.length),
    'An RNN of three steps, unrolled: the forward pass and the way back of the gradient',
    unrolledGraph({ x: SEQUENCE, ...WEIGHTS, target: TARGET }),
  );

export const NUDGE_HEIGHT = 150;
/** The largest nudge, in both directions. */
export const MOST_NUDGE = 0.5;

/**
 * How the loss changes over Wh, as a curve, and its tangent at Wh. At Wh + δ, the curve has what the nudge measures, and the tangent what the
 * gradient says.
 *
 * @param {{ x: readonly number[], Wx: number, Wh: number, target: number }} example
 * @param {number} delta
 */
export function nudgeDiagram({ x, Wx, Wh, target }, delta) {
  const at = (/** @type {number} */ d) => nudge(x, { Wx, Wh }, target, d);
  const deltas = Array.from({ length: 61 }, (_, n) => MOST_NUDGE * (n / 30 - 1));
  const values = deltas.map((d) => at(d)).flatMap(({ expected, measured }) => [expected, measured]);
  const [least, most] = [Math.min(...values, -1e-3), Math.max(...values, 1e-3)];
  const across = (/** @type {number} */ d) => WIDTH / 2 + (d / MOST_NUDGE) * (WIDTH / 2 - 20);
  const up = (/** @type {number} */ change) => 26 + ((most - change) / (most - least)) * (NUDGE_HEIGHT - 56);
  const point = (/** @type {number} */ d, /** @type {number} */ change) =>
    `${across(d).toFixed(1)} ${up(change).toFixed(1)}`;
  const { expected, measured } = at(delta);
  const dot = (/** @type {string} */ of, /** @type {number} */ d, /** @type {number} */ change) =>
    `<circle class="dot ${of}" cx="${across(d).toFixed(1)}" cy="${up(change).toFixed(1)}" r="4"/>`;
  const ends = [-MOST_NUDGE, MOST_NUDGE];
  return [
    `<path class="line" d="M${point(ends[0], 0)}H${across(ends[1])}M${across(0)} 20V${NUDGE_HEIGHT - 24}M${across(delta).toFixed(1)} 20V${NUDGE_HEIGHT - 24}"/>`,
    `<path class="first" stroke-width="2" d="M${deltas.map((d) => point(d, at(d).measured)).join('L')}"/>`,
    `<path class="second" stroke-width="2" d="M${ends.map((d) => point(d, at(d).expected)).join('L')}"/>`,
    [dot('first', 0, 0), dot('second', delta, expected), dot('first', delta, measured)],
    text(20, 14, 'the loss', { of: FIRST }),
    text(WIDTH - 20, 14, 'what dWh says', { of: SECOND, anchor: 'end' }),
    text(across(0), NUDGE_HEIGHT - 8, `Wh = ${given(Wh)}`, { of: 'quiet', anchor: 'middle' }),
  ];
}
