/**
 * IDX, the format of MNIST's files (http://yann.lecun.com/exdb/mnist/). A file has a magic number 00 00 08 D (unsigned
 * bytes, D dimensions), D big-endian u32 extents, then the bytes; the last extent varies fastest.
 */
import { assertBytes, counted } from '../core/arguments.js';
import { DataError } from '../core/errors.js';

/** The contents of an IDX file. */
export interface IdxContents {
  /** Its extents; the last one varies fastest. */
  shape: number[];
  /** Its bytes: a view of the file's bytes. */
  data: Uint8Array;
}

/** The dimensions and bytes of an IDX file of unsigned bytes. `name` is for messages. Throws a DataError. */
export function parseIdx(bytes: Uint8Array, dimensions: number, name: string): IdxContents {
  assertBytes(`${name}: bytes`, bytes);
  const headerLength = 4 + 4 * dimensions;
  if (bytes.length < headerLength) {
    throw new DataError(`${name}: ${counted(bytes.length, 'byte')}, shorter than its header of ${headerLength}`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const expectedMagic = 0x800 + dimensions;
  const magic = view.getUint32(0);
  if (magic !== expectedMagic) {
    throw new DataError(
      `${name}: magic number ${magic}, expected ${expectedMagic} (IDX, bytes, ${dimensions} dimensions)`,
    );
  }
  const shape = Array.from({ length: dimensions }, (_, axis) => view.getUint32(4 + 4 * axis));
  const size = shape.reduce((product, extent) => product * extent, 1);
  const found = bytes.length - headerLength;
  if (size !== found) {
    throw new DataError(`${name}: ${shape.join(' × ')} needs ${counted(size, 'byte')} of data, the file has ${found}`);
  }
  if (size === 0) throw new DataError(`${name}: has no data (${shape.join(' × ')})`);
  return { shape, data: bytes.subarray(headerLength) };
}
