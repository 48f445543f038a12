/** Every bit of a checkpoint's file counts. */
import { testChangedBits } from '../../helpers/small-checkpoint.js';

testChangedBits(1);
