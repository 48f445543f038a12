/** Charts as SVG, by Vega-Lite: one of the packages in bench/rivals, since only a report needs it. */
import { loadRival } from '../programs/rivals.js';

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

type Spec = Record<string, unknown>;

/** The parts of vega and vega-lite that are used. */
interface VegaLite {
  compile(spec: Spec, options: { logger: Logger }): { spec: Spec };
}
interface Vega {
  parse(spec: Spec): unknown;
  readonly View: new (
    runtime: unknown,
    options: { renderer: 'none' },
  ) => { toSVG(): Promise<string>; finalize(): void };
}
interface Logger {
  level(): Logger;
  error(message: string): Logger;
  warn(message: string): Logger;
  info(): Logger;
  debug(): Logger;
}

const FRAME: Spec = {
  $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
  background: 'white',
  config: { font: 'sans-serif', axis: { grid: true }, view: { stroke: null } },
};

/** One line a candidate, both axes logarithmic. */
export function lineChart(title: string, xTitle: string, yTitle: string, points: readonly Point[]): Spec {
  const candidates = [...new Set(points.map(({ candidate }) => candidate))];
  const sizes = [...new Set(points.map(({ x }) => x))];
  const scale = { type: 'log', nice: false, padding: 8 };
  const axis = { labelExpr: "format(datum.value, '~g')" };
  return {
    ...FRAME,
    title,
    ...{ width: 520, height: 320 },
    data: { values: points },
    mark: { type: 'line', point: true },
    encoding: {
      x: { field: 'x', type: 'quantitative', title: xTitle, scale, axis: { ...axis, values: sizes } },
      y: { field: 'y', type: 'quantitative', title: yTitle, scale, axis },
      color: { field: 'candidate', type: 'nominal', title: null, sort: candidates, scale: { scheme: 'tableau20' } },
      strokeWidth: { condition: { test: 'test(/^longhand-wasm/, datum.candidate)', value: 3 }, value: 1.5 },
    },
  };
}

/** One dot a candidate with its value, and a line between its quartiles; a logarithmic axis has no zero for bars. */
export function dotChart(title: string, xTitle: string, bars: readonly Bar[]): Spec {
  const sorted = [...bars].sort((a, b) => a.value - b.value);
  const y = { field: 'candidate', type: 'nominal', title: null, sort: sorted.map(({ candidate }) => candidate) };
  const scale = { type: 'log', nice: false, padding: 30 };
  const color = { condition: { test: 'test(/^longhand/, datum.candidate)', value: '#d62728' }, value: '#1f77b4' };
  const axis = { labelExpr: "format(datum.value, '~g')" };
  return {
    ...FRAME,
    title,
    ...{ width: 520, height: { step: 22 } },
    data: { values: sorted },
    encoding: { y, color },
    layer: [
      {
        mark: { type: 'rule', strokeWidth: 2 },
        encoding: { x: { field: 'lower', type: 'quantitative', title: xTitle, scale, axis }, x2: { field: 'upper' } },
      },
      { mark: { type: 'point', filled: true, size: 60 }, encoding: { x: { field: 'value', type: 'quantitative' } } },
      {
        mark: { type: 'text', align: 'left', dx: 8 },
        encoding: {
          x: { field: 'upper', type: 'quantitative' },
          text: { field: 'value', type: 'quantitative', format: '.3~g' },
        },
      },
    ],
  };
}

export async function renderSvg(spec: Spec): Promise<string> {
  const vegaLite = (await loadRival('vega-lite')) as VegaLite;
  const vega = (await loadRival('vega')) as Vega;
  const view = new vega.View(vega.parse(vegaLite.compile(spec, { logger: failing }).spec), { renderer: 'none' });
  const svg = await view.toSVG();
  view.finalize();
  return `${withoutMarks(svg)}\n`;
}

/** Attributes that scripts and screen readers use in a document; in a picture they are two fifths of the bytes. */
function withoutMarks(svg: string): string {
  return svg.replace(/ (aria-[a-z]+|role|class|pointer-events)="[^"]*"/g, '');
}

/** A warning says that the chart shows something else than was meant. */
const failing: Logger = {
  level: () => failing,
  error: (message) => fail(message),
  warn: (message) => fail(message),
  info: () => failing,
  debug: () => failing,
};

function fail(message: string): never {
  throw new Error(`chart: ${message}`);
}
