/** Short runs of `longhand train` on small images of MNIST's files, for tests of the command line. */
import { mnistFiles } from './small-data.js';
import { directoryOf } from './temporary-directories.js';

/** A folder with MNIST's four files: 5,600 training images, so 600 without the validation set, and 200 test images. */
export const DATA = directoryOf(mnistFiles(5600, 200));
export const FROM = ['train', '--data', DATA];
export const SMALL = [...FROM, '--hidden', '8', '--batch-size', '16'];
/** 31 steps. */
export const RUN = [...SMALL, '--training-iters', '500', '--threads', '1'];
/** A run that does not end during the test. */
export const endless = (run: readonly string[]) => [...run, '--training-iters', '4000000000', '--display-step', '1'];

/** What stops a run, and its exit code then. */
export const SIGNALS = [
  ['SIGHUP', 129],
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const;
