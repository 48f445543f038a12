/** Checks of arguments, for callers without TypeScript. They come before any work, and the message names the argument. */

/** Throws a TypeError unless `sizes` is an object, and a RangeError unless each named size is a whole number ≥ 1. */
export function assertSizes<Name extends string>(
  what: string,
  sizes: Readonly<Partial<Record<Name, number>>>,
  names: readonly Name[],
): void {
  assertObject(`${what}: the sizes ${names.join(', ')}`, sizes);
  for (const name of names) {
    const size: unknown = sizes[name];
    if (!(Number.isInteger(size) && Number(size) >= 1))
      throw new RangeError(`${what}: ${name} is ${describe(size)}: must be a whole number ≥ 1`);
  }
}

/** Throws a RangeError unless `value` is a whole number from `least` to `most`. `what` begins the message. */
export function assertWhole(what: string, value: unknown, least: number, most = Number.MAX_SAFE_INTEGER): void {
  if (Number.isInteger(value) && Number(value) >= least && Number(value) <= most) return;
  const range = most === Number.MAX_SAFE_INTEGER ? `≥ ${least}` : `from ${least} to ${most}`;
  throw new RangeError(`${what} ${describe(value)}: must be a whole number ${range}`);
}

/** Throws a TypeError unless `value` is a number; NaN and infinities are. `what` begins the message. */
export function assertNumber(what: string, value: unknown): asserts value is number {
  if (typeof value === 'number') return;
  throw new TypeError(`${what} ${describe(value)}: must be a number`);
}

/** Throws a TypeError unless `value` is an array. `what` begins the message; `elements` says what it must hold. */
export function assertList(what: string, value: unknown, elements: string): void {
  if (Array.isArray(value)) return;
  throw new TypeError(`${what} ${describe(value)}: must be a list of ${elements}`);
}

/** Throws a RangeError unless `value` is one of the texts. `what` begins the message. */
export function assertChoice(what: string, value: string, choices: readonly string[]): void {
  if (choices.includes(value)) return;
  throw new RangeError(`${what} ${describe(value)}: must be one of ${choices.join(', ')}`);
}

/** Throws a TypeError unless `value` is an object that is no Promise. `what` begins the message. */
export function assertObject(what: string, value: unknown): asserts value is object {
  if (typeof value !== 'object' || value === null)
    throw new TypeError(`${what}: ${describe(value)}: must be an object`);
  if (value instanceof Promise) throw new TypeError(`${what}: a Promise: write await before the call that returns it`);
}

/** Throws a TypeError unless `value` is a text. `what` begins the message. */
export function assertString(what: string, value: unknown): asserts value is string {
  if (typeof value === 'string') return;
  throw new TypeError(`${what} is ${describe(value)}: must be a text, as readFileSync(file, 'utf8') returns it`);
}

/** Throws a TypeError unless `value` is a Uint8Array, as a Buffer is. `what` begins the message. */
export function assertBytes(what: string, value: unknown): asserts value is Uint8Array {
  if (value instanceof Uint8Array) return;
  throw new TypeError(`${what}: ${describe(value)}: must be a Uint8Array, as readFileSync(file) returns it`);
}

/** Throws a TypeError unless `value` is a list of numbers: an array, or a typed array. The numbers are not checked. */
export function assertNumbers(what: string, value: unknown): asserts value is ArrayLike<number> {
  const isList = Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
  if (isList && !(value instanceof BigInt64Array) && !(value instanceof BigUint64Array)) return;
  throw new TypeError(`${what} is ${describe(value)}: must be an array of numbers, or a typed array`);
}

/** Throws a TypeError if the buffer of a typed array was transferred: V8's own messages do not name the argument. */
export function assertNotTransferred(what: string, values: unknown): void {
  if (!ArrayBuffer.isView(values) || values.byteLength > 0) return;
  try {
    new Uint8Array(values.buffer); // an empty array has a buffer too
  } catch {
    throw new TypeError(
      `${what} has lost its numbers: postMessage transferred their buffer. Send a copy, or do not list the buffer`,
    );
  }
}

/** Throws a TypeError unless `value` is a tensor of f32 or f64. `what` begins the message, and `shape` is for its advice. */
export function assertTensor(what: string, value: unknown, shape: string): void {
  const given = Object(value) as Record<'shape' | 'stride' | 'data' | 'get', unknown>;
  const { data } = given;
  const isArray = data instanceof Float32Array || data instanceof Float64Array;
  const hasFields = isArray && Array.isArray(given.shape) && Array.isArray(given.stride);
  if (isArray) assertNotTransferred(what, data);
  if (hasFields && typeof given.get === 'function') return;
  if (hasFields) {
    throw new TypeError(
      `${what} is a copy of a tensor without its methods, which structuredClone and postMessage leave out: ` +
        `send its numbers and its shape, then call tensorFrom(numbers, shape)`,
    );
  }
  throw new TypeError(
    `${what} is ${describe(value)}: must be a tensor of f32 or f64, as tensorFrom(numbers, ${shape}) makes it`,
  );
}

/** Throws a TypeError unless `signal` is an AbortSignal, or missing. `what` begins the message. */
export function assertSignal(what: string, signal: unknown): void {
  if (signal === undefined || signal === null || signal instanceof AbortSignal) return;
  throw new TypeError(`${what}: signal ${describe(signal)}: must be an AbortSignal`);
}

/**
 * The names that an object has: its own, and those of its prototypes' fields and getters. So options count wherever JavaScript finds
 * them by name: in `Object.create(shared)`, or in a class with getters. Methods of a class do not count.
 */
