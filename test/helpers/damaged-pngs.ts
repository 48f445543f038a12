/** Damaged PNG files of every form. */
import { decodePng } from '../../src/cli/png.js';
import { DataError } from '../../src/core/errors.js';
import { encodePng, FORMS, randomImage, SIGNATURE } from './png.mjs';

/**
 * Changes single bits and cuts the file, at `count` random places in each form; `undefined`: at every place. Each damaged
 * file must be refused. `below` returns a random whole number.
 */
export function expectDamageRefused(below: (limit: number) => number, count?: number): void {
  for (const [colourType, depth] of FORMS) {
    const image = randomImage(below, { width: 3, height: 3, colourType, depth, interlaced: below(2) === 0 });
    const file = encodePng(image);
    const places = (size: number): number[] => {
      const first = size * SIGNATURE.length;
      const all = size * file.length - first;
      return Array.from({ length: count ?? all }, (_, n) => first + (count === undefined ? n : below(all)));
    };
    for (const bit of places(8)) {
      const changed = Buffer.from(file);
      changed[Math.floor(bit / 8)] ^= 1 << (bit % 8);
      expect(() => decodePng(changed, 'f')).toThrow(DataError);
    }
    for (const length of places(1)) expect(() => decodePng(file.subarray(0, length), 'f')).toThrow(DataError);
  }
}
