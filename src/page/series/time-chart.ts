/** Lines over time (uPlot), with a band between two of them and shaded parts. Times are shown in UTC, as the series has them. */
import UPlot from 'uplot';
import { formatTime } from '../../data/times.js';
import { axisStyle, lineStyle, Plot } from '../chart.js';
import { cssColour } from '../heatmaps.js';
import { shownFor } from './drawn.js';

interface ChartLine {
  readonly label: string;
  /** A colour of the stylesheet. */
  readonly colour: string;
  /** Default: true. */
  readonly isShown?: boolean;
}

interface TimeChartOptions {
  readonly lines: readonly ChartLine[];
  /** The numbers of the lines between which a band is filled. */
  readonly band?: readonly [high: number, low: number];
  readonly height: number;
}

/** A part of the chart with a background. */
export interface Shade {
  /** Milliseconds since 1970. */
  readonly from: number;
  readonly to: number;
  /** A colour of the stylesheet. */
  readonly colour: string;
}

/** Significant digits of the values in the legend. */
const DIGITS = 5;

const [MINUTE, HOUR, DAY] = [60, 3600, 86_400];
/** How the axis writes its times: from this distance on, so; and so where a year, a month or a day begins. See uPlot's `axis.values`. */
const AXIS_TIMES = [
  [365 * DAY, '{YYYY}', null, null, null],
  [28 * DAY, '{MMM}', '\n{YYYY}', null, null],
  [DAY, '{D} {MMM}', '\n{YYYY}', null, null],
  [HOUR, '{HH}:{mm}', '\n{D} {MMM} {YYYY}', null, '\n{D} {MMM}'],
  [MINUTE, '{HH}:{mm}', '\n{D} {MMM} {YYYY}', null, '\n{D} {MMM}'],
  [1, '{HH}:{mm}:{ss}', '\n{D} {MMM} {YYYY}', null, '\n{D} {MMM}'],
].map((form) => [...form, null, null, null, 1]);

export class TimeChart extends Plot {
  private shades: readonly Shade[] = [];
  private write: (value: number) => string = String;

  constructor(place: HTMLElement, { lines, band, height }: TimeChartOptions) {
    const bandFill = (): string => cssColour('--band');
    super(place, {
      height,
      cursor: { y: false, drag: { x: true, y: false } }, // a drag looks closer; a double click shows everything
      tzDate: (seconds) => UPlot.tzDate(new Date(1000 * seconds), 'Etc/UTC'),
      ...(band && {
        // uPlot accepts a function, which its types do not have
        bands: [{ series: [band[0] + 1, band[1] + 1], fill: bandFill }],
      }),
      axes: [
        { ...axisStyle(), size: 42, values: AXIS_TIMES },
        { ...axisStyle(), size: 62 },
      ],
      series: [
        {
          label: 'time',
          value: (_: UPlot, seconds: number | null) =>
            seconds === null ? '–' : formatTime(Math.round(1000 * seconds)),
        },
        ...lines.map(({ label, colour, isShown = true }) => ({
          ...lineStyle(label, colour, (value) => this.write(value)),
          show: isShown,
          width: 1.2,
          points: { show: false },
        })),
      ],
      hooks: { drawClear: [(plot) => this.shade(plot)] },
    });
  }

  /** `times`: milliseconds since 1970. Missing values interrupt a line. */
  show(times: readonly number[], lines: readonly (readonly (number | null)[])[], shades: readonly Shade[] = []): void {
    this.shades = shades;
    this.write = shownFor(lines.flat(), DIGITS);
    this.plot.setData([times.map((time) => time / 1000), ...lines.map((line) => [...line])]);
  }

  /** Shows the lines between two times, in milliseconds since 1970. */
  zoom(from: number, to: number): void {
    this.plot.setScale('x', { min: from / 1000, max: to / 1000 });
  }

  /** Line n is drawn, or not. */
  showLine(n: number, isShown: boolean): void {
    this.plot.setSeries(n + 1, { show: isShown });
  }

  private shade(plot: UPlot): void {
    const { ctx, bbox } = plot;
    for (const { from, to, colour } of this.shades) {
      const [left, right] = [from, to].map((time) => plot.valToPos(time / 1000, 'x', true));
      const [start, end] = [Math.max(left, bbox.left), Math.min(right, bbox.left + bbox.width)];
      ctx.fillStyle = cssColour(colour);
      if (end > start) ctx.fillRect(start, bbox.top, end - start, bbox.height);
    }
  }
}
