/** The questions of docs/learn/why-57.md, in their order: each begins when the one before it is answered. */
import { DIRECT, GATES, OPEN, type Open, STEPS } from '../../../learn/programs/path-switches.mjs';
import { written } from './drawing.js';

/** What the reader has chosen, apart from the row. */
export interface View {
  readonly open: Open;
  /** An index of STEPS: which saved network reads. */
  readonly network: number;
  /** Whether Wh has the block of j of the first network in the backward pass. */
  readonly hasEarlyJ: boolean;
}

export const LAST = STEPS.length - 1;
export const START: View = { open: OPEN, network: LAST, hasEarlyJ: false };

/** What is known when a question is answered: the part of ‖dc‖ after row 1, and what the reader expected. */
interface Known {
  readonly view: View;
  readonly part: number;
  readonly expected: number;
}

export interface Question {
  readonly asks: string;
  /** A button that shows the answer; without one, the reader looks for it. */
  readonly does?: { readonly label: string; readonly view: View };
  readonly isAnsweredBy: (view: View, part: number) => boolean;
  readonly says: (known: Known) => string;
}

const openGates = ({ open }: View): string[] => GATES.filter((gate) => open[gate]);
const isTrained = ({ network, hasEarlyJ }: View): boolean => network === LAST && !hasEarlyJ;

export const QUESTIONS: readonly Question[] = [
  {
    asks: 'All five paths bring back 57%. How much does the direct path bring back alone? Draw the bar that you expect for row 1: in the picture, or with this slider.',
    does: { label: 'Open the direct path alone', view: { ...START, open: DIRECT } },
    isAnsweredBy: (view) => isTrained(view) && view.open.direct && openGates(view).length === 0,
    says: ({ part, expected }) => `You expected ${written(expected)}. The direct path alone leaves ${written(part)}.`,
  },
  {
    asks: 'So the rest must come through the gates. What will remain if you close the direct path, and open the other four?',
    does: { label: 'Close it, and open the rest', view: { ...START, open: { ...OPEN, direct: false } } },
    isAnsweredBy: (view) => isTrained(view) && !view.open.direct && openGates(view).length === GATES.length,
    says: ({ part }) => `Without the direct path, ${written(part)} remains. Neither carries the gradient alone.`,
  },
  {
    asks: 'Open the direct path and one gate. Which gate brings back most of the 57%?',
    isAnsweredBy: (view, part) => isTrained(view) && view.open.direct && openGates(view).length === 1 && part > 0.1,
    says: ({ view, part }) => `The direct path and the block of ${openGates(view)[0]} leave ${written(part)} together.`,
  },
  {
    asks: 'Training has changed Wh, and hardly f. What if the trained network goes back through the block of j that it had after 1 update?',
    does: { label: "Load update 1's block of j", view: { ...START, hasEarlyJ: true } },
    isAnsweredBy: ({ open, network, hasEarlyJ }) =>
      hasEarlyJ && network === LAST && Object.values(open).every((isOpen) => isOpen),
    says: ({ part }) => `57% becomes ${(100 * part).toFixed(0)}%. The forward pass, and so f, is the same as before.`,
  },
];
