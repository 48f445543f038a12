/** Rows as lines for the terminal, as tables in Markdown, and as charts in SVG, drawn by Observable Plot. */
import { readFileSync, writeFileSync } from 'node:fs';
import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import { BASELINE, labelOf } from '../candidates.js';
import type { Row } from '../measure/rows.js';
import { UsageError } from '../suites.js';

const COLUMNS = [
  ['median ms', 11],
  ['quartiles', 17],
  ['min', 9],
  ['samples', 9],
  ['GFLOPS', 8],
  ['of peak', 8],
  ['ratio', 8],
  ['MiB', 6],
] as const;
const NAME = 28;

export function headLine(): string {
  return `  ${''.padEnd(NAME)}${COLUMNS.map(([title, width]) => title.padStart(width)).join('')}`;
}

export function tableLine(row: Row): string {
  const name = `  ${labelOf(row).padEnd(NAME)}`;
  if (row.medianMs === null) return `${name} ${row.reason ?? 'no time'}`;
  const cells = [
    milliseconds(row.medianMs),
    `${milliseconds(row.lowerQuartileMs)}–${milliseconds(row.upperQuartileMs)}`,
    milliseconds(row.minMs),
    String(row.samples),
    row.gflops?.toFixed(2) ?? '',
    row.shareOfPeak === null ? '' : `${(100 * row.shareOfPeak).toFixed(0)}%`,
    row.ratioToLonghand === null ? '' : times(row.ratioToLonghand),
    row.peakRssMiB?.toFixed(0) ?? '',
  ];
  return name + cells.map((cell, n) => cell.padStart(COLUMNS[n][1])).join('');
}

export type Timed = Row & { readonly medianMs: number };

export const isTimed = (row: Row): row is Timed => row.medianMs !== null;

