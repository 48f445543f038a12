/**
 * Checks before every operation, the same for every backend: shapes, numbers, shared memory, and memory that has been freed. A backend
 * that computes later could only report a wrong operand after other calls.
 */
import { assertChoice, assertList, assertNumber, assertObject } from './arguments.js';
import type { Backend, Cost, Operations } from './backend.js';
import { type CellOperation, CELL_OPERATIONS, cellSizes } from './cell-operations.js';
import type { FloatArray, Shape, Tensor } from './tensor.js';
import {
  assertDense,
  assertMatrix,
  assertNotFreed,
  assertShape,
  formatShape,
  markFreed,
  placesOfShared,
  shareMemory,
} from './tensor.js';

/** What a JavaScript program may pass; `MatmulOptions` allows only one of the two. */
interface AnyMatmulOptions {
  readonly accumulate?: boolean;
  readonly bias?: Tensor | undefined;
}

/** The check of each operation, with the operation's parameters. */
const CHECKS = {
  matmul(out, a, b, { accumulate, bias }: AnyMatmulOptions = {}) {
    const what = () => `matmul: a ${formatShape(a.shape)} · b ${formatShape(b.shape)}`;
    if (accumulate && bias) {
      throw new RangeError(`${what()}: accumulate and bias ${formatShape(bias.shape)}: pass one of them, not both`);
    }
    if (a.dimension !== 2 || b.dimension !== 2) throw new RangeError(`${what()}: both must have 2 axes`);
    const [M, K] = a.shape;
    const [inner, N] = b.shape;
    if (K !== inner) throw new RangeError(`${what()}: inner ${K} ≠ ${inner}`);
    assertShape(what, 'out', out, [M, N]);
    assertApart('matmul', 'out', out, 'a', a);
    assertApart('matmul', 'out', out, 'b', b);
    if (!bias) return;
    assertShape(what, 'bias', bias, [N]);
    assertNotFreed('matmul', bias);
    assertApart('matmul', 'out', out, 'bias', bias);
  },

  columnSums(out, a) {
    assertMatrix('columnSums', 'a', a);
    assertShape('columnSums', 'out', out, [a.shape[1]]);
    assertApart('columnSums', 'out', out, 'a', a);
  },

  lstmCellForward(h, c, gates, z, cPrev, forgetBias) {
    assertMatrix('lstmCellForward', 'h', h);
    const [B, H] = h.shape;
    assertShape('lstmCellForward', 'c', c, [B, H]);
    assertShape('lstmCellForward', 'gates', gates, [B, 4 * H]);
    assertShape('lstmCellForward', 'z', z, [B, 4 * H]);
    assertShape('lstmCellForward', 'cPrev', cPrev, [B, H]);
    assertNumber('lstmCellForward: forgetBias is', forgetBias);
  },

  lstmCellBackward(dz, dc, dcPrev, dh, gates, c, cPrev) {
    assertMatrix('lstmCellBackward', 'dh', dh);
    const [B, H] = dh.shape;
    assertShape('lstmCellBackward', 'dz', dz, [B, 4 * H]);
    assertShape('lstmCellBackward', 'dc', dc, [B, H]);
    assertShape('lstmCellBackward', 'dcPrev', dcPrev, [B, H]);
    assertShape('lstmCellBackward', 'gates', gates, [B, 4 * H]);
    assertShape('lstmCellBackward', 'c', c, [B, H]);
    assertShape('lstmCellBackward', 'cPrev', cPrev, [B, H]);
  },

  crossEntropyForward(losses, probabilities, logits, labels) {
    assertMatrix('crossEntropyForward', 'logits', logits);
    const [B, C] = logits.shape;
    assertShape('crossEntropyForward', 'losses', losses, [B]);
    assertShape('crossEntropyForward', 'probabilities', probabilities, [B, C]);
    assertLabels('crossEntropyForward', labels, [B, C]);
  },

  crossEntropyBackward(dLogits, probabilities, labels, count) {
    assertMatrix('crossEntropyBackward', 'dLogits', dLogits);
    assertShape('crossEntropyBackward', 'probabilities', probabilities, dLogits.shape);
    assertLabels('crossEntropyBackward', labels, dLogits.shape);
    assertCount('crossEntropyBackward', count);
  },

  errorForward(losses, outputs, targets, mask, cost) {
    assertMatrix('errorForward', 'outputs', outputs);
    assertShape('errorForward', 'losses', losses, [outputs.shape[0]]);
    assertErrors('errorForward', outputs, targets, mask, cost);
  },

  errorBackward(dOutputs, outputs, targets, mask, count, cost) {
    assertMatrix('errorBackward', 'dOutputs', dOutputs);
    assertShape('errorBackward', 'outputs', outputs, dOutputs.shape);
    assertErrors('errorBackward', outputs, targets, mask, cost);
    assertCount('errorBackward', count);
  },

  clipByValue(gradients, limit) {
    assertGradients('clipByValue', gradients, limit);
  },

  clipByNorm(gradients, limit) {
    assertGradients('clipByNorm', gradients, limit);
  },

  adam(p, m, v, g, rate) {
    assertShape('adam', 'm', m, p.shape);
    assertShape('adam', 'v', v, p.shape);
    assertShape('adam', 'g', g, p.shape);
    assertNumber('adam: rate is', rate);
  },

  sgd(p, v, g, rate, momentum) {
    assertShape('sgd', 'v', v, p.shape);
    assertShape('sgd', 'g', g, p.shape);
    assertNumber('sgd: rate is', rate);
    assertNumber('sgd: momentum is', momentum);
  },

  embeddingForward(out, a, indices, bias) {
    assertMatrix('embeddingForward', 'out', out);
    assertMatrix('embeddingForward', 'a', a);
    const [M, N] = out.shape;
    assertShape('embeddingForward', 'a', a, [a.shape[0], N]);
    assertShape('embeddingForward', 'indices', indices, [M]);
    assertShape('embeddingForward', 'bias', bias, [N]);
    assertWhole('embeddingForward', 'indices', indices, 0, a.shape[0] - 1);
    for (const [name, input] of Object.entries({ a, indices, bias }))
      assertApart('embeddingForward', 'out', out, name, input);
  },

  embeddingBackward(out, indices, a) {
    assertMatrix('embeddingBackward', 'out', out);
    assertMatrix('embeddingBackward', 'a', a);
    const [M] = a.shape;
    assertShape('embeddingBackward', 'a', a, [M, out.shape[1]]);
    assertShape('embeddingBackward', 'indices', indices, [M]);
    assertWhole('embeddingBackward', 'indices', indices, 0, out.shape[0] - 1);
    assertApart('embeddingBackward', 'out', out, 'indices', indices);
    assertApart('embeddingBackward', 'out', out, 'a', a);
  },

  multiply(out, a, b) {
    assertShape('multiply', 'a', a, out.shape);
    assertShape('multiply', 'b', b, out.shape);
  },

  add(out, a) {
    assertShape('add', 'a', a, out.shape);
    assertApart('add', 'out', out, 'a', a);
  },

  fill(_out, value) {
    assertNumber('fill: value is', value);
  },

  copy(out, a) {
    assertShape('copy', 'a', a, out.shape);
    assertApart('copy', 'out', out, 'a', a);
  },
} satisfies Operations;

