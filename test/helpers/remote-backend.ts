/**
 * A GPU backend in a page of a real Chromium, as a backend in Node: so that one suite tests both. Calls are collected until
 * the test waits for a result; the page then makes them in one go.
 */
import type { Page } from 'playwright-core';
import type { Mode } from '../../kernels/gpu/index.js';
import type { Backend, Operations } from '../../src/core/backend.js';
import { withShapeChecks } from '../../src/core/shape-checks.js';
import type { FloatArray, Tensor } from '../../src/core/tensor.js';
import { copyInto, tensorFrom, valuesOf, zeros } from '../../src/core/tensor.js';
import { bundledPage, openSite } from './chromium.js';
import type { Call, RemoteView } from './page-backend.js';

const OPERATIONS: (keyof Operations)[] = [
  'matmul',
  'columnSums',
  'lstmCellForward',
  'lstmCellBackward',
  'crossEntropyForward',
  'crossEntropyBackward',
  'squaredErrorForward',
  'squaredErrorBackward',
  'adam',
  'sgd',
  'gatherRows',
  'scatterAddRows',
  'multiply',
  'add',
  'fill',
  'copy',
];

export async function openRemoteBackend(mode: Mode): Promise<Backend> {
  const { page, close } = await openSite(await bundledPage('page-backend.ts'), 'globalThis.perform');
  const description = await page.evaluate<string>(`openBackend(${JSON.stringify(mode)})`);
  const calls = new Calls(page);
  const operations = OPERATIONS.map((method) => [method, (...operands: unknown[]) => calls.add(method, operands)]);
  return withShapeChecks({
    ...(Object.fromEntries(operations) as unknown as Operations),
    name: 'gpu',
    dtype: 'f32',
    description,
    allocate: (shape) => calls.allocate(shape),
    free: (tensor) => calls.add('free', [tensor]),
    upload: (tensor) => calls.add('upload', [tensor], { values: [...valuesOf(tensor)] }),
    async download(tensor) {
      calls.add('download', [tensor]);
      copyInto(tensor, tensorFrom((await calls.send())!, tensor.shape));
    },
    async keepPace() {
      calls.add('keepPace', []);
      await calls.send();
    },
    async dispose() {
      calls.add('dispose', []);
      await calls.send().finally(close);
    },
  });
}

/** The calls that the page has not made yet. */
class Calls {
  private waiting: Call[] = [];
  private readonly numbers = new Map<FloatArray, number>();

  constructor(private readonly page: Page) {}

  allocate(shape: readonly number[]): Tensor {
    const tensor = zeros(shape, 'f32');
    this.numbers.set(tensor.data, this.numbers.size);
    this.add('allocate', [[...shape]], { tensor: this.numbers.size - 1 });
    return tensor;
  }

  add(method: keyof Backend, operands: readonly unknown[], more: Pick<Call, 'tensor' | 'values'> = {}): void {
    this.waiting.push({ method, operands: operands.map((operand) => this.sendable(operand)), ...more });
  }

  async send(): Promise<number[] | undefined> {
    const calls = this.waiting;
    this.waiting = [];
    return this.page.evaluate<number[] | undefined>(`perform(${JSON.stringify(calls)})`);
  }

  private sendable(operand: unknown): unknown {
    if (typeof operand !== 'object' || operand === null || Array.isArray(operand)) return operand;
    if (!('stride' in operand)) {
      return Object.fromEntries(Object.entries(operand).map(([name, value]) => [name, this.sendable(value)]));
    }
    const { data, shape, stride, offset } = operand as Tensor;
    return { tensor: this.numbers.get(data)!, shape, stride, offset } satisfies RemoteView;
  }
}
