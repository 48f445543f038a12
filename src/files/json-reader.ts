/**
 * Values of a JSON text from a file. `JsonReader` reads place by place: every fault is a DataError that names the place, as
 * `run: training.best.step`. `Fields` reads the fields of one object by name, and finds a field that nothing has read.
 */
import { DataError } from '../core/errors.js';
import { type Range, F32_RANGE, isWithinF32 } from '../core/numbers.js';
import { type JsonObject, type JsonValue, parseStrictJson } from './json.js';

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

const DEEPEST = 4;

/** The fields of a JSON object, read by name and type; a missing or mistyped field throws a DataError. */
export class Fields {
  private readonly asked = new Set<string>();

  private constructor(
    private readonly record: Readonly<Record<string, unknown>>,
    /** For the messages. */
    private readonly where: string,
  ) {}

  static parse(text: string | undefined, where: string): Fields {
    if (text === undefined) throw new DataError(`${where}: missing`);
    try {
      return Fields.of(parseStrictJson(text, { depth: DEEPEST }), where);
    } catch (error) {
      if (error instanceof SyntaxError) throw new DataError(`${where}: not valid JSON (${error.message})`);
      throw error;
    }
  }

  private static of(value: unknown, where: string): Fields {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return new Fields(value as Record<string, unknown>, where);
    }
    throw new DataError(`${where}: must be an object`);
  }

  text(key: string): string {
    const value = this.get(key);
    return typeof value === 'string' ? value : this.refuse(key, 'a text');
  }

  textOrNull(key: string): string | null {
    const value = this.get(key);
    return value === null || typeof value === 'string' ? value : this.refuse(key, 'a text or null');
  }

  choice<Choice extends string>(key: string, choices: readonly Choice[]): Choice {
    const value = this.get(key);
    return choices.find((choice) => choice === value) ?? this.refuse(key, `one of ${choices.join(', ')}`);
  }

  finite(key: string): number {
    const value = this.get(key);
    return isFiniteNumber(value) ? value : this.refuse(key, 'a number');
  }

  finiteOrNull(key: string): number | null {
    const value = this.get(key);
    return value === null || isFiniteNumber(value) ? value : this.refuse(key, 'a number or null');
  }

  /** A number that is finite in f32 too. */
  withinF32(key: string): number {
    const value = this.finite(key);
    return isWithinF32(value) ? value : this.refuse(key, `a number within f32 (${F32_RANGE})`);
  }

  /** A value of any kind, for the caller to check. */
  value(key: string): unknown {
    return this.get(key);
  }

  /** A value of any kind, for the caller to check; `fallback` if the field is missing. */
  valueOr(key: string, fallback: unknown): unknown {
    return Object.hasOwn(this.record, key) ? this.get(key) : fallback;
  }

  whole(key: string, least: number, most = Number.MAX_SAFE_INTEGER): number {
    const value = this.get(key);
    return isWhole(value) && value >= least && value <= most
      ? value
      : this.refuse(key, `a whole number from ${least} to ${most}`);
  }

  wholes(key: string, count: number): number[] {
    const value = this.get(key);
    return Array.isArray(value) && value.length === count && value.every(isWhole)
      ? value
      : this.refuse(key, `${count} whole numbers`);
  }

  recordOrNull(key: string): Fields | null {
    const value = this.get(key);
    return value === null ? null : Fields.of(value, `${this.where}.${key}`);
  }

  /** Throws a DataError if a field has not been read: its value would be lost silently. */
  assertNoOthers(): void {
    const other = Object.keys(this.record).find((key) => !this.asked.has(key));
    if (other !== undefined) throw new DataError(`${this.where}: unknown field ${JSON.stringify(other.slice(0, 40))}`);
  }

  private get(key: string): unknown {
    this.asked.add(key);
    if (!Object.hasOwn(this.record, key)) throw new DataError(`${this.where}: field ${key} is missing`);
    return this.record[key];
  }

  private refuse(key: string, kind: string): never {
    const value = this.record[key];
    const found = (typeof value === 'number' ? String(value) : JSON.stringify(value)).slice(0, 40); // 1e999 is Infinity
    throw new DataError(`${this.where}: ${key} is ${found}, must be ${kind}`);
  }
}

const isFiniteNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);
const isWhole = (value: unknown): value is number => Number.isSafeInteger(value);
