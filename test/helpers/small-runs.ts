/** Short runs of `longhand train` on small images of MNIST's files, for tests of the command line. */
import path from 'node:path';
import { mnistFiles } from './idx-files.js';
import { temporaryDirectories } from './temporary-directories.js';

const { directoryOf, remove } = temporaryDirectories();
export { directoryOf };
afterAll(remove);

/** A folder with MNIST's four files: 5,600 training images, 200 test images. */
export const DATA = directoryOf(mnistFiles(5600, 200));
export const FROM = ['train', '--data', DATA];
/** 31 steps. */
export const RUN = [...FROM, '--hidden', '8', '--batch-size', '16', '--training-iters', '500', '--threads', '1'];
/** A run to interrupt. */
export const ENDLESS = [...RUN, '--training-iters', '4000000000', '--display-step', '1'];

export const inNewFolder = (name = 'run.safetensors'): string => path.join(directoryOf({}), name);
