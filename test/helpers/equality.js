/**
 * Lists of numbers that are the same are equal at once, wherever a test compares them: Jest looks at each element for several microseconds. If
 * anything differs, it compares and reports as always.
 */
import { expect } from '@jest/globals';

const { is } = Object; // a global variable is looked up at every use
const bytesOf = ({ buffer, byteOffset, byteLength }) => Buffer.from(buffer, byteOffset, byteLength);

expect.addEqualityTesters([
  (a, b) => {
    if (a?.constructor !== b?.constructor) return undefined;
    const isSame = ArrayBuffer.isView(a)
      ? bytesOf(a).equals(bytesOf(b))
      : Array.isArray(a) &&
        a.length === b.length &&
        a.every((value, n) => typeof value === 'number' && is(value, b[n]));
    return isSame || undefined;
  },
]);
