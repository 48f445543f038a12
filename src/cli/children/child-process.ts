/**
 * Processes that run a stranger’s programs: answers, and trainings with them. Each ends when its program has ended, or needs too much time
 * or memory. It only computes numbers. They are compared here, where no answer can change anything.
 */
import { execFile, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { type Computed, computedFrom, verdictOf } from '../../exercises/check.js';
import { type Verdict, isUntouched } from '../../exercises/exercise.js';
import type { AnswerText } from '../../exercises/exercises.js';
import type { WrittenAnswer } from '../exercise-files.js';
import { informLines } from '../print.js';
import { DataError } from '../../core/errors.js';
import type { RunReport } from '../../own-network/own-network.js';

interface Limits {
  readonly milliseconds: number;
  /** Of resident memory, Node's own 50 MB included. */
  readonly megabytes: number;
}

/** What each program gets besides its job. */
export interface WithSeal {
  /** A line of the report begins with it: an answer can write lines to the same place, but does not know the seal. */
  readonly seal: string;
}

/**
 * Runs a program of dist/cli until its process has ended, or exceeds a limit. `excess` says which one. `reports` are the lines of its
 * report. `onLine` gets each of them; then the limit of time is that from one line to the next. What `onLine` throws ends the process, and
 * is thrown here. Rejects with the reason of `signal` as soon as that is aborted.
 */
async function endOf(
  program: string,
  job: object,
  signal: AbortSignal,
  { milliseconds, megabytes }: Limits,
  onLine?: (line: string) => void,
) {
  const child = startProcess(program, megabytes);
  if (child.pid === undefined) throw (await once(child, 'error'))[0]; // such as too many open files
  const stdio = child.stdio as readonly (Readable | null)[];
  const [, printed, lastWords, report] = stdio.map(beginningOf);
  const seal = randomUUID();
  const sealed = (line: string): string | undefined => (line.startsWith(seal) ? line.slice(seal.length) : undefined);
  let excess: string | undefined;
  const kill = (why?: string): void => {
    excess ??= why;
    child.kill('SIGKILL');
    stdio.forEach((stream) => stream?.destroy());
  };
  const tooLong = `it ${onLine ? 'made no update' : 'did not end'} within ${milliseconds / 1000} seconds. Is there an endless loop?`;
  const tooLarge = `it used more than ${megabytes} MB of memory`;
  let measured = 0;
  let failure: { readonly error: unknown } | undefined;
  if (onLine && stdio[3])
    createInterface(stdio[3]).on('line', (line) => {
      const own = sealed(line);
      if (own === undefined) return;
      measured = 0;
      if (failure) return;
      try {
        onLine(own);
      } catch (error) {
        failure = { error };
        kill();
      }
    });
  const measuring = setInterval(() => {
    if (++measured * MEASURED_EVERY_MS >= milliseconds) kill(tooLong); // a clock would go on while Ctrl-Z stops both
    void residentMegabytes(child.pid).then((used) => {
      if (used > megabytes) kill(tooLarge);
    });
  }, MEASURED_EVERY_MS);
  child.stdin.on('error', () => {}); // the process may have ended
  child.stdin.end(JSON.stringify({ ...job, seal } satisfies WithSeal));
  try {
    const [code, by] = (await once(child, 'close', { signal })) as [number | null, NodeJS.Signals | null];
    if (failure) throw failure.error;
    const hasAborted = by === 'SIGABRT' || code === ABORTED;
    if (hasAborted && lastWords().includes('out of memory')) excess ??= tooLarge; // V8's own limit came first
    const how = by ?? `exit code ${code}`;
    const lines = report().split('\n').slice(0, -1).map(sealed);
    const reports = lines.filter((line) => line !== undefined);
    return { reports, excess, printed: printed(), lastWords: lastWords(), how };
  } catch (error) {
    signal.throwIfAborted(); // the reason; the error is an AbortError
    throw error;
  } finally {
    clearInterval(measuring);
    kill();
  }
}

/** Node's exit code on Windows, which has no signals. */
const ABORTED = 134;

const root = path.dirname(createRequire(import.meta.url).resolve('longhand/package.json'));
const programFile = (name: string): string => path.join(root, 'dist/cli', `${name}.js`);

/** Node 24 knows only the first name, Node 20 only the second. */
const PERMISSION = process.allowedNodeEnvironmentFlags.has('--permission')
  ? '--permission'
  : '--experimental-permission';

/** Node refuses to let it write files with `fs`, or start processes and threads. This stops accidents, but no attacker. */
function startProcess(program: string, megabytes: number) {
  const { NODE_OPTIONS: _, ...env } = process.env;
  const flags = [PERMISSION, '--allow-fs-read=*', '--no-warnings', `--max-old-space-size=${megabytes}`];
  return spawn(process.execPath, [...flags, programFile(program)], {
    cwd: root,
    env,
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
  });
}

/** In characters. No answer's numbers need a tenth of it. */
const LONGEST_TEXT = 1_000_000;

/** What `stream` has given until the call, or the beginning of that. */
function beginningOf(stream: Readable | null): () => string {
  let text = '';
  stream?.setEncoding('utf8').on('data', (part: string) => {
    if (text.length < LONGEST_TEXT) text += part;
  });
  return () => text;
}

/** Node's error, if it has printed one. */
function hintIn(lastWords: string): string {
  const [line] = /^.*Error.*$/m.exec(lastWords) ?? [];
  return line === undefined ? '' : `: ${line}`;
}

const MEASURED_EVERY_MS = 50;

/**
 * The memory that a process occupies: from Linux, or from `ps` on macOS and BSD. NaN if the process has ended, and on Windows,
 * where only V8's own limit ends a process: that of objects, not of typed arrays.
 */
export async function residentMegabytes(pid: number | undefined, measures = [fromLinux, fromPs]): Promise<number> {
  for (const measure of measures) {
    const kilobytes = await measure(String(pid)).catch(() => NaN);
    if (kilobytes > 0) return kilobytes / 1024;
  }
  return NaN;
}

const fromLinux = async (pid: string): Promise<number> =>
  Number(/^VmRSS:\s*(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1]);

export const fromPs = async (pid: string): Promise<number> =>
  Number((await promisify(execFile)('ps', ['-o', 'rss=', '-p', pid])).stdout);

/** What the process of an answer gets. */
export type Job = Omit<AnswerText, 'file'>;

/** The longest solution needs a tenth of a second, and 70 MB. */
const ANSWER_LIMITS: Limits = { milliseconds: 10_000, megabytes: 512 };

/**
 * The verdict on an answer; with `isDiagnosed` it says what wrong numbers show. What the answer prints goes to standard error if it
 * `isHeard`. Rejects with the reason of `signal` as soon as that is aborted.
 */
export async function verdictOn(
  answer: WrittenAnswer,
  signal: AbortSignal,
  isDiagnosed = true,
  limits = ANSWER_LIMITS,
  isHeard = true,
): Promise<Verdict> {
  const { exercise, source } = answer;
  if (isUntouched(exercise, source)) return { outcome: 'untouched' };
  return verdictOf(exercise, await computedBy(answer, signal, limits, isHeard), isDiagnosed);
}

async function computedBy(
  { exercise, file, source, language }: WrittenAnswer,
  signal: AbortSignal,
  limits: Limits,
  isHeard: boolean,
): Promise<Computed> {
  try {
    signal.throwIfAborted();
    const job: Job = { name: exercise.name, source, language };
    const { reports, excess, printed, lastWords, how } = await endOf('program-answer', job, signal, limits);
    if (isHeard && printed !== '') informLines(`${file} prints:\n${shortened(printed.trimEnd())}`);
    if (excess !== undefined) return { error: excess };
    if (reports.length > 0) return computedFrom(reports[0]);
    return { error: `its process ended without a result (${how})${hintIn(lastWords)}` };
  } catch (error) {
    signal.throwIfAborted();
    return { error: `its process failed: ${(error as Error).message}` };
  }
}

/** In characters. */
const MOST_PRINTED = 10_000;

const shortened = (text: string): string =>
  text.length > MOST_PRINTED ? `${text.slice(0, MOST_PRINTED)}\n… (it prints more)` : text;

/** What the process of a training gets. */
export interface NetworkJob {
  readonly answers: readonly AnswerText[];
  /** The file of a text; undefined: the images of MNIST. */
  readonly text: string | undefined;
  /** Updates; undefined: the usual number. */
  readonly steps: number | undefined;
  /** The longest call of an answer, if nothing else ends it. Default: ten minutes. */
  readonly longestMs?: number;
}

/** What the process reports, a line each. */
export type Report = RunReport | { readonly kind: 'failed'; readonly message: string };

/** The images of MNIST need 55 MB, and twice as much while they are read. The time is that from one update to the next. */
const TRAINING_LIMITS: Limits = { milliseconds: 60_000, megabytes: 1024 };

/**
 * Calls `hear` with what the process reports. Rejects with a DataError that says why it did not reach its end, and with the reason of
 * `signal` as soon as that is aborted.
 */
export async function trainInProcess(
  job: NetworkJob,
  hear: (report: RunReport) => void,
  signal: AbortSignal,
  limits = TRAINING_LIMITS,
): Promise<void> {
  signal.throwIfAborted();
  const heard: { last?: Report } = {};
  const onLine = (line: string): void => {
    heard.last = JSON.parse(line) as Report;
    if (heard.last.kind !== 'failed') hear(heard.last);
  };
  const { excess, lastWords, how } = await endOf('program-network', job, signal, limits, onLine);
  const { last } = heard;
  if (excess !== undefined) throw new DataError(excess);
  if (last?.kind === 'failed') throw new DataError(last.message);
  if (last?.kind !== 'tested' || last.whose !== 'own')
    throw new DataError(`the training's process ended without a result (${how})${hintIn(lastWords)}`);
}
