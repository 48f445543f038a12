/** The options of a forecaster's networks. */
import { assertKnownNames, plainCopyOf } from '../core/arguments.js';
import type { TrainOptions } from '../training/options.js';
import { assertOptions, hasDefault, OPTION_NAMES, TUTORIAL } from '../training/options.js';

/** Options with which a forecaster's networks are trained, where they differ from the tutorial's. Frozen. */
export const FORECAST_OPTIONS = Object.freeze({
  hidden: 32,
  batchSize: 64,
  learningRate: 0.005,
  schedule: 'cosine',
  clipNorm: 1,
  outputInit: 'glorot',
  trainingIters: 96_000,
  displayStep: 100,
  loss: 'pinball',
  quantiles: Object.freeze([0.05, 0.25, 0.5, 0.75, 0.95] as const),
} as const);

/** Options that a forecaster does not have: nothing is validated while it is trained, only images shift, and it knows only the past. */
export const NOT_OF_FORECASTS = ['validateEvery', 'patience', 'shift', 'bidirectional'] as const;

/** What is wrong with the quantiles of a new run; undefined if nothing is. */
export function medianFaultOf(given: Partial<TrainOptions>): string | undefined {
  const { loss, quantiles } = forecastOptions(given);
  if (loss !== 'pinball' || quantiles.includes(0.5)) return undefined;
  return `quantiles ${String(quantiles)}: must have 0.5, because the median is the forecast`;
}

/**
 * The options that are given, in a plain object. Throws the errors of `assertOptions`, and a RangeError for an option that a forecaster
 * does not have, or that has no effect.
 */
export function checkedForecastOptions(asGiven: Partial<TrainOptions>): Partial<TrainOptions> {
  assertKnownNames('train', asGiven, OPTION_NAMES);
  const given: Partial<TrainOptions> = plainCopyOf(asGiven);
  assertOptions({ ...TUTORIAL, ...FORECAST_OPTIONS, quantiles: TUTORIAL.quantiles, ...given }, OPTION_NAMES);
  const options = { ...TUTORIAL, ...given };
  const other = NOT_OF_FORECASTS.find((name) => !hasDefault(options, name));
  if (other !== undefined)
    throw new RangeError(`train: ${other} ${String(options[other])}: must be left out, because a forecaster has none`);
  const fault = medianFaultOf(given);
  if (fault !== undefined) throw new RangeError(`train: ${fault}`);
  return given;
}

/** The options of new networks: the given ones; else those of `FORECAST_OPTIONS`, and of the tutorial. */
export function forecastOptions(given: Partial<TrainOptions>): TrainOptions {
  const options = { ...TUTORIAL, ...FORECAST_OPTIONS, ...given };
  return options.loss === 'pinball' ? options : { ...options, quantiles: TUTORIAL.quantiles };
}
