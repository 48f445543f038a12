/**
 * Work for all threads: a job is cut into chunks, and every thread claims chunks until none is left.
 *
 * All instances share one memory. The first instance publishes a job and works on it itself; the others wait in `work`,
 * spinning for a while (a small LSTM's jobs follow each other within microseconds) before they sleep. A chunk is a range
 * of outputs, never of a sum, so who computes it does not matter to the result. A thread that is late, or gone, claims
 * nothing, and the others do its share.
 */

// The control block, at fixed addresses on cache lines of their own.
const GENERATION: usize = 64; // counts the published jobs; what sleepers wait on
const UNCLAIMED: usize = 128; // chunks that nobody has claimed yet; ≤ 0 where there is no work
const FINISHED: usize = 192; // chunks that are done
const SLEEPERS: usize = 256;
const PARAMETERS: usize = 320; // of the job under way: its kind, then up to 23 numbers

const SPINS: i32 = 30_000; // about 100 µs
const PATIENCE: i32 = 50_000_000; // spins until `finish` lets its caller look whether a thread has died

// @ts-ignore: decorator
@inline
export function parameter(index: i32): usize {
  return load<usize>(PARAMETERS + ((<usize>index) << 2));
}

/** Publishes a job of `chunks` chunks, whose other parameters are set, to `threads` threads, this one among them. */
// @ts-ignore: decorator
@inline
export function publish(kind: i32, chunks: i32, threads: i32): void {
  store<i32>(PARAMETERS, kind);
  atomic.store<i32>(FINISHED, 0);
  atomic.store<i32>(UNCLAIMED, chunks);
  if (threads > 1 && chunks > 1) {
    atomic.add<i32>(GENERATION, 1);
    if (atomic.load<i32>(SLEEPERS) > 0) atomic.notify(GENERATION, -1);
  }
}

/** The number of a chunk that is now this thread's to do, or a negative number where none is left. */
// @ts-ignore: decorator
@inline
export function claim(): i32 {
  if (atomic.load<i32>(UNCLAIMED) <= 0) return -1;
  return atomic.sub<i32>(UNCLAIMED, 1) - 1;
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
