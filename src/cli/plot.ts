/** The drawing of a history as SVG: the history of a run, its loss over the steps, and its accuracy below it. */
import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import { replaceText } from '../files/disk-replace.js';
import { type HistoryRow, readHistory } from './history.js';

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
