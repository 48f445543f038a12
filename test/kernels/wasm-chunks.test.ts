/** Operations on tensors so large that the WebAssembly backend cuts them into several chunks. */
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { createWasmBackend } from '../../kernels/wasm/index.js';
import type { Backend, Operations } from '../../src/core/backend.js';
import { fillRandom, Random } from '../../src/core/rng.js';
import type { Shape, Tensor } from '../../src/core/tensor.js';
import { valuesOf } from '../../src/core/tensor.js';
import { expectClose } from '../helpers/guarded.js';

/** The operations' tensors, outputs first. A class index is a whole number 0 … 36; a mask is 0 or 1. */
const CASES: Record<string, [run: (on: Operations, ...tensors: Tensor[]) => void, ...shapes: Shape[]]> = {
  gatherRows: [
    (on, out, a, bias, classes) => on.gatherRows(out, a, classes, bias),
    [301, 130],
    [37, 130],
    [130],
    [301],
  ],
  scatterAddRows: [(on, out, a, classes) => on.scatterAddRows(out, classes, a), [37, 519], [41, 519], [41]],
  'columnSums, accumulating': [(on, out, a) => on.columnSums(out, a, { accumulate: true }), [777], [50, 777]],
  'crossEntropyForward, 7 classes': [
    (on, losses, p, logits, y) => on.crossEntropyForward(losses, p, logits, y),
    ...[[301], [301, 7], [301, 7], [301, 7]],
  ],
  'crossEntropyForward, 83 classes': [
    (on, losses, p, logits, y) => on.crossEntropyForward(losses, p, logits, y),
    ...[[301], [301, 83], [301, 83], [301, 83]],
  ],
  'crossEntropyForward of classes': [
    (on, losses, p, logits, classes) => on.crossEntropyForward(losses, p, logits, classes),
    ...[[301], [301, 83], [301, 83], [301]],
  ],
  'crossEntropyBackward of classes': [
    (on, out, p, classes) => on.crossEntropyBackward(out, p, classes, 200),
    ...[[301, 83], [301, 83], [301]],
  ],
  crossEntropyBackward: [(on, out, p, y) => on.crossEntropyBackward(out, p, y, 200), [301, 83], [301, 83], [301, 83]],
  squaredErrorForward: [
    (on, losses, outputs, targets, classes) => on.squaredErrorForward(losses, outputs, targets, classes),
    ...[[301], [301, 83], [301, 83], [301]],
  ],
  squaredErrorBackward: [
    (on, out, outputs, targets, classes) => on.squaredErrorBackward(out, outputs, targets, classes, 200),
    ...[[301, 83], [301, 83], [301, 83], [301]],
  ],
  sgd: [(on, p, v, g) => on.sgd(p, v, g, 0.1, 0.9), [301, 130], [301, 130], [301, 130]],
  multiply: [(on, out, a, b) => on.multiply(out, a, b), [301, 130], [301, 130], [301, 130]],
  'multiply, in place': [(on, out, b) => on.multiply(out, out, b), [301, 130], [301, 130]],
  add: [(on, out, a) => on.add(out, a), [301, 130], [301, 130]],
};

/** The f32 values of every tensor after the operation, on the same inputs. */
function run(on: Backend, name: string): Float32Array[] {
  const [operation, ...shapes] = CASES[name];
  const random = new Random(7);
  const classes = name.startsWith('squared') ? 2 : 37;
  const tensors = shapes.map((shape, n) => {
    const tensor = on.allocate(shape);
    const isWhole = n === shapes.length - 1 && shape.length === 1;
    fillRandom(tensor, () => (isWhole ? random.below(classes) : Math.fround(random.uniform(-2, 2))));
    on.upload(tensor);
    return tensor;
  });
  operation(on, ...tensors);
  return tensors.map((tensor) => Float32Array.from(valuesOf(tensor)));
}

describe.each(['portable', 'relaxed'])('%s build', (build) => {
  const THREADS = [1, 2, 7];
  let backends: Backend[];
  beforeAll(async () => {
    const deterministic = build === 'portable';
    backends = await Promise.all(THREADS.map((threads) => createWasmBackend({ threads, deterministic })));
    await new Promise((resolve) => setTimeout(resolve, 100)); // most helpers have started then
  });
  afterAll(() => Promise.all(backends.map((backend) => backend.dispose())));

  test.each(Object.keys(CASES))('%s: that of the reference, with the same bits on 1, 2 and 7 threads', (name) => {
    const [one, ...others] = backends.map((backend) => run(backend, name));
    run(createReferenceBackend({ dtype: 'f64' }), name).forEach((expected, n) => {
      expectClose(Float64Array.from(one[n]), Float64Array.from(expected), 1e-5);
      for (const other of others)
        expect(Buffer.compare(Buffer.from(other[n].buffer), Buffer.from(one[n].buffer))).toBe(0);
    });
  });
});
