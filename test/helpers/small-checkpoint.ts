/** A checkpoint of a short run with validation, a schedule and clipping, and the test that every bit of its file counts. */
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { DataError } from '../../src/core/errors.js';
import type { Checkpoint } from '../../src/training/checkpoint.js';
import { checkpointBytes, parseCheckpoint } from '../../src/training/checkpoint.js';
import { train } from '../../src/training/loop.js';
import { IMAGES, OPTIONS } from './small-images.js';

export async function smallCheckpoint(): Promise<Checkpoint> {
  const seen: Checkpoint[] = [];
  const options = { ...OPTIONS, hidden: 2, validateEvery: 4, patience: 5, schedule: 'step', clipNorm: 1 } as const;
  const hooks = { onCheckpoint: (one: Checkpoint) => seen.push(one), validation: IMAGES };
  (await train(createReferenceBackend(), IMAGES, options, hooks)).dispose();
  return seen[0];
}

/** Changes one bit of each `every` bits. */
export function testChangedBits(every: number): void {
  test(`a change of any bit is detected, of each ${every} bits`, async () => {
    const checkpoint = await smallCheckpoint();
    const damaged = Uint8Array.from(checkpointBytes(checkpoint));
    for (let bit = 0; bit < 8 * damaged.length; bit += every) {
      damaged[bit >> 3] ^= 1 << (bit & 7);
      expect(() => parseCheckpoint(damaged, 'f')).toThrow(DataError);
      damaged[bit >> 3] ^= 1 << (bit & 7);
    }
    expect(parseCheckpoint(damaged, 'f')).toEqual(checkpoint);
  });
}
