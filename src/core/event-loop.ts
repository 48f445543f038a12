const LONGEST_TURN_MS = 40;
let turnBeganAt = 0;

/** Lets timers, signals and messages run, at most every 40 ms, so that this costs a fast backend no measurable time. */
export async function yieldToEventLoop(): Promise<void> {
  if (performance.now() - turnBeganAt < LONGEST_TURN_MS) return;
  await new Promise((resolve) => setTimeout(resolve));
  turnBeganAt = performance.now();
}
