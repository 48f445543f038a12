/**
 * Do the tests of the mathematics bite? Breaks it on purpose, one place at a time, in a copy of the project, and runs them
 * there: each mistake must make the named test file fail. `npm run test:mutations`.
 *
 * `gradients` is the gradient check of the whole model. It cannot see everything: a wrong forward pass whose backward pass
 * is right for it passes (the forget bias missing), and so does what no gradient depends on (dc not stored, Adam). These
 * name `pytorch`, the comparison with PyTorch's numbers. `lstm` are the tests of the LSTM by itself, `cross-entropy` those
 * of the loss.
 *
 * The mistakes are those that people make: a gate taken for another, the forget bias missing, one term of a primed
 * equation dropped, a sum over the batch in place of a mean.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** File, the text there (it must occur exactly once), what replaces it, and the tests that must notice. */
const MUTATIONS = [
  // (1) with the biases of gates i and j exchanged. Zero biases would hide it from a comparison of outputs, but not from
  // this check: the gradients of the two biases are exchanged too.
  [
    'lstm.ts',
    'backend.matmul(z, x, Wx, { bias });',
    `const { H } = lstm.sizes;
    const exchange = () => {
      for (let n = 0; n < H; n++) {
        const i = bias.get(n);
        bias.set(n, bias.get(H + n));
        bias.set(H + n, i);
      }
    };
    exchange();
    backend.matmul(z, x, Wx, { bias });
    exchange();`,
    'gradients',
  ],

  // (1) and (1′)
  ['lstm.ts', 'backend.matmul(z, x, Wx, { bias })', 'backend.matmul(z, x, Wx)', 'gradients'],
  ['lstm.ts', 'backend.matmul(z, hPrev, Wh, { accumulate: true })', 'backend.matmul(z, hPrev, Wh)', 'gradients'],
  ['lstm.ts', 'backend.matmul(dhPrev, dz, WhTransposed, { accumulate: true });', '', 'gradients'],
  [
    'lstm.ts',
    'backend.matmul(dhPrev, dz, WhTransposed, { accumulate: true })',
    'backend.matmul(dhPrev, dz, WhTransposed)',
    'lstm',
  ],
  ['lstm.ts', 'backend.matmul(dWx, xTransposed, dz, { accumulate: true });', '', 'gradients'],
  ['lstm.ts', 'matmul(dWx, xTransposed, dz, { accumulate: true })', 'matmul(dWx, xTransposed, dz)', 'gradients'],
  ['lstm.ts', 'backend.matmul(dWh, hPrevTransposed, dz, { accumulate: true });', '', 'gradients'],
  [
    'lstm.ts',
    'matmul(dWh, hPrevTransposed, dz, { accumulate: true })',
    'matmul(dWh, hPrevTransposed, dz)',
    'gradients',
  ],
  ['lstm.ts', 'transposeOf(stepOf(h, t))', 'transposeOf(stepOf(h, t + 1))', 'gradients'],
  ['lstm.ts', 'backend.columnSums(dBias, dz, { accumulate: true });', '', 'gradients'],
  ['lstm.ts', 'columnSums(dBias, dz, { accumulate: true })', 'columnSums(dBias, dz)', 'gradients'],
  ['lstm.ts', 'backend.copy(lstm.dh, dhOutside);', '', 'gradients'],
  ['lstm.ts', 'if (dcOutside) backend.copy(lstm.dc, dcOutside);\n  else backend.fill(lstm.dc, 0);', '', 'lstm'],
  ['lstm.ts', 'if (dcOutside) backend.copy(lstm.dc, dcOutside);\n  else', '', 'lstm'],
  ['lstm.ts', 'backend.fill(dKernel, 0);', '', 'lstm'],
  ['lstm.ts', 'backend.fill(dBias, 0);', '', 'lstm'],
  ['lstm.ts', 'if (dx) backend.matmul(dx, dz, WxTransposed);', '', 'gradients'],

  // (2) and (2′): i and j with each other's pre-activation, and so each other's bias; the same for f and o
  [
    'lstm.ts',
    'sigmoid(z.get(b, n));\n      const j = Math.tanh(z.get(b, H + n))',
    'sigmoid(z.get(b, H + n));\n      const j = Math.tanh(z.get(b, n))',
    'gradients',
  ],
  [
    'lstm.ts',
    'sigmoid(z.get(b, 2 * H + n) + forgetBias);\n      const o = sigmoid(z.get(b, 3 * H + n))',
    'sigmoid(z.get(b, 3 * H + n) + forgetBias);\n      const o = sigmoid(z.get(b, 2 * H + n))',
    'gradients',
  ],
  ['lstm.ts', '+ forgetBias', '', 'pytorch'],
  ['lstm.ts', '+ forgetBias', '+ 2 * forgetBias', 'pytorch'],
  ['lstm.ts', 'dI * i * (1 - i)', 'dI * i', 'gradients'],
  ['lstm.ts', 'dJ * (1 - j * j)', 'dJ', 'gradients'],
  ['lstm.ts', 'dF * f * (1 - f)', 'dF * (1 - f)', 'gradients'],
  ['lstm.ts', 'dO * o * (1 - o)', 'dO * o', 'gradients'],

  // (3′)
  ['lstm.ts', 'const dI = dC * j;', 'const dI = dC;', 'gradients'],
  ['lstm.ts', 'const dJ = dC * i;', 'const dJ = dC;', 'gradients'],
  ['lstm.ts', 'const dF = dC * cPrev.get(b, n);', 'const dF = dC;', 'gradients'],
  ['lstm.ts', 'dcPrev.get(b, n) + dC * f', 'dcPrev.get(b, n)', 'gradients'],
  ['lstm.ts', 'dcPrev.get(b, n) + dC * f', 'dC * f', 'lstm'],

  // (4′)
  ['lstm.ts', 'dh.get(b, n) * tanhC;', 'dh.get(b, n);', 'gradients'],
  ['lstm.ts', 'dc.get(b, n) + dh.get(b, n) * o * (1 - tanhC * tanhC)', 'dc.get(b, n)', 'gradients'],
  [
    'lstm.ts',
    'dc.get(b, n) + dh.get(b, n) * o * (1 - tanhC * tanhC)',
    'dh.get(b, n) * o * (1 - tanhC * tanhC)',
    'gradients',
  ],
  ['lstm.ts', 'dh.get(b, n) * o * (1 - tanhC * tanhC)', 'dh.get(b, n) * o', 'gradients'],
  ['lstm.ts', 'dc.set(b, n, dC);', '', 'pytorch'],

  // the output layer and (5′)
  ['dense.ts', 'backend.matmul(dh, dLogits, transposeOf(W));', '', 'gradients'],
  ['dense.ts', 'backend.columnSums(db, dLogits);', '', 'gradients'],
  ['cross-entropy.ts', '(probabilities.get(b, k) * sum - y.get(b, k)) / B', 'probabilities.get(b, k) / B', 'gradients'],
  [
    'cross-entropy.ts',
    '(probabilities.get(b, k) * sum - y.get(b, k)) / B',
    'probabilities.get(b, k) * sum - y.get(b, k)',
    'gradients',
  ],
  ['cross-entropy.ts', 'probabilities.get(b, k) * sum', 'probabilities.get(b, k)', 'cross-entropy'],

  // (6)
  ['adam.ts', '(learningRate * Math.sqrt(1 - BETA2 ** t)) / (1 - BETA1 ** t)', 'learningRate', 'pytorch'],
  ['adam.ts', '(gradient * gradient - V.get(n))', '(gradient - V.get(n))', 'pytorch'],
  ['adam.ts', 'Math.sqrt(square) + EPSILON', 'Math.sqrt(square + EPSILON)', 'pytorch'],
];

