/** The candidates' processes: kept from case to case, or new ones for each case. */
import type { Candidate } from '../candidates.js';
import { messageOf } from '../program.js';
import type { Engine } from './engine.js';
import type { Started } from './protocol.js';

export class ProcessPool {
  private readonly running = new Map<Candidate, Started>();
  /** Candidates that failed to start; they are not tried again. */
  private readonly absent = new Map<Candidate, { reason: string }>();

  /** If true, each case starts new processes, so that a process's memory is that of one case. */
  usesNewProcesses = false;

  constructor(private readonly engine: Pick<Engine, 'start'>) {}

  /** The candidate's process, or the reason why there is none. */
  async start(candidate: Candidate): Promise<Started | { reason: string }> {
    const known = this.running.get(candidate) ?? this.absent.get(candidate);
    if (known) return known;
    try {
      const started = await this.engine.start(candidate);
      this.running.set(candidate, started);
      return started;
    } catch (error) {
      const absent = { reason: messageOf(error) };
      this.absent.set(candidate, absent);
      return absent;
    }
  }

  /** The case is over for this candidate. */
  finish(candidate: Candidate, hasFailed: boolean): void {
    if (!this.usesNewProcesses && !hasFailed) return;
    this.running.get(candidate)?.process.close();
    this.running.delete(candidate);
  }

  /** Ends the processes, except those of which `isNeeded` is true. Default: all. */
  close(isNeeded: (candidate: Candidate) => boolean = () => false): void {
    for (const candidate of [...this.running.keys()]) if (!isNeeded(candidate)) this.finish(candidate, true);
  }
}
