/** Drawings as SVG: the history of a run, its loss over the steps and its accuracy below it; and the forecasts of a series. */
import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import { type Calendar, timeAt } from '../data/calendar.js';
import { formatTime } from '../data/times.js';
import { replaceText } from '../files/disk-replace.js';
import { type HistoryRow, readHistory } from './history.js';
import { printable } from './print.js';

const WIDTH = 720;
const HEIGHT = 260;

/** Draws a history file into `file`, an SVG. Throws a DataError. */
export function writePlot(file: string, history: string): void {
  replaceText(file, historySvg(readHistory(history)));
}

function historySvg(rows: readonly HistoryRow[]): string {
  const { document } = parseHTML('<html></html>');
  const panel = (field: 'loss' | 'accuracy', scale: Plot.ScaleOptions): string => {
    const plot = Plot.plot({
      document,
      width: WIDTH,
      height: HEIGHT,
      marginLeft: 70,
      marginRight: 70,
      style: { fontSize: '12px', fontFamily: 'sans-serif' },
      x: { label: 'step' },
      y: { grid: true, label: field, ...scale },
      color: { domain: ['train', 'validation'], range: ['#9ecae1', '#d62728'] },
      marks: [
        Plot.lineY(rows, { x: 'step', y: field, z: 'set', stroke: 'set', strokeWidth: 1.5 }),
        Plot.text(rows, Plot.selectLast({ x: 'step', y: field, z: 'set', text: 'set', textAnchor: 'start', dx: 6 })),
      ],
    });
    return plot.outerHTML;
  };
  // losses span decades; 0 has no logarithm
  const isLogarithmic = rows.every(({ loss }) => loss > 0);
  const loss = panel('loss', isLogarithmic ? { type: 'log', tickFormat: '~g' } : {});
  const panels = rows.some(({ accuracy }) => accuracy !== null) ? [loss, panel('accuracy', {})] : [loss];
  return below(panels, WIDTH);
}

/** The panels, one below the other. */
function below(panels: readonly string[], width: number): string {
  const placed = panels.map((svg, n) => `<g transform="translate(0,${n * HEIGHT})">${svg}</g>`);
  const size = `width="${width}" height="${panels.length * HEIGHT}"`;
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} style="background:white">${placed.join('')}</svg>\n`;
}

/** The time of a step; the number of a row that has no time. */
export function drawnTime(calendar: Calendar, step: number): Date | number {
  const time = timeAt(calendar, step);
  return calendar.unit === 'row' ? time : new Date(time);
}

/** The forecasts of one horizon. */
interface DrawnForecast {
  readonly title: string;
  /** `truth`: NaN where it is missing. */
  readonly points: readonly { time: Date | number; truth: number; forecast: number; low: number; high: number }[];
}

const FORECAST_WIDTH = 1200;

/** Beyond these sizes an axis has numbers with an exponent. */
const [SMALL, LARGE] = [1e-6, 1e9];

function ticksFor(points: DrawnForecast['points']): Plot.ScaleOptions {
  const largest = Math.max(...points.map(({ low, high }) => Math.max(Math.abs(low), Math.abs(high))));
  return largest > SMALL && largest < LARGE ? {} : { tickFormat: '.3~e' };
}

/** The truth, the forecasts and their interval over time, a panel for each element of `horizons`. */
export function forecastSvg(label: string, horizons: readonly DrawnForecast[]): string {
  const { document } = parseHTML('<html></html>');
  const panels = horizons.map(({ title, points }) => {
    const [from, to] = [points[0], points[points.length - 1]].map(({ time }) =>
      typeof time === 'number' ? String(time) : formatTime(time.getTime()),
    );
    const plot = Plot.plot({
      document,
      width: FORECAST_WIDTH,
      height: HEIGHT,
      marginLeft: 70,
      marginBottom: 40,
      style: { fontSize: '12px', fontFamily: 'sans-serif' },
      x: { type: typeof points[0].time === 'number' ? 'linear' : 'utc', label: null },
      y: {
        grid: true,
        label: `${printable(label)}, ${printable(title)}, ${from} … ${to}: truth black, forecast red, interval grey`,
        ...ticksFor(points),
      },
      marks: [
        Plot.areaY(points, { x: 'time', y1: 'low', y2: 'high', fill: '#ddd' }),
        Plot.lineY(points, { x: 'time', y: 'truth', stroke: 'black', strokeWidth: 0.8 }),
        Plot.lineY(points, { x: 'time', y: 'forecast', stroke: '#d62728', strokeWidth: 0.8 }),
      ],
    });
    return plot.outerHTML;
  });
  return below(panels, FORECAST_WIDTH);
}
