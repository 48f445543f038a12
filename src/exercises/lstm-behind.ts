/** The inputs behind a number of an LSTM's backward pass. */
import type { Tensor } from '../core/tensor.js';
import { copyInto, stepOf, zeros } from '../core/tensor.js';
import type { Lstm } from '../equations/lstm-tensors.js';
import { lstmStepBackward } from '../equations/lstm.js';
import type { Behind, Input } from './behind.js';
import { overSteps, row, single, unlessTooMany } from './behind.js';
import { sequenceBackward } from './given.js';
import { backend } from './tensors.js';

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
