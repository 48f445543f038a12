/** What `train` and `eval` print about a forecaster, and the files that they write beside its checkpoint. */
import { counted } from '../core/arguments.js';
import { formatStep, timeName } from '../data/calendar.js';
import { decimalsOf } from '../data/scale.js';
import { replaceText } from '../files/disk-replace.js';
import { inputColumns } from '../forecast/inputs.js';
import type { Band } from '../forecast/intervals.js';
import type { ForecastPlan } from '../forecast/plan.js';
import { holidaysIn, plansIn, rulesOf, span } from '../forecast/plan.js';
import type { OriginsReport } from '../forecast/origins.js';
import type { HorizonReport } from '../forecast/report.js';
import { bySeries, figuresOf } from '../forecast/report.js';
import { errorTable, seriesTable, seriesVerdict, verdictsOf, warningsOf } from '../forecast/report-words.js';
import type { Series } from '../forecast/series.js';
import { nameIn, seriesIn } from '../forecast/several.js';
import { alignedRight, inform, print, printJson, printLines } from './print.js';
import { looksAt, outputsBeside, writeCsv } from './set-run.js';

/** The cells `forecast`, `low` and `high` of a CSV file. */
export function bandCells({ inputs }: Pick<ForecastPlan, 'inputs'>, { forecast, low, high }: Band): number[] {
  const decimals = decimalsOf(inputs.y);
  return [forecast, low, high].map((value) => (decimals === null ? value : Number(value.toFixed(decimals))));
}

/** On standard error: what people should know of how a table was read. */
export function informOf(file: string, { notes }: Series): void {
  for (const note of notes) inform(`${file}: ${note}`);
}

/** On standard error: what the networks read, and when. */
export function describePlan(file: string, series: Series, plan: ForecastPlan): void {
  const { seasons } = plan.inputs;
  const { validation, test } = plan.parts;
  const { past, future } = inputColumns(plan.inputs, series, holidaysIn(plan));
  const all = seriesIn(series);
  const end = all.reduce((last, one) => Math.max(last, one.end), 0);
  inform(
    `${file}: ${counted(end, 'step')} of ${formatStep(plan.calendar)}, ${span(plan, { from: 0, to: end })}${series.name === undefined ? '' : `, of ${counted(all.length, 'series', 'series')}`}`,
  );
  informEach(all.flatMap(({ name, notes }) => notes.map((note) => `${nameIn(file, plan, name)}: ${note}`)));
  informEach(
    plansIn(plan)
      .filter((one, n) => one.name !== undefined && isConstant(all[n].y.subarray(0, validation.from)))
      .map(
        ({ name }) => `WARNING: ${nameIn(file, plan, name)}: ${plan.columns.predict} is constant in the training part`,
      ),
  );
  inform(seasons.length === 0 ? 'no seasons' : `seasons of ${seasons.join(' and ')} steps`);
  inform(
    `training before ${timeName(plan.calendar, validation.from)}; validation ${span(plan, validation)}; test ${span(plan, test)}`,
  );
  const inputs = [...past, ...future].map(({ name }) => name);
  inform(`inputs: ${[...inputs, ...(plan.inputs.code ? ['which series it is'] : [])].join(', ')}`);
}

function isConstant(values: Float64Array): boolean {
  const first = values.find((value) => !Number.isNaN(value));
  return values.every((value) => Number.isNaN(value) || value === first);
}

/** A table of many series would have as many lines of each kind: the first ones are shown. */
export const MOST_LINES = 20;

/** On standard error. */
function informEach(lines: readonly string[]): void {
  for (const line of lines.slice(0, MOST_LINES)) inform(line);
  if (lines.length > MOST_LINES) inform(`… and ${lines.length - MOST_LINES} more such lines`);
}

/** The errors of every method as a table, and what they mean; of several series, a line for each. */
export function printReports(json: boolean, plan: ForecastPlan, reports: readonly HorizonReport[]): void {
  const { test } = plan.parts;
  const isNamed = plan.name !== undefined;
  if (json) {
    for (const report of reports) printJson({ event: 'test', ...figuresOf(report) });
  } else {
    print(`Mean absolute error on the test part, ${span(plan, test)}, ${counted(test.to - test.from, 'step')}:`);
    if (isNamed)
      for (const ahead of plan.ahead)
        printSeries(
          plan,
          reports.filter((one) => one.ahead === ahead),
        );
    else {
      printLines(alignedRight(errorTable(plan, reports)));
      for (const verdict of verdictsOf(reports)) print(verdict);
    }
  }
  informEach(
    bySeries(reports).flatMap((group) =>
      warningsOf(plan, group).map((warning) => `WARNING: ${isNamed ? `${group[0].series}: ` : ''}${warning}`),
    ),
  );
}

/** The errors of one horizon for several series. */
function printSeries(plan: ForecastPlan, reports: readonly HorizonReport[]): void {
  printLines(alignedRight(seriesTable(plan, reports)));
  print(seriesVerdict(reports));
}

