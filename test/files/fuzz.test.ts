/** Mutated files against every reader. */
import { testMutatedFiles } from '../helpers/mutated-files.js';

testMutatedFiles(520);
