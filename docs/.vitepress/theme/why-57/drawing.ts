/** The pictures of docs/learn/why-57.md: an image beside the norms of dc after its rows, one row of dx, and how f is distributed. */
import { superscript } from '../../../learn/pictures/diagrams.mjs';
import { text } from '../../../learn/pictures/svg.mjs';
import type { Found } from './worker.js';

/** A number with two digits; a small one with its power of ten. */
export function written(value: number): string {
  const size = Math.abs(value);
  const sign = value < 0 ? '−' : '';
  if (size === 0 || size >= 0.01) return sign + (size === 0 ? '0' : size.toPrecision(2));
  const [digits, exponent] = size.toExponential(1).split('e');
  return `${sign}${digits}·10${superscript(Number(exponent)).replace('-', '⁻')}`;
}

/** T = I: rows of an image, and pixels of a row. */
export const SIDE = 28;
/** Of a row of the picture; and where the bars begin, and the longest one. */
const [ROW, TOP, BARS, LONGEST] = [9, 26, 272, 160];
export const [WIDTH, HEIGHT] = [BARS + LONGEST + 16, TOP + SIDE * ROW + 28];
/** The scale of the bars' logarithms ends at 10^LEAST. */
const LEAST = -24;

/** The length of a bar, as a part of the longest one. */
const partOf = (share: number, isLog: boolean): number => {
  const part = isLog ? 1 - Math.log10(Math.max(share, 10 ** LEAST)) / LEAST : share;
  return Math.min(1, Math.max(0, part));
};

/** The share that a bar to this place says, from 0 to 1. The place is a part of the picture's width. */
export function shareAt(place: number, isLog: boolean): number {
  const part = Math.min(1, Math.max(0, (place * WIDTH - BARS) / LONGEST));
  return isLog ? Number((10 ** (LEAST * (1 - part))).toPrecision(1)) : Math.round(100 * part) / 100;
}

/** The row at a place, a part of the picture's height. */
export const rowAt = (place: number): number =>
  Math.min(SIDE - 1, Math.max(0, Math.floor((place * HEIGHT - TOP) / ROW)));

export interface Shown {
  /** None: not computed yet. */
  readonly found: Found | undefined;
  /** The bar that the reader expects for row 1. */
  readonly expected: number | undefined;
  readonly row: number;
  readonly isLog: boolean;
}

/** The image's rows, and beside each row its bar. */
export function rowsPicture({ found, expected, row, isLog }: Shown): string {
  const bottom = TOP + SIDE * ROW;
  const bar = (share: number, t: number): string =>
    `M${BARS} ${TOP + t * ROW + 1}h${(LONGEST * partOf(share, isLog)).toFixed(1)}v${ROW - 2}H${BARS}z`;
  const ticks = isLog ? [0, LEAST / 2, LEAST].map((log) => [10 ** log, log === 0 ? '1' : `10${superscript(log)}`]) : [];
  return [
    `<rect class="marked" x="8" y="${TOP + row * ROW}" width="${BARS + LONGEST - 8}" height="${ROW}"/>`,
    digit(found?.pixels),
    `<rect class="line" x="8" y="${TOP}" width="${SIDE * ROW}" height="${SIDE * ROW}"/>`,
    text(BARS + LONGEST, TOP - 8, '‖∂L/∂c‖ after each row; the last is 1', { of: 'quiet', anchor: 'end' }),
    `<path class="line" d="M${BARS} ${TOP}V${bottom}M${BARS + LONGEST} ${TOP}V${bottom}"/>`,
    `<path class="level" d="${found?.norms.map(bar).join('') ?? ''}"/>`,
    expected === undefined ? '' : `<path class="second" stroke-width="2" d="${bar(expected, 0)}"/>`,
    (isLog ? ticks : [[0, '0'] as const, [1, '1'] as const]).map(([share, name]) =>
      text(BARS + LONGEST * partOf(Number(share), isLog), bottom + 18, name, { of: 'quiet', anchor: 'middle' }),
    ),
  ]
    .flat()
    .join('');
}

/** In four shades. */
function digit(pixels: Uint8Array | undefined): string[] {
  return [1, 2, 3, 4].map((shade) => {
    const squares = Array.from(pixels ?? [], (pixel, n) =>
      Math.ceil((pixel / 255) * 4) === shade
        ? `M${8 + (n % SIDE) * ROW} ${TOP + Math.floor(n / SIDE) * ROW}h${ROW}v${ROW}h-${ROW}z`
        : '',
    );
    return `<path class="ink" opacity="${shade / 4}" d="${squares.join('')}"/>`;
  });
}

