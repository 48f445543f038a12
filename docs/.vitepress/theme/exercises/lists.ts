/** The lists of the exercises with the reader's progress: the overview, and the numbers above an exercise. */
import { withBase } from 'vitepress';
import type { VNode } from 'vue';
import { defineComponent, h, onMounted, onUnmounted, ref } from 'vue';
import type { Exercise } from '../../../../src/exercises/exercise.js';
import { EXERCISES, fileNameOf, nextAfter } from '../../../../src/exercises/exercises.js';
import { scrollingTable } from './findings.js';
import { forgetProgress, loadProgress, onOtherTabs, progress } from './progress.js';
import TransferView from './transfer-view.js';

export const addressOf = (exercise: Exercise): string => withBase(`/exercises/${fileNameOf(exercise)}.html`);

/** After a right answer. */
export function nextView({ number }: Exercise): VNode {
  const next = nextAfter(number, ({ name }) => progress.of[name].solved);
  return next
    ? h('p', ['Next: ', h('a', { href: addressOf(next) }, `${next.number}. ${next.title}`), '.'])
    : h('p', [
        'All exercises are solved: you have written every gradient. Next: ',
        h('a', { href: withBase('/exercises/network.html') }, 'train a network with them'),
        '.',
      ]);
}

/** Whether the progress is known: not in the server's documents. */
export function useLoadedProgress() {
  const isLoaded = ref(false);
  let end: (() => void) | undefined;
  onMounted(() => {
    loadProgress();
    isLoaded.value = true;
    end = onOtherTabs(loadProgress);
  });
  onUnmounted(() => end?.());
  return isLoaded;
}

/** In a few words. Empty if the reader has not begun. */
function stateOf({ name, hints: { length } }: Exercise): string {
  const { solved, tried, typescript, javascript, hints } = progress.of[name];
  const opened = hints === 0 ? '' : `, ${hints} of ${length} hints`;
  if (solved) return `✓ solved${opened}`;
  if (tried) return `tried${opened}`;
  return (typescript ?? javascript) === undefined && hints === 0 ? '' : `begun${opened}`;
}

/** The overview's table. */
export const ExerciseList = defineComponent({
  setup() {
    const isLoaded = useLoadedProgress();
    return () => [
      scrollingTable(
        'exercises',
        'The exercises',
        ['Exercise', 'Equation', 'Your progress'],
        EXERCISES.map((exercise) => [
          h('a', { href: addressOf(exercise) }, `${exercise.number}. ${exercise.title}`),
          exercise.equation,
          isLoaded.value ? stateOf(exercise) : '',
        ]),
      ),
      isLoaded.value ? h(ProgressSummary) : undefined,
    ];
  },
});

const ProgressSummary = (): VNode[] => {
  const solved = EXERCISES.filter(({ name }) => progress.of[name].solved).length;
  return [
    h('p', { class: 'progress', 'aria-live': 'polite' }, [
      `You have solved ${solved} of ${EXERCISES.length}. `,
      progress.isKept
        ? 'Your browser keeps your progress; no server gets it.'
        : 'This browser does not keep your progress.',
    ]),
    h('button', { type: 'button', class: 'forget', onClick: askAndForget }, 'Forget my progress'),
    h(TransferView),
  ];
};

function askAndForget(): void {
  if (confirm('Forget all your texts, and which exercises you have solved? This cannot be undone.')) forgetProgress();
}

/** The numbers of all exercises, those that are solved with a mark. */
export const ExerciseNumbers = defineComponent({
  props: { name: { type: String, required: true } },
  setup({ name }) {
    const isLoaded = useLoadedProgress();
    const item = (exercise: Exercise): VNode => {
      const isSolved = isLoaded.value && progress.of[exercise.name].solved;
      const label = `Exercise ${exercise.number}: ${exercise.title}${isSolved ? ', solved' : ''}`;
      const current = exercise.name === name ? 'page' : undefined;
      return h(
        'a',
        { href: addressOf(exercise), title: label, 'aria-label': label, 'aria-current': current },
        `${exercise.number}${isSolved ? ' ✓' : ''}`,
      );
    };
    return () => h('nav', { class: 'exercise-numbers', 'aria-label': 'All exercises' }, EXERCISES.map(item));
  },
});
