/**
 * The backward pass of a run of steps. dz of all steps is kept, so that dWx, dWh and db are one product or one sum over the steps each. A
 * step is one launch: dh += dz·Whᵀ of the step before it, and the cell. Every sum has the order of the calls, and so the same bits.
 */
import type { Place } from './allocations.js';
import type { ListedCall } from './calls.js';
import {
  areApart,
  areOtherTensors,
  isAlike,
  isApartBy,
  isSamePlace,
  isTight,
  joined,
  overlap,
  strideOf,
} from './calls.js';
import { cellBackward, stepBackward } from './cell.js';
import type { AdapterKind } from './device.js';
import type { Merged } from './forward-run.js';
import type { Launch } from './kernel.js';
import { matmul } from './matmul.js';
import { copy } from './pointwise.js';
import { columnSums, embeddingBackward } from './rows.js';

/** The most bytes of memory for dz of all steps; longer sequences are several runs. */
const MOST_QUADS = 2 ** 25 / 16;

/** Memory for numbers that only one list of launches uses, at a fixed address; undefined if there is none left. */
export type Scratch = (quads: number) => number | undefined;

/** What a call after the cell does with dz. */
type Role = 'dhPrev' | 'dx' | 'weights' | 'bias' | 'rows';

interface Step {
  readonly cell: ListedCall;
  readonly others: readonly ListedCall[];
  readonly roles: readonly Role[];
}

/** The operand that differs from step to step, and so has a stride: dx, the state or the input, the indices. */
const OPERAND: Readonly<Record<Role, number>> = { dhPrev: 0, dx: 0, weights: 1, bias: 1, rows: 1 };

function roleOf(call: ListedCall | undefined, dz: Place, dh: Place): Role | undefined {
  if (!call) return;
  const { operation, option, places } = call;
  const isDz = (index: number): boolean => isSamePlace(places[index], dz);
  if (operation === 'embeddingBackward' && isDz(2)) return 'rows';
  if (option !== 'accumulate') return;
  if (operation === 'columnSums' && isDz(1)) return 'bias';
  if (operation !== 'matmul') return;
  if (isDz(2) && places[1].transposed) return 'weights';
  if (!isDz(1)) return;
  return isAlike(places[0], dh) && places[2].transposed ? 'dhPrev' : 'dx';
}

function stepAt(calls: readonly ListedCall[], n: number): Step | undefined {
  const cell = calls[n];
  if (cell.operation !== 'lstmCellBackward') return;
  const [dz, dc, dcPrev, dh, gates, c, cPrev] = cell.places;
  const roles: Role[] = [];
  for (let role; (role = roleOf(calls.at(n + 1 + roles.length), dz, dh));) roles.push(role);
  const others = calls.slice(n + 1, n + 1 + roles.length);
  const isLaunchable =
    dh.columns % 4 === 0 &&
    roles.filter((role) => role === 'dhPrev').length === 1 &&
    areApart([dz, dc, dcPrev, dh]) &&
    [dz, dc, dcPrev, dh].every((written) => [gates, c, cPrev].every((read) => !overlap(written, read))) &&
    areOtherTensors([dz], [dc, dcPrev, dh]);
  return isLaunchable ? { cell, others, roles } : undefined;
}

const recurrentOf = ({ others, roles }: Step): ListedCall => others[roles.indexOf('dhPrev')];

/** Whether none of the other places is of the same tensor. */
const isAlone = ({ data }: Place, places: readonly Place[]): boolean =>
  places.filter((place) => place.data === data).length === 1;

/** Whether the calls after the cells can wait for the end of the run. */
function canWait({ cell, others, roles }: Step): boolean {
  const [dz, dc, dcPrev, dh, ...states] = cell.places;
  const waiting = others.filter((_, n) => roles[n] !== 'dhPrev');
  const outs = waiting.map(({ places }) => places[0]);
  const dxs = others.filter((_, n) => roles[n] === 'dx').map(({ places }) => places[0]); // other rows at each step
  const read = waiting.flatMap(({ places }) => places.slice(1).filter((place) => !isSamePlace(place, dz)));
  const Wh = others[roles.indexOf('dhPrev')].places[2];
  return (
    areApart(outs) &&
    dxs.every((dx) => isAlone(dx, outs)) &&
    areOtherTensors(read, [dz, dc, dcPrev, dh, ...outs]) &&
    areOtherTensors(outs, [dz, dc, dcPrev, dh, ...states, Wh]) &&
    areOtherTensors([Wh], [dz, dc, dcPrev, dh])
  );
}