/** Of a pixel of the picture of one row, and of its longest bar up or down. */
const [PIXEL, LONG] = [14, 56];
export const [ROW_WIDTH, ROW_HEIGHT] = [SIDE * PIXEL + 16, 2 * LONG + 34];

/** One row of ∂L/∂x: up if more ink increases the loss. All rows of an image have the same scale. Below it, the row's pixels. */
export function gradientOfRow({ dx, pixels }: Found, row: number): string {
  const most = Math.max(...dx.flatMap((values) => Array.from(values, Math.abs))) || 1;
  const bars = Array.from(dx[row], (value, n) => {
    const height = (LONG * Math.abs(value)) / most;
    const top = 4 + (value > 0 ? LONG - height : LONG);
    return `<rect class="${value > 0 ? 'bar' : 'level'}" x="${8 + n * PIXEL + 1}" y="${top.toFixed(1)}" width="${PIXEL - 2}" height="${height.toFixed(1)}"/>`;
  });
  const ink = Array.from(pixels.subarray(row * SIDE, (row + 1) * SIDE), (pixel, n) =>
    pixel === 0
      ? ''
      : `<rect class="ink" opacity="${(pixel / 255).toFixed(2)}" x="${8 + n * PIXEL}" y="${2 * LONG + 12}" width="${PIXEL}" height="${PIXEL}"/>`,
  );
  return [
    `<path class="line" d="M8 ${4 + LONG}h${SIDE * PIXEL}"/>`,
    bars,
    ink,
    `<rect class="line" x="8" y="${2 * LONG + 12}" width="${SIDE * PIXEL}" height="${PIXEL}"/>`,
  ]
    .flat()
    .join('');
}

/** What the picture of a row shows, in words. */
export function wordsOfRow({ norms, dx }: Found, row: number): string {
  const values = Array.from(dx[row]);
  const largest = values.reduce((most, value) => (Math.abs(value) > Math.abs(most) ? value : most), 0);
  return `Row ${row + 1}: ${written(norms[row])} of ‖∂L/∂c‖ after row ${SIDE}. ‖∂L/∂x‖ of this row is ${written(Math.hypot(...values))}, and its largest entry is ${written(largest)}, at pixel ${values.indexOf(largest) + 1}.`;
}

/** f from FIRST to 1, in bins of width 1/BINS; the scale upward ends at MOST of the units. */
const [FIRST, BINS, MOST] = [0.5, 50, 0.8];
const [F_WIDTH, F_HEIGHT] = [320, 120];
export const GATES_SIZE = [F_WIDTH + 60, F_HEIGHT + 56] as const;

/** How many of the units have a mean f in each bin. */
export function gatesPicture({ units }: Found['f']): string {
  const across = (f: number): number => 44 + (F_WIDTH * (f - FIRST)) / (1 - FIRST);
  const up = (part: number): number => 28 + F_HEIGHT * (1 - part / MOST);
  const all = units.reduce((sum, count) => sum + count, 0);
  const bars = units.map((count, n) =>
    count === 0
      ? ''
      : `M${(across(n / BINS) + 0.5).toFixed(1)} ${up(0)}V${up(count / all).toFixed(1)}h${F_WIDTH / (1 - FIRST) / BINS - 1}V${up(0)}z`,
  );
  return [
    text(44, 14, 'units by their mean f', { of: 'quiet' }),
    [0, 0.4, 0.8].map((part) => [
      `<path class="line" d="M44 ${up(part)}h${F_WIDTH}"/>`,
      text(38, up(part) + 4, `${100 * part}%`, { of: 'quiet', anchor: 'end' }),
    ]),
    [0.5, 0.6, 0.7, 0.8, 0.9, 1].map((f) => text(across(f), up(0) + 18, f, { of: 'quiet', anchor: 'middle' })),
    `<path class="level" d="${bars.join('')}"/>`,
  ]
    .flat(Infinity)
    .join('');
}

/** What the picture of f shows, in words. */
export function wordsOfGates({ mean, range, units }: Found['f']): string {
  const above = units.slice(0.9 * BINS).reduce((sum, count) => sum + count, 0);
  const all = units.reduce((sum, count) => sum + count, 0);
  return `The mean of f is ${mean}. The units' means lie between ${range.map((f) => f.toFixed(2)).join(' and ')}; ${above} of ${all} are above 0.9.`;
}
