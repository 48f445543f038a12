/** Chapter 3: the drawing of the cell, in which the reader lights the arrows of one equation. Chapter 4 has the same drawing backward. */
import { defineComponent, h, ref } from 'vue';
import { CELL_HEIGHT, CELL_WIDTH, cellForward } from '../../learn/pictures/cell.mjs';

/** What each equation does. */
const EQUATIONS = [
  ['(1)', 'z = x·Wx + hPrev·Wh + b: the input meets the past, in four blocks of numbers.'],
  ['(2)', 'i, f and o are σ of their blocks, and j is tanh of its own.'],
  ['(3)', 'c = f*cPrev + i*j: f keeps a part of the old cell, and i takes in a part of j.'],
  ['(4)', 'h = o*tanh(c): o shows a part of the cell to the next step and to the output layer.'],
] as const;

export default defineComponent(() => {
  /** The row of `EQUATIONS` that is lit. */
  const lit = ref<number>();
  const press = (n: number): void => void (lit.value = lit.value === n ? undefined : n);
  return () => {
    const [number, words]: readonly [string, string] =
      lit.value === undefined
        ? ['', 'Light one equation, and follow its arrows from box to box.']
        : EQUATIONS[lit.value];
    return h('section', { class: 'live cell-paths', 'aria-label': 'The cell, equation by equation' }, [
      h('div', [
        h('p', { class: 'buttons', role: 'group', 'aria-label': 'Equations' }, [
          EQUATIONS.map(([name], n) =>
            h('button', { type: 'button', 'aria-pressed': lit.value === n, onClick: () => press(n) }, name),
          ),
        ]),
        h('p', { role: 'status' }, words),
      ]),
      h('svg', {
        ...{ viewBox: `0 0 ${CELL_WIDTH} ${CELL_HEIGHT}`, role: 'img' },
        'aria-label': `One step of an LSTM${number === '' ? '' : `, with the arrows of ${number} lit`}`,
        innerHTML: cellForward(number).flat(Infinity).join(''),
      }),
    ]);
  };
});
