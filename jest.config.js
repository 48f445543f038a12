/** `npm test`: every test outside test/slow. */
import { GLOBALS } from './test/helpers/transform.js';

process.env.GOGC ??= '25'; // esbuild would need twice the memory for the pages that tests bundle

/** @type {import('jest').Config} */
export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/test/slow/'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  sandboxInjectedGlobals: GLOBALS,
  transform: { '\\.ts$|/node_modules/(pure-rand|@noble/hashes)/.*\\.js$': '<rootDir>/test/helpers/transform.js' },
  transformIgnorePatterns: [],
  setupFilesAfterEnv: ['<rootDir>/test/helpers/equality.js'],
  globalSetup: '<rootDir>/test/helpers/global-setup.js',
  globalTeardown: '<rootDir>/test/helpers/global-teardown.js',
  maxWorkers: 3, // for two cores: a worker often waits for a process or for the browser
  workerIdleMemoryLimit: '100MB', // of heap: Node keeps the modules of each test file, so a worker with more is replaced
  testTimeout: 300_000, // against hangs only: beside busy neighbours a test takes several times as long
  testSequencer: '<rootDir>/test/helpers/sequencer.js',
  reporters: ['default', '<rootDir>/test/helpers/reporter.js'],
};
