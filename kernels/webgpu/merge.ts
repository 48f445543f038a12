/**
 * The launches of a list of calls. Calls that a sequence makes at each of its steps become fewer launches: forward-run.ts and
 * backward-run.ts. The updates of all parameters become one. Any other call has its own launches, most often one.
 *
 * A launch on a GPU takes some microseconds, also for a few numbers, and a product over all steps gives it more work at once.
 */
import { backwardRun, type Scratch } from './backward-run.js';
import type { Call } from './calls.js';
import type { AdapterKind } from './device.js';
import type { Merged } from './forward-run.js';
import { forwardRun } from './forward-run.js';
import type { Launch } from './kernel.js';
import type { ListedCall } from './launches.js';
import { launchesOfOne, listed } from './launches.js';
import { adam } from './pointwise.js';
import { areOtherTensors } from './steps.js';

/** Updates of different tensors, one after another. */
function adamRun(calls: readonly ListedCall[], n: number): Merged | undefined {
  let end = n;
  const places = () => calls.slice(n, end).flatMap((call) => call.places);
  while (calls.at(end)?.operation === 'adam' && end < calls.length && areOtherTensors(calls[end].places, places()))
    end++;
  if (end - n < 2) return;
  return {
    launches: adam(calls.slice(n, end).map((call) => ({ places: call.places, rate: call.number(0) }))),
    count: end - n,
  };
}

export function launchesOf(given: readonly Call[], kind: AdapterKind, scratch: Scratch): Launch[] {
  const calls = given.map(listed);
  const launches: Launch[] = [];
  for (let n = 0; n < calls.length;) {
    const merged = forwardRun(calls, n, kind) ?? backwardRun(calls, n, kind, scratch) ?? adamRun(calls, n);
    launches.push(...(merged?.launches ?? launchesOfOne(calls[n], kind, scratch)));
    n += merged?.count ?? 1;
  }
  return launches;
}
