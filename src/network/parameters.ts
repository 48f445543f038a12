/**
 * The parameters of a network, as one list. Adam, clipping, the check for finite values, saving and the gradient check
 * are loops over such a list. The network may be this project's model or any other.
 */
import { assertList, assertObject, assertTensor } from '../core/arguments.js';
import { type Backend, assertOwn, readAll } from '../core/backend.js';
import { NonFiniteError } from '../core/errors.js';
import type { Shape, Tensor } from '../core/tensor.js';
import {
  assertHolds,
  assertShape,
  copyInto,
  findNonFinite,
  formatShape,
  indexOf,
  valuesOf,
  zeros,
} from '../core/tensor.js';

/** A tensor that training changes, and its gradient. */
export interface Parameter<Name extends string = string> {
  /** Its name in messages and files, unique in its network. */
  readonly name: Name;
  /** The tensor that training changes, `[…]` of any shape. */
  readonly value: Tensor;
  /** ∂loss/∂value, `[…]` as `value`. */
  readonly gradient: Tensor;
}

/** A tensor `[…]` of any shape for each name. */
export type NamedTensors<Name extends string = string> = Readonly<Record<Name, Tensor>>;

/** The parameters' values `[…]` by name (not copied). */
export function valuesByName<Name extends string>(parameters: readonly Parameter<Name>[]): NamedTensors<Name> {
  return Object.fromEntries(parameters.map(({ name, value }) => [name, value])) as NamedTensors<Name>;
}

/** The parameters' gradients `[…]` by name (not copied). */
export function gradientsByName<Name extends string>(parameters: readonly Parameter<Name>[]): NamedTensors<Name> {
  return Object.fromEntries(parameters.map(({ name, gradient }) => [name, gradient])) as NamedTensors<Name>;
}

/** The parameters' shapes by name. */
export function shapesByName<Name extends string>(parameters: readonly Parameter<Name>[]): Record<Name, Shape> {
  return Object.fromEntries<Shape>(parameters.map(({ name, value }) => [name, value.shape])) as Record<Name, Shape>;
}

/** Throws a TypeError unless they are a list. Throws a RangeError if a name occurs twice, or a gradient's shape is not its value's. */
export function assertParameters(operation: string, parameters: readonly Parameter[]): void {
  assertList(`${operation}:`, parameters, 'parameters, as network.parameters is');
  const names = new Set<string>();
  for (const parameter of parameters) {
    assertObject(`${operation}: parameter`, parameter);
    const { name, value, gradient } = parameter;
    if (names.has(name)) throw new RangeError(`${operation}: two parameters are named ${name}: give each its own name`);
    names.add(name);
    assertShape(operation, `gradient of ${name}`, gradient, value.shape);
  }
}

/**
 * Rejects with a NonFiniteError that names the first NaN or infinity in the values that the parameters have at this call. `step`:
 * updates made so far.
 */
export async function assertFinite(backend: Backend, parameters: readonly Parameter[], step: number): Promise<void> {
  for (const { name, value } of parameters) assertOwn(name, backend, value);
  const found: ReturnType<typeof findNonFinite>[] = [];
  const values = parameters.map(({ value }) => value);
  await readAll(backend, values, (value, n) => (found[n] = findNonFinite(value)));
  for (const [n, { name }] of parameters.entries()) {
    const wrong = found[n];
    if (wrong) throw new NonFiniteError(`${name}[${wrong.index.join(',')}]`, wrong.value, step);
  }
}

/** Copies `[…]` on the host, in the backend's precision, of the values at this call. */
export async function saveTensors<Name extends string>(
  backend: Backend,
  tensors: NamedTensors<Name>,
): Promise<NamedTensors<Name>> {
  const all = Object.values<Tensor>(tensors);
  const copies = all.map(({ shape }) => zeros(shape, backend.dtype));
  await readAll(backend, all, (tensor, n) => copyInto(copies[n], tensor));
  return Object.fromEntries(Object.keys(tensors).map((name, n) => [name, copies[n]])) as NamedTensors<Name>;
}

/**
 * Throws a TypeError if `saved` is no object of tensors. Throws a RangeError if it has no tensor of a name, one of another shape, or
 * a number that the tensors' precision cannot hold. `what` begins the message. Default: 'load'.
 */
export function assertLoadable(tensors: NamedTensors, saved: NamedTensors, what = 'load'): void {
  assertObject(`${what}: the saved tensors`, saved);
  for (const [name, { shape, dtype }] of Object.entries(tensors)) {
    if (!Object.hasOwn(saved, name)) {
      throw new RangeError(`${what}: no tensor ${name}, only ${Object.keys(saved).join(', ') || 'an empty object'}`);
    }
    assertTensor(`${what}: ${name}`, saved[name], formatShape(shape));
    assertShape(what, name, saved[name], shape);
    assertHolds(`${what}: ${name}`, saved[name], dtype === 'float32' ? 'f32' : 'f64');
  }
}

/** What is wrong with Adam’s v `[…]`: the place and the value of its first negative element, whose root would be NaN. */
export function faultInSquares(v: Tensor): string | undefined {
  const values = valuesOf(v);
  const wrong = values.findIndex((value) => value < 0);
  if (wrong < 0) return undefined;
  return `${formatShape(indexOf(wrong, v.shape))} is ${values[wrong]}: must be ≥ 0, because it is a mean of squares`;
}

/**
 * Copies `saved` into `tensors`, both `[…]`; each may be one of the other. On a GPU, `saved` has the values that were last
 * downloaded. Throws the errors of `assertLoadable`; then nothing changes.
 */
export function loadTensors<Name extends string>(
  backend: Backend,
  tensors: NamedTensors<Name>,
  saved: NamedTensors<Name>,
): void {
  assertLoadable(tensors, saved);
  for (const [name, tensor] of Object.entries<Tensor>(tensors)) assertOwn(`load: ${name}`, backend, tensor);
  const all = Object.entries(tensors) as [Name, Tensor][];
  const copies = all.map(([name, tensor]) => {
    const copy = zeros(tensor.shape, tensor.dtype === 'float32' ? 'f32' : 'f64');
    copyInto(copy, saved[name]);
    return copy;
  });
  all.forEach(([, tensor], n) => {
    copyInto(tensor, copies[n]);
    backend.upload(tensor);
  });
}