/** Three significant digits. */
export function significant(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

export function milliseconds(value: number | null): string {
  return value === null ? '' : significant(value);
}

export const times = (ratio: number): string => `×${significant(ratio)}`;

export const LEGEND =
  `load: how many processors other programs kept busy; samples: how many times the median is of; ratio: the median time divided by that of ${BASELINE} with the most threads; ` +
  'of peak: GFLOPS per thread, as a share of the most that one thread reaches in WebAssembly; ' +
  'MiB: the most resident memory that the process used';

/** Groups rows by key, in the order in which the keys first occur. */
export function groupBy<One, Key>(rows: readonly One[], keyOf: (row: One) => Key): Map<Key, One[]> {
  const groups = new Map<Key, One[]>();
  for (const row of rows) groups.set(keyOf(row), [...(groups.get(keyOf(row)) ?? []), row]);
  return groups;
}

/** A table in Markdown. */
export function table(head: readonly string[], lines: readonly (readonly string[])[]): string {
  const isNumeric = (column: number): boolean => lines.every((cells) => /^(×?[\d.]+.*)?$/.test(cells[column]));
  const rows = [head, head.map((_, n) => (n > 0 && isNumeric(n) ? '--:' : '---')), ...lines];
  return rows.map((cells) => `| ${cells.map(escaped).join(' | ')} |`).join('\n');
}

function escaped(cell: string): string {
  return cell.replaceAll('|', '\\|').replaceAll('\n', ' ');
}

/** In prettier's format, which `npm run check` demands. */
export async function formatted(document: string, file: string): Promise<string> {
  const { format, resolveConfig } = await import('prettier');
  return format(document, { ...(await resolveConfig(file, { editorconfig: true })), parser: 'markdown' });
}

/**
 * Fills the marked parts of a document: `<!-- NAME: made by the command -->` … `<!-- end of NAME -->`. `option`: that of the command line
 * which names the file.
 */
export async function fillParts(option: string, file: string, parts: Readonly<Record<string, string>>): Promise<void> {
  let text = readFileSync(file, 'utf8');
  for (const [name, contents] of Object.entries(parts)) {
    const [from, to] = placeOf(name, option, file, text);
    text = `${text.slice(0, from)}\n\n${contents}\n\n${text.slice(to)}`;
  }
  writeFileSync(file, await formatted(text, file));
}

/** Where a marked part begins and ends. Throws a UsageError if the document has no such part. */
export function placeOf(name: string, option: string, file: string, text = readFileSync(file, 'utf8')) {
  const [open, close] = [`<!-- ${name}: made by the command -->`, `<!-- end of ${name} -->`];
  const [from, to] = [text.indexOf(open), text.indexOf(close)];
  if (from < 0 || to < from) throw new UsageError(`${option} ${file}: has no ${open} … ${close}`);
  return [from + open.length, to];
}

export interface Point {
  readonly candidate: string;
  readonly x: number;
  readonly y: number;
}

export interface Bar {
  readonly candidate: string;
  readonly value: number;
  readonly lower: number;
  readonly upper: number;
}

const WIDTH = 520;
const MARGIN = { top: 34, bottom: 44, left: 60 };
const ROW = 22;
const LEGEND_ROW = 15;
/** The width of one letter, in pixels. */
const LETTER = 7;

/** Twenty colours in ten pairs: Tableau 20. */
const COLORS = [
  '#4c78a8 #9ecae9 #f58518 #ffbf79 #54a24b #88d27a #b79a20 #f2cf5b #439894 #83bcb6',
  '#e45756 #ff9d98 #79706e #bab0ac #d67195 #fcbfd2 #b279a2 #d6a5c9 #9e765f #d8b5a5',
].flatMap((colors) => colors.split(' '));

/** One line for each candidate; both axes are logarithmic. */
export function lineChart(title: string, xTitle: string, yTitle: string, points: readonly Point[]): string {
  const candidates = [...new Set(points.map(({ candidate }) => candidate))];
  const legendWidth = 40 + LETTER * longest(candidates);
  const plotHeight = Math.max(320, LEGEND_ROW * candidates.length);
  return svgOf(title, plotHeight, {
    width: MARGIN.left + WIDTH + legendWidth,
    marginLeft: MARGIN.left,
    marginRight: legendWidth,
    inset: 8,
    x: { ...axis(xTitle), ticks: [...new Set(points.map(({ x }) => x))], tickFormat: String },
    y: axis(yTitle),
    color: { domain: candidates, range: COLORS },
    marks: [
      Plot.line(points, {
        x: 'x',
        y: 'y',
        z: 'candidate',
        stroke: 'candidate',
        strokeWidth: ({ candidate }: Point) => (candidate.startsWith('longhand-wasm') ? 3 : 1.5),
      }),
      Plot.dot(points, { x: 'x', y: 'y', fill: 'candidate', r: 3 }),
      ...candidates.flatMap((candidate, n) => {
        const place = { frameAnchor: 'top-right', dy: LEGEND_ROW * n } as const;
        return [
          Plot.dot([candidate], { ...place, dx: 20, r: 4, fill: (name: string) => name }),
          Plot.text([candidate], { ...place, dx: 30, textAnchor: 'start', lineAnchor: 'middle' }),
        ];
      }),
    ],
  });
}

/** One dot for each candidate with its value, and a line between its quartiles. A logarithmic axis has no zero for bars. */
export function dotChart(title: string, xTitle: string, bars: readonly Bar[]): string {
  const sorted = [...bars].sort((a, b) => a.value - b.value);
  const candidates = sorted.map(({ candidate }) => candidate);
  const marginLeft = 20 + LETTER * longest(candidates);
  const color = ({ candidate }: Bar): string => (candidate.startsWith('longhand') ? '#d62728' : '#1f77b4');
  const ends = { y: 'candidate', x: 'upper', textAnchor: 'start', dx: 8 } as const;
  return svgOf(title, ROW * bars.length, {
    width: marginLeft + WIDTH,
    marginLeft,
    marginRight: 20,
    insetLeft: 30,
    insetRight: 50, // for the last value
    x: axis(xTitle),
    y: { type: 'point', domain: candidates, label: null, padding: 0.5, tickSize: 0, grid: true },
    marks: [
      Plot.ruleY(sorted, { y: 'candidate', x1: 'lower', x2: 'upper', stroke: color, strokeWidth: 2 }),
      Plot.dot(sorted, { y: 'candidate', x: 'value', fill: color, r: 4 }),
      Plot.text(sorted, { ...ends, text: ({ value }: Bar) => significant(value) }),
    ],
  });
}

function axis(label: string): Plot.ScaleOptions {
  return { type: 'log', label, labelAnchor: 'center', labelArrow: 'none', grid: true, tickFormat: '~g' };
}

function longest(names: readonly string[]): number {
  return Math.max(0, ...names.map(({ length }) => length));
}

/** `plotHeight`: in pixels, without the margins. */
function svgOf(title: string, plotHeight: number, options: Plot.PlotOptions & { marks: Plot.Markish[] }): string {
  const { document } = parseHTML('<html></html>');
  const style = { background: 'white', fontFamily: 'sans-serif', fontSize: '11px' };
  const place = { marginTop: MARGIN.top, marginBottom: MARGIN.bottom, height: MARGIN.top + plotHeight + MARGIN.bottom };
  const heading = { frameAnchor: 'top', dy: 12 - MARGIN.top, fontSize: 13, fontWeight: 'bold' } as const;
  const marks = [Plot.text([title], heading), ...options.marks];
  const svg = Plot.plot({ ...options, ...place, marks, document, style });
  svg.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  // a ten-thousandth of a pixel is exact enough, and the documents become smaller
  const text = svg.outerHTML.replace(/"[^"]*"/g, (value) => value.replace(/(\.\d{4})\d+/g, '$1'));
  return `${text}\n`;
}
