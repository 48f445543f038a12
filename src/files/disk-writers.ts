/**
 * Who is writing a file. Beside it lie a half-written one (`.new`), old contents (`.old`), and the mark of a run that will write it
 * (`.lock`). Their names hold the process, so the next writer sees whether it still exists. Node only.
 */
import { createHash, randomBytes } from 'node:crypto';
import { closeSync, openSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import { codeOf, failure, placeOf, removeIfPossible, targetOf } from './disk.js';

/** A process, and the name of what it writes beside a file. */
interface Writer {
  readonly name: string;
  readonly place: string;
  readonly pid: number;
  readonly start: string;
  readonly ending: string;
}

/** `.PLACE-PID-START-RANDOM.new`, after the name of the file; a lock has no RANDOM. */
const NAME = /^\.([\da-f]{8})-(\d+)-([\da-z]+)(?:-[\da-f]{8})?\.(new|old|lock)$/;

/** In ms. No file takes a day to write, and of another computer's process nothing else is known. */
const DAY = 86_400_000;

/** A new name beside `target`, for a file that this process writes. No other process has it. */
export const nameBeside = (target: string, ending: 'new' | 'old'): string =>
  `${shortened(target)}.${thisProcess()}-${randomBytes(4).toString('hex')}.${ending}`;

/** In bytes: most systems allow names of 255, and what follows has up to 55. */
const LONGEST_NAME = 200;

/** `target`, or, if its name is too long for what follows it, another name that belongs to it alone. */
function shortened(target: string): string {
  const name = path.basename(target);
  if (Buffer.byteLength(name) <= LONGEST_NAME) return target;
  return path.join(path.dirname(target), `${name.slice(0, 40)}~${digestOf(name)}`);
}

const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 8);

/** Deletes what processes that no longer exist have left beside `target`. */
export function removeLeftovers(target: string): void {
  for (const writer of writersOf(target)) if (isGone(writer)) removeIfPossible(writer.name);
}

/** Throws an Error that names another process whose run writes `target`. */
export function assertNoOtherRun(target: string): void {
  const own = lockName(target);
  const other = writersOf(target).find(
    (one) => one.ending === 'lock' && one.name !== own && one.place === thisPlace() && !isGone(one),
  );
  if (!other) return;
  throw new Error(
    `process ${other.pid} is writing it: wait until that run ends, or name another file; its mark is ${other.name}`,
  );
}

/**
 * Calls `work`, a run that writes these files. Until it ends, other runs that would write one of them are refused. Rejects with a
 * DataError if another run already does.
 */
export async function asOnlyRun<Result>(files: readonly string[], work: () => Promise<Result>): Promise<Result> {
  const locks: string[] = [];
  try {
    for (const file of files) locks.push(lockOf(file));
    // only now: of two runs that begin at the same moment, at least one sees the other
    for (const file of files) lockedBy(file, () => assertNoOtherRun(targetOf(file)));
    return await work();
  } finally {
    for (const lock of locks) removeIfPossible(lock);
  }
}

const lockName = (target: string): string => `${shortened(target)}.${thisProcess()}.lock`;

function lockOf(file: string): string {
  const lock = lockName(targetOf(file));
  return lockedBy(file, () => {
    try {
      closeSync(openSync(placeOf(lock), 'wx'));
    } catch (error) {
      throw codeOf(error) === 'EEXIST' ? new Error(`another run of this process is writing it: ${lock}`) : error;
    }
    return lock;
  });
}

function lockedBy<Result>(file: string, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    throw failure(file, 'cannot be written', error);
  }
}

/** What lies beside `target` under such names. */
function writersOf(target: string): Writer[] {
  const [stem, folder] = [shortened(target), path.dirname(target)];
  const base = path.basename(stem);
  let names: string[];
  try {
    names = readdirSync(placeOf(folder));
  } catch {
    return []; // the folder may be written, but not read
  }
  return names.flatMap((name) => {
    const found = name.startsWith(base) ? NAME.exec(name.slice(base.length)) : null;
    if (!found) return [];
    const [, place, pid, start, ending] = found;
    return [{ name: stem + name.slice(base.length), place, pid: Number(pid), start, ending }];
  });
}

/** Whether nobody writes this file any more. */
function isGone({ name, place, pid, start }: Writer): boolean {
  if (place !== thisPlace()) return ageOf(name) > DAY;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return codeOf(error) === 'ESRCH'; // EPERM: it is another user's, and exists
  }
  const now = startOf(pid);
  return now !== undefined && now !== start; // another process has the number
}

function ageOf(file: string): number {
  try {
    return Date.now() - statSync(placeOf(file)).mtimeMs;
  } catch {
    return 0;
  }
}

const thisProcess = (): string => `${thisPlace()}-${process.pid}-${startOf(process.pid) ?? 0}`;

let place: string | undefined;

/** The computer since it started, and the container: where the number of a process means one process. */
function thisPlace(): string {
  const parts = (): string[] => [
    hostname(),
    textOf(() => readFileSync('/proc/sys/kernel/random/boot_id', 'latin1')),
    textOf(() => readlinkSync('/proc/self/ns/pid')),
  ];
  return (place ??= digestOf(parts().join('\n')));
}

/** Empty where the system has no such file. */
function textOf(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}

/** When a process started, in the system's own unit; `ended` if it only waits for its parent; undefined where this cannot be read. */
function startOf(pid: number): string | undefined {
  const stat = textOf(() => readFileSync(`/proc/${pid}/stat`, 'latin1'));
  if (stat === '') return undefined;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' '); // its name may hold spaces and brackets
  return /[ZX]/.test(fields[0]) ? 'ended' : fields[19];
}
