/** What “Train” reports to the other views. */
import type { TestResult } from './engine.js';
import type { Sample } from './live-run.js';
import type { TextFacts } from './common.js';
import type { Settings } from './settings.js';

export interface TrainListener {
  readonly onSettings: (settings: Settings) => void;
  /** A new run began, or one was resumed; `isSameRun`: it continues the run before from a copy. `onWeights` follows. */
  readonly onNewRun: (run: { readonly step: number; readonly isSameRun: boolean }) => void;
  /** Whether a new run can be started now, or the text be replaced. */
  readonly onEnabled: (isEnabled: boolean) => void;
  /** The weights changed. */
  readonly onWeights: () => void;
  /** While the run plays, the time from one call of `onWeights` to the next. */
  readonly weightsEveryMs: () => number;
  readonly onTested: (result: TestResult) => void;
  /** What the network wrote after some step, of a run on a text. */
  readonly onSamples: (samples: readonly Sample[]) => void;
  /** The page has a text: the bundled one, or the visitor's. */
  readonly onText: (facts: TextFacts, name: string | null) => void;
}
