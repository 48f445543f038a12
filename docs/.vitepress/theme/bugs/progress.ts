/** Which lines of “Find the bug” the reader has chosen, in the browser's localStorage: one entry for the site. */
import { onMounted, onUnmounted, reactive, ref } from 'vue';
import type { Search as Progress } from '../../../../src/exercises/exercise.js';
import { isObject, storageEntry } from '../storage.js';

const entry = storageEntry('longhand-bugs');
const untouched = (): Progress => ({ tried: [], found: false });

/** By the program's name. `isKept` is false if the browser does not store it. */
const progress = reactive<{ of: Record<string, Progress | undefined>; isKept: boolean }>({ of: {}, isKept: true });

export const progressOf = (name: string): Progress => progress.of[name] ?? untouched();
export const isKept = (): boolean => progress.isKept;
/** `names`: of the page's programs. Any program of this origin can store other names. */
export const foundCount = (names: readonly string[]): number => names.filter((name) => progressOf(name).found).length;

/** Other tabs may have stored progress in other programs. */
export function saveProgress(name: string, change: Partial<Progress>): void {
  const changed = { ...progressOf(name), ...change };
  progress.of[name] = changed;
  progress.isKept = entry.write({ ...entry.read(), [name]: changed });
}

export function forgetProgress(): void {
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
export function useLoadedProgress() {
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
