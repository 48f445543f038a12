/**
 * The plain RNN learns which of two symbols came first. Before that, its gradients are compared with numeric ones.
 *
 *     node docs/learn/programs/which-came-first.mjs        sequences of 8 steps
 *     node docs/learn/programs/which-came-first.mjs 16     sequences of 16 steps
 */
import { fileURLToPath } from 'node:url';
import { crossEntropy, forward } from './plain-rnn.mjs';
import { gradientsOf, newParameters, normOf, randomNumbers, whichCameFirst } from './random-rnn.mjs';

/** For each parameter: the largest difference between its gradients and [L(w+δ) - L(w-δ)] / 2δ. */
export function largestDifferences(loss, parameters, gradients, delta = 1e-5) {
  return Object.entries(parameters).map(([name, rows]) => {
    const differences = rows.flatMap((row, r) =>
      [...row].map((w, c) => {
        const lossAt = (value) => ((row[c] = value), loss());
        const numeric = (lossAt(w + delta) - lossAt(w - delta)) / (2 * delta);
        row[c] = w;
        return Math.abs(gradients[name][r][c] - numeric);
      }),
    );
    return { name, count: differences.length, largest: Math.max(...differences) };
  });
}

function main(T, updates = 300, learningRate = 0.2) {
  const { x, labels } = whichCameFirst(T);
  const parameters = newParameters({ I: 3, H: 5, C: 2 }, randomNumbers(2));

  const { gradients, dh } = gradientsOf(x, labels, parameters);
  const lossOf = () => crossEntropy(forward(x, parameters).logits, labels).loss;
  for (const { name, count, largest } of largestDifferences(lossOf, parameters, gradients)) {
    console.log(`${name}: ${count} gradients, largest difference ${largest.toExponential(0)}`);
  }
  console.log(`norm of dh[0] / norm of dh[${T}]: ${(normOf(dh[0]) / normOf(dh[T])).toExponential(1)}`);

  for (let update = 0; update <= updates; update++) {
    const { loss, p, gradients } = gradientsOf(x, labels, parameters);
    if (update % 50 === 0) {
      const correct = labels.filter((label, b) => p[b][label] > 0.5).length;
      console.log(`update ${update}: loss ${loss.toFixed(4)}, ${correct} of ${labels.length} correct`);
    }
    for (const [name, rows] of Object.entries(parameters)) {
      rows.forEach((row, r) => row.forEach((_, c) => (row[c] -= learningRate * gradients[name][r][c])));
    }
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main(Number(process.argv[2] ?? 8));
