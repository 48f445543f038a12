/** @type {import('jest').Config} */
export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: { '^.+\\.ts$': ['ts-jest', { useESM: true, diagnostics: false }] },
  setupFiles: ['<rootDir>/test/helpers/relaxed-simd.js'],
  globalSetup: '<rootDir>/test/helpers/display.js',
  globalTeardown: '<rootDir>/test/helpers/end-display.js',
  maxWorkers: 2, // many tests start a process or a browser of their own: more workers would overload two cores
  testTimeout: 120_000,
};
