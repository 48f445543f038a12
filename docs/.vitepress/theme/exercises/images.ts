/** The images that an answer trains on: the first of MNIST's training file. */
import type { LabelledImages } from '../../../../src/data/mnist.js';
import { assertImages } from '../../../../src/data/mnist.js';

/** The steps × the batch of src/exercises/train.ts. */
export const IMAGE_COUNT = 960;
const SIDE = 28;

/** Throws an Error whose message is for the reader. */
export async function fetchImages(address: string): Promise<LabelledImages> {
  try {
    const response = await fetch(address);
    if (!response.ok) throw new Error(`the server answers ${response.status}`);
    const images = imagesOf(await unpacked(new Uint8Array(await response.arrayBuffer())));
    assertImages('images', images);
    return images;
  } catch (error) {
    throw new Error(`The images could not be loaded: ${(error as Error).message}.`, { cause: error });
  }
}

/** The labels come first, then the pixels. docs/.vitepress/exercise-images.ts writes them. */
const imagesOf = (bytes: Uint8Array): LabelledImages => ({
  count: IMAGE_COUNT,
  rows: SIDE,
  columns: SIDE,
  labels: bytes.subarray(0, IMAGE_COUNT),
  pixels: bytes.subarray(IMAGE_COUNT),
});

/** Some hosts send a gzip file with `Content-Encoding`: the browser has then unpacked it. */
async function unpacked(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
  if (!isGzip) return bytes;
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
