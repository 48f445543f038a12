/** An LSTM with random numbers, which the problems of its sequence give to an answer, what is right of it, and the inputs behind a right number. */
import { type Random, fillRandom } from '../core/rng.js';
import { type Shape, type Tensor, copyInto, stepOf, zeros } from '../core/tensor.js';
import type { RunningRows } from '../equations/lstm-step-views.js';
import { type Lstm, type LstmSizes, bindLstm, lstmGradientShapes, lstmShapes } from '../equations/lstm-tensors.js';
import { lstmForward, lstmStepBackward, lstmStepForward } from '../equations/lstm.js';
import { type Behind, type Input, overSteps, row, single, unlessTooMany } from './behind.js';
import { gateAndUnit } from './cell-problems.js';
import { sequenceBackward } from './given.js';
import { type Result, byIndex, numericResult, resultOf } from './results.js';
import { type CaseOptions, backend, scale, setSpecialNumbers, unwritten, zeroTensor } from './tensors.js';

export const stateOf: Result['meaning'] = ([row, b, n]) => `row ${row}, sequence ${b}, unit ${n}`;

/** T, B and H of an LSTM, and the numbers Iₖ of its inputs. */
export interface Sizes extends Omit<LstmSizes, 'I' | 'P'> {
  readonly inputs: readonly number[];
}

export interface LstmCase extends CaseOptions {
  /** Default: true. */
  readonly hasDx?: boolean;
  /** Default: true. */
  readonly hasDcUpstream?: boolean;
}

/** An LSTM with random parameters, inputs and initial states. Its gradients are unwritten. */
export function randomLstm(
  random: Random,
  { inputs: counts, ...others }: Sizes,
  { hasDx = true, hasDcUpstream = true, held = NaN, factor = 1, isOrdinary = false }: LstmCase,
) {
  const sizes = { ...others, I: counts.reduce((sum, count) => sum + count, 0) };
  const { T, B } = sizes;
  const draw = (tensor: Tensor): Tensor => (fillRandom(tensor, () => random.normal(0, 0.7)), tensor);
  const tensors = tensorsOf(lstmShapes(sizes), zeroTensor);
  const gradients = tensorsOf(lstmGradientShapes(sizes), (shape) => unwritten(shape, held));
  const inputs = counts.map((count) => draw(zeroTensor([T, B, count])));
  draw(tensors.kernel);
  draw(tensors.bias);
  const dhUpstream = draw(zeroTensor(tensors.h.shape));
  const dcUpstream = hasDcUpstream ? { dcUpstream: draw(zeroTensor(tensors.c.shape)) } : {};
  const dInputs = hasDx ? inputs.map(({ shape }) => unwritten(shape, held)) : [];
  const all = { ...tensors, ...gradients, dhUpstream, ...dcUpstream, inputs, dInputs };
  const lstm = bindLstm(sizes, all, { forgetBias: 0.4 });
  draw(lstm.initial.h);
  draw(lstm.initial.c);
  const outside = [dhUpstream, ...Object.values(dcUpstream)];
  for (const tensor of outside) scale(tensor, factor);
  if (!isOrdinary) setSpecialNumbers([...outside, tensors.kernel, lstm.initial.h, lstm.initial.c, ...inputs]);
  lstmForward(backend, lstm);
  return lstm;
}

const tensorsOf = <Name extends string>(shapes: Readonly<Record<Name, Shape>>, make: (shape: Shape) => Tensor) =>
  Object.fromEntries(Object.entries<Shape>(shapes).map(([name, shape]) => [name, make(shape)])) as Record<Name, Tensor>;

/** `x`, or `x[0]`, `x[1]`, … if there are several inputs. */
const byInput = (name: string, all: readonly Tensor[]): Record<string, Tensor> =>
  all.length === 1 ? { [name]: all[0] } : byIndex(name, all);

interface Gradient {
  readonly name: string;
  readonly gradient: Tensor;
  readonly of: Tensor;
  readonly meaning?: Result['meaning'];
}

/** The gradients of an LSTM's parameters and inputs by name, and what each belongs to. */
function gradientsOf(lstm: Lstm): readonly Gradient[] {
  const { H } = lstm.sizes;
  const columns =
    (row: string): Result['meaning'] =>
    ([r, k]) =>
      `${row} ${r}, ${gateAndUnit(H, k)}`;
  return [
    { name: 'dWh', gradient: lstm.dWh, of: lstm.Wh, meaning: columns('unit') },
    ...Object.entries(byInput('dWx', lstm.dWx)).map(([name, gradient], k) => ({
      ...{ name, gradient, of: lstm.Wx[k], meaning: columns('input') },
    })),
    { name: 'dBias', gradient: lstm.dBias, of: lstm.bias, meaning: ([k]) => gateAndUnit(H, k) },
    ...Object.entries(byInput('dx', lstm.dInputs)).map(([name, gradient], k) => ({
      name,
      gradient,
      of: lstm.inputs[k],
    })),
  ];
}

export const named = (lstm: Lstm): Result[] => [
  ...gradientsOf(lstm).map(({ name, gradient, meaning }) => resultOf(name, gradient, meaning)),
  resultOf('dh', lstm.dh, stateOf),
  resultOf('dc', lstm.dc, stateOf),
];

/** `loss`: from the states h and c. */
export function numeric(lstm: Lstm, loss: () => number): Result[] {
  const whole = (): number => (lstmForward(backend, lstm), loss());
  return [
    ...gradientsOf(lstm).map(({ name, of, meaning }) => numericResult(name, of, whole, meaning)),
    numericStates('dh', lstm, lstm.h, loss),
    numericStates('dc', lstm, lstm.c, loss),
  ];
}

