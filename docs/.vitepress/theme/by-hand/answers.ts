/** The numbers that the reader has typed in chapter 4, in the browser's localStorage. */
import { computed, reactive } from 'vue';
import { storageEntry } from '../storage.js';
import type { Line } from './verdict.js';
import { ALL_LINES, isRight, numberFrom, verdictOn } from './verdict.js';

const entry = storageEntry('longhand-by-hand');
/** In characters: a field is no longer. */
export const LONGEST_NUMBER = 30;

/** By the line's name. `isKept` is false if the browser does not store them. */
export const answers = reactive<{ of: Partial<Record<string, string>>; isKept: boolean }>({ of: {}, isKept: true });

/** Reads what is stored. Numbers that could not be stored stay until the reader leaves the site. */
export function loadAnswers(): void {
  if (!answers.isKept) return;
  const stored = entry.read();
  answers.of = Object.fromEntries(
    ALL_LINES.flatMap(({ name }) => {
      const text = stored[name];
      const isAnswer =
        typeof text === 'string' && text.length <= LONGEST_NUMBER && typeof numberFrom(text) === 'number';
      return isAnswer ? [[name, text]] : [];
    }),
  );
}

/** Other tabs may have stored other numbers. */
export function saveAnswer(name: string, text: string): void {
  answers.of[name] = text;
  answers.isKept = entry.write({ ...entry.read(), [name]: text });
}

export function forgetAnswers(): void {
  answers.of = {};
  if (!entry.forget()) answers.isKept = false;
}

export const { onOtherTabs } = entry;

/** The verdicts on all numbers so far, by the line's name. */
export const verdicts = computed(() => {
  const given = ALL_LINES.flatMap((line) => {
    const text = answers.of[line.name];
    return text === undefined ? [] : [{ line, text }];
  });
  const numbers = Object.fromEntries(given.map(({ line, text }) => [line.name, Number(numberFrom(text))]));
  return new Map(given.map(({ line, text }) => [line.name, verdictOn(line, text, numbers)]));
});

export function isDone({ name }: Line): boolean {
  const verdict = verdicts.value.get(name);
  return verdict !== undefined && isRight(verdict);
}
