/** Short runs for the export of a training to PyTorch. */
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { fromPyTorchTraining } from '../../src/export/pytorch-training.js';
import { parseSafetensors } from '../../src/files/safetensors.js';
import type { Checkpoint } from '../../src/training/checkpoint.js';
import { train } from '../../src/training/loop.js';
import type { TrainOptions } from '../../src/training/options.js';
import { IMAGES, OPTIONS } from './small-images.js';

/** A run on small images. */
export async function checkpointOf(options: Partial<TrainOptions> = {}, backend = createReferenceBackend()) {
  const saved: Checkpoint[] = [];
  await train(backend, IMAGES, { ...OPTIONS, ...options }, { onCheckpoint: (checkpoint) => saved.push(checkpoint) });
  return saved[0];
}

/** The checkpoint in a file that PyTorch would write. */
export const reread = (bytes: Uint8Array): Checkpoint => fromPyTorchTraining(parseSafetensors(bytes, 'f'), 'f');
