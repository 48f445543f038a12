/** The reader's answers as a file, and those of a file: only a reader who asks for it loads this. docs/exercises/index.md describes the file. */
import { BUGS } from '../../../../src/exercises/bugs.js';
import { type Exercise, chosenIn, searchOf } from '../../../../src/exercises/exercise.js';
import { EXERCISES } from '../../../../src/exercises/exercises.js';
import type { Answers, ReaderProgress } from '../../../../src/exercises/folder.js';
import { PROGRESS_FILE, progressFrom, progressText, withoutHead } from '../../../../src/exercises/folder.js';
import * as bugs from '../find-bug.js';
import { twoAtATime, verdictOn } from './attempt.js';
import { type Language, progress, saveProgress } from './progress.js';

const LANGUAGES = ['typescript', 'javascript'] as const;

/** A text of a file. */
export interface Imported {
  readonly exercise: Exercise;
  readonly language: Language;
  readonly text: string;
}

/** Gives the reader a file with all texts and choices. */
export function download(): void {
  const link = document.createElement('a');
  const address = URL.createObjectURL(new Blob([progressText(ownProgress())], { type: 'application/json' }));
  Object.assign(link, { href: address, download: PROGRESS_FILE });
  link.click();
  URL.revokeObjectURL(address);
}

function ownProgress(): ReaderProgress {
  bugs.load(); // this page has not read them
  const exercises = EXERCISES.flatMap(({ name }) => {
    const { typescript, javascript, hints } = progress.of[name];
    const answers: Answers = {
      ...(typescript !== undefined && { typescript }),
      ...(javascript !== undefined && { javascript }),
      ...(hints > 0 && { hints }),
    };
    return Object.keys(answers).length === 0 ? [] : [[name, answers] as const];
  });
  const chosen = BUGS.flatMap((bug) => {
    const lines = chosenIn(bug, bugs.progressOf(bug.name));
    return lines.length === 0 ? [] : [[bug.name, lines] as const];
  });
  return { exercises: Object.fromEntries(exercises), bugs: Object.fromEntries(chosen) };
}

/**
 * Takes the texts of a file that meet no other text, its hints and its choices. Returns what was taken, and the texts that differ from
 * the reader's, which stay. Throws a DataError, and takes nothing, if it is no such file.
 */
export async function read(file: File): Promise<{ taken: Imported[]; differing: Imported[] }> {
  const found = progressFrom(file.name, new Uint8Array(await file.arrayBuffer()));
  const all = EXERCISES.flatMap((exercise) => LANGUAGES.flatMap((language) => importedOf(found, exercise, language)));
  const own = ({ exercise, language }: Imported): string | undefined => progress.of[exercise.name][language];
  const taken = all.filter((one) => own(one) === undefined);
  const differing = all.filter((one) => own(one) !== undefined && own(one) !== one.text);
  take(taken);
  for (const [name, { hints = 0 }] of Object.entries(found.exercises))
    if (hints > progress.of[name].hints) saveProgress(name, { hints });
  bugs.load();
  for (const bug of BUGS) {
    const chosen = [...chosenIn(bug, bugs.progressOf(bug.name)), ...(found.bugs[bug.name] ?? [])];
    if (chosen.length > 0) bugs.saveProgress(bug.name, searchOf(bug, [...new Set(chosen)]));
  }
  return { taken, differing };
}

function importedOf({ exercises }: ReaderProgress, exercise: Exercise, language: Language): Imported[] {
  const text = (exercises[exercise.name] as Answers | undefined)?.[language];
  return text === undefined ? [] : [{ exercise, language, text: withoutHead(exercise, text) }];
}

/** Puts texts in the place of the reader's. */
export function take(texts: readonly Imported[]): void {
  for (const { exercise, language, text } of texts) {
    const { language: chosen, [chosen]: shown } = progress.of[exercise.name];
    saveProgress(exercise.name, { [language]: text, tried: true, ...(shown === undefined && { language }) });
  }
}

/** Checks texts; those that are right solve their exercises. Returns how many are right. */
export async function check(texts: readonly Imported[], signal: AbortSignal): Promise<number> {
  let right = 0;
  await twoAtATime(texts, async ({ exercise, language, text }) => {
    const { outcome } = await verdictOn(exercise, { source: text, language }, signal);
    if (outcome !== 'right') return;
    right++;
    saveProgress(exercise.name, { solved: true });
  });
  return right;
}
