/** What forecasters and classifiers have in common: runs that are interrupted, and files of plans and networks, of which wrong ones are refused. */
import {
  assertTrained as assertClassifier,
  classifierBytes,
  classifierIn,
} from '../../src/classify/classifier-file.js';
import { classifyOptions, trainClassifier } from '../../src/classify/classifier.js';
import { DataError } from '../../src/core/errors.js';
import type { JsonObject, JsonValue } from '../../src/files/json.js';
import { assertTrained as assertForecaster, forecastBytes, forecastIn } from '../../src/forecast/forecast-file.js';
import type { ForecastState } from '../../src/forecast/forecaster.js';
import type { ForecastPlan } from '../../src/forecast/plan.js';
import { rulesOf } from '../../src/forecast/plan.js';
import { trainStages } from '../../src/forecast/stages.js';
import { forecastOptions } from '../../src/forecast/request.js';
import type { StateHooks, TrainedState } from '../../src/trained-state.js';
import type { StoredTensor } from '../../src/files/safetensors.js';
import { parseSafetensors, writeSafetensors } from '../../src/files/safetensors.js';
import { signed } from '../../src/training/checkpoint.js';
import type { CheckpointSet } from '../../src/training/checkpoint-set.js';
import { checkpointSetBytes, parseCheckpointSet } from '../../src/training/checkpoint-set.js';
import type { TrainOptions } from '../../src/training/options.js';
import * as classifiers from '../helpers/classifiers.js';
import { expectDataError, failureOf } from '../helpers/failures.js';
import * as forecasts from '../helpers/forecasts.js';

/** Forecasters or classifiers. */
interface Kind<Plan, Data> {
  readonly field: 'forecast' | 'classifier';
  readonly bytesOf: (state: TrainedState<Plan>) => Uint8Array<ArrayBuffer>;
  readonly stateIn: (set: CheckpointSet, name: string) => TrainedState<Plan> | undefined;
  readonly assertTrained: (state: TrainedState<Plan>, name: string) => void;
  readonly train: (
    data: Data,
    options: TrainOptions,
    before: TrainedState<Plan>,
    hooks?: StateHooks<Plan>,
  ) => Promise<TrainedState<Plan>>;
  readonly begun: TrainedState<Plan>;
  readonly options: TrainOptions;
  readonly otherOptions: TrainOptions;
  readonly data: Data;
  /** Data on which a run must not continue. */
  readonly otherData: readonly Data[];
  /** States without networks of other plans, whose fields are changed too. */
  readonly otherStates: readonly TrainedState<Plan>[];
  /** Fields, and values of the right type, with which a file is accepted. */
  readonly accepted: RegExp;
  /** A place in the plan, a value that does not fit the others, and with what the file is refused. */
  readonly misfits: readonly (readonly [path: string, value: JsonValue, message: string])[];
}

/** A plan of 1.0.0 has no rules; only one of several series has the others, with their codes and names. */
const MAY_BE_MISSING = new Set(['rules', 'series', 'others', 'code']);

