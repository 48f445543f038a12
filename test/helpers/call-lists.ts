/**
 * Lists of calls as a training step makes them, and lists that differ from these in one operand, one call or their order. A backend that
 * computes several calls together must notice each difference: all numbers are those of single calls.
 */
import type { Backend, Operations } from '../../src/core/backend.js';
import { fillRandom, Random } from '../../src/core/rng.js';
import { type Tensor, stepOf, transposeOf, valuesOf } from '../../src/core/tensor.js';

/** A view of a tensor of the list: a whole one, one step of it, or its transpose. */
export interface Operand {
  readonly tensor: string;
  readonly step?: number;
  readonly transposed?: boolean;
}

export interface ListedCall {
  readonly operation: keyof Operations;
  readonly operands: readonly Operand[];
  /** Numbers, or the options of an operation, after the operands. */
  readonly rest?: readonly unknown[];
  /** The operand after the others, in the options of `matmul`. */
  readonly bias?: Operand;
}

export type Shapes = Readonly<Record<string, readonly number[]>>;

/** Sizes of one list, and what its steps read. */
export interface Kind {
  readonly T: number;
  readonly B: number;
  readonly H: number;
  readonly inputs: 'numbers' | 'two' | 'classes';
  readonly isReverse: boolean;
  /** From a step to the next one in the tensors: 2 leaves every second step of them out. */
  readonly stride: number;
  /** Whether each step has a z and a dz of its own. */
  readonly keepsZ: boolean;
  /** Whether the state after a step replaces the one before it. */
  readonly isInPlace: boolean;
}

const kindOf = (random: Random): Kind => ({
  T: 2 + random.below(3),
  B: 1 + random.below(9),
  H: [4, 8, 4, 8, 4, 3][random.below(6)],
  inputs: (['numbers', 'two', 'classes'] as const)[random.below(3)],
  isReverse: random.below(3) === 0,
  stride: random.below(6) === 0 ? 2 : 1,
  keepsZ: random.below(8) === 0,
  isInPlace: random.below(8) === 0,
});

/** Several tensors of every shape, so that an operand can be exchanged for another one. x has H columns, as h has. */
export function shapesOf({ T: steps, B, H, stride }: Kind): Shapes {
  const T = steps * stride;
  const named = (names: string, shape: readonly number[]): Shapes =>
    Object.fromEntries(names.split(' ').map((name) => [name, shape]));
  return {
    ...named('x x2 dx dx2', [T, B, H]),
    ...named('h c dh dc', [T + 1, B, H]),
    ...named('Wx Wx2 Wh dWx dWx2 dWh meanOfWh squareOfWh', [H, 4 * H]),
    ...named('bias db mean square', [4 * H]),
    ...named('gates allZ allDz', [T, B, 4 * H]),
    ...named('z z2 dz', [B, 4 * H]),
    ...named('indices indices2', [T, B]),
  };
}

const at = (tensor: string, step?: number): Operand => (step === undefined ? { tensor } : { tensor, step });
const transposed = (operand: Operand): Operand => ({ ...operand, transposed: true });
export const ADD = [{ accumulate: true }] as const;
const FORGET_BIAS = 0.5;
const RATE = 0.01;

/** The states before and after a step. */
const statesOf = ({ isReverse, isInPlace, stride }: Kind, t: number): readonly [number, number] => {
  if (isInPlace) return [0, 0];
  return isReverse ? [t + stride, t] : [t, t + stride];
};

function forwardStep(kind: Kind, t: number): ListedCall[] {
  const z = kind.keepsZ ? at('allZ', t) : at('z');
  const [from, to] = statesOf(kind, t);
  const first: ListedCall =
    kind.inputs === 'classes'
      ? { operation: 'embeddingForward', operands: [z, at('Wx'), at('indices', t), at('bias')] }
      : { operation: 'matmul', operands: [z, at('x', t), at('Wx')], bias: at('bias') };
  const second: ListedCall = { operation: 'matmul', operands: [z, at('x2', t), at('Wx2')], rest: ADD };
  return [
    first,
    ...(kind.inputs === 'two' ? [second] : []),
    { operation: 'matmul', operands: [z, at('h', from), at('Wh')], rest: ADD },
    {
      operation: 'lstmCellForward',
      operands: [at('h', to), at('c', to), at('gates', t), z, at('c', from)],
      rest: [FORGET_BIAS],
    },
  ];
}

function backwardStep(kind: Kind, t: number): ListedCall[] {
  const dz = kind.keepsZ ? at('allDz', t) : at('dz');
  const [from, to] = statesOf(kind, t);
  const inputs: ListedCall[] =
    kind.inputs === 'classes'
      ? [{ operation: 'embeddingBackward', operands: [at('dWx'), at('indices', t), dz] }]
      : ['', ...(kind.inputs === 'two' ? ['2'] : [])].flatMap((k): ListedCall[] => [
          { operation: 'matmul', operands: [at(`dx${k}`, t), dz, transposed(at(`Wx${k}`))], rest: ADD },
          { operation: 'matmul', operands: [at(`dWx${k}`), transposed(at(`x${k}`, t)), dz], rest: ADD },
        ]);
  return [
    {
      operation: 'lstmCellBackward',
      operands: [dz, at('dc', to), at('dc', from), at('dh', to), at('gates', t), at('c', to), at('c', from)],
    },
    { operation: 'matmul', operands: [at('dh', from), dz, transposed(at('Wh'))], rest: ADD },
    { operation: 'matmul', operands: [at('dWh'), transposed(at('h', from)), dz], rest: ADD },
    { operation: 'columnSums', operands: [at('db'), dz], rest: ADD },
    ...inputs,
  ];
}