const TESTS = ['cross-entropy', 'gradients', 'lstm', 'pytorch'];
const project = fileURLToPath(new URL('..', import.meta.url));
const copy = mkdtempSync(path.join(tmpdir(), 'longhand-mutations-'));
process.on('exit', () => rmSync(copy, { recursive: true, force: true }));

for (const entry of ['src', 'kernels', 'test', 'package.json', 'tsconfig.json', 'jest.config.js']) {
  cpSync(path.join(project, entry), path.join(copy, entry), { recursive: true });
}
symlinkSync(path.join(project, 'node_modules'), path.join(copy, 'node_modules'));

/** The tests that fail in the copy as it is now. */
function failingTests() {
  const files = TESTS.map((name) => `test/${name}.test.ts`);
  const jest = ['--experimental-vm-modules', 'node_modules/jest/bin/jest.js', '--silent', '--json', ...files];
  const { stdout } = spawnSync(process.execPath, jest, { cwd: copy, encoding: 'utf8', maxBuffer: 2 ** 28 });
  const { testResults } = JSON.parse(stdout);
  if (testResults.length !== TESTS.length) throw new Error(`ran ${testResults.length} test files, not ${TESTS.length}`);
  const failed = testResults.filter(({ status }) => status === 'failed');
  return failed.map(({ name }) => path.basename(name, '.test.ts')).sort();
}

const untouched = failingTests();
if (untouched.length > 0) throw new Error(`the unchanged copy fails: ${untouched.join(', ')}`);

let survived = 0;
for (const [file, from, to, expected] of MUTATIONS) {
  const target = path.join(copy, 'src', file);
  const text = readFileSync(target, 'utf8');
  if (text.split(from).length !== 2) throw new Error(`${file}: «${from}» must occur exactly once; update this list`);
  writeFileSync(
    target,
    text.replace(from, () => to),
  );
  const failed = failingTests();
  writeFileSync(target, text);

  const caught = failed.includes(expected);
  if (!caught) survived++;
  const change = `${file}: ${from.replace(/\s+/g, ' ')} → ${to.replace(/\s+/g, ' ') || '(nothing)'}`;
  console.log(`${caught ? 'caught  ' : 'SURVIVED'} by ${failed.join(', ') || 'no test'}: ${change}`);
}
console.log(`${MUTATIONS.length - survived} of ${MUTATIONS.length} mutations caught`);
process.exitCode = survived > 0 ? 1 : 0;
