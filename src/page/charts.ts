/** Lines over steps, as wide as the page leaves them room. */
import UPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { colour, onColoursChange } from './paint.js';

export interface ChartOptions {
  /** One a line: its name, and its colour in the stylesheet. */
  readonly series: readonly { readonly label: string; readonly colour: string }[];
  /** Powers of ten up the side. */
  readonly logarithmic?: boolean;
  /** The range up the side, where it is known. */
  readonly range?: readonly [number, number];
  readonly height: number;
  readonly digits: number;
  readonly x: string;
}

/** Distr.Logarithmic, a member of an ambient enum, which a single file cannot read. */
// eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment -- the enum itself is out of reach
const LOGARITHMIC = 3 as UPlot.Scale.Distr;

export class Chart {
  private readonly plot: UPlot;

  constructor(
    private readonly place: HTMLElement,
    { series, logarithmic = false, range, height, digits, x }: ChartOptions,
  ) {
    const axis = {
      stroke: () => colour('--quiet'),
      grid: { stroke: () => colour('--line'), width: 1 },
      ticks: { show: false },
      font: '12px "Inter Variable", sans-serif',
    };
    this.plot = new UPlot(
      {
        width: this.width,
        height,
        cursor: { y: false, drag: { x: false, y: false } },
        legend: { show: true },
        scales: {
          x: { time: false },
          y: { ...(logarithmic && { distr: LOGARITHMIC }), ...(range && { range: [...range] }) },
        },
        axes: [
          { ...axis, size: 30 },
          { ...axis, size: 52 },
        ],
        series: [
          { label: x },
          ...series.map((line) => ({
            label: line.label,
            stroke: () => colour(line.colour),
            width: 1.5,
            points: { show: false },
            value: (_: UPlot, value: number | null) => (value === null ? '–' : value.toPrecision(digits)),
          })),
        ],
      },
      [[], ...series.map(() => [])],
      place,
    );
    new ResizeObserver(() => this.plot.setSize({ width: this.width, height })).observe(place);
    onColoursChange(() => this.plot.redraw());
  }

  show(x: readonly number[], ...lines: readonly (readonly (number | null)[])[]): void {
    this.plot.setData([[...x], ...lines.map((line) => [...line])]);
  }

  /** What a reader who does not see the lines is told. */
  describe(words: string): void {
    this.place.setAttribute('aria-label', words);
  }

  private get width(): number {
    return Math.max(240, this.place.clientWidth);
  }
}
