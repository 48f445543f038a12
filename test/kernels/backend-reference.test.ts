/** The backend suite on the reference backend: the functions of src/ against formulas that are written for the tests. */
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { describeBackend } from '../helpers/backend-suite.js';
import { createDeviceBackend } from '../helpers/device-backend.js';

describeBackend('reference, f32', 'the host’s memory', () => createReferenceBackend());

// The same functions, but values reach the host only by `download`, and the backend only by `upload`.
describeBackend('reference, f32, behind upload and download', 'a memory of its own', () =>
  createDeviceBackend({ dtype: 'f32' }),
);
