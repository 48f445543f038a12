/** The folder in which relative paths begin: the process's own, or another one for a single run of the command line. Node only. */
import { AsyncLocalStorage } from 'node:async_hooks';
import path from 'node:path';

const folders = new AsyncLocalStorage<string>();

/** Calls `work`. For it, and for all that it starts, relative paths begin in `folder`. */
export function inFolder<Result>(folder: string, work: () => Result): Result {
  return folders.run(folder, work);
}

/** The path with which Node finds `file`. Messages name the file as the user wrote it. */
export function placeOf(file: string): string {
  const folder = folders.getStore();
  if (folder === undefined || file === '' || path.isAbsolute(file)) return file;
  return `${folder}${path.sep}${file}`; // not path.join: it would drop a folder before "..", although that folder may be a link
}