function describeKind<Plan, Data>(name: string, kind: Kind<Plan, Data>): void {
  const { field, bytesOf, stateIn, assertTrained, train, begun, options, otherOptions, data } = kind;
  const parse = (bytes: Uint8Array): TrainedState<Plan> => {
    const set = parseCheckpointSet(bytes, 'f');
    const state = set && stateIn(set, 'f');
    if (!state) throw new Error('it is of another kind');
    return state;
  };
  /** The plan as its file holds it. */
  const plain = (state: TrainedState<Plan>): JsonObject =>
    parseCheckpointSet(bytesOf(state), 'f')?.metadata[field] as JsonObject;
  /** What a file with this plan is refused with; undefined if it is not. */
  const refusal = (plan: JsonValue, { networks }: Pick<CheckpointSet, 'networks'>): string | undefined => {
    try {
      stateIn({ networks, metadata: { [field]: plan } }, 'f');
      return undefined;
    } catch (error) {
      expect(error).toBeInstanceOf(DataError);
      return (error as Error).message;
    }
  };
  const states: Uint8Array<ArrayBuffer>[] = [];
  let whole = begun;
  let end: Uint8Array<ArrayBuffer>;
  beforeAll(async () => {
    whole = await train(data, options, begun, { checkpointEvery: 1, onState: (now) => states.push(bytesOf(now)) });
    end = bytesOf(whole);
  });

  describe(`a run of a ${name}`, () => {
    test('that is interrupted after any checkpoint continues to the same bytes, with its own options', async () => {
      expect(states.length).toBeGreaterThanOrEqual(12);
      expect(states.at(-1)).toEqual(end);
      expect(bytesOf(await train(data, options, begun))).toEqual(end);
      for (const n of [0, 1, 4, 7, 8, 11, 14].filter((one) => one < states.length)) {
        const hooks = n % 4 === 0 ? { checkpointEvery: 1 } : {};
        expect([n, bytesOf(await train(data, otherOptions, parse(states[n]), hooks))]).toEqual([n, end]);
      }
    });

    test.each([1, 2])('stops when it is told, after step %i, and continues to the same bytes', async (after) => {
      const stop = new AbortController();
      let saved = begun;
      const run = train(data, options, begun, {
        signal: stop.signal,
        onStep: (step) => (step === after ? stop.abort(new Error('enough')) : undefined),
        onState: (now) => (saved = now),
      });
      expect(await failureOf(run)).toEqual(new Error('enough'));
      expect(bytesOf(await train(data, options, parse(bytesOf(saved))))).toEqual(end);
    });

    test('continues only with the same data', async () => {
      for (const other of kind.otherData)
        await expect(train(other, options, parse(states[0]))).rejects.toThrow(DataError);
    });
  });

  describe(`the file of a ${name}`, () => {
    test('holds the plan and the networks', () => {
      const read = parse(end);
      expect(read.plan).toEqual(whole.plan);
      expect([...read.networks.keys()]).toEqual([...whole.networks.keys()]);
      expect(bytesOf(read)).toEqual(end);
      expect(stateIn({ networks: new Map(), metadata: { other: {} } }, 'f')).toBeUndefined();
    });

    test('says whether the run has ended', () => {
      assertTrained(parse(end), 'f');
      const fault = 'f: its training has not ended: npm run -s longhand -- train --resume f continues it';
      for (const bytes of states.slice(0, -1)) expectDataError(() => assertTrained(parse(bytes), 'f'), fault);
    });

    test('is refused with the field that is wrong', () => {
      const accepted: string[] = [];
      let places = 0;
      for (const state of [whole, ...kind.otherStates]) {
        const plan = plain(state);
        expect(refusal(plan, state)).toBeUndefined();
        const walk = (value: JsonValue, at: string): void => {
          if (typeof value !== 'object' || value === null) return;
          const parent = value as Record<string, JsonValue>;
          for (const key of Object.keys(parent)) {
            const path = Array.isArray(value) ? `${at}[${key}]` : `${at}.${key}`;
            const before = parent[key];
            places++;
            for (const wrong of [null, 'text', -1.5, 1e300, true, [], {}, [null]] as JsonValue[]) {
              if (JSON.stringify(wrong) === JSON.stringify(before)) continue;
              parent[key] = wrong;
              const message = refusal(plan, state);
              if (message === undefined) accepted.push(`${path} ${JSON.stringify(wrong)}`);
              else expect(message).toMatch(new RegExp(`^f: (${field}\\.|network seed-\\S+: |network \\S+ is none of)`));
            }
            if (!Array.isArray(parent)) {
              Reflect.deleteProperty(parent, key);
              if (!MAY_BE_MISSING.has(key))
                expect(refusal(plan, state) ?? `${path} may be missing`).toMatch(`${path}: missing`);
            }
            parent[key] = before;
            walk(before, path);
          }
        };
        walk(plan, `f: ${field}`);
      }
      expect(places).toBeGreaterThan(50);
      expect(accepted.length).toBeGreaterThan(5);
      expect(accepted.filter((one) => !kind.accepted.test(one))).toEqual([]);
    });

    test.each(kind.misfits)('is refused if its parts do not fit together: %s %j', (path, value, message) => {
      const plan = plain(whole);
      const keys = path.split('.');
      const last = String(keys.pop());
      const parent = keys.reduce<Record<string, JsonValue>>((at, key) => at[key] as Record<string, JsonValue>, plan);
      parent[last] = value;
      expect(refusal(plan, whole)).toContain(message);
    });

    test('that is damaged, or cut off, or has another plan, is refused', () => {
      for (let at = 3; at < end.length; at += Math.ceil(end.length / 40)) {
        const damaged = end.slice();
        damaged[at] ^= 4;
        expectDataError(() => parse(damaged), 'f');
      }
      for (const length of [0, 7, 100, end.length - 1]) expectDataError(() => parse(end.slice(0, length)), 'f');
      const { networks } = whole;
      expectDataError(() => parse(checkpointSetBytes({ networks, metadata: { [field]: [] } })), `f: ${field}`);
    });
  });
}