const UPDATES: readonly ListedCall[] = [
  ['Wh', 'meanOfWh', 'squareOfWh', 'dWh'],
  ['bias', 'mean', 'square', 'db'],
].map((names) => ({ operation: 'adam', operands: names.map((name) => at(name)), rest: [RATE] }));

/** The calls of a training step. */
export function stepCalls(kind: Kind): ListedCall[] {
  const steps = Array.from({ length: kind.T }, (_, t) => kind.stride * (kind.isReverse ? kind.T - 1 - t : t));
  return [
    ...steps.flatMap((t) => forwardStep(kind, t)),
    ...steps.reverse().flatMap((t) => backwardStep(kind, t)),
    ...UPDATES,
  ];
}

const shapeOf = (shapes: Shapes, { tensor, step, transposed: isTransposed }: Operand): readonly number[] => {
  const shape = shapes[tensor].slice(step === undefined ? 0 : 1);
  return isTransposed ? [...shape].reverse() : shape;
};

/** Every operand that `operand` can be exchanged for. */
function exchanges(shapes: Shapes, operand: Operand): Operand[] {
  const shape = shapeOf(shapes, operand).join();
  return Object.entries(shapes)
    .flatMap(([tensor, [steps, ...others]]) =>
      others.length === 2 || tensor.startsWith('indices')
        ? Array.from({ length: steps }, (_, step) => ({ tensor, step }))
        : [{ tensor }],
    )
    .map((other) => (operand.transposed ? { ...other, transposed: true } : other))
    .filter(
      (other) =>
        other.tensor.startsWith('indices') === operand.tensor.startsWith('indices') &&
        shapeOf(shapes, other).join() === shape,
    );
}

/** The calls with one operand exchanged: in one call, or wherever it is that operand of that operation. */
function withOtherOperand(random: Random, shapes: Shapes, calls: readonly ListedCall[]): ListedCall[] {
  const [n, everywhere] = [random.below(calls.length), random.below(3) === 0];
  const { operation, operands } = calls[n];
  const index = random.below(operands.length);
  const { tensor, step } = operands[index];
  const others = exchanges(shapes, operands[index]);
  const other = others[random.below(others.length)];
  return calls.map((call, k) => {
    const found = call.operation === operation ? call.operands[index] : undefined;
    const isSame = everywhere && found?.tensor === tensor && found.step === step;
    return k === n || isSame ? { ...call, operands: call.operands.map((one, m) => (m === index ? other : one)) } : call;
  });
}

/** A list that a training step could make, or one that differs from it. */
function changed(random: Random, shapes: Shapes, calls: readonly ListedCall[]): ListedCall[] {
  const n = random.below(calls.length - 1);
  switch (random.below(8)) {
    case 0:
      return [...calls.slice(0, n), ...calls.slice(n + 1)];
    case 1:
      return [...calls.slice(0, n), calls[n + 1], calls[n], ...calls.slice(n + 2)];
    case 2:
      return [...calls.slice(0, n), calls[n], ...calls.slice(n)];
    case 3: {
      const other = { ...calls[n], rest: calls[n].rest === ADD ? [] : (calls[n].rest ?? []) };
      return [...calls.slice(0, n), other, ...calls.slice(n + 1)];
    }
    default:
      return withOtherOperand(random, shapes, calls);
  }
}

/** A list of calls, and the tensors that it uses. */
export interface CallList {
  readonly name: string;
  readonly shapes: Shapes;
  readonly calls: readonly ListedCall[];
  readonly seed: number;
}

/** `changes`: how many changes a list has. */
export function callList(seed: number, changes: number): CallList {
  const random = new Random(seed);
  const kind = kindOf(random);
  const shapes = shapesOf(kind);
  let calls = stepCalls(kind);
  for (let n = 0; n < changes; n++) calls = changed(random, shapes, calls);
  return { name: `list ${seed} with ${changes} changes: ${JSON.stringify(kind)}`, shapes, calls, seed };
}

/**
 * Makes the calls `times` times, with other numbers each time, and returns all tensors after the last time. Calls that the shape checks
 * refuse are left out: they are the same on every backend.
 */
export async function valuesAfter(
  backend: Backend,
  { shapes, calls, seed }: CallList,
  times = 2,
): Promise<Float64Array[]> {
  const random = new Random(seed);
  const tensors = Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => {
      const tensor = backend.allocate(shape);
      fillRandom(tensor, () => {
        if (name.startsWith('indices')) return random.below(shapes.Wx[0]);
        const value = random.normal(0, 0.5);
        return name.startsWith('square') ? Math.abs(value) : value; // Adam has its root
      });
      backend.upload(tensor);
      return [name, tensor];
    }),
  );
  const viewOf = ({ tensor, step, transposed: isTransposed }: Operand): Tensor => {
    const view = step === undefined ? tensors[tensor] : stepOf(tensors[tensor], step);
    return isTransposed ? transposeOf(view) : view;
  };
  for (let time = 1; time <= times; time++) {
    for (const { operation, operands, rest = [], bias } of calls) {
      const numbers = rest.map((one) => (typeof one === 'number' ? one * time : one));
      const options = bias ? [{ bias: viewOf(bias) }] : numbers;
      try {
        (backend[operation] as (...given: unknown[]) => void)(...operands.map(viewOf), ...options);
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
      }
    }
    await backend.download(tensors.h);
  }
  for (const tensor of Object.values(tensors)) await backend.download(tensor);
  const values = Object.values(tensors).map(valuesOf);
  for (const tensor of Object.values(tensors)) backend.free(tensor);
  return values;
}
