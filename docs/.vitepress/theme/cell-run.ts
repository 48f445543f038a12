/** Chapter 3: one cell whose gates the reader holds for 30 steps; one of the steps in the cell's picture, and all of them in a diagram. */
import { computed, defineComponent, h, ref, shallowRef, useId } from 'vue';
import {
  CELL_HEIGHT,
  CELL_WIDTH,
  cellLine,
  cellWithNumbers,
  LINE_HEIGHT,
  LINE_WIDTH,
} from '../../learn/pictures/cell.mjs';
import { number, partOf, short } from '../../learn/pictures/svg.mjs';
import {
  C_BEFORE,
  CASES,
  holdGates,
  PRESETS,
  type Lever,
  type Levers,
  type Once,
} from '../../learn/programs/held-gates.mjs';
import { NumberSlider } from './elements.js';
import { counted } from '../../../src/core/arguments.js';

const T = 30;
const LEVERS: readonly Lever[] = ['zi', 'zj', 'zo'];
/** The steps that can differ from the others. */
const ONCE = PRESETS.flatMap(({ once }) => once ?? []);

interface Setting {
  readonly levers: Levers;
  readonly c: number;
  /** The step that differs from the others. */
  readonly once: Once | undefined;
}

const START: Setting = { levers: CASES[0], c: C_BEFORE, once: undefined };

export default defineComponent(() => {
  const setting = shallowRef(START);
  const step = ref(0);
  const preset = ref(-1);
  /** It counts the presets that were pressed: with each, the fields begin anew. */
  const round = ref(0);
  const id = useId();
  const line = computed(() => holdGates(setting.value.levers, setting.value.c, T, setting.value.once));

  const change = (changed: Partial<Setting>): void => {
    setting.value = { ...setting.value, ...changed };
    preset.value = -1;
  };
  const press = (n: number): void => {
    const { levers, c, once } = PRESETS[n];
    setting.value = { levers, c, once };
    [preset.value, step.value] = [n, once?.step ?? 0];
    round.value++;
  };
  const slider = (
    label: string,
    value: number,
    [most, every]: readonly [number, number],
    onChange: (value: number) => void,
  ) =>
    h(NumberSlider, {
      ...{ key: `${label} ${round.value}`, id: `${id}-${label}`, label, value, min: -most, max: most, step: every },
      onChange,
    });
  const lever = (name: Lever) =>
    slider(name, setting.value.levers[name], [8, 0.25], (value) =>
      change({ levers: { ...setting.value.levers, [name]: value } }),
    );
  const presets = () =>
    h('p', { class: 'buttons', role: 'group', 'aria-label': 'Settings of the gates' }, [
      PRESETS.map(({ name }, n) =>
        h('button', { type: 'button', 'aria-pressed': preset.value === n, onClick: () => press(n) }, name),
      ),
    ]);
  const once = () => [
    h('label', { for: `${id}-once` }, 'One step differs: '),
    h(
      'select',
      {
        ...{ id: `${id}-once`, value: setting.value.once ? ONCE.indexOf(setting.value.once) : ONCE.length },
        onChange: (event: Event) => change({ once: ONCE.at(Number((event.target as HTMLSelectElement).value)) }),
      },
      [
        h('option', { value: ONCE.length }, 'none'),
        ONCE.map(({ lever: name, step: at, z }, n) => h('option', { value: n }, `step ${at}: ${name} = ${z}`)),
      ],
    ),
  ];
  const levers = () =>
    h('div', { class: 'controls' }, [
      lever('zf'),
      h('details', [
        h('summary', 'The other gates, and c[0]'),
        LEVERS.map(lever),
        slider('c[0]', setting.value.c, [3, 0.1], (c) => change({ c })),
        once(),
      ]),
      presets(),
      h('div', { role: 'status' }, [
        preset.value >= 0 && h('p', h('b', PRESETS[preset.value].words)),
        resultOf(line.value).map((sentence) => h('p', sentence)),
      ]),
    ]);
  const svg = (label: string, [width, height]: readonly [number, number], parts: unknown[]) =>
    h('svg', {
      ...{ viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': label },
      innerHTML: parts.flat(Infinity).join(''),
    });
  const diagram = () =>
    h('div', { class: 'line-and-step' }, [
      svg(
        `c and h over ${counted(T, 'step')}, and what is left of c[0] and of the gradient`,
        [LINE_WIDTH, LINE_HEIGHT],
        cellLine(line.value, step.value),
      ),
      h('label', { for: `${id}-step` }, ['Step in the picture of the cell: ', h('b', step.value)]),
      h('input', {
        ...{ id: `${id}-step`, type: 'range', min: 0, max: T - 1, value: step.value },
        onInput: (event: Event) => (step.value = Number((event.target as HTMLInputElement).value)),
      }),
    ]);
  const cell = () => {
    const { z, c, cells } = line.value;
    const parts = cellWithNumbers(z[step.value], c[step.value], cells[step.value]);
    return svg(`The cell at step ${step.value}`, [CELL_WIDTH, CELL_HEIGHT], parts);
  };
  return () =>
    h('section', { class: 'live cell-live', 'aria-label': 'One cell with your gates' }, [levers(), diagram(), cell()]);
});

const superscript = (n: number): string => Array.from(String(n), (digit) => '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(digit)]).join('');

/** What the cell does, in words. zf is the same at all steps. */
export function resultOf({ cells, c, left, dc }: ReturnType<typeof holdGates>): string[] {
  const T = cells.length;
  const { f, h } = cells[T - 1];
  return [
    `f = σ(zf + 1) = ${number(f)}, so f${superscript(T)} = ${partOf(left[T])} of c[0] is left after ${counted(T, 'step')}.`,
    `Of a gradient at c[${T}], ${partOf(dc[0])} arrives at c[0]. c[${T}] = ${short(c[T])}, and h of the last step is ${short(h)}.`,
  ];
}
