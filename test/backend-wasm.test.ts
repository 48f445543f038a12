/** The WebAssembly backend through the suite of all backends: one, two and five threads, both builds where Node can. */
import { createWasmBackend } from '../kernels/wasm/index.js';
import { describeBackend } from './setup/backend-suite.js';

for (const threads of [1, 2, 5]) {
  for (const deterministic of [true, false]) {
    describeBackend(`wasm, ${threads} threads, ${deterministic ? 'portable' : 'best build'}`, () =>
      createWasmBackend({ threads, deterministic }),
    );
  }
}
