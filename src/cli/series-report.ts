/** What `train` and `eval` print about a forecaster, and the files that they write beside its checkpoint. */
import { formatStep, formatTime, timeAt } from '../data/calendar.js';
import { replaceFile } from '../files/disk.js';
import { inputColumns } from '../forecast/inputs.js';
import type { ForecastPlan, Range } from '../forecast/plan.js';
import { holidaysIn } from '../forecast/plan.js';
import type { HorizonReport } from '../forecast/report.js';
import type { Series } from '../forecast/series.js';
import { alignedRight } from './format.js';
import { inform, print, printJson, printLines } from './print.js';
import { csvLine, outputsBeside, writeReport } from './set-run.js';

const span = (plan: ForecastPlan, { from, to }: Range): string =>
  `${formatTime(timeAt(plan.calendar, from))} … ${formatTime(timeAt(plan.calendar, to - 1))}`;

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

const digitsFor = (largest: number): number => Math.max(0, 3 - Math.floor(Math.log10(Math.max(largest, 1e-9))));

/** The errors of every method as a table, and what they mean. */
export function printReports(json: boolean, plan: ForecastPlan, reports: readonly HorizonReport[]): void {
  if (json) {
    for (const { bands: _, ...fields } of reports) printJson({ event: 'test', ...fields });
    return;
  }
  const digits = digitsFor(Math.min(...reports.map(({ error }) => error)));
  const show = (value: number): string => value.toFixed(digits);
  const rows = reports[0].baselines.map(({ name }, n) => [
    name,
    ...reports.map(({ baselines }) => show(baselines[n].error)),
  ]);
  const range = ({ networks }: HorizonReport): string =>
    `${show(networks.reduce((sum, one) => sum + one, 0) / networks.length)} (${show(Math.min(...networks))} … ${show(Math.max(...networks))})`;
  print(
    `Mean absolute error on the test part, ${span(plan, plan.parts.test)}, ${plan.parts.test.to - plan.parts.test.from} steps:`,
  );
  printLines(
    alignedRight([
      ['steps ahead', ...reports.map(({ ahead }) => String(ahead))],
      ...rows,
      [`LSTM, each of ${plan.seeds}`, ...reports.map(range)],
      ['LSTM, mean of the forecasts', ...reports.map(({ error }) => show(error))],
      [
        `in the ${Math.round(100 * plan.coverage)}% interval`,
        ...reports.map(({ coverage }) => `${(100 * coverage).toFixed(1)}%`),
      ],
    ]),
  );
  for (const { ahead, beatenBy, echoes } of reports) {
    if (beatenBy !== null)
      inform(`WARNING: ${ahead} ahead, the LSTM loses against ${beatenBy}: use that, or more data`);
    if (echoes) inform(`WARNING: ${ahead} ahead, the LSTM repeats the last known number`);
  }
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
