/** ONNX Runtime: the forward pass, in its LSTM operator. */
import type { Candidate, Prepared, StartOptions } from '../candidate.js';
import { LeftOutError, threadsText } from '../candidate.js';
import { loadRival, rivalVersion } from '../rivals.js';
import type { Arrays, ModelTask } from '../tasks.js';
import type { Protobuf } from './onnx-model.js';
import { onnxModel } from './onnx-model.js';

/** The part of onnxruntime-node that is used. */
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

export async function start({ threads }: StartOptions): Promise<Candidate> {
  const { default: onnxRuntime } = (await loadRival('onnxruntime-node')) as { default: OnnxRuntime };
  const { default: protobuf } = (await loadRival('protobufjs')) as { default: Protobuf };
  return {
    version: rivalVersion('onnxruntime-node'),
    description: `ONNX Runtime, ${threadsText(threads)}`,
    prepare: (task, inputs) => {
      if (task.kind !== 'forward') throw new LeftOutError('ONNX Runtime only infers');
      return prepare(onnxRuntime, protobuf, task, inputs, threads);
    },
  };
}

async function prepare(
  { InferenceSession, Tensor }: OnnxRuntime,
  protobuf: Protobuf,
  task: ModelTask,
  inputs: Arrays,
  threads: number,
): Promise<Prepared> {
  const model = onnxModel(protobuf, task, inputs);
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
