/** What each hidden unit of a forecaster follows: its h over the test part, and the input column with which it correlates most. */
import { stepsIn } from '../../core/numbers.js';
import type { Backend } from '../../core/backend.js';
import { DataError } from '../../core/errors.js';
import { yieldToEventLoop } from '../../core/event-loop.js';
import { zeros } from '../../core/tensor.js';
import { timeAt } from '../../data/calendar.js';
import type { ForecastState } from '../../forecast/forecaster.js';
import { networkReading } from '../../forecast/forecaster.js';
import { membersOf } from '../../forecast/plan.js';
import type { Series } from '../../forecast/series.js';
import type { Reading } from '../../forecast/windows.js';
import { Network } from '../../network/network.js';
import { fillWindow } from '../../trained-state.js';
import { inputName } from './results.js';

/** Steps that are read: the last ones of a long test part. */
const MOST_STEPS = 2000;
/** Windows that are read at once. */
const AT_ONCE = 64;

/** A line over the steps. */
export interface NamedLine {
  readonly name: string;
  /** `[N]` */
  readonly values: Float32Array;
}

/** A hidden unit, and the column that it follows. */
export interface Unit {
  readonly unit: number;
  /** The index of the column; -1 if the unit, or every column, is constant. */
  readonly column: number;
  /** The correlation with it, -1 … 1. */
  readonly r: number;
  /** `[N]`: h after the window of each forecast. */
  readonly h: Float32Array;
}

/** The units of one network over N steps of the test part. */
export interface UnitStates {
  /** `[N]`: the times that are forecast, in milliseconds since 1970, or numbers of rows. */
  readonly times: readonly number[];
  /** As in `SeriesFacts`. */
  readonly isRows: boolean;
  readonly columns: readonly NamedLine[];
  /** By the column that they follow, in the order of the columns; of one column the strongest correlation first. */
  readonly units: readonly Unit[];
}

/** The units of the top layer of the first network that forecasts `ahead` steps. */
export async function unitStates(
  backend: Backend,
  series: Series,
  { plan, networks }: ForecastState,
  ahead: number,
  signal: AbortSignal,
): Promise<UnitStates> {
  const member = membersOf(plan).find((one) => one.ahead.includes(ahead));
  const saved = member && networks.get(member.name);
  if (!saved) throw new DataError(`no network forecasts ${ahead} ahead, only methods: choose another horizon`);
  const steps = stepsIn(plan.parts.test).slice(-MOST_STEPS);
  const T = 2 * plan.T; // as `Forecaster` has it
  const range = { from: steps[0] - ahead - T + 1, to: plan.parts.test.to };
  const reading = networkReading(plan, series, member.ahead, range);
  const network = new Network(backend, saved.model.network, { T, B: AT_ONCE });
  try {
    network.load(saved.model.parameters);
    const h = await statesOf(network, reading, ahead, steps, signal);
    const columns = columnsOf(reading, plan.columns.inputs, ahead, steps);
    const units = h.map((values, unit) => ({ unit, h: values, ...followed(values, columns) }));
    const strength = ({ r }: Unit): number => Math.abs(r);
    const place = ({ column }: Unit): number => (column < 0 ? columns.length : column);
    const times = steps.map((step) => timeAt(plan.calendar, step));
    const sorted = units.sort((a, b) => place(a) - place(b) || strength(b) - strength(a));
    return { times, isRows: plan.calendar.unit === 'row', columns, units: sorted };
  } finally {
    network.dispose();
  }
}

/** `[H][N]`: h after the last step of the window of each forecast. */
async function statesOf(
  network: Network,
  reading: Reading,
  ahead: number,
  steps: readonly number[],
  signal: AbortSignal,
): Promise<Float32Array[]> {
  const { backend, activations, layers } = network;
  const { T, B } = network.sizes;
  const { h } = layers[layers.length - 1][0].outputs;
  const H = h.shape[2];
  const states = Array.from({ length: H }, () => new Float32Array(steps.length));
  const empty = zeros([T, B, reading.ahead.length], 'f64');
  for (let start = 0; start < steps.length; start += B) {
    await yieldToEventLoop();
    signal.throwIfAborted();
    const part = steps.slice(start, start + B);
    for (const [b, d] of part.entries()) fillWindow(activations.x, b, reading, d - ahead - T + 1);
    backend.upload(activations.x);
    network.setTargets({ targets: empty });
    network.forward();
    await backend.download(h);
    for (const b of part.keys())
      for (const [unit, values] of states.entries()) values[start + b] = h.get(T - 1, b, unit);
  }
  return states;
}

/** The columns that the network reads for the forecast of each of `steps`. */
function columnsOf(
  { columns }: Reading,
  inputs: readonly string[],
  ahead: number,
  steps: readonly number[],
): NamedLine[] {
  return [
    ...columns.past.map(({ name, at }) => ({
      name: inputName(name, inputs),
      values: Float32Array.from(steps, (d) => at(d - ahead)),
    })),
    ...columns.future.map(({ name, at }) => ({ name, values: Float32Array.from(steps, at) })),
  ];
}

/** The column with the strongest correlation. */
function followed(values: Float32Array, columns: readonly NamedLine[]): { column: number; r: number } {
  let best = { column: -1, r: 0 };
  for (const [column, { values: others }] of columns.entries()) {
    const r = correlation(values, others);
    if (Math.abs(r) > Math.abs(best.r)) best = { column, r };
  }
  return best;
}

/** Pearson's correlation; 0 if one of the two is constant. */
export function correlation(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const n = a.length;
  let [meanA, meanB] = [0, 0];
  for (let i = 0; i < n; i++) {
    meanA += a[i] / n;
    meanB += b[i] / n;
  }
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    const [da, db] = [a[i] - meanA, b[i] - meanB];
    ab += da * db;
    aa += da * da;
    bb += db * db;
  }
  const scale = Math.sqrt(aa * bb);
  return scale > 1e-12 ? ab / scale : 0;
}
