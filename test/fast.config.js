/** `npm run test:fast`: every test file except the slow ones, which are listed here. A new file is fast until it is listed. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import config from '../jest.config.js';

const SLOW = {
  'browsers and GPU modes': `backend-gpu backend-webgl2 browser browser-wasm cli-page gpu-js-issues gpu-kernel-steps
    gpu-resources page-access page-check page-faults page-inspect page-links page-text page-text-changes page-text-look page-train`,
  'installations, builds and benchmarks': 'api bench build installed package site site-exercises',
  'hundreds of processes or millions of steps': 'fuzz kills long-run',
  'dozens of commands': `cli cli-exercises cli-export cli-files cli-history cli-hostile-names cli-lost-output cli-memory cli-model cli-outputs
    cli-overwrite cli-read-only cli-runs completion drawings relaxed-simd`,
  'more than 5 seconds of computing': `checkpoint compare compare-command compare-limits compare-mistakes compare-network-mistakes
    compare-networks exercises learn-lstm learn-loss-and-update learn-mistakes learn-plain-rnn network-gradients png pytorch-training resume resume-networks rng train-sequences trained-gradients wasm
    wasm-functions wasm-products your-own`,
};

const slowFiles = Object.values(SLOW).flatMap((names) => names.split(/\s+/).map((name) => `/test/${name}.test.ts`));
const rootDir = fileURLToPath(new URL('..', import.meta.url));
for (const file of slowFiles) {
  if (!existsSync(rootDir + file))
    throw new Error(`test/fast.config.js: ${file} does not exist: remove it from the list`);
}

/** @type {import('jest').Config} */
export default {
  ...config,
  rootDir,
  globalSetup: undefined, // only GPU modes need a display
  globalTeardown: undefined,
  testPathIgnorePatterns: ['/node_modules/', ...slowFiles.map((file) => `${file}$`)],
};
