/** The reference backend through the suite of all backends, whose formulas are not those of src/. */
import { createReferenceBackend } from '../kernels/reference/index.js';
import { describeBackend } from './helpers/backend-suite.js';
import { createDeviceBackend } from './helpers/device-backend.js';

describeBackend('reference, f32', 'the host’s memory', () => createReferenceBackend());

// The same, where nothing reaches the host without a download, and nothing leaves it without an upload.
describeBackend('reference, f32, behind upload and download', 'a memory of its own', () =>
  createDeviceBackend({ dtype: 'f32' }),
);
