/** What `train` and `eval` print about a forecaster, and the files that they write beside its checkpoint. */
import { formatStep, formatTime, timeAt } from '../data/calendar.js';
import { replaceFile } from '../files/disk.js';
import { inputColumns } from '../forecast/inputs.js';
import type { ForecastPlan } from '../forecast/plan.js';
import { holidaysIn, span } from '../forecast/plan.js';
import type { HorizonReport } from '../forecast/report.js';
import { errorTable, warningsOf } from '../forecast/report.js';
import type { Series } from '../forecast/series.js';
import { alignedRight } from './format.js';
import { inform, print, printJson, printLines } from './print.js';
import { csvLine, outputsBeside, writeReport } from './set-run.js';

/** On standard error: what the networks read, and when. */
export function describePlan(file: string, series: Series, plan: ForecastPlan): void {
  const { seasons } = plan.inputs;
  const { past, future } = inputColumns(plan.inputs, series, holidaysIn(plan));
  inform(`${file}: ${series.end} steps of ${formatStep(plan.calendar)}, ${span(plan, { from: 0, to: series.end })}`);
  inform(seasons.length === 0 ? 'no seasons' : `seasons of ${seasons.join(' and ')} steps`);
  inform(
    `training before ${span(plan, { from: plan.parts.validation.from, to: plan.parts.validation.from + 1 }).split(' ')[0]}; validation ${span(plan, plan.parts.validation)}; test ${span(plan, plan.parts.test)}`,
  );
  inform(`inputs: ${[...past, ...future].map(({ name }) => name).join(', ')}`);
}

/** The errors of every method as a table, and what they mean. */
export function printReports(json: boolean, plan: ForecastPlan, reports: readonly HorizonReport[]): void {
  if (json) {
    for (const { bands: _, ...fields } of reports) printJson({ event: 'test', ...fields });
    return;
  }
  const { test } = plan.parts;
  print(`Mean absolute error on the test part, ${span(plan, test)}, ${test.to - test.from} steps:`);
  printLines(alignedRight(errorTable(plan, reports)));
  for (const warning of warningsOf(reports)) inform(`WARNING: ${warning}`);
}

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
    bands.map(({ forecast, low, high }, n) => {
      const d = plan.parts.test.from + n;
      const truth = Number.isNaN(series.y[d]) ? '' : String(series.y[d]);
      return csvLine([formatTime(timeAt(plan.calendar, d)), ahead, truth, forecast, low, high]);
    }),
  );
  replaceFile(
    test,
    new TextEncoder().encode(
      `${csvLine(['date', 'ahead', plan.columns.predict, 'forecast', 'low', 'high'])}\n${lines.join('\n')}\n`,
    ),
  );
  const { forecastSvg } = await import('./plot.js'); // it is slow to load
  const timeOf = (n: number): Date => new Date(timeAt(plan.calendar, plan.parts.test.from + n));
  const drawn = reports.map(({ ahead, bands }) => ({
    title: `${ahead} ahead`,
    points: bands.map((band, n) => ({ time: timeOf(n), truth: series.y[plan.parts.test.from + n], ...band })),
  }));
  replaceFile(plot, new TextEncoder().encode(forecastSvg(plan.columns.predict, drawn)));
}
