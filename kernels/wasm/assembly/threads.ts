/**
 * Work for all threads: a job is cut into chunks, and every thread claims chunks until none is left.
 *
 * All instances share one memory. The first instance publishes a job and works on it itself; the others wait in `work`,
 * spinning for a while (a small LSTM's jobs follow each other within microseconds) before they sleep. A chunk is a range
 * of outputs, never of a sum, so who computes it does not matter to the result. It matters to the caches: each thread
 * begins with the same share of every job, so that it finds in its own cache the rows that it computed before, and helps
 * the others when it is done. A thread that is late, or gone, claims nothing, and the others do its share.
 */

// The control block, at fixed addresses on cache lines of their own.
const GENERATION: usize = 64; // counts the published jobs; what sleepers wait on
const FINISHED: usize = 128; // chunks that are done
const SLEEPERS: usize = 192;
const PARAMETERS: usize = 256; // of the job under way: its kind, then up to 23 numbers
const SHARES: usize = 512; // a cache line a thread: chunks of its share that nobody has claimed (≤ 0: none), and the first;
// room for 48 below the module's constants

let thread: i32 = 0;
let threads: i32 = 1;

/** Which of how many threads this instance is. */
export function setThread(index: i32, count: i32): void {
  thread = index;
  threads = count;
}

// @ts-ignore: decorator
@inline
function shareOf(index: i32): usize {
  return SHARES + (<usize>index << 6);
}

const SPINS: i32 = 30_000; // about 100 µs
const PATIENCE: i32 = 50_000_000; // spins until `finish` lets its caller look whether a thread has died

// @ts-ignore: decorator
@inline
export function parameter(index: i32): usize {
  return load<usize>(PARAMETERS + ((<usize>index) << 2));
}

/** Publishes a job of `chunks` chunks, whose other parameters are set. */
export function publish(kind: i32, chunks: i32): void {
  store<i32>(PARAMETERS, kind);
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
}

/** Waits until all chunks are done; false where it has waited long. */
export function allFinished(chunks: i32): bool {
  for (let spin = 0; spin < PATIENCE; spin++) {
    if (atomic.load<i32>(FINISHED) >= chunks) return true;
  }
  return false;
}

// @ts-ignore: decorator
@inline
export function generation(): i32 {
  return atomic.load<i32>(GENERATION);
}

/** Returns when a job has been published since generation `seen`. */
export function awaitJob(seen: i32): void {
  for (let spin = 0; spin < SPINS; spin++) {
    if (atomic.load<i32>(GENERATION) != seen) return;
  }
  atomic.add<i32>(SLEEPERS, 1);
  atomic.wait<i32>(GENERATION, seen, -1);
  atomic.sub<i32>(SLEEPERS, 1);
}
