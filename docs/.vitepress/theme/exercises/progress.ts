/** The reader's progress, in the browser's localStorage: one entry for the site, the same below any path. */
import { reactive } from 'vue';
import { EXERCISES } from '../../../../src/exercises/exercises.js';
import { isObject, storageEntry } from '../storage.js';

export type Language = 'typescript' | 'javascript';

/** In one exercise. */
export interface Progress {
  /** The reader's texts. undefined: the start text. */
  typescript?: string;
  javascript?: string;
  language: Language;
  /** A run of a changed text has ended. */
  tried: boolean;
  solved: boolean;
  /** The reader has calculated the gradient at the head of its chapter. */
  known: boolean;
  /** How many hints are open. */
  hints: number;
}

const entry = storageEntry('longhand-exercises');
/** In characters. No answer is that long. */
const LONGEST_TEXT = 100_000;

const untouched = (): Progress => ({ language: 'typescript', tried: false, solved: false, known: false, hints: 0 });

/** By the exercise's name. `isKept` is false if the browser does not store it. */
export const progress = reactive({
  of: Object.fromEntries(EXERCISES.map(({ name }) => [name, untouched()])),
  isKept: true,
});

/**
 * Reads what is stored. Call it once the page runs: the server's documents have no progress. Progress that could not be stored
 * stays until the reader leaves the site.
 */
export function loadProgress(): void {
  if (!progress.isKept) return;
  const stored = entry.read();
  for (const { name } of EXERCISES) progress.of[name] = progressFrom(stored[name]);
}

/** Changes and stores the progress in one exercise. Other tabs may have stored progress in others. */
export function saveProgress(name: string, change: Partial<Progress>): void {
  Object.assign(progress.of[name], change);
  progress.isKept = entry.write({ ...entry.read(), [name]: progress.of[name] });
}

export function forgetProgress(): void {
  for (const { name } of EXERCISES) progress.of[name] = untouched();
  if (!entry.forget()) progress.isKept = false;
}

/** Calls `changed` when another tab has stored progress. Returns a function that ends this. */
export const { onOtherTabs } = entry;

/** Any program of this origin can write there: a field that is not valid is left out. */
function progressFrom(stored: unknown): Progress {
  if (!isObject(stored)) return untouched();
  const { typescript, javascript, language, tried, solved, known, hints } = stored;
  const isText = (text: unknown): text is string => typeof text === 'string' && text.length <= LONGEST_TEXT;
  return {
    ...(isText(typescript) && { typescript }),
    ...(isText(javascript) && { javascript }),
    language: language === 'javascript' ? 'javascript' : 'typescript',
    tried: tried === true,
    solved: solved === true,
    known: known === true,
    hints: typeof hints === 'number' && [1, 2, 3].includes(hints) ? hints : 0,
  };
}
