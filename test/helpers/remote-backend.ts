/**
 * A GPU backend in a page of a real Chromium, as a backend in Node: so that one suite tests both. Calls are collected until
 * the test waits for a result; the page then makes them in one go.
 */
import type { Page } from 'playwright-core';
import type { Backend, Operations } from '../../src/core/backend.js';
import { withShapeChecks } from '../../src/core/shape-checks.js';
import { type FloatArray, type Tensor, copyInto, tensorFrom, valuesOf, zeros } from '../../src/core/tensor.js';
import { bundledPage, openSite } from './chromium.js';
import { OUTPUTS, withViews } from './backends.js';
import type { Call, PageMode, RemoteView } from './gpu-page.js';

export async function openRemoteBackend(mode: PageMode): Promise<Backend> {
  const { page, close } = await openSite(await bundledPage('gpu-page.ts'), 'globalThis.perform');
  const description = await page.evaluate<string>(`openBackend(${JSON.stringify(mode)})`);
  const calls = new Calls(page);
  const operations = Object.keys(OUTPUTS).map((method) => [
    method,
    (...operands: unknown[]) => calls.add(method as keyof Operations, operands),
  ]);
  return withShapeChecks({
    ...(Object.fromEntries(operations) as unknown as Operations),
    name: mode === 'wgsl' ? 'webgpu' : 'gpu',
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
    this.waiting.push({
      method,
      operands: operands.map((operand) => withViews(operand, (view: Tensor) => this.viewOf(view))),
      ...more,
    });
  }

  async send(): Promise<number[] | undefined> {
    const calls = this.waiting;
    this.waiting = [];
    return this.page.evaluate<number[] | undefined>(`perform(${JSON.stringify(calls)})`);
  }

  private viewOf({ data, shape, stride, offset }: Tensor): RemoteView {
    return { tensor: this.numbers.get(data)!, shape, stride, offset };
  }
}