function namesOf(value: object): string[] {
  const names = Object.getOwnPropertyNames(value);
  for (let at = prototypeOf(value); at !== null && prototypeOf(at) !== null; at = prototypeOf(at)) {
    for (const [name, described] of Object.entries(Object.getOwnPropertyDescriptors(at))) {
      if ((described.enumerable === true || 'get' in described) && !names.includes(name)) names.push(name);
    }
  }
  return names;
}

const prototypeOf = (value: object): object | null => Object.getPrototypeOf(value) as object | null;

/**
 * A plain object with the values that `value` has by name, its prototypes' and getters' too; each is read once. `{ ...value }` would
 * leave them out.
 */
export function plainCopyOf(value: object): Record<string, unknown> {
  return Object.fromEntries(namesOf(value).map((name) => [name, (value as Record<string, unknown>)[name]]));
}

/** Throws a TypeError unless `value` is an object with names from `known` only. A misspelt option would be ignored. */
export function assertKnownNames(what: string, value: unknown, known: readonly string[]): void {
  assertObject(what, value);
  if (Array.isArray(value)) throw new TypeError(`${what}: ${describe(value)}: must be an object with names`);
  const unknown = namesOf(value).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const meant = similarName(unknown, known);
  const help = meant === undefined ? `known options: ${known.join(', ')}` : `did you mean ${meant}?`;
  throw new TypeError(`${what}: ${unknown}: unknown option; ${help}`);
}

/** The results of `typeof` that options can have. */
export type TypeName = 'number' | 'boolean' | 'string' | 'function' | 'object';

/** As `assertKnownNames`; also throws a TypeError for a value of another type. `undefined` counts as left out. */
export function assertKinds(what: string, value: unknown, kinds: Readonly<Record<string, TypeName>>): void {
  assertKnownNames(what, value, Object.keys(kinds));
  for (const [name, given] of Object.entries(plainCopyOf(value as object))) {
    if (given === undefined || typeof given === kinds[name]) continue;
    throw new TypeError(`${what}: ${name} ${describe(given)}: must be ${withArticle(kinds[name])}`);
  }
}

/** What other libraries call an option, and Americans, in lower case: Keras, PyTorch, scikit-learn, brain.js. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  optimizer: 'optimiser',
  units: 'hidden',
  neurons: 'hidden',
  numlayers: 'layers',
  numepochs: 'epochs',
  maxepochs: 'epochs',
  projsize: 'projection',
  usebias: 'withoutBias',
  unitforgetbias: 'forgetBias',
  gradientclipping: 'clipNorm',
  maxgradnorm: 'clipNorm',
  globalclipnorm: 'clipNorm',
  randomstate: 'seed',
  earlystopping: 'patience',
  validationdata: 'validation',
  validationfreq: 'validateEvery',
  returnsequences: 'reads',
  batchfirst: 'layout',
  timemajor: 'layout',
  seqlengths: 'lengths',
  numclasses: 'classes',
  nclasses: 'classes',
};

/**
 * The known name that was probably meant: another library's name, the same letters in another style (learning_rate), an
 * abbreviation (lr), or a longer form (hiddenSize). If several match, the one with these initials, else the one nearest in length.
 */
export function similarName(name: string, known: readonly string[]): string | undefined {
  const letters = (text: string): string => text.toLowerCase().replace(/[^a-z]/g, '');
  const given = letters(name);
  if (given.length < 2) return undefined;
  const other = Object.hasOwn(OTHER_NAMES, given) ? OTHER_NAMES[given] : undefined;
  if (other !== undefined && known.includes(other)) return other;
  const distance = (other: string): number => Math.abs(letters(other).length - given.length);
  const hasInitials = (other: string): number =>
    Number(other.slice(0, 1) + other.replace(/[^A-Z]/g, '').toLowerCase() === given);
  return known
    .filter((other) => isSubsequence(given, letters(other)) || isSubsequence(letters(other), given))
    .sort((a, b) => hasInitials(b) - hasInitials(a) || distance(a) - distance(b))
    .at(0);
}

/** Whether `short` is `long` without some of its letters, but with its first one. */
function isSubsequence(short: string, long: string): boolean {
  let found = 0;
  for (const letter of long) if (letter === short[found]) found++;
  return found === short.length && long.startsWith(short[0]);
}

/** The start of a longer text is enough in a message. */
const LONGEST = 100;

/** A value in a message: `a Promise`, `undefined`, `a Float32Array`, `"foo"`. */
export function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > LONGEST ? `${value.slice(0, LONGEST)}…` : value);
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value !== 'object' || value === null) return String(value);
  return withArticle(Object.prototype.toString.call(value).slice('[object '.length, -1));
}

/** `an Error` */
export const withArticle = (name: string): string => `${/^([aeio]|u(?!int))/i.test(name) ? 'an' : 'a'} ${name}`;

/** `1 step`, `2 steps`: a count in a message. `plural`: of words such as `class`. */
export const counted = (count: number | bigint, what: string, plural = `${what}s`): string =>
  `${count} ${Number(count) === 1 ? what : plural}`;

/** `a`, `a and b`, `a, b and c` */
export const listed = (names: readonly string[]): string =>
  names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names[names.length - 1]}`;

/** The first names: `a, b and 3 more`. */
export const firstOf = (names: readonly string[], most: number): string =>
  names.slice(0, most).join(', ') + (names.length > most ? ` and ${names.length - most} more` : '');
