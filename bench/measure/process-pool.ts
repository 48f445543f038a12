/** The candidates at work: kept from case to case, or fresh ones for every case. */
import type { Entrant } from '../candidates.js';
import type { Contender, Place } from './engine.js';
import type { Hello } from './spawned-process.js';
import type { Stable } from './comparison.js';

type Started = Awaited<ReturnType<Stable['start']>>;

export class CandidateStable implements Stable {
  private readonly running = new Map<Entrant, { process: Contender; hello: Hello }>();
  /** Who is not there will not be there later either. */
  private readonly absent = new Map<Entrant, { reason: string }>();

  /** A process serves one case only, so that its peak of memory is that case's. */
  isFresh = false;

  constructor(private readonly place: Pick<Place, 'open'>) {}

  async start(entrant: Entrant): Promise<Started> {
    const known = this.running.get(entrant) ?? this.absent.get(entrant);
    if (known) return known;
    try {
      const [process, hello] = await this.place.open(entrant);
      const started = { process, hello };
      this.running.set(entrant, started);
      return started;
    } catch (error) {
      const left = { reason: error instanceof Error ? error.message : String(error) };
      this.absent.set(entrant, left);
      return left;
    }
  }

  finish(entrant: Entrant, hasFailed: boolean): void {
    if (!this.isFresh && !hasFailed) return;
    this.running.get(entrant)?.process.close();
    this.running.delete(entrant);
  }

  close(): void {
    for (const entrant of [...this.running.keys()]) this.finish(entrant, true);
  }
}
