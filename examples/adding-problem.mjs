import { evaluate, predict, Random, train, valuesOf, zeros } from 'longhand';
import { createWasmBackend } from 'longhand/wasm';

// Each step has a number and a mark. The target is the sum of the two marked numbers.
const T = 20;
function addingProblem(count, seed) {
  const random = new Random(seed);
  const x = zeros([count, T, 2]);
  const targets = zeros([count, 1]);
  for (let n = 0; n < count; n++) {
    for (let t = 0; t < T; t++) x.set(n, t, 0, random.uniform(0, 1));
    for (const t of [random.below(T / 2), T / 2 + random.below(T / 2)]) {
      x.set(n, t, 1, 1);
      targets.set(n, 0, targets.get(n, 0) + x.get(n, t, 0));
    }
  }
  return { x, targets };
}

const backend = await createWasmBackend();
const network = await train(
  backend,
  addingProblem(5000, 1),
  { hidden: 32, batchSize: 50, learningRate: 0.01, clipNorm: 1, outputInit: 'glorot', epochs: 10, displayStep: 200 },
  { onLine: ({ step, loss }) => console.log(step, loss.toFixed(4)) },
);
const { loss } = await evaluate(network, addingProblem(1000, 2));
console.log(`mean squared error ${loss.toFixed(4)}; always answering 1 gives 0.1667`);

const { x, targets } = addingProblem(3, 3);
const { outputs } = await predict(network, x);
const shown = (tensor) => Array.from(valuesOf(tensor), (value) => value.toFixed(2)).join(' ');
console.log(`sums ${shown(targets)}, predicted ${shown(outputs)}`);
network.dispose();
await backend.dispose();
