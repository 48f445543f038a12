/** A forecaster as the bytes of a checkpoint file: its networks, and its plan as the field `forecast` of the metadata. */
import { DataError } from '../core/errors.js';
import type { JsonObject, JsonValue } from '../files/json.js';
import type { Checkpoint } from '../training/checkpoint.js';
import type { CheckpointSet } from '../training/checkpoint-set.js';
import { checkpointSetBytes, parseCheckpointSet } from '../training/checkpoint-set.js';
import { stepCount } from '../training/options.js';
import type { ForecastState } from './forecaster.js';
import type { InputPlan, KnownPlan, Scale } from './inputs.js';
import type { ForecastPlan, Range } from './plan.js';
import { membersOf } from './plan.js';
import { FILLS } from './series.js';

/** The bytes of the file. */
export const forecastBytes = ({ plan, networks }: ForecastState): Uint8Array<ArrayBuffer> =>
  checkpointSetBytes({ networks, metadata: { forecast: plan as unknown as JsonValue } });

/** The forecaster of a file. Throws a DataError if the file is damaged, or holds something else. */
export function parseForecast(bytes: Uint8Array, name: string): ForecastState {
  const set = parseCheckpointSet(bytes, name);
  const state = set && forecastIn(set, name);
  if (!state) throw new DataError(`${name}: is not the checkpoint of a forecaster`);
  return state;
}

/** The forecaster of a file's contents; undefined if they are something else. */
export function forecastIn({ networks, metadata }: CheckpointSet, name: string): ForecastState | undefined {
  if (!Object.hasOwn(metadata, 'forecast')) return undefined;
  const plan = new Reader(metadata.forecast, `${name}: forecast`).plan();
  const stages = ['calibration', 'final'] as const;
  const known = new Set(stages.flatMap((stage) => membersOf(plan, stage).map((member) => member.name)));
  const other = [...networks.keys()].find((one) => !known.has(one));
  if (other !== undefined) throw new DataError(`${name}: network ${other} is none of the forecaster’s`);
  return { plan, networks };
}

/** Throws a DataError unless the run of a forecaster has ended. */
export function assertTrained({ plan, networks }: ForecastState, name: string): void {
  const isOver = (saved?: Checkpoint): boolean => {
    if (!saved?.training) return saved !== undefined;
    const { options, step, order } = saved.training;
    return step >= stepCount(options, order.length);
  };
  if (plan.scores !== null && membersOf(plan).every((member) => isOver(networks.get(member.name)))) return;
  throw new DataError(`${name}: its training has not ended: longhand train --resume ${name} continues it`);
}

/** Reads a plan; every fault is a DataError that names the field. */
class Reader {
  constructor(
    private readonly value: JsonValue,
    private readonly where: string,
  ) {}

  plan(): ForecastPlan {
    const columns = this.field('columns');
    const calendar = this.field('calendar');
    const parts = this.field('parts');
    const ahead = this.field('ahead').list((one) => one.whole(1));
    const scores = this.field('scores').orNull((one) =>
      one.list((part) => part.list((score) => score.orNull((n) => n.number()))),
    );
    const plan: ForecastPlan = {
      columns: {
        time: columns.field('time').texts(),
        predict: columns.field('predict').text(),
        inputs: columns.field('inputs').texts(),
        known: columns.field('known').texts(),
        fill: columns.field('fill').orNull((one) => one.choice(FILLS)),
      },
      ahead,
      isTogether: this.field('isTogether').truth(),
      seeds: this.field('seeds').whole(1, MOST_NETWORKS),
      coverage: this.field('coverage').number(0, 1),
      calendar: {
        start: calendar.field('start').number(-MOST_MS, MOST_MS),
        unit: calendar.field('unit').choice(['ms', 'month'] as const),
        step: calendar.field('step').whole(1),
      },
      parts: { validation: parts.field('validation').range(), test: parts.field('test').range() },
      inputs: this.field('inputs').inputs(),
      T: this.field('T').whole(1, MOST_STEPS),
      holidays: this.field('holidays').orNull((one) => one.list((day) => day.holiday())),
      scores,
    };
    const rises = ahead.every((one, n) => n === 0 || one > ahead[n - 1]);
    if (ahead.length === 0 || !rises) throw this.field('ahead').fault('numbers that rise');
    const { from, to } = plan.parts.validation;
    if (scores && (scores.length !== ahead.length || scores.some((part) => part.length !== to - from)))
      throw this.field('scores').fault(`${ahead.length} lists of ${to - from} numbers`);
    if (plan.seeds * ahead.length > MOST_NETWORKS) throw this.field('seeds').fault(`at most ${MOST_NETWORKS} networks`);
    const { inputs, validation, test } = { ...plan, ...plan.parts };
    if (validation.to > test.from) throw parts.field('test').field('from').fault(`at least ${validation.to}`);
    if (inputs.lag > 0 && inputs.lag < ahead[ahead.length - 1])
      throw this.field('inputs').field('lag').fault('0, or no shorter than a horizon');
    for (const name of ['inputs', 'known'] as const) {
      const count = plan.columns[name].length;
      if (inputs[name].length !== count) throw this.field('inputs').field(name).fault(`${count} columns`);
    }
    if (plan.columns.time.length === 0) throw columns.field('time').fault('one column or more');
    return plan;
  }

