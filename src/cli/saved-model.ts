/** Loads the network of a checkpoint onto a backend, for commands that only need its forward pass. */
import { counted } from '../core/arguments.js';
import type { Backend } from '../core/backend.js';
import { DataError } from '../core/errors.js';
import { CLASSES } from '../data/mnist.js';
import { Network } from '../network/network.js';
import { loadCheckpoint } from '../training/checkpoint-files.js';
import type { SavedModel } from '../training/checkpoint.js';
import { assertRoom } from './memory.js';

/** The network of a checkpoint, and its task. Throws a DataError unless it classifies images into MNIST's ten classes. */
export function loadClassifier(file: string): { saved: SavedModel; task: string | null } {
  const { model, training } = loadCheckpoint(file);
  const { outputs, reads, loss, inputKind } = model.network;
  if (reads !== 'last' || loss !== 'crossEntropy' || inputKind !== 'numbers') {
    throw new DataError(
      `${file}: its network does not classify images: it reads ${inputKind}, with ${loss} at ${reads} step`,
    );
  }
  if (outputs !== CLASSES) {
    throw new DataError(`${file}: its network has ${counted(outputs, 'class', 'classes')}, but MNIST has ${CLASSES}`);
  }
  return { saved: model, task: training?.task ?? null };
}

/** Throws an OutOfMemoryError if the network does not fit: a small file can ask for any number of steps. */
export function networkOn(backend: Backend, { T, network, parameters }: SavedModel, B: number): Network {
  assertRoom(network, { T, B }, { dtype: backend.dtype, advice: 'this network is too large for this computer' });
  const opened = new Network(backend, network, { T, B });
  opened.load(parameters);
  return opened;
}
