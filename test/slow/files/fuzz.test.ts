/** Mutated files against every reader: more of them. */
import { testMutatedFiles } from '../../helpers/mutated-files.js';

testMutatedFiles(4000);
