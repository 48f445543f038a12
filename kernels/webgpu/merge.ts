/** The launches of a list of calls. */
import type { Call } from './calls.js';
import type { AdapterKind } from './device.js';
import type { Launch } from './kernel.js';
import { launchOf, listed } from './launches.js';
import type { Memory } from './memory.js';

export function launchesOf(calls: readonly Call[], kind: AdapterKind, _memory: Memory): Launch[] {
  return calls.map((call, n) => launchOf(listed(call, n), kind));
}