function assertCount(operation: string, count: number): void {
  assertNumber(`${operation}: count`, count);
  if (!(count > 0)) throw new RangeError(`${operation}: count ${count}: must be how many rows or numbers count, > 0`);
}

const COSTS = ['squared', 'absolute', 'huber', 'pinball'] satisfies Cost['kind'][];

function assertErrors(operation: string, outputs: Tensor, targets: Tensor, mask: Tensor, cost: Cost): void {
  assertShape(operation, 'targets', targets, outputs.shape);
  assertShape(operation, 'mask', mask, outputs.shape);
  assertObject(`${operation}: cost`, cost);
  assertChoice(`${operation}: cost`, cost.kind, COSTS);
  if (cost.kind === 'pinball') assertShape(operation, 'quantiles', cost.quantiles, [outputs.shape[1]]);
  if (cost.kind !== 'huber') return;
  assertNumber(`${operation}: delta`, cost.delta);
  if (!(cost.delta > 0 && cost.delta < Infinity)) {
    throw new RangeError(`${operation}: delta ${cost.delta}: must be a number > 0`);
  }
}

/** A limit > 0, and gradients without gaps that lie apart: numbers that belong to two of them would be scaled twice. */
function assertGradients(operation: string, gradients: readonly Tensor[], limit: number): void {
  assertList(`${operation}: gradients is`, gradients, 'tensors');
  assertNumber(`${operation}: limit is`, limit);
  if (!(limit > 0)) throw new RangeError(`${operation}: limit is ${limit}: must be a number > 0`);
  for (const gradient of gradients) {
    assertNotFreed(operation, gradient);
    assertDense(operation, gradient);
  }
  const shared = placesOfShared(gradients);
  if (!shared) return;
  const [k, n] = shared;
  assertApart(operation, `gradients[${n}]`, gradients[n], `gradients[${k}]`, gradients[k]);
}