/** The errors from each origin as a table, and by how much the forecasts are better than the best other method. */
export function printOrigins(json: boolean, reports: readonly OriginsReport[], refit: boolean): void {
  if (reports.length === 0) return;
  if (json) {
    for (const report of reports) printJson({ event: 'origins', refit, ...report });
    return;
  }
  const show = (value: number): string => String(Number(value.toPrecision(4)));
  const line = (name: string, cellOf: (report: OriginsReport) => number): string[] => [
    name,
    ...reports.map((report) => show(cellOf(report))),
  ];
  print(
    `Mean absolute error from each origin, ${refit ? 'trained again before each' : 'trained once, before the first'}:`,
  );
  if (reports[0].series !== undefined) {
    for (const ahead of new Set(reports.map((one) => one.ahead)))
      printLines(
        alignedRight(
          originsTable(
            reports.filter((one) => one.ahead === ahead),
            show,
          ),
        ),
      );
    return;
  }
  printLines(
    alignedRight([
      ['steps ahead', ...reports.map(({ ahead }) => String(ahead))],
      ...reports[0].origins.map(({ from }, n) => line(`from ${from}`, ({ origins }) => origins[n].error)),
      line('mean', ({ mean }) => mean),
      line('standard deviation', ({ deviation }) => deviation),
    ]),
  );
  for (const { ahead, best, gain } of reports) {
    const [mean, ...ends] = [gain.mean, gain.low, gain.high].map(show);
    print(
      `${ahead} ahead, the mean error of ${best} minus that of forecast is ${mean} (95% interval: ${ends.join(' … ')}): above 0, forecast is better.`,
    );
  }
}

/** The errors of one horizon for several series: a line for each. */
function originsTable(reports: readonly OriginsReport[], show: (value: number) => string): string[][] {
  const [{ ahead, origins }] = reports;
  const titles = ['mean', 'deviation', 'better by', '95% interval', 'than'];
  return [
    [`${ahead} ahead`, ...origins.map(({ from }) => `from ${from}`), ...titles],
    ...reports.map(({ series = '', origins: own, mean, deviation, gain, best }) => [
      ...[series, ...[...own.map(({ error }) => error), mean, deviation, gain.mean].map(show)],
      ...[`${show(gain.low)} … ${show(gain.high)}`, best],
    ]),
  ];
}

/** How often the test part was looked at, as the report beside a checkpoint says: a new run does not forget the looks of those before. */
export const earlierLooks = (checkpoint: string, plan: ForecastPlan): number =>
  looksAt(outputsBeside(checkpoint).report, 'steps', stepsOf(plan));

const stepsOf = ({ parts: { test } }: ForecastPlan): string => `${test.from} … ${test.to - 1}`;

/** Says how often the test part has been measured. */
export function informOfLooks(plan: ForecastPlan): void {
  const { looks } = rulesOf(plan);
  inform(
    looks === 1
      ? 'the test part has been looked at once'
      : `the test part has been looked at ${looks} times: its figures flatter whoever chooses by them`,
  );
}

/** The title of the column that was forecast, which may be called `low`. */
const truthTitle = ({ columns: { predict }, name }: ForecastPlan): string =>
  ['date', 'ahead', 'forecast', 'low', 'high', ...(name === undefined ? [] : ['series'])].includes(predict)
    ? `${predict} (truth)`
    : predict;

/** Steps of which one can see each in a drawing; of more, these last ones are drawn once again. */
const LEGIBLE = 120;

/** Of a table with many series, the first ones are drawn. */
export const MOST_DRAWN = 12;

/** `births.report.json`, `births.test.csv` and `births.svg` beside `births.safetensors`. */
export async function writeReports(
  checkpoint: string,
  table: Series,
  plan: ForecastPlan,
  reports: readonly HorizonReport[],
  origins: readonly OriginsReport[],
): Promise<void> {
  const { report: reportFile, test, plot } = outputsBeside(checkpoint);
  const { looks } = rulesOf(plan);
  const report = { looks, test: span(plan, plan.parts.test), steps: stepsOf(plan), horizons: reports.map(figuresOf) };
  replaceText(reportFile, `${JSON.stringify({ ...report, ...(origins.length > 0 && { origins }) }, null, 2)}\n`);
  const plans = plansIn(plan);
  const groups = bySeries(reports);
  const all = seriesIn(table).map((series, n) => ({ series, plan: plans[n], own: groups[n] }));
  const lines = all.flatMap(({ series, plan: one, own }) =>
    own.flatMap(({ ahead, bands }) =>
      bands.map((band, n) => {
        const d = plan.parts.test.from + n;
        const truth = Number.isNaN(series.y[d]) ? '' : String(series.y[d]);
        return [...namesOf(one), timeName(plan.calendar, d), ahead, truth, ...bandCells(one, band)];
      }),
    ),
  );
  const titles = ['date', 'ahead', truthTitle(plan), 'forecast', 'low', 'high'];
  writeCsv(test, [[...(plan.name === undefined ? [] : ['series']), ...titles], ...lines]);
  const { drawnTime, forecastSvg } = await import('./plot.js'); // it is slow to load
  const timeOf = (n: number): number | Date => drawnTime(plan.calendar, plan.parts.test.from + n);
  const drawn = all.slice(0, MOST_DRAWN).flatMap(({ series, own }) =>
    own.flatMap(({ ahead, bands }) => {
      const points = bands.map((band, n) => ({ time: timeOf(n), truth: series.y[plan.parts.test.from + n], ...band }));
      const whole = { title: `${series.name === undefined ? '' : `${series.name}, `}${ahead} ahead`, points };
      return points.length <= 2 * LEGIBLE ? [whole] : [whole, { ...whole, points: points.slice(-LEGIBLE) }];
    }),
  );
  replaceText(plot, forecastSvg(plan.columns.predict, drawn));
}

/** The cell of a series' name, in a table of several. */
export const namesOf = ({ name }: Pick<ForecastPlan, 'name'>): string[] => (name === undefined ? [] : [name]);
