/**
 * The losses: softmax cross-entropy, (5) and (5′), and those of outputs that are numbers, (13) and (17) to (19). A thread computes a
 * row. It reads single numbers, because a row may have any number of columns: `pitch` numbers from a row to the next one.
 */
import type { Cost } from '../../src/core/backend.js';
import type { Place } from './allocations.js';
import { type Datum, type Kernel, type Launch, mathOf } from './kernel.js';

const THREADS = 64;
const ROWS = ['B', 'C', 'pitch'];
const BY_ROW = { element: 'f32', threads: THREADS } as const;
const START = 'if (index >= p.B) { return; } let b = index; let row = b * p.pitch;';

/** y of class k in row b: rows of numbers, or classes: 1 at the class, else 0. The class -1 has a row of zeros. */
const LABEL = `
fn label(b: u32, k: u32) -> f32 {
  if (p.areRows != 0) { return memory[p.labels + b * p.pitch + k]; }
  return select(0.0, 1.0, memory[p.labels + b] == f32(k));
}`;

/** With d = logits - max:  p = eᵈ / Σ eᵈ;  -Σ y*log p = Σ y*(log Σ eᵈ - d) */
const CROSS_ENTROPY_FORWARD: Kernel = {
  ...BY_ROW,
  name: 'crossEntropyForward',
  whole: [...ROWS, 'losses', 'probabilities', 'logits', 'labels', 'areRows'],
  functions: mathOf('f32') + LABEL,
  body: `
  ${START}
  var largest = memory[p.logits + row];
  for (var k = 1u; k < p.C; k++) { largest = max(largest, memory[p.logits + row + k]); }
  var sum = 0.0;
  for (var k = 0u; k < p.C; k++) {
    let power = exp_(memory[p.logits + row + k] - largest);
    memory[p.probabilities + row + k] = power;
    sum += power;
  }
  let logSum = log(sum);
  var loss = 0.0;
  for (var k = 0u; k < p.C; k++) { // (5)
    loss += label(b, k) * (logSum - (memory[p.logits + row + k] - largest));
    memory[p.probabilities + row + k] /= sum;
  }
  memory[p.losses + b] = loss;`,
};

const CROSS_ENTROPY_BACKWARD: Kernel = {
  ...BY_ROW,
  name: 'crossEntropyBackward',
  whole: [...ROWS, 'dLogits', 'probabilities', 'labels', 'areRows'],
  real: ['count'],
  functions: LABEL,
  body: `
  ${START}
  var sum = 0.0;
  for (var k = 0u; k < p.C; k++) { sum += label(b, k); }
  for (var k = 0u; k < p.C; k++) { // (5′)
    memory[p.dLogits + row + k] = (memory[p.probabilities + row + k] * sum - label(b, k)) / p.count;
  }`,
};

/** What an error r costs, and the derivative of its cost. */
const COSTS = {
  squared: { cost: 'r * r', derivative: '2.0 * r' }, // (13), (13′)
  absolute: { cost: 'abs(r)', derivative: 'sign(r)' }, // (17), (17′)
  huber: {
    cost: 'select(p.delta * (abs(r) - p.delta / 2.0), r * r / 2.0, abs(r) <= p.delta)', // (18)
    derivative: 'clamp(r, -p.delta, p.delta)', // (18′)
  },
  pinball: {
    cost: 'select((1.0 - q) * r, -q * r, r < 0.0)', // (19)
    derivative: 'select(select(0.0, 1.0 - q, r > 0.0), -q, r < 0.0)', // (19′)
  },
} as const satisfies Record<Cost['kind'], { cost: string; derivative: string }>;

export type CostKind = Cost['kind'];

/** The error r of column k, and for (19) the quantile q of the column. */
const ERROR = (cost: CostKind): string => `
  let r = memory[p.outputs + row + k] - memory[p.targets + row + k];
  ${cost === 'pinball' ? 'let q = memory[p.quantiles + k];' : ''}`;

