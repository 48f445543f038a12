/** The file of a forecaster: what it holds, and how wrong ones are refused. */
import { DataError, NonFiniteError } from '../../src/core/errors.js';
import { timeAt } from '../../src/data/calendar.js';
import type { JsonObject, JsonValue } from '../../src/files/json.js';
import { assertTrained, forecastBytes, forecastIn, parseForecast } from '../../src/forecast/forecast-file.js';
import type { ForecastState } from '../../src/forecast/forecaster.js';
import { Forecaster } from '../../src/forecast/forecaster.js';
import { reportOf } from '../../src/forecast/report.js';
import { checkpointSetBytes, parseCheckpointSet } from '../../src/training/checkpoint-set.js';
import { errorOf, expectDataError } from '../helpers/failures.js';
import { backend, begun, DAY, series, START, trained } from '../helpers/forecasts.js';

let whole: Awaited<ReturnType<typeof trained>>;
let together: Awaited<ReturnType<typeof trained>>;
beforeAll(async () => {
  whole = await trained(begun(), { checkpointEvery: 1 });
  together = await trained(begun({ isTogether: true, seeds: 1 }));
});

describe('the file of a forecaster', () => {
  const stored = (state: ForecastState): JsonObject => JSON.parse(JSON.stringify(state.plan)) as JsonObject;

  test('holds the plan and the networks', () => {
    for (const { state } of [whole, together]) {
      const bytes = forecastBytes(state);
      const read = parseForecast(bytes, 'f');
      expect(read.plan).toEqual(state.plan);
      expect([...read.networks.keys()]).toEqual([...state.networks.keys()]);
      expect(forecastBytes(read)).toEqual(bytes);
      assertTrained(read, 'f');
    }
  });

  test('has 0 for a -0 of the plan, which was computed', () => {
    const scores = whole.state.plan.scores?.map((row) => row.map((score, n) => (n === 0 ? -0 : score))) ?? null;
    const read = parseForecast(forecastBytes({ ...whole.state, plan: { ...whole.state.plan, scores } }), 'f');
    expect(read.plan.scores?.map((row) => row[0])).toEqual([0, 0]);
  });

  test('is not a forecaster before its run has ended', () => {
    for (const bytes of whole.states.slice(0, -1)) {
      const fault = 'f: its training has not ended: npm run -s longhand -- train --resume f continues it';
      expectDataError(() => assertTrained(parseForecast(bytes, 'f'), 'f'), fault);
    }
  });

  test('is refused with the field that is wrong', () => {
    const { networks } = whole.state;
    const plan = stored(whole.state);
    const refusal = (changed: JsonObject): string | undefined => {
      try {
        forecastIn({ networks, metadata: { forecast: changed } }, 'f');
        return undefined;
      } catch (error) {
        expect(error).toBeInstanceOf(DataError);
        return (error as Error).message;
      }
    };
    expect(refusal(plan)).toBeUndefined();
    /** Every value of the plan, with its path. */
    const places: [path: string, parent: Record<string, JsonValue>, key: string][] = [];
    const walk = (value: JsonValue, at: string): void => {
      if (typeof value !== 'object' || value === null) return;
      for (const key of Object.keys(value)) {
        const path = Array.isArray(value) ? `${at}[${key}]` : `${at}.${key}`;
        places.push([path, value as Record<string, JsonValue>, key]);
        walk((value as Record<string, JsonValue>)[key], path);
      }
    };
    walk(plan, 'f: forecast');
    expect(places.length).toBeGreaterThan(80);
    const accepted: string[] = [];
    for (const [path, parent, key] of places) {
      const before = parent[key];
      for (const wrong of [null, 'text', -1.5, 1e300, true, [], {}, [null]] as JsonValue[]) {
        if (JSON.stringify(wrong) === JSON.stringify(before)) continue;
        parent[key] = wrong;
        const message = refusal(plan);
        if (message === undefined) accepted.push(`${path} ${JSON.stringify(wrong)}`);
        else expect(message).toMatch(/^f: (forecast\.|network ahead-\S+ is none of)/);
      }
      if (!Array.isArray(parent)) {
        Reflect.deleteProperty(parent, key);
        expect(refusal(plan)).toMatch(`${path}: missing`);
      }
      parent[key] = before;
    }
    // what remains are values of the right type
    for (const one of accepted) {
      expect(one).toMatch(
        /"text"$|(level|start|coverage|scores\[\d\]\[\d+\]|categories\[\d\]) (-1\.5|1e\+300)$|scale 1e\+300$|(isTogether|hasMissing) true$|(fill|scores|repeats|holidays) (null|\[\])$|scores\[\d\]\[\d+\] null$|(seasons|inputs\.holidays) \[\]$/,
      );
    }
  });

  test.each<[path: string, value: JsonValue, message: string]>([
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
    ['columns.time', [], 'f: forecast.columns.time is []: must be one column, or up to 6'],
    ['columns.time', ['a', 'b', 'c', 'd', 'e', 'f', 'g'], 'must be one column, or up to 6'],
    ['T', 2, 'reads windows of '],
    ['inputs.known.1.repeats', [7], 'f: forecast.inputs.known[1].repeats[0] is 7: must be a number from -1 to 6'],
    ['inputs.y.scale', 0, 'f: forecast.inputs.y.scale is 0: must be a number above 0'],
    ['inputs.y.scale', -1, 'f: forecast.inputs.y.scale is -1: must be a number above 0'],
    ['holidays', [[1]], 'f: forecast.holidays[0] is [1]: must be a day and a name'],
  ])('is refused if its parts do not fit together: %s %j', (path, value, message) => {
    const plan = stored(whole.state);
    const keys = path.split('.');
    const last = String(keys.pop());
    const parent = keys.reduce<Record<string, JsonValue>>((at, key) => at[key] as Record<string, JsonValue>, plan);
    parent[last] = value;
    expectDataError(() => forecastIn({ networks: whole.state.networks, metadata: { forecast: plan } }, 'f'), message);
  });

  test('refuses to give infinite numbers, which extreme scales and scores would make', async () => {
    const { plan, networks } = whole.state;
    const { inputs, scores } = plan;
    const huge = scores?.map((part) => part.map(() => 1.79e308)) ?? null;
    for (const changed of [
      { inputs: { ...inputs, y: { level: 0, scale: 1e308 } } },
      { scores: huge, inputs: { ...inputs, y: { level: 0, scale: 1e307 } } },
    ]) {
      const forecaster = new Forecaster(backend, { plan: { ...plan, ...changed }, networks });
      await expect(reportOf(forecaster, series, 'test')).rejects.toThrow(NonFiniteError);
      forecaster.dispose();
    }
  });

  test('is refused if its networks do not suit its plan', async () => {
    const { plan, networks } = whole.state;
    const wrongOutputs = {
      plan: { ...together.state.plan, isTogether: true },
      networks: new Map([['together-seed-1', [...networks.values()][0]]]),
    };
    expect(errorOf(DataError, () => new Forecaster(backend, wrongOutputs)).message).toMatch(
      /outputs, but its horizons need/,
    );
    const fewer = { plan: { ...plan, inputs: { ...plan.inputs, holidays: [] } }, networks };
    const forecaster = new Forecaster(backend, fewer);
    await expect(forecaster.bands(series, 1, [110])).rejects.toThrow(
      /^forecast: network ahead-1-seed-1 reads \d+ numbers, but its plan has \d+$/,
    );
    forecaster.dispose();
  });

  test('that is damaged, or holds other networks, is refused', () => {
    const bytes = forecastBytes(together.state);
    for (let at = 3; at < bytes.length; at += Math.ceil(bytes.length / 40)) {
      const damaged = bytes.slice();
      damaged[at] ^= 4;
      expectDataError(() => parseForecast(damaged, 'f'), 'f');
    }
    for (const length of [0, 7, 100, bytes.length - 1])
      expectDataError(() => parseForecast(bytes.slice(0, length), 'f'), 'f');
    const { networks } = together.state;
    expectDataError(
      () => parseForecast(checkpointSetBytes({ networks, metadata: {} }), 'f'),
      'f: is not the checkpoint of a forecaster',
    );
    for (const name of ['', 'a/b', 'a b', 'é', 'x'.repeat(101)]) {
      expectDataError(
        () => checkpointSetBytes({ networks: new Map([[name, [...networks.values()][0]]]), metadata: {} }),
        'must be a list of different names',
      );
    }
    const set = parseCheckpointSet(checkpointSetBytes({ networks, metadata: { own: [1, 'two'] } }), 'f');
    expect([set?.metadata, [...(set?.networks.keys() ?? [])]]).toEqual([{ own: [1, 'two'] }, ['together-seed-1']]);
    expect(timeAt(together.state.plan.calendar, 1)).toBe(START + DAY);
  });
});
