/** What test/kernels tests on a few threads, steps and numbers, on more. */
import { describeFunctions } from '../../helpers/wasm-functions.js';
import { describeSteadyMemory } from '../../helpers/wasm-memory.js';
import { describeSameBits } from '../../helpers/wasm-runs.js';

describeSameBits([2, 3, 5, 2]);
describeSteadyMemory({ steps: 10_000, models: 300, batches: 300 });
describeFunctions(4099);
