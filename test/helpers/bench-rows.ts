/** Rows of the benchmark, as tests read and make them, and a result of /measure with round numbers. */
import { readFileSync } from 'node:fs';
import type { Candidate } from '../../bench/candidates.js';
import type { Environment } from '../../bench/measure/environment.js';
import { STEP } from '../../bench/measure/plan.js';
import type { MeasuredRow, Result } from '../../bench/measure/result.js';
import type { Row } from '../../bench/measure/rows.js';
import type { Kind } from '../../bench/tasks.js';

export const RUN: Environment = {
  engine: 'Node 20.20.2',
  processor: 'a processor',
  cores: 2,
  memoryGiB: 8,
  system: 'Linux, x64',
  date: '2026-01-31',
  revision: 'abc1234',
  command: 'npm run bench',
  peak: { portable: 40 },
};

export function candidateOf(name: string, kind: Kind = 'matmul', threads = 1): Candidate {
  return { name, threads, kinds: [kind], program: '', mode: '' };
}

export function rowsIn(file: string): Row[] {
  const lines = readFileSync(file, 'utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line) as Row);
}

const row = (candidate: string, threads: number, ms: number | null, reason: string | null = null): MeasuredRow => ({
  candidate,
  threads,
  ms,
  samples: ms === null ? 0 : 3,
  reason,
});

export const measuredResult = (): Result => ({
  format: 'longhand-measure-1',
  date: '2026-12-01',
  revision: '1.0.0, 742f61fc',
  seconds: 60,
  device: {
    browser: 'Firefox/150.0, X11',
    threads: 8,
    isIsolated: true,
    hasRelaxedSimd: true,
    webgpu: { name: 'example, gpu', features: ['subgroups'], limits: { maxBufferSize: 2 ** 30 } },
    webgl: 'an example',
  },
  limits: [
    { family: 'wasm', threads: 1, gflops: 60, gigabytes: 20 },
    { family: 'wasm', threads: 8, gflops: 400, gigabytes: 40 },
    { family: 'webgpu', threads: 1, gflops: 4000, gigabytes: 400 },
  ],
  cases: [
    {
      task: { kind: 'matmul', form: 'A·B', M: 512, K: 512, N: 512 },
      rows: [
        row('longhand-wasm', 1, 8),
        row('longhand-wasm', 8, 1),
        row('longhand-webgpu', 1, 0.1),
        row('tensorflow-webgpu', 1, 0.2),
        row('jax-webgpu', 1, null, 'stopped: no answer within 1.0 s'),
      ],
    },
    {
      task: STEP,
      rows: [
        row('longhand-wasm', 1, 50),
        row('longhand-wasm', 8, 20),
        row('longhand-webgpu', 1, 12),
        row('tensorflow-webgpu', 1, 100),
        row('jax-webgpu', 1, 40),
      ],
    },
  ],
});
