/** The errors of forecasts in words: a table, what it means, and what it warns of. */
import { counted, listed } from '../core/arguments.js';
import { chanceOf, scoresNeeded } from './intervals.js';
import type { ForecastPlan } from './plan.js';
import type { HorizonReport, MethodReport } from './report.js';
import { bestOf } from './report.js';

/** The errors of every method as the lines of a table: its name, and a cell for each horizon. */
export function errorTable(
  { seeds, coverage }: Pick<ForecastPlan, 'seeds' | 'coverage'>,
  reports: readonly HorizonReport[],
): string[][] {
  const show = shownFor(Math.min(...reports.map(({ error }) => error)));
  const range = ({ networks }: HorizonReport): string =>
    networks.length === 0
      ? '–'
      : `${show(networks.reduce((sum, one) => sum + one, 0) / networks.length)} (${show(Math.min(...networks))} … ${show(Math.max(...networks))})`;
  const names = new Set(reports.flatMap(({ baselines }) => baselines.map(({ name }) => name)));
  /** A horizon may lack a baseline: numbers that are missing. */
  const errorAt = ({ baselines }: HorizonReport, name: string): string => {
    const found = baselines.find((one) => one.name === name);
    return found ? show(found.error) : '–';
  };
  const line = (name: string, cellOf: (report: HorizonReport) => string): string[] => [name, ...reports.map(cellOf)];
  return [
    line('steps ahead', ({ ahead }) => String(ahead)),
    ...[...names].map((name) => line(name, (one) => errorAt(one, name))),
    ...(reports.some(({ networks }) => networks.length > 0) ? [line(`with a network, each of ${seeds}`, range)] : []),
    line('the forecast', ({ error }) => show(error)),
    line('its RMSE', ({ rmse }) => show(rmse)),
    line('its MASE', ({ mase }) => mase?.toFixed(3) ?? '–'),
    line('its pinball loss', ({ pinball }) => show(pinball)),
    line(`in the ${exactPercent(coverage)} interval`, (one) => percent(one.coverage, 1)),
  ];
}

/** The errors of one horizon for several series as the lines of a table: one for each, and their mean. */
export function seriesTable(
  { coverage }: Pick<ForecastPlan, 'coverage'>,
  reports: readonly HorizonReport[],
): string[][] {
  const meanOf = (valueOf: (report: HorizonReport) => number | null): number => {
    const known = reports.map(valueOf).filter((value) => value !== null);
    return known.reduce((sum, value) => sum + value, 0) / known.length;
  };
  const line = (name: string, error: number, best: number, method: string, mase: number | null, covered: number) => {
    const show = shownFor(error);
    const ofMase = mase === null || Number.isNaN(mase) ? '–' : mase.toFixed(3);
    return [name, show(error), show(best), method, ofMase, percent(covered, 1)];
  };
  return [
    [
      `${reports[0].ahead} ahead`,
      'the forecast',
      'best simple method',
      '',
      'its MASE',
      `in the ${exactPercent(coverage)} interval`,
    ],
    ...reports.map(({ series = '', error, baselines, mase, coverage: covered }) => {
      const best = bestOf(baselines);
      return line(series, error, best.error, best.name, mase, covered);
    }),
    line(
      ...(['mean', meanOf(({ error }) => error), meanOf(({ baselines }) => bestOf(baselines).error), ''] as const),
      meanOf(({ mase }) => mase),
      meanOf((report) => report.coverage),
    ),
  ];
}

/** How many of several series are forecast well by one horizon, in a sentence. */
export function seriesVerdict(reports: readonly HorizonReport[]): string {
  const [{ ahead }] = reports;
  const countOf = (is: (report: HorizonReport) => boolean): number => reports.filter(is).length;
  const [better, withNetworks] = [
    ({ beatenBy }: HorizonReport) => beatenBy === null,
    ({ networks }: HorizonReport) => networks.length > 0,
  ].map(countOf);
  return (
    `${ahead} ahead, the forecast is as good as the best simple method or better for ${better} of ${counted(reports.length, 'series', 'series')}; ` +
    `${withNetworks === 0 ? 'none uses' : withNetworks === 1 ? 'one uses' : `${withNetworks} use`} a network.`
  );
}

/** Smaller and larger errors are written with an exponent. */
const [SMALL, LARGE] = [1e-9, 1e15];
const F64_DIGITS = 16;

/** How numbers up to `largest` are written beside an error of this size: four of its digits. */
function shownFor(error: number, largest = error): (value: number) => string {
  if ((error > 0 && error < SMALL) || error >= LARGE) {
    const more = Math.max(0, Math.floor(Math.log10(largest)) - Math.floor(Math.log10(error)));
    return (value) => value.toExponential(Math.min(3 + more, F64_DIGITS - 1));
  }
  const digits = Math.max(0, 3 - Math.floor(Math.log10(Math.max(error, SMALL))));
  return (value) => value.toFixed(digits);
}

