/** Mistakes in the loss. They need no new pass: they scale results, or add what the padding contributes. */
import { counted } from '../core/arguments.js';
import type { Tensor } from '../core/tensor.js';
import { copyInto, fill, matrixOf, tensorFrom, valuesOf, zeros } from '../core/tensor.js';
import { crossEntropyBackward, crossEntropyForward, labelRows } from '../equations/cross-entropy.js';
import { columnSums } from '../equations/dense.js';
import { squaredErrorBackward, squaredErrorForward } from '../equations/error-losses.js';
import { lossRows } from '../network/config.js';
import type { Mistake } from './mistake.js';
import { isGradient, withResults } from './mistake.js';
import type { Problem, Results } from './problem.js';
import { isBeyondEnd, countsRow } from './problem.js';
import { given } from './solve.js';

/** The mistakes in the loss of this problem. */
export function lossMistakes(problem: Problem, theirs: Results): Mistake[] {
  const scaled = scalesOf(problem).filter(({ factor }) => factor !== 1);
  return [...scaled.flatMap((scale) => scaledLoss(scale, theirs)), ...paddingInLoss(problem)];
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

/**
 * With a loss at every step, the padding counts in the loss. There h is 0, as PyTorch's pad_packed_sequence sets it, so
 * the logits are outBias, and only outBias and the targets receive a gradient from there.
 */
function paddingInLoss(problem: Problem): Mistake[] {
  const { network, sizes, labels } = problem;
  if (network.reads === 'last') return [];
  const all = Array.from({ length: lossRows(network, sizes) }, (_, row) => row);
  const padding = all.filter(
    (row) =>
      isBeyondEnd(problem, Math.floor(row / sizes.B), row % sizes.B) && (labels === undefined || labels[row] >= 0),
  );
  const isComputable = padding.every((row) =>
    labels === undefined ? isFinite(problem, row) : labels[row] < network.outputs,
  );
  if (padding.length === 0 || !isComputable) return [];
  const count = all.filter((row) => countsRow(problem, row)).length;
  const added = (): ReturnType<typeof lossOfPadding> => lossOfPadding(problem, padding, count + padding.length);
  return [
    {
      words: 'the padding counts in the loss, with h = 0 there',
      changeBack: (results) => {
        const { loss, dLogits } = added();
        const share = count / (count + padding.length);
        const dOutBias = zeros([network.outputs], 'f64');
        columnSums(dOutBias, dLogits);
        const scaled = withResults(
          results,
          (name) => name === 'loss' || isGradient(name),
          (values) => values.map((value) => value * share),
        );
        return withResults(
          scaled,
          (name) => ['loss', 'd.outBias', 'd.targets'].includes(name),
          (values, name) => {
            if (name === 'loss') return values.map((value) => value + loss);
            if (name === 'd.outBias') return values.map((value, k) => value + dOutBias.get(k));
            padding.forEach((row, n) =>
              values.set(
                valuesOf(dLogits.pick(n)).map((d) => -d),
                row * network.outputs,
              ),
            );
            return values;
          },
        );
      },
    },
  ];
}

const targetsOf = (problem: Problem, row: number): Tensor => matrixOf(given(problem, 'targets')).pick(row);

const isFinite = (problem: Problem, row: number): boolean =>
  valuesOf(targetsOf(problem, row)).every((value) => Number.isFinite(value));

/** (5) or (13) of these rows, with outBias as their logits: their share of a mean over `count` rows, and its gradient. */
function lossOfPadding(problem: Problem, rows: readonly number[], count: number): { loss: number; dLogits: Tensor } {
  const { network, labels } = problem;
  const [N, C] = [rows.length, network.outputs];
  const [logits, targets, probabilities, dLogits, mask] = [0, 1, 2, 3, 4].map(() => zeros([N, C], 'f64'));
  const losses = zeros([N], 'f64');
  for (const n of rows.keys()) copyInto(logits.pick(n), given(problem, 'outBias'));
  if (labels) {
    const y = labelRows(
      tensorFrom(
        Float64Array.from(rows, (row) => labels[row]),
        [N],
      ),
    );
    crossEntropyForward(losses, probabilities, logits, y);
    crossEntropyBackward(dLogits, probabilities, y, count);
  } else {
    fill(mask, 1);
    rows.forEach((row, n) => copyInto(targets.pick(n), targetsOf(problem, row)));
    squaredErrorForward(losses, logits, targets, mask);
    squaredErrorBackward(dLogits, logits, targets, mask, C * count);
  }
  const divisor = labels ? count : C * count;
  return { loss: valuesOf(losses).reduce((sum, loss) => sum + loss, 0) / divisor, dLogits };
}
