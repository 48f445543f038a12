/** An exercise: its editor, its buttons, what the last run has found, hints and the solution. */
import { type PropType, type Ref, type VNode, computed, defineComponent, h, onMounted, onUnmounted, ref } from 'vue';
import type { Exercise, Verdict } from '../../../../src/exercises/exercise.js';
import { EXERCISES } from '../../../../src/exercises/exercises.js';
import { withCode } from '../elements.js';
import { type Attempt, useAttempt } from './attempt.js';
import type { Editor } from './editor.js';
import { lineOf, printedView, shortVerdict, trainingView, verdictView } from './findings.js';
import { nextView } from './lists.js';
import { type Language, loadProgress, progress, saveProgress } from './progress.js';

const LANGUAGES: Readonly<Record<Language, string>> = { typescript: 'TypeScript', javascript: 'JavaScript' };

export default defineComponent({
  props: { name: { type: String, required: true } },
  setup({ name }) {
    const exercise = EXERCISES.find((one) => one.name === name);
    if (!exercise) throw new Error(`no exercise ${name}`);
    const workbench = useWorkbench(exercise);
    return () =>
      h('div', { class: 'workbench' }, [
        workbench.isReady.value ? undefined : startText(exercise),
        h('div', { key: 'editor', class: 'editor', ref: workbench.host }), // the key: Vue must not use it for another part
        ...(workbench.isReady.value ? controls(exercise, workbench) : [h('p', workbench.problem.value)]),
      ]);
  },
});

/** Until the editor is loaded, and for readers without scripts. */
const startText = ({ typescript }: Exercise): VNode =>
  h('div', { key: 'start-text', class: 'start-text' }, [
    h('noscript', 'The editor needs scripts. This is the start text:'),
    h('pre', { class: 'indented', tabindex: 0 }, h('code', typescript.start)),
  ]);

type Workbench = ReturnType<typeof useWorkbench>;

function useWorkbench(exercise: Exercise) {
  const { name } = exercise;
  const host = ref<HTMLElement>();
  const text = ref('');
  const language = ref<Language>('typescript'); // another tab can have another one
  const [isReady, isSolutionShown] = [ref(false), ref(false)];
  const problem = ref('');
  const moreHints = ref(0);
  const own = computed(() => progress.of[name]);
  const { attempt, run, stop, clear } = useAttempt(name, onVerdict);
  let editor: Editor | undefined;
  let isGone = false;

  const storedText = (): string => own.value[language.value] ?? exercise[language.value].start;

  function onVerdict(verdict: Verdict | undefined): void {
    const outcome = verdict?.outcome;
    if (outcome !== 'untouched') saveProgress(name, { tried: true, solved: own.value.solved || outcome === 'right' });
    editor?.markLine(lineOf(verdict));
  }

  function onChange(changed: string): void {
    text.value = changed;
    const isStart = changed === exercise[language.value].start;
    saveProgress(name, { language: language.value, [language.value]: isStart ? undefined : changed });
    stop('The text has changed, so this run was stopped. Run it again.');
  }

  function runText(): void {
    if (attempt.value?.isRunning) return;
    editor?.markLine(undefined);
    run(text.value, language.value);
  }

  function choose(chosen: Language): void {
    clear();
    language.value = chosen;
    saveProgress(name, { language: chosen });
    text.value = storedText();
    editor?.open(text.value, chosen);
    showGap();
  }

  const showGap = (): void => editor?.showGap(exercise[language.value]);

  onMounted(async () => {
    loadProgress();
    language.value = own.value.language;
    text.value = storedText();
    try {
      const { createEditor } = await import('./editor.js');
      if (isGone || !host.value) return; // the reader has left the page
      const label = `Your code for exercise ${exercise.number}: ${exercise.title}`;
      const options = { text: text.value, language: language.value, label, onChange, onRun: runText };
      editor = createEditor(host.value, options);
      showGap();
      isReady.value = true;
    } catch (error) {
      problem.value = `The editor could not be loaded: ${String(error)}. Reload the page.`;
    }
  });
  onUnmounted(() => {
    isGone = true;
    editor?.destroy();
  });

  return {
    ...{ host, text, language, isReady, isSolutionShown, moreHints, problem, attempt, run: runText, choose },
    stop: (): void => stop('You stopped this run.'),
    reset: (): void => {
      editor?.replaceText(exercise[language.value].start);
      showGap();
    },
  };
}

