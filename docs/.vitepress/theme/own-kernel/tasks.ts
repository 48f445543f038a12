/** The tasks of growing difficulty, and what the page says about a run. */
import { type Row, gflopsOf, ratioTo } from '../../../../bench/kernel/drive.js';
import { HOUSE } from '../../../../bench/kernel/session.js';
import type { Size } from '../../../../bench/steps/product-steps.js';

/** The first step of docs/webgpu-kernels.md. */
export const NAIVE = 'the naive kernel';

export interface Task {
  readonly id: string;
  readonly title: string;
  readonly size: Size;
  /** The row that the kernel must be so many times as fast as. */
  readonly against: string;
  readonly ratio: number;
  readonly hint: string;
}

/** hPrev·Wh of the tutorial: 128 sequences, 128 units, 4·128 gates. */
const TUTORIAL: Size = [128, 128, 512];

export const TASKS: readonly Task[] = [
  {
    ...{ id: 'twice', title: 'Twice as fast as the naive kernel', size: TUTORIAL, against: NAIVE, ratio: 2 },
    hint: 'Let a thread compute four neighbours in a row, so that a number of a serves four times.',
  },
  {
    ...{ id: 'five', title: 'Five times as fast as the naive kernel', size: TUTORIAL, against: NAIVE, ratio: 5 },
    hint: 'A tile of several rows and columns uses each load more often.',
  },
  {
    ...{ id: 'half', title: 'Half as fast as the house’s product', size: [256, 256, 256], against: HOUSE, ratio: 0.5 },
    hint: 'The sums of a larger tile stay in variables until the loop over k ends.',
  },
  {
    ...{
      id: 'edges',
      title: 'As fast as the house’s, less 10%, where no tile fits',
      size: [127, 129, 513],
      against: HOUSE,
      ratio: 0.9,
    },
    hint: 'What a tile computes beyond the edges is wasted: try other tiles for these sizes.',
  },
  {
    ...{ id: 'beat', title: 'Beat the house on your device, by 5%', size: TUTORIAL, against: HOUSE, ratio: 1.05 },
    hint: 'The house measures its tiles on your device, and uses the quickest. So find another tile, or use that your sizes are known.',
  },
];

export const taskOf = (id: unknown): Task => TASKS.find((one) => one.id === id) ?? TASKS[0];

/** How many times as fast the kernel was as the task's row; undefined before there are times. */
export const reached = ({ against }: Task, rows: readonly Row[]): number | undefined => ratioTo(rows, against);

export function taskWords(task: Task, rows: readonly Row[]): string {
  const ratio = reached(task, rows);
  if (ratio === undefined) return '';
  const found = `×${ratio.toFixed(2)} of ${task.against}`;
  return ratio >= task.ratio
    ? `The task is done: ${found}.`
    : `The task needs ×${task.ratio} of ${task.against}; this is ${found}.`;
}

/** What a device reaches at most, as part A's measurement finds it. */
export interface Limits {
  readonly gflops: number;
  readonly gigabytes: number;
}

/** The roofline above the fastest row: at this many FLOP for each byte that must be read or written, the lower of both limits holds. */
export function rooflineWords([M, K, N]: Size, own: Row, { gflops, gigabytes }: Limits): string {
  const intensity = (2 * M * N * K) / (4 * (M * K + K * N + M * N));
  const limit = Math.min(gflops, intensity * gigabytes);
  const what = gflops <= intensity * gigabytes ? 'multiply-adds' : 'memory';
  const reached = gflopsOf([M, K, N], own);
  return `The roofline is at ${limit.toPrecision(3)} GFLOPS here, because of ${what}; your kernel reaches ${((100 * reached) / limit).toPrecision(2)}% of it.`;
}