/** The plan of a run that has begun: its methods are fitted for both stages. */
async function fittedState() {
  const stop = new AbortController();
  const hooks = { signal: stop.signal, checkpointEvery: 1 };
  let plan: ForecastPlan | undefined;
  const onState = (state: ForecastState): void => {
    ({ plan } = state);
    stop.abort(new Error('enough'));
  };
  await failureOf(
    trainStages(forecasts.backend, forecasts.series, forecasts.OPTIONS, forecasts.begun(), { ...hooks, onState }),
  );
  if (!plan) throw new Error('no state was saved');
  return { plan, networks: new Map() };
}
const fitted = await fittedState();

test('the plan of a run that has begun has the fits of both stages', () => {
  const { corrections, later } = rulesOf(fitted.plan);
  expect([corrections?.length, later?.length, fitted.plan.scores]).toEqual([2, 2, null]);
});

test.each([
  [{ later: null }, 'f: forecast.rules.later is null: must be corrections, because there are no scores'],
  [{ later: [] }, 'f: forecast.rules.later is []: must be 2 corrections'],
  [{ later: rulesOf(fitted.plan).later?.slice(1) ?? null }, 'must be 2 corrections'],
])('the fits of the later stage are refused unless there is one for each horizon: %#', (change, message) => {
  const plan = { ...fitted.plan, rules: { ...rulesOf(fitted.plan), ...change } };
  expectDataError(
    () => forecastIn({ networks: new Map(), metadata: { forecast: plan as unknown as JsonValue } }, 'f'),
    message,
  );
});

const ACCEPTED =
  /"text"$|(state\[\d+\]|weights\[\d+\]) (-1\.5|1e\+300)$|unit 1e\+300$|(isRelative|isLogarithm) (true|false)$|(level|start|coverage|scores\[\d\]\[\d+\]|categories\[\d\]) (-1\.5|1e\+300)$|scale 1e\+300$|(isTogether|hasMissing|isNonNegative) (true|false)$|(fill|scores|repeats|holidays) (null|\[\])$|scores\[\d\]\[\d+\] null$|(seasons|inputs\.holidays) \[\]$/;

const shops = forecasts.tableOfShops(forecasts.rowsOfShops());
const begunShops = (choices = {}) => forecasts.begun({ columns: forecasts.COLUMNS_OF_SHOPS, ...choices }, shops);

describeKind('forecaster of several series', {
  ...{ field: 'forecast', bytesOf: forecastBytes, stateIn: forecastIn, assertTrained: assertForecaster },
  train: (series, options, before, hooks) => trainStages(forecasts.backend, series, options, before, hooks),
  begun: begunShops({ ahead: [1], seeds: 3 }),
  ...{ options: forecasts.OPTIONS, otherOptions: forecastOptions({ hidden: 3, seed: 99 }) },
  data: shops,
  otherData: ['north', 'south', 'west'].map((other) =>
    forecasts.tableOfShops(
      forecasts.rowsOfShops(forecasts.COUNT, 0, (n, shop) => (n === 25 && shop === other ? 1 : 0)),
    ),
  ),
  otherStates: [],
  accepted: new RegExp(`${ACCEPTED.source}|code\\[\\d\\] (-1\\.5|1e\\+300)$|others \\[\\]$|(horizons|weights) \\[\\]$`),
  misfits: [
    ['others.0.name', 'west', 'f: forecast.others is ['],
    ['others.0.first', -1, 'f: forecast.others[0].first is -1: must be'],
    ['others.0.inputs.lag', 0, 'f: forecast.others[0].inputs.lag is 0: must be that of the first series'],
    [
      'others.1.inputs.code',
      [1, 0],
      'f: forecast.others[1].inputs.code is [1,0]: must be as long as that of the first',
    ],
    ['others.1.inputs.known', [], 'f: forecast.others[1].inputs.known is []: must be 2 columns'],
    ['others.1.scores', null, 'f: forecast.others[1].'],
    ['others.1.digests', [], 'f: forecast.others[1].digests is []: must be 4 digests'],
    ['columns.series', 'y', 'must be different columns: "y" occurs twice'],
  ],
});

