/**
 * Lists of calls that differ from a training step in what one condition of the WebGPU backend looks at. Without this condition the
 * backend would compute calls together that it must not, with other numbers than those of single calls.
 */
import type { CallList, Kind, ListedCall, Operand, Shapes } from './call-lists.js';
import { ADD, shapesOf, stepCalls } from './call-lists.js';

const KIND: Kind = {
  ...{ T: 3, B: 3, H: 4, inputs: 'numbers', isReverse: false, stride: 1, keepsZ: false, isInPlace: false },
};

interface Change {
  /** In the lines of the calls: every place that the pattern matches is replaced. */
  readonly lines: readonly (readonly [pattern: RegExp, replacement: string])[];
  readonly kind?: Partial<Kind>;
  /** Further tensors, or other shapes. */
  readonly shapes?: Shapes;
}

/** By what the lists are: `a list in which …`. Backward, step 2 is the first one. */
const CHANGES: Readonly<Record<string, Change>> = {
  'nothing differs': { lines: [] },
  'all steps have the same state': { kind: { isInPlace: true, H: 8 }, lines: [] },
  'steps leave others out': { kind: { stride: 2 }, lines: [] },
  'each step has a z of one tensor': { kind: { keepsZ: true }, lines: [] },
  'classes come in reverse': { kind: { inputs: 'classes', isReverse: true }, lines: [] },
  'a step has another z': { lines: [[/(matmul) z( x\[1\].*\nmatmul) z(.*\n.*) z/, '$1 z2$2 z2$3 z2']] },
  'a step has other weights of the input': { lines: [[/(matmul z x\[1\]) Wx/, '$1 Wx2']] },
  'a step has other recurrent weights': { lines: [[/(matmul z h\[1\]) Wh/, '$1 Wx2']] },
  'a step has one input less': { kind: { inputs: 'two' }, lines: [[/\nmatmul z x2\[1\].*/, '']] },
  'the inputs are the states of other steps': { lines: [[/matmul z x/, 'matmul z h']] },
  'recurrent weights are the gates of a later step': {
    kind: { B: 4 },
    lines: [[/(matmul z h\[0\]) Wh/, '$1 gates[2]']],
  },
  'states are the gates of other steps': {
    lines: [
      [/(matmul z) h\[0\] Wh/, '$1 gates[2] wide'],
      [/(matmul z) h\[1\] Wh/, '$1 gates[0] wide'],
      [/(matmul z) h\[2\] Wh/, '$1 gates[1] wide'],
    ],
    shapes: { wide: [16, 16] },
  },
  'h replaces c of the step before': { lines: [[/(lstmCellForward) h\[.\] (.*) c\[(.)\]/, '$1 c[$3] $2 c[$3]']] },
  'dhPrev is not the next dh': { lines: [[/matmul dh\[2\]/, 'matmul dh[0]']] },
  'two products are added to dhPrev': { lines: [[/(matmul dh.*)/, '$1\n$1']] },
  'a sum reads what the next step changes': { lines: [[/matmul dWh h/, 'matmul dWh dc']] },
  'a sum reads another sum': { lines: [[/(matmul dx.*) Wx/, '$1 dWx']] },
  'a sum is in what every step reads': { lines: [[/matmul dWh/, 'matmul Wh']] },
  'a step has another sum': { lines: [[/matmul dWh (h\[1\])/, 'matmul dWx2 $1']] },
  'two sums are one': { lines: [[/matmul dWx/, 'matmul dWh']] },
  'dx of one input is dx of the step after, of another input': {
    kind: { inputs: 'two' },
    lines: [
      [/dx\[2\]/, 'dx[3]'],
      [/dx\[1\]/, 'dx[2]'],
      [/dx\[0\]/, 'dx[1]'],
      [/dx2/, 'dx'],
    ],
    shapes: { dx: [4, 3, 4] },
  },
  'a step has a product instead of the sum of the rows': {
    lines: [
      [/columnSums db/, 'columnSums row[0]'],
      [/columnSums.*(?=\nmatmul dx\[1\])/, 'matmul row column[1]ᵀ dz +out'],
    ],
    shapes: { row: [1, 16], column: [3, 3, 1] },
  },
};

const textOf = ({ tensor, step, transposed }: Operand): string =>
  tensor + (step === undefined ? '' : `[${step}]`) + (transposed ? 'ᵀ' : '');

/** A call as a line: its operation and operands; `+out` if it accumulates, or + and its bias; its numbers. */
function lineOf({ operation, operands, rest = [], bias }: ListedCall): string {
  const start = rest === ADD ? ['+out'] : rest;
  return [operation, ...operands.map(textOf), ...(bias ? [`+${textOf(bias)}`] : start)].join(' ');
}

function operandOf(text: string): Operand {
  const [, tensor, step, transposed] = /^(\w+)(?:\[(\d+)\])?(ᵀ)?$/.exec(text)!;
  return { tensor, ...(step && { step: Number(step) }), ...(transposed && { transposed: true }) };
}

function callOf(line: string): ListedCall {
  const [operation, ...words] = line.split(' ');
  const isNumber = (word: string): boolean => /^[\d.]+$/.test(word);
  const bias = words.find((word) => word.startsWith('+') && word !== '+out');
  return {
    operation: operation as ListedCall['operation'],
    operands: words.filter((word) => !isNumber(word) && !word.startsWith('+')).map(operandOf),
    rest: words.includes('+out') ? ADD : words.filter(isNumber).map(Number),
    ...(bias && { bias: operandOf(bias.slice(1)) }),
  };
}

function changedList(name: string, { lines, kind: others, shapes }: Change, seed: number): CallList {
  const kind = { ...KIND, ...others };
  let text = stepCalls(kind).map(lineOf).join('\n');
  for (const [pattern, replacement] of lines) {
    const after = text.replaceAll(new RegExp(pattern, 'g'), replacement);
    if (after === text) throw new Error(`${name}: no line has ${String(pattern)}`);
    text = after;
  }
  return { name, shapes: { ...shapesOf(kind), ...shapes }, calls: text.split('\n').map(callOf), seed };
}

export const DIRECTED_LISTS: readonly CallList[] = Object.entries(CHANGES).map(([name, change], n) =>
  changedList(name, change, n),
);
