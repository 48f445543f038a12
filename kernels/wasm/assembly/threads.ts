/**
 * Work for all threads: a job is cut into chunks, and every thread claims chunks until none is left.
 *
 * All instances of the module share one memory. The first instance publishes a job and works on it too. The others, the
 * helpers, wait in `work`: they spin for a while, since a small LSTM's jobs follow each other within microseconds, and then
 * sleep. A chunk is a range of outputs, never a part of a sum, so the result does not depend on which thread computes it.
 * Each thread begins with the same share of every job: the rows that it computed before are then in its own cache. When its
 * share is done, it takes chunks of the others' shares, so a thread that is late or has died stops no job.
 */

import { FINISHED, GENERATION, JOB, KIND, PUBLISHER_SLEEPS, SHARES, SLEEPERS } from './jobs';

let thread: i32 = 0;
let threads: i32 = 1;
let maySleep: bool = true;

/** Sets this instance's number, the number of threads, and whether it may sleep: a page's main thread may not. */
export function setThread(index: i32, count: i32, sleeps: bool): void {
  thread = index;
  threads = count;
  maySleep = sleeps;
}

// @ts-ignore: decorator
@inline
function shareOf(index: i32): usize {
  return SHARES + (<usize>index << 6);
}

const MOST_SPINS: i32 = 300_000; // about 100 µs: optimised code spins 3 times in a nanosecond
const FEWEST_SPINS: i32 = 6000; // about as long as it takes to publish the next job
const PATIENCE: i32 = 100; // ms until `allFinished` returns, so that its caller can check the time limit

/**
 * The number of consecutive waits that ended in sleep. Usually a wait is over within microseconds. If another program uses
 * a processor, the awaited thread may need the processor on which this one spins. So after four such waits this thread
 * spins for a shorter time. Every 32nd time it spins long again, since that program may have ended.
 */
let waitsInVain: i32 = 0;

// @ts-ignore: decorator
@inline
function spins(): i32 {
  return waitsInVain < 4 || (waitsInVain & 31) == 0 ? MOST_SPINS : FEWEST_SPINS;
}

// @ts-ignore: decorator
@inline
export function kindOfJob(): i32 {
  return load<i32>(KIND);
}

/** The fields of the present job, as declared by its class in jobs.ts. */
// @ts-ignore: decorator
@inline
export function jobOf<Fields>(): Fields {
  return changetype<Fields>(JOB);
}

/** Publishes a job of `chunks` chunks, whose fields are written. */
export function publish(kind: i32, chunks: i32): void {
  store<i32>(KIND, kind);
  atomic.store<i32>(FINISHED, 0);
  let first = 0;
  for (let index = 0; index < threads; index++) {
    const next = (chunks * (index + 1)) / threads;
    store<i32>(shareOf(index), first, 4);
    atomic.store<i32>(shareOf(index), next - first);
    first = next;
  }
  if (threads > 1 && chunks > 1) {
    atomic.add<i32>(GENERATION, 1);
    if (atomic.load<i32>(SLEEPERS) > 0) atomic.notify(GENERATION, -1);
  }
}

/** Claims a chunk for this thread and returns its number, or -1 if none is left. */
export function claim(): i32 {
  for (let n = 0; n < threads; n++) {
    const share = shareOf((thread + n) % threads);
    if (atomic.load<i32>(share) <= 0) continue;
    const left = atomic.sub<i32>(share, 1) - 1;
    if (left >= 0) return load<i32>(share, 4) + left;
  }
  return -1;
}

// @ts-ignore: decorator
@inline
export function finishChunk(): void {
  atomic.add<i32>(FINISHED, 1);
  if (atomic.load<i32>(PUBLISHER_SLEEPS) != 0) atomic.notify(FINISHED, 1);
}

/**
 * Waits until all chunks are done; false after a long wait. Most chunks take a fraction of a millisecond. If one takes
 * longer, another program may be using its thread's processor. So this thread sleeps, and leaves its own processor to that thread.
 */
export function allFinished(chunks: i32): bool {
  const most = maySleep ? spins() : 1000 * MOST_SPINS;
  for (let spin = 0; spin < most; spin++) {
    if (atomic.load<i32>(FINISHED) >= chunks) {
      if (spin > 0) waitsInVain = 0;
      return true;
    }
  }
  if (!maySleep) return false;
  waitsInVain++;
  atomic.store<i32>(PUBLISHER_SLEEPS, 1);
  let finished = atomic.load<i32>(FINISHED);
  while (finished < chunks) {
    if (atomic.wait<i32>(FINISHED, finished, PATIENCE * 1_000_000) == AtomicWaitResult.TIMED_OUT) break;
    finished = atomic.load<i32>(FINISHED);
  }
  atomic.store<i32>(PUBLISHER_SLEEPS, 0);
  return finished >= chunks;
}

// @ts-ignore: decorator
@inline
export function generation(): i32 {
  return atomic.load<i32>(GENERATION);
}

/** Waits until a job has been published after generation `seen`. */
export function awaitJob(seen: i32): void {
  const most = spins();
  for (let spin = 0; spin < most; spin++) {
    if (atomic.load<i32>(GENERATION) != seen) {
      if (spin > 0) waitsInVain = 0;
      return;
    }
  }
  waitsInVain++;
  atomic.add<i32>(SLEEPERS, 1);
  atomic.wait<i32>(GENERATION, seen, -1);
  atomic.sub<i32>(SLEEPERS, 1);
}
