/**
 * One program of “Find the bug”: the reader chooses a line, checks it, and gets a hint or the answer. Until it is loaded, and without
 * scripts, the page has the program as text, in the slot.
 */
import type { VNode } from 'vue';
import { defineComponent, h, nextTick, onMounted, ref, shallowRef } from 'vue';
import type { Bug } from '../../../../src/exercises/exercise.js';
import { withCode } from '../with-code.js';
import { progressOf, saveProgress, useLoadedProgress } from './progress.js';

export default defineComponent({
  props: { name: { type: String, required: true } },
  setup({ name }, { slots }) {
    const isLoaded = useLoadedProgress();
    const program = shallowRef<Bug>();
    const chosen = ref<number>();
    onMounted(async () => {
      const { BUGS } = await import('../../../../src/exercises/bugs.js');
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
