/** What `train` and `eval` print about a forecaster, and the files that they write beside its checkpoint. */
import { counted } from '../core/arguments.js';
import { formatStep, timeName } from '../data/calendar.js';
import { decimalsOf } from '../data/scale.js';
import { replaceText } from '../files/disk-replace.js';
import { inputColumns } from '../forecast/inputs.js';
import type { Band } from '../forecast/intervals.js';
import type { ForecastPlan } from '../forecast/plan.js';
import { holidaysIn, rulesOf, span } from '../forecast/plan.js';
import type { OriginsReport } from '../forecast/origins.js';
import type { HorizonReport } from '../forecast/report.js';
import { errorTable, figuresOf, verdictsOf, warningsOf } from '../forecast/report.js';
import type { Series } from '../forecast/series.js';
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
  inform(
    `${file}: ${counted(series.end, 'step')} of ${formatStep(plan.calendar)}, ${span(plan, { from: 0, to: series.end })}`,
  );
  informOf(file, series);
  inform(seasons.length === 0 ? 'no seasons' : `seasons of ${seasons.join(' and ')} steps`);
  inform(
    `training before ${timeName(plan.calendar, validation.from)}; validation ${span(plan, validation)}; test ${span(plan, test)}`,
  );
  inform(`inputs: ${[...past, ...future].map(({ name }) => name).join(', ')}`);
}

/** The errors of every method as a table, and what they mean. */
export function printReports(json: boolean, plan: ForecastPlan, reports: readonly HorizonReport[]): void {
  const { test } = plan.parts;
  if (json) {
    for (const report of reports) printJson({ event: 'test', ...figuresOf(report) });
  } else {
    print(`Mean absolute error on the test part, ${span(plan, test)}, ${counted(test.to - test.from, 'step')}:`);
    printLines(alignedRight(errorTable(plan, reports)));
    for (const verdict of verdictsOf(reports)) print(verdict);
  }
  for (const warning of warningsOf(plan, reports)) inform(`WARNING: ${warning}`);
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
const truthTitle = (name: string): string =>
  ['date', 'ahead', 'forecast', 'low', 'high'].includes(name) ? `${name} (truth)` : name;

/** Steps of which one can see each in a drawing; of more, these last ones are drawn once again. */
const LEGIBLE = 120;

/** `births.report.json`, `births.test.csv` and `births.svg` beside `births.safetensors`. */
export async function writeReports(
  checkpoint: string,
  series: Series,
  plan: ForecastPlan,
  reports: readonly HorizonReport[],
  origins: readonly OriginsReport[],
): Promise<void> {
  const { report: reportFile, test, plot } = outputsBeside(checkpoint);
  const { looks } = rulesOf(plan);
  const report = { looks, test: span(plan, plan.parts.test), steps: stepsOf(plan), horizons: reports.map(figuresOf) };
  replaceText(reportFile, `${JSON.stringify({ ...report, ...(origins.length > 0 && { origins }) }, null, 2)}\n`);
  const lines = reports.flatMap(({ ahead, bands }) =>
    bands.map((band, n) => {
      const d = plan.parts.test.from + n;
      const truth = Number.isNaN(series.y[d]) ? '' : String(series.y[d]);
      return [timeName(plan.calendar, d), ahead, truth, ...bandCells(plan, band)];
    }),
  );
  writeCsv(test, [['date', 'ahead', truthTitle(plan.columns.predict), 'forecast', 'low', 'high'], ...lines]);
  const { drawnTime, forecastSvg } = await import('./plot.js'); // it is slow to load
  const timeOf = (n: number): number | Date => drawnTime(plan.calendar, plan.parts.test.from + n);
  const drawn = reports.flatMap(({ ahead, bands }) => {
    const points = bands.map((band, n) => ({ time: timeOf(n), truth: series.y[plan.parts.test.from + n], ...band }));
    const whole = { title: `${ahead} ahead`, points };
    return points.length <= 2 * LEGIBLE ? [whole] : [whole, { ...whole, points: points.slice(-LEGIBLE) }];
  });
  replaceText(plot, forecastSvg(plan.columns.predict, drawn));
}
