/**
 * The program of a process that runs one answer: answer-process.ts starts it, and writes the answer to its standard input. It
 * reports one line, and ends.
 */
import { readFileSync } from 'node:fs';
import vm from 'node:vm';
import type { Computed } from '../exercises/check.js';
import { computeSource, reportOf } from '../exercises/check.js';
import type { Job } from './answer-process.js';
import { compileInRealm, endProcess, reportLine } from './answer-realm.js';

const report = (computed: Computed): void => reportLine(reportOf(computed));

/**
 * The process that started this one ends it much earlier. If that process was killed, this one ends itself. The limit is long,
 * because it also counts the time for which Ctrl-Z stops both processes.
 */
const LONGEST_MS = 600_000;

try {
  const { name, source, language } = JSON.parse(readFileSync(0, 'utf8')) as Job;
  const compile = compileInRealm();
  const run = (): void => report(computeSource({ name }, source, language, compile));
  vm.runInNewContext('run()', { run }, { filename: 'longhand', timeout: LONGEST_MS }); // only vm has a time limit
} catch (error) {
  report({ error: `the check failed: ${String(error)}` });
} finally {
  endProcess();
}
