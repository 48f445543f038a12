/** `longhand forecast`: what a trained forecaster expects after the last row of a file. */
import { Command } from 'commander';
import { counted } from '../../core/arguments.js';
import { DataError } from '../../core/errors.js';
import { timeName } from '../../data/calendar.js';
import { replaceText } from '../../files/disk-replace.js';
import { assertTrained } from '../../forecast/forecast-file.js';
import { stepsIn, withForecaster } from '../../forecast/forecaster.js';
import type { FutureStep } from '../../forecast/future.js';
import { firstRead, futureOf, MOST_STEPS, rowsOf } from '../../forecast/future.js';
import type { ForecastPlan } from '../../forecast/plan.js';
import { fewScores } from '../../forecast/report.js';
import { laterSeries } from '../../forecast/run.js';
import type { Series } from '../../forecast/series.js';
import type { BackendFlags } from '../backends.js';
import { withBackend, withBackendOptions } from '../backends.js';
import { filePath, wholeNumber } from '../flag-values.js';
import { assertOutputs } from '../outputs.js';
import { inform, printContents, printJson } from '../print.js';
import { tableFile } from './series.js';
import { bandCells, informOf } from '../series-report.js';
import { loadSet } from '../set-run.js';

interface ForecastFlags extends BackendFlags {
  readonly data: string;
  readonly steps?: number;
  readonly to?: string;
  readonly plot?: string;
  readonly json: boolean;
}

export function forecastCommand(): Command {
  const command = new Command('forecast')
    .description('Forecast what comes after the last row of a file; docs/forecast.md.')
    .argument('<file>', 'the checkpoint of longhand train --predict')
    .requiredOption('--data <file>', 'the series up to now: a CSV, TSV or NDJSON file', filePath)
    .option('--steps <count>', 'how many steps (default: the largest --ahead)', wholeNumber(1, MOST_STEPS))
    .option('--to <file>', 'write a CSV file (default: to standard output)', filePath)
    .option('--plot <file>', 'draw the forecasts behind the latest numbers, as an .svg file', filePath)
    .option('--json', 'one JSON object for each step on standard output', false);
  return withBackendOptions(command).action(async (file: string, flags: ForecastFlags) => {
    assertFlags(file, flags, command);
    const { forecast: state } = loadSet(file);
    if (!state)
      throw new DataError(`${file}: is not the checkpoint of a forecaster (longhand train --predict makes one)`);
    assertTrained(state, file);
    await withBackend(flags, command, async (backend, signal) => {
      const { plan } = state;
      const series = await laterSeries(tableFile(flags.data, signal), plan);
      informOf(flags.data, series);
      const largest = plan.ahead[plan.ahead.length - 1];
      const count = flags.steps ?? largest;
      warnOfMissing(plan, series, count, flags.data);
      if (count > largest)
        inform(
          `WARNING: forecasts beyond ${counted(largest, 'step')} read forecasts: they were not measured, and their intervals are too narrow`,
        );
      const steps = await withForecaster(backend, state, (forecaster) =>
        futureOf(forecaster, series, count, flags.data, signal),
      );
      warnOfScores(plan, steps);
      if (flags.plot !== undefined) await draw(flags.plot, series, plan, steps);
      print(steps, plan, flags);
    });
  });
}

/** Warns if the table begins after numbers that its forecasts read, or lacks some of them though the training part had all. */
function warnOfMissing(plan: ForecastPlan, { first, end, filled }: Series, count: number, name: string): void {
  const needed = firstRead(plan, end, count);
  const [begins, from] = [first, needed].map((step) => timeName(plan.calendar, step));
  const warn = (what: string): void =>
    inform(`WARNING: ${name}: ${what}: missing ones are read as the mean, so the forecasts are less exact`);
  if (first > needed) warn(`begins at ${begins}, but these forecasts read the numbers from ${from} on`);
  const rows = filled.subarray(Math.max(first, needed), end);
  const lacking = rows.reduce((sum, value) => sum + Number(Number.isNaN(value)), 0);
  if (lacking > 0 && !plan.inputs.hasMissing)
    warn(
      `lacks ${lacking} of the ${counted(rows.length, 'number')} of ${plan.columns.predict} that these forecasts read, and the training part had all`,
    );
}

/** Warns of each horizon whose intervals are corrected by too few errors. */
function warnOfScores(plan: ForecastPlan, steps: readonly FutureStep[]): void {
  for (const ahead of plan.ahead) {
    const counts = steps.filter(({ horizon }) => horizon === ahead).map(({ scores }) => scores);
    if (counts.length === 0) continue;
    for (const warning of fewScores(plan.coverage, ahead, Math.min(...counts))) inform(`WARNING: ${warning}`);
  }
}

/** Ends the command for outputs that are inputs, or each other. */
function assertFlags(file: string, { data, to, plot, json }: ForecastFlags, command: Command): void {
  if (json && to !== undefined) command.error('error: --json cannot be used with --to, which writes CSV');
  if (plot !== undefined && !plot.endsWith('.svg')) command.error(`error: --plot ${plot}: must end in .svg`);
  const outputs = Object.entries({ '--to': to, '--plot': plot }).flatMap(([name, output]) =>
    output === undefined ? [] : [{ name, file: output, keepOld: false }],
  );
  assertOutputs(command, outputs, { 'the checkpoint': file, '--data': data });
}

function print(steps: readonly FutureStep[], plan: ForecastPlan, { json, to }: ForecastFlags): void {
  const rows = rowsOf(steps);
  if (json) {
    for (const row of rows) printJson(row);
    return;
  }
  const lines = rows.map(({ date, ahead, ...band }) => [date, ahead, ...bandCells(plan, band)].join(','));
  const text = `date,ahead,forecast,low,high\n${lines.join('\n')}\n`;
  if (to === undefined) printContents(text);
  else replaceText(to, text);
}

/** Draws the forecasts behind four times as many numbers, or 60. */
async function draw(file: string, series: Series, plan: ForecastPlan, steps: readonly FutureStep[]): Promise<void> {
  const { drawnTime, forecastSvg } = await import('../plot.js'); // it is slow to load
  const timeOf = (step: number): number | Date => drawnTime(series.calendar, step);
  const first = Math.max(0, series.end - Math.max(60, 4 * steps.length));
  const known = stepsIn({ from: first, to: series.end });
  const point = (d: number, forecast: number) => ({ truth: series.y[d], forecast, low: forecast, high: forecast });
  const points = [
    // the red line begins at the last number
    ...known.map((d) => ({ time: timeOf(d), ...point(d, d === series.end - 1 ? series.y[d] : NaN) })),
    ...steps.map(({ step, band }) => ({ time: timeOf(step), truth: NaN, ...band })),
  ];
  const title = `the next ${counted(steps.length, 'step')}`;
  replaceText(file, forecastSvg(plan.columns.predict, [{ title, points }]));
}
