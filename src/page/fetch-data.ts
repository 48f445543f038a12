/** Fetches MNIST and Moby-Dick, gzipped, from the page's own origin; reports the progress and verifies the checksums. */
import mnistFiles from 'virtual:mnist-files';
import textFile from 'virtual:text-file';
import { counted } from '../core/arguments.js';
import { DataError } from '../core/errors.js';
import { type Mnist, type NamedBytes, parseLabelledImages, splitMnist } from '../data/mnist.js';
import { fastSha256Of } from '../files/sha256.js';

/** What the page knows of a data file before it arrives. */
export interface DataFile {
  readonly name: string;
  /** The unpacked size. */
  readonly bytes: number;
  readonly sha256: string;
}

/** The fetch fails if no data arrives for this long. */
const TIMEOUT_MS = 20_000;

/**
 * The images. With `bypassCache`, fetches files again that the browser has cached. `progress` gets the share (0 … 1) of all
 * bytes that have arrived. Rejects with a DataError that names the file.
 */
export async function fetchMnist(folder: URL, bypassCache: boolean, progress: (share: number) => void): Promise<Mnist> {
  const { trainImages, trainLabels, testImages, testLabels } = mnistFiles;
  const wanted = [trainImages, trainLabels, testImages, testLabels];
  const [images, labels, imagesToTest, labelsToTest] = await fetchFiles(wanted, folder, bypassCache, progress);
  return splitMnist(parseLabelledImages(images, labels), parseLabelledImages(imagesToTest, labelsToTest));
}

/** The text of Moby-Dick. The arguments and the errors are those of `fetchMnist`. */
export async function fetchText(folder: URL, bypassCache: boolean, progress: (share: number) => void): Promise<string> {
  const [{ bytes }] = await fetchFiles([textFile], folder, bypassCache, progress);
  return new TextDecoder().decode(bytes);
}

/** The files, unpacked. The arguments and the errors are those of `fetchMnist`. */
async function fetchFiles(
  files: readonly DataFile[],
  folder: URL,
  bypassCache: boolean,
  progress: (share: number) => void,
): Promise<NamedBytes[]> {
  const aborter = new AbortController(); // if one file fails, the other requests are aborted
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  let arrived = 0;
  return Promise.all(
    files.map(async (file) => {
      const request = new Request(new URL(`${file.name}.gz`, folder), { cache: bypassCache ? 'reload' : 'default' });
      const bytes = await fetchFile(request, file, aborter, (count) => {
        arrived += count;
        progress(arrived / total);
      });
      return { bytes, name: file.name };
    }),
  );
}

async function fetchFile(
  request: Request,
  file: DataFile,
  aborter: AbortController,
  onBytes: (count: number) => void,
): Promise<Uint8Array> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const restartTimer = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => aborter.abort(new Error(`no data for ${TIMEOUT_MS / 1000} s`)), TIMEOUT_MS);
  };
  try {
    restartTimer();
    const response = await fetch(request, { signal: aborter.signal });
    if (!response.ok || !response.body) throw new DataError(`${file.name}.gz: the server answers ${response.status}`);
    const bytes = new Uint8Array(file.bytes);
    let length = 0;
    for await (const chunk of chunksOf(await unpackedStream(response.body))) {
      restartTimer();
      if (length + chunk.length > bytes.length)
        throw new DataError(`${file.name}: longer than ${counted(file.bytes, 'byte')}`);
      bytes.set(chunk, length);
      length += chunk.length;
      onBytes(chunk.length);
    }
    if (length < bytes.length)
      throw new DataError(`${file.name}: ends after ${length} of ${counted(file.bytes, 'byte')}`);
    if ((await fastSha256Of([bytes])) !== file.sha256)
      throw new DataError(`${file.name}: damaged (its SHA-256 differs)`);
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

/**
 * The unpacked contents. With `Content-Encoding` the browser has already unpacked them; the first bytes show whether it has.
 */
async function unpackedStream(body: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<ReadableStream<Uint8Array>> {
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

/** In place of `for await` over the stream, which not every browser has. */
async function* chunksOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield value;
  }
}
