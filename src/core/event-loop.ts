const LONGEST_TURN_MS = 40;
let turnBeganAt = 0;

/**
 * Lets timers, signals and messages run, at most every 40 ms, so that this costs a fast backend no measurable time. Rejects with the signal's
 * reason if it is aborted.
 */
export async function yieldToEventLoop(signal?: AbortSignal): Promise<void> {
  if (performance.now() - turnBeganAt >= LONGEST_TURN_MS) {
    await new Promise((resolve) => setTimeout(resolve));
    turnBeganAt = performance.now();
  }
  signal?.throwIfAborted();
}
