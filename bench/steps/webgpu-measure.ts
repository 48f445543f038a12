/** Checks and times the steps of docs/webgpu-kernels.md, in Node and in pages. */
import { Allocations, withoutPitch, withPitch } from '../../kernels/webgpu/allocations.js';
import type { AdapterKind } from '../../kernels/webgpu/device.js';
import { Device } from '../../kernels/webgpu/device.js';
import { createWebGpuBackend } from '../../kernels/webgpu/index.js';
import { Memory } from '../../kernels/webgpu/memory.js';
import { Pipelines, Plan } from '../../kernels/webgpu/plan.js';
import type { Backend } from '../../src/core/backend.js';
import type { News } from './gpu-measure.js';
import type { Operands, Ready, Size, Timing } from './product-steps.js';
import { operandsOf, outcomesInTurns, readyOn, refusalOf } from './product-steps.js';
import type { KernelStep } from './webgpu-kernels.js';
import { stepsFor } from './webgpu-kernels.js';

const FULL: Timing = { warmUpMs: 500, samples: 15, sampleMs: 100, totalMs: 1500 };
const QUICK: Timing = { warmUpMs: 1, samples: 2, sampleMs: 1, totalMs: 1 };

/** The LSTM's own product, hPrev·Wh, and larger ones: a GPU needs many workgroups, and a driver on the CPU would take minutes. */
const SIZES: Record<AdapterKind, readonly Size[]> = {
  software: [
    [128, 128, 512],
    [256, 256, 256],
  ],
  gpu: [
    [128, 128, 512],
    [512, 512, 512],
    [2048, 2048, 2048],
  ],
};

/** K is no multiple of 4, and the second product needs a second workgroup along M and N. */
const QUICK_SIZES: readonly Size[] = [
  [9, 7, 5],
  [65, 18, 70],
];

/** `size`: null for those of the adapter's kind, or the quick ones. */
export async function measureWebGpu(
  size: Size | null,
  isQuick: boolean,
  report: (news: News) => unknown,
): Promise<void> {
  let backend: Backend;
  try {
    backend = await createWebGpuBackend(); // checks that it computes correctly
  } catch (error) {
    await report(refusalOf(error));
    return;
  }
  const device = await Device.open();
  try {
    await report({ executor: backend.description });
    const pipelines = new Pipelines(device);
    const steps = stepsFor(device.kind);
    for (const one of size ? [size] : isQuick ? QUICK_SIZES : SIZES[device.kind]) {
      await report({ size: one });
      const operands = operandsOf(one);
      const ready = steps.map((step) => [step.name, prepareKernel(device, pipelines, step, operands)] as const);
      const all = [...ready, [`${steps.length + 1}. the backend`, readyOn(backend, operands)] as const];
      const outcomes = await outcomesInTurns(all, operands, isQuick ? QUICK : FULL);
      for (const step of outcomes.slice(0, -1)) await report({ step });
      const comparedMs = outcomes[device.kind === 'gpu' ? 5 : 4].times?.median; // of the step that the backend runs
      await report({ step: { ...outcomes[steps.length], ...(comparedMs !== undefined && { comparedMs }) } });
    }
  } finally {
    device.close();
    await backend.dispose();
  }
}

/** All launches of one `repeat` are one submit, as those of the backend are. */
function prepareKernel(
  device: Device,
  pipelines: Pipelines,
  { launch }: KernelStep,
  { a, b, size: [M, K, N] }: Operands,
): Ready {
  const memory = new Memory(device);
  const allocations = new Allocations(memory);
  const evenK = Math.ceil(K / 4) * 4; // the rows of b beyond K are 0
  const tensors = (
    [
      [M, N],
      [M, K],
      [evenK, N],
    ] as const
  ).map((shape) => allocations.allocate(shape));
  const [out, left, right] = tensors.map((tensor) => allocations.plain('step', tensor));
  const rightRows = new Float32Array(evenK * N);
  rightRows.set(b);
  memory.write(out.address, withPitch(new Float32Array(M * N).fill(NaN), out)); // so that a missing element is noticed
  memory.write(left.address, withPitch(a, left));
  memory.write(right.address, withPitch(rightRows, right));
  const plans = new Map<number, Plan>();
  const planOf = (count: number): Plan => {
    const plan =
      plans.get(count) ?? new Plan(device, memory, pipelines, [], Array(count).fill(launch(out, left, right)));
    plans.set(count, plan);
    return plan;
  };
  return {
    async repeat(count) {
      planOf(count).run([]);
      await device.result(device.gpu.queue.onSubmittedWorkDone());
    },
    async result() {
      const values = new Float32Array(M * N);
      await memory.read(out.address, M * out.pitch, (padded) => withoutPitch(values, padded, out));
      return values;
    },
    dispose() {
      for (const plan of plans.values()) plan.dispose();
      memory.dispose();
    },
  };
}
