/** MNIST from the page's own origin, gzipped, with a look at the progress and at the checksums. */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import files from 'virtual:data';
import type { Mnist } from '../data/mnist.js';
import { parseLabelledImages, splitMnist } from '../data/mnist.js';
import { DataError } from '../errors.js';

export interface DataFile {
  readonly name: string;
  /** Unpacked. */
  readonly bytes: number;
  readonly sha256: string;
}

/** A server that has gone silent for so long does not answer any more. */
const PATIENCE_MS = 20_000;

/**
 * `isAgain`: past what the browser has kept. `progress`: the share of all bytes that has arrived. Rejects with a
 * DataError that names the file.
 */
export async function loadMnist(folder: URL, isAgain: boolean, progress: (share: number) => void): Promise<Mnist> {
  const aborter = new AbortController(); // where one file fails, the others need not come either
  const total = Object.values(files).reduce((sum, { bytes }) => sum + bytes, 0);
  let arrived = 0;
  const load = async (file: DataFile) => {
    const request = new Request(new URL(`${file.name}.gz`, folder), { cache: isAgain ? 'reload' : 'default' });
    const bytes = await unpackedFile(request, file, aborter, (count) => {
      arrived += count;
      progress(arrived / total);
    });
    return { bytes, name: file.name };
  };
  const [trainImages, trainLabels, testImages, testLabels] = await Promise.all([
    load(files.trainImages),
    load(files.trainLabels),
    load(files.testImages),
    load(files.testLabels),
  ]);
  return splitMnist(parseLabelledImages(trainImages, trainLabels), parseLabelledImages(testImages, testLabels));
}

async function unpackedFile(
  request: Request,
  file: DataFile,
  aborter: AbortController,
  onBytes: (count: number) => void,
): Promise<Uint8Array> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const alive = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => aborter.abort(new Error(`nothing has come for ${PATIENCE_MS / 1000} s`)), PATIENCE_MS);
  };
  try {
    alive();
    const response = await fetch(request, { signal: aborter.signal });
    if (!response.ok || !response.body) throw new DataError(`${file.name}.gz: the server answers ${response.status}`);
    const bytes = new Uint8Array(file.bytes);
    let length = 0;
    for await (const chunk of chunksOf(await unpacking(response.body))) {
      alive();
      if (length + chunk.length > bytes.length) throw new DataError(`${file.name}: longer than ${file.bytes} bytes`);
      bytes.set(chunk, length);
      length += chunk.length;
      onBytes(chunk.length);
    }
    if (length < bytes.length) throw new DataError(`${file.name}: ends after ${length} of ${file.bytes} bytes`);
    if (bytesToHex(sha256(bytes)) !== file.sha256)
      throw new DataError(`${file.name}: damaged: its checksum is another`);
    return bytes;
  } catch (error) {
    aborter.abort();
    if (error instanceof DataError) throw error;
    throw new DataError(
      `${file.name}.gz: cannot be loaded (${error instanceof Error ? error.message : String(error)})`,
    );
  } finally {
    clearTimeout(timer);
  }
}

/** Some servers send a .gz file as what it unpacks to (Content-Encoding), some as it is: its first bytes tell. */
async function unpacking(body: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<ReadableStream<Uint8Array>> {
  const reader = body.getReader();
  const { value: first } = await reader.read();
  const whole = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start(controller) {
      if (first) controller.enqueue(first);
    },
    async pull(controller) {
      const { done, value } = await reader.read();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: (reason) => reader.cancel(reason),
  });
  const isGzip = first?.[0] === 0x1f && first[1] === 0x8b;
  return isGzip ? whole.pipeThrough(new DecompressionStream('gzip')) : whole;
}

/** Not every browser iterates streams. */
async function* chunksOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield value;
  }
}
