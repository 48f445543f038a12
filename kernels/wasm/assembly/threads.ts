/**
 * Work for all threads: a job is cut into chunks, and every thread claims chunks until none is left.
 *
 * All instances share one memory. The first instance publishes a job and works on it itself; the others wait in `work`,
 * spinning for a while (a small LSTM's jobs follow each other within microseconds) before they sleep. A chunk is a range
 * of outputs, never of a sum, so who computes it does not matter to the result. It matters to the caches: each thread
 * begins with the same share of every job, so that it finds in its own cache the rows that it computed before, and helps
 * the others when it is done. A thread that is late, or gone, claims nothing, and the others do its share.
 */

import { FINISHED, GENERATION, JOB, KIND, PUBLISHER_SLEEPS, SHARES, SLEEPERS } from './jobs';

let thread: i32 = 0;
let threads: i32 = 1;
let maySleep: bool = true;

/** Which of how many threads this instance is, and whether it may sleep: a page's main thread may not. */
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

const MOST_SPINS: i32 = 30_000; // about 100 µs
const FEWEST_SPINS: i32 = 2000; // more than it takes to publish the next job
const PATIENCE: i32 = 100; // ms until `allFinished` lets its caller look at the clock

/**
 * How often this thread looks again before it sleeps. What it waits for comes within microseconds, unless another program
 * has taken a processor: then the thread waited for may need the very processor that is spent on looking. So after some
 * waits in vain it looks less; and much again now and then, since the other program may have ended.
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

/** The fields of the job under way, as those of its class in jobs.ts. */
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

/** The number of a chunk that is now this thread's to do, or -1 where none is left. */
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
 * Waits until all chunks are done; false where it has waited long. Most chunks take a fraction of a millisecond: where one
 * takes longer, its thread may have lost its processor to another program, and gets this thread's when this one sleeps.
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

/** Returns when a job has been published since generation `seen`. */
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