const percent = (share: number, digits: number): string => `${(100 * share).toFixed(digits)}%`;

/** 99.9% for 0.999. */
const exactPercent = (share: number): string => `${Number((100 * share).toPrecision(12))}%`;

/** What the forecasts of a horizon are. */
function sourceOf({ methods, share, networks }: HorizonReport): string {
  if (methods.length === 0) return 'the mean of the networks';
  const base = methods.length === 1 ? `that of ${methods[0]}` : `the mean of ${listed(methods)}`;
  if (share === 0) return `${base}, without a network`;
  const part = share === 1 ? '' : `${percent(share, 0)} of `;
  return `${base}, plus ${part}${networks.length === 1 ? 'the correction of a network' : `the mean correction of ${networks.length} networks`}`;
}

/** What the errors of each horizon mean, in sentences. */
export const verdictsOf = (reports: readonly HorizonReport[]): string[] =>
  reports.map((report) => {
    const { ahead, baselines, error, relative, worst } = report;
    const [{ forecast, truth, date }] = worst;
    const show = shownFor(error, Math.max(Math.abs(forecast), Math.abs(truth)));
    const size = relative === null ? '' : `${percent(relative, 1)} of the mean number, `;
    return (
      `${ahead} ahead, the forecast is ${sourceOf(report)}. Its mean error is ${size}${besides(error, bestOf(baselines))}. ` +
      `The largest error is that of ${date}: ${show(forecast)} in place of ${show(truth)}.`
    );
  });

/** `25% smaller than that of ridge regression, the best simple method` */
function besides(error: number, best: MethodReport): string {
  const difference = Math.abs(error / best.error - 1);
  const percentage = best.error > 0 ? `${percent(difference, 0)} ` : '';
  const isSame = error === best.error || difference < 0.005; // 0% as shown
  const beside = isSame ? 'as large as' : `${percentage}${error < best.error ? 'smaller' : 'larger'} than`;
  return `${beside} that of ${best.name}, the best simple method`;
}

/** Errors over fewer numbers say little. */
const FEW_NUMBERS = 30;
/** A share of numbers in the interval is wrong if it differs by more than this, and if chance gives such a share more rarely than this. */
const [WRONG_COVERAGE, RARE] = [0.05, 0.001];

/** Whether an interval is corrected by too few scores for its coverage, in a sentence. */
export function fewScores(coverage: number, ahead: number, scores: number): string[] {
  const needed = scoresNeeded(coverage);
  if (scores >= needed) return [];
  const level = scores === 0 ? 'none' : `at most ${exactPercent(Math.floor((1000 * scores) / (scores + 1)) / 1000)}`;
  return [
    `${ahead} ahead, the ${exactPercent(coverage)} interval needs ${needed} errors of earlier forecasts, but ${scores} ${scores === 1 ? 'is' : 'are'} known, ` +
      `which allow ${level}: choose a smaller --interval, or a longer test part, because the errors come from a part before it that is as long`,
  ];
}

/** What the errors warn of, in sentences. */
export function warningsOf(
  { coverage: wanted }: Pick<ForecastPlan, 'coverage'>,
  reports: readonly HorizonReport[],
): string[] {
  const { numbers } = reports[0];
  const isWrong = (coverage: number): boolean =>
    Math.abs(coverage - wanted) > WRONG_COVERAGE && chanceOf(Math.round(coverage * numbers), numbers, wanted) < RARE;
  const ofHorizon = ({ ahead, beatenBy, echoes, coverage, scores }: HorizonReport): string[] => [
    ...fewScores(wanted, ahead, scores),
    ...(beatenBy === null
      ? []
      : [
          `${ahead} ahead, the forecast loses against ${beatenBy}: compare them on other parts, with --test or --origins, and choose with --method`,
        ]),
    ...(echoes ? [`${ahead} ahead, the forecast repeats the last known number`] : []),
    ...(isWrong(coverage)
      ? [
          `${ahead} ahead, ${percent(coverage, 0)} of the numbers lie in the ${exactPercent(wanted)} interval, which is too ${coverage < wanted ? 'narrow' : 'wide'}`,
        ]
      : []),
  ];
  return [
    ...(numbers < FEW_NUMBERS
      ? [`the test part has ${counted(numbers, 'number')}, so its errors are rough: choose a longer one with --test`]
      : []),
    ...reports.flatMap(ofHorizon),
  ];
}
