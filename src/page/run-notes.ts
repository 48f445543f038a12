/** The sentences beside a run: why it computes with all cores or a GPU, that the GPU failed, and with which mistake it trains. */
import { type BackendChoice, mistakeOf } from './common.js';
import { element, messageOf, nameOf, setText } from './dom.js';

export const showComputeNote = (note: string): void => setText('compute-note', note);

/** While “automatic” times its steps. */
export function showTiming(choice: BackendChoice): void {
  if (choice === 'automatic') showComputeNote('Automatic: timing three steps on all cores and on the GPU …');
}

/** The errors of the engine itself: the same on every backend. */
const OWN_ERRORS: readonly string[] = ['DataError', 'NonFiniteError', 'RangeError', 'TypeError'];

/** Whether a run on Longhand's WebGPU backend failed because of the GPU: it was lost, or has no more memory. */
export const isGpuFailure = (error: unknown): boolean => !OWN_ERRORS.includes(nameOf(error));

/** `step`: of the copy from which the run continues. */
export function continuedNote(error: unknown, failedAt: number, step: number): string {
  const message = messageOf(error);
  const what = message.includes('was lost') ? 'was lost' : `failed (${message})`;
  const from = step === 0 ? 'begins again' : `continues from its copy after step ${step}`;
  return `The GPU ${what} at step ${failedAt}, so the run ${from}, on all cores.`;
}

/** `id`: of a planted mistake, or `none`. */
export function showPlanted(id: string): void {
  const mistake = mistakeOf(id);
  element('planted-note', HTMLElement).hidden = !mistake;
  const words = mistake && `This run trains with the mistake “${mistake.words}” in (${mistake.equation}).`;
  setText('planted-words', words ? `${words} It cannot be saved.` : '');
}