describeKind('forecaster', {
  ...{ field: 'forecast', bytesOf: forecastBytes, stateIn: forecastIn, assertTrained: assertForecaster },
  train: (series, options, before, hooks) => trainStages(forecasts.backend, series, options, before, hooks),
  begun: forecasts.begun(),
  ...{ options: forecasts.OPTIONS, otherOptions: forecastOptions({ hidden: 3, seed: 99 }) },
  data: forecasts.series,
  otherData: [forecasts.seriesOfDays(forecasts.COUNT, 0, (n) => (n === 5 ? 1 : 0))],
  otherStates: [fitted],
  accepted: ACCEPTED,
  misfits: [
    ['ahead', [3, 1], 'f: forecast.ahead is [3,1]: must be numbers that rise'],
    ['ahead', [], 'must be numbers that rise'],
    ['ahead', [1, 10_001], 'f: forecast.ahead[1] is 10001: must be a number from 1 to 10000'],
    ['columns.known', ['y', 'w'], 'must be different columns: "y" occurs twice'],
    ['columns.time', ['date', 'date'], 'must be different columns: "date" occurs twice'],
    ['scores', [[1]], 'f: forecast.scores is [[1]]: must be 2 lists of 12 numbers'],
    ['scores', [[1], [1]], 'f: forecast.scores is [[1],[1]]: must be 2 lists of 12 numbers'],
    ['seeds', 5001, 'f: forecast.seeds is 5001: must be at most 10000 networks'],
    ['seeds', 1, 'f: network ahead-1-seed-2 is none of the forecaster’s'],
    ['parts.test.from', 100, 'f: forecast.parts.test.from is 100: must be at least 108'],
    ['parts.test.to', 100, 'f: forecast.parts.test.to is 100: must be a number from 108'],
    ['inputs.lag', 2, 'f: forecast.inputs.lag is 2: must be 0, or no shorter than a horizon'],
    ['inputs.inputs', [], 'f: forecast.inputs.inputs is []: must be 1 column'],
    ['inputs.known', [], 'f: forecast.inputs.known is []: must be 2 columns'],
    ['columns.time', [], 'f: forecast.calendar.unit is "ms": must be row without a column of the time, and only then'],
    ['columns.time', ['a', 'b', 'c', 'd', 'e', 'f', 'g'], 'must be at most 6 columns'],
    ['T', 2, 'f: network ahead-1-seed-1 reads windows of '],
    ['inputs.known.1.repeats', [7], 'f: forecast.inputs.known[1].repeats[0] is 7: must be a number from -1 to 6'],
    ['inputs.y.scale', 0, 'f: forecast.inputs.y.scale is 0: must be a number above 0'],
    ['inputs.y.scale', -1, 'f: forecast.inputs.y.scale is -1: must be a number above 0'],
    ['rules.method', 'arima', 'f: forecast.rules.method is "arima": must be one of auto, network, last'],
    ['rules.method', 'ets', 'f: network ahead-1-seed-1 is none of the forecaster’s'],
    ['rules.corrections', [], 'f: forecast.rules.corrections is []: must be 2 corrections'],
    ['rules.corrections', null, 'must be corrections with their shares, because there are scores'],
    ['rules.corrections.1.share', null, 'must be corrections with their shares, because there are scores'],
    ['rules.corrections.1.share', 1.5, 'f: forecast.rules.corrections[1].share is 1.5: must be a number from 0 to 1'],
    ['rules.corrections.0.share', 0, 'f: network ahead-1-seed-1 is none of the forecaster’s'],
    ['rules.corrections.0.unit', 0, 'f: forecast.rules.corrections[0].unit is 0: must be a number from 5e-324'],
    ['rules.corrections.0.fits', [], 'f: forecast.rules.corrections[0].fits is []: must be one method or more'],
    ['rules.corrections.1.fits', [{ method: 'ets', numbers: {} }], 'f: forecast.rules.corrections[1].fits[0].numbers.'],
    ['holidays', [[1]], 'f: forecast.holidays[0] is [1]: must be a day and a name'],
  ],
});

/** Without groups, the parts are rows. */
const ofRows = classifiers.begun({ columns: { ...classifiers.COLUMNS, group: null } });

