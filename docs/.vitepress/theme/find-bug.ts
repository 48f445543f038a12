/**
 * “Find the bug”: in each program the reader chooses a line, checks it, and gets a hint or the answer. Until a program is loaded, and
 * without scripts, the page has it as text, in the slot. What the reader has chosen is in the browser's localStorage: one entry for the site.
 */
import { type VNode, defineComponent, h, nextTick, onMounted, onUnmounted, reactive, ref, shallowRef } from 'vue';
import type { Bug, Search as Progress } from '../../../src/exercises/exercise.js';
import { withCode } from './elements.js';
import { isObject, storageEntry } from './storage.js';

export const FindBug = defineComponent({
  props: { name: { type: String, required: true } },
  setup({ name }, { slots }) {
    const isLoaded = useLoadedProgress();
    const program = shallowRef<Bug>();
    const chosen = ref<number>();
    onMounted(async () => {
      const { BUGS } = await import('../../../src/exercises/bugs.js');
      program.value = BUGS.find((one) => one.name === name);
    });
    return () =>
      program.value && isLoaded.value
        ? viewOf(program.value, chosen.value, (line) => (chosen.value = line))
        : slots.default?.();
  },
});

function viewOf(program: Bug, chosen: number | undefined, choose: (line: number | undefined) => void): VNode {
  const { name, wrongLine } = program;
  const { tried, found } = progressOf(name);
  const check = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (chosen === undefined) return;
    const form = event.currentTarget as HTMLFormElement;
    if (chosen === wrongLine) saveProgress(name, { found: true });
    else saveProgress(name, { tried: [...tried.filter((line) => line !== chosen), chosen] });
    await nextTick();
    form.querySelector('.find-bug-answer')?.scrollIntoView({ block: 'nearest' });
  };
  return h('form', { class: 'find-bug', onSubmit: check }, [
    h('fieldset', [
      h('legend', found ? `The wrong line is line ${wrongLine}` : 'Which line is wrong?'),
      h(
        'div',
        { class: 'program scrolling', tabindex: 0, role: 'group', 'aria-label': `Program: ${program.title}` },
        program.lines.map((_, n) => lineView(program, n, chosen, choose)),
      ),
    ]),
    found ? undefined : choiceView(chosen),
    h('div', { class: 'find-bug-answer', 'aria-live': 'polite' }, answerView(program)),
  ]);
}

/** A line of the program. If it has code, it can be chosen. */
function lineView(
  { name, lines, choosable, wrongLine }: Bug,
  n: number,
  chosen: number | undefined,
  choose: (line: number) => void,
): VNode {
  const line = n + 1;
  const { tried, found } = progressOf(name);
  const isTried = tried.includes(line);
  const isAnswer = found && line === wrongLine;
  const content = [h('span', { class: 'number' }, line), ...codeOf(lines[n])];
  if (found || !choosable[n])
    return h('div', { class: { line: true, tried: isTried, wrong: isAnswer } }, [h('span'), ...content]);
  const label = `Line ${line}${isTried ? ', right' : ''}: ${lines[n].trim()}`;
  return h('label', { class: { line: true, tried: isTried, chosen: line === chosen } }, [
    h('input', {
      ...{ type: 'radio', name: `line-of-${name}`, value: line, checked: line === chosen, 'aria-label': label },
      onChange: () => choose(line),
    }),
    ...content,
  ]);
}

/** The code, and its comment in a colour of its own. */
function codeOf(text: string): VNode[] {
  const at = /^\s*(\/\*\*|\*)/.test(text) ? 0 : text.indexOf('//');
  const [code, comment] = at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at)];
  return [h('code', [code, comment && h('span', { class: 'comment' }, comment)])];
}

const choiceView = (chosen: number | undefined): VNode =>
  h('div', { class: 'choice' }, [
    h(
      'button',
      { type: 'submit', disabled: chosen === undefined },
      chosen === undefined ? 'Check the line' : `Check line ${chosen}`,
    ),
    chosen === undefined ? h('span', 'Choose a line first.') : undefined,
  ]);

/** The answer, if it is found; before it, a hint for the last choice. */
function answerView({ name, lines, hints, wrongLine, rightText, why, clues }: Bug): VNode[] {
  const { tried, found } = progressOf(name);
  if (found) {
    return [
      h('p', { class: 'right' }, [h('strong', 'Right. '), `Line ${wrongLine}: ${why}`]),
      h('p', ['The right line: ', h('code', rightText)]),
      h('p', [h('strong', 'How the evidence leads to it. '), clues]),
      h('p', tried.length === 0 ? 'You needed one choice.' : `You needed ${tried.length + 1} choices.`),
    ];
  }
  const last = tried.at(-1);
  if (last === undefined || !hints[last - 1]) return [];
  return [
    h('p', { class: 'not-this' }, [h('strong', `Line ${last} is right. `), h('code', lines[last - 1].trim())]),
    h('p', withCode(hints[last - 1])),
  ];
}

/** How many of the wrong lines the reader has found. */
export const FindBugProgress = defineComponent(() => {
  const isLoaded = useLoadedProgress();
  /** Of the page's programs; empty until they are loaded. */
  const names = ref<readonly string[]>([]);
  onMounted(async () => {
    const { BUGS } = await import('../../../src/exercises/bugs.js');
    names.value = BUGS.map(({ name }) => name);
  });
  const forget = (): void => {
    if (confirm('Forget which lines you have chosen? This cannot be undone.')) forgetProgress();
  };
  return () =>
    isLoaded.value && names.value.length > 0
      ? h('div', { class: 'find-bug-progress' }, [
          h('p', { 'aria-live': 'polite' }, [
            `You have found ${names.value.filter((name) => progressOf(name).found).length} of ${names.value.length} wrong lines. `,
            progress.isKept ? 'Your browser keeps this; no server gets it.' : 'This browser does not keep it.',
          ]),
          h('button', { type: 'button', onClick: forget }, 'Begin again'),
        ])
      : undefined;
});

const entry = storageEntry('longhand-bugs');
const untouched = (): Progress => ({ tried: [], found: false });

/** By the program's name. `isKept` is false if the browser does not store it. */
const progress = reactive<{ of: Record<string, Progress | undefined>; isKept: boolean }>({ of: {}, isKept: true });

export const progressOf = (name: string): Progress => progress.of[name] ?? untouched();

/** Other tabs may have stored progress in other programs. */
export function saveProgress(name: string, change: Partial<Progress>): void {
  const changed = { ...progressOf(name), ...change };
  progress.of[name] = changed;
  progress.isKept = entry.write({ ...entry.read(), [name]: changed });
}

function forgetProgress(): void {
  progress.of = {};
  if (!entry.forget()) progress.isKept = false;
}

/** Progress that could not be stored stays until the reader leaves the site. */
export function load(): void {
  if (!progress.isKept) return;
  const all = Object.entries(entry.read());
  progress.of = Object.fromEntries(all.map(([name, stored]) => [name, progressFrom(stored)]));
}

/** Any program of this origin can write there: a field that is not valid is left out. */
function progressFrom(stored: unknown): Progress {
  if (!isObject(stored)) return untouched();
  const tried = Array.isArray(stored.tried) ? stored.tried : [];
  return { tried: tried.filter((line): line is number => Number.isInteger(line)), found: stored.found === true };
}

/** Whether the progress is known: not in the server's documents. */
function useLoadedProgress() {
  const isLoaded = ref(false);
  let end: (() => void) | undefined;
  onMounted(() => {
    load();
    isLoaded.value = true;
    end = entry.onOtherTabs(load);
  });
  onUnmounted(() => end?.());
  return isLoaded;
}
