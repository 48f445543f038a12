/** Chapter 1: which characters of a passage one prediction depends on, as the gradient of its loss says. */
import { computed, defineComponent, h, ref, useId, useTemplateRef } from 'vue';
import type { TextInspection } from '../../../../src/page/text/inspect-text.js';
import { PASSAGES } from './passages.js';
import { CharacterText, nameOf, scaled, useReading } from './reading.js';

const MOST_CHARACTERS = 400;

export default defineComponent(() => {
  const text = ref(PASSAGES[0].text);
  const target = ref(PASSAGES[0].target);
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
        h('p', { class: 'buttons' }, [
          PASSAGES.map(({ name, text: given, target: at }) =>
            h('button', { type: 'button', 'aria-pressed': text.value === given, onClick: () => read(given, at) }, name),
          ),
        ]),
        h('details', [
          h('summary', 'A text of your own'),
          h('textarea', { rows: 3, maxlength: MOST_CHARACTERS, 'aria-label': 'A text of your own', onInput: type }),
        ]),
      ]),
    ]);
});

/** A norm that is smaller than this part of the largest one does not count as reached. */
const LEAST = 0.01;

/** The number of characters from the farthest one that counts to the prediction. */
export function reachOf(dxNorms: Float32Array, target: number): number {
  const most = Math.max(...dxNorms);
  return target + 1 - dxNorms.findIndex((norm) => norm > 0 && norm >= LEAST * most);
}

const percent = (p: number): string => `${Number((100 * p).toPrecision(2))}%`;

export function wordsOf(inspection: TextInspection | undefined): string[] {
  if (!inspection) return ['The network is loaded …'];
  const { characters, target, choices, loss, dxNorms } = inspection;
  const likely = choices
    .slice(0, 3)
    .map(({ character, probability }) => `${nameOf(character)} ${percent(probability)}`);
  return [
    `After ${nameOf(characters[target])} it expects ${likely.join(', ')}.`,
    `${nameOf(characters[target + 1])} comes, which had ${percent(Math.exp(-loss))}.`,
    `The farthest character with 1% of the largest gradient stands ${reachOf(dxNorms, target)} characters before it.`,
  ];
}