describeKind('classifier', {
  ...{ field: 'classifier', bytesOf: classifierBytes, stateIn: classifierIn, assertTrained: assertClassifier },
  train: (recordings, options, before, hooks) =>
    trainClassifier(classifiers.backend, recordings, options, before, hooks),
  begun: classifiers.begun(),
  ...{ options: classifiers.OPTIONS, otherOptions: classifyOptions({ hidden: 4, seed: 99 }) },
  data: classifiers.recordings,
  otherData: [
    classifiers.waves().map((row, n) => (n === 3 ? { ...row, x: 9 } : row)),
    classifiers.waves(10, (group, kind) => (group < 3 ? 'slow' : kind)),
  ].map((rows) => classifiers.recordingsFrom(rows)),
  otherStates: [ofRows],
  accepted:
    /(classify|inputs\[\d\]|group|classes\[\d\]|(training|validation|test)\[\d\]) "text"$|(level|scale) (-1\.5|1e\+300)$|hasMissing true$|parts\.(training|validation|test) \[\]$/,
  misfits: [
    ['window', 9, 'f: network seed-1: reads windows of 8 rows of 1 number, but the plan has 9 of 1'],
    ['inputs.0.hasMissing', true, 'f: network seed-1: reads windows of 8 rows of 1 number, but the plan has 8 of 2'],
    ['classes', ['a', 'slow'], 'f: network seed-1: has other classes than the plan'],
    ['classes', ['fast', 'fast'], 'f: classifier.classes is ["fast","fast"]: must be 2 to 1000 different names'],
    ['classes', ['', 'slow'], 'must be 2 to 1000 different names'],
    ['classes', ['slow'], 'must be 2 to 1000 different names'],
    ['seeds', 1, 'f: network seed-2 is none of the classifier’s'],
    ['seeds', 101, 'f: classifier.seeds is 101: must be a number from 1 to 100'],
    ['columns.inputs', ['x', 'z'], 'f: classifier.inputs is'],
    ['columns.inputs', [], 'f: classifier.columns.inputs is []: must be one column or more'],
    ['columns.group', 'x', 'must be different columns: "x" occurs twice'],
    ['columns.group', null, 'f: classifier.split.by is "group": must be row'],
    ['columns', { ...classifiers.COLUMNS, time: ['t'] }, 'f: classifier.step is null: must be a number above 0'],
    ['step', 1, 'f: classifier.step is 1: must be null, because there is no time'],
    ['split.parts.test', ['w0', 'w0'], 'must be different groups'],
    ['split.by', 'row', 'f: classifier.split.parts.training is'],
    ['inputs.0.scale', 0, 'f: classifier.inputs[0].scale is 0: must be a number above 0'],
  ],
});

test('the file of a classifier is refused if rows of one part are those of another', () => {
  const { split, ...others } = ofRows.plan;
  const { parts } = split as { parts: Record<string, { from: number; to: number }> };
  const validation = { ...parts.validation, to: parts.test.from + 1 };
  const plan = { ...others, split: { by: 'row', parts: { ...parts, validation } } } as unknown as JsonValue;
  const set = { networks: new Map(), metadata: { classifier: plan } };
  expectDataError(() => classifierIn(set, 'f'), 'must be one after the other');
});

test('the names of a set’s networks are different ones, of letters, digits, and four other signs', async () => {
  const [network] = (await classifiers.trained(classifiers.begun({ seeds: 1 }))).state.networks.values();
  for (const name of ['', 'a/b', 'a b', 'é', 'x'.repeat(101)]) {
    expectDataError(
      () => checkpointSetBytes({ networks: new Map([[name, network]]), metadata: {} }),
      'must be a list of different names',
    );
  }
  const bytes = checkpointSetBytes({ networks: new Map([['own', network]]), metadata: { own: [1, 'two'] } });
  // metadata that a header cannot hold are a tensor of bytes
  const long = { own: Array.from({ length: 40_000 }, (_, n) => `ä ${n} ${'x'.repeat(500)}`) };
  const large = checkpointSetBytes({ networks: new Map([['own', network]]), metadata: long });
  expect(parseCheckpointSet(large, 'f')?.metadata).toEqual(long);
  const place = Buffer.from(large).indexOf('ä 39999');
  large[place + 3] ^= 1;
  expectDataError(() => parseCheckpointSet(large, 'f'), 'f');
  const { metadata, tensors } = parseSafetensors(checkpointSetBytes({ networks: new Map(), metadata: {} }), 'f');
  const u8 = (...values: number[]) =>
    ({ dtype: 'U8', shape: [values.length], bytes: Uint8Array.from(values) }) as const;
  const withTensor = (tensor: StoredTensor, text?: string) => {
    const texts = new Map([...metadata].filter(([key]) => key !== 'metadata' && key !== 'checksum'));
    if (text !== undefined) texts.set('metadata', text);
    return writeSafetensors(signed({ metadata: texts, tensors: new Map([...tensors, ['metadata', tensor]]) }));
  };
  expect(parseCheckpointSet(withTensor(u8(123, 125)), 'f')?.metadata).toEqual({});
  expectDataError(
    () => parseCheckpointSet(withTensor(u8(123, 125), '{}'), 'f'),
    'f: metadata: must be a text or a tensor',
  );
  expectDataError(() => parseCheckpointSet(withTensor(u8(255)), 'f'), 'f: metadata: is not UTF-8');
  const set = parseCheckpointSet(bytes, 'f');
  expect([set?.metadata, [...(set?.networks.keys() ?? [])]]).toEqual([{ own: [1, 'two'] }, ['own']]);
});