function controls(exercise: Exercise, workbench: Workbench): VNode[] {
  const { attempt, text, language, isSolutionShown } = workbench;
  const { value } = attempt;
  const isOlder = value !== undefined && value.source !== text.value;
  return [
    ...toolbar(exercise, workbench),
    h(
      'section',
      {
        class: ['findings', { older: isOlder }],
        'aria-label': `What the last run of exercise ${exercise.number} has found`,
      },
      [
        h('div', { class: 'verdict', 'aria-live': 'polite' }, [
          ...(isOlder && (value.verdict ?? false) ? [h('p', { class: 'age' }, OLDER)] : []),
          ...(value?.isRunning && !value.verdict ? [h('p', 'Your code runs …')] : []),
          ...(value?.failure === undefined ? [] : [h('p', { class: 'wrong' }, value.failure)]),
          ...(value?.verdict ? verdictView(exercise, value.verdict, value.source) : []),
          ...(value?.verdict?.outcome === 'right' ? [nextView(exercise)] : []),
        ]),
        ...(value?.verdict ? printedView(value.printed) : []),
        ...(value?.verdict ? trainingView(exercise, value) : []),
      ],
    ),
    h('section', { 'aria-label': `Hints to exercise ${exercise.number}` }, hintsView(exercise, workbench.moreHints)),
    h(
      'section',
      { 'aria-label': `Solution of exercise ${exercise.number}` },
      solutionView(exercise, language.value, isSolutionShown.value, () => (isSolutionShown.value = true)),
    ),
  ];
}

/** The verdict is below, and perhaps out of the window. */
const shortly = (attempt: Attempt | undefined): string =>
  attempt?.verdict ? shortVerdict(attempt.verdict) : (attempt?.failure ?? '');

const OLDER = 'You have changed the text since this run. What follows is about the text before your change.';

function toolbar(exercise: Exercise, { attempt, language, run, stop, reset, choose }: Workbench): VNode[] {
  const isRunning = attempt.value?.isRunning ?? false;
  const button = (label: string, onClick: () => void, attributes: object = {}): VNode =>
    h('button', { type: 'button', onClick, ...attributes }, label);
  return [
    h('div', { class: 'toolbar' }, [
      button(isRunning ? 'Runs …' : 'Run', run, { class: 'run', 'aria-disabled': isRunning }),
      button('Stop', stop, { disabled: !isRunning }),
      h('p', { class: ['short-verdict', attempt.value?.verdict?.outcome] }, shortly(attempt.value)),
    ]),
    h('div', { class: 'choices' }, [
      button('Reset', reset, { title: 'Back to the start text. Undo brings your text back.' }),
      h('fieldset', [
        h('legend', { class: 'visually-hidden' }, 'Language'),
        ...Object.entries(LANGUAGES).map(([name, label]) =>
          h('label', [
            h('input', {
              type: 'radio',
              name: `language-of-${exercise.name}`,
              checked: language.value === name,
              onChange: () => choose(name as Language),
            }),
            label,
          ]),
        ),
      ]),
      h('p', 'Ctrl-Enter or ⌘-Enter runs your code. Tab indents. Escape and then Tab leaves the editor.'),
      progress.isKept ? undefined : h('p', { class: 'wrong' }, 'This browser does not keep your progress.'),
    ]),
  ];
}

/** The hints, which open one by one. `more`: how many a reader has opened after solving the exercise; these do not count, and are not kept. */
function hintsView({ name, hints }: Exercise, more: Ref<number>): VNode[] {
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

function solutionView(exercise: Exercise, language: Language, isShown: boolean, show: () => void): VNode[] {
  const { tried } = progress.of[exercise.name];
  return [
    h('h2', 'Solution'),
    ...(tried
      ? []
      : [h('p', { id: `solution-when-${exercise.name}` }, 'You can open the solution after your first run.')]),
    isShown && tried
      ? h(Code, { text: exercise[language].solution, language, key: language })
      : h(
          'button',
          {
            type: 'button',
            disabled: !tried,
            'aria-describedby': tried ? undefined : `solution-when-${exercise.name}`,
            onClick: show,
          },
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