/** Classes `[B]`, or rows `[B,C]`. */
function assertLabels(operation: string, labels: Tensor, [B, C]: Shape): void {
  if (labels.dimension === 2) {
    assertShape(operation, 'labels', labels, [B, C]);
    return;
  }
  assertShape(operation, 'labels', labels, [B]);
  assertWhole(operation, 'labels', labels, -1, C - 1);
}

/** Indices and labels come from the host, so its copy has the values that the backend uses. */
function assertWhole(operation: string, name: string, values: Tensor, least: number, most: number): void {
  for (let n = 0; n < values.shape[0]; n++) {
    const value = values.get(n);
    if (value >= least && value <= most && Number.isInteger(value)) continue;
    throw new RangeError(`${operation}: ${name}[${n}] is ${value}: must be a whole number in ${least}…${most}`);
  }
}

function assertApart(operation: string, outName: string, out: Tensor, inputName: string, input: Tensor): void {
  if (!shareMemory(out, input)) return;
  throw new RangeError(
    `${operation}: ${outName} ${formatShape(out.shape)} and ${inputName} ${formatShape(input.shape)} ` +
      `share memory: give ${outName} a tensor of its own`,
  );
}

/**
 * Makes `backend` check the operands of every operation before it runs: their shapes, and that none has been freed. After
 * `dispose` it refuses every operation; `free` and a second `dispose` then do nothing. Returns `backend`.
 */
export function withShapeChecks<B extends Backend>(backend: B): B {
  const lifetime = { isOver: false };
  const names = [
    ...(Object.keys(CHECKS) as (keyof typeof CHECKS)[]),
    ...CELL_OPERATIONS.filter((name) => backend[name] !== undefined),
  ];
  const operations = Object.fromEntries(names.map((name) => [name, checked(backend, name, lifetime)]));
  return Object.assign(backend, operations, checkedMemory(backend, lifetime));
}

type Operation = (...operands: unknown[]) => void;

/** Whether the backend has been disposed of. */
interface Lifetime {
  isOver: boolean;
}

function assertAlive(operation: string, { name }: Backend, { isOver }: Lifetime): void {
  if (isOver) throw new Error(`${operation}: the backend ${name} has been disposed of`);
}

function checked(backend: Backend, name: keyof typeof CHECKS | CellOperation, lifetime: Lifetime): Operation {
  const check: Operation = isCellOperation(name)
    ? (...operands) => cellSizes(name, operands)
    : (CHECKS[name].bind(CHECKS) as Operation);
  const run = backend[name]?.bind(backend) as Operation;
  return (...operands) => {
    assertAlive(name, backend, lifetime);
    for (const operand of operands) if (isTensor(operand)) assertNotFreed(name, operand);
    check(...operands);
    run(...operands);
  };
}

const isCellOperation = (name: string): name is CellOperation => CELL_OPERATIONS.some((one) => one === name);

/** Other operands are numbers, options, and the lists of clipping. */
const isTensor = (operand: unknown): operand is Tensor =>
  typeof operand === 'object' && operand !== null && 'data' in operand;

const MEMORY = ['allocate', 'free', 'upload', 'download', 'keepPace', 'dispose'] as const satisfies (keyof Backend)[];
type Memory = Pick<Backend, (typeof MEMORY)[number]>;

/** The memory of a backend that knows which tensors it holds, and whether it has been disposed of. */
function checkedMemory(backend: Backend, lifetime: Lifetime): Memory {
  const held = new WeakSet<FloatArray>();
  const inner = Object.fromEntries(MEMORY.map((name) => [name, backend[name].bind(backend)])) as unknown as Memory;
  return {
    allocate(shape) {
      assertAlive('allocate', backend, lifetime);
      const tensor = inner.allocate(shape);
      held.add(tensor.data);
      return tensor;
    },
    free(tensor) {
      if (!held.delete(tensor.data)) {
        const what = `free: ${formatShape(tensor.shape)}`;
        throw new RangeError(`${what} was not allocated by this backend, or has been freed before`);
      }
      if (!lifetime.isOver) inner.free(tensor);
      markFreed(tensor);
    },
    upload(tensor) {
      assertAlive('upload', backend, lifetime);
      assertNotFreed('upload', tensor);
      inner.upload(tensor);
    },
    async download(tensor) {
      assertAlive('download', backend, lifetime);
      assertNotFreed('download', tensor);
      await inner.download(tensor);
    },
    async keepPace() {
      assertAlive('keepPace', backend, lifetime);
      await inner.keepPace();
    },
    async dispose() {
      if (lifetime.isOver) return;
      lifetime.isOver = true;
      await inner.dispose();
    },
  };
}
