/** PNG: no damaged file is read as another image. */
import { Random } from '../../../src/core/rng.js';
import { expectDamageRefused } from '../../helpers/damaged-pngs.js';

const random = new Random(5);

test('a change of any bit, and a cut at any byte, is refused', () =>
  expectDamageRefused((limit) => random.below(limit)));
