/** Line charts (uPlot), as wide as their places on the page. */
import UPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { powersOfTen, powerText, WHOLE_DISTANCES } from './axis-marks.js';
import { cssColour, onColourChange } from './heatmaps.js';
import type { InspectedCell } from './inspect-image.js';

interface ChartOptions {
  /** The lines: a name each, and a colour of the stylesheet. The values of a sparse one are shown as points. */
  readonly series: readonly { readonly label: string; readonly colour: string; readonly isSparse?: boolean }[];
  /** Missing values do not interrupt a line. */
  readonly joinsGaps?: boolean;
  /** The y axis shows powers of ten. */
  readonly logarithmic?: boolean;
  /** The range of the y axis. Default: that of the data. */
  readonly range?: readonly [number, number];
  readonly height: number;
  /** Significant digits of the values in the legend. */
  readonly digits: number;
  /** The name of the x axis. */
  readonly x: string;
}

/** `Distr.Logarithmic`: a member of an ambient const enum, which `isolatedModules` cannot read. */
// eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment -- the enum cannot be read, see above
const LOGARITHMIC = 3 as UPlot.Scale.Distr;

const POWER_AXIS = {
  splits: (_: UPlot, __: number, min: number, max: number) => powersOfTen(min, max),
  filter: (_: UPlot, splits: number[]) => splits,
  values: (_: UPlot, splits: number[]) => splits.map(powerText),
};

/** The look of every axis. */
const axisStyle = () => ({
  stroke: () => cssColour('--quiet'),
  grid: { stroke: () => cssColour('--line'), width: 1 },
  ticks: { show: false },
  font: '12px "Inter Variable", sans-serif',
});

/** The look of a line, and of its value in the legend. `colour`: one of the stylesheet. */
const lineStyle = (label: string, colour: string, write: (value: number) => string) => ({
  label,
  stroke: () => cssColour(colour),
  value: (_: UPlot, value: number | null) => (value === null ? '–' : write(value)),
});

/** A plot (uPlot), as wide as its place on the page. */
export abstract class Plot {
  protected readonly plot: UPlot;
  private readonly observer: ResizeObserver;
  private readonly forgetColours: () => void;

  constructor(
    private readonly place: HTMLElement,
    options: Omit<UPlot.Options, 'width'>,
  ) {
    const size = () => ({ width: Math.max(240, place.clientWidth), height: options.height });
    this.plot = new UPlot(
      { ...options, ...size() },
      options.series.map(() => []) as unknown as UPlot.AlignedData,
      place,
    );
    this.observer = new ResizeObserver(() => this.plot.setSize(size()));
    this.observer.observe(place);
    this.forgetColours = onColourChange(() => this.plot.redraw());
  }

  /** Sets the text that a screen reader reads. */
  describe(words: string): void {
    this.place.setAttribute('aria-label', words);
  }

  remove(): void {
    this.observer.disconnect();
    this.forgetColours();
    this.plot.destroy();
  }
}

/** Lines over counted steps. */
export class Chart extends Plot {
  constructor(
    place: HTMLElement,
    { series, joinsGaps = false, logarithmic = false, range, height, digits, x }: ChartOptions,
  ) {
    const axis = axisStyle();
    super(place, {
      height,
      cursor: { y: false, drag: { x: false, y: false } },
      legend: { show: true },
      scales: {
        x: { time: false },
        y: { ...(logarithmic && { distr: LOGARITHMIC }), ...(range && { range: [...range] }) },
      },
      axes: [
        { ...axis, size: 30, incrs: WHOLE_DISTANCES }, // steps, rows and characters are counted
        { ...axis, size: 52, ...(logarithmic && POWER_AXIS) },
      ],
      series: [
        { label: x },
        ...series.map(({ label, colour, isSparse = false }) => ({
          ...lineStyle(label, colour, (value) => value.toPrecision(digits)),
          width: 1.5,
          points: { show: isSparse, size: 6 },
          spanGaps: joinsGaps,
        })),
      ],
    });
  }

  /** The plot keeps the arrays, and reads them again when it is drawn again. */
  show(x: number[], ...lines: readonly (number | null)[][]): void {
    this.plot.setData([x, ...lines]);
  }
}

/** Smaller norms are left out: uPlot marks a logarithmic axis only down to about 1e-16, and fails below. */
const SMALLEST = 1e-15;

/** The states whose gradients are shown, if a cell has them, and the colours of their lines. */
const NORMS = { h: '--below', c: '--above' } as const;

/** How far back the gradient reaches: ‖∂L/∂h‖, and of an LSTM ‖∂L/∂c‖, after each step of one cell. */
export class NormsChart {
  private chart: Chart | undefined;
  private names: readonly (keyof typeof NORMS)[] = [];

  /** `step`: what a step reads, for example a row. */
  constructor(
    private readonly place: HTMLElement,
    private readonly step: string,
  ) {
    this.chartOf(['h', 'c']);
  }

  /** A line for each state. */
  private chartOf(names: readonly (keyof typeof NORMS)[]): Chart {
    if (this.chart && names.join() === this.names.join()) return this.chart;
    this.chart?.remove();
    this.names = names;
    return (this.chart = new Chart(this.place, {
      series: names.map((name) => ({ label: `‖∂L/∂${name}‖`, colour: NORMS[name] })),
      logarithmic: true,
      height: 140,
      digits: 3,
      x: `after ${this.step}`,
    }));
  }

  /** `last`: the step with the loss. */
  show({ norms, reverse }: InspectedCell, T: number, last = T): void {
    const names = (['h', 'c'] as const).filter((name) => name in norms);
    const steps = Array.from(norms.h.keys(), (n) => (reverse ? n + 1 : n)); // in reverse, the initial state is at T+1
    const positive = (values: Float32Array): (number | null)[] =>
      Array.from(values, (norm) => (norm >= SMALLEST ? norm : null));
    const chart = this.chartOf(names);
    chart.show(steps, ...names.map((name) => positive(norms[name])));
    const spoken = [...names].reverse();
    const [zero, all] = (reverse ? [T, 0] : [0, last]).map((n) => spoken.map((name) => norms[name][n].toPrecision(2)));
    const end = last === T ? 'the last' : `${this.step} ${last}`;
    const [from, to] = reverse ? ['last', 'the first'] : ['first', end];
    const before = spoken.map((name, n) => `‖∂L/∂${name}‖ is ${zero[n]}`).join(' and ');
    chart.describe(`Gradient norms: ${before} before the ${from} ${this.step}, ${all.join(' and ')} after ${to}`);
  }
}
