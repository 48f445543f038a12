/** At the head of a chapter: one gradient to calculate. Who knows it can skip the chapter, and its exercises count as known. */
import type { DefaultTheme } from 'vitepress';
import { type PropType, defineComponent, h, ref } from 'vue';
import { EXERCISES } from '../../../src/exercises/exercises.js';
import { numberOf, withCode } from './elements.js';
import { loadProgress, saveProgress } from './exercises/progress.js';

export interface TestOut {
  readonly question: string;
  /** The gradient's name. */
  readonly name: string;
  readonly answer: number;
  /** The numbers of the chapter's exercises. */
  readonly exercises?: readonly number[];
}

const dTanh = (h: number): number => 1 - h * h;

/** By the id of the chapter's heading. The answers are computed as the chapters derive them. */
export const TEST_OUTS: Readonly<Partial<Record<string, TestOut>>> = {
  'from-text-to-state': {
    question:
      'One unit computes `h = tanh(x·Wx + hPrev·Wh)`. A step has hPrev = 0.5 and h = 0.6, and the gradient dh = 2 arrives. What does the step add to the gradient of Wh?',
    name: 'dWh',
    answer: 2 * dTanh(0.6) * 0.5,
  },
  'a-plain-rnn-first': {
    question:
      'A plain RNN of one unit, `h = tanh(x·Wx + hPrev·Wh)`, has Wh = 0.7 and the states h₀ = 0.5, h₁ = 0.6 and h₂ = 0.8. The loss reads only h₂, and dh₂ is 1. What is the gradient of Wh over both steps?',
    name: 'dWh',
    answer: 0.6 * dTanh(0.8) + 0.5 * (dTanh(0.8) * 0.7) * dTanh(0.6),
    exercises: [1, 2, 3],
  },
  'the-lstm': {
    question:
      'In an LSTM, `c = f*cPrev + i*j`. dc₂ is 0.5, f₁ is 0.8 and f₂ is 0.9. How much of the gradient reaches c₀ on the direct path alone?',
    name: 'dc₀',
    answer: 0.5 * 0.9 * 0.8,
  },
  'backward-by-hand': {
    question:
      'Two steps of an LSTM of one unit. The loss reads only h₂, and dh₂ is 1. Step 2 has i = 0.7, j = 0.4, f = 0.9, o = 0.8 and tanh c₂ = 0.6; step 1 has o = 0.5 and tanh c₁ = 0.3. Of Wh, only the weight of j is not 0: Whj = 0.5. What is dc₁, on all paths?',
    name: 'dc₁',
    answer: (() => {
      const dc2 = 0.8 * dTanh(0.6);
      return dc2 * 0.9 + dc2 * 0.7 * dTanh(0.4) * 0.5 * 0.5 * dTanh(0.3);
    })(),
    exercises: [4, 5, 6, 7, 8, 9],
  },
  'loss-and-update': {
    question:
      'Softmax gives three classes the probabilities 0.6, 0.3 and 0.1. The label is the class with 0.3, and the loss is the mean cross-entropy of a batch of 2 sequences. What is the gradient of this class’s logit?',
    name: 'dLogit',
    answer: (0.3 - 1) / 2,
    exercises: [10, 11],
  },
  'do-not-believe-it': {
    question:
      'You measure L at four places: L(1.1) = 1.4641, L(0.9) = 0.6561, L(1.2) = 2.0736 and L(0.8) = 0.4096. What does the five-point rule give for the derivative at 1, with δ = 0.1?',
    name: 'dL',
    answer: (8 * (1.4641 - 0.6561) - (2.0736 - 0.4096)) / 1.2,
  },
  'common-mistakes': {
    question:
      'Two steps of one unit have the states h₀ = 0.5, h₁ = 0.6 and h₂ = 0.8, with dz₁ = 0.2 and dz₂ = 0.4. A program multiplies each dz by the new h in place of hPrev. By how much is its dWh too large?',
    name: 'error of dWh',
    answer: 0.6 * 0.2 + 0.8 * 0.4 - (0.5 * 0.2 + 0.6 * 0.4),
  },
  'why-these-gates': {
    question:
      'In a cell with coupled gates, `c = f*cPrev + (1-f)*j`. cPrev is 0.8, j is −0.4 and dc is 0.5. What is the gradient of f?',
    name: 'df',
    answer: 0.5 * (0.8 + 0.4),
  },
  'longer-deeper-two-way-and-words': {
    question:
      'A network of one unit has a loss at every step. At step t, the output layer of two classes has the weights 1 and −1, and dLogits is 0.3 and −0.3. The next step has dz = 0.5 and Wh = 0.4. What is dh of step t?',
    name: 'dh',
    answer: 0.3 * 1 + 0.3 * 1 + 0.5 * 0.4,
    exercises: [12],
  },
  'other-cells': {
    question:
      'A scan computes `h = a*hPrev + b`. h₁ is 0.3 and a₃ is 0.4. The losses of steps 2 and 3 give h₂ the gradient 1 and h₃ the gradient 2. What is the gradient of a₂, the factor that makes h₂ from h₁?',
    name: 'da₂',
    answer: (1 + 2 * 0.4) * 0.3,
    exercises: [13, 14],
  },
};