  private inputs(): InputPlan {
    return {
      y: this.field('y').scale(),
      steps: this.field('steps').whole(1),
      hasMissing: this.field('hasMissing').truth(),
      inputs: this.field('inputs').list((one) => one.scale()),
      seasons: this.field('seasons').list((one) => one.whole(2)),
      lag: this.field('lag').whole(0),
      known: this.field('known').list((one) => one.known()),
      meanOver: this.field('meanOver').whole(1),
      holidays: this.field('holidays').texts(),
    };
  }

  private known(): KnownPlan {
    const name = this.field('name').text();
    const kind = this.field('kind').choice(['number', 'categories'] as const);
    if (kind === 'number') return { name, kind, scale: this.field('scale').scale() };
    const categories = this.field('categories').list((one) =>
      typeof one.value === 'string' ? one.value : one.number(),
    );
    const repeats = this.field('repeats').orNull((one) => one.list((code) => code.whole(-1, categories.length - 1)));
    return { name, kind, categories, repeats };
  }

  private scale(): Scale {
    const scale = this.field('scale');
    if (scale.number() === 0) throw scale.fault('a number other than 0');
    return { level: this.field('level').number(), scale: scale.number() };
  }

  private range(): Range {
    const from = this.field('from').whole(0);
    return { from, to: this.field('to').whole(from) };
  }

  private holiday(): [number, string] {
    const pair = this.list((one) => one);
    if (pair.length !== 2) throw this.fault('a day and a name');
    const [day, name] = pair;
    return [day.whole(-MOST_DAYS, MOST_DAYS), name.text()];
  }

  private field(name: string): Reader {
    const { value, where } = this;
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    if (!isObject) throw this.fault('an object');
    const record = value as JsonObject;
    if (!Object.hasOwn(record, name)) throw new DataError(`${where}.${name}: missing`);
    return new Reader(record[name], `${where}.${name}`);
  }

  private list<Element>(read: (one: Reader) => Element): Element[] {
    if (!Array.isArray(this.value)) throw this.fault('a list');
    const list = this.value as readonly JsonValue[];
    return list.map((one, n) => read(new Reader(one, `${this.where}[${n}]`)));
  }

  private texts = (): string[] => this.list((one) => one.text());

  private orNull = <Value>(read: (one: Reader) => Value): Value | null => (this.value === null ? null : read(this));

  private text(): string {
    if (typeof this.value !== 'string') throw this.fault('a text');
    return this.value;
  }

  private truth(): boolean {
    if (typeof this.value !== 'boolean') throw this.fault('true or false');
    return this.value;
  }

  private number(least = -Infinity, most = Infinity): number {
    const { value } = this;
    if (typeof value === 'number' && Number.isFinite(value) && value >= least && value <= most) return value;
    throw this.fault(Number.isFinite(least) ? `a number from ${least} to ${most}` : 'a number');
  }

  private whole(least: number, most = Number.MAX_SAFE_INTEGER): number {
    const value = this.number(least, most);
    if (!Number.isInteger(value)) throw this.fault(`a whole number from ${least} to ${most}`);
    return value;
  }

  private choice<Choice extends string>(choices: readonly Choice[]): Choice {
    const found = choices.find((choice) => choice === this.value);
    if (found === undefined) throw this.fault(`one of ${choices.join(', ')}`);
    return found;
  }

  private fault(rule: string): DataError {
    return new DataError(`${this.where} is ${JSON.stringify(this.value).slice(0, 60)}: must be ${rule}`);
  }
}

/** More networks, or longer windows, would not fit into a memory. */
const MOST_NETWORKS = 10_000;
const MOST_STEPS = 1024;
/** JavaScript's dates reach so far from 1970. */
const MOST_DAYS = 100_000_000;
const MOST_MS = 86_400_000 * MOST_DAYS;
