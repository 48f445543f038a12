/**
 * ETS: exponential smoothing of a level l, a slope b and a season s (Hyndman, Koehler, Ord and Snyder, "Forecasting with Exponential Smoothing",
 * 2008). Holt and Winters' methods are among its forms; the corrected Akaike criterion (AICc) chooses the form.
 *
 * With base = l + φ·b of the row before and s the state of the row's phase m rows before, in an additive | multiplicative season:
 *
 *     ŷ = base + s             | base·s
 *     e = y - ŷ
 *     l = base + α·e           | base + α·e/s
 *     b = φ·b + β·e            | φ·b + β·e/s
 *     s = s + γ·e              | s + γ·e/base
 *
 * Without a slope b = 0; φ = 1 unless the slope is damped. Whether the errors' size is thought proportional to ŷ changes only how they are weighed.
 */
import { counted } from '../../core/arguments.js';
import { meanOf } from '../../core/lists.js';
import { arePositive } from '../series.js';
import type { Minimum } from './least-squares.js';
import { LeastSquares, MOST_STEPS } from './least-squares.js';
import type { FittedMethod, Method, StateAt, Walked } from './method.js';
import { firstRow, fittedOnce, walkedAsJson, walkedForecasts, walkedFrom, walkedIn } from './method.js';

const TRENDS = ['none', 'additive', 'damped'] as const;
const SEASONS = ['none', 'additive', 'multiplicative'] as const;
const ERRORS = ['additive', 'multiplicative'] as const;

interface Form {
  readonly trend: (typeof TRENDS)[number];
  readonly season: (typeof SEASONS)[number];
  readonly errors: (typeof ERRORS)[number];
  /** m: the steps of the season; 1 without one. */
  readonly period: number;
}

interface Smoothing {
  readonly alpha: number;
  readonly beta: number;
  readonly gamma: number;
  readonly phi: number;
}

/** A season of more steps is left out: its states would be most of the parameters. */
export const MOST_PERIOD = 336;

/** One logarithm of a product is quicker than that of each factor. */
const LEAST_PRODUCT = 1e-100;

/**
 * Reads the rows y from the series' row `row` on: moves the state [l, b, s of phase 0 … m-1] on, and writes the error of each row into r, as a share of
 * ŷ if errors are proportional; 0 if y is missing. A missing y changes only l and b, as ŷ would; in a multiplicative season so does a y that is not above 0.
 * Returns the geometric mean of all ŷ if errors are proportional, which is not above 0 unless all are; else 1.
 */
function advance(
  { season, period, errors }: Form,
  { alpha, beta, gamma, phi }: Smoothing,
  state: Float64Array,
  row: number,
  y: Float64Array,
  r: Float64Array,
): number {
  const isMultiplied = season === 'multiplicative';
  const isShare = errors === 'multiplicative';
  let [phase, l, b] = [row % period, state[0], state[1]];
  let [product, logs, count] = [1, 0, 0];
  for (let t = 0; t < y.length; t++) {
    const base = l + phi * b;
    const s = state[2 + phase];
    const expected = isMultiplied ? base * s : base + s;
    const isMissing = Number.isNaN(y[t]) || (isMultiplied && y[t] <= 0);
    const e = isMissing ? 0 : y[t] - expected;
    const ofBase = isMultiplied ? e / s : e;
    l = base + alpha * ofBase;
    b = phi * b + beta * ofBase;
    if (!isMultiplied) state[2 + phase] = s + gamma * e;
    else if (base > 0) state[2 + phase] = s + (gamma * e) / base;
    phase = phase + 1 < period ? phase + 1 : 0; // a remainder takes longer than the rest of a row
    r[t] = isShare && !isMissing ? e / expected : e;
    if (!isShare || isMissing) continue;
    count++;
    const larger = product * expected;
    if (larger > LEAST_PRODUCT && larger < 1 / LEAST_PRODUCT) product = larger;
    else {
      logs = logs + Math.log(product) + Math.log(expected);
      product = 1;
    }
  }
  state[0] = l;
  state[1] = b;
  return isShare ? Math.exp((logs + Math.log(product)) / Math.max(count, 1)) : 1;
}

/** The forecast of the row `ahead` rows after the one before `row`. */
function forecast(
  { season, period }: Form,
  { phi }: Smoothing,
  state: Float64Array,
  row: number,
  ahead: number,
): number {
  const slopes = phi === 1 ? ahead : (phi * (1 - phi ** ahead)) / (1 - phi);
  const base = state[0] + slopes * state[1];
  const s = state[2 + ((row + ahead - 1) % period)];
  return season === 'multiplicative' ? base * s : base + s;
}

