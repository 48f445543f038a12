/** Statistics of many random numbers, and of dropout masks. */
import { testMeanOfMask, testStatistics } from '../../helpers/random-statistics.js';

testStatistics(1);
testMeanOfMask(2_000_000);
