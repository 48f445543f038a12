/** `npm run test:slow`: the tests that the three minutes of `npm test` do not hold. */
import { fileURLToPath } from 'node:url';
import config from '../../jest.config.js';

/** @type {import('jest').Config} */
export default {
  ...config,
  rootDir: fileURLToPath(new URL('../..', import.meta.url)),
  roots: ['<rootDir>/test/slow'],
  testPathIgnorePatterns: ['/node_modules/'],
  maxWorkers: 3, // while a test waits for a driver or a process of one thread, two others compute
  testTimeout: 600_000,
};
