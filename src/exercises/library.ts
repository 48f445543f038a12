/** What an answer can call: functions of the library, and a backend. They name an argument that is none. */
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { assertNumber, describe } from '../core/arguments.js';
import type { Backend } from '../core/backend.js';
import type { DType } from '../core/tensor.js';
import { copyInto, fill, flatten, matrixOf, rowsOf, stepOf, transposeOf } from '../core/tensor.js';
import { BETA1, BETA2, EPSILON } from '../equations/adam.js';
import { denseBackward } from '../equations/dense.js';
import { keepStateBackward } from '../equations/ended-sequences.js';
import { inputBackward } from '../equations/lstm-input.js';
import { lstmBackward, lstmStepBackward } from '../equations/lstm.js';
import { projectBackward } from '../equations/projection.js';

/** For each kind of argument, a property that only this kind has, and its name in messages. */
const KINDS = {
  tensor: ['stride', 'a tensor'],
  backend: ['matmul', 'the backend'],
  lstm: ['steps', 'the LSTM'],
  running: ['hPrevTransposed', 'the running rows of a step'],
  ended: ['dcPrev', 'the ended rows of a step'],
  projected: ['mTransposed', 'the projected rows of a step'],
} as const;

type Kind = keyof typeof KINDS | 'tensors' | 'number';

function isKind(value: unknown, kind: keyof typeof KINDS): boolean {
  return typeof value === 'object' && value !== null && KINDS[kind][0] in value;
}

/** Throws a TypeError. `what` begins the message. */
function assertKind(what: string, value: unknown, kind: Kind): void {
  if (kind === 'number') assertNumber(`${what} is`, value);
  else if (kind === 'tensors' && Array.isArray(value))
    value.forEach((one, k) => assertKind(`${what}[${k}]`, one, 'tensor'));
  else if (kind === 'tensors' || !isKind(value, kind)) {
    const found = isKind(value, 'tensor') ? 'a tensor' : describe(value);
    throw new TypeError(`${what} is ${found}: must be ${kind === 'tensors' ? 'a list of tensors' : KINDS[kind][1]}`);
  }
}

/** `call`, which first checks arguments, the first ones, against their names and kinds. */
function checked<Arguments extends unknown[], Value>(
  name: string,
  call: (...given: Arguments) => Value,
  kinds: Readonly<Record<string, Kind>>,
): (...given: Arguments) => Value {
  const parameters = Object.entries(kinds);
  return (...given) => {
    parameters.forEach(([parameter, kind], n) => assertKind(`${name}: ${parameter}`, given[n], kind));
    return call(...given);
  };
}

/** What an answer can import from 'longhand', besides types. The parameters have their names in longhand.d.ts. */
export const LIBRARY: Readonly<Record<string, unknown>> = {
  BETA1,
  BETA2,
  copyInto: checked('copyInto', copyInto, { target: 'tensor', source: 'tensor' }),
  denseBackward: checked('denseBackward', denseBackward, {
    ...{ backend: 'backend', dStates: 'tensors', dW: 'tensor', db: 'tensor' },
    ...{ dLogits: 'tensor', states: 'tensors', W: 'tensor' },
  }),
  EPSILON,
  fill: checked('fill', fill, { tensor: 'tensor', value: 'number' }),
  flatten: checked('flatten', flatten, { tensor: 'tensor' }),
  inputBackward: checked('inputBackward', inputBackward, {
    ...{ backend: 'backend', dx: 'tensors', dWx: 'tensors' },
    ...{ dz: 'tensor', xTransposed: 'tensors', WxTransposed: 'tensors' },
  }),
  keepStateBackward: checked('keepStateBackward', keepStateBackward, { backend: 'backend', ended: 'ended' }),
  lstmBackward: checked('lstmBackward', lstmBackward, { backend: 'backend', lstm: 'lstm' }),
  lstmStepBackward: checked('lstmStepBackward', lstmStepBackward, {
    backend: 'backend',
    lstm: 'lstm',
    step: 'running',
  }),
  matrixOf: checked('matrixOf', matrixOf, { tensor: 'tensor' }),
  projectBackward: checked('projectBackward', projectBackward, { backend: 'backend', projected: 'projected' }),
  rowsOf: checked('rowsOf', rowsOf, { tensor: 'tensor' }),
  stepOf: checked('stepOf', stepOf, { tensor: 'tensor' }),
  transposeOf: checked('transposeOf', transposeOf, { matrix: 'tensor' }),
};

/** A backend for answers, which cannot replace its operations. */
export function backendForAnswers(dtype: DType): Backend {
  const backend = createReferenceBackend({ dtype });
  return Object.freeze({
    ...backend,
    matmul: checked('matmul', backend.matmul, { out: 'tensor', a: 'tensor', b: 'tensor' }),
    columnSums: checked('columnSums', backend.columnSums, { out: 'tensor', a: 'tensor' }),
    lstmCellBackward: checked('lstmCellBackward', backend.lstmCellBackward, {
      ...{ dz: 'tensor', dc: 'tensor', dcPrev: 'tensor', dh: 'tensor' },
      ...{ gates: 'tensor', c: 'tensor', cPrev: 'tensor' },
    }),
    add: checked('add', backend.add, { out: 'tensor', a: 'tensor' }),
    fill: checked('fill', backend.fill, { out: 'tensor', value: 'number' }),
    copy: checked('copy', backend.copy, { out: 'tensor', a: 'tensor' }),
  });
}
