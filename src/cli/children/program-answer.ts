/**
 * The program of a process that runs one answer: child-process.ts starts it, and writes the answer to its standard input. It
 * reports one line, and ends.
 */
import { type Computed, computeSource, reportOf } from '../../exercises/check.js';
import type { Job } from './child-process.js';
import { compileInRealm, endProcess, readJob, withinTime } from './realm.js';

const { job, reportLine } = readJob();
const report = (computed: Computed): void => reportLine(reportOf(computed));

try {
  const { name, source, language } = job as Job;
  const compile = compileInRealm();
  withinTime(() => report(computeSource({ name }, source, language, compile)));
} catch (error) {
  report({ error: `the check failed: ${String(error)}` });
} finally {
  endProcess();
}
