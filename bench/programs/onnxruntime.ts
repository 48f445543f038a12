/** ONNX Runtime: the forward pass, with its LSTM operator. */
import { tensorFrom } from '../../src/core/tensor.js';
import { toOnnx } from '../../src/export/onnx.js';
import { completeConfig } from '../../src/network/config.js';
import { networkParameterShapes } from '../../src/network/config.js';
import { modelNetwork } from '../../src/network/tutorial-network.js';
import type { SavedModel } from '../../src/training/checkpoint.js';
import { type Program, type Prepared, type StartOptions, LeftOutError, threadsText } from '../program.js';
import { type Arrays, type ModelTask, FORGET_BIAS } from '../tasks.js';
import { loadRival, rivalVersion } from './rivals.js';

/** The part of onnxruntime-node that this file uses. */
interface OnnxRuntime {
  readonly InferenceSession: {
    create(model: Uint8Array, options: { intraOpNumThreads: number; interOpNumThreads: number }): Promise<Inference>;
  };
  readonly Tensor: new (
    type: 'float32',
    data: Float32Array,
    dims: readonly number[],
  ) => { readonly data: Float32Array };
}

interface Inference {
  run(feeds: Record<string, { readonly data: Float32Array }>): Promise<Record<string, { readonly data: Float32Array }>>;
  release(): Promise<void>;
}

export async function start({ threads }: StartOptions): Promise<Program> {
  const { default: onnxRuntime } = (await loadRival('onnxruntime-node')) as { default: OnnxRuntime };
  return {
    version: rivalVersion('onnxruntime-node'),
    description: `ONNX Runtime, ${threadsText(threads)}`,
    prepare: (task, inputs) => {
      if (task.kind !== 'forward') throw new LeftOutError('ONNX Runtime computes forward passes only');
      return prepare(onnxRuntime, task, inputs, threads);
    },
  };
}

async function prepare(
  { InferenceSession, Tensor }: OnnxRuntime,
  task: ModelTask,
  inputs: Arrays,
  threads: number,
): Promise<Prepared> {
  const model = toOnnx(savedModel(task, inputs));
  const session = await InferenceSession.create(model, { intraOpNumThreads: threads, interOpNumThreads: 1 });
  const feeds = { x: new Tensor('float32', inputs.x, [task.T, task.B, task.I]) };
  return {
    run: async () => {
      await session.run(feeds);
    },
    result: async () => ({ logits: (await session.run(feeds)).logits.data }),
    dispose: () => session.release(),
  };
}

/** The task's network, as `longhand export` reads it. */
function savedModel({ T, I, H, C }: ModelTask, inputs: Arrays): SavedModel {
  const shapes = Object.entries(networkParameterShapes(modelNetwork({ I, H, C })));
  const entries = shapes.map(([name, shape]) => [name, tensorFrom(inputs[name], shape)]);
  const parameters = Object.fromEntries(entries) as SavedModel['parameters'];
  return { T, network: completeConfig(modelNetwork({ I, H, C }, FORGET_BIAS)), parameters };
}
