import { Network, Random, train, zeros } from 'longhand';
import { createWasmBackend } from 'longhand/wasm';

// A sensor whose readings follow two waves and some noise. The network predicts the next reading at every step.
const random = new Random(1);
const reading = (t) => Math.sin(t / 5) + 0.5 * Math.sin(t / 13) + random.normal(0, 0.05);

const [count, T] = [200, 60];
const [x, targets] = [zeros([count, T, 1]), zeros([count, T, 1])];
for (let n = 0; n < count; n++) {
  const start = random.below(10_000);
  const values = Array.from({ length: T + 1 }, (_, t) => reading(start + t));
  for (let t = 0; t < T; t++) {
    x.set(n, t, 0, values[t]);
    targets.set(n, t, 0, values[t + 1]);
  }
}
const backend = await createWasmBackend();
const options = { hidden: 24, batchSize: 20, learningRate: 0.01, outputInit: 'glorot', epochs: 30 };
const network = await train(backend, { x, targets }, options);

// The same network for one sequence and one step. It keeps its state, so a step costs the same at any time.
const live = new Network(backend, network.config, { T: 1, B: 1 });
live.load(await network.save());
let [predicted, errors, changes, before] = [NaN, 0, 0, 0];
for (let t = 0; t < 1000; t++) {
  const now = reading(t);
  if (t > 0) [errors, changes] = [errors + (now - predicted) ** 2, changes + (now - before) ** 2];
  live.activations.x.set(0, 0, 0, now);
  backend.upload(live.activations.x);
  live.forward();
  live.carryState();
  await backend.download(live.activations.logits);
  [predicted, before] = [live.activations.logits.get(0, 0, 0), now];
}
console.log(`mean squared error ${(errors / 999).toFixed(4)}; of "as before" ${(changes / 999).toFixed(4)}`);
await backend.dispose();