/** A form with its parameters, and its states [l, b, s of phase 0 … m-1] before and after the rows of the fit. */
interface Ets extends Form, Smoothing, Walked {}

/** Of every form that the series allows, the one with the smallest AICc. */
export const ets: Method = {
  fit: fittedOnce((filled, seasons, { end, near, isRough = false }) => {
    const from = firstRow(filled, end);
    const y = filled.subarray(Math.max(from, 0), end);
    const count = y.reduce((sum, value) => sum + Number(!Number.isNaN(value)), 0);
    const isPositive = arePositive(y);
    const periods = seasons.filter((period) => period <= MOST_PERIOD && 2 * period <= y.length);
    const ofOthers = (near && y.length >= LEAST_ROWS_NEAR ? endings.get(near) : undefined) ?? [];
    const close = ofOthers.filter(({ form }) => [1, ...periods].includes(form.period) && suits(form, isPositive));
    const forms = [1, ...periods].flatMap((period) => formsOf(period, isPositive));
    const searched = (starts: readonly FormStart[]): Fit[] => {
      const begun = starts.flatMap((start) => begunFit(start, y, Math.max(from, 0), count, isRough) ?? []);
      const looked = LOOKS.reduce(continued, begun);
      return isRough ? looked : looked.map(endedFit);
    };
    const nearby = searched(close);
    const ended = nearby.length > 0 ? nearby : searched(forms.map((form) => ({ form }))); // no form near may suit all rows
    if (ended.length === 0)
      return `the series has ${counted(count, 'number')} before the forecasts, too few for its parameters`;
    const best = ended.reduce((a, b) => (b.criterion < a.criterion ? b : a));
    const one = fitted(modelOf(best, y, end));
    endings.set(
      one,
      ended
        .filter(({ criterion }) => criterion <= best.criterion + NEAR)
        .map(({ form, minimum }) => ({ form, parameters: minimum.parameters })),
    );
    return [one];
  }),
  restored(stored) {
    const period = stored.field('period').whole(1, MOST_PERIOD);
    return fitted({
      trend: stored.field('trend').choice(TRENDS),
      season: stored.field('season').choice(SEASONS),
      errors: stored.field('errors').choice(ERRORS),
      period,
      alpha: stored.field('alpha').number(0, 1),
      beta: stored.field('beta').number(0, 1),
      gamma: stored.field('gamma').number(0, 1),
      phi: stored.field('phi').number(0, 1),
      ...walkedIn(stored, 2 + period),
    });
  },
};

/** What is multiplied must be positive, and a product's errors then are proportional too. */
const suits = ({ season, errors }: Form, isPositive: boolean): boolean =>
  errors === 'additive' ? season !== 'multiplicative' : isPositive;

/** The forms of a period, 1 for those without a season. */
const formsOf = (period: number, isPositive: boolean): Form[] =>
  TRENDS.flatMap((trend) =>
    SEASONS.flatMap((season) => ERRORS.map((errors): Form => ({ trend, season, errors, period }))),
  ).filter((form) => (form.season === 'none') === (period === 1) && suits(form, isPositive));

function fitted(model: Ets): FittedMethod {
  const { trend, season, errors, period, alpha, beta, gamma, phi } = model;
  const walkFrom = ({ at, state }: StateAt) => {
    const now = Float64Array.from(state);
    const [one, error] = [new Float64Array(1), new Float64Array(1)];
    let row = at;
    return {
      next: (y: number) => {
        one[0] = y;
        advance(model, model, now, row++, one, error);
      },
      forecast: (ahead: number) => forecast(model, model, now, row, ahead),
    };
  };
  return {
    name: nameOf(model),
    numbers: { trend, season, errors, period, alpha, beta, gamma, phi, ...walkedAsJson(model) },
    forecasts: ({ series }, ahead, steps) => walkedForecasts(model, walkFrom, series, ahead, steps),
    readsFrom: (t) => walkedFrom(model, t),
  };
}

function nameOf({ trend, season, period }: Form): string {
  const slope = { none: 'no slope', additive: 'a slope', damped: 'a damped slope' }[trend];
  return season === 'none'
    ? `ETS (${slope}, no season)`
    : `ETS (${slope}, ${season} season of ${counted(period, 'step')})`;
}

/** Of a longer season the initial states are not fitted, only computed: that would take long, and each has few numbers. */
const MOST_FITTED_PHASES = 24;
/** The first α that are tried; β and γ begin at a tenth of their range, φ in the middle of its. */
const FIRST_ALPHAS = [0.1, 0.6];
const ROUGH_ALPHAS = [0.3];
const FIRST_SHARE = 0.1;
const [LEAST_PHI, MOST_PHI] = [0.8, 0.98];

