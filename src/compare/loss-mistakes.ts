/** Mistakes in the loss. They need no new pass: they scale results. */
import { counted } from '../core/arguments.js';
import { lossRows } from '../network/config.js';
import type { Mistake } from './mistake.js';
import { isGradient, withResults } from './mistake.js';
import type { Problem, Results } from './problem.js';
import { countsRow } from './problem.js';

/** The mistakes in the loss of this problem. */
export function lossMistakes(problem: Problem, theirs: Results): Mistake[] {
  return scalesOf(problem)
    .filter(({ factor }) => factor !== 1)
    .flatMap((scale) => scaledLoss(scale, theirs));
}

/** Another loss, `factor` times the mean, in words about a loss and about the losses of the rows. */
interface Scale {
  readonly factor: number;
  readonly loss: string;
  readonly losses: string;
}

function scalesOf(problem: Problem): Scale[] {
  const { network, sizes, lengths } = problem;
  const rows = lossRows(network, sizes);
  const counts = Array.from({ length: rows }, (_, row) => Number(countsRow(problem, row)));
  const count = counts.reduce((sum, one) => sum + one, 0);
  const sum = (factor: number, over: string): Scale => {
    return { factor, loss: `the sum over ${over}`, losses: `the sum of the losses over ${over}` };
  };
  const other = (factor: number, words: string): Scale => ({ factor, loss: words, losses: words });
  const scales: Scale[] = [];
  if (network.reads === 'last') scales.push(sum(count, 'the batch'));
  else {
    scales.push(sum(count, 'the steps and the batch'));
    if (sizes.B > 1) scales.push(sum(count / sizes.B, 'the steps, averaged over the batch'));
    if (sizes.T > 1 && count === rows) scales.push(sum(sizes.B, 'the batch, averaged over the steps'));
    const inside = lengths.reduce((total, length) => total + length, 0);
    if (inside !== rows)
      scales.push(other(count / inside, 'divided by all steps up to the ends, also those of label -1'));
  }
  const all = problem.labels
    ? `${counted(rows, 'label')}, also those that do not count`
    : `${counted(rows, 'step')}, also those beyond the ends`;
  scales.push(other(count / rows, `divided by all ${all}`));
  if (network.loss === 'squaredError') {
    scales.push(other(1 / 2, 'half of the mean squared error'));
    scales.push(other(network.outputs, 'the mean of the sum over the outputs'));
    scales.push(other(network.outputs * count, 'the sum over all elements'));
  }
  return scales;
}

/** The loss with its gradients, or the gradients alone. Only the loss can distinguish the two. */
function scaledLoss({ factor, loss, losses }: Scale, theirs: Results): Mistake[] {
  const times = (isChanged: (name: string) => boolean, words: string): Mistake => ({
    words,
    changeBack: (results) => withResults(results, isChanged, (values) => values.map((value) => value * factor)),
  });
  const whole = times((name) => name === 'loss' || isGradient(name), `the loss is ${loss}; here it is the mean`);
  const gradients = times(isGradient, `the gradients are those of ${losses}; here they are those of the mean`);
  return theirs.has('loss') ? [whole, gradients] : [gradients];
}
