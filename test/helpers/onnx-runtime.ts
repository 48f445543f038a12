/** ONNX Runtime for the web, which needs no native binary, computes the expected outputs. */
import * as ort from 'onnxruntime-web';

/** `x`: numbers, or class indices. The results are `[B,C]`, or `[T,B,C]`; without a softmax there are no probabilities. */
export async function inOnnxRuntime(
  model: Uint8Array,
  x: Float32Array | BigInt64Array,
  shape: readonly number[],
): Promise<{ logits: Float32Array; probabilities: Float32Array | undefined }> {
  const session = await ort.InferenceSession.create(model, { executionProviders: ['wasm'] });
  const input = x instanceof Float32Array ? new ort.Tensor('float32', x, shape) : new ort.Tensor('int64', x, shape);
  const results: Partial<Record<string, ort.Tensor>> = await session.run({ x: input });
  await session.release();
  const { logits, probabilities } = results;
  return { logits: logits?.data as Float32Array, probabilities: probabilities?.data as Float32Array | undefined };
}
