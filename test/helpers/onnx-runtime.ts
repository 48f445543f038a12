/** ONNX Runtime for the web, which needs no native binary, computes the expected outputs. */
import * as ort from 'onnxruntime-web';

export async function inOnnxRuntime(
  model: Uint8Array,
  x: Float32Array,
  shape: readonly number[],
): Promise<{ logits: Float32Array; probabilities: Float32Array }> {
  const session = await ort.InferenceSession.create(model, { executionProviders: ['wasm'] });
  const { logits, probabilities } = await session.run({ x: new ort.Tensor('float32', x, shape) });
  await session.release();
  return { logits: logits.data as Float32Array, probabilities: probabilities.data as Float32Array };
}
