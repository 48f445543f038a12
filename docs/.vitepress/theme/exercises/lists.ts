/** The lists of the exercises with the reader's progress: the overview, the numbers above an exercise, and the answers as a file. */
import { withBase } from 'vitepress';
import { type VNode, defineComponent, h, onMounted, onUnmounted, ref, shallowRef } from 'vue';
import { counted } from '../../../../src/core/arguments.js';
import type { Exercise } from '../../../../src/exercises/exercise.js';
import { EXERCISES, fileNameOf, nextAfter } from '../../../../src/exercises/exercises.js';
import { scrollingTable } from './findings.js';
import { type Progress, forgetProgress, loadProgress, onOtherTabs, progress } from './progress.js';
import type { Imported } from './transfer.js';

export const addressOf = (exercise: Exercise): string => withBase(`/exercises/${fileNameOf(exercise)}.html`);

/** After a right answer. */
export function nextView({ number }: Exercise): VNode {
  const next = nextAfter(number, ({ name }) => progress.of[name].solved || progress.of[name].known);
  return next
    ? h('p', ['Next: ', h('a', { href: addressOf(next) }, `${next.number}. ${next.title}`), '.'])
    : h('p', [
        EXERCISES.every(({ name }) => progress.of[name].solved)
          ? 'All exercises are solved: you have written every gradient. Next: '
          : 'All exercises are solved or known. Next: ',
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
  const { solved, known, tried, typescript, javascript, hints } = progress.of[name];
  const opened = hints === 0 ? '' : `, ${hints} of ${length} hints`;
  if (solved) return `✓ solved${opened}`;
  if (known) return '✓ known';
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
  const count = (is: (one: Progress) => boolean) => EXERCISES.filter(({ name }) => is(progress.of[name])).length;
  const [solved, known] = [count((one) => one.solved), count((one) => one.known && !one.solved)];
  return [
    h('p', { class: 'progress', 'aria-live': 'polite' }, [
      `You have solved ${solved} of ${EXERCISES.length}${known > 0 ? `, and know ${known} more` : ''}. `,
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

/** Buttons that write all answers into a file, and read one: from the terminal, or from another browser. */
const TransferView = defineComponent(() => {
  const [message, isDropping] = [ref(''), ref(false)];
  const differing = shallowRef<readonly Imported[]>([]);
  const aborter = new AbortController();
  onUnmounted(() => aborter.abort());

  async function take(texts: readonly Imported[]): Promise<void> {
    const { check } = await import('./transfer.js');
    message.value = `${counted(texts.length, 'answer')} from the file. Checking …`;
    const right = await check(texts, aborter.signal);
    message.value = `${counted(texts.length, 'answer')} from the file: ${right} of ${texts.length} right.`;
  }

  async function readFile(file: File | undefined): Promise<void> {
    if (!file) return;
    differing.value = [];
    try {
      const { read } = await import('./transfer.js');
      const found = await read(file);
      differing.value = found.differing;
      await take(found.taken);
    } catch (error) {
      if (!aborter.signal.aborted) message.value = `The file has not been read. ${(error as Error).message}.`;
    }
  }

  async function replaceWith(texts: readonly Imported[]): Promise<void> {
    const transfer = await import('./transfer.js');
    differing.value = [];
    transfer.take(texts);
    await take(texts);
  }

  const onDrop = (event: DragEvent): void => {
    event.preventDefault();
    isDropping.value = false;
    void readFile(event.dataTransfer?.files[0]);
  };
  const onChange = (event: Event): void => {
    const input = event.target as HTMLInputElement;
    void readFile(input.files?.[0]).then(() => (input.value = '')); // the same file can be read again
  };
  return () =>
    h(
      'section',
      {
        class: ['transfer', { dropping: isDropping.value }],
        'aria-label': 'Your answers as a file',
        onDragover: (event: DragEvent) => {
          event.preventDefault();
          isDropping.value = true;
        },
        onDragleave: () => (isDropping.value = false),
        onDrop,
      },
      [
        h('button', { type: 'button', class: 'download', onClick: () => void download() }, 'Download my answers'),
        h('label', [
          'Read a file of answers, or drop it here: ',
          h('input', { type: 'file', accept: '.json', onChange }),
        ]),
        h('p', { role: 'status' }, message.value),
        ...differingView(differing.value, replaceWith, () => (differing.value = [])),
      ],
    );
});

const download = async (): Promise<void> => (await import('./transfer.js')).download();

/** What stays until the reader decides. */
function differingView(
  texts: readonly Imported[],
  replaceWith: (texts: readonly Imported[]) => Promise<void>,
  keep: () => void,
): VNode[] {
  if (texts.length === 0) return [];
  const button = (label: string, onClick: () => void): VNode => h('button', { type: 'button', onClick }, label);
  const name = ({ exercise, language }: Imported): string =>
    `${exercise.number}. ${exercise.title} (${language === 'typescript' ? 'TypeScript' : 'JavaScript'})`;
  return [
    h(
      'p',
      'These answers in the file differ from yours, which have not been changed. To keep both, download yours first.',
    ),
    h(
      'ul',
      texts.map((text) => h('li', name(text))),
    ),
    button('Keep mine', keep),
    button('Use those of the file', () => void replaceWith(texts)),
  ];
}
