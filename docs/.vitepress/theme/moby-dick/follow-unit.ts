/** Chapter 3: the cell of one unit at each character of a passage, and its gates at the chosen one. */
import { computed, defineComponent, h, ref, useId, useTemplateRef } from 'vue';
import type { InspectedCell } from '../../../../src/page/inspect-image.js';
import { CharacterText, scaled, useReading } from './reading.js';
import { equationOf, nameOf, PASSAGE, UNITS } from './words.js';

const CHARACTERS = Array.from(PASSAGE);

export default defineComponent(() => {
  const [chosen, place] = [ref(0), useTemplateRef<HTMLElement>('place')];
  const unit = ref<number>(UNITS[0].unit);
  const id = useId();
  const { inspection, fault } = useReading(
    () => place.value,
    () => PASSAGE,
    () => 0,
  );
  const cell = computed(() => inspection.value?.cells[0]);
  const values = computed(() => (cell.value ? scaled(statesOf(cell.value, unit.value)) : []));
  return () =>
    h('section', { ref: 'place', class: 'live moby-dick', 'aria-label': 'A unit that follows the text' }, [
      h(CharacterText, {
        ...{ id, label: 'The passage', characters: CHARACTERS, values: values.value },
        ...{ chosen: chosen.value, onChoose: (n: number) => (chosen.value = n) },
      }),
      h('div', [
        h('label', [
          'The unit that follows best: ',
          h(
            'select',
            {
              value: unit.value,
              onChange: (event: Event) => (unit.value = Number((event.target as HTMLSelectElement).value)),
            },
            UNITS.map((one) => h('option', { value: one.unit }, `${one.words} (unit ${one.unit})`)),
          ),
        ]),
        h('div', { role: 'status' }, [
          h('p', fault.value || wordsOf(cell.value, unit.value, chosen.value)),
          cell.value && h('p', { class: 'equation' }, equationOf(cell.value, unit.value, chosen.value)),
        ]),
      ]),
    ]);
});

/** c of one unit after each character. */
const statesOf = ({ states: { c }, H }: InspectedCell, unit: number): Float32Array =>
  c.filter((_, n) => n % H === unit);

const wordsOf = (cell: InspectedCell | undefined, unit: number, t: number): string =>
  cell ? `At ${nameOf(CHARACTERS[t])}, unit ${unit} computes` : 'The network is loaded …';
