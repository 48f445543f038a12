/** The backend suite on the WebAssembly backend: one, two and five threads, both builds. */
import { createWasmBackend } from '../../kernels/wasm/index.js';
import { describeBackend } from '../helpers/backend-suite.js';

for (const threads of [1, 2, 5]) {
  for (const build of ['portable', 'relaxed']) {
    describeBackend(`wasm, ${threads} threads, ${build} SIMD`, 'the host’s memory', async () => {
      const backend = await createWasmBackend({ threads, deterministic: build === 'portable', check: true });
      expect(backend.description).toContain(`${build} SIMD`);
      return backend;
    });
  }
}