const logistic = (x: number): number => 1 / (1 + Math.exp(-x));
const logit = (share: number): number => Math.log(share / (1 - share));

/** Steps of the searches, after which forms are dropped whose criterion is larger than the smallest by so much: they are hopeless. */
const LOOKS = [
  [3, 300],
  [2, 60],
  [5, 20],
] as const;
/** So is a search whose criterion is larger by this than that of the same form from another start. */
const HOPELESS_START = 20;

/** A form, and the parameters from which its search starts; by default there are several starts. */
interface FormStart {
  readonly form: Form;
  readonly parameters?: Float64Array;
}

/** Forms whose criterion is larger by more than this are seldom the best for other rows. */
const NEAR = 6;
/** Where the searches of a fit ended, of the forms that may be the best for other rows. */
const endings = new WeakMap<FittedMethod, readonly FormStart[]>();

/** Fewer rows have several minima, and a search from all starts is quick. */
const LEAST_ROWS_NEAR = 300;

/** A form while it is fitted to the rows from `from` on. */
interface Fit {
  readonly form: Form;
  readonly from: number;
  readonly startAt: (p: Float64Array) => Start;
  readonly searchFrom: (start: Float64Array) => LeastSquares;
  readonly criterionOf: (minimum: Minimum) => number;
  /** One from each start, without those that are hopeless. */
  readonly searches: readonly LeastSquares[];
  /** Its smallest sum of squares so far, and its AICc there. */
  readonly minimum: Minimum;
  readonly criterion: number;
}

/** A fit to y, `count` of which are numbers, before its first step; undefined if the form has too many parameters for these. */
function begunFit(
  { form, parameters }: FormStart,
  y: Float64Array,
  from: number,
  count: number,
  isRough: boolean,
): Fit | undefined {
  const { slope, season, damping } = statesOf(form);
  const k = 2 + 2 * slope + season * form.period + damping + 1; // α, l, and the size of the errors; then β and b, γ and s, φ
  if (count <= k + 1) return undefined;
  const initial = initialState(form, y, from);
  const startAt = (p: Float64Array, state = new Float64Array(2 + form.period)): Start =>
    startOf(form, initial, p, state);
  const state = new Float64Array(2 + form.period);
  const searchFrom = (start: Float64Array): LeastSquares =>
    new LeastSquares((p, r) => residuals(form, startAt(p, state), y, from, r), y.length, start);
  const changes = 1 + slope + (form.period <= MOST_FITTED_PHASES ? form.period - 1 : 0);
  const starts = (isRough ? ROUGH_ALPHAS : FIRST_ALPHAS).map((alpha) => {
    const shares = [alpha, ...Array<number>(slope + season).fill(FIRST_SHARE), ...Array<number>(damping).fill(0.5)];
    return Float64Array.from([...shares.map(logit), ...Array<number>(changes).fill(0)]);
  });
  const searches = (parameters ? [parameters] : starts).map(searchFrom);
  const criterionOf = ({ sum }: Minimum): number =>
    count * Math.log(sum / count) + 2 * k + (2 * k * (k + 1)) / (count - k - 1);
  const minimum = searches[0].after(0);
  return { form, from, startAt, searchFrom, criterionOf, searches, minimum, criterion: criterionOf(minimum) };
}

/** The fit after more steps of its searches. */
function afterSteps(fit: Fit, steps: number): Fit {
  const found = fit.searches.map((search) => ({ search, minimum: search.after(steps) }));
  const { minimum } = found.reduce((a, b) => (b.minimum.sum < a.minimum.sum ? b : a));
  const criterion = fit.criterionOf(minimum);
  const hopeful = found.filter((one) => fit.criterionOf(one.minimum) <= criterion + HOPELESS_START);
  return { ...fit, searches: hopeful.map(({ search }) => search), minimum, criterion };
}

/** The fits after a look, without those that are hopeless, or whose form does not suit. */
function continued(fits: readonly Fit[], [steps, most]: (typeof LOOKS)[number]): Fit[] {
  const found = fits.map((fit) => afterSteps(fit, steps)).filter(({ minimum }) => Number.isFinite(minimum.sum));
  const least = Math.min(...found.map(({ criterion }) => criterion));
  return found.filter(({ criterion }) => criterion <= least + most);
}

/** The same fit at its end. */
const endedFit = (fit: Fit): Fit =>
  afterSteps({ ...fit, searches: [fit.searchFrom(fit.minimum.parameters)] }, MOST_STEPS);

