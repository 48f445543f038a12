/** A network from a file, on a machine, for commands that only ask it. */
import type { Backend } from '../backend.js';
import { CLASSES } from '../data/mnist.js';
import { DataError } from '../errors.js';
import { Model } from '../model.js';
import type { SavedModel } from '../training/checkpoint.js';
import { loadCheckpoint } from '../training/checkpoint-files.js';
import { assertRoom } from './memory.js';

/** A network that knows MNIST's classes. Throws a DataError. */
export function loadClassifier(file: string): SavedModel {
  const { model } = loadCheckpoint(file);
  if (model.sizes.C !== CLASSES) throw new DataError(`${file}: ${model.sizes.C} classes, MNIST has ${CLASSES}`);
  return model;
}

/** Throws an OutOfMemoryError if there is no room for it: a small file can ask for any number of steps. */
export function modelOn(backend: Backend, { sizes, forgetBias, parameters }: SavedModel, B: number): Model {
  assertRoom({ ...sizes, B }, backend.dtype, 'this network is too large for this machine');
  const model = new Model(backend, { ...sizes, B }, { forgetBias });
  model.load(parameters);
  return model;
}
