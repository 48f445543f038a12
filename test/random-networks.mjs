/**
 * `npm run test:random`: 1,000 random networks, with every combination of features, of all cells, against PyTorch in f64. Outputs,
 * states, losses and every gradient must agree to 1e-9 of their tensor's largest element. Prints the worst difference.
 *
 *     npm run test:random                          1,000 networks, of the seeds 1 to 1000
 *     npm run test:random -- --cases 1 --seed 660  only the network of seed 660
 *     npm run test:random -- --cases 50 --summary  PyTorch's results in short: test/fixtures/random-networks.json
 *
 * Needs Python with torch (Debian: apt-get install python3-torch). test/fixtures/network.py is the other process.
 */
import { spawn, spawnSync } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { errorsOf, expectedOf, networkOf, randomProblem, resultsOf, summaryOf } from './helpers/network-problem.mjs';

const project = fileURLToPath(new URL('..', import.meta.url));
const library = {
  ...(await import(path.join(project, 'dist/src/index.js'))),
  ...(await import(path.join(project, 'dist/kernels/reference/index.js'))),
};
const TOLERANCE = 1e-9;

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
  options: {
    cases: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    summary: { type: 'boolean', default: false },
  },
});
const [cases, seed] = [Number(values.cases), Number(values.seed)];
const pytorch = startPyTorch();
let worst = { error: 0 };
let compared = 0;
const summaries = [];
try {
  for (let number = 0; number < cases; number++) {
    const problem = randomProblem(library, seed + number);
    const solving = pytorch.solve(problem); // while PyTorch works, this process does too
    const actual = await resultsOf(library, problem, networkOf(library, problem));
    const expected = expectedOf(problem, await solving);
    summaries.push(`"${seed + number}":${JSON.stringify(summaryOf(expected))}`);
    for (const { name, error } of errorsOf(actual, expected)) {
      compared++;
      const found = { error, text: `${error.toExponential(1)} in ${name} of the network of seed ${seed + number}` };
      if (!(error <= TOLERANCE)) throw new Error(`${found.text}: ${JSON.stringify(problem.network)}`);
      if (error > worst.error) worst = found;
    }
  }
} finally {
  pytorch.end();
}
if (values.summary) console.log(`{${summaries.join(',\n')}}`);
else console.log(`${cases} networks, ${compared} tensors: the largest difference is ${worst.text}`);