const operandsOf = (cost: CostKind): string[] => [
  ...['outputs', 'targets', 'mask'],
  ...(cost === 'pinball' ? ['quantiles'] : []),
];
const deltaOf = (cost: CostKind): string[] => (cost === 'huber' ? ['delta'] : []);

const errorForwardOf = (cost: CostKind): Kernel => ({
  ...BY_ROW,
  name: `${cost} error forward`,
  whole: [...ROWS, 'losses', ...operandsOf(cost)],
  real: deltaOf(cost),
  body: `
  ${START}
  var sum = 0.0;
  for (var k = 0u; k < p.C; k++) {
    ${ERROR(cost)}
    sum += memory[p.mask + row + k] * (${COSTS[cost].cost});
  }
  memory[p.losses + b] = sum;`,
});

const errorBackwardOf = (cost: CostKind): Kernel => ({
  ...BY_ROW,
  name: `${cost} error backward`,
  whole: [...ROWS, 'dOutputs', ...operandsOf(cost)],
  real: [...deltaOf(cost), 'count'],
  body: `
  ${START}
  for (var k = 0u; k < p.C; k++) {
    ${ERROR(cost)}
    memory[p.dOutputs + row + k] = memory[p.mask + row + k] * (${COSTS[cost].derivative}) / p.count;
  }`,
});

const kernelsOf = (make: (cost: CostKind) => Kernel): Record<CostKind, Kernel> =>
  Object.fromEntries((Object.keys(COSTS) as CostKind[]).map((cost) => [cost, make(cost)])) as Record<CostKind, Kernel>;
const ERROR_FORWARD = kernelsOf(errorForwardOf);
const ERROR_BACKWARD = kernelsOf(errorBackwardOf);

/** Addresses in single numbers, by name. */
const addresses = (places: Readonly<Record<string, Place>>): Record<string, number> =>
  Object.fromEntries(Object.entries(places).map(([name, { address }]) => [name, 4 * address]));

const rowsOf = ({ rows, columns, pitch }: Place) => ({ B: rows, C: columns, pitch: 4 * pitch });

const byRow = (kernel: Kernel, whole: Record<string, number>, real: Readonly<Record<string, Datum>> = {}): Launch => ({
  kernel,
  whole,
  real,
  groups: Math.ceil(whole.B / THREADS),
});

/** `labels`: rows, or the classes `[B]` as the first of their numbers. */
export type Labels = Place | number;

const labelsOf = (labels: Labels) =>
  typeof labels === 'number' ? { labels, areRows: 0 } : { labels: 4 * labels.address, areRows: 1 };

export function crossEntropyForward(losses: Place, probabilities: Place, logits: Place, labels: Labels): Launch {
  const places = addresses({ losses, probabilities, logits });
  return byRow(CROSS_ENTROPY_FORWARD, { ...rowsOf(logits), ...places, ...labelsOf(labels) });
}

export function crossEntropyBackward(dLogits: Place, probabilities: Place, labels: Labels, count: Datum): Launch {
  const whole = { ...rowsOf(dLogits), ...addresses({ dLogits, probabilities }), ...labelsOf(labels) };
  return byRow(CROSS_ENTROPY_BACKWARD, whole, { count });
}

/** `operands`: outputs, targets and mask, and for (19) the quantiles; `real`: delta of (18). */
export function errorForward(
  cost: CostKind,
  losses: Place,
  operands: readonly Place[],
  real: Readonly<Record<string, Datum>>,
): Launch {
  const places = Object.fromEntries(operandsOf(cost).map((name, n) => [name, operands[n]]));
  return byRow(ERROR_FORWARD[cost], { ...rowsOf(operands[0]), ...addresses({ losses, ...places }) }, real);
}

/** `real`: the count, and delta of (18). */
export function errorBackward(
  cost: CostKind,
  dOutputs: Place,
  operands: readonly Place[],
  real: Readonly<Record<string, Datum>>,
): Launch {
  const places = Object.fromEntries(operandsOf(cost).map((name, n) => [name, operands[n]]));
  return byRow(ERROR_BACKWARD[cost], { ...rowsOf(dOutputs), ...addresses({ dOutputs, ...places }) }, real);
}
