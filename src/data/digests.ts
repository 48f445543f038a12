/** Whether a later table has the values of the training: a SHA-256 of them. */
import type { JsonReader } from '../files/json-reader.js';

/** The bytes of numbers. NaN, which is missing, has many bit patterns, and 0 has two: here always the same. */
export const bytesOfNumbers = (values: Float64Array): Uint8Array =>
  new Uint8Array(values.map((value) => (Number.isNaN(value) ? NaN : value + 0)).buffer); // -0 + 0 is 0

/** The bytes of values that are numbers or texts. */
export function* bytesOfValues(values: Iterable<number | string>): Generator<Uint8Array> {
  const encoder = new TextEncoder();
  let some: (number | string)[] = [];
  for (const value of values) {
    some.push(value); // JSON writes NaN as null
    if (some.length < 10_000) continue;
    yield encoder.encode(JSON.stringify(some));
    some = [];
  }
  yield encoder.encode(JSON.stringify(some));
}

/** The digests of a file. */
export const digestsIn = (stored: JsonReader): string[] =>
  stored.list((one) => {
    if (!/^[0-9a-f]{64}$/.test(one.text())) throw one.fault('64 hexadecimal digits');
    return one.text();
  });
