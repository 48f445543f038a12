/** Values of a JSON text from a file, read place by place: every fault is a DataError that names the place, as `births: forecast.ahead[0]`. */
import { DataError } from '../core/errors.js';
import type { Range } from '../core/numbers.js';
import type { JsonObject, JsonValue } from './json.js';

/** A value, and where it stands. */
export class JsonReader {
  /** `where` begins messages. */
  constructor(
    readonly value: JsonValue,
    private readonly where: string,
  ) {}

  field(name: string): JsonReader {
    const { value, where } = this;
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    if (!isObject) throw this.fault('an object');
    const record = value as JsonObject;
    if (!Object.hasOwn(record, name)) throw new DataError(`${where}.${name}: missing`);
    return new JsonReader(record[name], `${where}.${name}`);
  }

  /** A field that older files lack. */
  optional(name: string): JsonReader | undefined {
    const { value } = this;
    return typeof value === 'object' && value !== null && !Object.hasOwn(value, name) ? undefined : this.field(name);
  }

  list<Element>(read: (one: JsonReader) => Element): Element[] {
    if (!Array.isArray(this.value)) throw this.fault('a list');
    const list = this.value as readonly JsonValue[];
    return list.map((one, n) => read(new JsonReader(one, `${this.where}[${n}]`)));
  }

  texts = (): string[] => this.list((one) => one.text());

  orNull = <Value>(read: (one: JsonReader) => Value): Value | null => (this.value === null ? null : read(this));

  text(): string {
    if (typeof this.value !== 'string') throw this.fault('a text');
    return this.value;
  }

  truth(): boolean {
    if (typeof this.value !== 'boolean') throw this.fault('true or false');
    return this.value;
  }

  number(least = -Infinity, most = Infinity): number {
    const { value } = this;
    if (typeof value === 'number' && Number.isFinite(value) && value >= least && value <= most) return value;
    throw this.fault(Number.isFinite(least) ? `a number from ${least} to ${most}` : 'a number');
  }

  whole(least: number, most = Number.MAX_SAFE_INTEGER): number {
    const value = this.number(least, most);
    if (!Number.isInteger(value)) throw this.fault(`a whole number from ${least} to ${most}`);
    return value;
  }

  /** Two whole numbers, `from` the first and `to` after the last. */
  range(): Range {
    const from = this.field('from').whole(0);
    return { from, to: this.field('to').whole(from) };
  }

  choice<Choice extends string>(choices: readonly Choice[]): Choice {
    const found = choices.find((choice) => choice === this.value);
    if (found === undefined) throw this.fault(`one of ${choices.join(', ')}`);
    return found;
  }

  fault(rule: string): DataError {
    return new DataError(`${this.where} is ${JSON.stringify(this.value).slice(0, 60)}: must be ${rule}`);
  }
}