/** The model of a fit, with its state after the last row of y, before `end`. */
function modelOf({ form, from, startAt, minimum }: Fit, y: Float64Array, end: number): Ets {
  const { smoothing, state } = startAt(minimum.parameters);
  const first = { at: from, state: [...state] };
  advance(form, smoothing, state, from, y, new Float64Array(y.length));
  return { ...form, ...smoothing, first, last: { at: end, state: [...state] } };
}

/** What a form has, 1 or 0 of each. */
const statesOf = ({ trend, season }: Form): Readonly<Record<'slope' | 'season' | 'damping', number>> => ({
  slope: Number(trend !== 'none'),
  season: Number(season !== 'none'),
  damping: Number(trend === 'damped'),
});

/** A model before its first row. */
interface Start {
  readonly smoothing: Smoothing;
  readonly state: Float64Array;
}

/** What parameters p mean: logits of α, β, γ and φ within their ranges, then changes of the initial state, without those that the form lacks. `state`: where it goes. */
function startOf(form: Form, { state: before, unit }: Initial, p: Float64Array, state: Float64Array): Start {
  const { slope, season, damping } = statesOf(form);
  let n = 0;
  const alpha = logistic(p[n++]);
  const beta = slope * alpha * logistic(slope ? p[n++] : 0);
  const gamma = season * (1 - alpha) * logistic(season ? p[n++] : 0);
  const phi = damping ? LEAST_PHI + (MOST_PHI - LEAST_PHI) * logistic(p[n++]) : 1;
  state.set(before);
  state[0] += unit * p[n++];
  if (slope) state[1] += unit * p[n++];
  const ofSeason = form.season === 'multiplicative' ? unit / Math.abs(before[0] || 1) : unit;
  for (let phase = 1; n < p.length; phase++) {
    state[2 + phase] += ofSeason * p[n];
    state[2] -= ofSeason * p[n++]; // their mean stays
  }
  return { smoothing: { alpha, beta, gamma, phi }, state };
}

/** Writes r, with Σr² that of the likelihood: shares of ŷ count times the geometric mean of all ŷ. False if one of these is not above 0. */
function residuals(form: Form, { smoothing, state }: Start, y: Float64Array, from: number, r: Float64Array): boolean {
  const mean = advance(form, smoothing, state, from, y, r);
  if (!(mean > 0)) return false;
  if (mean !== 1) for (let t = 0; t < r.length; t++) r[t] *= mean;
  return true;
}

/** Seasons that the initial state is computed from; without seasons, rows. */
const [FIRST_SEASONS, FIRST_ROWS] = [4, 10];

/** A state [l, b, s …] before the first row, and how much the numbers change from one season to the next, the unit of the state's changes. */
interface Initial {
  readonly state: Float64Array;
  readonly unit: number;
}

/** From a line through the means of the first seasons, and the mean differences of each phase from it, or quotients. */
function initialState({ trend, season, period }: Form, y: Float64Array, from: number): Initial {
  const cycles = Math.min(Math.floor(y.length / period), period === 1 ? FIRST_ROWS : FIRST_SEASONS);
  const means = Array.from({ length: cycles }, (_, n) => meanOf(y.subarray(n * period, (n + 1) * period)));
  const known = [...means.keys()].filter((n) => !Number.isNaN(means[n]));
  const [nearest, farthest] = [known[0], known[known.length - 1]];
  const slope = farthest > nearest ? (means[farthest] - means[nearest]) / (period * (farthest - nearest)) : 0;
  const state = new Float64Array(2 + period);
  const lineAt = (t: number): number => means[nearest] + slope * (t - nearest * period - (period - 1) / 2);
  state[0] = trend === 'none' ? means[nearest] : lineAt(-1);
  state[1] = trend === 'none' ? 0 : slope;
  const changes = y.map((value, t) => (t < period ? NaN : Math.abs(value - y[t - period])));
  const unit = meanOf(changes) || 1;
  if (season === 'none') return { state, unit };
  const isMultiplied = season === 'multiplicative';
  const least = means[nearest] / 10; // a line that falls steeply may reach 0
  const ofPhase = Array.from({ length: period }, (_, phase) => {
    const rows = Float64Array.from({ length: cycles }, (_one, n) => n * period + phase);
    const found = meanOf(rows.map((t) => (isMultiplied ? y[t] / Math.max(lineAt(t), least) : y[t] - lineAt(t))));
    return Number.isNaN(found) ? Number(isMultiplied) : found;
  });
  const mean = meanOf(ofPhase);
  for (const [n, one] of ofPhase.entries()) state[2 + ((from + n) % period)] = isMultiplied ? one / mean : one - mean;
  return { state, unit };
}
