const LONGEST_BREATH_MS = 40;
let lastBreath = 0;

/** Lets timers, signals and messages have their turn, but only so often that it costs a fast backend nothing. */
export async function breathe(): Promise<void> {
  if (performance.now() - lastBreath < LONGEST_BREATH_MS) return;
  await new Promise((resolve) => setTimeout(resolve));
  lastBreath = performance.now();
}
