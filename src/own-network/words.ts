/** What the terminal and the site say about two runs: the first gradients, the two tests, and what both show. */
import { indexOf } from '../core/tensor.js';

/** A gradient as numbers. */
export interface NamedGradient {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float64Array;
}

/** On the data that the network was not trained on. */
export interface Tested {
  /** Updates. */
  readonly step: number;
  readonly loss: number;
  readonly accuracy: number;
  /** Images of the test. 0: a text. */
  readonly count: number;
  /** What the network writes if it was trained on a text. */
  readonly written?: string;
}

export const percent = (part: number): string => `${(100 * part).toFixed(1)}%`;

/** A loss in nats, as it is shown: a text's in bits per character. */
export const shownLoss = (isText: boolean, nats: number): number => (isText ? nats / Math.LN2 : nats);

/** `exercise 5`, `exercises 5 and 7`, `exercises 5, 7 and 8` */
export function exercisesIn(numbers: readonly number[]): string {
  const last = numbers.at(-1) ?? '';
  return numbers.length === 1 ? `exercise ${last}` : `exercises ${numbers.slice(0, -1).join(', ')} and ${last}`;
}

export const areOrIs = ({ length }: readonly unknown[]): string => (length === 1 ? 'is' : 'are');

export const GRADIENTS = 'The first update, with the same weights and the same batch';
export const GRADIENT_HEAD = ['Gradient', 'Your network', 'The engine’s', 'Largest difference'];

/** The engine's largest element and the other network's; and how far the two tensors are apart, as a part of this element. */
export function gradientRow(own: NamedGradient, { name, shape, values }: NamedGradient): string[] {
  const at = values.reduce((most, value, n) => (Math.abs(value) > Math.abs(values[most]) ? n : most), 0);
  const difference = values.reduce((most, value, n) => Math.max(most, Math.abs(own.values[n] - value)), 0);
  const numbers = [own.values[at], values[at]].map((value) => value.toPrecision(6));
  const share = difference / Math.max(Math.abs(values[at]), Number.MIN_VALUE);
  return [`${name}[${indexOf(at, shape).join(', ')}]`, ...numbers, share === 0 ? '0' : share.toExponential(0)];
}

export const TESTS = 'The test of both networks';

/** A head and a row for each figure. `own`: undefined until it is known. */
export function testRows(isText: boolean, own: Tested | undefined, engine: Tested): string[][] {
  const loss = isText ? 'Bits per character on the last 5% of Moby-Dick' : 'Loss on the test images';
  const accuracy = isText ? 'Characters predicted' : `Accuracy on ${engine.count.toLocaleString('en')} test images`;
  const lossIn = (tested: Tested): number => shownLoss(isText, tested.loss);
  const differences = own && [
    fixed(lossIn(own) - lossIn(engine), 6),
    `${fixed(100 * (own.accuracy - engine.accuracy), 2)}%`,
  ];
  const unknown = '…';
  return [
    ['Test', 'Your network', 'The engine’s', 'Difference'],
    [loss, own ? lossIn(own).toFixed(3) : unknown, lossIn(engine).toFixed(3), differences?.[0] ?? unknown],
    [accuracy, own ? percent(own.accuracy) : unknown, percent(engine.accuracy), differences?.[1] ?? unknown],
  ];
}

/** Without the sign of a zero. */
const fixed = (value: number, digits: number): string => value.toFixed(digits).replace(/^-(?=[0.]+$)/, '');

/** An accuracy that is this much lower is worse, and not only otherwise rounded. */
const WORSE = 0.03;

/** What the two tests show, and only that. `wrong`: the numbers of the exercises whose answers are wrong. */
export function conclusionOf(wrong: readonly number[], own: Tested, engine: Tested): string {
  if (wrong.length === 0) {
    const same = 'Both began with the same weights and read the same batches.';
    if (percent(own.accuracy) === percent(engine.accuracy) && own.loss.toFixed(3) === engine.loss.toFixed(3))
      return `${same} All their figures agree.`;
    return `${same} Their figures differ, because your functions round differently, and each update enlarges the difference.`;
  }
  const cause = `${exercisesIn(wrong)} ${areOrIs(wrong)} wrong`;
  if (own.accuracy < engine.accuracy - WORSE) return `Your network does worse, because ${cause}.`;
  return `Your network learns although ${cause}: a run that works proves less than the check does.`;
}
