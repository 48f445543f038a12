/** The backend suite on the WebAssembly backend, for the pairs of a build and a number of threads that the first tier leaves out. */
import { describeWasm } from '../../helpers/backend-suite.js';

describeWasm(2, 'portable');
describeWasm(5, 'relaxed');
