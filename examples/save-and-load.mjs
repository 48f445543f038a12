import { readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { checkpointBytes, evaluate, Network, parseCheckpoint, train } from 'longhand';
import { createWasmBackend } from 'longhand/wasm';

// Walks of 8 steps around 1000. Class "up": the last step is above the first one.
const walk = (n) => Array.from({ length: 8 }, (_, t) => [1000 + 40 * Math.sin(n * n + (0.2 + (n % 7) / 9) * t)]);
const walks = Array.from({ length: 600 }, (_, n) => walk(n));
const labels = walks.map((steps) => (steps[7][0] > steps[0][0] ? 'up' : 'down'));
const scaled = (all, { mean, deviation }) => all.map((steps) => steps.map(([one]) => [(one - mean) / deviation]));

const backend = await createWasmBackend();
const scale = { mean: 1000, deviation: 28 };
const data = { x: scaled(walks.slice(0, 500), scale), labels: labels.slice(0, 500) };
const options = { hidden: 16, batchSize: 25, learningRate: 0.01, outputInit: 'glorot', epochs: 8 };
const network = await train(backend, data, options);
const model = { T: network.sizes.T, network: network.config, parameters: await network.save() };
const file = `${tmpdir()}/walks.safetensors`;
writeFileSync(file, checkpointBytes({ model, training: null, metadata: { scale } }));

// Another program, on another day:
const saved = parseCheckpoint(readFileSync(file), file);
const loaded = new Network(backend, saved.model.network, { T: saved.model.T, B: 100 });
loaded.load(saved.model.parameters);
const x = scaled(walks.slice(500), saved.metadata.scale);
const { accuracy, predicted } = await evaluate(loaded, { x, labels: labels.slice(500) });
console.log('accuracy on new walks:', accuracy);
console.log('the first one goes', loaded.config.classNames[predicted[0]]);
await backend.dispose();
