/** What `train` and `eval` print about a forecaster, and the files that they write beside its checkpoint. */
import { counted } from '../core/arguments.js';
import { formatStep, formatTime, timeAt } from '../data/calendar.js';
import { decimalsOf } from '../data/scale.js';
import { replaceText } from '../files/disk-replace.js';
import { inputColumns } from '../forecast/inputs.js';
import type { Band } from '../forecast/intervals.js';
import type { ForecastPlan } from '../forecast/plan.js';
import { holidaysIn, span } from '../forecast/plan.js';
import type { HorizonReport } from '../forecast/report.js';
import { errorTable, verdictsOf, warningsOf } from '../forecast/report.js';
import type { Series } from '../forecast/series.js';
import { alignedRight, inform, print, printJson, printLines } from './print.js';
import { outputsBeside, writeCsv, writeReport } from './set-run.js';

/** The cells `forecast`, `low` and `high` of a CSV file. */
export function bandCells({ inputs }: Pick<ForecastPlan, 'inputs'>, { forecast, low, high }: Band): number[] {
  const decimals = decimalsOf(inputs.y);
  return [forecast, low, high].map((value) => (decimals === null ? value : Number(value.toFixed(decimals))));
}

/** On standard error: what the networks read, and when. */
export function describePlan(file: string, series: Series, plan: ForecastPlan): void {
  const { seasons } = plan.inputs;
  const { validation, test } = plan.parts;
  const { past, future } = inputColumns(plan.inputs, series, holidaysIn(plan));
  inform(
    `${file}: ${counted(series.end, 'step')} of ${formatStep(plan.calendar)}, ${span(plan, { from: 0, to: series.end })}`,
  );
  inform(seasons.length === 0 ? 'no seasons' : `seasons of ${seasons.join(' and ')} steps`);
  inform(
    `training before ${formatTime(timeAt(plan.calendar, validation.from))}; validation ${span(plan, validation)}; test ${span(plan, test)}`,
  );
  inform(`inputs: ${[...past, ...future].map(({ name }) => name).join(', ')}`);
}

/** The errors of every method as a table, and what they mean. */
export function printReports(json: boolean, plan: ForecastPlan, reports: readonly HorizonReport[]): void {
  const { test } = plan.parts;
  if (json) {
    for (const { bands: _, ...fields } of reports) printJson({ event: 'test', ...fields });
  } else {
    print(`Mean absolute error on the test part, ${span(plan, test)}, ${counted(test.to - test.from, 'step')}:`);
    printLines(alignedRight(errorTable(plan, reports)));
    for (const verdict of verdictsOf(reports)) print(verdict);
  }
  for (const warning of warningsOf(plan, reports)) inform(`WARNING: ${warning}`);
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
): Promise<void> {
  const { report: reportFile, test, plot } = outputsBeside(checkpoint);
  const steps = `${plan.parts.test.from} … ${plan.parts.test.to - 1}`;
  const horizons = reports.map(({ bands: _, ...fields }) => fields);
  writeReport(reportFile, 'steps', { test: span(plan, plan.parts.test), steps, horizons });
  const lines = reports.flatMap(({ ahead, bands }) =>
    bands.map((band, n) => {
      const d = plan.parts.test.from + n;
      const truth = Number.isNaN(series.y[d]) ? '' : String(series.y[d]);
      return [formatTime(timeAt(plan.calendar, d)), ahead, truth, ...bandCells(plan, band)];
    }),
  );
  writeCsv(test, [['date', 'ahead', truthTitle(plan.columns.predict), 'forecast', 'low', 'high'], ...lines]);
  const { forecastSvg } = await import('./plot.js'); // it is slow to load
  const timeOf = (n: number): Date => new Date(timeAt(plan.calendar, plan.parts.test.from + n));
  const drawn = reports.flatMap(({ ahead, bands }) => {
    const points = bands.map((band, n) => ({ time: timeOf(n), truth: series.y[plan.parts.test.from + n], ...band }));
    const whole = { title: `${ahead} ahead`, points };
    return points.length <= 2 * LEGIBLE ? [whole] : [whole, { ...whole, points: points.slice(-LEGIBLE) }];
  });
  replaceText(plot, forecastSvg(plan.columns.predict, drawn));
}
