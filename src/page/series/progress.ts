/** How far the run of a forecaster is: its networks are trained one after the other, in two stages. */
import type { ForecastState } from '../../forecast/forecaster.js';
import type { ForecastHooks } from '../../forecast/stages.js';
import type { Stage } from '../../forecast/plan.js';
import { membersOf, networkWords } from '../../forecast/plan.js';
import type { TrainOptions } from '../../training/options.js';
import { stepCount } from '../../training/options.js';

/** A point of the chart. */
export interface LossPoint {
  /** Steps of all networks before it. */
  readonly step: number;
  readonly stage: Stage;
  /** null where another network begins, to interrupt the line. */
  readonly loss: number | null;
}

/** What a run reports while it plays. */
export interface SeriesProgress {
  /** Steps of all networks that have been made, and that the run makes. */
  readonly step: number;
  readonly steps: number;
  /** The losses since the last report. */
  readonly lines: readonly LossPoint[];
  /** The network that is trained, in words. */
  readonly network: string;
  /** Since play began; null before the first step. */
  readonly stepsPerSecond: number | null;
}

const REPORT_EVERY_MS = 100;

export class ForecastProgress {
  readonly stepsOfNetwork: number;
  /** Networks of both stages. */
  private count: number;
  private done: number;
  private lines: LossPoint[] = [];
  private network = '';
  private before = 0;
  private stage: Stage = 'calibration';
  private readonly startedAt = performance.now();
  private readonly startedWith: number;
  private reportedAt = 0;

  constructor(
    { plan, networks }: ForecastState,
    options: TrainOptions,
    private readonly report: (progress: SeriesProgress) => Promise<void> | void,
  ) {
    const begun = [...networks.values()].at(0);
    this.stepsOfNetwork = stepCount(options, begun?.training?.order.length ?? 0);
    const first = membersOf(plan, 'calibration').length;
    this.count = first + membersOf(plan).length;
    const made = (stage: Stage): number =>
      membersOf(plan, stage).reduce((sum, { name }) => sum + (networks.get(name)?.training?.step ?? 0), 0);
    this.done = plan.scores === null ? made('calibration') : first * this.stepsOfNetwork + made('final');
    this.startedWith = this.done;
  }

  get step(): number {
    return this.done;
  }

  readonly hooks: Pick<ForecastHooks, 'onNetwork' | 'onLine' | 'onStep'> = {
    onNetwork: (member, stage, number, count) => {
      this.network = networkWords(member, stage, number, count);
      this.stage = stage;
      this.count = count;
      this.before = (number - 1) * this.stepsOfNetwork;
      this.lines.push({ step: this.before, stage, loss: null });
    },
    onLine: ({ step, loss }) => void this.lines.push({ step: this.before + step, stage: this.stage, loss }),
    onStep: async (step) => {
      this.done = this.before + step;
      if (performance.now() - this.reportedAt >= REPORT_EVERY_MS) await this.reportNow();
    },
  };

  async reportNow(): Promise<void> {
    const { step, lines, network, count, stepsOfNetwork } = this;
    const seconds = (performance.now() - this.startedAt) / 1000;
    const made = step - this.startedWith;
    this.lines = [];
    await this.report({
      ...{ step, lines, network, steps: count * stepsOfNetwork },
      stepsPerSecond: made > 0 ? made / seconds : null,
    });
    this.reportedAt = performance.now();
  }
}
