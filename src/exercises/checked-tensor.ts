/** Tensors for answers: their `get` and `set` throw where a tensor's own would read or write other memory, or no number at all. */
import { type Tensor, formatShape } from '../core/tensor.js';

/** ndarray's prototypes, and the engine's, stay as they are: for each of them, one that inherits from it. */
const prototypes = new Map<object, object>();

/** Marks a prototype that this file has made. */
const CHECKED = Symbol('checked');

/**
 * The same view, which now throws a TypeError if an index is forgotten, and a RangeError for an element that it does not have. Views
 * of it do so too.
 */
export function checkedTensor(view: Tensor): Tensor {
  const plain = Object.getPrototypeOf(view) as Tensor;
  if (Object.hasOwn(plain, CHECKED)) return view;
  let prototype = prototypes.get(plain);
  if (!prototype) prototypes.set(plain, (prototype = Object.create(plain, checkedMethods(plain)) as object));
  return Object.setPrototypeOf(view, prototype) as Tensor;
}

function checkedMethods(plain: Tensor): PropertyDescriptorMap {
  const viewsBy = (name: 'pick' | 'hi' | 'lo' | 'step' | 'transpose') => ({
    value(this: Tensor, ...given: number[]): Tensor {
      if (name === 'pick' || name === 'lo' || name === 'hi') assertWithin(this, name, given);
      return checkedTensor(plain[name].apply(this, given));
    },
  });
  const views = (['pick', 'hi', 'lo', 'step', 'transpose'] as const).map((name) => [name, viewsBy(name)] as const);
  const first = Array.from({ length: FIRST }, (_, n) => [n, inBrackets(n, plain.dimension)] as const);
  return {
    ...Object.fromEntries<PropertyDescriptor>([...views, ...first]),
    ...(plain.dimension === 2 ? ofMatrix : ofOthers),
    [CHECKED]: { value: true },
  };
}

const isIndex = (index: number, extent: number): boolean => index >= 0 && index < extent && Number.isInteger(index);

/** Most tensors have two axes, and rest parameters are slow. */
const ofMatrix: PropertyDescriptorMap = {
  get: {
    value(this: Tensor, b: number, n: number): number {
      assertCount(this, 'get', arguments.length);
      return this.data[positionInMatrix(this, 'get', b, n)];
    },
  },
  set: {
    value(this: Tensor, b: number, n: number, value: number): number {
      assertCount(this, 'set', arguments.length);
      return (this.data[positionInMatrix(this, 'set', b, n)] = value);
    },
  },
};

function positionInMatrix(matrix: Tensor, call: Call, b: number, n: number): number {
  const { shape, stride, offset } = matrix;
  const isPlain = isIndex(b, shape[0]) && isIndex(n, shape[1]);
  return isPlain ? offset + stride[0] * b + stride[1] * n : positionIn(matrix, call, [b, n]);
}

const ofOthers: PropertyDescriptorMap = {
  get: {
    value(this: Tensor, ...index: number[]): number {
      assertCount(this, 'get', index.length);
      return this.data[positionIn(this, 'get', index)];
    },
  },
  set: {
    value(this: Tensor, ...given: number[]): number {
      assertCount(this, 'set', given.length);
      const { dimension } = this;
      return (this.data[positionIn(this, 'set', given.slice(0, dimension))] = given[dimension]);
    },
  },
};

type Call = 'get' | 'set';

/**
 * Where the element is in the array. An index beyond the end of its row is allowed if the tensor has a number there: then `a.get(0, n)`
 * counts through all rows of `a`.
 */
function positionIn({ shape, stride, offset }: Tensor, call: Call, index: readonly number[]): number {
  let [position, least, most] = [offset, offset, offset];
  for (let axis = 0; axis < shape.length; axis++) {
    position += stride[axis] * index[axis];
    const reach = stride[axis] * (shape[axis] - 1);
    if (reach < 0) least += reach;
    else most += reach;
  }
  if (Number.isInteger(position) && position >= least && position <= most) return position;
  const given = [...index.map(String), ...(call === 'set' ? ['…'] : [])].join(', ');
  throw new RangeError(`tensor: ${call}(${given}): there is no such element in ${formatShape(shape)}`);
}

/** Throws a RangeError for a view beyond the tensor: ndarray makes one of other memory, and ignores a negative index. null leaves an axis. */
function assertWithin(
  { shape }: Tensor,
  call: 'pick' | 'lo' | 'hi',
  given: readonly (number | null | undefined)[],
): void {
  const isWithin = (index: number | null | undefined, axis: number): boolean =>
    (index ?? undefined) === undefined || isIndex(Number(index), shape[axis] + (call === 'pick' ? 0 : 1));
  if (given.length <= shape.length && given.every(isWithin)) return;
  throw new RangeError(
    `tensor: ${call}(${given.map(String).join(', ')}): there is no such part of ${formatShape(shape)}`,
  );
}

/** Throws a TypeError in the words of the engine's own `set`. */
function assertCount({ shape }: Tensor, call: Call, given: number): void {
  if (given === shape.length + (call === 'set' ? 1 : 0)) return;
  const axes = shape.length === 1 ? '1 axis' : `${shape.length} axes`;
  const parameters = [...shape.map(() => 'index'), ...(call === 'set' ? ['number'] : [])].join(', ');
  throw new TypeError(
    `tensor: ${call}(${parameters}) of ${formatShape(shape)}, which has ${axes}, was called with ${given} of these`,
  );
}

/** The first indices in brackets are enough: a loop begins with one of them. */
const FIRST = 64;

/** `dz[b, n]` and `dz[b][n]` would read undefined, so that a result is NaN. JavaScript reads only the n of the first. */
function inBrackets(n: number, dimension: number): PropertyDescriptor {
  const index = ['t', 'b', 'n'].slice(3 - dimension);
  const refuse = (): never => {
    throw new TypeError(
      `tensor: [${n}] is none of its numbers: get(${index.join(', ')}) reads one, set(${[...index, 'value'].join(', ')}) writes one`,
    );
  };
  return { get: refuse, set: refuse };
}
