/** The whole network at the tutorial's sizes: one training step (forward, backward, Adam), or the forward pass alone. */
import type { ModelSizes } from '../../src/network/model.js';
import type { ModelTask } from '../tasks.js';
import type { Case, Suite, SuiteOptions } from './suite.js';
import { extentsOf } from './suite.js';

export const TUTORIAL_SIZES: ModelSizes = { T: 28, B: 128, I: 28, H: 128, C: 10 };
const QUICK_SIZES: ModelSizes = { T: 4, B: 8, I: 6, H: 16, C: 5 };

export function modelCase(kind: ModelTask['kind'], sizes: ModelSizes): Case {
  const { T, B, I, H, C } = sizes;
  return { name: `T ${T} B ${B} I ${I} H ${H} C ${C}`, task: { kind, T, B, I, H, C } };
}

function casesOf(kind: ModelTask['kind'], { isQuick, sizes }: SuiteOptions): Case[] {
  if (sizes.length === 0) return [modelCase(kind, isQuick ? QUICK_SIZES : TUTORIAL_SIZES)];
  return sizes.map((size) => {
    const [T, B, I, H, C] = extentsOf(size, ['T', 'B', 'I', 'H', 'C']);
    return modelCase(kind, { T, B, I, H, C });
  });
}

export const forward: Suite = {
  name: 'forward',
  title: 'The forward pass: the LSTM over all steps, and the logits',
  usesNewProcesses: true,
  cases: (options) => casesOf('forward', options),
};

export const step: Suite = {
  name: 'step',
  title: 'One training step: forward, backward and Adam',
  usesNewProcesses: true,
  cases: (options) => casesOf('step', options),
};
