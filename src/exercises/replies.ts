/** The first reply to a wrong answer: which quantity differs, and what is computed from it. The mistake itself is named when the reader asks. */
import { listed } from '../core/arguments.js';
import { type WrongNumber, plainElement } from './exercise.js';

type Flow = readonly (readonly [source: string, readers: readonly string[]])[];

const OF_STEPS: Flow = [
  ['dhUpstream', ['dh', 'dc', 'dWh', 'dWx', 'dBias', 'dx']],
  ['dh', ['dc', 'dWh', 'dWx', 'dBias', 'dx']],
  ['dc', ['dWh', 'dWx', 'dBias', 'dx']],
];
const OF_RNN: readonly string[] = ['dWx', 'dWh', 'dBias', 'dStart'];

/** By the names of the exercises: what the answer computes early, and the results that read it later. */
const FLOWS: Readonly<Partial<Record<string, Flow>>> = {
  'rnn-step': [['dh', OF_RNN]],
  'initial-state': [
    ['h', ['dh', 'dWy', 'dBiasY', ...OF_RNN]],
    ['dh', OF_RNN],
  ],
  'hidden-state': [['dc', ['dcPrev', 'dz']]],
  ...{ weights: OF_STEPS, 'through-time': OF_STEPS, 'every-step': OF_STEPS },
  adam: [
    ['α', ['p']],
    ['m', ['p']],
    ['v', ['p']],
  ],
  scan: [['dh', ['da', 'db', 'dhPrev']]],
};

/** `dWx[1]` → `dWx`, `m after update 2` → `m` */
const familyOf = ({ tensor }: WrongNumber): string => tensor.replace(/\[.*| .*/, '');

/** The first of the flow that differs, and those of its readers that differ. */
function sourceIn(exercise: string, differences: readonly WrongNumber[]) {
  const names = [...new Set(differences.map(familyOf))];
  const found = FLOWS[exercise]?.find(([source]) => names.includes(source));
  if (!found) return undefined;
  const [source, readers] = found;
  return { source, readers: readers.filter((name) => names.includes(name)), names };
}

/** What others are computed from comes first. */
export function sourceFirst<One extends WrongNumber>(exercise: string, differences: readonly One[]): One[] {
  const source = sourceIn(exercise, differences)?.source;
  const [first, rest] = [true, false].map((is) => differences.filter((one) => (familyOf(one) === source) === is));
  return [...first, ...rest];
}

/** In sentences; '' if only one tensor differs, and no other is computed from it. `differences`: as `sourceFirst` has ordered them. */
export function followWords(exercise: string, differences: readonly WrongNumber[]): string {
  const [first] = differences;
  const { source, readers = [], names = [] } = sourceIn(exercise, differences) ?? {};
  if (source === undefined) return '';
  const isOverSteps = /^\w+\[\d+, \d+, \d+\]/.test(first.element);
  const latest = isOverSteps
    ? `Of the wrong elements of ${source}, ${plainElement(first.element)} belongs to the latest step, which a backward pass computes first. What is before it can follow from it.`
    : '';
  const others = names.filter((name) => name !== source && !readers.includes(name));
  const verb = (all: readonly string[], one: string, several: string): string => (all.length === 1 ? one : several);
  return [
    readers.length > 0
      ? `${source} differs. ${listed(readers)} ${verb(readers, 'is', 'are')} computed from it, so ${verb(readers, 'it', 'they')} can follow from it.`
      : '',
    latest,
    others.length > 0 && readers.length > 0 ? `${listed(others)} ${verb(others, 'differs', 'differ')} too.` : '',
  ]
    .filter((sentence) => sentence !== '')
    .join(' ');
}
