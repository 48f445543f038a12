/** @type {import('jest').Config} */
export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: { '^.+\\.ts$': ['ts-jest', { useESM: true, diagnostics: false }] },
  setupFiles: ['<rootDir>/test/setup/relaxed-simd.js'],
  globalSetup: '<rootDir>/test/setup/display.js',
  globalTeardown: '<rootDir>/test/setup/end-display.js',
  testTimeout: 120_000,
};
