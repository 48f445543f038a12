/** Reads the test images with a saved network, and goes back along the open paths: docs/learn/why-57.md. */
import {
  forgetGates,
  inputGradients,
  normsOf,
  type Open,
  withCandidateOf,
} from '../../../learn/programs/path-switches.mjs';
import { readImages } from '../../../learn/programs/saved-networks.mjs';

/** What the page asks. Files are absolute addresses. */
export interface Asked {
  readonly open: Open;
  /** The network's weights. */
  readonly weights: string;
  /** Those of the network whose block of j goes into Wh in the backward pass; none if it stays. */
  readonly early: string | undefined;
  /** The labels of the images, then their pixels. */
  readonly images: string;
  /** The index of the image whose dx is asked for. */
  readonly image: number;
}

/** What it learns. */
export interface Found {
  /** `[T]`: ‖dc‖ after each row, divided by that after the last row. The mean over the images. */
  readonly norms: readonly number[];
  readonly f: ReturnType<typeof forgetGates>;
  /** T rows of I numbers: the gradient of the image's own loss with respect to its pixels. */
  readonly dx: readonly Float64Array[];
  /** Of the image, from 0 to 255. */
  readonly pixels: Uint8Array;
}

/** T = I. */
const SIDE = 28;
const ROWS = Array.from({ length: SIDE }, (_, t) => t + 1);

/** A promise for each address, which is forgotten if it fails: then the next question tries again. */
function kept<Value>(make: (address: string) => Promise<Value>): (address: string) => Promise<Value> {
  const all = new Map<string, Promise<Value>>();
  return (address) => {
    const one = all.get(address) ?? make(address);
    all.set(address, one);
    one.catch(() => all.delete(address));
    return one;
  };
}

async function load(address: string): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${new URL(address).pathname}: the server answers ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

const imagesAt = kept(async (address) => {
  const bytes = await load(address);
  const count = bytes.length / (1 + SIDE * SIDE);
  return { rows: SIDE, columns: SIDE, labels: bytes.subarray(0, count), pixels: bytes.subarray(count) };
});

/** Both passes of the network with these weights; the key is its address, and that of the images. */
const networkAt = kept(async (key) => {
  const [weights, images] = key.split(' ');
  return readImages(new Float32Array((await load(weights)).buffer), await imagesAt(images));
});

async function answer({ open, weights, early, images, image }: Asked): Promise<Found> {
  const own = await networkAt(`${weights} ${images}`);
  const sequences = early === undefined ? own : withCandidateOf(await networkAt(`${early} ${images}`), own);
  const { pixels } = await imagesAt(images);
  const B = sequences.length; // the network's loss is the mean of B losses
  return {
    norms: normsOf(open, sequences, ROWS),
    f: forgetGates(own),
    dx: inputGradients(open, sequences[image]).map((row) => row.map((value) => value * B)),
    pixels: pixels.slice(image * SIDE * SIDE, (image + 1) * SIDE * SIDE),
  };
}

globalThis.onmessage = ({ data }: MessageEvent<Asked>): void => {
  answer(data).then(
    (found) => globalThis.postMessage(found),
    (error: unknown) => globalThis.postMessage(String(error)),
  );
};
