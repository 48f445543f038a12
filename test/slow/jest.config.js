/** `npm run test:slow`: the tests that take too long for `npm test`. */
import { fileURLToPath } from 'node:url';
import config from '../../jest.config.js';

/** Files that both tiers run: their tests are larger here. */
const SHARED = [
  ...['cli/drawings', 'cli/endings', 'cli/memory', 'cli/png'],
  ...['compare/networks', 'core/rng', 'docs/outputs'],
  ...[
    'equations/gradcheck-random',
    'equations/gradients',
    'exercises/forgeries',
    'files/fuzz',
    'training/checkpoint',
    'training/pytorch-training',
    'training/resume',
  ],
];

/** @type {import('jest').Config} */
export default {
  ...config,
  rootDir: fileURLToPath(new URL('../..', import.meta.url)),
  testMatch: ['<rootDir>/test/slow/**/*.test.ts', ...SHARED.map((name) => `<rootDir>/test/${name}.test.ts`)],
  testPathIgnorePatterns: ['/node_modules/'],
  globals: { slowTier: true }, // for test/helpers/needs.ts
  maxWorkers: 4, // one more than `npm test`: its tests wait longer for browsers and processes
  testTimeout: 600_000,
};
