/** The backend suite on the reference backend and on the WebAssembly backend: one, two and five threads, both builds. */
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { describeBackend, describeWasm } from '../helpers/backend-suite.js';
import { createDeviceBackend } from '../helpers/device-backend.js';

describeBackend('reference, f32', 'the host’s memory', () => createReferenceBackend());

// The same functions, but values reach the host only by `download`, and the backend only by `upload`.
describeBackend('reference, f32, behind upload and download', 'a memory of its own', () =>
  createDeviceBackend({ dtype: 'f32' }),
);

// the other pairs: test/slow/kernels/backends.test.ts
describeWasm(1, 'portable');
describeWasm(1, 'relaxed');
describeWasm(2, 'relaxed');
describeWasm(5, 'portable');
