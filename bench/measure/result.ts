/**
 * What a visitor's browser measured: the rows of /measure, its JSON file, its link, and the files in bench/results. A file or a link comes
 * from somebody else: `resultIn` checks every field, and drops those that it does not know.
 */
import { JsonReader } from '../../src/files/json-reader.js';
import { type JsonValue, parseStrictJson } from '../../src/files/json.js';
import { DataError } from '../../src/core/errors.js';
import type { Form, MatmulTask, ModelTask } from '../tasks.js';

export interface Result {
  readonly format: typeof FORMAT;
  /** YYYY-MM-DD */
  readonly date: string;
  /** Longhand's version, and the commit. */
  readonly revision: string;
  /** How long the measurement was allowed to take. */
  readonly seconds: number;
  readonly device: Device;
  readonly limits: readonly Limit[];
  readonly cases: readonly MeasuredCase[];
}

export interface Device {
  readonly browser: string;
  readonly threads: number;
  /** Without isolation there is one thread. */
  readonly isIsolated: boolean;
  readonly hasRelaxedSimd: boolean;
  /** The adapter of WebGPU; null if there is none. */
  readonly webgpu: {
    readonly name: string;
    readonly features: readonly string[];
    readonly limits: Readonly<Record<string, number>>;
  } | null;
  /** The renderer of WebGL 2; null if there is none. */
  readonly webgl: string | null;
}

export const FAMILIES = ['wasm', 'webgpu'] as const;
export type Family = (typeof FAMILIES)[number];

/** What a family of backends reaches at most, as measured. */
export interface Limit {
  readonly family: Family;
  readonly threads: number;
  /** Multiplications and additions, in 10⁹ per second. */
  readonly gflops: number;
  /** Bytes read and written by a copy, in 10⁹ per second. */
  readonly gigabytes: number;
}

/** A product, or a training step of the tutorial's network. */
export type MeasuredTask = MatmulTask | (ModelTask & { readonly kind: 'step' });

export interface MeasuredCase {
  readonly task: MeasuredTask;
  readonly rows: readonly MeasuredRow[];
}

export interface MeasuredRow {
  readonly candidate: string;
  readonly threads: number;
  /** The median time; null if there is none. Every result with a time was verified first. */
  readonly ms: number | null;
  readonly samples: number;
  /** Why there is no time. */
  readonly reason: string | null;
}

const FORMAT = 'longhand-measure-1';
export { FORMAT };

const FORMS: readonly Form[] = ['A·B', 'Aᵀ·B', 'A·Bᵀ'];
const DEPTH = 6;
/** The most of anything: a measurement has 14 cases of 10 rows. */
const [MOST_CASES, MOST_ROWS, MOST_LIMITS, MOST_FEATURES, MOST_TEXT] = [100, 50, 10, 100, 300];

/** Throws a DataError. `where` is the name of the file or of the link. */
export function resultIn(text: string, where: string): Result {
  let value: unknown;
  try {
    value = parseStrictJson(text, { depth: DEPTH });
  } catch (error) {
    if (error instanceof SyntaxError) throw new DataError(`${where}: not valid JSON (${error.message})`);
    throw error;
  }
  return readResult(new JsonReader(value as JsonValue, where));
}

function readResult(all: JsonReader): Result {
  return {
    format: all.field('format').choice([FORMAT]),
    date: matching(all.field('date'), /^\d{4}-\d\d-\d\d$/, 'a date such as 2026-12-01'),
    revision: shortText(all.field('revision')),
    seconds: all.field('seconds').number(1, 3600),
    device: readDevice(all.field('device')),
    limits: atMost(MOST_LIMITS, all.field('limits'), readLimit),
    cases: atMost(MOST_CASES, all.field('cases'), readCase),
  };
}

function readDevice(device: JsonReader): Device {
  return {
    browser: shortText(device.field('browser')),
    threads: readThreads(device),
    isIsolated: device.field('isIsolated').truth(),
    hasRelaxedSimd: device.field('hasRelaxedSimd').truth(),
    webgpu: device.field('webgpu').orNull((webgpu) => ({
      name: shortText(webgpu.field('name')),
      features: atMost(MOST_FEATURES, webgpu.field('features'), shortText),
      limits: readNumbers(webgpu.field('limits')),
    })),
    webgl: device.field('webgl').orNull(shortText),
  };
}

function readNumbers(numbers: JsonReader): Record<string, number> {
  const { value } = numbers;
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  const names = isObject ? Object.keys(value).filter((name) => LIMITS.includes(name)) : [];
  return Object.fromEntries(names.map((name) => [name, numbers.field(name).number(0)]));
}

/** The limits of a WebGPU adapter that a product can meet. */
export const LIMITS: readonly string[] = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupStorageSize',
];

const readLimit = (limit: JsonReader): Limit => ({
  family: limit.field('family').choice(FAMILIES),
  threads: readThreads(limit),
  gflops: limit.field('gflops').number(1e-6, 1e9),
  gigabytes: limit.field('gigabytes').number(1e-6, 1e9),
});

const readCase = (one: JsonReader): MeasuredCase => ({
  task: readTask(one.field('task')),
  rows: atMost(MOST_ROWS, one.field('rows'), readRow),
});

function readTask(task: JsonReader): MeasuredTask {
  const size = (name: string): number => task.field(name).whole(1, 1e6);
  if (task.field('kind').choice(['matmul', 'step']) === 'matmul')
    return { kind: 'matmul', form: task.field('form').choice(FORMS), M: size('M'), K: size('K'), N: size('N') };
  return { kind: 'step', T: size('T'), B: size('B'), I: size('I'), H: size('H'), C: size('C') };
}

const readRow = (row: JsonReader): MeasuredRow => ({
  candidate: matching(row.field('candidate'), /^[a-z][a-z0-9-]{0,40}$/, 'the name of a candidate'),
  threads: readThreads(row),
  ms: row.field('ms').orNull((ms) => ms.number(1e-9, 1e9)),
  samples: row.field('samples').whole(0),
  reason: row.field('reason').orNull(shortText),
});

const readThreads = (of: JsonReader): number => of.field('threads').whole(1, 4096);

function atMost<Element>(most: number, list: JsonReader, read: (one: JsonReader) => Element): Element[] {
  if (Array.isArray(list.value) && list.value.length > most) throw list.fault(`a list of at most ${most}`);
  return list.list(read);
}

const shortText = (field: JsonReader): string =>
  matching(field, RegExp(`^.{0,${MOST_TEXT}}$`, 'su'), `a text of at most ${MOST_TEXT} characters`);

function matching(field: JsonReader, pattern: RegExp, rule: string): string {
  const text = field.text();
  if (!pattern.test(text)) throw field.fault(rule);
  return text;
}