/** Whether `next` is the step after `last`; `first` and `second` set the strides. */
function follows(first: Step, second: Step, last: Step, next: Step): boolean {
  if (next.roles.join() !== first.roles.join()) return false;
  if (!isSamePlace(next.cell.places[0], first.cell.places[0])) return false;
  if (!isSamePlace(recurrentOf(last).places[0], next.cell.places[3])) return false; // dhPrev is the next dh
  if (!isSamePlace(recurrentOf(next).places[2], recurrentOf(first).places[2])) return false;
  return next.others.every((call, n) => {
    const [before, one, two] = [last.others[n], first.others[n], second.others[n]];
    const role = first.roles[n];
    const isOf = (index: number): boolean => isSamePlace(call.places[index], one.places[index]);
    const index = OPERAND[role];
    const stride = strideOf(one, two, index);
    if (role === 'dhPrev') return true;
    if (role === 'bias') return isOf(0);
    if (role === 'rows') {
      const isIndices = call.places[1].data === one.places[1].data && call.places[1].columns === one.places[1].columns;
      return isOf(0) && isIndices && call.firstIndex - before.firstIndex === two.firstIndex - one.firstIndex;
    }
    if (!isApartBy(before, call, index, stride)) return false;
    if (role === 'weights') return isOf(0);
    return isOf(2) && isTight(stride, one.places[0]) && stride > 0 === dxStride(first, second) > 0;
  });
}

/** The stride of the first dx, which sets the order of dz in the memory; 1 if there is none. */
function dxStride(first: Step, second: Step): number {
  const n = first.roles.indexOf('dx');
  return n < 0 ? 1 : strideOf(first.others[n], second.others[n], 0);
}

const lengthOf = ({ others }: Step): number => others.length + 1;

function stepsAt(calls: readonly ListedCall[], n: number): Step[] {
  const steps: Step[] = [];
  for (let at = n; at < calls.length;) {
    const step = stepAt(calls, at);
    if (!step || (steps.length + 1) * quadsOf(step) > MOST_QUADS) break;
    if (!canWait(step)) break;
    if (steps.length > 0 && !follows(steps[0], steps.at(1) ?? step, steps[steps.length - 1], step)) break;
    steps.push(step);
    at += lengthOf(step);
  }
  return steps;
}

/** Groups of four numbers of one step's dz. */
const quadsOf = ({ cell }: Step): number => cell.places[0].rows * cell.places[0].pitch;

/** The one launch of a call that was made at each of the steps. `dzOf`: where dz of step s is. */
function waitingLaunch(kind: AdapterKind, steps: readonly Step[], n: number, dzOf: (s: number) => Place): Launch {
  const [one, two, last] = [steps[0], steps[1], steps[steps.length - 1]].map(({ others }) => others[n]);
  const stride = dzOf(1).address - dzOf(0).address;
  const blocks = { steps: steps.length, stride };
  const [out, a] = one.places;
  switch (steps[0].roles[n]) {
    case 'weights':
      return matmul(kind, out, a, dzOf(0), 'out', {
        steps: steps.length,
        aStride: strideOf(one, two, 1),
        bStride: stride,
      });
    case 'bias':
      return columnSums(out, dzOf(0), true, blocks);
    case 'rows': {
      const indices = { first: one.firstIndex, perStep: a.columns, pitch: two.firstIndex - one.firstIndex };
      return embeddingBackward(kind, out, indices, dzOf(0), blocks);
    }
    default: {
      const dx = joined(out, last.places[0], steps.length);
      return matmul(kind, dx, joined(dzOf(0), dzOf(steps.length - 1), steps.length), one.places[2], 'out');
    }
  }
}

export function backwardRun(
  calls: readonly ListedCall[],
  n: number,
  kind: AdapterKind,
  scratch: Scratch,
): Merged | undefined {
  const steps = stepsAt(calls, n);
  if (steps.length < 2) return;
  const size = quadsOf(steps[0]);
  const address = scratch(steps.length * size);
  if (address === undefined) return;
  const isReverse = dxStride(steps[0], steps[1]) < 0;
  const dz = steps[0].cell.places[0];
  const dzOf = (s: number): Place => ({ ...dz, address: address + (isReverse ? steps.length - 1 - s : s) * size });
  const Wh = recurrentOf(steps[0]).places[2];
  const cells = steps.map(({ cell }, s) => {
    const [, dc, dcPrev, dh, gates, c, cPrev] = cell.places;
    const places = { dz: dzOf(s), dc, dcPrev, dh, gates, c, cPrev };
    return s === 0 ? cellBackward(places) : stepBackward(kind, { ...places, dzNext: dzOf(s - 1), Wh });
  });
  const end = steps.length - 1;
  const waiting = steps[0].roles.flatMap((role, k) => (role === 'dhPrev' ? [] : [waitingLaunch(kind, steps, k, dzOf)]));
  const launches = [
    ...cells,
    matmul(kind, recurrentOf(steps[end]).places[0], dzOf(end), Wh, 'out'),
    ...waiting,
    copy([dz, dzOf(end)]), // as after the last call
  ];
  return { launches, count: steps.length * lengthOf(steps[0]) };
}
