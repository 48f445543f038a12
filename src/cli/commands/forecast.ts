/** `longhand forecast`: what a trained forecaster expects after the last row of a file. */
import { Command } from 'commander';
import { counted } from '../../core/arguments.js';
import { DataError } from '../../core/errors.js';
import { timeName } from '../../data/calendar.js';
import { replaceText } from '../../files/disk-replace.js';
import { assertTrained } from '../../forecast/forecast-file.js';
import { stepsIn } from '../../core/numbers.js';
import { withForecaster } from '../../forecast/forecaster.js';
import type { FutureStep } from '../../forecast/future.js';
import { firstRead, futureOf, MOST_STEPS, rowsOf } from '../../forecast/future.js';
import type { ForecastPlan } from '../../forecast/plan.js';
import { fewScores } from '../../forecast/report-words.js';
import { laterSeries } from '../../forecast/run.js';
import type { Series } from '../../forecast/series.js';
import type { Planned } from '../../forecast/several.js';
import { nameIn } from '../../forecast/several.js';
import type { BackendFlags } from '../backends.js';
import { withBackend, withBackendOptions } from '../backends.js';
import { filePath, wholeNumber } from '../flag-values.js';
import { assertOutputs } from '../outputs.js';
import { inform, printContents, printJson } from '../print.js';
import { tableFile } from './series.js';
import { bandCells, informOf, MOST_DRAWN, namesOf } from '../series-report.js';
import { csvText, loadSet } from '../set-run.js';

interface ForecastFlags extends BackendFlags {
  readonly data: string;
  readonly only?: string;
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
    .option('--only <name>', 'of a table with several series only this one (default: all)')
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
      const { ahead, columns } = state.plan;
      if (flags.only !== undefined && columns.series === undefined)
        command.error(`error: --only ${flags.only}: ${file} has one series: it was trained without --series`);
      const largest = ahead[ahead.length - 1];
      const count = flags.steps ?? largest;
      if (count > largest)
        inform(
          `WARNING: forecasts beyond ${counted(largest, 'step')} read forecasts: they were not measured, and their intervals are too narrow`,
        );
      const planned = await laterSeries(tableFile(flags.data, signal), state.plan, flags.only);
      const found: Forecast[] = [];
      await withForecaster(backend, state, async (forecaster) => {
        for (const { plan, series } of planned) {
          const name = nameIn(flags.data, plan, plan.name);
          informOf(name, series);
          warnOfMissing(plan, series, count, name);
          const steps = await futureOf(forecaster.forSeries(plan), series, count, name, signal);
          warnOfScores(plan, steps);
          found.push({ plan, series, steps });
        }
      });
      if (flags.plot !== undefined) await draw(flags.plot, found);
      print(found, flags);
    });
  });
}

/** The forecasts of one series. */
interface Forecast extends Planned {
  readonly steps: readonly FutureStep[];
}

/** Warns if the table begins after numbers that its forecasts read, or lacks some of them though the training part had all. */
function warnOfMissing(plan: ForecastPlan, { first, end, filled }: Series, count: number, name: string): void {
  const needed = Math.max(plan.first ?? 0, firstRead(plan, end, count));
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

function print(found: readonly Forecast[], { json, to }: ForecastFlags): void {
  if (json) {
    for (const { plan, steps } of found) for (const row of rowsOf(plan, steps)) printJson(row);
    return;
  }
  const lines = found.flatMap(({ plan, steps }) =>
    rowsOf(plan, steps).map((row) => [...namesOf(plan), row.date, row.ahead, ...bandCells(plan, row)]),
  );
  const text = csvText([
    [...(found[0].plan.name === undefined ? [] : ['series']), 'date', 'ahead', 'forecast', 'low', 'high'],
    ...lines,
  ]);
  if (to === undefined) printContents(text);
  else replaceText(to, text);
}

/** Draws the forecasts of each series behind four times as many numbers, or 60; those of the first series if there are many. */
async function draw(file: string, found: readonly Forecast[]): Promise<void> {
  const { drawnTime, forecastSvg } = await import('../plot.js'); // it is slow to load
  const drawn = found.slice(0, MOST_DRAWN).map(({ plan, series, steps }) => {
    const timeOf = (step: number): number | Date => drawnTime(series.calendar, step);
    const first = Math.max(0, series.end - Math.max(60, 4 * steps.length));
    const known = stepsIn({ from: first, to: series.end });
    const point = (d: number, forecast: number) => ({ truth: series.y[d], forecast, low: forecast, high: forecast });
    const points = [
      // the red line begins at the last number
      ...known.map((d) => ({ time: timeOf(d), ...point(d, d === series.end - 1 ? series.y[d] : NaN) })),
      ...steps.map(({ step, band }) => ({ time: timeOf(step), truth: NaN, ...band })),
    ];
    return {
      title: `${plan.name === undefined ? '' : `${plan.name}: `}the next ${counted(steps.length, 'step')}`,
      points,
    };
  });
  replaceText(file, forecastSvg(found[0].plan.columns.predict, drawn));
}
