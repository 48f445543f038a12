/** The names of data in checkpoints. */
import { describe } from '../core/arguments.js';
import { DataError } from '../core/errors.js';

const LONGEST_TASK = 100;

/** Whether checkpoints can hold this name of data. */
export const isTask = (task: unknown): boolean =>
  typeof task === 'string' && task.length > 0 && task.length <= LONGEST_TASK;

/** What `isTask` accepts, for messages. */
export const TASK_RULE = `a text of 1 to ${LONGEST_TASK} characters`;

/** Throws a DataError unless the name is missing, or one that checkpoints can hold. `what` is for messages. */
export function assertTask(what: string, task: unknown): void {
  if (task === undefined || isTask(task)) return;
  const found = typeof task === 'string' ? `a text of ${task.length}` : describe(task);
  throw new DataError(`${what}: task is ${found}: must be ${TASK_RULE}`);
}
