import { evaluate, Random, train, zeros } from 'longhand';
import { createWasmBackend } from 'longhand/wasm';

// Sequences of 3 to 30 numbers. Class 1: the largest number stands in the first half.
const T = 30;
function examples(count, seed) {
  const random = new Random(seed);
  const x = zeros([count, T, 1]);
  x.data.fill(NaN); // what stands beyond a sequence's end is never read
  const lengths = Array.from({ length: count }, () => 3 + random.below(T - 2));
  const labels = lengths.map((length, n) => {
    const numbers = Array.from({ length }, () => random.normal(0, 1));
    numbers.forEach((number, t) => x.set(n, t, 0, number));
    return numbers.indexOf(Math.max(...numbers)) < length / 2 ? 1 : 0;
  });
  return { x, labels, lengths };
}

const backend = await createWasmBackend();
const network = await train(
  backend,
  examples(6000, 1),
  { hidden: 24, bidirectional: true, batchSize: 64, learningRate: 0.01, epochs: 8, displayStep: 150 },
  { onLine: ({ step, loss, accuracy }) => console.log(step, loss.toFixed(3), accuracy.toFixed(3)) },
);
const { accuracy } = await evaluate(network, examples(2000, 2));
console.log(`accuracy on new sequences: ${accuracy}`);
await backend.dispose();
