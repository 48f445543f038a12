/** The load of the computer: how many processors other programs keep busy while no candidate computes. */
import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

/** Candidates' threads may spin for a moment after their last task, and pages close slowly. */
const SETTLE_MS = 150;
const MEASURE_MS = 250;

/** From 0 to the number of processors. Windows and macOS count this too, but have no load average or another one. */
export async function loadNow(): Promise<number> {
  await sleep(SETTLE_MS);
  const before = processorTimes();
  await sleep(MEASURE_MS);
  const after = processorTimes();
  const all = after.all - before.all;
  return all > 0 ? (cpus().length * (all - (after.idle - before.idle))) / all : 0;
}

/** From this load on, one of the processors that a candidate wants is often not free. */
const HIGH_LOAD = 0.25;

export function loadWarning(load: number, processors = cpus().length): string[] {
  if (load < HIGH_LOAD) return [];
  const busy = `other programs keep ${load.toFixed(2)} of ${processors} processors busy`;
  return [`${busy}: all times are too long, those of several threads most`];
}

/** Runs `work`, and prints the load before and after it. */
export async function withLoad(work: () => Promise<void>): Promise<readonly [before: number, after: number]> {
  const before = await loadNow();
  console.log(`load before: other programs keep ${before.toFixed(2)} of ${cpus().length} processors busy`);
  await work();
  const after = await loadNow();
  console.log(`\nload after: ${after.toFixed(2)}`);
  for (const warning of loadWarning(Math.max(before, after))) console.log(`warning: ${warning}`);
  return [before, after];
}

function processorTimes(): { all: number; idle: number } {
  const sum = (values: readonly number[]): number => values.reduce((total, one) => total + one, 0);
  const times = cpus().map((processor) => processor.times);
  return { all: sum(times.flatMap((one) => Object.values(one))), idle: sum(times.map(({ idle }) => idle)) };
}
