/** The site's network: the file that docs/learn/programs/moby-dick.mjs writes, as the model that the page's looks read. */
import { type Tensor, tensorFrom } from '../../../../src/core/tensor.js';
import { type StoredTensor, parseSafetensors } from '../../../../src/files/safetensors.js';
import { elementReader } from '../../../../src/files/stored-tensors.js';
import { completeConfig } from '../../../../src/network/config.js';
import type { TextModel } from '../../../../src/page/text/text-writer.js';

/** f32, in which the network computes. */
function tensorOf(stored: StoredTensor): Tensor {
  const { shape } = stored;
  const at = elementReader(stored);
  const size = shape.reduce((product, extent) => product * extent, 1);
  return tensorFrom(
    Float32Array.from({ length: size }, (_, n) => at?.(n) ?? NaN),
    shape,
  );
}

/** The site's own file: its bytes are trusted. */
export function modelOf(bytes: Uint8Array): TextModel {
  const { metadata, tensors } = parseSafetensors(bytes, 'moby-dick.safetensors');
  const characters = JSON.parse(metadata.get('characters') ?? '[]') as string[];
  const parameters = Object.fromEntries(Array.from(tensors, ([name, stored]) => [name, tensorOf(stored)]));
  const [hidden, outputs] = parameters.outKernel.shape;
  const sizes = { inputs: outputs, layers: [{ hidden }], outputs };
  const network = completeConfig({ ...sizes, inputKind: 'classes', reads: 'every' });
  return { network, parameters, vocabulary: { characters, hasOther: outputs > characters.length } };
}
