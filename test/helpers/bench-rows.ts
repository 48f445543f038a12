/** Rows of the benchmark, as tests read and make them. */
import { readFileSync } from 'node:fs';
import type { Candidate } from '../../bench/candidates.js';
import type { Environment } from '../../bench/measure/environment.js';
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
