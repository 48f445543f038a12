/** The hints, which open one by one, and the solution. */
import type { PropType, Ref, VNode } from 'vue';
import { defineComponent, h, onMounted, ref } from 'vue';
import type { Exercise } from '../../../../src/exercises/exercise.js';
import { withCode } from '../with-code.js';
import type { Language } from './progress.js';
import { progress, saveProgress } from './progress.js';

/** `more`: how many a reader has opened after solving the exercise; these do not count, and are not kept. */
export function hintsView({ name, hints }: Exercise, more: Ref<number>): VNode[] {
  const { hints: counted, solved } = progress.of[name];
  const opened = counted + more.value;
  const open = (): void => {
    if (solved) more.value++;
    else saveProgress(name, { hints: opened + 1 });
  };
  return [
    h('h2', 'Hints'),
    h(
      'ol',
      { class: 'hints', 'aria-live': 'polite' },
      hints.slice(0, opened).map((hint) => h('li', withCode(hint))),
    ),
    opened < hints.length
      ? h('button', { type: 'button', class: 'open-hint', onClick: open }, `Show hint ${opened + 1} of ${hints.length}`)
      : h('p', 'These are all hints.'),
  ];
}

export function solutionView(exercise: Exercise, language: Language, isShown: boolean, show: () => void): VNode[] {
  const { tried } = progress.of[exercise.name];
  return [
    h('h2', 'Solution'),
    ...(tried ? [] : [h('p', { id: 'solution-when' }, 'You can open the solution after your first run.')]),
    isShown && tried
      ? h(Code, { text: exercise[language].solution, language, key: language })
      : h(
          'button',
          { type: 'button', disabled: !tried, 'aria-describedby': tried ? undefined : 'solution-when', onClick: show },
          'Show the solution',
        ),
  ];
}

/** Text in the editor's colours, once these are loaded. */
const Code = defineComponent({
  props: { text: { type: String, required: true }, language: { type: String as PropType<Language>, required: true } },
  setup({ text, language }) {
    const pieces = ref([{ text, classes: '' }]);
    onMounted(async () => {
      const { colouredPieces } = await import('./editor.js');
      pieces.value = colouredPieces(text, language);
    });
    const spans = (): VNode[] => pieces.value.map((piece) => h('span', { class: piece.classes }, piece.text));
    return () => h('pre', { class: 'solution', tabindex: 0, 'aria-label': 'The solution' }, h('code', spans()));
  },
});
