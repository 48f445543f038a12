/** Element-wise work: the updates (6) and (11), dropout's products (12), sums, fill and copy. A thread computes four elements. */
import { BETA1, BETA2, EPSILON } from '../../src/equations/adam.js';
import type { Place } from './allocations.js';
import { type Datum, type Kernel, type Launch, LONGEST_LIST } from './kernel.js';

const THREADS = 64;
const OF_ONE = { element: 'vec4f', threads: THREADS } as const;

/** A kernel for element `n` of the operands, which are addresses. */
const elementWise = (
  name: string,
  operands: readonly string[],
  statement: string,
  real: readonly string[] = [],
): Kernel => ({
  ...OF_ONE,
  name,
  whole: ['count', ...operands],
  real,
  body: `if (index >= p.count) { return; } let n = index; ${statement}`,
});

const MULTIPLY = elementWise('multiply', ['out', 'a', 'b'], 'memory[p.out + n] = memory[p.a + n] * memory[p.b + n];'); // (12), (12′)
const ADD = elementWise('add', ['out', 'a'], 'memory[p.out + n] += memory[p.a + n];');
const COPY = elementWise('copy', ['out', 'a'], 'memory[p.out + n] = memory[p.a + n];');
const FILL = elementWise('fill', ['out'], 'memory[p.out + n] = vec4f(p.value);', ['value']);
const SGD = elementWise(
  'sgd',
  ['p', 'v', 'g'],
  `
  let velocity = p.momentum * memory[p.v + n] + memory[p.g + n]; // (11)
  memory[p.v + n] = velocity;
  memory[p.p + n] -= p.rate * velocity;`,
  ['rate', 'momentum'],
);

/** One launch updates several parameters: two groups of four numbers of the list for each. */
const MOST_UPDATES = Math.floor(LONGEST_LIST / 2);

/** (6) `updates` tensors, each with whole workgroups of its own. */
const ADAM: Kernel = {
  ...OF_ONE,
  name: 'adam',
  whole: ['updates'],
  list: 2 * MOST_UPDATES,
  isGrouped: true,
  body: `
  var one = 0u;
  while (one + 1 < p.updates && group >= p.list[2 * one + 3].x) { one++; } // the last update that begins at this group or before
  let places = p.list[2 * one];
  let size = p.list[2 * one + 1]; // first group, count, rate
  let n = (group - size.x) * ${THREADS}u + thread;
  if (n >= size.y) { return; }
  let rate = bitcast<f32>(size.z);
  let g = memory[places.w + n];
  let mean = fma(g - memory[places.y + n], vec4f(${1 - BETA1}), memory[places.y + n]);
  let square = fma(g * g - memory[places.z + n], vec4f(${1 - BETA2}), memory[places.z + n]);
  memory[places.y + n] = mean;
  memory[places.z + n] = square;
  memory[places.x + n] -= rate * mean / (sqrt(square) + ${EPSILON});`,
};

const groupsFor = (count: number): number => Math.ceil(count / THREADS);

/** Every row of `place` follows the one before it. */
const quadsOf = ({ rows, pitch }: Place): number => rows * pitch;

function launch(kernel: Kernel, places: readonly Place[], real?: Readonly<Record<string, Datum>>): Launch {
  const count = quadsOf(places[0]);
  const [, ...operands] = kernel.whole;
  const whole = { count, ...Object.fromEntries(operands.map((name, n) => [name, places[n].address])) };
  return { kernel, whole, groups: groupsFor(count), ...(real && { real }) };
}

export const multiply = (places: readonly Place[]): Launch => launch(MULTIPLY, places);
export const add = (places: readonly Place[]): Launch => launch(ADD, places);
export const copy = (places: readonly Place[]): Launch => launch(COPY, places);
export const fill = (places: readonly Place[], value: Datum): Launch => launch(FILL, places, { value });
export const sgd = (places: readonly Place[], rate: Datum, momentum: Datum): Launch =>
  launch(SGD, places, { rate, momentum });

/** One call of `adam`: the places of p, m, v and g. */
export interface AdamUpdate {
  readonly places: readonly Place[];
  readonly rate: Datum;
}

/** As few launches as the lists allow. */
export function adam(updates: readonly AdamUpdate[]): Launch[] {
  const launches: Launch[] = [];
  for (let first = 0; first < updates.length; first += MOST_UPDATES) {
    const some = updates.slice(first, first + MOST_UPDATES);
    let groups = 0;
    const list = some.flatMap(({ places, rate }) => {
      const begin = groups;
      groups += groupsFor(quadsOf(places[0]));
      return [...places.map(({ address }) => address), begin, quadsOf(places[0]), rate, 0];
    });
    launches.push({ kernel: ADAM, whole: { updates: some.length }, list, groups });
  }
  return launches;
}
