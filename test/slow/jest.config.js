/** `npm run test:slow`: the tests that the three minutes of `npm test` do not hold. */
import { fileURLToPath } from 'node:url';
import config from '../../jest.config.js';

/** @type {import('jest').Config} */
export default {
  ...config,
  rootDir: fileURLToPath(new URL('../..', import.meta.url)),
  roots: ['<rootDir>/test/slow'],
  testPathIgnorePatterns: ['/node_modules/'],
  testTimeout: 600_000,
};