/** (7) for h or c of every step: the loss when the later steps continue from this state. */
function numericStates(name: string, lstm: Lstm, states: Tensor, loss: () => number): Result {
  const { steps } = lstm;
  const continued = (row: number): number => {
    const before = row > 0 ? steps[row - 1].running : undefined;
    if (states === lstm.c && before) outputOfCell(before);
    for (const { running } of steps.slice(row)) if (running) lstmStepForward(backend, lstm, running);
    return loss();
  };
  const rows = Array.from({ length: steps.length + 1 }, (_, row) => {
    lstmForward(backend, lstm);
    return [...numericResult(name, stepOf(states, row), () => continued(row)).values];
  });
  return { ...resultOf(name, states, stateOf), values: Float64Array.from(rows.flat()) };
}

/** (4) of one step, from its c and gates. */
function outputOfCell({ h, c, gates }: RunningRows): void {
  const [B, H] = h.shape;
  for (let b = 0; b < B; b++) for (let n = 0; n < H; n++) h.set(b, n, gates.get(b, 3 * H + n) * Math.tanh(c.get(b, n)));
}

/** What the backward pass reads. */
export const readBackward = ({ inputs, kernel, bias, h, c, gates, dhUpstream, dcUpstream }: Lstm) => ({
  ...{ ...byInput('x', inputs), kernel, bias, h, c, gates, dhUpstream },
  ...(dcUpstream && { dcUpstream }),
});

/** What it writes. */
export const writtenBackward = ({ dh, dc, dKernel, dBias, dz, dInputs }: Lstm) => ({
  ...{ ...byInput('dx', dInputs), dh, dc, dKernel, dBias, dz },
});

/** dz of each step `[B,4H]`, after a right backward pass, which fills the LSTM's gradients. */
function dzOfSteps(lstm: Lstm): Tensor[] {
  const dz: Tensor[] = [];
  sequenceBackward(backend, lstm, (given, one, step) => {
    lstmStepBackward(given, one, step);
    const copy = zeros(step.dz.shape, 'f64');
    copyInto(copy, step.dz);
    dz.unshift(copy);
  });
  return dz;
}

/** `x[1]` and `dWx[1]` → 1; without a number: 0. */
const inputOf = (name: string): number => Number(/\[(\d+)\]/.exec(name)?.[1] ?? 0);

/** What `tensor` at `index` follows from. `beforeOf`: what element n of dx holds before; undefined for nothing. */
export function lstmBehind(
  lstm: Lstm,
  beforeOf: ((n: number) => number) | undefined,
  tensor: string,
  index: readonly number[],
): Behind | undefined {
  const { T, B } = lstm.sizes;
  const dz = dzOfSteps(lstm);
  const [kind, k] = [tensor.replace(/\[.*/, ''), inputOf(tensor)];
  const dzAt = (unit: number) => (t: number, b: number) => dz[t].get(b, unit);
  if (kind === 'dWh') {
    const [m, unit] = index;
    return overSteps(T, B, { hPrev: (t, b) => lstm.h.get(t, b, m), dz: dzAt(unit) });
  }
  if (kind === 'dWx') {
    const [m, unit] = index;
    return overSteps(T, B, { x: (t, b) => lstm.inputs[k].get(t, b, m), dz: dzAt(unit) });
  }
  if (kind === 'dBias') return overSteps(T, B, { dz: dzAt(index[0]) });
  const [t, b, n] = index;
  if (kind === 'dx') {
    const Wx = lstm.Wx.length > 1 ? `Wx[${k}]` : 'Wx';
    const before = beforeOf?.((t * B + b) * lstm.inputs[k].shape[2] + n);
    const inputs = [row('dz', dz[t], b), row(Wx, lstm.Wx[k], n)];
    return unlessTooMany(
      before === undefined ? inputs : [...single({ 'dx before': before }), ...inputs],
      `It follows from row ${b} of dz and row ${n} of ${Wx}`,
    );
  }
  if (kind === 'dh') return hiddenBehind(lstm, dz[t], t, b, n);
  return kind === 'dc' ? { inputs: cellInputs(lstm, t, b, n) } : undefined;
}

/** dh of state t: from outside, and through z of step t, which reads it. */
function hiddenBehind({ dhUpstream, Wh }: Lstm, dz: Tensor | undefined, t: number, b: number, n: number): Behind {
  const outside = single({ dhUpstream: dhUpstream.get(t, b, n) });
  if (dz === undefined) return { inputs: outside };
  const inputs = [...outside, row('dz', dz, b), row('Wh', Wh, n)];
  return unlessTooMany(inputs, `It also follows from row ${b} of dz of step ${t} and row ${n} of Wh`);
}

/** dc of state t: from outside, through c of step t, which reads it, and through h of step t-1, which has computed it. */
function cellInputs({ sizes: { T, H }, dcUpstream, ...lstm }: Lstm, t: number, b: number, n: number): Input[] {
  const gate = (step: number, number: number): number => stepOf(lstm.gates, step).get(b, number * H + n);
  return single({
    ...(dcUpstream && { dcUpstream: dcUpstream.get(t, b, n) }),
    ...(t < T && { 'dc of the next state': lstm.dc.get(t + 1, b, n), 'f of the next step': gate(t, 2) }),
    ...(t > 0 && { dh: lstm.dh.get(t, b, n), o: gate(t - 1, 3), c: lstm.c.get(t, b, n) }),
  });
}
