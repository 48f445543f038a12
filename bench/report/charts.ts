/** Charts as SVG, drawn by Observable Plot. */
import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import { significant } from './tables.js';

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
