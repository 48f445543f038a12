/** Trains a network with answers in a process of its own, as parent-answer.ts checks one. */
import { DataError } from '../../core/errors.js';
import type { AnswerText } from '../../exercises/exercises.js';
import type { RunReport } from '../../own-network/both-runs.js';
import type { Limits } from './child-process.js';
import { endOf, hintIn } from './child-process.js';

/** What the process gets. */
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
const LIMITS: Limits = { milliseconds: 60_000, megabytes: 1024 };

/**
 * Calls `hear` with what the process reports. Rejects with a DataError that says why it did not reach its end, and with the reason of
 * `signal` as soon as that is aborted.
 */
export async function trainInProcess(
  job: NetworkJob,
  hear: (report: RunReport) => void,
  signal: AbortSignal,
  limits = LIMITS,
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
