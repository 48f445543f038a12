/** Chapter 1: which characters of a passage one prediction depends on, as the gradient of its loss says. */
import { computed, defineComponent, h, ref, useId, useTemplateRef } from 'vue';
import { CharacterText, scaled, useReading } from './reading.js';
import { PASSAGE, TARGET, wordsOf } from './words.js';

const MOST_CHARACTERS = 400;

export default defineComponent(() => {
  const [text, target] = [ref(PASSAGE), ref(TARGET)];
  const place = useTemplateRef<HTMLElement>('place');
  const id = useId();
  const { inspection, fault, look } = useReading(
    () => place.value,
    () => text.value,
    () => target.value,
  );
  const characters = computed(() => Array.from(text.value));
  const values = computed(() => (inspection.value ? scaled(inspection.value.dxNorms.map(Math.sqrt)) : []));
  const choose = (n: number): void => {
    target.value = Math.min(n, characters.value.length - 2);
    void look();
  };
  const read = (given: string, at: number): void => {
    text.value = given;
    target.value = at;
    void look();
  };
  const type = (event: Event): void => {
    const given = Array.from((event.target as HTMLTextAreaElement).value).slice(0, MOST_CHARACTERS);
    if (given.length >= 2) read(given.join(''), given.length - 2);
  };
  return () =>
    h('section', { ref: 'place', class: 'live moby-dick', 'aria-label': 'How far back one prediction reaches' }, [
      h(CharacterText, {
        ...{ id, label: 'The passage', characters: characters.value, values: values.value },
        ...{ chosen: target.value, onChoose: choose },
      }),
      h('div', [
        h(
          'div',
          { role: 'status' },
          (fault.value === '' ? wordsOf(inspection.value) : [fault.value]).map((words) => h('p', words)),
        ),
        h('details', [
          h('summary', 'A text of your own'),
          h('button', { type: 'button', onClick: () => read(PASSAGE, TARGET) }, 'The first passage again'),
          h('textarea', { rows: 3, maxlength: MOST_CHARACTERS, 'aria-label': 'A text of your own', onInput: type }),
        ]),
      ]),
    ]);
});
