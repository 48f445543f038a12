export interface Part {
  readonly name: string;
  /** Files and folders, relative to the project; `!path` leaves one out. */
  readonly inputs: readonly string[];
  /** The same. A folder of outputs belongs to this part alone. */
  readonly outputs: readonly string[];
  /** Throws an Error. */
  make(isFresh: boolean): Promise<void>;
}

export function bringUpToDate(part: Part): Promise<void>;
export function withLock(work: () => Promise<void>): Promise<void>;
