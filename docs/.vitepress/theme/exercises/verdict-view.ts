/** Shows a verdict. */
import type { VNode } from 'vue';
import { h } from 'vue';
import type { Difference, Exercise, Verdict } from '../../../../src/exercises/exercise.js';
import { scrollingTable } from './scrolling-table.js';

export function verdictView(exercise: Exercise, verdict: Verdict): VNode[] {
  switch (verdict.outcome) {
    case 'right':
      return [h('p', { class: 'right' }, `Right: all ${verdict.compared} numbers agree with ${standardOf(exercise)}.`)];
    case 'untouched':
      return [h('p', 'This is still the start text. Write your lines, and then run it.')];
    case 'error':
      return [h('p', { class: 'wrong' }, `Your code cannot be run: ${verdict.message}`)];
    case 'wrong':
      return [
        h('p', { class: 'wrong' }, `Not yet right: ${tensorsOf(verdict.differences)}.`),
        differencesView(verdict.differences),
        ...(verdict.mistake === undefined
          ? []
          : [h('p', ['These are the numbers of a known mistake: ', h('strong', verdict.mistake), '.'])]),
      ];
  }
}

/** Adam is not a gradient: there the check compares with the project's own function. */
const standardOf = ({ trains }: Exercise): string =>
  trains === 'adam' ? 'those of the project’s own Adam' : 'numeric derivatives';

const tensorsOf = ({ length }: readonly Difference[]): string =>
  length === 1 ? 'one tensor differs' : `${length} tensors differ`;

const differencesView = (differences: readonly Difference[]): VNode =>
  scrollingTable('differences', 'The tensors that differ', [
    h('thead', h('tr', ['First element that differs', 'Expected', 'Found', 'Elements that differ'].map(heading))),
    h(
      'tbody',
      differences.map(({ element, expected, found, differing, size }) => {
        const numbers = pairOf(expected, found);
        return h(
          'tr',
          [element, ...numbers, `${differing} of ${size}`].map((text) => h('td', text)),
        );
      }),
    ),
  ]);

const heading = (text: string): VNode => h('th', { scope: 'col' }, text);

/** Both numbers with eight digits, or with all digits if these are equal. */
export function pairOf(expected: number, found: number): [string, string] {
  const short = (value: number): string => String(Number(value.toPrecision(8)));
  if (Number.isNaN(found)) return [short(expected), 'NaN: never written'];
  return short(expected) === short(found) ? [String(expected), String(found)] : [short(expected), short(found)];
}

/** The line, counted from 1, that an error names at its beginning. */
export function lineOf(verdict: Verdict | undefined): number | undefined {
  const line = verdict?.outcome === 'error' ? /^line (\d+)/.exec(verdict.message)?.[1] : undefined;
  return line === undefined ? undefined : Number(line);
}
