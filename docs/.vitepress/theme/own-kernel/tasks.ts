/** The tasks of growing difficulty. The page imports nothing of bench: ndarray evaluates text, which the site's policy allows only in workers. */
import type { Language } from '../../../../bench/kernel/languages.js';
import type { Size } from '../../../../bench/steps/product-steps.js';

/** The first start of the kernel's language. */
export const NAIVE = 'the naive kernel';

/** Longhand's product in the backend of the kernel's language. */
export const LONGHAND = 'Longhand’s product';

export interface Task {
  readonly id: string;
  readonly title: string;
  readonly size: Size;
  /** The row that is compared: the kernel must be `ratio` times as fast. */
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
    ...{
      id: 'half',
      title: 'Half as fast as Longhand’s product',
      size: [256, 256, 256],
      against: LONGHAND,
      ratio: 0.5,
    },
    hint: 'The sums of a larger tile stay in variables until the loop over k ends.',
  },
  {
    ...{
      id: 'edges',
      title: 'As fast as Longhand’s, less 10%, where no tile fits',
      size: [127, 129, 513],
      against: LONGHAND,
      ratio: 0.9,
    },
    hint: 'What a tile computes beyond the edges is wasted: try other tiles for these sizes.',
  },
  {
    ...{ id: 'beat', title: 'Beat Longhand on your device, by 5%', size: TUTORIAL, against: LONGHAND, ratio: 1.05 },
    hint: 'Longhand measures its tiles on your device, and uses the quickest. So find another tile, or use that your sizes are known.',
  },
];

export const taskOf = (id: unknown): Task => TASKS.find((one) => one.id === id) ?? TASKS[0];

/** What the page asks the worker run.ts. */
export type Order =
  | { readonly order: 'starts' }
  | {
      readonly order: 'run';
      readonly language: Language;
      readonly source: string;
      readonly task: Task;
      readonly measure: string;
      readonly isCompared: boolean;
    };

/** What it hears. The last report of a run has `ratio`, of the task's, or `failure`. */
export interface Report {
  readonly starts?: readonly { readonly language: Language; readonly name: string; readonly source: string }[];
  readonly words?: readonly string[];
  /** The cells of the table so far. */
  readonly cells?: readonly (readonly string[])[];
  readonly progress?: number;
  readonly ratio?: number;
  /** The kernel has no figures. `line`: of its text, from 1. */
  readonly failure?: { readonly line?: number };
  readonly isOver?: boolean;
}