/** The page after `relativePath` in the part of the sidebar that has both. undefined after its last one. */
export function pageAfter(
  sidebar: readonly DefaultTheme.SidebarItem[],
  relativePath: string,
): DefaultTheme.SidebarItem | undefined {
  const link = `/${relativePath.replace(/\.md$/, '')}`;
  const items = sidebar.find((part) => part.items?.some((item) => item.link === link))?.items ?? [];
  return items[items.findIndex((item) => item.link === link) + 1];
}

/** To three decimals, or to four. */
export const isRight = (value: number, { answer }: TestOut): boolean => Math.abs(value - answer) < 6e-4;

export default defineComponent({
  /** `chapter`: the id of the page's heading. `path`: of its file, from docs/. */
  props: {
    chapter: { type: String, required: true },
    path: { type: String, required: true },
    sidebar: { type: Array as PropType<readonly DefaultTheme.SidebarItem[]>, required: true },
  },
  setup({ chapter, path, sidebar }) {
    const row = TEST_OUTS[chapter];
    if (!row) return () => undefined; // a page that is no chapter
    const own = EXERCISES.filter(({ number }) => row.exercises?.includes(number));
    const verdict = ref<{ readonly kind: 'right' | 'wrong' | 'unreadable'; readonly words: string }>();
    const check = (event: Event): void => {
      const value = numberOf((event.target as HTMLInputElement).value);
      if (typeof value === 'string') verdict.value = { kind: 'unreadable', words: value };
      else if (!isRight(value, row))
        verdict.value = { kind: 'wrong', words: 'This is not the gradient. The chapter derives it.' };
      else {
        loadProgress();
        for (const { name } of own) saveProgress(name, { known: true });
        const numbers = own.map(({ number }) => number).join(', ');
        const known = `${own.length > 1 ? `Exercises ${numbers} count` : `Exercise ${numbers} counts`} as known.`;
        verdict.value = { kind: 'right', words: own.length > 0 ? `Right. ${known}` : 'Right.' };
      }
    };
    const next = pageAfter(sidebar, path);
    return () =>
      h('details', { class: 'test-out' }, [
        h('summary', 'Do you know this chapter? Calculate one gradient'),
        h('p', withCode(row.question)),
        h('div', { class: ['number-field', verdict.value?.kind] }, [
          h('label', { for: 'test-out' }, h('code', `${row.name} = ?`)),
          h('input', {
            ...{ id: 'test-out', type: 'text', autocomplete: 'off', spellcheck: false, maxlength: 30 },
            ...{ inputmode: 'decimal', 'aria-describedby': 'test-out-verdict', onChange: check },
            ...(verdict.value && { 'aria-invalid': verdict.value.kind !== 'right' }),
          }),
          h('p', { id: 'test-out-verdict', 'aria-live': 'polite' }, [
            verdict.value?.words ?? 'Three decimals are enough.',
            verdict.value?.kind === 'right' &&
              next && [' Next: ', h('a', { href: `${next.link?.split('/').at(-1)}.html` }, next.text)],
          ]),
        ]),
      ]);
  },
});
