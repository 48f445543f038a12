/**
 * The tutorial with the library, in a loop of its own: docs/learn/what-an-rnn-is.md.
 *
 *     node docs/learn/programs/tutorial.mjs             31 updates
 *     node docs/learn/programs/tutorial.mjs 100000      781 updates, as in the tutorial
 */
import { Adam, BatchOrder, evaluate, fillBatch, Model, Random, sliceImages } from 'longhand';
import { loadMnist } from 'longhand/mnist';
import { createWasmBackend } from 'longhand/wasm';

const trainingIters = Number(process.argv[2] ?? 4000);
const [learningRate, batchSize, displayStep] = [0.001, 128, 10];

const mnist = loadMnist();
const backend = await createWasmBackend({ deterministic: true });
const random = new Random(1);
const batches = new BatchOrder(mnist.train.count, batchSize, 'tf1', random);
const model = new Model(backend, { T: 28, B: batchSize, I: 28, H: 128, C: 10 });
model.initialise(random);
const adam = new Adam(backend, model.parameters);
const { x, y } = model.activations;

for (let step = 1; step * batchSize < trainingIters; step++) {
  fillBatch(x, y, mnist.train, batches.next());
  backend.upload(x);
  backend.upload(y);
  model.forward();
  model.backward();
  adam.update(learningRate);
  if (step % displayStep !== 0) continue;
  model.forward(); // the same batch, after the update
  const { loss, accuracy } = await model.metrics();
  const [lossText, accuracyText] = [loss.toFixed(6), accuracy.toFixed(5)];
  console.log(`Iter ${step * batchSize}, Minibatch Loss= ${lossText}, Training Accuracy= ${accuracyText}`);
}
console.log('Optimization Finished!');
const { accuracy } = await evaluate(model, sliceImages(mnist.test, 0, 128));
console.log('Testing Accuracy:', accuracy);
model.dispose();
await backend.dispose();
