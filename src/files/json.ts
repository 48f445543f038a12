/**
 * Strict JSON, for files from unknown sources. JSON.parse alone keeps the last of two equal keys without an error, accepts
 * any depth, and reads 2.0, 1e2 and -0 as whole numbers. JSON.stringify alone drops or changes what JSON cannot hold: undefined,
 * functions, NaN, dates, typed arrays.
 */
import { describe } from '../core/arguments.js';
import { DataError } from '../core/errors.js';

/** A value that JSON can hold. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;

/** A plain object that JSON can hold. */
export interface JsonObject {
  readonly [name: string]: JsonValue;
}

interface JsonLimits {
  /** The largest allowed nesting of objects and lists. */
  readonly depth: number;
  /** Every number must be whole, at least 0, and written in digits alone. */
  readonly onlyPlainIntegers?: boolean;
}

/** The value of `text`. Throws a SyntaxError if it is not JSON, has a key twice in an object, or exceeds the limits. */
export function parseStrictJson(text: string, { depth, onlyPlainIntegers = false }: JsonLimits): unknown {
  const open: Set<string>[] = []; // the keys so far of each object or array that is not closed
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '{' || character === '[') {
      if (open.push(new Set()) > depth) throw new SyntaxError(`nested deeper than ${depth} at position ${at}`);
    } else if (character === '}' || character === ']') {
      open.pop();
    } else if (character === '"') {
      const end = endOfString(text, at);
      if (isFollowedByColon(text, end)) addKey(open.at(-1), text.slice(at, end));
      at = end - 1;
    } else if (onlyPlainIntegers && /[-\d]/.test(character)) {
      const end = endOfNumber(text, at);
      assertPlainInteger(text.slice(at, end), open);
      at = end - 1;
    }
  }
  return JSON.parse(text);
}

function assertPlainInteger(number: string, open: readonly Set<string>[]): void {
  if (/^\d+$/.test(number)) return;
  const keys = open.flatMap((names) => [...names].slice(-1)).map((name) => shortened(JSON.stringify(name)));
  throw new SyntaxError(`${keys.join('.')} has ${shortened(number)}, must be whole numbers ≥ 0, in digits alone`);
}

function addKey(keys: Set<string> | undefined, literal: string): void {
  const key = JSON.parse(literal) as string;
  if (keys?.has(key)) throw new SyntaxError(`key ${shortened(literal)} occurs twice`);
  keys?.add(key);
}

const shortened = (text: string): string => (text.length > 60 ? `${text.slice(0, 59)}…` : text);

/** The position after the string that starts at `start`; the end of the text if the string is not closed. */
function endOfString(text: string, start: number): number {
  let quote = start;
  let isEscaped: boolean;
  do {
    quote = text.indexOf('"', quote + 1);
    if (quote < 0) return text.length;
    let backslashes = 0;
    while (text[quote - 1 - backslashes] === '\\') backslashes++;
    isEscaped = backslashes % 2 === 1;
  } while (isEscaped);
  return quote + 1;
}

function endOfNumber(text: string, start: number): number {
  let end = start;
  while (end < text.length && /[-+.\deE]/.test(text[end])) end++;
  return end;
}

function isFollowedByColon(text: string, end: number): boolean {
  let at = end;
  while (at < text.length && /\s/.test(text[at])) at++;
  return text[at] === ':';
}

/** What `jsonObjectOf` accepts. */
interface JsonCopyRules {
  /** How deep objects and lists may be nested. */
  readonly depth: number;
  /** Whether -0 becomes 0, as JSON.stringify writes it. Default: false, it is refused. */
  readonly dropsMinus?: boolean;
}

/**
 * A copy of `value`, with what it holds now. Throws a DataError with the path of a value that JSON cannot hold, would change or leave out, or
 * that is nested deeper.
 */
export function jsonObjectOf(path: string, value: unknown, rules: JsonCopyRules): JsonObject {
  if (!isPlainObject(value)) throw new DataError(`${path} is ${describe(value)}: must be a plain object`);
  return jsonCopyOf(path, value, rules, []) as JsonObject;
}

function jsonCopyOf(path: string, value: unknown, rules: JsonCopyRules, open: readonly object[]): JsonValue {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  if (Object.is(value, -0)) {
    if (rules.dropsMinus) return 0;
    throw new DataError(`${path} is -0, which JSON.stringify writes as 0: give 0, or a text`);
  }
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  const isList = Array.isArray(value);
  if (!isList && !isPlainObject(value)) {
    const rule = 'null, true, false, a finite number, a text, a list or a plain object';
    throw new DataError(`${path} is ${describe(value)}: must be ${rule}, as JSON can hold them`);
  }
  if (open.includes(value)) throw new DataError(`${path} contains itself: JSON cannot hold this`);
  if (open.length === rules.depth) throw new DataError(`${path}: nested deeper than ${rules.depth}`);
  const inside = [...open, value];
  const copyOf = (at: string, one: unknown): JsonValue => jsonCopyOf(at, one, rules, inside);
  if (isList) {
    const copy: JsonValue[] = [];
    // not map, which leaves out the holes of a sparse list
    for (let n = 0; n < value.length; n++) copy.push(copyOf(`${path}[${n}]`, value[n]));
    assertNoOthers(path, value, (key) => typeof key === 'string' && Object.hasOwn(copy, key));
    return copy;
  }
  assertNoOthers(path, value, (key) => typeof key === 'string');
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, copyOf(pathOf(path, name), one)]));
}

/** Throws a DataError for an enumerable key that JSON would leave out: a symbol, or the name of a list's property. */
function assertNoOthers(path: string, value: object, isHeld: (key: string | symbol) => boolean): void {
  const isEnumerable = (key: string | symbol): boolean => Object.prototype.propertyIsEnumerable.call(value, key);
  const other = Reflect.ownKeys(value).find((key) => !isHeld(key) && isEnumerable(key));
  if (other === undefined) return;
  const at = typeof other === 'symbol' ? `${path}[${shortened(String(other))}]` : pathOf(path, other);
  throw new DataError(
    `${at}: JSON would leave it out: ${Array.isArray(value) ? 'a list has only elements' : 'keys must be texts'}`,
  );
}

/** `scaler.mean`; `scaler["a name"]`, shortened, for a name that is no identifier. */
const pathOf = (path: string, name: string): string =>
  /^[A-Za-z_$][\w$]{0,39}$/.test(name) ? `${path}.${name}` : `${path}[${shortened(JSON.stringify(name))}]`;

/** Also an object of another realm, such as a frame of the page. */
function isPlainObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype = Object.getPrototypeOf(value) as object | null;
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
