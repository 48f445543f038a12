/** Where candidates run: in processes of a Node, or in pages of a Chromium. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Entrant, PlaceKind } from '../candidates.js';
import type { Peak } from './peak.js';
import type { Hello } from './spawned-process.js';
import { CandidateProcess } from './spawned-process.js';
import type { Contestant } from './comparison.js';

export interface Place {
  readonly kind: PlaceKind;
  /** With its version. */
  readonly engine: string;
  /** Of one of its threads. */
  readonly peak: Peak;
  /** Starts a candidate; throws a LeftOutError where it is not there. */
  open(entrant: Entrant): Promise<[Contender, Hello]>;
  close(): Promise<void>;
}

export interface Contender extends Contestant {
  close(): void;
}

/** A Node, which need not be the one that runs this. */
export async function nodePlace(node: string): Promise<Place> {
  const script = fileURLToPath(new URL('node-peak.js', import.meta.url));
  const { stdout } = await promisify(execFile)(node, [script]);
  return {
    kind: 'node',
    ...(JSON.parse(stdout) as Pick<Place, 'engine' | 'peak'>),
    open: (entrant) => CandidateProcess.start(entrant, node),
    close: async () => {},
  };
}
