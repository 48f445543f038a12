/** Loads the network of a checkpoint onto a backend, for commands that only need its forward pass. */
import type { Backend } from '../backend.js';
import { CLASSES } from '../data/mnist.js';
import { DataError } from '../errors.js';
import { Model } from '../model.js';
import type { SavedModel } from '../training/checkpoint.js';
import { loadCheckpoint } from '../training/checkpoint-files.js';
import { assertRoom } from './memory.js';

/** The network of a checkpoint. Throws a DataError unless it has MNIST's ten classes. */
export function loadClassifier(file: string): SavedModel {
  const { model } = loadCheckpoint(file);
  if (model.sizes.C !== CLASSES)
    throw new DataError(`${file}: its network has ${model.sizes.C} classes, but MNIST has ${CLASSES}`);
  return model;
}

/** Throws an OutOfMemoryError if the model does not fit: a small file can ask for any number of steps. */
export function modelOn(backend: Backend, { sizes, forgetBias, parameters }: SavedModel, B: number): Model {
  assertRoom({ ...sizes, B }, backend.dtype, 'this network is too large for this computer');
  const model = new Model(backend, { ...sizes, B }, { forgetBias });
  model.load(parameters);
  return model;
}
