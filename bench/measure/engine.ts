/** An engine runs candidates: a version of Node, or Chromium. */
import type { Candidate, EngineKind } from '../candidates.js';
import type { Peak } from './peak.js';
import type { Answers, Request } from './protocol.js';

export interface Engine {
  readonly kind: EngineKind;
  /** With its version. */
  readonly name: string;
  readonly peak: Peak;
  /** Starts a candidate; throws a LeftOutError if it cannot run here. */
  start(candidate: Candidate): Promise<Started>;
  close(): Promise<void>;
}

export interface Started {
  readonly process: CandidateProcess;
  readonly hello: Answers['hello'];
}

/** A running candidate: an operating system's process, or a page, which has a process of its own too. */
export interface CandidateProcess {
  ask<Ask extends Request['ask']>(request: Request & { ask: Ask }): Promise<Answers[Ask]>;
  close(): void;
}
