/** Lines over time, or over the rows of a table without one (uPlot), with a band between two of them and shaded parts. Times are shown in UTC, as the series has them. */
import UPlot from 'uplot';
import { WHOLE_DISTANCES } from '../axis-marks.js';
import { axisStyle, lineStyle, Plot } from '../chart.js';
import { cssColour } from '../heatmaps.js';
import { shownFor, timeText } from './drawn.js';

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
  /** As the chart's times. */
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

export class TimeChart {
  private plot: TimePlot | undefined;

  constructor(
    private readonly place: HTMLElement,
    private readonly options: TimeChartOptions,
  ) {}

  /** `times`: milliseconds since 1970, or numbers of rows. Missing values interrupt a line. */
  show(
    { times, isRows }: { readonly times: readonly number[]; readonly isRows: boolean },
    lines: readonly (readonly (number | null)[])[],
    shades: readonly Shade[] = [],
  ): void {
    if (this.plot?.isRows !== isRows) {
      this.plot?.remove();
      this.plot = new TimePlot(this.place, this.options, isRows);
    }
    this.plot.show(times, lines, shades);
  }

  /** Shows the lines between two times. */
  zoom(from: number, to: number): void {
    this.plot?.zoom(from, to);
  }

  /** Line n is drawn, or not. */
  showLine(n: number, isShown: boolean): void {
    this.plot?.showLine(n, isShown);
  }

  /** Sets the text that a screen reader reads. */
  describe(words: string): void {
    this.plot?.describe(words);
  }

  remove(): void {
    this.plot?.remove();
  }
}

class TimePlot extends Plot {
  private shades: readonly Shade[] = [];
  private write: (value: number) => string = String;
  /** uPlot counts times in seconds. */
  private readonly unit: number;

  constructor(
    place: HTMLElement,
    { lines, band, height }: TimeChartOptions,
    readonly isRows: boolean,
  ) {
    const unit = isRows ? 1 : 1000;
    const bandFill = (): string => cssColour('--band');
    super(place, {
      height,
      cursor: { y: false, drag: { x: true, y: false } }, // a drag looks closer; a double click shows everything
      tzDate: (seconds) => UPlot.tzDate(new Date(1000 * seconds), 'Etc/UTC'),
      ...(band && {
        // uPlot accepts a function, which its types do not have
        bands: [{ series: [band[0] + 1, band[1] + 1], fill: bandFill }],
      }),
      scales: { x: { time: !isRows } },
      axes: [
        { ...axisStyle(), size: 42, ...(isRows ? { incrs: WHOLE_DISTANCES } : { values: AXIS_TIMES }) },
        { ...axisStyle(), size: 62 },
      ],
      series: [
        {
          label: isRows ? 'row' : 'time',
          value: (_: UPlot, x: number | null) => (x === null ? '–' : timeText(Math.round(unit * x), isRows)),
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
    this.unit = unit;
  }

  show(times: readonly number[], lines: readonly (readonly (number | null)[])[], shades: readonly Shade[]): void {
    this.shades = shades;
    this.write = shownFor(lines.flat(), DIGITS);
    this.plot.setData([times.map((time) => time / this.unit), ...lines.map((line) => [...line])]);
  }

  zoom(from: number, to: number): void {
    this.plot.setScale('x', { min: from / this.unit, max: to / this.unit });
  }

  showLine(n: number, isShown: boolean): void {
    this.plot.setSeries(n + 1, { show: isShown });
  }

  private shade(plot: UPlot): void {
    const { ctx, bbox } = plot;
    for (const { from, to, colour } of this.shades) {
      const [left, right] = [from, to].map((time) => plot.valToPos(time / this.unit, 'x', true));
      const [start, end] = [Math.max(left, bbox.left), Math.min(right, bbox.left + bbox.width)];
      ctx.fillStyle = cssColour(colour);
      if (end > start) ctx.fillRect(start, bbox.top, end - start, bbox.height);
    }
  }
}
