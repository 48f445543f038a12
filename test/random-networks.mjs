/**
 * `npm run test:random`: 1,000 random networks, with every combination of features, against torch.nn.LSTM in f64. Outputs,
 * states, losses and every gradient must agree to 1e-9 of their tensor's largest element. Prints the worst difference.
 *
 *     npm run test:random                          1,000 networks, of the seeds 1 to 1000
 *     npm run test:random -- --cases 1 --seed 660  only the network of seed 660
 *
 * Needs Python with torch (Debian: apt-get install python3-torch). test/fixtures/network.py is the other process.
 */
import { spawn, spawnSync } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { errorsOf, expectedOf, networkOf, resultsOf } from './helpers/network-problem.mjs';

const project = fileURLToPath(new URL('..', import.meta.url));
const library = {
  ...(await import(path.join(project, 'dist/src/index.js'))),
  ...(await import(path.join(project, 'dist/kernels/reference/index.js'))),
};
const { Random, networkParameterShapes } = library;

const TOLERANCE = 1e-9;

/** A random problem, as test/fixtures/network.py describes it. The same seed gives the same one. */
function randomProblem(seed) {
  const random = new Random(seed);
  const isTrue = () => random.below(2) === 1;
  const oneOf = (...choices) => choices[random.below(choices.length)];
  const numbers = (count, draw = () => random.normal(0, 0.7)) => Array.from({ length: count }, draw);

  const [T, B, inputs, outputs] = [1 + random.below(7), 1 + random.below(4), 1 + random.below(5), 2 + random.below(3)];
  const layers = numbers(1 + random.below(3), () => {
    const hidden = 1 + random.below(4);
    return { hidden, bidirectional: isTrue(), projection: random.below(hidden), bias: random.below(4) > 0 };
  });
  const network = {
    inputs,
    layers,
    outputs,
    inputKind: oneOf('numbers', 'classes'),
    loss: oneOf('crossEntropy', 'squaredError'),
    reads: oneOf('last', 'every'),
    dropout: layers.length > 1 ? oneOf(0, random.uniform(0.05, 0.8)) : 0,
    forgetBias: oneOf(0, 1, random.normal(0, 1)),
  };
  const lengths = isTrue() ? Array(B).fill(T) : numbers(B, () => 1 + random.below(T));

  const shapes = Object.entries(networkParameterShapes(network));
  const shapeOf = (name) => networkParameterShapes(network)[name];
  const sizeOf = (shape) => shape.reduce((product, extent) => product * extent, 1);
  const parameters = Object.fromEntries(shapes.map(([name, shape]) => [name, numbers(sizeOf(shape))]));
  const lstms = shapes.flatMap(([name, [, columns]]) => {
    const suffix = name.slice('kernel'.length);
    return /^kernel/.test(name)
      ? [{ suffix, H: columns / 4, P: shapeOf(`projection${suffix}`)?.[1] ?? columns / 4 }]
      : [];
  });
  const states = (width) => Object.fromEntries(lstms.map((lstm) => [lstm.suffix, numbers(B * lstm[width])]));
  const x = network.inputKind === 'classes' ? numbers(T * B, () => random.below(inputs)) : numbers(T * B * inputs);

  const rows = network.reads === 'every' ? T * B : B;
  const labels = numbers(rows, () => (random.below(5) === 0 ? -1 : random.below(outputs)));
  labels[0] = random.below(outputs); // at least one counts
  const target = network.loss === 'crossEntropy' ? { labels } : { targets: numbers(rows * outputs) };

  const tops = layers.at(-1).bidirectional ? 2 : 1;
  const mask = (P) => numbers(T * B * P, () => Number(random.uniform(0, 1) >= network.dropout));
  const masks = Object.fromEntries(lstms.slice(0, -tops).map(({ suffix, P }) => [suffix, mask(P)]));
  const state = { h0: states('P'), c0: states('H'), ...(isTrue() && { dhn: states('P'), dcn: states('H') }) };
  return { network, T, B, lengths, parameters, x, ...state, ...target, ...(network.dropout > 0 && { masks }) };
}

/** A process that solves problems with PyTorch, in order. */
function startPyTorch() {
  // A version manager can put its own python3 before Debian's, which has torch.
  const python = ['python3', '/usr/bin/python3'].find(
    (command) => spawnSync(command, ['-c', 'import torch'], { stdio: 'ignore' }).status === 0,
  );
  if (!python) throw new Error('no python3 with torch (Debian: apt-get install python3-torch)');
  const child = spawn(python, [path.join(project, 'test/fixtures/network.py'), '--solve'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async solve(problem) {
      child.stdin.write(`${JSON.stringify(problem)}\n`);
      const { done, value } = await lines.next();
      if (done) throw new Error('PyTorch has ended; its message is above');
      return JSON.parse(value);
    },
    end: () => child.stdin.end(),
  };
}

const { values } = parseArgs({
  options: { cases: { type: 'string', default: '1000' }, seed: { type: 'string', default: '1' } },
});
const [cases, seed] = [Number(values.cases), Number(values.seed)];
const pytorch = startPyTorch();
let worst = { error: 0 };
let compared = 0;
try {
  for (let number = 0; number < cases; number++) {
    const problem = randomProblem(seed + number);
    const solving = pytorch.solve(problem); // while PyTorch works, this process does too
    const actual = await resultsOf(library, problem, networkOf(library, problem));
    for (const { name, error } of errorsOf(actual, expectedOf(problem, await solving))) {
      compared++;
      const found = { error, text: `${error.toExponential(1)} in ${name} of the network of seed ${seed + number}` };
      if (!(error <= TOLERANCE)) throw new Error(`${found.text}: ${JSON.stringify(problem.network)}`);
      if (error > worst.error) worst = found;
    }
  }
} finally {
  pytorch.end();
}
console.log(`${cases} networks, ${compared} tensors: the largest difference is ${worst.text}`);
