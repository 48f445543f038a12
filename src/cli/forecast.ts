/** `longhand forecast`: what a trained forecaster expects after the last row of a file. */
import { Command } from 'commander';
import { DataError } from '../core/errors.js';
import { formatTime, timeAt } from '../data/calendar.js';
import { replaceFile } from '../files/disk.js';
import { assertTrained } from '../forecast/forecast-file.js';
import { Forecaster } from '../forecast/forecaster.js';
import { futureOf } from '../forecast/future.js';
import type { BackendFlags } from './backends.js';
import { withBackend, withBackendOptions } from './backends.js';
import { filePath, wholeNumber } from './flag-values.js';
import { assertApart } from './outputs.js';
import { printContents, printJson } from './print.js';
import { loadSeries } from './series.js';
import { loadSet } from './set-run.js';
import { untilInterrupted } from './signals.js';

const MOST_STEPS = 100_000;

interface ForecastFlags extends BackendFlags {
  readonly data: string;
  readonly steps?: number;
  readonly to?: string;
  readonly json: boolean;
}

export function forecastCommand(): Command {
  const command = new Command('forecast')
    .description('Forecast what comes after the last row of a file; docs/forecast.md.')
    .argument('<file>', 'the checkpoint of longhand train --predict')
    .requiredOption('--data <file>', 'the series up to now: a CSV, TSV or NDJSON file', filePath)
    .option('--steps <count>', 'how many steps (default: the largest --ahead)', wholeNumber(1, MOST_STEPS))
    .option('--to <file>', 'write a CSV file (default: to standard output)', filePath)
    .option('--json', 'one JSON object for each step', false);
  return withBackendOptions(command).action(async (file: string, flags: ForecastFlags) => {
    const { forecast: state } = loadSet(file);
    if (!state)
      throw new DataError(`${file}: is not the checkpoint of a forecaster (longhand train --predict makes one)`);
    assertTrained(state, file);
    const { to } = flags;
    if (to !== undefined) {
      const output = { name: '--to', file: to, keepOld: false };
      for (const input of [
        { name: 'the checkpoint', file },
        { name: '--data', file: flags.data },
      ])
        assertApart(command, output, input);
    }
    await withBackend(flags, command, (backend) =>
      untilInterrupted(async (signal) => {
        const { plan } = state;
        const series = await loadSeries(flags.data, plan, signal);
        const forecaster = new Forecaster(backend, state);
        try {
          const steps = await futureOf(
            forecaster,
            series,
            flags.steps ?? plan.ahead[plan.ahead.length - 1],
            flags.data,
            signal,
          );
          const rows = steps.map(({ step, ahead, band }) => ({
            date: formatTime(timeAt(plan.calendar, step)),
            ahead,
            ...band,
          }));
          if (flags.json) for (const row of rows) printJson(row);
          else {
            const lines = rows.map(({ date, ahead, forecast, low, high }) =>
              [date, ahead, forecast, low, high].join(','),
            );
            const text = `date,ahead,forecast,low,high\n${lines.join('\n')}\n`;
            if (to === undefined) printContents(text);
            else replaceFile(to, new TextEncoder().encode(text));
          }
        } finally {
          forecaster.dispose();
        }
      }),
    );
  });
}
