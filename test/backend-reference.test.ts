import { createReferenceBackend } from '../kernels/reference/index.js';
import { describeBackend } from './setup/backend-suite.js';

describeBackend('reference, f32', () => createReferenceBackend({ dtype: 'f32' }));
